"""``.env`` files: variables in a file, read by python-dotenv, which knows each one's line."""

from __future__ import annotations

import io
import os
import re
from collections import ChainMap
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

from runsettings.documents.files import read_bytes
from runsettings.documents.paths import named_path, shown_path
from runsettings.layers.base import LOG, Inputs, is_debugging
from runsettings.layers.environment.variables import EnvironmentVariables
from runsettings.layers.settings_files.locations import is_there
from runsettings.values.diagnostic import Diagnostic, Rule, Severity
from runsettings.values.did_you_mean import closest
from runsettings.values.excerpts import excerpt_at
from runsettings.values.origin import Kind, Layer, Origin, origin_of_text
from runsettings.values.positions import pack
from runsettings.values.reading import Reading
from runsettings.values.tree import Tree

_LIMIT: Final = 1024 * 1024
"""The largest file that is read, in bytes."""

_MOST_EXPANDED: Final = 1_000_000
"""The most characters of a file's values after ``${NAME}`` is replaced. 648 bytes can stand for
10^12 characters: ``A1=${A0}${A0}``, and so on."""

_MOST_BLANKS: Final = 200
"""The most blanks in a row: python-dotenv takes quadratic time for them."""

_BLANKS: Final = rf"(?<![^\S\r\n])[^\S\r\n]{{{_MOST_BLANKS + 1}}}"
# A string, not a compiled pattern: most programs have no .env file.


class DotenvLayer:
    """The DOTENV layer: only where the model (``env_file``) or the call asks for it."""

    layer = Layer.DOTENV

    def __init__(self, variables: EnvironmentVariables) -> None:
        self._variables = variables

    def read(self, inputs: Inputs) -> Sequence[Reading]:
        """What each file sets; a missing one sets nothing, as in pydantic-settings."""
        found = [_find(name, inputs) for name in inputs.env_files]
        if found and is_debugging():
            for name, path in zip(inputs.env_files, found, strict=True):
                said = "Env file not found, skipping" if path is None else "Loading env file"
                LOG.debug("%s: %s", said, (path or named_path(name, inputs.cwd)).resolve())
        return [
            reading if (origin := origin_of_text(name)) is None else reading.named_by(origin)
            for name, path in zip(inputs.env_files, found, strict=True)
            if path is not None
            for reading in self._read(path, inputs)
        ]

    def _read(self, path: Path, inputs: Inputs) -> list[Reading]:
        where = shown_path(path, inputs.cwd)
        text, unreadable, _ = read_bytes(
            path, Layer.DOTENV, where=where, limit=_LIMIT, encoding=inputs.env_file_encoding
        )
        tree = Tree(Layer.DOTENV, where, text=text, kind=Kind.DOTENV, directives=False)
        if text is None:
            return [Reading(tree, unreadable)]
        blanks = re.search(_BLANKS, text)
        if blanks is not None:
            line = text.count("\n", 0, blanks.start()) + 1
            message = f"more than {_MOST_BLANKS} blanks in a row; the file is not read"
            return [Reading(tree, (_wrong_line(message, text, where, line),))]
        # Needed by those who ask for a .env file, and nobody else.
        from dotenv.parser import parse_stream

        diagnostics = list(unreadable)
        marks: dict[str, int] = {}
        values: dict[str, str | None] = {}
        names: ChainMap[str, str | None] = ChainMap(values, {**inputs.environ})
        budget: int | None = _MOST_EXPANDED
        for binding in parse_stream(io.StringIO(text)):
            line = binding.original.line
            lead = len(binding.original.string) - len(binding.original.string.lstrip())
            line += binding.original.string[:lead].count("\n")
            if binding.error:
                message = "not a line of the form NAME=value"
                diagnostics.append(_wrong_line(message, text, where, line))
            elif binding.key is not None:
                marks[binding.key] = _mark(binding.original.string, binding.key, line)
                value = binding.value
                if budget is not None and value is not None and "${" in value:
                    value = _expanded(value, names, budget)
                    if value is None:
                        message = (
                            f"${{NAME}} expands the values of the file to more than "
                            f"{_MOST_EXPANDED:,} characters"
                        )
                        diagnostics.append(_wrong_line(message, text, where, line))
                    budget = None if value is None else budget - len(value)
                values[binding.key] = value
        tree.marks = marks
        *lower, reading = self._variables.read(values, tree)
        diagnostics += reading.diagnostics
        unknown = reading.unknown
        config = inputs.model.model_config
        extra, filtering = config.get("extra"), config.get("dotenv_filtering")
        if extra != "ignore" and filtering != "only_existing":
            unknown = ()
            further = self._variables.further(values, filtering, keep_prefix=extra != "allow")
            for native, key in further.items():
                if extra == "allow":
                    tree.data[key] = values[native]
                    tree.marks[key] = marks[native]
                else:
                    diagnostics.append(self._further(native, tree, marks[native]))
        return [*lower, reading._replace(diagnostics=tuple(diagnostics), unknown=unknown)]

    def _further(self, native: str, tree: Tree, mark: int) -> Diagnostic:
        """The error of a variable that sets nothing, where the model forbids further keys."""
        meant = closest(native, self._variables.known())
        return Diagnostic.of(
            Rule.UNKNOWN_KEY,
            (native,),
            "is not a variable that sets anything",
            tree.with_data({}, {native: mark}).origin((native,)),
            'extra="ignore" allows other programs\' variables in the file'
            if meant is None
            else f"did you mean {meant!r}?",
        )


def _find(name: str | Path, inputs: Inputs) -> Path | None:
    return next((place for place in places_of(name, inputs) if is_there(str(place))), None)


def places_of(name: str | Path, inputs: Inputs) -> list[Path]:
    """Where a file is looked for: in the current directory, and in the parents that are searched.

    Args:
        name: The file.
        inputs: They say how many parents are searched.
    """
    path = named_path(name, inputs.cwd)
    relative = os.path.expanduser(name)  # noqa: PTH111 - as in named_path
    places = [path]
    if inputs.env_file_depth > 0 and not os.path.isabs(relative):  # noqa: PTH117 - a text
        parents = islice(inputs.cwd.resolve().parents, inputs.env_file_depth)
        places += [parent / relative for parent in parents]
    return places


def _expanded(value: str, names: Mapping[str, str | None], budget: int) -> str | None:
    """A value with ``${NAME}`` and ``${NAME:-default}`` replaced, as python-dotenv replaces them.

    python-dotenv's own function takes quadratic time for ``${${${``, and has no budget.

    Args:
        value: The value as it is written.
        names: The values of the names that are known.
        budget: The most characters of the result.

    Returns:
        The result; ``None`` if it is longer than the budget.
    """
    parts: list[str] = []
    for part in _parts(value, names):
        budget -= len(part)
        if budget < 0:
            return None
        parts.append(part)
    return "".join(parts)


def _parts(value: str, names: Mapping[str, str | None]) -> Iterator[str]:
    """Yield the parts of an expanded value."""
    *closed, rest = value.split("}")
    for part in closed:
        start = part.find("${")
        while start >= 0:
            # A name has no colon; the only one that may follow it is that of `:-`.
            colon = part.find(":", start)
            if colon < 0 or part.startswith(":-", colon):
                break
            start = part.find("${", colon)
        if start < 0:
            yield f"{part}}}"
            continue
        name, _, default = part[start + 2 :].partition(":-")
        yield part[:start]
        yield names.get(name, default) or ""
    yield rest


def _wrong_line(message: str, text: str, where: str, line: int) -> Diagnostic:
    origin = Origin(Layer.DOTENV, where, line)
    excerpt = excerpt_at(text, line, 1)
    return Diagnostic(Rule.SYNTAX, Severity.ERROR, (), message, origin, excerpt=excerpt)


def _mark(original: str, key: str, line: int) -> int:
    """The place of the value in its line."""
    binding = original.lstrip()
    _, _, value = binding.partition("=")
    column = len(binding) - len(value.lstrip()) + 1
    return pack(line, column, line, binding.find(key) + 1)
