"""``runsettings check``, ``schema`` and ``lock``.

Options of these commands, and how a report is printed.
"""
