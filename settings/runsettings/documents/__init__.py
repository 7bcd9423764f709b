"""Text to leaves: one reader a format, all with the same signature, all with positions.

A reader gets text and gives a `Tree` and diagnostics; it never raises for bad input, and one
bad key never discards the rest. `read` adds what belongs to files: opening, decoding, size.
"""
