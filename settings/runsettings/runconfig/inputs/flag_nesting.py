"""Finds flags that set a value as a whole beside flags that set a key inside of it."""

from __future__ import annotations

from collections.abc import Iterator

from runsettings.runconfig.inputs.objects import fields_of
from runsettings.values.diagnostic import Diagnostic, Rule, Severity
from runsettings.values.tree import Tree


def nested_below_values(flags: Tree) -> Iterator[Diagnostic]:
    """An error for each flag below a flag whose value has no keys: `--optim adam --optim.lr 1`.

    Args:
        flags: The values of flags, by their names.
    """
    for name in flags.data:
        parts = name.split(".")
        for end in range(1, len(parts)):
            outer = ".".join(parts[:end])
            value = flags.data.get(outer)
            if value is None or fields_of(value) is not None:
                continue
            yield Diagnostic(
                Rule.KEY_COLLISION,
                Severity.ERROR,
                tuple(parts[:end]),
                f"is set as a whole, and so is {name} inside of it",
                flags.origin((outer,)),
                "rename one of the two flags, or give only one",
                related=((flags.origin((name,)), None),),
            )
