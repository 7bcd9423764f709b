"""The settings files that nobody names: where they are, what of them counts, what is wrong."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runsettings import (
    Layer,
    LayeredConfigDict,
    LayeredSettings,
    Rule,
    Settings,
    SettingsError,
    SettingsWarning,
)
from runsettings.layers.settings_files import locations


def places_of(settings: LayeredSettings, key: str) -> list[str]:
    """The origins of a key's history as text, winner first, without the default."""
    return [str(leaf.origin) for leaf in settings.history(key)[:-1]]


# --- places -----------------------------------------------------------------------------------


def test_files_beside_the_shared_one_beat_it(jail):
    """``settings.toml`` and ``settings.yaml`` are written for us alone."""
    jail.write_workspace("[default]\nproject = ini\n")
    jail.write("wandb/settings.toml", 'project = "toml"\n')
    jail.write("wandb/settings.yaml", "project: yaml\n")
    assert places_of(Settings(), "project") == [
        "wandb/settings.yaml:1:10",
        "wandb/settings.toml:1:11",
        "wandb/settings:2",
    ]


def test_user_directory_is_wandbs_variable(jail):
    """``WANDB_CONFIG_DIR`` names the user's directory, as for the client."""
    jail.write_user("[default]\nproject = home\n")
    jail.write("elsewhere/settings", "[default]\nproject = elsewhere\n")
    jail.setenv(WANDB_CONFIG_DIR=str(jail.cwd / "elsewhere"))
    assert places_of(Settings(), "project") == ["elsewhere/settings:2"]


def test_user_directory_falls_back_to_dot_config(jail):
    """Where ``XDG_CONFIG_HOME`` has no such folder, ``~/.config`` is looked at."""
    jail.write_user("[default]\nproject = home\n")
    jail.setenv(XDG_CONFIG_HOME=str(jail.cwd / "no"))
    assert Settings().project == "home"


def test_user_directory_is_xdgs(jail):
    """``XDG_CONFIG_HOME`` counts where it has the folder."""
    jail.write_user("[default]\nproject = home\n")
    jail.write("xdg/wandb/settings", "[default]\nproject = xdg\n")
    jail.setenv(XDG_CONFIG_HOME=str(jail.cwd / "xdg"))
    assert Settings().project == "xdg"


def test_another_machines_environment_has_another_home(jail):
    """With an injected environment, nothing of this process's home is read."""
    jail.write_user("[default]\nproject = mine\n")
    jail.write("other/.config/wandb/settings", "[default]\nproject = theirs\n")
    assert Settings.resolve(environ={}).project is None
    assert Settings.resolve(environ={"HOME": str(jail.cwd / "other")}).project == "theirs"


def test_site_directory_cannot_be_moved(jail, monkeypatch):
    """``XDG_CONFIG_DIRS`` is any user's to set; the place that locks keys must not follow it."""
    monkeypatch.undo()
    expected = locations.site_directory()
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(jail.cwd))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(jail.cwd))
    assert locations.site_directory() == expected
    assert not locations.site_directory().is_relative_to(jail.cwd)


@pytest.mark.parametrize(
    ("platform", "place"),
    [("linux", "/etc/xdg"), ("darwin", "/Library/Application Support")],
)
def test_site_directory_of_each_platform(monkeypatch, platform, place):
    """The place is the platform's own."""
    monkeypatch.undo()
    monkeypatch.setattr("sys.platform", platform)
    assert str(locations.site_directory()) == place


def test_a_hidden_workspace_counts_before_the_visible_one(jail):
    """``.wandb/`` is read where it is there, as the wandb client does."""
    jail.write_workspace("[default]\nproject = visible\n")
    assert places_of(Settings(), "project") == ["wandb/settings:2"]
    jail.write(".wandb/settings", "[default]\nproject = hidden\n")
    assert places_of(Settings(), "project") == [".wandb/settings:2"]


@pytest.mark.parametrize(
    "inputs",
    [
        {"environ": {"WANDB_DIR": "sub"}},
        {"files": "x.yaml"},
        {"root_dir": "sub"},
        {"root_dir": Path("sub")},
    ],
    ids=["variable", "file", "text", "path"],
)
def test_root_dir_moves_the_workspace(jail, inputs):
    """The workspace is below ``root_dir``, which every other layer may set."""
    jail.write("x.yaml", "root_dir: sub\n")
    jail.write("sub/wandb/settings", "[default]\nproject = sub\n")
    jail.write_workspace("[default]\nproject = here\n")
    assert places_of(Settings.resolve(**inputs), "project") == ["sub/wandb/settings:2"]


def test_root_dir_of_the_highest_layer_counts(jail):
    """``root_dir`` is settled like any key before the workspace is read."""
    jail.write("high/wandb/settings", "[default]\nproject = high\n")
    jail.write_user("[default]\nroot_dir = low\n")
    jail.setenv(WANDB_DIR="middle")
    assert Settings(root_dir="high").project == "high"


def test_root_dir_may_be_a_subclass_default(jail):
    """A class may say where its workspace is."""

    class Placed(Settings):
        root_dir: str | None = "sub"

    jail.write("sub/wandb/settings", "[default]\nproject = sub\n")
    assert Placed().project == "sub"


def test_workspace_cannot_move_itself(jail):
    """A workspace that says where the workspace is gets a warning; its other keys count."""
    jail.write_workspace("[default]\nroot_dir = other\nproject = x\n")
    with pytest.warns(SettingsWarning, match="cannot say where the workspace is"):
        settings = Settings()
    assert (settings.root_dir, settings.project) == (None, "x")
    assert settings.diagnostics[0].rule is Rule.MISPLACED_KEY


@pytest.mark.parametrize("root", ["a\0b", "x" * 5000, "no/such", "file/below"])
def test_impossible_root_dir_is_no_crash(jail, root):
    """A root that no directory can have is a fault, or a workspace that is not there."""
    jail.write("file", "")
    try:
        faults = Settings(root_dir=root).diagnostics
    except SettingsError as error:
        faults = error.diagnostics
    assert all(fault.origin is not None for fault in faults)


def test_pyproject_is_found_upwards(jail):
    """The nearest ``pyproject.toml`` counts, not the one above it."""
    jail.write(jail.cwd.parent / "pyproject.toml", '[tool.runsettings]\nproject = "above"\n')
    below = jail.cwd / "a" / "b"
    below.mkdir(parents=True)
    jail.write("pyproject.toml", '[tool.runsettings]\nproject = "nearest"\n')
    assert Settings.resolve(cwd=below).project == "nearest"


def test_pyproject_without_our_table_says_nothing(jail):
    """Other tools' tables are theirs, even where they are broken."""
    jail.write("pyproject.toml", "[tool.other]\nx = \n")
    assert Settings().project is None


def test_pyproject_table_of_the_checks_is_not_ours(jail):
    """``[tool.runsettings.check]`` belongs to another part of the house."""
    jail.write("pyproject.toml", '[tool.runsettings]\nproject = "x"\n[tool.runsettings.check]\na=1')
    assert Settings().project == "x"


@pytest.mark.parametrize(
    "text", ["[tool]\nrunsettings = 3\n", '[[tool.runsettings]]\nproject = "x"\n']
)
def test_pyproject_table_that_is_none(jail, text):
    """Something else where the table should be is an error, not silence."""
    jail.write("pyproject.toml", text)
    with pytest.raises(SettingsError, match=r"tool\.runsettings: must be a table"):
        Settings()


def test_models_without_a_name_read_no_files(jail):
    """A user's own model reads settings files only if it says whose."""

    class Plain(LayeredSettings):
        project: str | None = None

    jail.write_site("[default]\nproject = x\n")
    jail.write_user("[default]\nproject = x\n")
    jail.write_workspace("[default]\nproject = x\n")
    jail.write("pyproject.toml", '[tool.runsettings]\nproject = "x"\n')
    assert Plain().project is None


def test_models_may_have_files_of_their_own(jail):
    """``app_name`` and ``pyproject_table`` give a user's model the same places."""

    class Own(LayeredSettings):
        model_config = LayeredConfigDict(app_name="mine", pyproject_table=("tool", "mine"))

        a: int = 0
        b: int = 0
        c: int = 0
        d: int = 0

    jail.write(jail.site / "mine" / "settings", "[default]\na = 1\n")
    jail.write(jail.home / ".config" / "mine" / "settings", "[default]\nb = 2\n")
    jail.write("mine/settings", "[default]\nc = 3\n")
    jail.write("pyproject.toml", "[tool.mine]\nd = 4\n")
    own = Own()
    assert (own.a, own.b, own.c, own.d) == (1, 2, 3, 4)
    assert [own.origin(key).layer for key in "abcd"] == [
        Layer.SITE,
        Layer.USER,
        Layer.WORKSPACE,
        Layer.PYPROJECT,
    ]


# --- INI --------------------------------------------------------------------------------------


def test_one_bad_key_does_not_discard_the_rest(jail):
    """The good keys of a shared file count beside an unknown one."""
    jail.write_workspace("[default]\nprojet = a\nentity = b\n")
    with pytest.warns(SettingsWarning, match="did you mean 'project'"):
        assert Settings().entity == "b"


@pytest.mark.parametrize("name", ["wandb/settings", "x.ini"])
def test_settings_in_another_section_are_told(jail, name):
    """A section that nobody reads is a mistake worth a word, in any INI file."""
    jail.write(name, "[default]\nentity = b\n[defualt]\nproject = a\n")
    files = [name] if name == "x.ini" else []
    with pytest.warns(SettingsWarning, match=r"settings in section \[defualt\] are not read"):
        settings = Settings.resolve(files=files)
    assert (settings.project, settings.entity) == (None, "b")


def test_percent_signs_are_ordinary(jail):
    """Nothing interpolates; ``%`` and ``$`` stand for themselves."""
    jail.write_workspace("[default]\nentity = 100%(done)s $HOME %\n")
    assert Settings().entity == "100%(done)s $HOME %"


def test_changed_file_is_read_again(jail):
    """Files are remembered only as long as they do not change."""
    path = jail.write_workspace("[default]\nproject = a\n")
    os.utime(path, (1, 1))
    assert Settings().project == "a"
    jail.write_workspace("[default]\nproject = b\n")
    assert Settings().project == "b"
    path.unlink()
    assert Settings().project is None


def test_remembered_file_is_whole_every_time(jail):
    """A second resolution from memory finds the policy, and all keys, again."""
    old = jail.write_site("[policy]\nlock = project\n[default]\nproject = x\n")
    old_workspace = jail.write_workspace("[default]\nroot_dir = y\nentity = z\n")
    for path in (old, old_workspace):
        os.utime(path, (1, 1))
    for _ in range(3):
        with pytest.warns(SettingsWarning, match="cannot say where"):
            settings = Settings()
        assert settings.locked == {"project"}
        assert (settings.project, settings.entity) == ("x", "z")


@pytest.mark.parametrize("table", [("tool", "mine"), ("tool", "mine", "runsettings")])
def test_a_key_that_is_called_check_is_a_key(jail, table):
    """Only ``[tool.runsettings]`` has a table of the checks; elsewhere `check` is the model's."""

    class Mine(LayeredSettings):
        model_config = LayeredConfigDict(pyproject_table=table)
        check: bool = True

    jail.write("pyproject.toml", f"[{'.'.join(table)}]\ncheck = false\n")
    assert Mine().check is False
