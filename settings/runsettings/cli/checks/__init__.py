"""``runsettings check``, ``schema`` and ``lock``.

Here are the options of these commands, and how a report is printed. `runsettings.checks`
finds what is wrong.
"""
