"""Parses ``$use``: the names of files, their paths, and circles of files that use each other."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from runsettings.composition.composed_text import Report
from runsettings.values.diagnostic import Rule
from runsettings.values.key_paths import KeyPath
from runsettings.values.tree import Place

USE: Final = "$use"


class Step(NamedTuple):
    """A file that uses other files."""

    path: str
    used_by: Place | None
    """The place that names it; ``None`` if none is known."""


def uses(use: Any, report: Report) -> Iterator[tuple[str, KeyPath, KeyPath]]:
    """The files that a ``$use`` names.

    Args:
        use: Its value.
        report: Called for each problem.

    Yields:
        The name of a file, the path of the name in the file with the ``$use``, and the path under
        which the file is mounted.
    """
    several = isinstance(use, list)
    for index, item in enumerate(use if several else (use,)):
        at: KeyPath = (USE, index) if several else (USE,)
        if type(item) is dict and item:
            for key, name in item.items():
                if name and key and type(name) is type(key) is str:
                    yield name, (*at, key), tuple(key.split("."))
                else:
                    message = "must be the name of a file"
                    report(Rule.BAD_COMPOSITION, message, (*at, key), "write {key: file.yaml}")
        elif type(item) is str and item:
            yield item, at, ()
        else:
            hint = "{key: file.yaml} puts a file under a key"
            report(Rule.BAD_COMPOSITION, "must be a list of files", at, hint)


def used_path(name: str, directory: str) -> str:
    """The path of a used file. ``..`` is removed if that leads to the same file despite links.

    Args:
        name: The name in ``$use``.
        directory: The directory of the file with the ``$use``, with a separator at its end.
    """
    if name[0] == "~":
        name = os.path.expanduser(name)  # noqa: PTH111 - Path's raises for an unknown user
    joined = os.sep == "/" and name[0] != "/"  # takes a fraction of the time of `join`
    path = directory + name if joined else os.path.join(directory, name)  # noqa: PTH118 - as above
    if "./" not in name and "//" not in name and name[-1] != "/":
        return path
    plain = Path(path)
    if ".." in name:
        shorter = Path(os.path.normpath(plain))
        with contextlib.suppress(OSError, ValueError):
            return str(shorter if shorter.parent.samefile(plain.parent) else plain)
    return str(plain)


def last_part(path: str) -> str:
    """The name of a file, with the separator before it."""
    return path[path.rfind(os.sep) :]


def start_of_circle(path: str, way: Sequence[Step]) -> int | None:
    """Where files that use each other lead back to a file.

    Args:
        path: The path of the file.
        way: The files that use each other.

    Returns:
        The index of the file in ``way``; ``None`` if it is not there.
    """
    for index, step in enumerate(way):
        if last_part(step.path) == last_part(path) and (
            step.path == path or os.path.realpath(step.path) == os.path.realpath(path)
        ):
            return index
    return None
