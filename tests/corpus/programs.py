"""A generated program: the source that builds its parser, and command lines for it.

A program is text, so that a counter-example prints as the script that somebody would write.
"""

from __future__ import annotations

import argparse
import sys
import types
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from . import user_code

NAMESPACE = {
    **{name: value for name, value in vars(user_code).items() if not name.startswith("__")},
    "ArgumentParser": argparse.ArgumentParser,
    "SUPPRESS": argparse.SUPPRESS,
    "REMAINDER": argparse.REMAINDER,
}
"""What the source of a program can name."""

MODULE = "generated_program"
"""The module in which a program is found by the command line."""


@dataclass(frozen=True)
class Piece:
    """Some arguments of a parser, and words for them.

    Attributes:
        source: The statements that add them to ``parser``.
        right: Words that the parser takes, each a part of a command line.
        wrong: Words that it most likely refuses.
        always: Words that every right command line needs.
        refused: A part of a config that the parser's check must refuse.
    """

    source: str
    right: tuple[tuple[str, ...], ...] = ()
    wrong: tuple[tuple[str, ...], ...] = ()
    always: tuple[str, ...] = ()
    refused: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Program:
    """A script that builds a parser, and what it is called with.

    Attributes:
        source: The statements, which leave ``parser`` behind.
        lines: The command lines, without the program.
        refused: Parts of configs that the parser's check must refuse.
    """

    source: str
    lines: tuple[tuple[str, ...], ...]
    refused: tuple[dict[str, Any], ...] = ()

    def __repr__(self) -> str:
        """The script, and what it is called with."""
        calls = "".join(f"\n    parser.parse_args({list(line)})" for line in self.lines)
        return "\n    " + self.source.replace("\n", "\n    ") + calls

    def builder(self) -> Callable[[], argparse.ArgumentParser]:
        """The function that builds the parser, anew at each call, in a module of its own."""
        body = self.source.replace("\n", "\n    ")
        module = types.ModuleType(MODULE)
        vars(module).update(NAMESPACE)
        exec(f"def build():\n    {body}\n    return parser", vars(module))
        sys.modules[MODULE] = module
        build: Callable[[], argparse.ArgumentParser] = module.build
        return build
