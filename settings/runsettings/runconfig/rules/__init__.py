"""The rules of a run config: keys, sizes, the selection of keys, and the user's JSON Schema.

A module belongs here if it rejects or drops parts of the merged inputs.
"""
