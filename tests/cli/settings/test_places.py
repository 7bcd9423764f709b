"""``runsettings places``: each place, what was found there, and why a near file is not read."""

from __future__ import annotations

import json

import pytest


@pytest.fixture
def found(run):
    """What `places` says of each path, by the path."""

    def found(*options: str) -> dict[str, str]:
        result = run("places", *options)
        assert result.exit_code == 0
        return {line.split()[1]: " ".join(line.split()[2:]) for line in result.stdout.splitlines()}

    return found


def test_each_place_of_a_layer_is_listed(jail, found):
    """Places that are there tell how many values they set, and the others that they are not."""
    jail.write_workspace("[default]\nproject = a\nentity = b\n")
    places = found()
    assert places["wandb/settings"] == "read, 2 values"
    assert places["wandb/settings.yaml"] == "not there"
    assert places[f"{jail.site}/wandb/"] == "not there: no such directory"
    assert places["config-defaults.yaml"] == "not there"


def test_layers_are_in_their_order(run):
    """The rows stand in the order of precedence."""
    layers = [each["layer"] for each in json.loads(run("places", "--json").stdout)]
    assert list(dict.fromkeys(layers)) == [
        *("site", "user", "pyproject", "workspace", "env", "config"),
    ]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("wandb/settings.yml", "wrong name; settings.yaml is read"),
        ("wandb/settings.json", "wrong name; settings.yaml is read"),
        ("wandb/settings.ini", "wrong name; settings is read"),
        ("settings.yaml", "wrong directory; wandb/settings.yaml is read"),
        ("settings", "wrong directory; wandb/settings is read"),
        ("../wandb/settings", "the workspace of another directory"),
        ("../wandb/settings.toml", "the workspace of another directory"),
        (".env", "Settings asks for no .env file"),
        ("config-defaults.yml", "wrong name; ./config-defaults.yaml is read"),
        ("../config-defaults.yaml", "wrong directory; ./config-defaults.yaml is read"),
    ],
)
def test_a_file_that_is_near_is_told(jail, found, name, why):
    """A file with a wrong name or in a wrong directory is listed with the reason."""
    jail.write_workspace("")
    path = jail.write(name, "mode: offline\n").resolve()
    shown = str(path) if name.startswith("..") else name
    assert found()[shown].startswith(f"not read: {why}")


def test_a_hidden_workspace_hides_the_other(jail, found):
    """``.wandb`` is read instead of ``wandb``."""
    jail.write(".wandb/settings", "[default]\nproject = a\n")
    jail.write_workspace("[default]\nproject = b\n")
    assert found()["wandb/settings"] == "not read: .wandb is read instead"


def test_other_directories_of_the_user(jail, found):
    """The user's own directory is fixed by a variable; what is in the usual one is not read."""
    jail.write_user("[default]\nproject = a\n")
    jail.setenv(WANDB_CONFIG_DIR=str(jail.cwd / "own"))
    usual = str(jail.home / ".config/wandb/settings")
    assert found()[usual] == "not read: wrong directory; the user's is own"


def test_site_directories_of_a_variable(jail, found):
    """``XDG_CONFIG_DIRS`` does not move the site's file."""
    jail.write("xdg/wandb/settings", "[default]\nproject = a\n")
    jail.setenv(XDG_CONFIG_DIRS=str(jail.cwd / "xdg"))
    assert found()["xdg/wandb/settings"].startswith("not read: wrong directory; the site's own")


def test_a_further_pyproject(jail, found):
    """Only the nearest ``pyproject.toml`` is read."""
    jail.write("pyproject.toml", "[project]\nname = 'x'\n")
    further = jail.write("../pyproject.toml", "[tool.runsettings]\nproject = 'a'\n").resolve()
    places = found()
    assert places["pyproject.toml"] == "read, no value, table [tool.runsettings]"
    assert places[str(further)].startswith("not read: only the nearest is read")


def test_the_files_of_a_composed_one(jail, found):
    """Each file of a chain is listed, and what uses it; one out of the project is told."""
    jail.write("run.yaml", "$config: 1\n$use: [low.yaml, ../shared.yaml]\nproject: p\n")
    jail.write("low.yaml", "entity: e\nmode: offline\n")
    shared = jail.write("../shared.yaml", "run_group: g\n").resolve()
    places = found("--file", "run.yaml")
    assert places["run.yaml"] == "read, 1 value"
    assert places["low.yaml"] == "read, 2 values, used by run.yaml:2:8"
    assert places[str(shared)] == f"read, 1 value, used by run.yaml:2:18, outside of {jail.cwd}"


@pytest.mark.parametrize("option", ["--file", "--settings-file"])
def test_a_missing_file(jail, found, option):
    """A named file that is not there tells which one may be meant."""
    jail.write("train.yaml", "mode: offline\n")
    assert found(option, "trian.yaml")["trian.yaml"] == "not there: did you mean 'train.yaml'?"


def test_a_broken_file(jail, found):
    """A file that cannot be read tells why."""
    jail.write("wandb/settings.yaml", "mode: [\n")
    assert found()["wandb/settings.yaml"].startswith("cannot be read: ")


def test_no_values_are_printed(jail, run):
    """The numbers of values are printed, never values: they may be secret."""
    jail.write_workspace("[default]\napi_key = canary0123456789canary0123456789canary01\n")
    assert "canary" not in run("places").stdout + run("places", "--json").stdout
