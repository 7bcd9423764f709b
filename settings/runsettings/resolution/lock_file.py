"""Writes and reads lock files, and compares two of them.

A lock file holds the value of every setting, the layer and place that set it, and a hash of each
file that was read. Its lines are sorted and stable, so that a diff shows what changed. A secret is
stored as a hash with a random key for each lock file: the hash shows that a secret has changed,
but cannot be looked up in a table of known secrets.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from runsettings.documents.files import Format, read_file
from runsettings.resolution.validation_errors import show_value
from runsettings.values.diagnostic import Diagnostic, Rule, Severity
from runsettings.values.errors import SettingsError
from runsettings.values.origin import Layer, Origin, origin_of_text

VERSION: Final = 1
"""The version of the format; it rises when older readers can no longer read new files."""

_ROUNDS: Final = 100_000
"""Rounds of PBKDF2, to make it slow to find a weak secret by trying candidates."""

_HASH: Final = "pbkdf2-sha256:"


class LockedValue(NamedTuple):
    """One setting as it was locked."""

    value: Any
    """The value as JSON; ``None`` for a secret."""
    hash: str | None
    """The hash of a secret; ``None`` for any other value."""
    layer: str
    where: str
    """The origin without line numbers, which may change although the value does not."""
    origin: Origin | None = None
    """The full origin of a value resolved now; ``None`` for one read from a lock file."""


class Lock(NamedTuple):
    """A whole lock file.

    Attributes:
        model: The settings class, ``module:Class``.
        package: The version of this package.
        key: The key of the hashes of secrets, as hexadecimal.
        settings: The values by key.
        files: A SHA-256 of each file that was read, by name.
    """

    model: str
    package: str
    key: str
    settings: Mapping[str, LockedValue]
    files: Mapping[str, str]


def new_key() -> str:
    """A random key for the hashes of one lock file."""
    return os.urandom(16).hex()


def hash_secret(secret: str, key: str) -> str:
    """The keyed hash (PBKDF2 with HMAC-SHA256) of a secret.

    Args:
        secret: The secret.
        key: The key of the lock file, as hexadecimal.
    """
    digest = hashlib.pbkdf2_hmac("sha256", secret.encode(), bytes.fromhex(key), _ROUNDS)
    return _HASH + digest.hex()


def write_lock(lock: Lock) -> str:
    """The text of a lock file: JSON with one setting on each line."""
    settings = [
        f"    {_json(key)}: {_json(_members(locked))}"
        for key, locked in sorted(lock.settings.items())
    ]
    files = [f"    {_json(name)}: {_json(digest)}" for name, digest in sorted(lock.files.items())]
    return "\n".join(
        [
            "{",
            f'  "version": {VERSION},',
            f'  "runsettings": {_json(lock.package)},',
            f'  "model": {_json(lock.model)},',
            f'  "key": {_json(lock.key)},',
            f'  "settings": {_block(settings)},',
            f'  "files": {_block(files)}',
            "}",
            "",
        ]
    )


def read_lock(path: Path, where: str) -> Lock:
    """Read a lock file.

    Args:
        path: The file.
        where: Its name in messages; a `PlacedText` has the place that names it.

    Raises:
        SettingsError: It cannot be read, or is not a lock file of this version.
    """
    origin = origin_of_text(where)
    if not path.exists():
        raise SettingsError.of(
            Rule.UNREADABLE_FILE,
            "the lock file does not exist"
            if origin is None
            else f"{where}: the lock file does not exist",
            origin=origin or Origin(Layer.FILE, where),
            hint="run `runsettings lock` to write one",
            subject=where,
        )
    reading = read_file(path, Layer.FILE, where=where, format=Format.JSON)
    if origin is not None:
        reading = reading.named_by(origin)
    if any(each.is_error for each in reading.diagnostics):
        raise SettingsError(reading.diagnostics, where)
    data = reading.tree.data
    version = data.get("version")
    if version != VERSION:
        raise _no_lock(f"its version is {version!r}; this program reads version {VERSION}", where)
    try:
        return Lock(
            model=str(data["model"]),
            package=str(data["runsettings"]),
            key=bytes.fromhex(data["key"]).hex(),
            settings={
                key: LockedValue(
                    locked.get("value"),
                    locked.get("hash"),
                    str(locked["layer"]),
                    str(locked["where"]),
                )
                for key, locked in data["settings"].items()
            },
            files={name: str(digest) for name, digest in data["files"].items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        detail = f"it has no {error}" if isinstance(error, KeyError) else str(error)
        raise _no_lock(detail, where) from error


def _no_lock(detail: str, where: str) -> SettingsError:
    return SettingsError.of(
        Rule.LOCK_DRIFT,
        f"{where} is not a lock file: {detail}",
        origin=Origin(Layer.FILE, where),
        hint="write it again with `runsettings lock`",
        subject=where,
    )


def drift(then: Lock, now: Lock) -> list[Diagnostic]:
    """A diagnostic for each change between two lock files.

    A changed value is an error. A changed origin of the same value, or a changed file, is a
    warning: the run would be the same.

    Args:
        then: The lock file that was written.
        now: The lock file that the settings would give now.
    """
    if then.model != now.model:
        message = f"the lock file is for {then.model}, not for {now.model}"
        return [Diagnostic.of(Rule.LOCK_DRIFT, (), message)]
    found: list[Diagnostic] = []
    told: set[str] = set()
    for key in sorted(then.settings.keys() | now.settings.keys()):
        changed = _changed(key, then.settings.get(key), now.settings.get(key))
        if changed is not None:
            found.append(changed)
            told |= {at.where for at in (then.settings.get(key), now.settings.get(key)) if at}
    found += [
        _file_changed(name, then.files.get(name), now.files.get(name))
        for name in sorted(then.files.keys() | now.files.keys())
        # Where a value of the file changed, the file is named already.
        if then.files.get(name) != now.files.get(name) and name not in told
    ]
    return found


def _changed(key: str, was: LockedValue | None, now: LockedValue | None) -> Diagnostic | None:
    if now is None:
        return _drifted(key, "changed: was locked, and is not a setting now", None)
    if was is None:
        return _drifted(key, f"changed: was not locked, {_now(now)}", now.origin)
    if (was.value, was.hash) != (now.value, now.hash):
        before = "another secret" if was.hash is not None else show_value(was.value)
        return _drifted(key, f"changed: was {before}, {_now(now)}", now.origin)
    if (was.layer, was.where) != (now.layer, now.where):
        message = (
            f"changed: the same value was from {was.layer} {was.where}, "
            f"now from {now.layer} {now.where}"
        )
        return _drifted(key, message, now.origin, Severity.WARNING)
    return None


def _now(now: LockedValue) -> str:
    value = "a secret" if now.hash is not None else show_value(now.value)
    return f"now {value} from {now.layer} {now.origin or now.where}"


def _drifted(
    key: str, message: str, origin: Origin | None, severity: Severity | None = None
) -> Diagnostic:
    path = tuple(key.split("."))
    return Diagnostic.of(Rule.LOCK_DRIFT, path, message, origin, severity=severity)


def _file_changed(name: str, was: str | None, now: str | None) -> Diagnostic:
    message = f"{name} changed, but no value changed"
    if was is None:
        message = f"{name} is read now, but was not read when the settings were locked"
    elif now is None:
        message = f"{name} was read when the settings were locked, but is not read now"
    origin, severity = Origin(Layer.FILE, name), Severity.WARNING
    return Diagnostic.of(Rule.LOCK_DRIFT, (), message, origin, severity=severity)


def _members(locked: LockedValue) -> dict[str, Any]:
    value = {"value": locked.value} if locked.hash is None else {"hash": locked.hash}
    return {**value, "layer": locked.layer, "where": locked.where}


def _block(lines: list[str]) -> str:
    return "{\n" + ",\n".join(lines) + "\n  }" if lines else "{}"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
