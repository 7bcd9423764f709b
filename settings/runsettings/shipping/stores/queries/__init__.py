"""Builds database queries: the runs that a question selects, and a metric for a chart.

A module belongs here if it builds SQLAlchemy expressions from a user's query, never SQL text.
"""
