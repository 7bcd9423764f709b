"""Makes the lock file of settings, and compares settings with one that was written."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic_settings import BaseSettings

from runsettings._version import __version__
from runsettings.models import provenance
from runsettings.models.exporting import json_value
from runsettings.models.model_options import options
from runsettings.models.validating import resolution_of
from runsettings.resolution.lock_file import (
    Lock,
    LockedValue,
    drift,
    hash_secret,
    new_key,
    read_lock,
)
from runsettings.resolution.secrets import secret_texts
from runsettings.values.diagnostic import Diagnostic
from runsettings.values.errors import SettingsError
from runsettings.values.key_paths import format_path
from runsettings.values.origin import Origin
from runsettings.values.tree import Tree


def lock_of(settings: BaseSettings, cwd: Path, key: str | None = None) -> Lock:
    """The lock file of ``settings``.

    Args:
        settings: The settings.
        cwd: The directory that the names of files are relative to.
        key: The key of the secrets' hashes; a new one if left out. With the key of an earlier
            lock file, equal secrets have equal hashes.
    """
    key = new_key() if key is None else key
    model = type(settings)
    locked: dict[str, LockedValue] = {}
    for option in options(model).leaves():
        value = provenance.get(settings, option.path)
        origin = provenance.origin(settings, option.path)
        secret = option.secret and value is not None
        locked[format_path(option.path)] = LockedValue(
            None if secret else provenance.hide(settings, json_value(value)),
            hash_secret(_text(value), key) if secret else None,
            origin.layer.label,
            _place(origin),
            origin,
        )
    return Lock(
        model=f"{model.__module__}:{model.__qualname__}",
        package=__version__,
        key=key,
        settings=locked,
        files=dict(_digests(resolution_of(settings).merged.sources, cwd)),
    )


def drift_of(settings: BaseSettings, path: str | Path, cwd: Path) -> list[Diagnostic]:
    """A diagnostic for each change since a lock file was written.

    Args:
        settings: The settings.
        path: The lock file.
        cwd: The directory that ``path`` and the names of files are relative to.

    Raises:
        SettingsError: The file cannot be read, or is not a lock file.
    """
    then = read_lock(cwd / path, os.fspath(path))
    return drift(then, lock_of(settings, cwd, then.key))


def hold_to_lock(
    settings: BaseSettings, path: str | Path, cwd: Path, *, strict: bool = False
) -> None:
    """Refuse settings that differ from a lock file.

    Args:
        settings: The settings.
        path: The lock file.
        cwd: The directory that ``path`` and the names of files are relative to.
        strict: Whether a changed origin or file is an error as well.

    Raises:
        SettingsError: A value has changed; under ``strict``, an origin or a file has changed; or
            the lock file cannot be read.
    """
    found = [each for each in drift_of(settings, path, cwd) if each.is_error or strict]
    if found:
        raise SettingsError(each.as_error() for each in found)


def _text(secret: Any) -> str:
    """A secret, or a list or mapping of secrets, as one text."""
    return json.dumps(list(secret_texts(secret)))


def _place(origin: Origin) -> str:
    where = _at_home(origin.where)
    return f"{where} {origin.call}" if origin.call else where


def _at_home(where: str) -> str:
    """A path under the home directory as ``~/…``: a lock file is shared between people."""
    try:
        return f"~/{Path(where).relative_to(Path.home()).as_posix()}"
    except (ValueError, RuntimeError):
        return where


def _digests(sources: Iterable[Tree], cwd: Path) -> Iterable[tuple[str, str]]:
    for source in sources:
        if not source.kind.is_file:
            continue
        path = cwd / source.where
        if path.is_file():
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            yield _at_home(source.where), f"sha256:{digest}"
