"""What a run config must satisfy, and which parts of the inputs enter it.

The key rules, size limits, key selection, masking of secrets and the user's JSON Schema.
"""
