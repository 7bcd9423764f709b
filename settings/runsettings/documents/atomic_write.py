"""Writes files atomically: no reader sees half of a file, and no other writer's change is lost.

The new content is written to a temporary file in the same directory and synced to the disk. Then
the temporary file replaces the old one in one step.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple, TypeAlias

from runsettings.documents.files import read_bytes
from runsettings.documents.temporary_files import create_temporary, remove_abandoned
from runsettings.values.diagnostic import Rule
from runsettings.values.errors import SettingsError
from runsettings.values.origin import Layer, Origin

if sys.platform != "win32":
    import fcntl

Content: TypeAlias = bytes | BinaryIO | Callable[[BinaryIO], object]

_ATTEMPTS: Final = 20
"""How often an edit is tried, because the file changed meanwhile."""

_PAUSE: Final = 0.01
"""Seconds between two attempts to lock a directory."""

_TURNS: Final = 500
"""How often locking a directory is tried."""

_OTHERS: Final = 0o077
"""The permissions of the group and of all others."""


class Rewritten(NamedTuple):
    """The result of `rewrite`."""

    created: bool
    """Whether the file did not exist before."""
    changed: bool
    """Whether its text changed."""


def write_file(
    path: Path,
    content: Content,
    *,
    durable: bool = True,
    follow_links: bool = True,
    mode: int | None = None,
    temporaries: Path | None = None,
) -> None:
    """Write all of a file, or leave it as it was.

    The file keeps its mode, and its owner where that is allowed. A device or pipe, such as
    ``/dev/stdout``, is written to directly if links are followed, and replaced otherwise.

    Args:
        path: The file, which need not exist; its directory must exist.
        content: All of its new content, an open file to copy, or a function that writes it.
        durable: Whether to wait until the content is on the disk.
        follow_links: Whether to write the target of a symbolic link; otherwise the file replaces
            the link.
        mode: The mode of the file, whatever it was.
        temporaries: The directory for the temporary file, on the same file system; that of the
            file if left out.

    Raises:
        OSError: It cannot be written; the old content stays.
    """
    real = Path(os.path.realpath(path)) if follow_links else path
    status = None if real.is_symlink() else _status(real)
    if status is not None and not stat.S_ISREG(status.st_mode):
        if follow_links:
            with real.open("wb") as device:
                _copy(content, device)
            return
        status = None
    place = temporaries or real.parent
    with _temporary(real, place, content, status, durable=durable, mode=mode) as new:
        new.replace(real)
    if durable:
        with contextlib.suppress(OSError):  # the file has its new content
            sync_directory(real.parent)


def cannot_write(path: str | os.PathLike[str], error: OSError) -> str:
    """Say that a file cannot be written, and why.

    Args:
        path: The file, as the user named it.
        error: What writing it raised.
    """
    parent = Path(path).parent
    if isinstance(error, FileNotFoundError) and not parent.exists():
        reason = f"there is no directory {os.fspath(parent)!r}"
    else:
        reason = error.strerror or type(error).__name__
    return f"{os.fspath(path)} cannot be written: {reason}"


def rewrite(
    path: Path,
    edit: Callable[[str], str],
    *,
    layer: Layer,
    where: str,
    private: Callable[[str], bool] = lambda _text: False,
    directory_mode: int = 0o777,
) -> Rewritten:
    """Replace the text of a file by the result of ``edit``, in one step.

    Processes that use this function wait for each other. If another program changes the file
    meanwhile, the edit is made again on the new text. A symbolic link is followed, a missing
    directory is created, and the file keeps its mode, its owner where that is allowed, and its
    byte order mark.

    Args:
        path: The file, which need not exist.
        edit: Makes the new text from the old one; called again if the file changes meanwhile.
        layer: The layer that the file belongs to.
        where: Its name in messages.
        private: Tells whether only the owner may read a text (mode 0600).
        directory_mode: The mode of a directory that is created.

    Raises:
        SettingsError: The file cannot be read or written.
        Exception: Whatever ``edit`` raises.
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
    """Read, edit and replace the file once; ``None`` if it changed meanwhile."""
    status = _status(path)
    text, mark = "", b""
    if status is not None:
        found, diagnostics, mark = read_bytes(path, layer, where=where)
        if found is None:
            raise SettingsError(diagnostics)
        text = found
    changed = edit(text)
    narrow = private(changed)
    exposed = status is not None and narrow and bool(status.st_mode & _OTHERS)
    if changed == text and not exposed:
        return Rewritten(created=False, changed=False)
    mode = 0o666 if status is None else stat.S_IMODE(status.st_mode)
    narrowed = mode & ~_OTHERS if narrow else None
    with _temporary(path, path.parent, mark + changed.encode(), status, mode=narrowed) as new:
        if _signature(_status(path)) != _signature(status):
            return None
        new.replace(path)
    with contextlib.suppress(OSError):  # the file has its new content
        sync_directory(path.parent)
    return Rewritten(created=status is None, changed=changed != text)


@contextlib.contextmanager
def _temporary(
    target: Path,
    directory: Path,
    content: Content,
    status: os.stat_result | None,
    *,
    mode: int | None = None,
    durable: bool = True,
) -> Iterator[Path]:
    """A new file in ``directory`` for ``target``; removed at the end if it was not renamed."""
    if status is not None and not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    if mode is None and status is not None:
        mode = stat.S_IMODE(status.st_mode)
    remove_abandoned(directory)
    # Private at first: otherwise others could open the file before its mode is set.
    path, descriptor = create_temporary(directory, 0o666 if mode is None else 0o600)
    # Open until the file has its final name: closing it gives up the lock.
    lock = -1 if sys.platform == "win32" else os.dup(descriptor)
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor, not a path
            if status is not None and hasattr(os, "fchown"):
                # Where it is refused, the new file has this user as owner.
                with contextlib.suppress(PermissionError):
                    os.fchown(descriptor, status.st_uid, status.st_gid)
            if mode is not None and hasattr(os, "fchmod"):
                os.fchmod(descriptor, mode)
            _copy(content, file)
            file.flush()
            if durable:
                os.fsync(descriptor)
        yield path
    finally:
        with contextlib.suppress(OSError):  # the next writer removes it
            path.unlink(missing_ok=True)
        if lock >= 0:
            os.close(lock)


def _copy(content: Content, file: BinaryIO) -> None:
    if isinstance(content, bytes):
        file.write(content)
    elif callable(content):
        content(file)
    else:
        shutil.copyfileobj(content, file, 1 << 20)


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def _signature(status: os.stat_result | None) -> tuple[int, ...] | None:
    """Numbers that change when somebody writes to the file or replaces it."""
    if status is None:
        return None
    return status.st_ino, status.st_dev, status.st_size, status.st_mtime_ns, status.st_ctime_ns


@contextlib.contextmanager
def _turn(directory: Path) -> Iterator[None]:
    """Wait until no other process edits files in ``directory`` with `rewrite`, up to a limit.

    Any user who may read the directory can lock it, and a network file system may have no locks.
    The check for changes in `_attempt` protects the file without the lock too.
    """
    if sys.platform == "win32":
        yield  # Windows cannot open directories
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        for _ in range(_TURNS):
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(_PAUSE)
            except OSError:
                break
            else:
                break
        yield
    finally:
        os.close(descriptor)


def sync_directory(directory: Path) -> None:
    """Wait until the names in a directory are on the disk, where the file system can do that.

    Raises:
        OSError: The directory cannot be opened, or the disk fails.
    """
    if sys.platform == "win32":
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)


def _unwritable(error: OSError, layer: Layer, where: str) -> SettingsError:
    if isinstance(error, PermissionError):
        message, hint = "may not be written", "its permissions forbid it to this user"
    else:
        message, hint = f"cannot be written: {error.strerror or type(error).__name__}", None
    return SettingsError.of(Rule.UNWRITABLE_FILE, message, origin=Origin(layer, where), hint=hint)
