"""The inputs that ``config=`` accepts.

One module for each kind of input, and the conversion of its values to JSON values.
"""
