"""``runsettings show``, ``explain``, ``get``, ``set``, ``unset`` and ``completion``.

Here are the options and the output of these commands. `runsettings.models` resolves and edits
the settings.
"""
