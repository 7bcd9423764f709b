"""The files of a run: their text for the page, and their content for a download."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from runsettings.journal.query.errors import RunNotFoundError
from runsettings.journal.replay import StoredRun
from runsettings.recorded.sources import RunSource

_SHOWN: Final = 512 * 1024
"""The largest number of bytes of a file that the page shows as text."""

_IMAGES: Final = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
}
"""The media types of images by the first bytes of their content. SVG is not one of them: it may
contain scripts."""

_OTHER: Final = "application/octet-stream"


class Content(NamedTuple):
    """The content of a file, and how the browser may use it."""

    headers: dict[str, str]
    parts: Iterator[bytes]


def read_content(source: RunSource, run: StoredRun, path: str) -> Content:
    """Read a file of a run. The browser shows images, and saves all other files.

    Args:
        source: The source of the run.
        run: The run.
        path: The path of the file below ``files/``.

    Returns:
        The content with its headers.

    Raises:
        RunNotFoundError: The run has no such file.
        OSError: The file cannot be read.
        RunError: The store does not have the content.
    """
    parts = _parts(source, run, path)
    first = next(parts, b"")
    media_type = _media_type(first)
    kind = "attachment" if media_type == _OTHER else "inline"
    name = quote(path.rpartition("/")[2], safe="", errors="replace")
    headers = {
        "content-type": media_type,
        "content-disposition": f"{kind}; filename*=UTF-8''{name}",
    }
    return Content(headers, itertools.chain([first], parts))


def read_text(source: RunSource, run: StoredRun, path: str) -> dict[str, Any]:
    """Read the text of a file of a run.

    Args:
        source: The source of the run.
        run: The run.
        path: The path of the file below ``files/``.

    Returns:
        ``path``, ``size`` in bytes, ``kind`` (``text``, ``image`` or ``binary``), and of a text its
        ``text``, with ``cut`` if only the first part of it is here.

    Raises:
        RunNotFoundError: The run has no such file.
        OSError: The file cannot be read.
        RunError: The store does not have the content.
    """
    begun = bytearray()
    for part in _parts(source, run, path):
        begun += part
        if len(begun) > _SHOWN:
            break
    found: dict[str, Any] = {"path": path, "size": source.files(run)[path]}
    if _media_type(bytes(begun)) != _OTHER:
        return {**found, "kind": "image"}
    if b"\0" in begun:
        return {**found, "kind": "binary"}
    text = bytes(begun[:_SHOWN]).decode(errors="replace")
    return {**found, "kind": "text", "text": text, "cut": len(begun) > _SHOWN}


def _parts(source: RunSource, run: StoredRun, path: str) -> Iterator[bytes]:
    """The content of a file.

    Raises:
        RunNotFoundError: The run has no such file.
    """
    # A journal may name any path, so only files that were found are read.
    if source.files(run).get(path) is None:
        raise RunNotFoundError(f"the run has no file {path!r}")
    return iter(source.read_file(run, path))


def _media_type(content: bytes) -> str:
    """The media type of an image by its first bytes; `_OTHER` for all other files."""
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for start, kind in _IMAGES.items() if content.startswith(start)), _OTHER)
