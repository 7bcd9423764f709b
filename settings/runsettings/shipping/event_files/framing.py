"""Reads the complete records of an event file.

A record is its length (8 bytes), the checksum of the length (4), the data, and the checksum of the
data (4), all little-endian. A checksum is a masked CRC-32C. Records have no start marker, so no
record after a damaged one can be read.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from struct import Struct
from typing import Final, NamedTuple

from runsettings.journal.reader import open_regular

_CHUNK: Final = 1 << 20
"""The number of bytes that are read at once; more if a record is longer."""

_LONGEST: Final = 1 << 31
"""Every record is shorter than this number of bytes, because protobuf messages are."""

_HEAD: Final = Struct("<QI")
_FOOT: Final = Struct("<I")

_MASK: Final = 0xFFFFFFFF
_MASK_ADDED: Final = 0xA282EAD8


class EventRecord(NamedTuple):
    """One record of an event file."""

    end: int
    """The byte offset of the end of the record in the file."""
    data: bytes


class DamagedError(Exception):
    """The file has a record whose checksum is wrong.

    Args:
        offset: The byte offset at which the record begins.
    """

    def __init__(self, offset: int) -> None:
        super().__init__(offset)
        self.offset = offset


def read_event_records(path: str, start: int = 0) -> Iterator[EventRecord]:
    """Read the complete records of an event file, in order.

    Args:
        path: The file, which another process may be writing.
        start: The byte offset at which to begin; a record must begin there.

    Yields:
        The records.

    Raises:
        DamagedError: A record is damaged; all records before it were returned.
        ImportError: ``google_crc32c`` is not installed.
        OSError: The file cannot be read.
    """
    from google_crc32c import value as checksum

    head, foot = _HEAD.unpack_from, _FOOT.unpack_from
    fd = open_regular(path)
    try:
        wanted = _CHUNK
        while True:
            chunk = os.pread(fd, wanted, start)
            at, size, longer = 0, len(chunk), _CHUNK
            while at + 16 <= size:
                length, expected = head(chunk, at)
                crc = checksum(chunk[at : at + 8])
                if ((crc >> 15 | crc << 17) + _MASK_ADDED) & _MASK != expected:
                    raise DamagedError(start + at)
                end = at + 12 + length
                if end + 4 > size:
                    longer = max(length + 16, _CHUNK)
                    if longer > _LONGEST:
                        raise DamagedError(start + at)
                    break
                data = chunk[at + 12 : end]
                crc = checksum(data)
                if ((crc >> 15 | crc << 17) + _MASK_ADDED) & _MASK != foot(chunk, end)[0]:
                    raise DamagedError(start + at)
                at = end + 4
                yield EventRecord(start + at, data)
            start += at
            if size < wanted:
                return  # the rest is not written yet
            wanted = longer
    finally:
        os.close(fd)
