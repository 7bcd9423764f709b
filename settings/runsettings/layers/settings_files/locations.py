"""Where settings files are: the platform's, the user's, the project's, the workspace's places.

The places are those of the wandb client, which reads and writes the same files.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

_LINUX_SITE: Final = Path("/etc/xdg")

_IS_LINUX: Final = sys.platform == "linux"


def site_directory() -> Path:
    """The administrator's directory.

    It is fixed. ``platformdirs`` follows ``XDG_CONFIG_DIRS`` on Linux, which any user can set;
    a place that locks keys must not be one that a user can move.
    """
    if sys.platform == "darwin":
        return Path("/Library/Application Support")
    if sys.platform == "win32":
        import platformdirs  # asks Windows itself, not a variable

        return Path(platformdirs.site_config_dir(appauthor=False))
    return _LINUX_SITE


def user_directory(app_name: str, environ: Mapping[str, str]) -> str | None:
    """The user's configuration directory for ``app_name``.

    ``$WANDB_CONFIG_DIR`` (for another application, ``$<APP>_CONFIG_DIR``), else the platform's
    place, else ``~/.config``. ``None`` if nothing tells where the user lives.
    """
    explicit = environ.get(f"{app_name.upper()}_CONFIG_DIR")
    if explicit:
        return explicit
    if environ is os.environ and not (_IS_LINUX and environ.get("HOME")):
        try:
            preferred, fallback = _platform_places(app_name)
        except (OSError, KeyError, RuntimeError):  # no home, and nobody of that id has one
            return None
    else:
        # On Linux the rule is one line, and platformdirs would cost a hundredth of a start. An
        # environment that was handed in it cannot be asked about: it reads this process's.
        home = environ.get("HOME") or environ.get("USERPROFILE")
        base = environ.get("XDG_CONFIG_HOME", "")
        if not os.path.isabs(base):  # noqa: PTH117 - the standard passes over a relative one
            base = f"{home}/.config" if home else ""
        if not base:
            return None
        preferred = os.path.join(base, app_name)  # noqa: PTH118 - on every start
        fallback = os.path.join(home, ".config", app_name) if home else preferred  # noqa: PTH118
    if preferred != fallback and not os.path.isdir(preferred) and os.path.isdir(fallback):  # noqa: PTH112
        return fallback
    return preferred


def _platform_places(app_name: str) -> tuple[str, str]:
    """The platform's place, and ``~/.config``."""
    import platformdirs  # costs a few milliseconds, and knows every platform

    preferred = platformdirs.user_config_dir(app_name, appauthor=False)
    fallback = os.path.expanduser(f"~/.config/{app_name}")  # noqa: PTH111 - may lack a home
    if fallback.startswith("~") and preferred == fallback:
        raise KeyError("no home")
    return preferred, fallback


def is_there(path: str) -> bool:
    """Whether there is something to read, or something to complain of.

    A dangling link or a directory without permission is a fault for the reader to report; only
    what does not exist is passed over.
    """
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError):
        return True
    return True


def workspace_directory(root: Path, app_name: str) -> str:
    """``<root>/.wandb`` if it is a directory, else ``<root>/wandb``, as the wandb client has it.

    Settings are read from there, and runs go there.
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
