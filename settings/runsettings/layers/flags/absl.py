"""Reads absl flags: those that were given, and those at their defaults.

This module does not import absl: a program that passes its flags has imported it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from runsettings.layers.flags.namespace import command_line
from runsettings.values.diagnostic import Rule
from runsettings.values.errors import ArgumentError
from runsettings.values.origin import Layer
from runsettings.values.tree import Tree

UNPARSED: Final = "the absl flags are not parsed yet: all of them stand at their defaults"
UNPARSED_HINT: Final = "call this from the function that app.run() runs"

_INSTALLED: Final = frozenset({"site-packages", "dist-packages"})
"""The names of directories with installed packages."""


def is_absl(value: Any) -> bool:
    """Whether ``value`` is an absl ``FlagValues`` or the module ``absl.flags``."""
    return _flag_values(value) is not None


def absl_trees(flags: Any, *, every: bool = False) -> tuple[Tree, Tree]:
    """The defaults of absl flags, and the flags that were given, without short names.

    Args:
        flags: A ``FlagValues`` or the module ``absl.flags``.
        every: Whether to take all flags. Else only those that the program's own modules define
            are taken, without aliases, and without those of absl and other installed packages.

    Raises:
        ArgumentError: ``flags`` is neither.
    """
    values = _flag_values(flags)
    if values is None:
        kind = type(flags).__qualname__
        message = f"expected an argparse namespace or absl flags, got {kind}"
        hint = "parse_known_args() gives two values: args, rest = …" if kind == "tuple" else None
        raise ArgumentError.of(Rule.BAD_VALUE, message, hint=hint, subject="args")
    data: dict[bool, dict[str, Any]] = {False: {}, True: {}}
    for flag in _every_flag(values) if every else _own_flags(values):
        data[_is_given(flag)][flag.name] = flag.value
    defaults, given = (
        command_line(layer, found, {name: f"--{name}" for name in found})
        for layer, found in ((Layer.DEFAULT, data[False]), (Layer.FLAG, data[True]))
    )
    return defaults, given


def _flag_values(value: Any) -> Any:
    flags = sys.modules.get("absl.flags")
    if flags is None:
        return None
    if value is flags:
        return flags.FLAGS
    return value if isinstance(value, flags.FlagValues) else None


def _is_given(flag: Any) -> bool:
    # `present` is the number of times on the command line; code may have assigned a value, too.
    return bool(flag.present) or not flag.using_default_value


def _every_flag(values: Any) -> Iterator[Any]:
    # A flag with a short name is listed twice.
    return (values[name] for name in values if name != values[name].short_name)


def _own_flags(values: Any) -> Iterator[Any]:
    foreign = {
        flag.name
        for module, flags in values.flags_by_module_dict().items()
        if _is_installed(module)
        for flag in flags
    }
    for flag in _every_flag(values):
        # ml_collections defines `--config.lr` itself, for a `--config` that the program defines.
        is_foreign = flag.name in foreign and flag.name.partition(".")[0] in foreign
        # `DEFINE_alias` has a local class; its flag repeats the value of another one.
        if not is_foreign and type(flag).__name__ != "_FlagAlias":
            yield flag


def _is_installed(module: str) -> bool:
    if module.partition(".")[0] in {"absl", "runsettings"}:
        return True
    file = getattr(sys.modules.get(module), "__file__", None)
    # The program's own file is registered under its path, which is not a module's name.
    return file is not None and not _INSTALLED.isdisjoint(Path(file).parts)
