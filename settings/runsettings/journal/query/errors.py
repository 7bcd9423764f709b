"""What is wrong with a question about runs; the text of each error is meant for a person."""

from __future__ import annotations


class QueryError(Exception):
    """A question about runs that cannot be answered."""


class UnknownKeyError(QueryError):
    """No run has this key; the text names the key that was likely meant."""


class FilterError(QueryError):
    """The text is not a filter, or compares what cannot be compared; the text shows where."""


class RunNotFoundError(QueryError):
    """No run, or more than one, has this id, name or path."""
