"""A machine that lacks what most have is not an error: a layer is skipped, with a warning."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable

import pytest

import runsettings
from runsettings import Layer, Settings, SettingsWarning

NOBODY = 54321
"""A user id without an entry in the password file."""

PRELUDE = """
import os, pathlib, warnings
import runsettings
from runsettings import Layer, Settings, SettingsError
warnings.simplefilter("ignore")
Settings(); runsettings.init(mode="disabled"); runsettings.finish()  # all that is loaded late
def become_nobody(base=pathlib.Path.cwd().parent):
    for directory in (base, *base.rglob("*")):
        if directory.is_dir() and directory.stat().st_mode & 0o777:
            directory.chmod(0o777)
    for directory in base.parents:
        if directory.stat().st_uid == os.geteuid() and not directory.stat().st_mode & 1:
            directory.chmod(0o755)
    if os.geteuid() == 0:
        os.setgroups([]); os.setgid({nobody}); os.setuid({nobody})
def told(make):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        make()
    return "\\n".join(str(warning.message) for warning in caught)
"""


@pytest.fixture
def run(jail) -> Callable[[str], str]:
    """Run lines in a process of its own, in a directory that anybody may enter; its output."""

    def go(code: str) -> str:
        lines = PRELUDE.format(nobody=NOBODY) + textwrap.dedent(code)
        done = subprocess.run(
            [sys.executable, "-c", lines], cwd=jail.cwd, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return go


def test_a_user_without_name_and_home(run):
    """Containers run as ids that no password file has; all but the user's layer is read."""
    out = run("""
        become_nobody()
        del os.environ["HOME"]
        os.environ["WANDB_PROJECT"] = "mine"
        print(told(lambda: print(Settings().project)))
        print(type(runsettings.init(mode="disabled")).__name__)
    """)
    if os.geteuid() == 0:  # any other user has a name
        assert "warning: the directory of the user's settings is unknown; they are not read" in out
        assert "$HOME" in out
    assert out.startswith("mine\n")
    assert out.endswith("RunDisabled\n")


def test_a_deleted_working_directory(jail, monkeypatch):
    """Only what is looked for in the directory is skipped."""
    gone = jail.cwd / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    jail.setenv(WANDB_PROJECT="mine")
    jail.write(jail.home / ".config/wandb/settings", "[default]\nentity = team\n")
    with pytest.warns(SettingsWarning, match="the working directory was deleted") as caught:
        settings = Settings()
    assert (settings.project, settings.entity) == ("mine", "team")
    assert len(caught) == 1
    assert Settings.resolve(layers=[Layer.ENV, Layer.INIT]).project == "mine"
    assert Settings.resolve(cwd=jail.cwd).project == "mine"
    with pytest.warns(SettingsWarning, match="the working directory was deleted"):
        run = runsettings.init(mode="disabled")
    run.finish()
    monkeypatch.chdir(jail.cwd)


FORBIDDEN = [
    ("home/.config/wandb/settings", "home/.config/wandb/settings", "may not be read"),
    ("home/.config/wandb/settings", "home/.config", "may not be searched"),
    ("home/.config/wandb/settings", "home/.config/wandb", "may not be searched"),
    ("project/wandb/settings", "project/wandb", "may not be searched"),
    ("project/wandb/settings", "project/wandb/settings", "may not be read"),
    ("project/pyproject.toml", "project/pyproject.toml", "may not be read"),
]


@pytest.mark.parametrize(("file", "closed", "message"), FORBIDDEN)
def test_places_that_may_not_be_read(jail, run, file, closed, message):
    """One warning names the place, and the rest counts."""
    base = jail.cwd.parent
    text = "[tool.runsettings]\n" if file.endswith(".toml") else "[default]\n"
    jail.write(base / file, text + 'project = "hidden"\n')
    out = run(f"""
        base = pathlib.Path({str(base)!r})
        closed = base / {closed!r}
        closed.chmod(0)
        become_nobody()
        print(told(lambda: print(Settings(entity="team").project)))
        print(type(runsettings.init(mode="disabled")).__name__)
    """)
    assert out.startswith("None\n1 warning in settings\n")
    assert out.count(message) == 1
    assert closed.removeprefix("project/") in out
    assert out.endswith("RunDisabled\n")


def test_a_site_that_may_not_be_read_is_an_error(jail, run):
    """Its locks would be gone without a word."""
    site = jail.write(jail.site / "wandb/settings", "[policy]\nlock = mode\n")
    out = run(f"""
        from runsettings.layers.settings_files import locations
        locations.site_directory = lambda: pathlib.Path({str(jail.site)!r})
        pathlib.Path({str(site)!r}).chmod(0)
        become_nobody()
        try:
            Settings()
        except SettingsError as error:
            print(error)
    """)
    assert "may not be read" in out
