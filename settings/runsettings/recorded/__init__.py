"""Reads recorded runs from a directory or a store, for programs, commands and the page.

`sources` has one interface for both. `journal.query` parses filters and keys, and does not depend
on stores. Nothing here depends on command-line options, a terminal or HTTP.
"""
