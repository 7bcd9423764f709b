"""What `save` was given, as absolute paths, and the files that match it."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

from runsettings.values.diagnostic import Rule
from runsettings.values.errors import RunError
from runsettings.values.rendering import printable

SavePolicy = Literal["live", "now", "end"]
"""When files are copied: now, at the end of the run, or (``"live"``) at both times."""


class SavePattern(NamedTuple):
    """A path or a glob, and the directory that names are relative to."""

    path: str
    base: str

    @classmethod
    def of(cls, path: str | Path, base: str | Path | None, cwd: Path) -> SavePattern:
        """Make the arguments of `save` absolute.

        Args:
            path: A path or a glob; relative to ``cwd``.
            base: The directory that names are relative to. Left out, it is ``cwd`` for files
                below it, and otherwise the pattern's own directory.
            cwd: The working directory.

        Raises:
            RunError: It is not a path, or not below ``base``.
        """
        text = _path_text("path", path)
        root = None if base in (None, "") else _path_text("base_path", base)
        if not (cwd.is_absolute() or os.path.isabs(root or text)):  # noqa: PTH117
            raise unsafe_path(
                f"'{printable(text)}' is below the working directory, which was deleted",
                hint="give an absolute path",
            )
        whole = os.path.normpath(cwd / text)
        root = os.path.normpath(cwd / root) if root is not None else _base(whole, cwd)
        if not (whole == root or is_below(whole, root)):
            raise unsafe_path(
                f"'{printable(text)}' is not below '{printable(root)}'",
                hint="give the directory that it is below as base_path",
            )
        return cls(whole, root)

    def sources(self) -> Iterator[str]:
        """The files that match now."""
        exists = os.path.lexists(self.path)
        for match in [self.path] if exists else sorted(glob.glob(self.path, recursive=True)):  # noqa: PTH207
            yield from _files(match)


def is_below(path: str, directory: str) -> bool:
    """Whether a normalised path is inside of a directory."""
    return path.startswith(directory.rstrip(os.sep) + os.sep)


def check_policy(policy: str) -> None:
    """Check the argument ``policy`` of `save`.

    Raises:
        RunError: It is none of the policies.
    """
    policies = get_args(SavePolicy)
    if policy not in policies:
        raise RunError.of(
            Rule.BAD_VALUE,
            f"save(policy=) must be one of {', '.join(map(repr, policies))}; got {policy!r:.80}",
        )


def unsafe_path(message: str, hint: str | None = None) -> RunError:
    """The error for a path that must not be used."""
    return RunError.of(Rule.UNSAFE_PATH, message, hint=hint)


def _path_text(argument: str, given: Any) -> str:
    """An argument of `save` as text.

    Raises:
        RunError: It is not a path.
    """
    try:
        text = os.fsdecode(given)
    except TypeError:
        text = ""
    if not text or "\0" in text:
        raise unsafe_path(f"save() takes the path of a file; got {argument}={given!r:.80}")
    return text


def _base(path: str, cwd: Path) -> str:
    if path == os.fspath(cwd) or is_below(path, os.fspath(cwd)):
        return os.fspath(cwd)
    directory = os.path.dirname(path)  # noqa: PTH120 - a pattern, not a path
    while glob.has_magic(directory):
        directory = os.path.dirname(directory)  # noqa: PTH120
    return directory


def _files(match: str) -> Iterator[str]:
    """A file, or the files below a directory; nothing for sockets, pipes and dead links."""
    if os.path.isdir(match):  # noqa: PTH112
        for directory, _, names in os.walk(match):
            for name in sorted(names):
                yield from _files(os.path.join(directory, name))  # noqa: PTH118
    elif os.path.isfile(match):  # noqa: PTH113
        yield match
