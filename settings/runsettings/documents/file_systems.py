"""Tells which directories are on file systems where locks may not work."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from typing import Final

MOUNTS: Final = Path("/proc/self/mountinfo")
"""Where Linux lists what is mounted; see proc_pid_mountinfo(5). Other systems have no such file."""

_NETWORK: Final = frozenset(
    {"9p", "afs", "beegfs", "ceph", "cifs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4"}
    | {"orangefs", "panfs", "pvfs2", "smb3", "smbfs", "wekafs"}
)
"""The types of file systems of other machines. Those in user space begin with ``fuse.``."""

_POINT: Final = 4
"""The field of a line with the directory of the mount, counted from 0."""

_ESCAPED: Final = re.compile(r"\\([0-7]{3})")
"""A space or another special character in the path of a mount."""


def is_on_network(directory: Path) -> bool:
    """Whether a directory is on a network file system, as far as the system tells.

    Args:
        directory: The directory; it need not exist.
    """
    place = f"{directory.resolve()}/"
    longest, found = "", ""
    try:
        # Not `splitlines`: the name of a directory may have other characters that end a line.
        lines = os.fsdecode(MOUNTS.read_bytes()).split("\n")
    except OSError:
        return False
    for line in lines:
        mount, _, source = line.partition(" - ")
        fields = mount.split(" ")
        if len(fields) <= _POINT:
            continue  # the end of the list
        point = _ESCAPED.sub(lambda code: chr(int(code[1], 8)), fields[_POINT])
        point = f"{point.rstrip('/')}/"
        # The last one of several at the same place hides those before.
        if place.startswith(point) and len(point) >= len(longest):
            longest, found = point, source.split(" ")[0]
    return found in _NETWORK or found.startswith("fuse.")


def cache_file(directory: Path, name: str) -> Path:
    """The file for a cache of a directory: in the directory, or where locks work.

    Args:
        directory: The directory; it need not exist.
        name: The name of the file in the directory.

    Returns:
        The file. For a directory on a network file system it is in the user's directory for caches,
        or in ``XDG_RUNTIME_DIR``, if one of them is on this machine.
    """
    if is_on_network(directory):
        import platformdirs  # a few milliseconds, which most directories do not need

        places = [platformdirs.user_cache_path("runsettings", appauthor=False)]
        if login := os.environ.get("XDG_RUNTIME_DIR"):
            places.append(Path(login, "runsettings"))
        for place in places:
            try:
                place.mkdir(mode=0o700, parents=True, exist_ok=True)
            except OSError:
                continue
            if not is_on_network(place):
                digest = hashlib.sha256(os.fsencode(directory.resolve())).hexdigest()
                return place / f"{digest[:32]}{name}"
    return directory / name
