"""Filters over runs: ``config.lr < 0.1 and (state = finished or tags = baseline)``.

A filter is parsed into comparisons; nothing in it is evaluated as code.

No comparison is true for a run without the key, not even `!=`: ``group != night`` selects the
runs of other groups, and ``not group = night`` also those without a group.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from runsettings.journal.query.comparisons import (
    ORDER,
    Comparison,
    Filter,
    Joined,
    Literal,
    Negation,
    Present,
    kind_of,
    plain,
)
from runsettings.journal.query.errors import FilterError, UnknownKeyError
from runsettings.journal.query.keys import ATTRIBUTES, STATES, Key, Kind, find_key
from runsettings.journal.query.times import DURATION_FORMS, TIME_FORMS, parse_duration, parse_time
from runsettings.journal.replay import StoredRun
from runsettings.values.diagnostic import Excerpt
from runsettings.values.key_paths import MISSING
from runsettings.values.rendering import printable

_TOKEN: Final = re.compile(
    r"""\s*(?:
        (?P<punctuation>[()])
      | (?P<operator><=|>=|!=|==|!~|[<>=~])
      | (?P<quoted>"(?:[^"\\]++|\\.)*+"|'(?:[^'\\]++|\\.)*+')
      | `(?P<key>[^`]+)`
      | (?P<word>[^\s()<>=!~'"`]+)
    )""",
    re.VERBOSE | re.DOTALL,
)

_MAX_DEPTH: Final = 50
"""The largest depth of nested parentheses and ``not``; deeper ones could overflow the stack."""


class _Token(NamedTuple):
    kind: str
    text: str
    at: int


def parse_filter(text: str, runs: Sequence[StoredRun], now: float) -> Filter:
    """Parse a filter.

    Args:
        text: The filter.
        runs: All runs to select from; at least one of them must have each key. If empty, any key
            is accepted.
        now: The current time in seconds since 1970; ages like ``2d`` are relative to it.

    Returns:
        A function that returns whether a run matches.

    Raises:
        FilterError: The text is not a filter, no run has one of its keys, or the values of a key
            have no order.
    """
    return _Parser(text, runs, now).parse()


def attribute_filter(
    *,
    run_id: str | None = None,
    project: str | None = None,
    group: str | None = None,
    job_type: str | None = None,
    tags: Sequence[str] = (),
    states: Sequence[str] = (),
    since: float | None = None,
    before: float | None = None,
) -> Filter:
    """Make a filter on common attributes; ``None`` and empty arguments add no condition.

    Args:
        run_id: The run's id.
        project: Its project.
        group: Its group.
        job_type: Its job type.
        tags: Tags; the run must have all of them.
        states: States; the run must be in one of them.
        since: The earliest time of creation, in seconds since 1970.
        before: The time before which the run was created, in seconds since 1970.

    Returns:
        The filter.
    """

    def equals(name: str, text: str) -> Filter:
        return Comparison(ATTRIBUTES[name], "=", Literal.of_text(text))

    def created_since(seconds: float) -> Filter:
        literal = Literal(str(seconds), seconds, quoted=False)
        return Comparison(ATTRIBUTES["created"], ">=", literal)

    names = {"id": run_id, "project": project, "group": group, "job_type": job_type}
    parts = [equals(name, text) for name, text in names.items() if text is not None]
    parts += [equals("tags", tag) for tag in tags]
    parts += [] if since is None else [created_since(since)]
    parts += [] if before is None else [Negation(created_since(before))]
    if states:  # last, because the state of a run without an end needs a system call
        parts.append(Joined([equals("state", state) for state in states], every=False))
    return Joined(parts, every=True)


class _Parser:
    """A recursive descent parser: ``not`` binds tighter than ``and``, and ``and`` than ``or``."""

    def __init__(self, text: str, runs: Sequence[StoredRun], now: float) -> None:
        self.text = text
        self.runs = runs
        self.now = now
        self.tokens = list(self._tokens())
        self.next = 0
        self.depth = 0

    def parse(self) -> Filter:
        found = self._or()
        token = self._peek()
        if token.kind != "end":
            advice = "join comparisons with 'and' or 'or', and quote a text with spaces"
            raise self._error(f"unexpected '{printable(token.text)}' — {advice}", token)
        return found

    def _or(self) -> Filter:
        return self._joined("or", self._and)

    def _and(self) -> Filter:
        return self._joined("and", self._not)

    def _joined(self, word: str, parse: Callable[[], Filter]) -> Filter:
        parts = [parse()]
        while self._word(word):
            parts.append(parse())
        return parts[0] if len(parts) == 1 else Joined(parts, every=word == "and")

    def _not(self) -> Filter:
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise self._error(f"nested deeper than {_MAX_DEPTH}", self._peek())
        if self._word("not"):
            found: Filter = Negation(self._not())
        else:
            found = self._atom()
        self.depth -= 1
        return found

    def _atom(self) -> Filter:
        token = self._take()
        if token.text == "(" and token.kind == "punctuation":
            found = self._or()
            closing = self._take()
            if closing.text != ")" or closing.kind != "punctuation":
                raise self._error("expected ')'", closing)
            return found
        if token.kind not in ("word", "key"):
            raise self._error("expected a key, such as config.lr or state", token)
        try:
            key = find_key(token.text, self.runs)
        except UnknownKeyError as error:
            raise self._error(str(error), token) from None
        operation = self._peek()
        if operation.kind != "operator":
            return Present(key)
        self._take()
        return self._comparison(key, operation, self._take())

    def _comparison(self, key: Key, operation: _Token, token: _Token) -> Filter:
        if token.kind not in ("word", "quoted"):
            raise self._error(f"expected a value after {operation.text!r}", token)
        literal = self._literal(key, token)
        if operation.text in ORDER:
            self._check_order(key, operation, literal)
        return Comparison(key, "=" if operation.text == "==" else operation.text, literal)

    def _literal(self, key: Key, token: _Token) -> Literal:
        """The value, parsed by the kind of the key.

        Raises:
            FilterError: The key holds times, durations or states, and the value is not one.
        """
        text = _unquoted(token.text) if token.kind == "quoted" else token.text
        if key.kind in (Kind.TIME, Kind.DURATION):
            is_time = key.kind is Kind.TIME
            seconds = parse_time(text, self.now) if is_time else parse_duration(text)
            if seconds is None:
                forms = f"a time — {TIME_FORMS}" if is_time else f"a duration — {DURATION_FORMS}"
                raise self._error(f"{key.text} is {forms}", token)
            return Literal(text, seconds, quoted=False)
        if key.kind is Kind.STATE and text not in STATES:
            raise self._error(f"{key.text} is one of {', '.join(STATES)}", token)
        quoted = token.kind == "quoted"
        return Literal(text, text if quoted else plain(text), quoted)

    def _check_order(self, key: Key, operation: _Token, literal: Literal) -> None:
        """Check that the value of at least one run can be compared with the literal.

        Raises:
            FilterError: No run's value can be compared with the literal.
        """
        values = [value for run in self.runs if (value := key.get(run)) is not MISSING]
        if not values or any(literal.compares(value) for value in values):
            return
        kinds = " or ".join(sorted({kind_of(value) for value in values}))
        wrote = "a text" if literal.quoted else kind_of(literal.value)
        raise self._error(
            f"{printable(key.text)} holds {kinds}, which {operation.text!r} cannot compare with "
            f"{wrote}",
            operation,
        )

    def _tokens(self) -> Iterator[_Token]:
        position = 0
        while position < len(self.text):
            match = _TOKEN.match(self.text, position)
            if match is None or match.lastgroup is None:
                rest = self.text[position:]
                if not rest.strip():
                    break
                token = _Token("bad", rest.strip(), len(self.text) - len(rest.lstrip()))
                quote = token.text[0]
                what = "this quote has no end" if quote in "'\"`" else f"unexpected {quote!r}"
                raise self._error(what, token)
            kind = match.lastgroup
            yield _Token(kind, match[kind], match.start(kind))
            position = match.end()
        yield _Token("end", "", len(self.text.rstrip()))

    def _peek(self) -> _Token:
        return self.tokens[self.next]

    def _take(self) -> _Token:
        token = self.tokens[self.next]
        if token.kind != "end":
            self.next += 1
        return token

    def _word(self, word: str) -> bool:
        token = self._peek()
        if token.kind == "word" and token.text.lower() == word:
            self.next += 1
            return True
        return False

    def _error(self, message: str, token: _Token) -> FilterError:
        # One character for each character, so that the caret is in the right column.
        shown = "".join(char if char.isprintable() else " " for char in self.text)
        return FilterError(message, Excerpt(shown, 1, token.at + 1))


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)
