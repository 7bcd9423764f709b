"""What code passes: files that a program names, and keyword arguments."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from runsettings.documents.files import Format, read_file
from runsettings.documents.paths import named_path, shown_path
from runsettings.layers.base import Inputs
from runsettings.layers.copying import copy_containers
from runsettings.layers.settings_files.layers import section_of
from runsettings.values.directives import Directive
from runsettings.values.origin import Layer
from runsettings.values.reading import Reading
from runsettings.values.tree import Tree


class FileLayer:
    """The FILE layer: files named by the program, later ones beating earlier ones."""

    layer = Layer.FILE

    def read(self, inputs: Inputs) -> Sequence[Reading]:
        """What the files say."""
        by = f"files= at {inputs.caller.where}:{inputs.caller.line}"
        return [read_named(file, Layer.FILE, inputs.cwd, by) for file in inputs.files]


class InitLayer:
    """The INIT layer: keyword arguments, whose origin is the line that made the call."""

    layer = Layer.INIT

    def read(self, inputs: Inputs) -> Sequence[Reading]:
        """What the call passed."""
        if not inputs.values:
            return ()
        caller = inputs.caller
        values = dict(inputs.values)
        directives = any(isinstance(v, (dict, list, Directive)) for v in values.values())
        tree = Tree(
            Layer.INIT,
            caller.where,
            values,
            line=caller.line,
            call=caller.call,
            directives=directives,
        )
        return (Reading(tree, copy_containers(tree)),)


def read_named(file: str | Path, layer: Layer, cwd: Path, by: str | None = None) -> Reading:
    """Read a settings file that somebody named, in the format its name tells.

    Args:
        file: The file.
        layer: The layer of its values.
        cwd: The directory that a relative path starts from.
        by: What named it, for the message that it does not exist.
    """
    path = named_path(file, cwd)
    format_ = Format.of(path)
    reading = read_file(path, layer, where=shown_path(path, cwd), format=format_)
    if by is not None and not os.path.lexists(path):
        message = f"the settings file, named by {by}, does not exist in {path.parent}"
        found = [replace(fault, message=message) for fault in reading.diagnostics]
        reading = reading._replace(diagnostics=tuple(found))
    return section_of(reading) if format_ is Format.INI else reading
