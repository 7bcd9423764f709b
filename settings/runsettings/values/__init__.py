"""Values, their origins, and diagnostics about them. Every other room may import this one.

A module belongs here if it is about plain data alone, or turns diagnostics into text. Nothing in
this room reads a file, an environment variable or a model.
"""
