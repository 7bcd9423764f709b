"""A run on disk: its directory and its append-only journal, and what reads or changes them.

No module here needs an active run. What only a recording process does is in `runsettings.runs`.
"""
