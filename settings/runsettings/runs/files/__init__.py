"""The files below a run's ``files/``.

Those that we write, and those that the program saves.
"""
