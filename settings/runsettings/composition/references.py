"""Looks up references, ``${…}``, after all sources are read.

Each round replaces every reference whose target contains no reference. If a round replaces nothing,
the remaining references are circular. Only the values near the targets are merged for this.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Final

from runsettings.composition.merge import merge, merged_around
from runsettings.composition.sources import Sources
from runsettings.documents.limits import ALIAS_BUDGET, MAX_DEPTH
from runsettings.secrets import live
from runsettings.secrets.forms import is_secret_name
from runsettings.values.diagnostic import Diagnostic, Rule
from runsettings.values.did_you_mean import did_you_mean
from runsettings.values.directives import Append, Reference, Replace, Target
from runsettings.values.excerpts import excerpt_of
from runsettings.values.json_trees import SCALARS
from runsettings.values.key_paths import KeyPath, format_path, value_at
from runsettings.values.origin import Layer, Origin
from runsettings.values.positions import Branch
from runsettings.values.tree import Tree

_MAX_ROUNDS: Final = 100
"""The largest length of a chain of references that refer to each other."""
_MAPPING_VALUE_COST: Final = 4
"""A value in a mapping counts as this many values of the budget: its origin is stored too."""
_CHARACTERS_PER_VALUE: Final = 64
"""A text counts as one more value of the budget for each 64 characters."""
_PENDING: Final = object()


class _Place:
    """A reference in the data of a source."""

    def __init__(
        self, tree: Tree, path: KeyPath, holder: Any, key: Any, marks: Any, reference: Reference
    ) -> None:
        self.tree = tree
        self.path = path
        self.holder = holder
        self.key = key
        self.marks = marks if isinstance(marks, dict) else None
        self.reference = reference
        self.origin = tree.origin(path)

    def put(self, value: Any, mark: Any) -> None:
        """Replace the reference by a value."""
        self.holder[self.key] = value
        if self.marks is not None:
            self.marks[self.key] = mark


class _FailedError(Exception):
    """A reference that cannot be looked up. It never leaves this module."""

    def __init__(self, rule: Rule, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.rule, self.message, self.hint = rule, message, hint


def resolve_references(
    trees: Sequence[Tree],
    environ: Mapping[str, str],
    named: Callable[[KeyPath], KeyPath] | None = None,
    typed: Callable[[KeyPath, Any], Any] | None = None,
) -> list[Diagnostic]:
    """Replace the references in sources by the values that they refer to.

    Args:
        trees: All sources, lowest precedence first. References in their data are replaced in place.
        environ: The environment, for ``${env:NAME}``.
        named: Converts a path as written in a file to the path in the sources.
        typed: Converts the value at a path to its type; by default, values are not converted.

    Returns:
        An error for each reference that cannot be looked up and that no source overrides.
    """
    waiting = [place for tree in trees if tree.references for place in _places(tree)]
    if named is not None:
        for place in waiting:
            place.reference.rename(named)
    found: list[Diagnostic] = []
    spent = 0
    for _ in range(_MAX_ROUNDS):
        if not waiting:
            break
        lookup = _Lookup(trees)
        left: list[_Place] = []
        for place in waiting:
            try:
                _check(spent)
                value, mark = _looked_up(place, lookup, environ, typed)
                if value is not _PENDING:
                    spent += _size(value, MAX_DEPTH - len(place.path))
                    _check(spent)
                    if isinstance(value, dict):
                        target = place.reference.targets[0].path
                        mark = _marks(value, target, place.origin, lookup.sources)
            except _FailedError as failed:
                if id(place.reference) in lookup.winning:
                    found.append(_diagnostic(place, failed.rule, failed.message, failed.hint))
                value, mark = place.reference.text, place.origin
            if value is _PENDING:
                left.append(place)
            else:
                place.put(value, mark)
        if len(left) == len(waiting):
            found += _circles(left, lookup)
            break
        waiting = left
    else:
        if waiting:
            message = f"more than {_MAX_ROUNDS} references lead from one to the next"
            hint = "refer to the value itself"
            found.append(_diagnostic(waiting[0], Rule.COMPOSITION_LIMIT, message, hint))
    for place in waiting:
        if place.holder[place.key] is place.reference:
            place.put(place.reference.text, place.origin)
    for tree in trees:
        tree.references = False
    return found


def _places(tree: Tree) -> list[_Place]:
    found: list[_Place] = []

    def walk(holder: Any, marks: Any, path: KeyPath) -> None:
        for key, value in holder.items() if isinstance(holder, dict) else enumerate(holder):
            if type(value) in SCALARS:
                continue
            here = (*path, key)
            inner = value
            if isinstance(inner, Replace):
                inner = inner.value
            elif isinstance(inner, Append):
                inner = inner.items
            if isinstance(inner, Reference):
                found.append(_Place(tree, here, holder, key, marks, inner))
            elif isinstance(inner, (dict, list)):
                walk(inner, marks.get(key) if isinstance(marks, dict) else None, here)

    walk(tree.data, tree.marks, ())
    return found


class _Lookup:
    """Values of several sources by the precedence of the sources, during one round."""

    def __init__(self, trees: Sequence[Tree]) -> None:
        self.sources = Sources(tuple(trees))
        self._around: dict[KeyPath, dict[str, Any]] = {}

    def around(self, path: KeyPath) -> dict[str, Any]:
        """The merged mappings around a path. Other values are missing in them."""
        keys = path[:2]
        if keys not in self._around:
            self._around[keys] = merged_around(self.sources, keys)
        return self._around[keys]

    @cached_property
    def whole(self) -> dict[str, Any]:
        """All merged values, which only an error needs."""
        return merge(self.sources.ranked).data

    @cached_property
    def winning(self) -> set[int]:
        """The ids of the references that no other source overrides."""
        return {id(each) for each in _references(self.whole)}


def _references(node: Any) -> Iterator[Reference]:
    if isinstance(node, Reference):
        yield node
    elif isinstance(node, (dict, list)):
        for value in node.values() if isinstance(node, dict) else node:
            if isinstance(value, (Reference, dict, list)):
                yield from _references(value)


def _looked_up(
    place: _Place,
    lookup: _Lookup,
    environ: Mapping[str, str],
    typed: Callable[[KeyPath, Any], Any] | None,
) -> tuple[Any, Any]:
    """The value of a reference and its mark; `_PENDING` while a target contains references."""
    parts: list[Any] = []
    for part in place.reference.parts:
        value = _target(part, lookup, environ) if isinstance(part, Target) else part
        if value is _PENDING:
            return _PENDING, None
        if typed is not None and isinstance(part, Target) and part.variable is None:
            value = typed(part.path, value)
        parts.append(value)
    targets = tuple(_origin(target, lookup.sources, environ) for target in place.reference.targets)
    mark: Any = place.origin._replace(targets=targets)
    if len(parts) > 1:
        _check(sum(len(part) // _CHARACTERS_PER_VALUE for part in parts if isinstance(part, str)))
        return "".join(map(_as_text, parts, place.reference.parts)), mark
    return parts[0], mark


def _target(target: Target, lookup: _Lookup, environ: Mapping[str, str]) -> Any:
    if target.variable is not None:
        value: Any = environ.get(target.variable, target.default)
        if value is None:
            raise _FailedError(
                Rule.UNKNOWN_REFERENCE,
                f"the variable {target.variable} is not set",
                did_you_mean(target.variable, environ)
                or f"${{env:{target.variable}:default}} has a default",
            )
        if is_secret_name(target.variable):
            live.remember_value(value)  # a run must not record it
        return value
    node: Any = lookup.around(target.path)
    for index, key in enumerate(target.path):
        if isinstance(node, Reference):
            return _PENDING
        if isinstance(node, list) and str(key).isdecimal() and int(key) < len(node):
            node = node[int(key)]
        elif isinstance(node, dict) and key in node:
            node = node[key]
        else:
            around = format_path(target.path[:index])
            beside = value_at(lookup.whole, target.path[:index])
            known = [k for k in beside if isinstance(k, str)] if isinstance(beside, dict) else []
            raise _FailedError(
                Rule.UNKNOWN_REFERENCE,
                f"{target.written} refers to nothing: there is no {key!r}"
                + (f" in {around}" if around else ""),
                did_you_mean(str(key), known),
            )
    return _PENDING if next(_references(node), None) is not None else node


def _origin(target: Target, sources: Sources, environ: Mapping[str, str]) -> Origin:
    if target.variable is not None and target.variable in environ:
        return Origin(Layer.ENV, target.variable)
    if target.variable is not None:
        return Origin(Layer.DEFAULT, target.written)
    for end in range(len(target.path), 0, -1):
        origin = sources.origin(target.path[:end])
        if origin is not None:
            return origin
    return Origin(Layer.DEFAULT, target.written)


def _marks(node: dict[str, Any], target: KeyPath, own: Origin, sources: Sources) -> Branch:
    """The marks of a mapping that replaces a reference: each value has both origins."""
    branch = Branch(own)
    for key, value in node.items():
        here = (*target, key)
        if isinstance(value, dict) and value:
            branch[key] = _marks(value, here, own, sources)
        else:
            origin = sources.origin(here)
            branch[key] = own._replace(targets=() if origin is None else (origin,))
    return branch


def _as_text(value: Any, part: str | Target) -> str:
    if isinstance(value, (dict, list)) and isinstance(part, Target):
        raise _FailedError(
            Rule.BAD_COMPOSITION,
            f"{part.written} is a {'mapping' if isinstance(value, dict) else 'list'}, which "
            "cannot stand inside a text",
            "refer to one of its values",
        )
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value)


def _size(value: Any, levels: int) -> int:
    if isinstance(value, str):
        return 1 + len(value) // _CHARACTERS_PER_VALUE
    if not isinstance(value, (dict, list)):
        return 1
    if levels <= 0:
        raise _FailedError(
            Rule.TOO_DEEP,
            f"the values are nested more than {MAX_DEPTH} levels deep",
            "refer to a value further in",
        )
    size, each = 1, 0
    if isinstance(value, dict):
        value, each = value.values(), _MAPPING_VALUE_COST - 1
    for item in value:
        size += each + _size(item, levels - 1)
        _check(size)
    return size


def _check(size: int) -> None:
    if size > ALIAS_BUDGET:
        raise _FailedError(
            Rule.COMPOSITION_LIMIT,
            f"the references up to here stand for more than {ALIAS_BUDGET:,} values",
            "write the values out, or refer to fewer",
        )


def _circles(left: Sequence[_Place], lookup: _Lookup) -> list[Diagnostic]:
    """One error for references that refer to each other, with the origin of each."""
    places = [place for place in left if id(place.reference) in lookup.winning]
    if not places:
        return []
    first, *others = places
    message = f"{first.reference.text} leads back to itself"
    circle = _diagnostic(first, Rule.CIRCULAR, message, "give one of these keys a value")
    related = tuple((each.origin, excerpt_of(each.tree, each.path)) for each in others[:20])
    return [Diagnostic(**{**vars(circle), "related": related})]


def _diagnostic(place: _Place, rule: Rule, message: str, hint: str | None) -> Diagnostic:
    excerpt = excerpt_of(place.tree, place.path)
    return Diagnostic.of(rule, place.path, message, place.origin, hint, excerpt)
