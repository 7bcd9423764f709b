"""The command line: asks the rooms below and shows what they say.

Nothing is decided here. A command parses its arguments, calls one function of the library, and
prints the answer as text, JSON or YAML; colours and tables are this room's own business.
"""
