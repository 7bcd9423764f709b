"""What the house allows: locked keys, unknown keys, and when a warning is an error."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from runsettings.resolution.faults import beaten, show_value
from runsettings.resolution.merge import settle
from runsettings.resolution.options import OptionTable, option_table
from runsettings.resolution.secrets import covered
from runsettings.resolution.suggest import closest, did_you_mean
from runsettings.resolution.variants import strangers_inside
from runsettings.values.diagnostic import Diagnostic, Excerpt, Rule, Severity
from runsettings.values.excerpts import excerpt_of
from runsettings.values.origin import Layer, Origin
from runsettings.values.reading import Reading
from runsettings.values.tree import MISSING, KeyPath, Leaf, Tree, format_path

_SHARED_FILES: Final = frozenset({Layer.SITE, Layer.USER, Layer.WORKSPACE})
"""Layers whose INI file the wandb client writes as well."""

_SHARED_VARIABLES: Final = frozenset({Layer.ENV, Layer.DOTENV})


class Lock(NamedTuple):
    """A key that the site's file locks, and where it says so."""

    name: str
    origin: Origin


def strangers_diagnostics(
    reading: Reading,
    table: OptionTable,
    variables: Sequence[str] = (),
    known_elsewhere: frozenset[str] = frozenset(),
) -> list[Diagnostic]:
    """What to say of names that nothing of ours is called.

    Args:
        reading: A canonical reading with its strangers.
        table: The model's options.
        variables: The environment variables that set something, for did-you-mean.
        known_elsewhere: Names that another program of the house reads from the same places
            (the wandb client's settings and variables); they are passed over in silence.
    """
    found = []
    for leaf in reading.strangers:
        diagnostic = _stranger(leaf, reading.tree, table, variables, known_elsewhere)
        if diagnostic is not None:
            found.append(diagnostic)
    return found


def _stranger(
    leaf: Leaf,
    tree: Tree,
    table: OptionTable,
    variables: Sequence[str],
    known_elsewhere: frozenset[str],
) -> Diagnostic | None:
    if tree.layer is Layer.FLAG and tree.text is None:
        return None  # a flag of the program's own, not a key in a file that a flag named
    name = str(leaf.path[-1])
    is_variable = leaf.origin.layer in _SHARED_VARIABLES and len(leaf.path) == 1
    if is_variable:
        if name.upper() in known_elsewhere:
            return None
        meant = closest(name, variables)
        if meant is None:
            return None  # some other program's variable, as far as anybody can tell
        return Diagnostic(
            Rule.UNKNOWN_KEY,
            Severity.WARNING,
            leaf.path,
            "is not a variable that sets anything",
            leaf.origin,
            hint=f"did you mean {meant!r}?",
        )
    shared = tree.layer in _SHARED_FILES and not tree.columns
    if shared and name in known_elsewhere:
        return None
    parent = table.find(leaf.path[:-1]) if len(leaf.path) > 1 else None
    inner = parent.table if parent is not None else table
    assert inner is not None
    return _unknown_key(leaf, tree, [inner], table)


def _unknown_key(
    leaf: Leaf, tree: Tree, inner: Sequence[OptionTable], table: OptionTable
) -> Diagnostic:
    """The word about a key that none of the tables that it could be in has."""
    name = str(leaf.path[-1])
    spelled = {key: option for each in inner for key, option in each.spelled.items()}
    excerpt = excerpt_of(tree, leaf.path, key=True)
    meant = closest(name, spelled)
    if excerpt is not None and meant is not None and spelled[meant].secret:
        excerpt = _without_value(excerpt)
    hint = f"did you mean {meant!r}?" if meant is not None else _elsewhere(name, table)
    shared = tree.layer in _SHARED_FILES and not tree.columns
    lenient = shared or tree.layer in _SHARED_VARIABLES
    return Diagnostic(
        Rule.UNKNOWN_KEY,
        Severity.WARNING if lenient else Severity.ERROR,
        leaf.path,
        f"is not a key of {' or '.join(each.model.__name__ for each in inner)}",
        leaf.origin,
        hint=hint,
        excerpt=excerpt,
    )


def variants_diagnostics(tree: Tree, table: OptionTable) -> list[Diagnostic]:
    """What to say of keys that nobody has, inside of lists, unions and mappings of models."""
    return [
        _unknown_key(
            Leaf(path, MISSING, tree.origin(path, key=True)),
            tree,
            [option_table(model) for model in models],
            table,
        )
        for option in table.variants
        for path, models in strangers_inside(
            settle(tree.get(option.path)), option.info.annotation, option.path
        )
    ]


def _elsewhere(name: str, table: OptionTable) -> str | None:
    """Whether the key exists, but somewhere else in the model."""
    for option in table.leaves():
        if name == option.name:
            return f"it belongs under {format_path(option.path)!r}"
    return did_you_mean(name, (option.name for option in table.leaves()))


def _without_value(excerpt: Excerpt) -> Excerpt:
    """The line up to the key: a misspelt secret is still a secret."""
    end = excerpt.column - 1 + excerpt.width
    return excerpt._replace(text=excerpt.text[:end] + " …" * (len(excerpt.text) > end))


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
