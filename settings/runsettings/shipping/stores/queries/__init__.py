"""Makes queries of a database: which runs a question selects, and a metric for a chart.

A module belongs here if it makes a query of what a person asks, and never of text.
"""
