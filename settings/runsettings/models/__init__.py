"""Settings as Python objects: pydantic-settings classes whose values come from all layers.

What enters here is a settings class, or works on one: validation, freezing, flags, editing,
locking, and the public functions that ask settings for origins and histories. How a value wins is
decided in `resolution`, and what a run does with it in `runs`.
"""
