"""Rewriting a file whole: nobody ever sees half of it, and no other writer's change is lost.

The new text goes into a temporary file in the same directory, is brought to the disk, and takes
the old one's place in one step. Our own processes take turns (a lock on the directory, which
leaves nothing behind); a change by a program that knows no lock is noticed before the file is
replaced, and the edit is made again on what is there by then.
"""

from __future__ import annotations

import codecs
import contextlib
import os
import secrets
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from runsettings.documents.files import read_bytes
from runsettings.values.diagnostic import Rule
from runsettings.values.errors import SettingsError
from runsettings.values.origin import Layer, Origin

if sys.platform != "win32":
    import fcntl

_ATTEMPTS: Final = 20
"""Times that an edit is made again because the file changed meanwhile."""

_OTHERS: Final = 0o077
"""What the group and the rest of the world may do."""


class Rewritten(NamedTuple):
    """What came of it."""

    created: bool
    """Whether the file was not there before."""
    changed: bool
    """Whether its text is another one now."""


def rewrite(
    path: Path,
    edit: Callable[[str], str],
    *,
    layer: Layer,
    where: str,
    private: Callable[[str], bool] = lambda _text: False,
    directory_mode: int = 0o777,
) -> Rewritten:
    """Replace a file's text by what ``edit`` makes of it, in one step.

    A link is followed, its directory is created where it is missing, and the file keeps its
    mode, its owner where that is allowed, and its byte order mark.

    Args:
        path: The file, which need not be there.
        edit: Makes the new text from the old one; called again if the file changes meanwhile.
        layer: The layer that the file belongs to.
        where: Its name in messages.
        private: Whether nobody but the owner may read this text (mode 0600).
        directory_mode: The mode of a directory that is created.

    Raises:
        SettingsError: The file cannot be read or written. Whatever ``edit`` raises goes through.
    """
    try:
        real = Path(os.path.realpath(path))
        real.parent.mkdir(mode=directory_mode, parents=True, exist_ok=True)
        with _turn(real.parent):
            for _ in range(_ATTEMPTS):
                done = _attempt(real, edit, layer, where, private)
                if done is not None:
                    return done
    except OSError as error:
        raise _unwritable(error, layer, where) from error
    raise SettingsError.of(
        Rule.UNWRITABLE_FILE,
        "another program keeps writing it; nothing was changed",
        origin=Origin(layer, where),
        hint="try again when that program is done",
    )


def _attempt(
    path: Path,
    edit: Callable[[str], str],
    layer: Layer,
    where: str,
    private: Callable[[str], bool],
) -> Rewritten | None:
    """One reading, edit and replacement; ``None`` if the file changed meanwhile."""
    status = _status(path)
    text, mark = "", b""
    if status is not None:
        found, faults = read_bytes(path, layer, where=where)
        if found is None:
            raise SettingsError(faults)
        if not os.access(path, os.W_OK):
            raise PermissionError
        text = found
        with path.open("rb") as file:
            start = file.read(len(codecs.BOM_UTF8))
        mark = start if start == codecs.BOM_UTF8 else b""
    changed = edit(text)
    hidden = private(changed)
    mode = None if status is None else stat.S_IMODE(status.st_mode)
    if status is not None and changed == text and not (hidden and status.st_mode & _OTHERS):
        return Rewritten(created=False, changed=False)
    if hidden:
        mode = 0o600 if mode is None else mode & ~_OTHERS
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")
    try:
        _write(temporary, mark + changed.encode(), mode, status)
        if _signature(_status(path)) != _signature(status):
            return None
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    _sync_directory(path.parent)
    return Rewritten(created=status is None, changed=changed != text)


def _write(path: Path, content: bytes, mode: int | None, status: os.stat_result | None) -> None:
    """Write a new file to the disk; without a ``mode`` it gets the usual one (umask)."""
    # With the narrow mode from the start: a file that is readable for a moment was readable.
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags, 0o666 if mode is None else 0o600)
    with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor, not a path
        if status is not None and hasattr(os, "fchown"):
            with contextlib.suppress(PermissionError):  # another's file becomes ours, as with cp
                os.fchown(descriptor, status.st_uid, status.st_gid)
        if mode is not None and hasattr(os, "fchmod"):
            os.fchmod(descriptor, mode)
        file.write(content)
        file.flush()
        os.fsync(descriptor)


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def _signature(status: os.stat_result | None) -> tuple[int, ...] | None:
    """What is another as soon as anybody writes to the file or replaces it."""
    if status is None:
        return None
    return status.st_ino, status.st_dev, status.st_size, status.st_mtime_ns, status.st_ctime_ns


@contextlib.contextmanager
def _turn(directory: Path) -> Iterator[None]:
    """Wait until no other process of ours edits files in ``directory``."""
    if sys.platform == "win32":
        yield  # directories cannot be opened there; the check for changes is what remains
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        # A network file system may not lock directories; the check for changes remains.
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _sync_directory(directory: Path) -> None:
    if sys.platform == "win32":
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # not every file system can
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unwritable(error: OSError, layer: Layer, where: str) -> SettingsError:
    if isinstance(error, PermissionError):
        message, hint = "may not be written", "its permissions forbid it to this user"
    else:
        message, hint = f"cannot be written: {error.strerror or type(error).__name__}", None
    return SettingsError.of(Rule.UNWRITABLE_FILE, message, origin=Origin(layer, where), hint=hint)
