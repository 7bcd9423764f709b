"""Changes one key of a text and leaves every other character as it is.

One module for each format.
"""
