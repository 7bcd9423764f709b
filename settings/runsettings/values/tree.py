"""What one source says: a tree of values, and beside it a tree of marks.

Keeping an origin object beside each of 100,000 values would cost more than the values do, so
a source keeps two parallel trees: ``data`` holds the values as a program wants them, and
``marks`` has the same shape and holds, at each leaf, the least that is needed to build the
leaf's `Origin` when somebody asks for it. Leaves are made from the two on demand; merging
moves references and never strips anything, because every source is kept (see
`resolution.merge`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple, Self, TypeAlias

from runsettings.values.directives import Replace
from runsettings.values.origin import Kind, Layer, Origin

KeyPath: TypeAlias = tuple[str | int, ...]
"""Keys from the root to a value; integers index sequences."""

Mark: TypeAlias = "int | str | Origin | None"
"""A leaf's place: a packed position (`pack`), a native name (``WANDB_PROJECT``), a whole
`Origin`, or ``None`` where the source as a whole is all that is known."""

Marks: TypeAlias = "Mapping[str, Any] | None"
"""The marks of a whole source."""

_BITS: Final = 32
_MASK: Final = (1 << _BITS) - 1

KEY_SHIFT: Final = 2 * _BITS
"""Bits by which the packed position of a key is shifted in the mark of its value."""


class _Missing:
    """The type of `MISSING`, which stands for "no value here" where ``None`` is a value."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False

    def __reduce__(self) -> str:
        return "MISSING"


MISSING: Final = _Missing()


class Leaf(NamedTuple):
    """A value, the path to it, and where it came from."""

    path: KeyPath
    value: Any
    origin: Origin


class Position(NamedTuple):
    """1-based line and column; a column counts characters."""

    line: int
    column: int


def pack(line: int, column: int, key_line: int = 0, key_column: int = 0) -> int:
    """Pack a value's 1-based position, and its key's, into one integer.

    One integer a leaf is not tracked by the garbage collector; a tuple of four would be.
    """
    return ((key_line << _BITS | key_column) << KEY_SHIFT) | (line << _BITS | column)


def unpack(mark: int) -> tuple[Position, Position | None]:
    """The position of the value, and that of its key if it was recorded."""
    value = Position(mark >> _BITS & _MASK, mark & _MASK)
    key = mark >> KEY_SHIFT
    return value, (Position(key >> _BITS & _MASK, key & _MASK) if key else None)


def format_path(path: KeyPath) -> str:
    """``("optim", "lr")`` as ``optim.lr`` and ``("layers", 3, "size")`` as ``layers[3].size``."""
    text = ""
    for key in path:
        if isinstance(key, int):
            text += f"[{key}]"
        else:
            # A key that is no text, as 1.5 in YAML, is a fault to be told by its path.
            text += f".{key}" if text else str(key)
    return text


def value_at(node: Any, path: KeyPath) -> Any:
    """The value at ``path`` in nested mappings and sequences, or `MISSING`.

    Args:
        node: A mapping, a sequence, or a `Replace` of a mapping.
        path: Keys, and indexes that are not negative.
    """
    for key in path:
        if isinstance(node, Replace):
            node = node.value
        if isinstance(node, (dict, Mapping)):
            if key not in node:
                return MISSING
        elif not (
            isinstance(node, (list, tuple)) and isinstance(key, int) and 0 <= key < len(node)
        ):
            return MISSING
        node = node[key]
    return node


def put_at(node: dict[Any, Any], path: KeyPath, value: Any) -> None:
    """Set the value at ``path`` in nested dicts; dicts are made on the way where there are none."""
    for key in path[:-1]:
        inner = node.get(key)
        if not isinstance(inner, dict):
            inner = node[key] = {}
        node = inner
    node[path[-1]] = value


def leaves_of(node: Mapping[Any, Any], path: KeyPath = ()) -> Iterator[tuple[KeyPath, Any]]:
    """Every leaf below ``node`` with its path, in order.

    Sequences and empty mappings are leaves: they merge whole.

    Args:
        node: A mapping of nested dicts.
        path: The path to it.
    """
    for key, value in node.items():
        here = (*path, key)
        inner = value.value if isinstance(value, Replace) else value
        if type(inner) is dict and inner:
            yield from leaves_of(inner, here)
        else:
            yield here, value


class Branch(dict[str, Any]):
    """Marks of a mapping, with the mark of the mapping itself in ``here``.

    A plain ``dict`` serves as well where a mapping's own place does not matter.
    """

    __slots__ = ("here",)

    def __init__(self, here: Mark = None) -> None:
        super().__init__()
        self.here = here

    def __reduce__(self) -> tuple[Any, ...]:
        return (_branch, (self.here, dict(self)))


def _branch(here: Mark, marks: dict[str, Any]) -> Branch:
    branch = Branch(here)
    branch.update(marks)
    return branch


class SequenceMarks(list[Any]):
    """Marks of a sequence's items, with the mark of the sequence itself in ``here``."""

    __slots__ = ("here",)

    def __init__(self, here: Mark = None) -> None:
        super().__init__()
        self.here = here

    def __reduce__(self) -> tuple[Any, ...]:
        return (_sequence_marks, (self.here, list(self)))


def _sequence_marks(here: Mark, marks: list[Any]) -> SequenceMarks:
    sequence = SequenceMarks(here)
    sequence.extend(marks)
    return sequence


class Tree:
    """What one source says.

    Args:
        layer: The layer that the source belongs to.
        where: The source's native name: a file as the person would name it, ``environment``,
            the file of the calling code.
        data: Plain nested ``dict``/``list`` values. Not changed after construction.
        marks: A tree of the same shape as ``data``; see `Mark`. A missing part means that the
            enclosing mark, or at last ``where`` itself, is the place. A function that makes the
            marks is called when they are first asked for.
        line: For a source that is one place in a program, its 1-based line.
        call: For a source that is a call, the function's name; an origin then says
            ``call(key=)``.
        text: The source's text, from which an excerpt is shown beside a fault.
        kind: What the source is written in. Where one line holds one value (`Kind.INI`,
            `Kind.DOTENV`), an `Origin` has no column.
        directives: Whether ``data`` may hold a `Directive`. A reader that knows it met none
            says False, and merging is spared the search.
    """

    __slots__ = (
        "_marks",
        "call",
        "data",
        "directives",
        "kind",
        "layer",
        "line",
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

    def __repr__(self) -> str:
        # Values may be secret: a repr tells the place and the size, never the content.
        return f"<Tree {self.layer.label} {self.where} with {len(self.data)} keys>"

    def __reduce__(self) -> tuple[Any, ...]:
        # The text is for excerpts in this process; a pickle must not carry whole files along.
        state = (self.layer, self.where, self.data, self.marks)
        return (_tree, (*state, self.line, self.call, self.kind, self.directives))

    @property
    def marks(self) -> Marks:
        """The tree of marks; made now if nobody has asked before."""
        if callable(self._marks):
            self._marks = self._marks()
        return self._marks

    @marks.setter
    def marks(self, marks: Marks | Callable[[], Marks]) -> None:
        self._marks = marks

    def with_data(self, data: dict[str, Any], marks: Marks | Callable[[], Marks] = None) -> Self:
        """The same source saying ``data``; its marks stay unless others are given."""
        return type(self)(
            self.layer,
            self.where,
            data,
            self._marks if marks is None else marks,
            line=self.line,
            call=self.call,
            text=self.text,
            kind=self.kind,
            directives=self.directives,
        )

    def get(self, path: KeyPath) -> Any:
        """The value at ``path``, or `MISSING`."""
        return value_at(self.data, path)

    def mark(self, path: KeyPath) -> Mark:
        """The mark nearest to ``path``: its own, or that of the closest enclosing value."""
        node: Any = self.marks
        nearest: Mark = None
        for key in path:
            here = getattr(node, "here", None)
            nearest = here if here is not None else nearest
            if isinstance(node, Mapping):
                node = node.get(key)
            elif isinstance(node, list) and isinstance(key, int) and 0 <= key < len(node):
                node = node[key]
            elif isinstance(node, list):
                node = None
                break
            else:
                break  # one mark for all that is inside, such as a flag's
        if isinstance(node, (Mapping, list)):
            here = getattr(node, "here", None)
            return here if here is not None else nearest
        return nearest if node is None else node

    def origin(self, path: KeyPath, *, key: bool = False) -> Origin:
        """Where the value at ``path`` stands; with ``key``, where its key stands."""
        mark = self.mark(path)
        if isinstance(mark, Origin):
            return mark
        if isinstance(mark, str):
            return Origin(self.layer, mark)
        if isinstance(mark, int):
            line, column = _position(mark, key=key)
            one_value_a_line = self.kind in (Kind.INI, Kind.DOTENV)
            return Origin(self.layer, self.where, line, None if one_value_a_line else column)
        call = f"{self.call}({path[0]}=)" if self.call and path else self.call
        return Origin(self.layer, self.where, self.line, None, call)

    def position(self, path: KeyPath, *, key: bool = False) -> Position | None:
        """Line and column of the value (or its key), even where origins leave columns out."""
        mark = self.mark(path)
        return _position(mark, key=key) if isinstance(mark, int) else None

    def leaves(self) -> Iterator[Leaf]:
        """Every leaf, in order. Sequences and empty mappings are leaves: they merge whole."""
        return (Leaf(path, value, self.origin(path)) for path, value in leaves_of(self.data))


def _position(mark: int, *, key: bool) -> Position:
    value, of_key = unpack(mark)
    return of_key if key and of_key is not None else value


def _tree(
    layer: Layer,
    where: str,
    data: dict[str, Any],
    marks: Mapping[str, Any] | None,
    line: int | None,
    call: str | None,
    kind: Kind,
    directives: bool,
) -> Tree:
    return Tree(
        layer,
        where,
        data,
        marks,
        line=line,
        call=call,
        kind=kind,
        directives=directives,
    )
