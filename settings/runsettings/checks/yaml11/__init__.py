"""YAML scalars that YAML 1.1 tools read differently.

Finding them, and rewriting them in place.
"""
