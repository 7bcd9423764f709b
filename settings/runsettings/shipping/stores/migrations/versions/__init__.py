"""A module for each version of the tables, with the step that leads to it.

A step that has been released is never changed, because databases have done it already.
"""
