"""Finds, filters, groups and compares runs.

The command line and a page both ask these modules. Nothing here prints.
"""
