"""Diagnostics in the formats of people, programs and other tools, one module a format.

Each reporter is a pure function of what was found and the names of what was looked at.
Whatever a file's name or a value holds, it cannot end a line, a property or an element.
"""
