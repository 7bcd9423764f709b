"""Locked keys: which the site's file locks, who is refused, and how the site's values win."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Self

from runsettings.resolution.options import OptionTable
from runsettings.resolution.secrets import covered
from runsettings.resolution.validation_errors import beaten, show_value
from runsettings.values.diagnostic import Diagnostic, Rule, Severity
from runsettings.values.did_you_mean import did_you_mean
from runsettings.values.excerpts import excerpt_of
from runsettings.values.origin import Layer, Origin
from runsettings.values.tree import MISSING, KeyPath, Leaf, Tree


class Lock(NamedTuple):
    """A key that the site's file locks, and where it says so."""

    name: str
    origin: Origin


def locks_of(
    site: Sequence[Tree], policy_key: str
) -> tuple[tuple[Lock, ...], tuple[Diagnostic, ...]]:
    """The keys that the site's files lock, taken out of the files' data, and faults of theirs.

    A policy that cannot be understood is an error: passed over, it would protect nothing.
    """
    locks: list[Lock] = []
    faults: list[Diagnostic] = []
    for tree in site:
        policy = tree.data.pop(policy_key, {})
        path: KeyPath = (policy_key,)
        if not isinstance(policy, Mapping):
            message, hint = "must be a mapping with `lock`", "write `lock: [base_url, mode]` in it"
            faults.append(_bad_policy(tree, path, message, hint))
            continue
        for key in policy.keys() - {"lock"}:
            hint = did_you_mean(key, ["lock"]) or "`lock` is the only one"
            faults.append(_bad_policy(tree, (*path, key), "is not a policy", hint))
        names = policy.get("lock", ())
        path = (*path, "lock")
        if isinstance(names, str):
            names = names.replace(",", " ").split()
        if not isinstance(names, (list, tuple)) or not all(isinstance(n, str) for n in names):
            faults.append(_bad_policy(tree, path, "must be a list of keys", None))
            continue
        locks.extend(Lock(name, tree.origin(path)) for name in names)
    return tuple(locks), tuple(faults)


def _bad_policy(tree: Tree, path: KeyPath, message: str, hint: str | None) -> Diagnostic:
    return Diagnostic(
        Rule.BAD_VALUE,
        Severity.ERROR,
        path,
        message,
        tree.origin(path, key=True),
        hint=hint,
        excerpt=excerpt_of(tree, path, key=True),
    )


def _useless_lock(lock: Lock, table: OptionTable) -> Diagnostic:
    """A lock of another model's key is passed over; one that only seems to protect is an error."""
    inside = table.find(tuple(lock.name.split(".")))
    if inside is not None:
        return Diagnostic(
            Rule.BAD_VALUE,
            Severity.ERROR,
            ("lock", lock.name),
            f"cannot lock {lock.name!r} alone",
            lock.origin,
            hint=f"lock {str(inside.path[0])!r} as a whole",
        )
    return Diagnostic(
        Rule.UNKNOWN_KEY,
        Severity.WARNING,
        ("lock", lock.name),
        f"locks {lock.name!r}, which is not a key of {table.model.__name__}",
        lock.origin,
        hint=did_you_mean(lock.name, table.spelled),
    )


def lock_diagnostics(
    locks: Sequence[Lock],
    trees: Iterable[Tree],
    table: OptionTable,
    same: Callable[[str, Any, Any], bool],
) -> tuple[list[Diagnostic], frozenset[str]]:
    """Refuse values for locked keys, and tell which names are locked.

    Args:
        locks: The site's locks.
        trees: All trees, lowest first.
        table: The model's options.
        same: Whether two raw values of a key mean the same.
    """
    trees = list(trees)
    found: list[Diagnostic] = []
    names: set[str] = set()
    for lock in locks:
        option = table.spelled.get(lock.name)
        if option is None:
            found.append(_useless_lock(lock, table))
            continue
        name = option.name
        names.add(name)
        held = MISSING
        place: Origin = lock.origin
        for tree in trees:
            if tree.layer is Layer.SITE and name in tree.data:
                held, place = tree.data[name], tree.origin((name,))
        standard = option.info.get_default(call_default_factory=False)
        for tree in trees:
            if tree.layer is Layer.SITE or name not in tree.data:
                continue
            value = tree.data[name]
            if same(name, value, held if held is not MISSING else standard):
                continue
            origin = tree.origin((name,))
            secret = option.table is not None or table.is_secret((name,))
            excerpt = excerpt_of(tree, (name,))
            got = "" if secret else f" = {show_value(value)}"
            found.append(
                Diagnostic(
                    Rule.LOCKED_KEY,
                    Severity.ERROR,
                    (name,),
                    f"is locked by {lock.origin}; refused: {origin.layer.label} {origin}{got}",
                    origin,
                    hint=(
                        f"remove it there; the site's value is set at {place}"
                        if held is not MISSING
                        else "remove it there; the default counts"
                    ),
                    excerpt=covered(excerpt) if secret else excerpt,
                    over=() if held is MISSING else beaten([Leaf((name,), held, place)], table),
                )
            )
    return found, frozenset(names)


class LockedTree(Tree):
    """The locked part of the site's tree, which beats every layer."""

    __slots__ = ()

    @classmethod
    def part_of(cls, tree: Tree, data: dict[str, Any]) -> Self:
        """The part of ``tree`` that is locked."""
        return cls(
            tree.layer,
            tree.where,
            data,
            tree.marks,
            text=tree.text,
            kind=tree.kind,
            directives=tree.directives,
        )


def locked_on_top(trees: Sequence[Tree], locked: frozenset[str]) -> list[Tree]:
    """The trees with the site's locked keys moved from the bottom to the top."""
    below: list[Tree] = []
    above: list[Tree] = []
    for tree in trees:
        held = tree.data.keys() & locked if tree.layer is Layer.SITE else frozenset[str]()
        if not held:
            below.append(tree)
            continue
        rest = {name: value for name, value in tree.data.items() if name not in held}
        below.append(tree.with_data(rest))
        above.append(LockedTree.part_of(tree, {name: tree.data[name] for name in held}))
    return below + above
