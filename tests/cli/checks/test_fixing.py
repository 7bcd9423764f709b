"""``check --fix`` of old names: in every format, in place, also in the files that one uses."""

from __future__ import annotations

import pytest

from runsettings import Settings

MODELS = """
from typing import Annotated

from pydantic import BaseModel, SecretStr

from runsettings import LayeredSettings, Renamed, RunConfig


class Optim(BaseModel):
    lr: Annotated[float, Renamed("learning_rate", since="1.5")] = 0.1
    steps: int = 1


class App(LayeredSettings):
    model_config = {"pyproject_table": ("tool", "app")}

    workers: Annotated[int, Renamed("num_workers", since="2.0")] = 1
    optim: Annotated[Optim, Renamed("optimizer")] = Optim()


class Train(RunConfig):
    epochs: Annotated[int, Renamed("num_epochs")] = 90
    optim: Optim = Optim()
    token: Annotated[SecretStr, Renamed("key")] | None = None
"""


@pytest.fixture
def check(run, jail):
    """Runs ``runsettings check`` of some files with a model of the jail's own module."""
    jail.write("models.py", MODELS)
    jail.monkeypatch.syspath_prepend(str(jail.cwd))

    def check(model, *words):
        return run("check", "--no-settings", "--model", f"models:{model}", *words)

    yield check
    import sys

    sys.modules.pop("models", None)


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        (
            "a.yaml",
            "# mine\nnum_workers: 4 # four\noptimizer: {learning_rate: 1}\n",
            "# mine\nworkers: 4 # four\noptim: {lr: 1}\n",
        ),
        (
            "a.toml",
            "num_workers = 4 # four\n\n[optimizer] # mine\nlearning_rate = 1\n",
            "workers = 4 # four\n\n[optim] # mine\nlr = 1\n",
        ),
        (
            "a.json",
            '{"num_workers": 4,\n "optimizer": {"learning_rate": 1}}\n',
            '{"workers": 4,\n "optim": {"lr": 1}}\n',
        ),
        (
            "a.ini",
            "; mine\n[default]\nNum_Workers = 4\n; four\n",
            "; mine\n[default]\nworkers = 4\n; four\n",
        ),
        (
            "pyproject.toml",
            "[project]\nname = 'x'\n[tool.app]\nnum_workers = 4 # four\n",
            "[project]\nname = 'x'\n[tool.app]\nworkers = 4 # four\n",
        ),
    ],
)
def test_each_format(check, jail, name, before, after):
    """Comments and layout stay; a second check has nothing to say."""
    path = jail.write(name, before)
    result = check("App", name)
    assert result.exit_code == 0
    assert "num_workers: was renamed to 'workers' in 2.0" in result.stdout.lower()
    keys = before.count("num_workers") + before.count("Num_W") + 2 * before.count("optimizer")
    assert f"{name}: {keys} key{'s' * (keys > 1)} renamed" in check("App", name, "--fix").stderr
    assert path.read_text() == after
    assert "renamed" not in check("App", name, "--strict").stdout


def test_the_files_of_a_composed_file(check, jail):
    """Also those that a mapping puts under a key, and profiles that nobody chose."""
    top = "$config: 1\n$use: [base.yaml, {optim: optim.yaml}]\n$profiles: {long: {num_epochs: 9}}\n"
    path = jail.write("a.yaml", top)
    base = jail.write("base.yaml", "$config: 1\nnum_epochs: 3\n")
    optim = jail.write("optim.yaml", "learning_rate: 1e-3\n")
    check("Train", "a.yaml", "--fix")
    assert path.read_text() == top.replace("num_epochs", "epochs")
    assert base.read_text() == "$config: 1\nepochs: 3\n"
    # Its scalars are not asked for.
    assert optim.read_text() == "lr: 1e-3\n"


def test_references_to_old_names_still_work(check, jail):
    """So that renaming a key in one file does not break another."""
    jail.write("a.yaml", '$config: 1\nepochs: 3\noptim: {steps: "${num_epochs}"}\n')
    assert check("Train", "a.yaml").exit_code == 0


def test_a_key_that_is_there_by_both_names_is_left_to_a_person(check, jail):
    """Which of the values is meant is not known."""
    text = "num_epochs: 3\nepochs: 4\n"
    path = jail.write("a.yaml", text)
    result = check("Train", "a.yaml", "--fix")
    assert result.exit_code == 1
    assert path.read_text() == text


def test_a_difference_shows_no_secret(check, jail):
    """A renamed key may be that of a secret."""
    jail.write("a.yaml", "key: hunter2hunter2\n")
    result = check("Train", "a.yaml", "--diff")
    assert "+token: ***" in result.stdout
    assert "hunter2" not in result.stdout


def test_an_ignored_rule_is_not_fixed(check, jail):
    """As with scalars."""
    path = jail.write("a.yaml", "num_epochs: 3\n")
    check("Train", "a.yaml", "--fix", "--ignore", "renamed-key")
    assert path.read_text() == "num_epochs: 3\n"


def test_settings_that_the_wandb_client_has_renamed(run, jail):
    """A note in a check of its file, and rewritten; a start has nothing to say of them."""
    path = jail.write_workspace("[default]\nproject = a\n; mine\n_disable_stats = true\n")
    result = run("check", "--strict")
    assert result.exit_code == 0
    assert (
        "  note: _disable_stats: was renamed to 'x_disable_stats' in the wandb client"
        " — write 'x_disable_stats'; `runsettings check --fix` rewrites it\n"
        "    wandb/settings:4\n" in result.stdout
    )
    assert Settings.resolve().diagnostics == ()
    fixed = run("check", "wandb/settings", "--fix")
    assert "wandb/settings: 1 key renamed" in fixed.stderr
    assert path.read_text() == "[default]\nproject = a\n; mine\nx_disable_stats = true\n"
