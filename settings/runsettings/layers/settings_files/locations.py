"""Finds the directories of settings files: of the site, the user, the project, the workspace.

They are those of the wandb client, which reads and writes the same files.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from runsettings.layers.base import Inputs

_LINUX_SITE: Final = Path("/etc/xdg")

_IS_LINUX: Final = sys.platform == "linux"


def site_directory() -> Path:
    """The administrator's directory.

    It is fixed, because its file can lock keys. ``platformdirs`` follows ``XDG_CONFIG_DIRS`` on
    Linux, which any user can set.
    """
    if sys.platform == "darwin":
        return Path("/Library/Application Support")
    if sys.platform == "win32":
        import platformdirs  # asks Windows itself, not a variable

        return Path(platformdirs.site_config_dir(appauthor=False))
    return _LINUX_SITE


def user_directory(app_name: str, environ: Mapping[str, str]) -> str | None:
    """The user's configuration directory for an application.

    It is ``$WANDB_CONFIG_DIR`` (for another application, ``$<APP>_CONFIG_DIR``), else the
    platform's directory, else ``~/.config``.

    Args:
        app_name: The folder name of the application.
        environ: The environment.

    Returns:
        ``None`` if the user's home directory is unknown.
    """
    explicit = environ.get(f"{app_name.upper()}_CONFIG_DIR")
    if explicit:
        return explicit
    if environ is os.environ and not (_IS_LINUX and environ.get("HOME")):
        try:
            preferred, fallback = _platform_places(app_name)
        except (OSError, KeyError, RuntimeError):  # no HOME, and no entry for the user id
            return None
    else:
        # On Linux the rule is one line, and importing platformdirs would slow down each start.
        # For an environment that the caller passed, it cannot be used: it reads this process's.
        home = environ.get("HOME") or environ.get("USERPROFILE")
        base = environ.get("XDG_CONFIG_HOME", "")
        if not os.path.isabs(base):  # noqa: PTH117 - the XDG standard ignores a relative path
            base = f"{home}/.config" if home else ""
        if not base:
            return None
        preferred = os.path.join(base, app_name)  # noqa: PTH118 - on every start
        fallback = os.path.join(home, ".config", app_name) if home else preferred  # noqa: PTH118
    if preferred != fallback and not os.path.isdir(preferred) and os.path.isdir(fallback):  # noqa: PTH112
        return fallback
    return preferred


def _platform_places(app_name: str) -> tuple[str, str]:
    """The platform's directory, and the one in ``~/.config``.

    Raises:
        KeyError: The home directory is unknown.
    """
    import platformdirs  # a few milliseconds, and not needed on Linux

    preferred = platformdirs.user_config_dir(app_name, appauthor=False)
    fallback = os.path.expanduser(f"~/.config/{app_name}")  # noqa: PTH111 - may lack a home
    if fallback.startswith("~") and preferred == fallback:
        raise KeyError("no home")
    return preferred, fallback


def is_there(path: str) -> bool:
    """Whether a path exists, or may exist.

    A dangling link or a directory without permission counts, so that the reader reports it.
    """
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError):
        return True
    return True


def workspace_directory(root: Path, app_name: str) -> str:
    """The directory of the workspace's settings and runs.

    It is ``<root>/.wandb`` if that is a directory, else ``<root>/wandb``, as in the wandb client.

    Args:
        root: The directory that has the workspace.
        app_name: The folder name of the application.
    """
    hidden = os.path.join(root, f".{app_name}")  # noqa: PTH118 - on every start
    is_hidden = os.path.isdir(hidden)  # noqa: PTH112 - raises for no path
    return hidden if is_hidden else os.path.join(root, app_name)  # noqa: PTH118 - as above


def find_pyproject(start: Path) -> str | None:
    """The path of the nearest ``pyproject.toml`` in ``start`` or above it."""
    directory = str(start)
    while True:
        candidate = os.path.join(directory, "pyproject.toml")  # noqa: PTH118 - on every start
        if is_there(candidate):
            return candidate
        parent = os.path.dirname(directory)  # noqa: PTH120 - the same
        if parent == directory:
            return None
        directory = parent


def root_of(inputs: Inputs, value: object) -> Path | None:
    """The directory that a value of the root field names.

    Args:
        inputs: They have the directory that a relative path starts from.
        value: A raw value, of any type.

    Returns:
        ``None`` if the value is not a path.
    """
    is_path = isinstance(value, (str, Path)) and str(value) and "\0" not in str(value)
    return inputs.cwd / value if is_path else None  # type: ignore[operator]
