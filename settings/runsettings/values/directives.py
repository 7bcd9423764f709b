"""Directives: what a higher layer can do to a value of the lower layers besides replacing it.

Mappings are merged, and every other value is replaced. A directive changes that for one value. It
is a type, in Python or as a YAML tag, and never a special string in ordinary data:

======================  ===============  ===============================================
Python                  YAML             effect on the value of the lower layers
======================  ===============  ===============================================
``Append([1, 2])``      ``!append``      the items are added to the end of the lower list
``Replace({"a": 1})``   ``!replace``     the lower mapping is dropped, not merged
``Delete()``            ``!delete``      the key is removed
======================  ===============  ===============================================

A composed file writes ``{$append: …}``, ``{$replace: …}`` and ``{$delete: true}`` for them. It can
also have a `Reference`, which stands for a value that is looked up after all layers are read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runsettings.values.key_paths import KeyPath


class Directive:
    """A value that changes the value of the lower layers instead of replacing it."""

    __slots__ = ()


class Append(Directive):
    """Adds items to the end of the lower layers' list; if there is none, it is the list.

    Args:
        items: The items to add.

    Raises:
        TypeError: ``items`` is a string, bytes or a mapping.
    """

    __slots__ = ("items",)

    def __init__(self, items: Sequence[Any]) -> None:
        if isinstance(items, (str, bytes, Mapping)):
            # Its letters or keys would be added one by one, without an error.
            raise TypeError(f"Append takes a list of items, not a {type(items).__name__}")
        self.items = list(items)

    def __repr__(self) -> str:
        return f"Append({self.items!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Append) and self.items == other.items

    def __hash__(self) -> int:
        return hash((Append, len(self.items)))


class Replace(Directive):
    """Replaces the lower layers' mapping instead of merging with it.

    Args:
        value: The new mapping.
    """

    __slots__ = ("value",)

    def __init__(self, value: Mapping[str, Any]) -> None:
        self.value = dict(value)

    def __repr__(self) -> str:
        return f"Replace({self.value!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Replace) and self.value == other.value

    def __hash__(self) -> int:
        return hash((Replace, len(self.value)))


class Delete(Directive):
    """Removes the key that the lower layers set."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Delete()"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Delete)

    def __hash__(self) -> int:
        return hash(Delete)


class Target:
    """What one ``${…}`` refers to.

    Args:
        written: As the file has it: ``${optim.lr}``.
        path: The path of a value, from the root of the whole config.
        variable: The name of an environment variable, for ``${env:NAME}``.
        default: The text if the variable is not set, for ``${env:NAME:default}``.
    """

    __slots__ = ("default", "path", "variable", "written")

    # Not a named tuple: making one takes time at every start, and few programs have references.
    def __init__(
        self,
        written: str,
        path: KeyPath = (),
        variable: str | None = None,
        default: str | None = None,
    ) -> None:
        self.written = written
        self.path = path
        self.variable = variable
        self.default = default


class Reference:
    """A text of a composed file with references, which are not looked up yet.

    Until then it is a value that nothing is known about: what a higher layer merges into it waits.

    Args:
        text: The text as it is written.
        parts: Its parts: plain texts and targets. One target alone keeps the type of its value.
    """

    __slots__ = ("parts", "text")

    def __init__(self, text: str, parts: tuple[str | Target, ...]) -> None:
        self.text = text
        self.parts = parts

    def __repr__(self) -> str:
        return f"Reference({self.text!r})"

    def rename(self, named: Callable[[KeyPath], KeyPath]) -> None:
        """Give the targets the paths that ``named`` returns for theirs."""
        self.parts = tuple(
            Target(part.written, named(part.path), part.variable, part.default)
            if isinstance(part, Target)
            else part
            for part in self.parts
        )

    @property
    def targets(self) -> tuple[Target, ...]:
        """What it refers to."""
        return tuple([part for part in self.parts if isinstance(part, Target)])
