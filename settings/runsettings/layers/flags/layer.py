"""The FLAG layer: flags that were given on the command line, parsed by argparse or absl.

A flag that was left at its default sets nothing. A settings file that a flag names is in this
layer, just below the flags, so that a flag beats the file.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from runsettings.composition.overrides import CONFIG_FLAG, Overrides
from runsettings.layers.base import Inputs
from runsettings.layers.copying import copy_containers
from runsettings.layers.flags.absl import UNPARSED, UNPARSED_HINT, absl_trees, is_absl
from runsettings.layers.flags.namespace import (
    GivenNamespace,
    given_arguments,
    overrides_of,
    source_trees,
)
from runsettings.layers.flags.nesting import nested_trees
from runsettings.layers.flags.settings_flags import SETTINGS_KEYS
from runsettings.layers.program_inputs import read_named
from runsettings.values.diagnostic import Diagnostic, Rule, Severity
from runsettings.values.origin import Layer, Origin, PlacedText, origin_of_text
from runsettings.values.reading import Reading
from runsettings.values.tree import Tree

SETTINGS_FILE: Final = "settings_file"
"""The flag that names settings files: ``--settings-file``."""


class FlagLayer:
    """The FLAG layer.

    Flags that are not settings belong to the program and are ignored: argparse and absl have
    refused misspelt ones already.
    """

    layer = Layer.FLAG

    def read(self, inputs: Inputs) -> Sequence[Reading]:
        """Read the files that flags name, and then the flags that were given."""
        if inputs.args is None:
            return ()
        if is_absl(inputs.args) and not getattr(inputs.args, "FLAGS", inputs.args).is_parsed():
            found = Diagnostic.of(Rule.BAD_INPUT, (), UNPARSED, None, UNPARSED_HINT)
            return [Reading(Tree(Layer.FLAG, "command line"), (found,))]
        given = given_tree(inputs.args)
        named = given.data.pop(SETTINGS_FILE, None)
        files = [named] if isinstance(named, (str, Path)) else list(named or ())
        keys = _settings_keys(inputs.args) if files else frozenset()
        readings = [
            reading._replace(other_keys=keys)
            for file in files
            for reading in read_named(_placed(file), Layer.FLAG, inputs)
        ]
        diagnostics = (*copy_containers(given), *_unread_overrides(inputs))
        lowest, *upper = nested_trees(given)
        if isinstance(inputs.args, GivenNamespace):
            # Files and variables that the parser reads by itself.
            for tree in source_trees(inputs.args, Layer.FLAG):
                tree.data.pop(SETTINGS_FILE, None)
                diagnostics += copy_containers(tree)
                readings += map(Reading, nested_trees(tree))
        return [*readings, Reading(lowest, diagnostics), *map(Reading, upper)]


def _placed(file: str | Path) -> PlacedText:
    """A file with the flag that names it, unless it has another place."""
    flag = Origin(Layer.FLAG, f"--settings-file {file}")
    return PlacedText(file, origin_of_text(file) or flag)


def _unread_overrides(inputs: Inputs) -> list[Diagnostic]:
    """What is wrong with ``--set``, ``--unset`` and ``--config`` if the model reads none of them.

    An override of a model's key is an error. A file that has the model's keys alone is a warning:
    the program may well read it as a config.
    """
    words = overrides_of(inputs.args) if isinstance(inputs.args, argparse.Namespace) else ()
    listed: Any = inputs.model.model_config.get("layers", ())
    if not words or any(getattr(each, "reads_overrides", False) for each in listed):
        return []
    name, known = inputs.model.__name__, inputs.model.model_fields
    given = Overrides(words)
    found = [
        Diagnostic.of(
            Rule.BAD_OVERRIDE,
            each.path,
            f"is a key of {name}, and overrides set keys of run configs",
            each.origin,
            f"give a flag, a variable or a file, or derive {name} from RunConfig",
        )
        for each in given.read()[0]
        if each.path[0] in known
    ]
    for file in given.files:
        keys = {key for each in read_named(file, Layer.FLAG, inputs) for key in each.tree.data}
        if keys and keys <= known.keys():
            message = f"{file} has keys of {name}, which does not read {CONFIG_FLAG}"
            hint = f"name it with --settings-file, or derive {name} from RunConfig"
            found.append(
                Diagnostic.of(
                    Rule.BAD_OVERRIDE, (), message, file.origin, hint, severity=Severity.WARNING
                )
            )
    return found


def _settings_keys(args: Any) -> frozenset[str]:
    """The keys of all models that the files of ``--settings-file`` are for."""
    if not isinstance(args, argparse.Namespace):
        args = getattr(args, "FLAGS", args)[SETTINGS_FILE]
    keys: frozenset[str] = getattr(args, SETTINGS_KEYS, frozenset())
    return keys


def given_tree(args: Any) -> Tree:
    """The flags that were given, from an argparse namespace or absl flags.

    A plain namespace does not record them: a value of ``None`` then counts as not given.

    Raises:
        ArgumentError: ``args`` is neither.
    """
    if isinstance(args, argparse.Namespace):
        given = given_arguments(args)
        if not isinstance(args, GivenNamespace):
            given.data = {name: value for name, value in given.data.items() if value is not None}
    else:
        # With those that installed packages define, because this package defines settings' flags.
        _, given = absl_trees(args, every=True)
    return given
