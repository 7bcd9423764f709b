"""Checks run-config files, one or many.

Against the key rules, a JSON Schema, a parser or a model.
"""
