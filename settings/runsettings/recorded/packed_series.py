"""The bytes in which a part of a series is stored, after a checksum that tells what is damaged."""

from __future__ import annotations

import math
import struct
import sys
import zlib
from array import array
from collections.abc import Iterable
from typing import Any, Final

from runsettings.journal.query.metrics import Bucket
from runsettings.recorded.series import SUMMARIZED, Numbers, Span

VERSION: Final = 1

_BUCKET: Final = struct.Struct("=qqqdddd")
"""The members of a bucket."""

_SEAL: Final = zlib.crc32(f"{VERSION} {sys.byteorder}".encode())
"""The start of each checksum, so that no machine reads numbers in the byte order of another."""


class DamagedSeriesError(Exception):
    """What is stored of a series cannot be used, or was replaced by another process."""


def seal(content: bytes, context: str) -> bytes:
    """Put a checksum before content.

    Args:
        content: The content.
        context: What the checksum covers beside the content.
    """
    start = zlib.crc32(context.encode(errors="surrogatepass"), _SEAL)
    return zlib.crc32(content, start).to_bytes(4) + content


def unseal(sealed: Any, context: str) -> bytes:
    """Return the content after a checksum.

    Args:
        sealed: What should be the result of `seal`.
        context: The context that was given there.

    Raises:
        DamagedSeriesError: It is something else.
    """
    if not isinstance(sealed, bytes) or sealed != seal(sealed[4:], context):
        raise DamagedSeriesError
    return sealed[4:]


def pack_summaries(buckets: Iterable[Bucket], key: str, span: Span) -> bytes:
    """Pack the summaries of a part.

    Args:
        buckets: The summaries.
        key: The key of the series.
        span: The place of the part.
    """
    # ``None`` is not a number of a struct; without a known value, all three are ``None``.
    packed = (
        _BUCKET.pack(*(math.nan if each is None else each for each in bucket)) for bucket in buckets
    )
    return seal(b"".join(packed), _context(key, span))


def unpack_summaries(sealed: Any, key: str, span: Span) -> list[Bucket]:
    """Unpack what `pack_summaries` packed.

    Args:
        sealed: The bytes.
        key: The key of the series.
        span: The place of the part.

    Raises:
        DamagedSeriesError: They are something else.
    """
    content = unseal(sealed, _context(key, span))
    if len(content) * SUMMARIZED != _BUCKET.size * span.length:
        raise DamagedSeriesError
    return [
        bucket if bucket.known else bucket._replace(minimum=None, maximum=None, mean=None)
        for bucket in map(Bucket._make, _BUCKET.iter_unpack(content))
    ]


def pack_numbers(numbers: Numbers, key: str, span: Span) -> bytes:
    """Pack the steps and the values of a part.

    Args:
        numbers: The steps and the values.
        key: The key of the series.
        span: The place of the part.
    """
    # Most series have a value at each step.
    steps = b"" if _is_gapless(span) else numbers[0].tobytes()
    return seal(steps + numbers[1].tobytes(), _context(key, span))


def unpack_numbers(sealed: Any, key: str, span: Span) -> Numbers:
    """Unpack what `pack_numbers` packed.

    Args:
        sealed: The bytes.
        key: The key of the series.
        span: The place of the part.

    Raises:
        DamagedSeriesError: They are something else.
    """
    content = unseal(sealed, _context(key, span))
    steps, values = array("q"), array("d")
    size = 0 if _is_gapless(span) else 8 * span.length
    if len(content) != size + 8 * span.length:
        raise DamagedSeriesError
    if not size:
        steps.extend(range(span.first_step, span.last_step + 1))
    steps.frombytes(content[:size])
    values.frombytes(content[size:])
    return steps, values


def _is_gapless(span: Span) -> bool:
    return span.last_step - span.first_step == span.length - 1


def _context(key: str, span: Span) -> str:
    """What the checksum of a part covers beside its content."""
    return repr((key, *span))
