"""Files saved with a run: copied below ``files/`` under names that cannot leave it."""

from __future__ import annotations

import glob
import os
import re
import shutil
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from runsettings.values.diagnostic import Rule
from runsettings.values.errors import RunError
from runsettings.values.rendering import printable

OURS: Final = frozenset(
    {"config.yaml", "settings.json", "wandb-metadata.json", "wandb-summary.json"}
)
"""Files that the run itself writes; a user's file of this name is kept below ``saved/``."""

_TEMPORARY: Final = re.compile(r"\.\d+\.\d+\.tmp")
"""Names of files that are not whole yet."""

_LONGEST_PART: Final = 255
"""Bytes of one part of a path, on every file system in common use."""


class Saved(NamedTuple):
    """One file below ``files/``."""

    name: str
    """Its path there, with forward slashes."""
    size: int
    """Bytes."""
    fresh: bool = True
    """Whether it was written just now, and not before with the same content."""


class Pattern(NamedTuple):
    """What `save` was given, as absolute paths."""

    whole: str
    """A path or a glob."""
    base: str
    """The directory that names below ``files/`` start from."""

    @classmethod
    def of(cls, path: str | Path, base: str | Path | None, cwd: Path) -> Pattern:
        """Understand the arguments of `save`.

        Args:
            path: A path or a glob; relative to ``cwd``.
            base: The directory that names start from. Left out, it is ``cwd`` for what lies
                below it, and otherwise the pattern's own directory.
            cwd: The working directory.

        Raises:
            RunError: It is no path, or not below ``base``.
        """
        text = _path_text("path", path)
        root = None if base in (None, "") else _path_text("base_path", base)
        if not (cwd.is_absolute() or os.path.isabs(root or text)):  # noqa: PTH117
            raise _unsafe(
                f"'{printable(text)}' is below the working directory, which was deleted",
                hint="give an absolute path",
            )
        whole = os.path.normpath(cwd / text)
        root = os.path.normpath(cwd / root) if root is not None else _base(whole, cwd)
        if not (whole == root or _is_below(whole, root)):
            raise _unsafe(
                f"'{printable(text)}' is not below '{printable(root)}'",
                hint="give the directory that it is below as base_path",
            )
        return cls(whole, root)

    def sources(self) -> Iterator[str]:
        """The files that match now."""
        there = os.path.lexists(self.whole)
        for match in [self.whole] if there else sorted(glob.glob(self.whole, recursive=True)):  # noqa: PTH207
            yield from _files(match)


class SavedFiles:
    """The files that were saved with one run.

    Args:
        home: The ``files/`` directory of the run.
        known: Files that are on record already, with their sizes in bytes.
    """

    def __init__(self, home: Path, known: Mapping[str, int] = MappingProxyType({})) -> None:
        self.home = home
        self._known = dict(known)
        self.patterns: dict[Pattern, None] = {}
        """What `save` was given so far; it is looked at once more at the end."""
        self._copied: dict[str, tuple[str, int, int, int]] = {}

    def is_own(self, source: str) -> bool:
        """Whether a file is the run's already."""
        return _is_below(source, os.fspath(self.home.parent))

    def copy(self, source: str, base: str) -> Saved:
        """Copy one file, unless the very same was copied before.

        Raises:
            RunError: Its name would leave the run's directory.
            OSError: It cannot be copied.
        """
        status = os.stat(source)  # noqa: PTH116
        mark = (source, status.st_ino, status.st_size, status.st_mtime_ns)
        name = Path(os.path.relpath(source, base)).as_posix()
        if name in OURS:
            name = f"saved/{name}"
        if self._copied.get(name) == mark:
            return Saved(name, status.st_size, fresh=False)
        target = self._target(name)
        temporary = _beside(target)
        try:
            shutil.copyfile(source, temporary)
            temporary.replace(target)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
        self._copied[name] = mark
        self._known[name] = status.st_size
        return Saved(name, status.st_size)

    def put(self, name: str, content: bytes) -> Saved:
        """Write a file of ours below ``files/``.

        Raises:
            RunError: The name would leave the directory.
            OSError: It cannot be written.
        """
        target = self._target(name)
        _replace(target, content)
        self._known[name] = len(content)
        return Saved(name, len(content))

    def written_by_hand(self) -> Iterator[Saved]:
        """Files that the script wrote below ``files/`` by itself and that are not on record."""
        for directory, _, names in os.walk(self.home):
            for name in names:
                path = Path(directory, name)
                relative = path.relative_to(self.home).as_posix()
                if relative in OURS or _TEMPORARY.fullmatch(name) or not path.is_file():
                    continue
                size = path.stat().st_size
                if self._known.get(relative) != size:
                    yield Saved(relative, size)

    def _target(self, name: str) -> Path:
        """Where ``name`` goes, with its directories made; never outside of ``files/``."""
        target = Path(os.path.normpath(self.home / name))
        if not target.is_relative_to(self.home) or target == self.home:
            raise _unsafe(f"'{printable(name)}' leaves the run's directory")
        if any(len(os.fsencode(part)) > _LONGEST_PART for part in target.parts):
            raise _unsafe(
                f"'{printable(name[:80])}…' has a part of more than {_LONGEST_PART} bytes"
            )
        # The run's own directory is not made again where somebody deleted it.
        os.stat(self.home)  # noqa: PTH116
        target.parent.mkdir(parents=True, exist_ok=True)
        # A symbolic link below files/ may point anywhere.
        if not target.parent.resolve().is_relative_to(self.home.resolve()):
            raise _unsafe(f"'{printable(name)}' leaves the run's directory by a symbolic link")
        return target


def _path_text(argument: str, given: Any) -> str:
    """An argument of `save` as text.

    Raises:
        RunError: It is the path of nothing.
    """
    try:
        text = os.fspath(given)
    except TypeError:
        text = None
    if not isinstance(text, str) or not text or "\0" in text:
        raise _unsafe(f"save() takes the path of a file; got {argument}={given!r:.80}")
    return text


def _base(whole: str, cwd: Path) -> str:
    if whole == os.fspath(cwd) or _is_below(whole, os.fspath(cwd)):
        return os.fspath(cwd)
    directory = os.path.dirname(whole)  # noqa: PTH120 - a pattern, not a path
    while glob.has_magic(directory):
        directory = os.path.dirname(directory)  # noqa: PTH120
    return directory


def _is_below(path: str, directory: str) -> bool:
    return path.startswith(directory.rstrip(os.sep) + os.sep)


def _files(match: str) -> Iterator[str]:
    """A file, or the files below a directory; nothing for sockets, pipes and dead links."""
    if os.path.isdir(match):  # noqa: PTH112
        for directory, _, names in os.walk(match):
            for name in sorted(names):
                yield from _files(os.path.join(directory, name))  # noqa: PTH118
    elif os.path.isfile(match):  # noqa: PTH113
        yield match


def _beside(target: Path) -> Path:
    """A name for a file that is not whole yet; short, because the target's may be long."""
    return target.with_name(f".{os.getpid()}.{threading.get_ident()}.tmp")


def _replace(target: Path, content: bytes) -> None:
    temporary = _beside(target)
    try:
        temporary.write_bytes(content)
        temporary.replace(target)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def _unsafe(message: str, hint: str | None = None) -> RunError:
    return RunError.of(Rule.UNSAFE_PATH, message, hint=hint)
