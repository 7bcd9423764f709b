"""Resolved settings as a file that is committed, and what has drifted from it since.

A lock file holds every setting's value, the layer and place that set it, and a hash of each
file that was read. Lines are sorted and stable, so that a difference shows what changed. Of a
secret it holds a hash alone, under a random key of the file's own: enough to tell that a
secret has changed, useless for looking it up in a table of known secrets.
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
from runsettings.values.origin import Layer, Origin

VERSION: Final = 1
"""The version of the format; it rises when older readers could no longer read it."""

_ROUNDS: Final = 100_000
"""Rounds of PBKDF2: a weak secret must not be found by trying all of them."""

_HASH: Final = "pbkdf2-sha256:"


class LockedValue(NamedTuple):
    """One setting as it was locked."""

    value: Any
    """As JSON has it; ``None`` for a secret."""
    hash: str | None
    """Of a secret."""
    layer: str
    where: str
    """The place without line numbers, which change when nothing else does."""
    origin: Origin | None = None
    """The whole place; known for what was resolved now, not for what was read."""


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
    """The keyed hash (PBKDF2 with HMAC-SHA256) of a secret."""
    digest = hashlib.pbkdf2_hmac("sha256", secret.encode(), bytes.fromhex(key), _ROUNDS)
    return _HASH + digest.hex()


def write_lock(lock: Lock) -> str:
    """The text of a lock file: JSON with one setting a line."""
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

    Raises:
        SettingsError: It cannot be read, or is no lock file of this version.
    """
    if not path.exists():
        raise SettingsError.of(
            Rule.UNREADABLE_FILE,
            "the lock file does not exist",
            origin=Origin(Layer.FILE, where),
            hint="run `runsettings lock` to write one",
            subject=where,
        )
    reading = read_file(path, Layer.FILE, where=where, format=Format.JSON)
    if any(each.is_error for each in reading.diagnostics):
        raise SettingsError(reading.diagnostics, where)
    data = reading.tree.data
    version = data.get("version")
    if version != VERSION:
        raise _no_lock(f"its version is {version!r}, and {VERSION} is what is read", where)
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
        hint="write it anew with `runsettings lock`",
        subject=where,
    )


def drift(then: Lock, now: Lock) -> list[Diagnostic]:
    """What has changed since ``then``, a line for each.

    Another value is an error. Another origin of the same value and other bytes of a file are
    warnings: the run would be the same.
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
        # A file whose values changed was told about.
        if then.files.get(name) != now.files.get(name) and name not in told
    ]
    return found


def _changed(key: str, was: LockedValue | None, now: LockedValue | None) -> Diagnostic | None:
    if now is None:
        return _drifted(key, "changed: was locked, and is no setting now", None)
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
    message = f"{name} changed, but no value with it"
    if was is None:
        message = f"{name} is read now, and was not when the settings were locked"
    elif now is None:
        message = f"{name} was read when the settings were locked, and is not now"
    origin, severity = Origin(Layer.FILE, name), Severity.WARNING
    return Diagnostic.of(Rule.LOCK_DRIFT, (), message, origin, severity=severity)


def _members(locked: LockedValue) -> dict[str, Any]:
    value = {"value": locked.value} if locked.hash is None else {"hash": locked.hash}
    return {**value, "layer": locked.layer, "where": locked.where}


def _block(lines: list[str]) -> str:
    return "{\n" + ",\n".join(lines) + "\n  }" if lines else "{}"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
