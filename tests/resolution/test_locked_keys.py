"""Locked keys: the site's value wins, and who sets another is named."""

from __future__ import annotations

import pytest
from pydantic import BaseModel

from runsettings import Settings, SettingsError, SettingsWarning


def message(**inputs) -> str:
    """The whole text of the error that a resolution must end in."""
    with pytest.raises(SettingsError) as caught:
        Settings.resolve(**inputs)
    return str(caught.value)


def warning(**inputs) -> str:
    """The whole text of the one warning that a resolution must give."""
    with pytest.warns(SettingsWarning) as caught:
        Settings.resolve(**inputs)
    (only,) = caught
    return str(only.message)


def test_locked_key_keeps_the_sites_value(jail):
    """Both are named: who locked it and who was refused."""
    site = jail.write_site(
        "[policy]\nlock = base_url, mode\n[default]\nbase_url = https://wandb.example\n"
    )
    jail.setenv(WANDB_BASE_URL="https://evil.example")
    assert message() == (
        "1 problem in settings\n\n"
        f"  base_url is locked by {site}:2; refused: env WANDB_BASE_URL = 'https://evil.example'"
        f" — remove it there; the site's value is set at {site}:4\n"
        "    WANDB_BASE_URL\n"
        f"    over  {site}:4 = 'https://wandb.example'"
    )


def test_key_locked_to_its_default(jail):
    """A lock without a value keeps the default."""
    site = jail.write_site("[policy]\nlock = mode\n")
    assert message(mode="offline").splitlines()[2] == (
        f"  mode is locked by {site}:2; refused: init {__file__}:14 Settings.resolve(mode=)"
        " = 'offline' — remove it there; the default counts"
    )


@pytest.mark.parametrize(
    "inputs",
    [
        {"environ": {"WANDB_QUIET": "true"}},
        {"environ": {"WANDB_QUIET": "1"}},
        {"quiet": True},
        {"environ": {}},
    ],
    ids=str,
)
def test_the_same_value_is_no_offence(jail, inputs):
    """What means the same as the locked value, in whichever words, is not refused."""
    jail.write_site("[policy]\nlock = quiet\n[default]\nquiet = yes\n")
    settings = Settings.resolve(**inputs)
    assert settings.quiet is True
    assert settings.locked == {"quiet"}
    assert settings.origin("quiet").layer.label == "site"


def test_every_refused_layer_is_told(jail):
    """All offenders at once."""
    jail.write_site("[policy]\nlock = project\n[default]\nproject = a\n")
    jail.write_workspace("[default]\nproject = b\n")
    jail.write("x.yaml", "project: c\n")
    text = message(files="x.yaml", environ={"WANDB_PROJECT": "d"}, project="e")
    for refused in ("workspace wandb/settings:2", "env WANDB_PROJECT", "file x.yaml:1:10", "init "):
        assert f"refused: {refused}" in text


def test_replace_cannot_unlock(jail):
    """The lock holds for as long as the settings live."""
    jail.write_site("[policy]\nlock = project\n[default]\nproject = a\n")
    settings = Settings()
    with pytest.raises(SettingsError, match="project is locked by"):
        settings.replace(project="b")
    again = settings.replace(entity="x")
    with pytest.raises(SettingsError, match="project is locked by"):
        again.replace(project="b")
    assert (again.project, again.entity, again.locked) == ("a", "x", {"project"})


def test_locks_in_yaml_and_toml(jail):
    """The policy may stand in any of the site's files."""
    jail.write(jail.site / "wandb" / "settings.yaml", "policy: {lock: [mode]}\nmode: offline\n")
    jail.write(jail.site / "wandb" / "settings.toml", "[policy]\nlock = ['quiet']\n")
    assert Settings().locked == {"mode", "quiet"}
    assert Settings().mode == "offline"


def test_locking_a_nested_key_alone_is_an_error(jail):
    """It would seem to be locked, and nothing would hold it."""

    class Optim(BaseModel):
        lr: float = 0.1

    class Model(Settings):
        optim: Optim = Optim()

    site = jail.write_site("[policy]\nlock = optim.lr\n")
    with pytest.raises(SettingsError) as caught:
        Model(optim={"lr": 3})
    assert str(caught.value) == (
        "1 problem in settings\n\n"
        f"  lock.optim.lr: cannot lock 'optim.lr' alone — lock 'optim' as a whole\n    {site}:2"
    )


def test_locking_an_unknown_key_is_a_warning(jail):
    """Such a lock protects nothing, which somebody should know."""
    site = jail.write_site("[policy]\nlock = bas_url\n")
    assert warning() == (
        "1 warning in settings\n\n"
        "  warning: lock.bas_url: locks 'bas_url', which is not a key of Settings"
        " — did you mean 'base_url'?\n"
        f"    {site}:2"
    )


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("settings", "[policy]\nlocks = mode\n", "policy.locks is not a policy"),
        ("settings.yaml", "policy: mode\n", "policy: must be a mapping with `lock`"),
        ("settings.yaml", "policy: {lock: 3}\n", "policy.lock: must be a list of keys"),
        ("settings.yaml", "policy: {lock: [null]}\n", "policy.lock: must be a list of keys"),
        ("settings.yaml", "policy: {lock: {mode: 1}}\n", "policy.lock: must be a list of keys"),
    ],
)
def test_policy_that_cannot_be_understood_is_an_error(jail, name, text, sentence):
    """Passed over in silence, it would protect nothing."""
    jail.write(jail.site / "wandb" / name, text)
    assert sentence in message()


def test_nobody_else_may_lock(jail):
    """The policy of a user's file is told to be without effect."""
    jail.write_user("[policy]\nlock = mode\n")
    text = warning()
    assert "policy.lock: only the site's file may lock keys" in text
    jail.write("x.yaml", "policy: {lock: [mode]}\n")
    jail.write_user("")
    assert "policy is not a key of Settings" in message(files="x.yaml")
