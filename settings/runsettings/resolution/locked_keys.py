"""Locked keys: which keys the site's files lock, and which values of other layers are refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from runsettings.resolution.normalize import Normalizer
from runsettings.resolution.options import Option, OptionTable
from runsettings.resolution.validation_errors import show_value
from runsettings.secrets.masking import mask_excerpt_from_column
from runsettings.values.diagnostic import Diagnostic, Rule, Severity
from runsettings.values.did_you_mean import did_you_mean
from runsettings.values.excerpts import excerpt_of
from runsettings.values.key_paths import KeyPath
from runsettings.values.origin import Origin
from runsettings.values.reading import Reading
from runsettings.values.tree import Tree


class LockedKey(NamedTuple):
    """A key that a site file locks, and the place of the lock in that file."""

    name: str
    origin: Origin


def locks_of(
    site: Sequence[Tree], policy_key: str
) -> tuple[tuple[LockedKey, ...], list[Diagnostic]]:
    """Take the policies out of the site's files.

    A policy that cannot be read is an error, because ignoring it would leave keys unprotected.

    Args:
        site: The site's files, from which the policies are removed.
        policy_key: The key of a policy.

    Returns:
        The locked keys, and a diagnostic for each mistake in a policy.
    """
    locks: list[LockedKey] = []
    found: list[Diagnostic] = []
    for tree in site:
        policy = tree.data.pop(policy_key, {})
        path: KeyPath = (policy_key,)
        if not isinstance(policy, Mapping):
            message, hint = "must be a mapping with `lock`", "write `lock: [base_url, mode]` in it"
            found.append(_bad_policy(tree, path, message, hint))
            continue
        for key in policy.keys() - {"lock"}:
            hint = did_you_mean(key, ["lock"]) or "`lock` is the only one"
            found.append(_bad_policy(tree, (*path, key), "is not a policy", hint))
        names = policy.get("lock", ())
        path = (*path, "lock")
        if isinstance(names, str):
            names = names.replace(",", " ").split()
        if not isinstance(names, (list, tuple)) or not all(isinstance(n, str) for n in names):
            found.append(_bad_policy(tree, path, "must be a list of keys", None))
            continue
        locks.extend(LockedKey(name, tree.origin(path)) for name in names)
    return tuple(locks), found


def _bad_policy(tree: Tree, path: KeyPath, message: str, hint: str | None) -> Diagnostic:
    place, excerpt = tree.origin(path, key=True), excerpt_of(tree, path, key=True)
    return Diagnostic.of(Rule.BAD_VALUE, path, message, place, hint, excerpt)


def _useless_lock(lock: LockedKey, table: OptionTable) -> Diagnostic:
    """A warning for a lock of an unknown key; an error for one of a nested key alone."""
    inside = table.find(tuple(lock.name.split(".")))
    if inside is not None:
        message, hint = (
            f"cannot lock {lock.name!r} alone",
            f"lock {str(inside.path[0])!r} as a whole",
        )
        return Diagnostic.of(Rule.BAD_VALUE, ("lock", lock.name), message, lock.origin, hint)
    return Diagnostic.of(
        Rule.UNKNOWN_KEY,
        ("lock", lock.name),
        f"locks {lock.name!r}, which is not a key of {table.model.__name__}",
        lock.origin,
        did_you_mean(lock.name, table.spelled),
        severity=Severity.WARNING,
    )


def without_locked(reading: Reading, locked: frozenset[str], held: list[Tree]) -> Reading:
    """Take the values of locked keys, which beat every layer, out of a site file.

    Args:
        reading: The file, under the model's names.
        locked: The names of the locked keys.
        held: A tree of the values is added to this list.

    Returns:
        The reading without the locked keys.
    """
    tree = reading.tree
    names = tree.data.keys() & locked
    if not names:
        return reading
    held.append(tree.with_data({name: tree.data[name] for name in names}))
    rest = {name: value for name, value in tree.data.items() if name not in names}
    return reading._replace(tree=tree.with_data(rest))


def hold(
    files: Iterable[Reading],
    locked: frozenset[str],
    held: list[Tree],
    table: OptionTable,
    normalizer: Normalizer,
) -> list[Diagnostic]:
    """Take only the values of locked keys from site files whose other values do not count.

    Args:
        files: The files, as they spell their keys.
        locked: The names of the locked keys.
        held: A tree of the values of each file is added to this list.
        table: The model's options.
        normalizer: Renames the keys to the model's names.

    Returns:
        The diagnostics of these values.
    """
    found: list[Diagnostic] = []
    for reading in files:
        spelled = {key: table.spelled.get(key) for key in reading.tree.data}
        data = {
            key: reading.tree.data[key]
            for key, option in spelled.items()
            if option is not None and option.name in locked
        }
        part = normalizer.normalize(reading._replace(tree=reading.tree.with_data(data)))
        found += part.diagnostics
        held += [part.tree] if part.tree.data else []
    return found


def locked_names(
    locks: Iterable[LockedKey], table: OptionTable
) -> tuple[frozenset[str], list[Diagnostic]]:
    """The model's names of the locked keys.

    Args:
        locks: The site's locks.
        table: The model's options.

    Returns:
        The names, and a diagnostic for each lock of a key that the model does not have.
    """
    names: set[str] = set()
    found: list[Diagnostic] = []
    for lock in locks:
        option = table.spelled.get(lock.name)
        if option is None:
            found.append(_useless_lock(lock, table))
        else:
            names.add(option.name)
    return frozenset(names), found


def refused_values(
    locks: Iterable[LockedKey],
    held: Sequence[Tree],
    trees: Sequence[Tree],
    table: OptionTable,
    same: Callable[[str, Any, Any], bool],
) -> list[Diagnostic]:
    """An error for each value that differs from that of a locked key.

    Args:
        locks: The site's locks.
        held: The site's values of locked keys, lowest first.
        trees: All other sources, lowest first.
        table: The model's options.
        same: Whether two raw values of a key mean the same.
    """
    found: list[Diagnostic] = []
    for lock in locks:
        option = table.spelled.get(lock.name)
        if option is None:
            continue
        name = option.name
        site = next((tree for tree in reversed(held) if name in tree.data), None)
        if site is None:
            value = option.info.get_default(call_default_factory=False)
            hint = "remove it there; the default applies"
        else:
            value, place = site.data[name], site.origin((name,))
            shown = show_value(value, secret=option.table is not None or table.is_secret((name,)))
            hint = f"remove it there; the site sets {shown} at {place}"
        found += [
            _refused(tree, option, lock, hint, table)
            for tree in trees
            if name in tree.data and not same(name, tree.data[name], value)
        ]
    return found


def _refused(
    tree: Tree, option: Option, lock: LockedKey, hint: str, table: OptionTable
) -> Diagnostic:
    path = (option.name,)
    origin, excerpt = tree.origin(path), excerpt_of(tree, path)
    secret = option.table is not None or table.is_secret(path)
    got = "" if secret else f" = {show_value(tree.data[option.name])}"
    return Diagnostic(
        Rule.LOCKED_KEY,
        Severity.ERROR,
        path,
        f"is locked by {lock.origin}; refused: {origin.layer.label} {origin}{got}",
        origin,
        hint=hint,
        excerpt=mask_excerpt_from_column(excerpt) if secret else excerpt,
    )
