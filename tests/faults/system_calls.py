"""Stops a process at each of its system calls on files, to let it go on, fail or die there.

Linux hands system calls to a supervising process if a seccomp filter says so. Unlike a debugger's
tracing, this needs no privilege, no compiler and no other program, follows all threads, and stops
only the calls of interest. Every call is the kernel's own, and so is each error's way through
Python, SQLite and our code.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import platform
import select
import signal
import socket
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

_NUMBERS = {
    "x86_64": {
        "write": 1,
        "open": 2,
        "pwrite64": 18,
        "writev": 20,
        "sendfile": 40,
        "flock": 73,
        "fsync": 74,
        "fdatasync": 75,
        "ftruncate": 77,
        "rename": 82,
        "mkdir": 83,
        "rmdir": 84,
        "link": 86,
        "unlink": 87,
        "symlink": 88,
        "fchmod": 91,
        "fchown": 93,
        "openat": 257,
        "mkdirat": 258,
        "unlinkat": 263,
        "renameat": 264,
        "linkat": 265,
        "symlinkat": 266,
        "renameat2": 316,
        "copy_file_range": 326,
    },
    "aarch64": {
        "write": 64,
        "pwrite64": 68,
        "writev": 66,
        "sendfile": 71,
        "flock": 32,
        "fsync": 82,
        "fdatasync": 83,
        "ftruncate": 46,
        "fchmod": 52,
        "fchown": 55,
        "openat": 56,
        "mkdirat": 34,
        "unlinkat": 35,
        "renameat": 38,
        "linkat": 37,
        "symlinkat": 36,
        "renameat2": 276,
        "copy_file_range": 285,
    },
}
"""The numbers of the calls that write, lock, or change a directory, by machine."""

CALLS = {number: name for name, number in _NUMBERS.get(platform.machine(), {}).items()}

_SECCOMP = {"x86_64": 317, "aarch64": 277}.get(platform.machine(), -1)

# From <linux/seccomp.h>, <linux/prctl.h> and <linux/bpf_common.h>.
_SET_MODE_FILTER, _NEW_LISTENER, _NO_NEW_PRIVILEGES = 1, 8, 38
_NOTIFY, _ALLOW, _CONTINUE = 0x7FC00000, 0x7FFF0000, 1
_LOAD, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_NOTICE = struct.Struct("QIIiIQ6Q")
_ANSWER = struct.Struct("QqiI")
_RECEIVE, _SEND = 0xC0502100, 0xC0182101

# The arguments that are a path, with the descriptor of the directory before it if there is one.
_PATHS: dict[str, tuple[int | None, int]] = {
    **dict.fromkeys(("open", "mkdir", "rmdir", "unlink"), (None, 0)),
    **dict.fromkeys(("rename", "link", "symlink"), (None, 1)),
    **dict.fromkeys(("openat", "mkdirat", "unlinkat"), (0, 1)),
    **dict.fromkeys(("renameat", "renameat2", "linkat"), (2, 3)),
    "symlinkat": (1, 2),
}
_DESCRIPTORS = {"sendfile": 0, "copy_file_range": 2}
_WRITES = {"write": 2, "pwrite64": 2, "sendfile": 3, "copy_file_range": 4}
"""The argument that is the number of bytes to write."""
_OPENED_TO_WRITE = os.O_WRONLY | os.O_RDWR | os.O_CREAT


class Call(NamedTuple):
    """A system call that is about to happen."""

    name: str
    """Its name, without the variant: ``open`` is also ``openat``."""
    path: str
    """The file or directory that it is about."""


class Fault(NamedTuple):
    """What to do to a call."""

    name: str
    """``kill``, ``short``, or the name of an error."""
    lasting: bool = False
    """Whether every later call of the same name fails as well."""


Chooser = Callable[[int, Call], Fault | None]
"""Chooses what happens to a call, from its number in the process and the call."""


def works_here() -> bool:
    """Whether this machine's kernel lets a process supervise another one's system calls."""
    if sys.platform != "linux" or _SECCOMP < 0:
        return False
    child = os.fork()
    if child == 0:
        code = 1
        try:
            _install()
            code = 0
        finally:
            os._exit(code)
    return os.waitpid(child, 0)[1] == 0


def run(action: Callable[[], int], below: Path, choose: Chooser) -> int:
    """Run ``action`` in a forked child whose calls on files below a directory are supervised.

    Args:
        action: What to do; returns the exit code.
        below: Calls on other files are not interfered with.
        choose: Chooses what happens to each call.

    Returns:
        The exit code of the child; negative if a signal ended it.
    """
    ours, theirs = socket.socketpair()
    child = os.fork()
    if child == 0:
        code = 99
        try:
            ours.close()
            socket.send_fds(theirs, [b"x"], [_install()])
            code = action()
        finally:
            os._exit(code)
    theirs.close()
    _, (listener,), _, _ = socket.recv_fds(ours, 1, 1)
    ours.close()
    pidfd = os.pidfd_open(child)
    try:
        _supervise(listener, child, pidfd, os.fspath(below), choose)
    except BaseException:
        os.kill(child, signal.SIGKILL)  # it would wait for its supervisor without end
        raise
    finally:
        os.close(listener)
        os.close(pidfd)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return code


def _install() -> int:
    """Install the filter for this process, and return the descriptor to supervise it with.

    The child's copy of that descriptor stays open: closing it would be a supervised call.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    numbers = list(CALLS)
    lines = [(_LOAD, 0, 0, 0)]
    for place, number in enumerate(numbers):
        lines.append((_JUMP_IF_EQUAL, len(numbers) - place, 0, number))
    lines += [(_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _NOTIFY)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in lines))
    program = ctypes.create_string_buffer(
        struct.pack("HxxxxxxQ", len(lines), ctypes.addressof(code))
    )
    libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    listener = libc.syscall(_SECCOMP, _SET_MODE_FILTER, _NEW_LISTENER, program)
    if listener < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return int(listener)


def _supervise(listener: int, child: int, pidfd: int, below: str, choose: Chooser) -> None:
    poll = select.poll()
    poll.register(listener, select.POLLIN)
    poll.register(pidfd, select.POLLIN)
    count = 0
    lasting: dict[str, Fault] = {}
    while True:
        ready = dict(poll.poll())
        if pidfd in ready or ready[listener] & select.POLLHUP:
            return  # nobody is left who could make a call
        buffer = bytearray(_NOTICE.size)
        try:
            fcntl.ioctl(listener, _RECEIVE, buffer)
        except FileNotFoundError:
            continue  # the caller is gone
        notice, thread, _, number, _, _, *arguments = _NOTICE.unpack(buffer)
        call = _call(thread, CALLS[number], arguments)
        fault = None
        if call is not None and f"{call.path}/".startswith(f"{below}/"):
            fault = lasting.get(call.name) or choose(count, call)
            count += 1
            if fault is not None and fault.lasting:
                lasting[call.name] = fault
        answer = _ANSWER.pack(notice, 0, 0, _CONTINUE)
        if fault is not None and fault.name == "kill":
            # No answer: the call does not happen, and neither does any later one.
            os.kill(child, signal.SIGKILL)
            return
        if fault is not None and fault.name == "short":
            wanted = arguments[_WRITES[CALLS[number]]]
            written = _write_in_part(child, thread, CALLS[number], arguments, wanted // 2)
            answer = _ANSWER.pack(notice, written, 0, 0)
        elif fault is not None:
            answer = _ANSWER.pack(notice, 0, -getattr(errno, fault.name), 0)
        try:
            fcntl.ioctl(listener, _SEND, bytearray(answer))
        except FileNotFoundError:
            continue


def _call(thread: int, name: str, arguments: list[int]) -> Call | None:
    """What a call is about; ``None`` for one that changes nothing."""
    if name in ("open", "openat"):
        flags = arguments[_PATHS[name][1] + 1]
        if not flags & _OPENED_TO_WRITE and not flags & os.O_DIRECTORY:
            return None
    try:
        if name not in _PATHS:
            link = Path(f"/proc/{thread}/fd/{arguments[_DESCRIPTORS.get(name, 0)]}")
            return Call(name, str(link.readlink()).removesuffix(" (deleted)"))
        place, index = _PATHS[name]
        path = os.fsdecode(_memory(thread, arguments[index], 4096).partition(b"\0")[0])
        directory = "cwd"
        if place is not None and (fd := ctypes.c_int(arguments[place]).value) >= 0:
            directory = f"fd/{fd}"
        path = str(Path(f"/proc/{thread}/{directory}").readlink() / path)
    except OSError:
        return None
    return Call(name.removesuffix("2").removesuffix("at"), os.path.normpath(path))


def _write_in_part(child: int, thread: int, name: str, arguments: list[int], count: int) -> int:
    """Write the first ``count`` bytes of a call in its place."""
    if name not in ("write", "pwrite64"):
        return 0  # `sendfile` and `copy_file_range` say that the source is at its end
    fd = _descriptor_of(child, arguments[0])
    try:
        content = _memory(thread, arguments[1], count)
        if name == "pwrite64":
            return os.pwrite(fd, content, arguments[3])
        return os.write(fd, content)
    finally:
        os.close(fd)


def _memory(thread: int, address: int, count: int) -> bytes:
    with Path(f"/proc/{thread}/mem").open("rb", buffering=0) as memory:
        memory.seek(address)
        return memory.read(count)


def _descriptor_of(child: int, number: int) -> int:
    """A duplicate of another process's descriptor, which shares the offset with it."""
    pidfd = os.pidfd_open(child)
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        fd = libc.syscall(438, pidfd, number, 0)  # pidfd_getfd, the same number everywhere
        if fd < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        return int(fd)
    finally:
        os.close(pidfd)
