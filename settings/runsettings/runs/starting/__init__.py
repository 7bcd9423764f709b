"""Implements `init`: from its arguments to a started run.

Modules here find the login, resume runs, and choose the name of a run.
"""
