"""The flags of a run config that any parser can have: ``--config``, ``--set`` and so on."""

from __future__ import annotations

import argparse
from typing import Any, Final

from runsettings.composition.overrides import CONFIG_FLAG, PROFILE_FLAG, SET_FLAG, UNSET_FLAG
from runsettings.layers.flags.namespace import OVERRIDES
from runsettings.layers.known_arguments import known_arguments

_FLAGS: Final = (
    (CONFIG_FLAG, "FILE", "a config file (YAML, JSON or TOML); may be repeated, lowest first"),
    (SET_FLAG, "KEY=VALUE", "set a key: optim.lr=0.1, model=@file.yaml, tags+=item, +new=1"),
    (UNSET_FLAG, "KEY", "remove a key"),
    (PROFILE_FLAG, "NAME", "a profile of the composed files; may be repeated"),
)


class _ConfigAction(argparse.Action):
    """Keeps the words of all these flags in one list, because their order counts."""

    def __call__(
        self,
        _parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        _option_string: str | None = None,
    ) -> None:
        word = (self.option_strings[0], values)
        setattr(namespace, self.dest, [*getattr(namespace, self.dest, ()), word])


@known_arguments()
def add_config_arguments(parser: argparse.ArgumentParser) -> None:
    """Add ``--config``, ``--set``, ``--unset`` and ``--profile`` to a parser.

    What `parse_args` makes of them is passed on as ``init(config=args)`` or ``Config.load(args)``:
    files are below the flags, and ``--set`` stands with the flags.

    Args:
        parser: Any argparse parser, before or after `add_arguments`.

    Raises:
        argparse.ArgumentError: The parser already has a flag of one of these names.
    """
    for flag, _, _ in _FLAGS:
        taken = parser._option_string_actions.get(flag)
        if taken is not None:
            message = (
                f"the parser already has a flag {flag}, which add_config_arguments() adds; "
                "rename the field or flag"
            )
            raise argparse.ArgumentError(taken, message)
    group = parser.add_argument_group("run config")
    depth = len(parser.prog.split())  # the name of a subcommand has that of its parser before it
    for flag, metavar, text in _FLAGS:
        group.add_argument(
            flag,
            action=_ConfigAction,
            dest=OVERRIDES if depth == 1 else f"{OVERRIDES}.{depth}",
            default=argparse.SUPPRESS,
            metavar=metavar,
            help=text,
        )
