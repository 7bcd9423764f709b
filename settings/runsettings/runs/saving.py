"""Files saved with a run: copied below ``files/`` under names that cannot leave it."""

from __future__ import annotations

import glob
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from runsettings.values.diagnostic import Rule, RunError
from runsettings.values.rendering import printable

OURS: Final = frozenset(
    {"config.yaml", "settings.json", "wandb-metadata.json", "wandb-summary.json"}
)
"""Files that the run itself writes; a user's file of this name is kept below ``saved/``."""

_LONGEST_PART: Final = 255
"""Bytes of one part of a path, on every file system in common use."""


class Saved(NamedTuple):
    """One file that was copied."""

    name: str
    """Its path below ``files/``, with forward slashes."""
    size: int
    """Bytes."""


class SavedFiles:
    """The patterns that `save` was given, and what was copied for them.

    Args:
        home: The ``files/`` directory of the run.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self._patterns: dict[tuple[str, str], None] = {}
        self._copied: dict[str, tuple[str, int, int, int]] = {}

    def add(self, pattern: str | Path, base: str | Path | None, cwd: Path) -> list[Saved]:
        """Copy what matches now, and remember the pattern for the end.

        Args:
            pattern: A path or a glob; relative to ``cwd``.
            base: The directory that names below ``files/`` start from. Left out, it is
                ``cwd`` for what lies below it, and otherwise the pattern's own directory.
            cwd: The working directory.

        Raises:
            RunError: The pattern is no path, or matches something outside of ``base``.
            OSError: A file cannot be copied.
        """
        text = os.fspath(pattern)
        if not isinstance(text, str) or not text or "\0" in text:
            raise _unsafe(f"save() takes the path of a file; got {pattern!r}")
        whole = os.path.normpath(cwd / text)
        root = os.path.normpath(cwd / base) if base is not None else _base(whole, cwd)
        if not _is_below(whole, root):
            raise _unsafe(
                f"'{printable(text)}' is not below '{printable(root)}'",
                hint="give the directory that it is below as base_path",
            )
        self._patterns[whole, root] = None
        return list(self._copy(whole, root))

    def again(self) -> Iterator[Saved]:
        """Copy what matches by now and is new or was changed since.

        Raises:
            OSError: A file cannot be copied.
        """
        for whole, root in self._patterns:
            yield from self._copy(whole, root)

    def put(self, name: str, content: bytes) -> Saved:
        """Write a file of ours below ``files/``.

        Raises:
            RunError: The name would leave the directory.
            OSError: It cannot be written.
        """
        target = self._target(name)
        _replace(target, content)
        return Saved(name, len(content))

    def written_by_hand(self) -> Iterator[Saved]:
        """Files that the script wrote below ``files/`` by itself."""
        for directory, _, names in os.walk(self.home):
            for name in names:
                path = Path(directory, name)
                relative = path.relative_to(self.home).as_posix()
                known = relative in OURS or relative in self._copied
                if not known and not name.endswith(".tmp") and path.is_file():
                    yield Saved(relative, path.stat().st_size)

    def _copy(self, whole: str, root: str) -> Iterator[Saved]:
        matches = [whole] if os.path.lexists(whole) else sorted(glob.glob(whole, recursive=True))  # noqa: PTH207
        for match in matches:
            for source in _files(match):
                saved = self._copy_one(source, root)
                if saved is not None:
                    yield saved

    def _copy_one(self, source: str, root: str) -> Saved | None:
        """Copy one file, unless the very same was copied before."""
        status = os.stat(source)  # noqa: PTH116
        mark = (source, status.st_ino, status.st_size, status.st_mtime_ns)
        name = Path(os.path.relpath(source, root)).as_posix()
        if name in OURS:
            name = f"saved/{name}"
        if self._copied.get(name) == mark or _is_below(source, os.fspath(self.home)):
            return None
        target = self._target(name)
        temporary = _beside(target)
        try:
            shutil.copyfile(source, temporary)
            temporary.replace(target)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
        self._copied[name] = mark
        return Saved(name, status.st_size)

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


def _base(whole: str, cwd: Path) -> str:
    if _is_below(whole, os.fspath(cwd)):
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
