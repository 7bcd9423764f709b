"""The settings files of the site, the user, the project and the workspace.

This room locates, reads and writes them. `runsettings.layers.program_inputs` reads the files that
a program names.
"""
