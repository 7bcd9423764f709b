"""Settings that are locked, and refused when they drift."""

from __future__ import annotations

import argparse
import json

import pytest

import runsettings
from runsettings.models.locking import lock_of
from runsettings.models.settings import Settings
from runsettings.resolution.lock_file import write_lock
from runsettings.values.errors import SettingsError

SECRET = "canary" + "0" * 34


@pytest.fixture
def locked(jail):
    """A lock file of settings from a file, a variable and a secret."""
    jail.write_workspace("[default]\nproject = capsules\n")
    jail.setenv(WANDB_MODE="offline", WANDB_API_KEY=SECRET)
    jail.write("settings.lock", write_lock(lock_of(Settings(), jail.cwd)))
    return jail


def test_settings_that_did_not_drift_are_resolved(locked):
    """They are what the lock file says."""
    assert Settings.resolve(locked="settings.lock").get("project") == "capsules"


def test_a_drifted_value_is_refused(locked):
    """With what it was, what it is and where that came from."""
    locked.setenv(WANDB_MODE="online")
    with pytest.raises(SettingsError) as caught:
        Settings.resolve(locked="settings.lock")
    assert "mode changed: was 'offline', now 'online' from env WANDB_MODE" in str(caught.value)


def test_a_drifted_secret_is_refused_and_not_shown(locked):
    """Neither the old nor the new one."""
    locked.setenv(WANDB_API_KEY="canary" + "1" * 34)
    with pytest.raises(SettingsError) as caught:
        Settings.resolve(locked="settings.lock")
    assert "api_key changed" in str(caught.value)
    assert "canary" not in str(caught.value)


def test_a_lock_file_holds_no_secret(locked):
    """A keyed hash alone."""
    text = (locked.cwd / "settings.lock").read_text()
    assert "canary" not in text
    assert json.loads(text)["settings"]["api_key"]["hash"].startswith("pbkdf2-sha256:")


def test_the_same_settings_give_the_same_text(locked):
    """With the key of the earlier file, byte for byte."""
    text = (locked.cwd / "settings.lock").read_text()
    key = json.loads(text)["key"]
    assert write_lock(lock_of(Settings(), locked.cwd, key)) == text


def test_a_changed_comment_is_refused_under_strict_alone(locked):
    """The run would be the same."""
    locked.write_workspace("[default]\n# why\nproject = capsules\n")
    Settings.resolve(locked="settings.lock")
    with pytest.raises(SettingsError, match="wandb/settings changed, but no value changed"):
        Settings.resolve(locked="settings.lock", strict=True)


def test_a_lock_says_what_was_read_and_where_it_came_from(locked):
    """Origins without lines, files with their hashes."""
    data = json.loads((locked.cwd / "settings.lock").read_text())
    assert data["settings"]["project"] == {
        "value": "capsules",
        "layer": "workspace",
        "where": "wandb/settings",
    }
    assert list(data["files"]) == ["wandb/settings"]


def test_a_file_in_the_home_is_named_for_everybody(jail):
    """``~/…``: a lock file is shared."""
    jail.write_user("[default]\nentity = me\n")
    lock = lock_of(Settings(), jail.cwd)
    assert lock.settings["entity"].where == "~/.config/wandb/settings"
    assert list(lock.files) == ["~/.config/wandb/settings"]


def test_a_lock_file_is_found_from_the_directory_that_is_handed_in(locked):
    """As every relative path of a resolution is."""
    locked.monkeypatch.chdir(locked.home)
    Settings.resolve(locked="settings.lock", cwd=locked.cwd)


def test_every_file_of_a_chain_is_locked(jail):
    """A change in any file of a composed one is told, also of one that sets no value."""
    jail.write("run.yaml", "$config: 1\n$use: [low.yaml, empty.yaml]\n")
    jail.write("low.yaml", "project: capsules\n")
    jail.write("empty.yaml", "$config: 1\n$profiles: {x: {entity: me}}\n")
    jail.write("settings.lock", write_lock(lock_of(Settings.resolve(files="run.yaml"), jail.cwd)))
    files = json.loads((jail.cwd / "settings.lock").read_text())["files"]
    assert files.keys() == {"run.yaml", "low.yaml", "empty.yaml"}
    for name in files:
        text = (jail.cwd / name).read_text()
        jail.write(name, text + "# more\n")
        with pytest.raises(SettingsError, match=f"{name} changed"):
            Settings.resolve(files="run.yaml", locked="settings.lock", strict=True)
        jail.write(name, text)


def test_files_of_a_run_config_are_locked(jail):
    """The files of ``--config`` and of an override count as well."""
    parser = argparse.ArgumentParser()
    runsettings.add_config_arguments(parser)
    jail.write("train.yaml", "$config: 1\n$use: [low.yaml]\n")
    jail.write("low.yaml", "optim: {lr: 1}\n")
    jail.write("sgd.yaml", "lr: 2\n")
    args = runsettings.parse_args(parser, ["--config", "train.yaml", "--set", "optim=@sgd.yaml"])

    class Train(runsettings.RunConfig):
        optim: dict[str, float] = {}

    lock = lock_of(Train.resolve(args=args), jail.cwd)
    assert lock.files.keys() == {"train.yaml", "low.yaml", "sgd.yaml"}
