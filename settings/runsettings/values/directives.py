"""What a higher layer can do to a value besides replacing a leaf.

Mappings merge and everything else is replaced. Where that is not what a person wants, they
say so with a type, in Python or as a YAML tag, never with a magic string in ordinary data:

======================  ===============  =============================================
Python                  YAML             effect on the value of the lower layers
======================  ===============  =============================================
``Append([1, 2])``      ``!append``      the items are added behind the lower list
``Replace({"a": 1})``   ``!replace``     the lower mapping is dropped, not merged
``Delete()``            ``!delete``      the key is removed
======================  ===============  =============================================
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class Directive:
    """A value that acts on what the lower layers say, instead of standing beside it."""

    __slots__ = ()


class Append(Directive):
    """Adds items behind the lower layers' list; alone, it is that list."""

    __slots__ = ("items",)

    def __init__(self, items: Sequence[Any]) -> None:
        if isinstance(items, (str, bytes, Mapping)):
            # Taken apart into letters or keys, it would be added without a word.
            raise TypeError(f"Append takes a list of items, not a {type(items).__name__}")
        self.items = list(items)

    def __repr__(self) -> str:
        return f"Append({self.items!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Append) and self.items == other.items

    def __hash__(self) -> int:
        return hash((Append, len(self.items)))


class Replace(Directive):
    """Stands for a mapping that hides the lower layers' mapping instead of merging with it."""

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
    """Removes the key, whatever the lower layers say."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Delete()"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Delete)

    def __hash__(self) -> int:
        return hash(Delete)
