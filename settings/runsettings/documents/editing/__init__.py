"""Editors that change one key of a text and leave every other character as it is.

One module for each format.
"""
