"""A run on disk: its directory, its append-only journal, and all that reads or changes both.

No module here needs an active run. Whatever only a recording process does is in `runsettings.runs`.
"""
