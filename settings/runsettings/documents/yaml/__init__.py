"""YAML 1.2 with positions, read from libyaml's event stream.

A module belongs here if only YAML needs it.
"""
