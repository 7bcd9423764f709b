"""``runsettings runs``: a module for each of its commands, and the options that they share.

This room has options and output. `runsettings.journal.query` finds, lists and compares runs.
"""
