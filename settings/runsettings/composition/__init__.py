"""Combines several sources into one config: merging, composed files, references, overrides.

A module belongs here if it decides how sources are combined, independent of their layers. Nothing
here depends on models or runs. The environment and the function that reads a file are arguments.
"""
