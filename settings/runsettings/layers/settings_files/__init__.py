"""The settings files of the site, the user, the project and the workspace.

Where they are, how they are read and how they are written belongs here. A file that the program
names is in `runsettings.layers.program_inputs`.
"""
