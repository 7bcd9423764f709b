"""What ``config=`` takes.

One module for each kind of input, and the conversion of its values to JSON values.
"""
