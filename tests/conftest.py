"""Every test lives in a jail: its own directory, home, site directory and a clean environment."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import pytest
from hypothesis import settings

# The gate asks the same questions each time; the long form (`make long`) looks for new ones.
settings.register_profile("gate", derandomize=True, deadline=None)
settings.register_profile("long", deadline=None, max_examples=2000)
settings.load_profile("long" if os.environ.get("RUNSETTINGS_LONG") else "gate")

KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "TMPDIR", "PYTHONPATH", "VIRTUAL_ENV", "SYSTEMROOT")


@dataclasses.dataclass(frozen=True)
class Jail:
    """The surroundings of one test.

    Attributes:
        cwd: The working directory.
        home: The home directory; the user's settings are under ``.config``.
        site: Stands for the platform's site directory.
        monkeypatch: Undoes what `setenv` does.
    """

    cwd: Path
    home: Path
    site: Path
    monkeypatch: pytest.MonkeyPatch

    def write(self, name: str | Path, text: str | bytes) -> Path:
        """Write a file below the working directory, with its parents, exactly as given."""
        path = self.cwd / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def write_user(self, text: str) -> Path:
        """Write the user's settings file."""
        return self.write(self.home / ".config" / "wandb" / "settings", text)

    def write_site(self, text: str) -> Path:
        """Write the site's settings file."""
        return self.write(self.site / "wandb" / "settings", text)

    def write_workspace(self, text: str) -> Path:
        """Write the workspace's settings file."""
        return self.write("wandb/settings", text)

    def setenv(self, **variables: str) -> None:
        """Set environment variables."""
        for name, value in variables.items():
            self.monkeypatch.setenv(name, value)


@pytest.fixture(autouse=True)
def jail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Jail:
    """Put the test into directories and an environment of its own."""
    cwd, home, site = (tmp_path / name for name in ("project", "home", "site"))
    for directory in (cwd, home, site):
        directory.mkdir()
    for name in list(os.environ):
        if name not in KEPT_VARIABLES and not name.startswith(("PYTEST_", "HYPOTHESIS_", "COV_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    # A pyproject.toml above the temporary directory must not reach into a test.
    monkeypatch.chdir(cwd)
    monkeypatch.setattr("runsettings.layers.places.site_directory", lambda: site)
    return Jail(cwd, home, site, monkeypatch)
