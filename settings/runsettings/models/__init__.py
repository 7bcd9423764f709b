"""Settings as Python objects: pydantic-settings classes whose values come from all layers.

Code in this room is a settings class or works on one: validation, freezing, flags, editing,
locking, and the public functions for origins and histories. `resolution` decides which value wins;
`runs` records it.
"""
