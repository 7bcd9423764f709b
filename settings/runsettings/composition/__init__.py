"""Makes one config of several sources: merging, composed files, references, overrides.

A module belongs here if it decides how sources come together, whatever layers they are of. Nothing
here knows a model or a run: the environment and the way to read one file are arguments.
"""
