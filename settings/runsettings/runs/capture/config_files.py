"""The files that the values of a run come from, so that the run can show their lines later."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from runsettings.documents.files import Format, read_text
from runsettings.documents.temporary_files import mode_of_copy
from runsettings.journal.directory import copy_name
from runsettings.runs.capture.code import Code
from runsettings.secrets.forms import is_secret_name, mask_addresses, written_secrets
from runsettings.secrets.masking import SecretMask
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
                content, mode = _without_secrets(path), mode_of_copy(path.stat())
                found.append(Code(copy_name(name, os.fspath(cwd)), content, mode))
        except (OSError, ValueError):
            continue  # it was deleted, or is not a path
    return found


def _without_secrets(path: Path) -> bytes:
    """The content of a file, in which texts that look like secrets are masked.

    The run does not know all secrets of a file, such as those of a profile that was not chosen.

    Raises:
        OSError: The file cannot be read.
    """
    text = path.read_bytes().decode(errors="surrogateescape")
    if is_secret_name(text):
        data = read_text(text, Layer.FILE, "copy", Format.of(path) or Format.YAML).tree.data
        text = (
            SecretMask(written_secrets(data))
            .file(text.encode(errors="surrogateescape"))
            .decode(errors="surrogateescape")
        )
    lines = map(SecretMask().line, mask_addresses(text).split("\n"))
    return "\n".join(lines).encode(errors="surrogateescape")
