"""Readers and writers of files: one reader for each format, all with positions.

A reader takes a text and returns a `Tree` and diagnostics. It never raises for bad input, and one
bad key never discards the others. `files` opens and decodes files, `atomic_write` writes them
by way of `temporary_files`, and `editing` changes one key of a text.
"""
