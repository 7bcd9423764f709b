"""``.env`` files: variables in a file, read by python-dotenv, which knows each one's line."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path

from runsettings.documents.files import read_bytes
from runsettings.documents.paths import named_path, shown_path
from runsettings.layers.base import LOG, Inputs, is_debugging
from runsettings.layers.environment.variables import EnvironmentVariables
from runsettings.layers.settings_files.locations import is_there
from runsettings.values.diagnostic import Diagnostic, Rule, Severity
from runsettings.values.did_you_mean import closest
from runsettings.values.excerpts import excerpt_at
from runsettings.values.origin import Kind, Layer, Origin
from runsettings.values.positions import pack
from runsettings.values.reading import Reading
from runsettings.values.tree import Tree


class DotenvLayer:
    """The DOTENV layer: only where the model (``env_file``) or the call asks for it."""

    layer = Layer.DOTENV

    def __init__(self, variables: EnvironmentVariables) -> None:
        self._variables = variables

    def read(self, inputs: Inputs) -> Sequence[Reading]:
        """What each file sets; one that does not exist is no fault, as in pydantic-settings."""
        found = [_find(name, inputs) for name in inputs.env_files]
        if found and is_debugging():
            for name, path in zip(inputs.env_files, found, strict=True):
                said = "Env file not found, skipping" if path is None else "Loading env file"
                LOG.debug("%s: %s", said, (path or named_path(name, inputs.cwd)).resolve())
        present = (path for path in found if path is not None)
        return [reading for path in present for reading in self._read(path, inputs)]

    def _read(self, path: Path, inputs: Inputs) -> list[Reading]:
        where, environ = shown_path(path, inputs.cwd), inputs.environ
        text, faults, _ = read_bytes(
            path, Layer.DOTENV, where=where, encoding=inputs.env_file_encoding
        )
        tree = Tree(Layer.DOTENV, where, text=text, kind=Kind.DOTENV, directives=False)
        if text is None:
            return [Reading(tree, faults)]
        # Needed by those who ask for a .env file, and nobody else.
        from dotenv.parser import parse_stream

        diagnostics = list(faults)
        marks: dict[str, int] = {}
        values: dict[str, str | None] = {}
        for binding in parse_stream(io.StringIO(text)):
            line = binding.original.line
            lead = len(binding.original.string) - len(binding.original.string.lstrip())
            line += binding.original.string[:lead].count("\n")
            if binding.error:
                origin = Origin(Layer.DOTENV, where, line)
                diagnostics.append(
                    Diagnostic(
                        Rule.SYNTAX,
                        Severity.ERROR,
                        (),
                        "not a line of the form NAME=value",
                        origin,
                        excerpt=excerpt_at(text, line, 1),
                    )
                )
            elif binding.key is not None:
                marks[binding.key] = _mark(binding.original.string, binding.key, line)
                values[binding.key] = _interpolated(binding.value, values, environ)
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
    """The file, in the current directory or the nearest of the parents that are searched."""
    path = named_path(name, inputs.cwd)
    relative = os.path.expanduser(name)  # noqa: PTH111 - as in named_path
    places = [path]
    if inputs.env_file_depth > 0 and not os.path.isabs(relative):  # noqa: PTH117 - a text
        parents = islice(inputs.cwd.resolve().parents, inputs.env_file_depth)
        places += [parent / relative for parent in parents]
    return next((place for place in places if is_there(str(place))), None)


def _interpolated(
    value: str | None, own: Mapping[str, str | None], environ: Mapping[str, str]
) -> str | None:
    """``value`` with ``${NAME}`` replaced by the file's own names, else by the environment's.

    python-dotenv's own function for that reads this process's environment, where another may
    have been handed in.
    """
    if value is None or "$" not in value:
        return value
    from dotenv.variables import parse_variables

    names = {**environ, **own}
    return "".join(atom.resolve(names) for atom in parse_variables(value))


def _mark(original: str, key: str, line: int) -> int:
    """The place of the value in its line."""
    binding = original.lstrip()
    _, _, value = binding.partition("=")
    column = len(binding) - len(value.lstrip()) + 1
    return pack(line, column, line, binding.find(key) + 1)
