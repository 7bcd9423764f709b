"""Settings as Python objects: pydantic-settings classes that resolve all layers, then hold still.

What enters here is a model or belongs to models as such: freezing them, flags for them. How a
value wins is `resolution`'s business, and what a run does with it that of `runs`.
"""
