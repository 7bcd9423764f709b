"""A training run on this machine: `init`, the journal that loses nothing, and its readers.

What enters here consumes settled `Settings` and a `Config` and writes or reads a run's
directory. Nothing else in the package starts a run, and nothing here reads a variable, a
flag or a settings file. The journal is the one record of a run; every other file beside it
is made from it or for other tools.
"""
