"""The ground floor: what a value is, where it came from, and what can be wrong with it.

Only plain data may enter here, and the one module that turns it into text. Nothing in this
room reads a file, a variable or a model; every other room may import it.
"""
