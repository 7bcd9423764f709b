"""How a `Config` changes after it was loaded.

Its state, accepted and refused changes, callbacks, and the keys that a sweep locks.
"""
