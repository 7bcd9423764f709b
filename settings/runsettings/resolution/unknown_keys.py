"""What to say of keys that nobody has: how bad each is, and what was meant."""

from __future__ import annotations

from collections.abc import Sequence

from runsettings.resolution.merge import settle
from runsettings.resolution.nested_unknown_keys import nested_unknown_keys
from runsettings.resolution.options import OptionTable, option_table
from runsettings.values.diagnostic import Diagnostic, Excerpt, Rule, Severity
from runsettings.values.did_you_mean import closest, did_you_mean
from runsettings.values.excerpts import excerpt_of
from runsettings.values.reading import Reading
from runsettings.values.tree import MISSING, Kind, Leaf, Tree, format_path


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
    if tree.kind is Kind.FLAGS:
        return None  # a flag of the program's own, not a key in a file that a flag named
    name = str(leaf.path[-1])
    is_variable = leaf.origin.layer.is_environment and len(leaf.path) == 1
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
    shared = tree.layer.is_shared and tree.kind is Kind.INI
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
    shared = tree.layer.is_shared and tree.kind is Kind.INI
    lenient = shared or tree.layer.is_environment
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
    """A diagnostic for each unknown key in lists, unions and mappings of models."""
    return [
        _unknown_key(
            Leaf(path, MISSING, tree.origin(path, key=True)),
            tree,
            [option_table(model) for model in models],
            table,
        )
        for option in table.variants
        for path, models in nested_unknown_keys(
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
