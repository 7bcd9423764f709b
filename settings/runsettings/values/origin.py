"""Origins: where a value came from, and the layers that values can come from.

A user who sees a wrong value needs the name to search for: a variable, a flag,
``file:line:column`` or a call.
"""

from __future__ import annotations

import enum
import os
from collections.abc import Mapping
from typing import Any, NamedTuple, Self


class Layer(enum.IntEnum):
    """The layers a value can come from, lowest precedence first.

    This is the only table of precedence: a later member beats an earlier one. The table in the
    documentation and the precedence tests are generated from it. The words in its last column
    set the properties ``is_file``, ``is_shared`` and so on.
    """

    def __new__(cls, label: str, source: str, facts: str = "") -> Self:
        """Make a member whose integer value is its rank.

        Args:
            label: The layer's name.
            source: One line about what the layer reads.
            facts: The facts that are true of it, separated by spaces.
        """
        rank = len(cls.__members__)
        member = int.__new__(cls, rank)
        member._value_ = rank
        member.label = label
        member.source = source
        words = facts.split()
        member.is_file = "file" in words
        member.is_shared = "shared" in words
        member.is_environment = "environment" in words
        member.is_given = "given" in words
        member.is_code = "code" in words
        return member

    label: str
    """The layer's name in reports and on the command line, e.g. ``workspace``."""
    source: str
    """One line about what the layer reads."""
    is_file: bool
    """Whether all its values are read from files."""
    is_shared: bool
    """Whether the wandb client reads and writes its INI file as well."""
    is_environment: bool
    """Whether its values are environment variables."""
    is_given: bool
    """Whether the user sets its values when starting the program."""
    is_code: bool
    """Whether the program itself sets its values."""

    DEFAULT = "default", "the model's own defaults"
    SITE = (
        "site",
        "`wandb/settings` in the platform's site directory; may lock keys",
        "file shared",
    )
    USER = "user", "`settings` in the user's configuration directory", "file shared"
    PYPROJECT = (
        "pyproject",
        "`[tool.runsettings]` in the nearest `pyproject.toml`",
        "file",
    )
    WORKSPACE = (
        "workspace",
        "`wandb/settings` (or `.wandb/settings`) under `root_dir`",
        "file shared",
    )
    EXTERNAL = "external", "any pydantic-settings source, such as a secrets directory"
    DOTENV = (
        "dotenv",
        "a `.env` file, where the model or the call asks for one",
        "file environment",
    )
    ENV = "env", "environment variables", "environment given"
    FLAG = "flag", "argparse or absl flags that were given, and files named by a flag", "given"
    FILE = "file", "YAML, JSON or TOML files named by the program", "file code"
    INIT = "init", "keyword arguments of the call", "code"
    SWEEP = "sweep", "a sweep's parameters; in the run config only, and locked"

    def __str__(self) -> str:
        return self.label


class Kind(enum.Enum):
    """The kind of a source: how its values are written, and which positions they have."""

    OBJECT = "values of a program"
    DOCUMENT = "YAML, JSON or TOML"
    INI = "an INI file"
    DOTENV = "a .env file"
    VARIABLES = "environment variables"
    FLAGS = "a command line"
    SECRETS = "a directory of secret files"

    @property
    def is_file(self) -> bool:
        """Whether the source is one file."""
        return self in (Kind.DOCUMENT, Kind.INI, Kind.DOTENV)


class Origin(NamedTuple):
    """Where a value was set.

    ``str(origin)`` is the name to search for: ``WANDB_PROJECT``, ``--project``,
    ``wandb/settings:3``, ``train.yaml:7:7`` or ``train.py:12 init(project=)``.
    """

    layer: Layer
    where: str
    """A variable, a flag, a file or ``Model.field``."""
    line: int | None = None
    """1-based line in the file, if there is one."""
    column: int | None = None
    """1-based column, for formats in which one line can hold several values."""
    call: str | None = None
    """The call and keyword, for values that code passed, such as ``init(project=)``."""
    used_by: Origin | None = None
    """Where the file is named in the ``$use`` of another file."""
    targets: tuple[Origin, ...] = ()
    """Where the values were set that a reference, ``${…}``, stands for."""
    profile: str | None = None
    """The profile of a composed file that sets the value."""

    def __str__(self) -> str:
        text = self.where
        if self.line is not None:
            text += f":{self.line}"
            if self.column is not None:
                text += f":{self.column}"
        if self.call:
            text += f" {self.call}"
        return f"{text} → {', '.join(map(str, self.targets))}" if self.targets else text

    @property
    def place(self) -> str:
        """The name to search for; of a composed file also its profile, and what uses it."""
        chain = [] if self.profile is None else [f"profile {self.profile}"]
        chain += [] if self.used_by is None else [f"used by {self.used_by}"]
        return f"{self}   {', '.join(chain)}" if chain else str(self)

    def to_json(self) -> dict[str, str | int]:
        """A JSON object with only the members that are known.

        All of them are texts or numbers, as the format of the journal has it: other places are
        written as a person reads them.
        """
        known: dict[str, str | int] = {"layer": self.layer.label, "where": self.where}
        if self.line is not None:
            known["line"] = self.line
        if self.column is not None:
            known["column"] = self.column
        if self.call is not None:
            known["call"] = self.call
        if self.used_by is not None:
            known["used_by"] = str(self.used_by)
        if self.targets:
            known["targets"] = ", ".join(map(str, self.targets))
        if self.profile is not None:
            known["profile"] = self.profile
        return known

    @classmethod
    def from_json(cls, known: Mapping[str, Any]) -> Origin:
        """An origin with the text of the one that `to_json` wrote.

        Args:
            known: The JSON object.
        """
        label = known.get("layer")
        layer = next((layer for layer in Layer if layer.label == label), Layer.INIT)
        line, column, call = map(known.get, ("line", "column", "call"))
        used_by, targets = known.get("used_by"), known.get("targets")
        return cls(
            layer,
            str(known.get("where", "")),
            line,
            column,
            call,
            None if used_by is None else cls(Layer.FILE, str(used_by)),
            () if targets is None else (cls(Layer.FILE, str(targets)),),
            known.get("profile"),
        )


class PlacedText(str):
    """A text that a user wrote, such as the name of a file, with the place where it is written.

    Args:
        text: The text.
        origin: The variable, flag, line of a file or argument of a call that has it.
    """

    __slots__ = ("origin",)
    origin: Origin

    def __new__(cls, text: str | os.PathLike[str], origin: Origin) -> Self:
        """Make the text."""
        made = super().__new__(cls, os.fspath(text))
        made.origin = origin
        return made

    def __getnewargs__(self) -> tuple[str, Origin]:  # type: ignore[override]
        """The arguments that a copy is made with."""
        return str(self), self.origin


def origin_of_text(text: object) -> Origin | None:
    """Where a text is written, if it is a `PlacedText`."""
    return text.origin if isinstance(text, PlacedText) else None
