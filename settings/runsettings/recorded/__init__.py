"""Reads recorded runs back, from a directory or a store: for programs, commands and pages.

`sources` is the one way to runs, wherever they are. `journal.query` has the language of filters
and keys, and knows of no store; nothing here knows options, a terminal or HTTP.
"""
