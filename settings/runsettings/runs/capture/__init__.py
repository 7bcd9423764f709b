"""What is recorded about the surroundings of a run: host, packages, version control, code.

A module here gathers facts and returns them; where they are written is `runs`' business.
Nothing that it gathers may slow `init` down or stop a script.
"""
