"""The errors of queries. The text of each is a message for the user."""

from __future__ import annotations


class QueryError(Exception):
    """A query that cannot be answered."""

    part = ""
    """The member of `listing.Question` that has the error, if it is of one."""


class UnknownKeyError(QueryError):
    """No run has this key; the message suggests a similar one."""


class FilterError(QueryError):
    """The text is not a filter, or compares values that have no order; the message shows where."""


class RunNotFoundError(QueryError):
    """No run, or more than one, has this id, name or path."""
