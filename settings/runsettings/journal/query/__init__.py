"""Finds, filters, sorts, groups and compares runs, for the command line, a page or a store.

`finding` finds one run by id, name, prefix or path. `keys`, `filters` and `listing` make lists of
runs. `differences` compares two runs. `metrics` and `recorded_values` read one run. `run_objects`
makes JSON objects. Nothing here depends on command-line options or a terminal, or prints.
"""
