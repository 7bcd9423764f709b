"""The errors of queries. The text of each is a message for the user."""

from __future__ import annotations

from runsettings.values.diagnostic import Excerpt


class QueryError(Exception):
    """A query that cannot be answered."""

    part = ""
    """The member of `listing.Question` with the error; empty if the error is not in one."""


class UnknownKeyError(QueryError):
    """No run has this key; the message suggests a similar one."""


class FilterError(QueryError):
    """A filter cannot be parsed, or compares values that have no order; the text shows where.

    Args:
        message: What is wrong.
        excerpt: The filter, and the position of the error in it.
    """

    def __init__(self, message: str, excerpt: Excerpt) -> None:
        super().__init__(f"{message}\n  {excerpt.text}\n  {' ' * (excerpt.column - 1)}^")
        self.message = message
        self.excerpt = excerpt


class RunNotFoundError(QueryError):
    """No run, or more than one, has this id, name or path."""
