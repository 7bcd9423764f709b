"""The values of one source, with where each was set.

A source keeps two parallel trees: ``data`` holds the values as a program wants them, and
``marks`` tells where they were set (see `positions`). Leaves are made from the two on demand.
Merging never changes a source, because every source is kept (see `composition.merge`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, Self

from runsettings.values.key_paths import KeyPath, leaves_of, value_at
from runsettings.values.origin import Kind, Layer, Origin
from runsettings.values.positions import Mark, Marks, Position, position_in


class Leaf(NamedTuple):
    """A value, the path to it, and where it came from."""

    path: KeyPath
    value: Any
    origin: Origin


class Tree:
    """The values of one source, with where each was set.

    Args:
        layer: The layer that the source belongs to.
        where: The source's native name: a file as the user would name it, ``environment``,
            the file of the calling code.
        data: Plain nested ``dict`` and ``list`` values. Not changed after construction.
        marks: A tree of the same shape as ``data``; see `positions.Mark`. Where a part is
            missing, the mark of the enclosing value counts, or else ``where``. A function that
            makes the marks is called when they are first asked for.
        line: The 1-based line of a source that is one place in a program.
        call: The name of the function, for a source that is a call; an origin then is
            ``call(key=)``.
        text: The source's text, from which diagnostics show a line.
        kind: What the source is written in. Where one line holds one value (`Kind.INI`,
            `Kind.DOTENV`), an `Origin` has no column.
        directives: Whether ``data`` may hold a `Directive`. A reader that found none passes
            False, so that merging does not search for one.

    Attributes:
        used_by: Where another file names this one in its ``$use``.
        profile: The profile whose values these are.
        composed: Whether the source is a file that is composed or that such a file uses.
        references: Whether ``data`` holds a `Reference`.
    """

    __slots__ = (
        "_marks",
        "call",
        "composed",
        "data",
        "directives",
        "kind",
        "layer",
        "line",
        "profile",
        "references",
        "text",
        "used_by",
        "where",
    )

    def __init__(
        self,
        layer: Layer,
        where: str,
        data: dict[str, Any] | None = None,
        marks: Marks | Callable[[], Marks] = None,
        *,
        line: int | None = None,
        call: str | None = None,
        text: str | None = None,
        kind: Kind = Kind.OBJECT,
        directives: bool = True,
    ) -> None:
        self.layer = layer
        self.where = where
        self.data: dict[str, Any] = {} if data is None else data
        self._marks = marks
        self.line = line
        self.call = call
        self.text = text
        self.kind = kind
        self.directives = directives
        self.used_by: Origin | None = None
        self.profile: str | None = None
        self.composed = False
        self.references = False

    def __repr__(self) -> str:
        # Values may be secret: a repr shows the source and the number of keys, never the values.
        return f"<Tree {self.layer.label} {self.where} with {len(self.data)} keys>"

    def __getstate__(self) -> tuple[None, dict[str, Any]]:
        # The text is for excerpts in this process; a pickle must not carry whole files.
        state = {name: getattr(self, name) for name in self.__slots__}
        return None, {**state, "_marks": self.marks, "text": None}

    @property
    def marks(self) -> Marks:
        """The tree of marks; made when it is first asked for."""
        if callable(self._marks):
            self._marks = self._marks()
        return self._marks

    @marks.setter
    def marks(self, marks: Marks | Callable[[], Marks]) -> None:
        self._marks = marks

    def with_data(self, data: dict[str, Any], marks: Marks | Callable[[], Marks] = None) -> Self:
        """A copy of the source with other data.

        Args:
            data: The new values.
            marks: Their marks; the marks of this source if left out.
        """
        twin = self.__copy__()
        twin.data = data
        if marks is not None:
            twin._marks = marks
        return twin

    def __copy__(self) -> Self:
        twin = type(self).__new__(type(self))
        for name in self.__slots__:
            setattr(twin, name, getattr(self, name))
        return twin

    def get(self, path: KeyPath) -> Any:
        """The value at ``path``, or `MISSING`."""
        return value_at(self.data, path)

    def mark(self, path: KeyPath) -> Mark:
        """The mark of the value at ``path``, or that of the nearest value around it."""
        node: Any = self.marks
        nearest: Mark = None
        for key in path:
            here = getattr(node, "here", None)
            nearest = here if here is not None else nearest
            if isinstance(node, list):
                if not isinstance(key, int) or not 0 <= key < len(node):
                    node = None
                    break
                node = node[key]
            elif isinstance(node, (dict, Mapping)):  # most are dicts, and are asked for first
                node = node.get(key)
            else:
                break  # one mark for all values inside, such as that of a flag
        if type(node) is not int and isinstance(node, (dict, Mapping, list)):
            here = getattr(node, "here", None)
            return here if here is not None else nearest
        return nearest if node is None else node

    def origin(self, path: KeyPath, *, key: bool = False) -> Origin:
        """Where the value at ``path`` was set.

        Args:
            path: The value's path.
            key: Whether to return the position of the key instead of that of the value.
        """
        mark = self.mark(path)
        if isinstance(mark, Origin):
            return mark
        if isinstance(mark, str):
            return Origin(self.layer, mark)
        if isinstance(mark, int):
            line, column = position_in(mark, key=key)
            one_value_a_line = self.kind in (Kind.INI, Kind.DOTENV)
            return Origin(
                self.layer,
                self.where,
                line,
                None if one_value_a_line else column,
                used_by=self.used_by,
                profile=self.profile,
            )
        call = f"{self.call}({path[0]}=)" if self.call and path else self.call
        return Origin(self.layer, self.where, self.line, None, call)

    def position(self, path: KeyPath, *, key: bool = False) -> Position | None:
        """Line and column of a value, also where its origin has no column.

        Args:
            path: The value's path.
            key: Whether to return the position of the key instead of that of the value.

        Returns:
            The position, or ``None`` if the source has no positions.
        """
        mark = self.mark(path)
        return position_in(mark, key=key) if isinstance(mark, int) else None

    def leaves(self) -> Iterator[Leaf]:
        """Every leaf, in order; see `key_paths.leaves_of`."""
        return (Leaf(path, value, self.origin(path)) for path, value in leaves_of(self.data))
