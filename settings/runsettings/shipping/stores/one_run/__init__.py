"""Reads and changes one run in a store.

`history` reads its rows, `retagging` changes its tags, and `files` reads and writes its saved
files. `reading` reads lists of runs.
"""
