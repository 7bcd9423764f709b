"""Filters over runs: ``config.lr < 0.1 and (state = finished or tags = baseline)``.

A filter is read into a small tree of comparisons; nothing in it is ever evaluated as code.

A comparison never holds for a run that lacks the key, be it `!=`: ``group != night`` chooses the
runs of other groups, and ``not group = night`` those without a group as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from runsettings.journal.query.comparisons import (
    ORDER,
    Filter,
    Literal,
    contains,
    equals,
    kind_of,
    ordered,
    plain,
)
from runsettings.journal.query.keys import STATES, Key, Kind, UnknownKey, find_key
from runsettings.journal.query.times import DURATION_FORMS, TIME_FORMS, parse_duration, parse_time
from runsettings.journal.replay import StoredRun
from runsettings.values.rendering import printable
from runsettings.values.tree import MISSING

_TOKEN: Final = re.compile(
    r"""\s*(?:
        (?P<punctuation>[()])
      | (?P<operator><=|>=|!=|==|!~|[<>=~])
      | (?P<quoted>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | `(?P<key>[^`]+)`
      | (?P<word>[^\s()<>=!~'"`]+)
    )""",
    re.VERBOSE | re.DOTALL,
)

_DEEPEST: Final = 50
"""Parentheses and ``not`` within each other; nobody writes more, and the stack has an end."""


class BadFilter(Exception):  # noqa: N818 - it is what its name says
    """The text is no filter, or asks what cannot be answered; it says where and why."""


class _Token(NamedTuple):
    kind: str
    text: str
    at: int


def parse_filter(text: str, runs: Sequence[StoredRun], now: float) -> Filter:
    """Read a filter.

    Args:
        text: What the person wrote.
        runs: All runs that it may choose from: at least one must have each key.
        now: The present, from which ages like ``2d`` count.

    Raises:
        BadFilter: The text is no filter, no run has one of its keys, or no run's value can be
            compared as it asks.
    """
    return _Parser(text, runs, now).parse()


class _Parser:
    """Recursive descent: ``or`` binds weaker than ``and``, and that weaker than ``not``."""

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
            raise self._fault(f"unexpected '{printable(token.text)}' — {advice}", token)
        return found

    def _or(self) -> Filter:
        parts = [self._and()]
        while self._word("or"):
            parts.append(self._and())
        return parts[0] if len(parts) == 1 else _any(parts)

    def _and(self) -> Filter:
        parts = [self._not()]
        while self._word("and"):
            parts.append(self._not())
        return parts[0] if len(parts) == 1 else _all(parts)

    def _not(self) -> Filter:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise self._fault(f"nested deeper than {_DEEPEST}", self._peek())
        found = _opposite(self._not()) if self._word("not") else self._atom()
        self.depth -= 1
        return found

    def _atom(self) -> Filter:
        token = self._take()
        if token.text == "(" and token.kind == "punctuation":
            found = self._or()
            closing = self._take()
            if closing.text != ")" or closing.kind != "punctuation":
                raise self._fault("expected ')'", closing)
            return found
        if token.kind not in ("word", "key"):
            raise self._fault("expected a key, such as config.lr or state", token)
        try:
            key = find_key(token.text, self.runs)
        except UnknownKey as error:
            raise self._fault(str(error), token) from None
        operation = self._peek()
        if operation.kind != "operator":
            return lambda run: key.get(run) is not MISSING  # a key alone asks whether it is there
        self._take()
        return self._comparison(key, operation, self._take())

    def _comparison(self, key: Key, operation: _Token, token: _Token) -> Filter:
        if token.kind not in ("word", "quoted"):
            raise self._fault(f"expected a value after {operation.text!r}", token)
        literal = self._literal(key, token)
        sign = operation.text
        if sign in ("~", "!~"):
            return contains(key.get, literal.text.casefold(), wanted=sign == "~")
        if sign in ORDER:
            self._check_order(key, operation, literal)
            return ordered(key.get, ORDER[sign], literal)
        return equals(key.get, literal, wanted=sign != "!=")

    def _literal(self, key: Key, token: _Token) -> Literal:
        """The value, as what the key holds.

        Raises:
            BadFilter: The key holds times, durations or states, and this is none.
        """
        text = _unquoted(token.text) if token.kind == "quoted" else token.text
        if key.kind is Kind.TIME:
            time = parse_time(text, self.now)
            if time is None:
                raise self._fault(f"{key.text} is a time — {TIME_FORMS}", token)
            return Literal(text, time, quoted=False)
        if key.kind is Kind.DURATION:
            seconds = parse_duration(text)
            if seconds is None:
                raise self._fault(f"{key.text} is a duration — {DURATION_FORMS}", token)
            return Literal(text, seconds, quoted=False)
        if key.kind is Kind.STATE and text not in STATES:
            raise self._fault(f"{key.text} is one of {', '.join(STATES)}", token)
        if token.kind == "quoted":
            return Literal(text, text, quoted=True)
        return Literal(text, plain(text), quoted=False)

    def _check_order(self, key: Key, operation: _Token, literal: Literal) -> None:
        """Refuse an order between things that have none in any run: the answer would be silence.

        Raises:
            BadFilter: No run's value can be compared with the literal.
        """
        values = [value for run in self.runs if (value := key.get(run)) is not MISSING]
        if not values or any(literal.compares(value) for value in values):
            return
        kinds = " or ".join(sorted({kind_of(value) for value in values}))
        wrote = "a text" if literal.quoted else kind_of(literal.value)
        raise self._fault(
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
                raise self._fault(what, token)
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

    def _fault(self, message: str, token: _Token) -> BadFilter:
        # Each character stands for one, or the caret would point beside the fault.
        shown = "".join(char if char.isprintable() else " " for char in self.text)
        return BadFilter(f"{message}\n  {shown}\n  {' ' * token.at}^")


def _all(parts: Sequence[Filter]) -> Filter:
    return lambda run: all(part(run) for part in parts)


def _any(parts: Sequence[Filter]) -> Filter:
    return lambda run: any(part(run) for part in parts)


def _opposite(part: Filter) -> Filter:
    return lambda run: not part(run)


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)
