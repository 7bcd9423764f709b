"""Overrides: single keys of a run config that the command line or a call sets.

=====================  ======================================================
override               effect
=====================  ======================================================
``optim.lr=0.1``       sets a key that a lower source has
``+new=1``             sets a key that no lower source has
``++any=1``            sets a key, whether a lower source has it or not
``tags+=night``        appends an item, or the items of a list
``model=@vit.yaml``    replaces a key by the values of a file
=====================  ======================================================

A value is a YAML 1.2 scalar, or a flow collection or quoted text if it begins with a bracket or a
quote. References in it are not looked up.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from runsettings._deferred import deferred
from runsettings.documents.files import Format, read_text
from runsettings.documents.limits import MAX_DEPTH
from runsettings.secrets.forms import MASK, holds_written_secret, is_secret_name
from runsettings.values.diagnostic import Diagnostic, Rule
from runsettings.values.directives import Append, Delete
from runsettings.values.key_paths import KeyPath
from runsettings.values.origin import Layer, Origin, PlacedText

if TYPE_CHECKING:
    from runsettings.documents.yaml import scalars
else:
    scalars = deferred("runsettings.documents.yaml.scalars")  # it imports PyYAML

CONFIG_FLAG, SET_FLAG, UNSET_FLAG, PROFILE_FLAG = "--config", "--set", "--unset", "--profile"

_OVERRIDE: Final = re.compile(r"(\+{0,2})([^=]*?)(\+?)=(.*)", re.DOTALL)
_FLOW: Final = ("[", "{", '"', "'")


class Override(NamedTuple):
    """One override."""

    path: KeyPath
    value: Any
    """A value, an `Append` or a `Delete`."""
    file: str | None
    """The file whose values replace the key; ``None`` if ``value`` is used."""
    sign: str
    """``+`` if no lower source may have the key, ``++`` if it may, and empty if one must."""
    origin: Origin


class Overrides:
    """Overrides, config files and profiles, as a config input.

    Args:
        words: The flags in the order of the command line, each with its text.
        call: The place of the call that passed them; ``None`` if they are flags.
    """

    def __init__(self, words: Sequence[tuple[str, str]], call: Origin | None = None) -> None:
        self._words = tuple(words)
        self._call = call

    def __repr__(self) -> str:
        # The texts may be secret.
        return f"<{len(self._words)} overrides>"

    @property
    def files(self) -> list[PlacedText]:
        """The config files, lowest precedence first."""
        return [
            PlacedText(text, self._origin(flag, text))
            for flag, text in self._words
            if flag == CONFIG_FLAG
        ]

    @property
    def profiles(self) -> list[tuple[str, Origin]]:
        """The chosen profiles, lowest precedence first, with their origins."""
        return [
            (name.strip(), self._origin(flag, text))
            for flag, text in self._words
            if flag == PROFILE_FLAG
            for name in text.split(",")
            if name.strip()
        ]

    def read(self) -> tuple[list[Override], list[Diagnostic]]:
        """Parse the overrides.

        Returns:
            The overrides in their order, and an error for each one that cannot be parsed.
        """
        found: list[Override] = []
        diagnostics: list[Diagnostic] = []
        for flag, text in self._words:
            if flag in (SET_FLAG, UNSET_FLAG):
                read = self._read(flag, text)
                if isinstance(read, Diagnostic):
                    diagnostics.append(read)
                else:
                    found.append(read)
        return found, diagnostics

    def _origin(self, flag: str, text: str) -> Origin:
        if isinstance(text, PlacedText):
            return text.origin._replace(layer=Layer.FLAG)
        if self._call is not None:
            return self._call._replace(call=f"overrides({text!r})")
        return Origin(Layer.FLAG, f"{flag} {text}")

    def _read(self, flag: str, text: str) -> Override | Diagnostic:
        parts = _OVERRIDE.fullmatch(f"{text}=" if flag == UNSET_FLAG else text)
        if parts is None:
            return self._bad((), flag, text, "has no '='", "write key=value or outer.key=value")
        plus, name, appends, written = parts.groups()
        path: KeyPath = tuple(key.strip() for key in name.split("."))
        if not all(path):
            message = "has an empty part in its key" if any(path) else "names no key"
            return self._bad((), flag, text, message, "write key=value or outer.key=value")
        if len(path) > MAX_DEPTH:
            message = f"names a key that is nested more than {MAX_DEPTH} levels deep"
            return self._bad(path[:1], flag, f"{text:.40}…", message, None)
        if flag == UNSET_FLAG:
            if plus or appends or text.endswith("="):
                return self._bad(path, flag, text, "takes a key alone", f"write {name}")
            return Override(path, Delete(), None, "", self._origin(flag, text))
        written = written.strip()
        masked = f"{plus}{name}{appends}={MASK}"
        if isinstance(text, PlacedText):
            masked = PlacedText(masked, text.origin)
        if written and any(is_secret_name(str(key)) for key in path):
            return self._secret(path, flag, masked)
        origin = self._origin(flag, text)
        if written.startswith("@") and not appends:
            if len(written) == 1:
                return self._bad(path, flag, text, "names no file", "write key=@file.yaml")
            return Override(path, None, written[1:], plus, origin)
        try:
            value = value_of(written)
        except ValueError as error:
            hint = "quote the value to make it a text"
            return self._bad(path, flag, text, f"has a value that cannot be read: {error}", hint)
        if holds_written_secret(value):
            return self._secret(path, flag, masked)
        if appends:
            value = Append(value if isinstance(value, list) else [value])
        return Override(path, value, None, plus, origin)

    def _secret(self, path: KeyPath, flag: str, shown: str) -> Diagnostic:
        message = "is a secret, which other users can see among the processes"
        hint = "pass it by a variable or a file"
        origin = self._origin(flag, shown)
        return Diagnostic.of(Rule.SECRET_IN_OVERRIDE, path, message, origin, hint)

    def _bad(
        self, path: KeyPath, flag: str, text: str, message: str, hint: str | None
    ) -> Diagnostic:
        return Diagnostic.of(Rule.BAD_OVERRIDE, path, message, self._origin(flag, text), hint)


def value_of(text: str) -> Any:
    """Parse the value of an override.

    Args:
        text: The text after the ``=``.

    Returns:
        The value.

    Raises:
        ValueError: The text is not a scalar, a quoted text or a flow collection.
    """
    if not text.startswith(_FLOW):
        return scalars.resolve_plain(text) if text else None
    reading = read_text(f"value: {text}", Layer.FLAG, "override", Format.YAML)
    for diagnostic in reading.diagnostics:
        raise ValueError(diagnostic.message)
    if reading.tree.data.keys() != {"value"}:
        raise ValueError("there is text after the value")
    return reading.tree.data["value"]
