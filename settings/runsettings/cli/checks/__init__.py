"""``runsettings check``, ``schema`` and ``lock``.

This room has the options of these commands, and prints reports. `runsettings.checks` runs the
checks.
"""
