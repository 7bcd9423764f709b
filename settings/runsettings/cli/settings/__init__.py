"""``runsettings show``, ``explain``, ``get``, ``set``, ``unset`` and ``completion``.

This room has the options and the output of these commands. `runsettings.models` resolves and edits
the settings.
"""
