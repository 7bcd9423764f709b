"""Reads files: opens them, checks their size, decodes them, and calls the reader of their format.

The result is a `Reading`, whatever the file is. A pipe or device is rejected before it is opened,
because opening it can block or have an effect. The size is checked before anything is read.
"""

from __future__ import annotations

import codecs
import enum
import errno
import functools
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from runsettings._deferred import deferred
from runsettings.documents.limits import MAX_BYTES
from runsettings.values.diagnostic import Diagnostic, Rule, Severity
from runsettings.values.origin import Layer, Origin
from runsettings.values.reading import Reading
from runsettings.values.tree import Tree

if TYPE_CHECKING:
    from runsettings.documents import ini, json, text_diagnostics
    from runsettings.values import did_you_mean
else:
    ini = deferred("runsettings.documents.ini")
    json = deferred("runsettings.documents.json")
    text_diagnostics = deferred("runsettings.documents.text_diagnostics")
    did_you_mean = deferred("runsettings.values.did_you_mean")

Reader: TypeAlias = Callable[[str, Layer, str], Reading]


class Format(enum.StrEnum):
    """The formats that settings and configs are written in."""

    YAML = "yaml"
    JSON = "json"
    TOML = "toml"
    INI = "ini"

    @classmethod
    def of(cls, path: str | os.PathLike[str]) -> Format | None:
        """The format that the suffix of a file means, or ``None``. No suffix means INI."""
        return _SUFFIXES.get(suffix_of(path).lower())


_SUFFIXES: Final = {
    ".yaml": Format.YAML,
    ".yml": Format.YAML,
    ".json": Format.JSON,
    ".toml": Format.TOML,
    ".ini": Format.INI,
    "": Format.INI,
}


def suffix_of(path: str | os.PathLike[str]) -> str:
    """The suffix of a file's name, as `Path.suffix` has it, without making a `Path`."""
    name = os.fspath(path).rpartition(os.sep)[2]
    at = name.rfind(".")
    return name[at:] if 0 < at < len(name) - 1 else ""


_BOMS: Final = (
    # UTF-32 first: its little-endian mark begins with that of UTF-16.
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)

_KINDS: Final = (
    (stat.S_ISDIR, "is a directory, not a file"),
    (stat.S_ISFIFO, "is a pipe, not a file"),
    (stat.S_ISSOCK, "is a socket, not a file"),
    (stat.S_ISCHR, "is a device, not a file"),
    (stat.S_ISBLK, "is a device, not a file"),
)


class FileText(NamedTuple):
    """A file's text."""

    text: str | None
    """Without its byte order mark; ``None`` if it cannot be read."""
    diagnostics: tuple[Diagnostic, ...]
    """Why it cannot be read."""
    mark: bytes = b""
    """Its byte order mark."""


class _UnreadableError(Exception):
    """A file cannot be read or decoded. It never leaves this module."""

    def __init__(self, rule: Rule, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.rule = rule
        self.message = message
        self.hint = hint

    def diagnostic(self, layer: Layer, where: str) -> Diagnostic:
        """The error as a diagnostic about the whole file."""
        origin = Origin(layer, where)
        return Diagnostic(self.rule, Severity.ERROR, (), self.message, origin, hint=self.hint)


def read_file(
    path: str | os.PathLike[str],
    layer: Layer,
    *,
    where: str | None = None,
    format: Format | None = None,  # noqa: A002 - the usual name
    limit: int = MAX_BYTES,
    yaml11: bool = False,
) -> Reading:
    """Read a settings or config file. Never raises for what the file is or holds.

    Args:
        path: The file.
        layer: The layer that its values belong to.
        where: Its name in origins; the path as given if left out.
        format: Its format; that of its suffix if left out.
        limit: The largest size that is read, in bytes.
        yaml11: Whether to read the scalars of YAML by YAML 1.1, as PyYAML does.

    Returns:
        Its values with their positions, and its diagnostics.
    """
    where = str(path) if where is None else where
    format = format or Format.of(path)  # noqa: A001 - as above
    if format is None:
        problem = _UnreadableError(
            Rule.UNREADABLE_FILE,
            f"cannot tell the format of a {suffix_of(path)} file",
            f"name it with one of {', '.join(suffix for suffix in _SUFFIXES if suffix)}",
        )
        return _read(FileText(None, (problem.diagnostic(layer, where),)), layer, where, Format.INI)
    content = read_bytes(path, layer, where=where, limit=limit)
    return _read(content, layer, where, format, yaml11=yaml11)


def read_bytes(
    path: str | os.PathLike[str],
    layer: Layer,
    *,
    where: str,
    limit: int = MAX_BYTES,
    encoding: str | None = None,
) -> FileText:
    """Read and decode a file of any format. Never raises for what the file is or holds.

    Args:
        path: The file.
        layer: The layer that its values belong to.
        where: Its name in origins.
        limit: The largest size that is read, in bytes.
        encoding: The name of its encoding; UTF-8 if left out.

    Returns:
        The text, or why it cannot be read.
    """
    try:
        return _decode(_bytes_of(path, where, limit), layer, where, encoding)
    except _UnreadableError as problem:
        return FileText(None, (problem.diagnostic(layer, where),))


def read_text(
    text: str | bytes,
    layer: Layer,
    where: str,
    format: Format,  # noqa: A002
    *,
    yaml11: bool = False,
) -> Reading:
    """Read a text, or the bytes of one in UTF-8. Never raises for what it holds.

    Args:
        text: The text; a byte order mark of UTF-8 is skipped.
        layer: The layer that its values belong to.
        where: Its name in origins.
        format: Its format.
        yaml11: Whether to read the scalars of YAML by YAML 1.1, as PyYAML does.

    Returns:
        Its values with their positions, and its diagnostics.
    """
    return _read(_decode(text, layer, where), layer, where, format, yaml11=yaml11)


def _read(
    content: FileText,
    layer: Layer,
    where: str,
    format: Format,  # noqa: A002
    *,
    yaml11: bool = False,
) -> Reading:
    if content.text is None:
        return Reading(Tree(layer, where, directives=False), content.diagnostics)
    return _reader(format, yaml11=yaml11)(content.text, layer, where)


def _bytes_of(path: str | os.PathLike[str], where: str, limit: int) -> bytes:
    try:
        _check_kind(os.stat(path))  # noqa: PTH116 - making a path takes longer
        # Another process may have put a pipe there meanwhile: never wait for its writer.
        descriptor = os.open(
            path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        )
        with open(descriptor, "rb") as file:  # noqa: PTH123 - a descriptor, not a path
            status = os.fstat(descriptor)
            _check_kind(status)
            _check_size(status.st_size, limit)
            # `read` allocates the number of bytes that it is called with.
            content = file.read(status.st_size + 1)
            if len(content) != status.st_size:
                # The file grew meanwhile, or its file system reports no size.
                content += file.read(limit + 1 - len(content))
                _check_size(len(content), limit)
            return content
    except OSError as error:
        raise _unreadable(Path(path), where, error) from error
    except ValueError as error:
        raise _UnreadableError(Rule.UNREADABLE_FILE, f"is not a file name: {error}") from error


def _check_kind(status: os.stat_result) -> None:
    if stat.S_ISREG(status.st_mode):
        return
    for is_kind, message in _KINDS:
        if is_kind(status.st_mode):
            raise _UnreadableError(Rule.UNREADABLE_FILE, message)


def _check_size(size: int, limit: int) -> None:
    if size > limit:
        raise _UnreadableError(
            Rule.FILE_TOO_LARGE,
            f"holds more than {limit:,} bytes, the most that is read",
            "is this the right file?",
        )


def _unreadable(path: Path, where: str, error: OSError) -> _UnreadableError:
    if isinstance(error, FileNotFoundError):
        if path.is_symlink():
            return _UnreadableError(
                Rule.UNREADABLE_FILE, f"is a link to {path.readlink()}, which does not exist"
            )
        place = "the working directory" if path.parent == Path() else path.parent
        hint = _similar(path, where) or "create it, or correct its path"
        return _UnreadableError(Rule.UNREADABLE_FILE, f"the file does not exist in {place}", hint)
    if isinstance(error, PermissionError):
        return _UnreadableError(
            Rule.UNREADABLE_FILE, "may not be read", "its permissions forbid it to this user"
        )
    if error.errno == errno.ELOOP:
        return _UnreadableError(Rule.UNREADABLE_FILE, "is a link that leads back to itself")
    reason = error.strerror or type(error).__name__
    return _UnreadableError(Rule.UNREADABLE_FILE, f"cannot be read: {reason}")


def _similar(path: Path, where: str) -> str | None:
    """A hint that names a file of a similar name in the same directory, written as ``where`` is."""
    try:
        with os.scandir(path.parent) as entries:
            siblings = [entry.name for entry in entries if entry.is_file()]
    except OSError:
        return None
    # The stems are compared without suffixes, which many config files share. A file with the same
    # suffix is meant first, and a file of no format never: `train.py` stands beside `train.yaml`.
    alike = [name for name in siblings if Path(name).suffix == path.suffix]
    readable = [name for name in siblings if Path(name).suffix and Format.of(name)]
    for names in (alike, readable):
        stems = {Path(name).stem.casefold(): name for name in sorted(names, reverse=True)}
        close = did_you_mean.closest(path.stem.casefold(), stems)
        if close is not None:
            written = Path(where) if Path(where).name == path.name else path
            return f"did you mean {str(written.with_name(stems[close]))!r}?"
    return None


def _decode(text: str | bytes, layer: Layer, where: str, encoding: str | None = None) -> FileText:
    """The text without its byte order mark, or why it cannot be decoded."""
    if encoding is not None and isinstance(text, bytes):
        try:
            return FileText(text.decode(encoding), ())
        except (UnicodeDecodeError, LookupError) as error:
            reason = f"cannot be decoded: {error}"
            if isinstance(error, UnicodeDecodeError):
                reason = f"byte 0x{text[error.start]:02x} is not {encoding}"
            problem = _UnreadableError(Rule.UNREADABLE_FILE, reason)
            return FileText(None, (problem.diagnostic(layer, where),))
    start: int | None = None
    message = ""
    if isinstance(text, str):
        decoded = text
        try:
            text.encode()
        except UnicodeEncodeError as error:
            message = f"character U+{ord(text[error.start]):04X} is half of a surrogate pair"
            start = error.start
            decoded = text.encode(errors="replace").decode()
    elif other := [encoding for mark, encoding in _BOMS if text.startswith(mark)]:
        decoded, start, message = "", 0, f"is written in {other[0]}, not in UTF-8"
    else:
        try:
            decoded = text.decode()
        except UnicodeDecodeError as error:
            message = f"byte 0x{text[error.start]:02x} is not UTF-8"
            start = len(text[: error.start].decode())
            decoded = text.decode(errors="replace")
    plain = decoded.removeprefix("\ufeff")
    marked = plain is not decoded
    if start is None:
        return FileText(plain, (), codecs.BOM_UTF8 if marked else b"")
    diagnostics = text_diagnostics.TextDiagnostics(plain, layer, where)
    diagnostics.add_at(Rule.UNREADABLE_FILE, message, start - marked, hint="save the file as UTF-8")
    return FileText(None, diagnostics.in_order())


def _reader(format: Format, *, yaml11: bool) -> Reader:  # noqa: A002
    if format is Format.YAML:
        from runsettings.documents.yaml import reader  # PyYAML: few programs read YAML

        return functools.partial(reader.read, yaml11=yaml11)
    if format is Format.TOML:
        from runsettings.documents import toml  # tomllib: few programs read TOML

        return toml.read
    return ini.read if format is Format.INI else json.read
