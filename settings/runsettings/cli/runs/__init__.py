"""``runsettings runs``: its options, and how runs are laid out on a terminal.

Finding and comparing runs is the job of `runsettings.journal.query`.
"""
