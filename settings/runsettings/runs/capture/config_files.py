"""The files that the values of a run come from, so that the run can show their lines later."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from runsettings.journal.directory import copy_name
from runsettings.runs.capture.code import Code
from runsettings.values.origin import Layer

_LARGEST: Final = 1 << 20
"""The largest number of bytes of a file that is kept."""

_LAYERS: Final = frozenset(each.label for each in (Layer.DEFAULT, Layer.FLAG, Layer.FILE))
"""Not those of ``.env`` and of files that other programs share: they often have secrets."""


def config_files(origins: Iterable[Mapping[str, Any]], cwd: Path) -> list[Code]:
    """Read the YAML, JSON and TOML files that a program named, and the files that use them.

    Args:
        origins: Recorded origins; see `values.origin.Origin.to_json`.
        cwd: The working directory, to which the names in the origins are relative.

    Returns:
        The files that can be read and are not large.
    """
    names: dict[str, None] = {}
    for origin in origins:
        # Only YAML, JSON and TOML have columns.
        if "column" in origin and origin["layer"] in _LAYERS:
            names[origin["where"]] = None
            if "used_by" in origin:
                names[origin["used_by"].rsplit(":", 2)[0]] = None
    found = []
    for name in names:
        path = cwd / name
        try:
            if path.is_file() and path.stat().st_size <= _LARGEST:
                found.append(Code(copy_name(name, os.fspath(cwd)), path.read_bytes()))
        except (OSError, ValueError):
            continue  # it was deleted, or is not a path
    return found
