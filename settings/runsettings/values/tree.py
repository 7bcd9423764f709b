"""The values of one source, with where each was set.

A source keeps two parallel trees: ``data`` holds the values as a program wants them, and
``marks`` tells where they were set (see `positions`). Leaves are made from the two on demand.
Merging never changes a source, because every source is kept (see `composition.merge`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, Self, TypeAlias

from runsettings.values.key_paths import KeyPath, leaves_of, value_at
from runsettings.values.origin import Kind, Layer, Origin
from runsettings.values.positions import Branch, Mark, Marks, Position, SequenceMarks, position_in


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
        profile: The profile whose values these are.
        composed: Whether the source is a file that is composed or that such a file uses.
        references: Whether ``data`` holds a `Reference`.
    """

    __slots__ = (
        "_marks",
        "_used_by",
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
        self._used_by: Place | None = None
        self.profile: str | None = None
        self.composed = False
        self.references = False

    def __repr__(self) -> str:
        # Values may be secret: a repr shows the source and the number of keys, never the values.
        return f"<Tree {self.layer.label} {self.where} with {len(self.data)} keys>"

    def __getstate__(self) -> tuple[None, dict[str, Any]]:
        # The text is for excerpts in this process; a pickle must not carry whole files.
        state = {name: getattr(self, name) for name in self.__slots__}
        return None, {**state, "_marks": self.marks, "_used_by": self.used_by, "text": None}

    @property
    def marks(self) -> Marks:
        """The tree of marks; made when it is first asked for."""
        if callable(self._marks):
            self._marks = self._marks()
        return self._marks

    @marks.setter
    def marks(self, marks: Marks | Callable[[], Marks]) -> None:
        self._marks = marks

    @property
    def used_by(self) -> Origin | None:
        """Where another file names this one in its ``$use``."""
        return origin_of(self._used_by)

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
        # Not a loop over the slots, which takes much longer: each file of many is copied.
        twin = object.__new__(type(self))
        twin.layer = self.layer
        twin.where = self.where
        twin.data = self.data
        twin._marks = self._marks
        twin.line = self.line
        twin.call = self.call
        twin.text = self.text
        twin.kind = self.kind
        twin.directives = self.directives
        twin._used_by = self._used_by
        twin.profile = self.profile
        twin.composed = self.composed
        twin.references = self.references
        return twin

    def get(self, path: KeyPath) -> Any:
        """The value at ``path``, or `MISSING`."""
        return value_at(self.data, path)

    def mark(self, path: KeyPath) -> Mark:
        """The mark of the value at ``path``, or that of the nearest value around it."""
        node: Any = self._marks
        for key in path:
            # What all readers make; anything else is looked at below.
            if type(node) is Branch:
                node = node.get(key)  # type: ignore[arg-type]
            elif type(node) is SequenceMarks and type(key) is int and 0 <= key < len(node):
                node = node[key]
            else:
                break
        else:
            if type(node) is int:
                return node
        return self._nearest_mark(path)

    def _nearest_mark(self, path: KeyPath) -> Mark:
        node: Any = self.marks
        nearest: Mark = None
        for key in path:
            here = getattr(node, "here", None)
            nearest = here if here is not None else nearest
            if isinstance(node, (dict, Mapping)):  # most are dicts, and are asked for first
                node = node.get(key)
            elif isinstance(node, list):
                if not isinstance(key, int) or not 0 <= key < len(node):
                    node = None
                    break
                node = node[key]
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
            key: Whether to return the position of the key instead of that of the value. The key
                that the file is mounted under has that of the ``$use`` in the other file.
        """
        mark = self._mark_of(path, key=key)
        if isinstance(mark, int):
            line, column = position_in(mark, key=key)
            one_value_a_line = self.kind is Kind.INI or self.kind is Kind.DOTENV
            at = None if one_value_a_line else column
            # By position: an origin with keywords takes twice as long, and a file has many.
            return Origin(self.layer, self.where, line, at, None, self.used_by, (), self.profile)
        if isinstance(mark, Origin):
            return mark
        if isinstance(mark, str):
            return Origin(self.layer, mark)
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
        mark = self._mark_of(path, key=key)
        return position_in(mark, key=key) if isinstance(mark, int) else None

    def _mark_of(self, path: KeyPath, *, key: bool) -> Mark:
        """The mark of a value, or that of its key."""
        if key and path and self._used_by is not None:
            around = value_at(self.marks or {}, path[:-1])
            here: Mark = getattr(around, "here", None)
            if here is not None and here == self.used_by:  # the marks of the mount
                return here
        return self.mark(path)

    def leaves(self) -> Iterator[Leaf]:
        """Every leaf, in order; see `key_paths.leaves_of`."""
        return (Leaf(path, value, self.origin(path)) for path, value in leaves_of(self.data))


class DeferredOrigin:
    """The origin of a value in a source; made when it is needed, and once.

    Args:
        tree: The source.
        path: The path of the value in it.
    """

    __slots__ = ("_made", "_path", "_tree")

    def __init__(self, tree: Tree, path: KeyPath) -> None:
        self._tree = tree
        self._path = path
        self._made: Origin | None = None

    def made(self) -> Origin:
        """The origin."""
        if self._made is None:
            self._made = self._tree.origin(self._path)
        return self._made


Place: TypeAlias = Origin | DeferredOrigin


def origin_of(place: Place | None) -> Origin | None:
    """The origin of a place, or ``None`` if there is none."""
    return place.made() if isinstance(place, DeferredOrigin) else place
