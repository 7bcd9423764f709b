"""Finds the positions of the values of a JSON text that was decoded."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any, Final

from runsettings.documents.limits import number_problem
from runsettings.documents.text_diagnostics import TextDiagnostics
from runsettings.values.diagnostic import Rule
from runsettings.values.key_paths import KeyPath
from runsettings.values.positions import KEY_SHIFT, Branch, SequenceMarks, pack, unpack

_STRING: Final = r'"(?:[^"\\]++|\\.)*+"'
_SCALAR: Final = r'(?:"(?:[^"\\]++|\\.)*+["\\]?+|[-+.\w]++)?+'
_MEMBER: Final = re.compile(rf"[,\s]*+({_STRING})\s*+:\s*+({_SCALAR})")
_ITEM: Final = re.compile(rf"[,\s]*+({_SCALAR})")
_END: Final = re.compile(r"[,\s]*+[\]}]")
_WORD_OR_STRING: Final = rf"(?:{_STRING}|[-+.\w]++)"
_SEPARATOR: Final = re.compile(r",[ \t]*+\r?\n[ \t]*+")
_LINES: Final = re.compile(
    rf"(?:{_WORD_OR_STRING}{_SEPARATOR.pattern})*+{_WORD_OR_STRING}", re.DOTALL
)
_MANY: Final = 16
"""The length from which the items of an array are worth more than one step for all of them."""

_CONTAINERS: Final = frozenset({dict, list})


class JsonPositions:
    """The second pass, which finds the positions of the decoded values in the same order.

    Args:
        diagnostics: Holds the text, and receives what is wrong with it.
        repeated: Objects that set a key twice, by identity: all their keys and values.
        refused: Numbers that Python cannot hold, as text, by identity.
    """

    def __init__(
        self,
        diagnostics: TextDiagnostics,
        repeated: Mapping[int, list[tuple[str, Any]]],
        refused: Mapping[int, str],
    ) -> None:
        self._diagnostics = diagnostics
        self._text = diagnostics.text
        self._packed = diagnostics.packed
        self._repeated = repeated
        self._refused = refused
        # The offset up to which the text was read.
        self._at = 0

    def of(self, data: Any) -> Any:
        """The marks of the text's one value."""
        found = _ITEM.match(self._text)
        if found is None:
            return None
        self._at = found.end()
        return self._value(data, self._packed(found.start(1)), ())

    def _value(self, value: Any, mark: int, path: KeyPath) -> Any:
        """The marks of a container that begins here, or of a number that Python cannot hold."""
        if isinstance(value, dict):
            return self._members(value, Branch(mark), path)
        if isinstance(value, list):
            return self._items(value, SequenceMarks(mark), path)
        position, _ = unpack(mark)
        message, hint = number_problem(value), "quote it if it is a text"
        self._diagnostics.add(Rule.BAD_VALUE, message, position, len(value), path=path, hint=hint)
        return mark

    def _members(self, data: dict[str, Any], marks: Branch, path: KeyPath) -> Branch:
        repeated = self._repeated.get(id(data))
        self._at += 1
        if (
            repeated is None
            and not self._refused
            and _CONTAINERS.isdisjoint(map(type, data.values()))
        ):
            text, at, packed, match = self._text, self._at, self._packed, _MEMBER.match
            for key in data:
                found = match(text, at)
                if found is None:
                    break  # the text ends here
                at = found.end()
                marks[key] = packed(found.start(1)) << KEY_SHIFT | packed(found.start(2))
            self._at = at
            self._close()
            return marks
        for key, value in data.items() if repeated is None else repeated:
            found = _MEMBER.match(self._text, self._at)
            if found is None:
                break  # the text ends here
            self._at = found.end()
            key_mark = self._packed(found.start(1))
            mark: Any = key_mark << KEY_SHIFT | self._packed(found.start(2))
            if key in marks:
                self._add_repeated(
                    (*path, key), key_mark, found.end(1) - found.start(1), marks[key]
                )
            if type(value) in _CONTAINERS or id(value) in self._refused:
                mark = self._value(value, mark, (*path, key))
            marks[key] = mark
        self._close()
        return marks

    def _items(self, data: list[Any], marks: SequenceMarks, path: KeyPath) -> SequenceMarks:
        self._at += 1
        if not self._refused and _CONTAINERS.isdisjoint(map(type, data)):
            marks.extend(self._scalars(len(data)))
            self._close()
            return marks
        for index, value in enumerate(data):
            found = _ITEM.match(self._text, self._at)
            if found is None:
                break
            self._at = found.end()
            mark: Any = self._packed(found.start(1))
            if type(value) in _CONTAINERS or id(value) in self._refused:
                mark = self._value(value, mark, (*path, index))
            marks.append(mark)
        self._close()
        return marks

    def _scalars(self, count: int) -> Iterable[int]:
        """The marks of an array's items, none of which is a container."""
        if count <= _MANY:
            items = [*islice(_ITEM.finditer(self._text, self._at), count)]
            if items:
                self._at = items[-1].end()
            return [self._packed(found.start(1)) for found in items]
        if first := _ITEM.match(self._text, self._at):
            marks = self._on_lines(count, first.start(1))
            if marks is not None:
                return marks
        # `finditer` is twice as fast as matching one by one.
        offsets = [found.start(1) for found in islice(_ITEM.finditer(self._text, self._at), count)]
        if not offsets:
            return ()
        if last := _ITEM.match(self._text, offsets[-1]):
            self._at = last.end()
        return self._diagnostics.packed_in_order(offsets)

    def _on_lines(self, count: int, begin: int) -> list[int] | None:
        """The marks of items that have a line each and one indentation; else ``None``.

        Args:
            count: How many items there are.
            begin: The offset of the first one.
        """
        text = self._text
        lines = _LINES.match(text, begin)
        if lines is None:
            return None
        end = lines.end()
        comma = text.find(",", begin, end)
        if comma == -1 or (separator := _SEPARATOR.match(text, comma)) is None:
            return None
        # A text has no line break, so that each separator is one.
        between = separator[0]
        longer = text.count(f"{between} ", begin, end) + text.count(f"{between}\t", begin, end)
        if longer or text.count(between, begin, end) != count - 1:
            return None
        self._at = end
        first, second = self._packed(begin), self._packed(separator.end())
        one_line = pack(1, 0)
        return [first, *range(second, second + (count - 1) * one_line, one_line)]

    def _close(self) -> None:
        """Read a closing bracket."""
        if end := _END.match(self._text, self._at):
            self._at = end.end()

    def _add_repeated(self, path: KeyPath, key_mark: int, width: int, first: Any) -> None:
        value, key = unpack(getattr(first, "here", first))
        self._diagnostics.add(
            Rule.DUPLICATE_KEY,
            f"{path[-1]!r} is set twice in one object",
            unpack(key_mark)[0],
            width,
            path=path,
            hint="keep one of them",
            related=(key or value, width),
        )
