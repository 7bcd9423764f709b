"""``runsettings show``, ``explain``, ``get``, ``set``, ``unset`` and ``completion``.

Options and output of these commands. The settings come from `runsettings.models`.
"""
