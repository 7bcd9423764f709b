"""``runsettings runs``: a module for each of its commands, and what they share.

Here are options and output. `runsettings.journal.query` finds, lists and compares runs.
"""
