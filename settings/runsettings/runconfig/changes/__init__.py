"""The state of a `Config`, and how it changes after it was loaded.

A module belongs here if it accepts, rejects, records or announces changes.
"""
