"""Locked keys: the site's value wins, and who sets another is named."""

from __future__ import annotations

import os
import pickle
from collections.abc import Sequence

import pytest
from pydantic import BaseModel

from runsettings import (
    Inputs,
    Layer,
    LayeredConfigDict,
    LayeredSettings,
    Settings,
    SettingsError,
    init,
)
from runsettings.values.reading import Reading
from runsettings.values.tree import Tree


def test_locked_key_keeps_the_sites_value(jail, message):
    """Both are named: who locked it and who was refused."""
    site = jail.write_site(
        "[policy]\nlock = base_url, mode\n[default]\nbase_url = https://wandb.example\n"
    )
    jail.setenv(WANDB_BASE_URL="https://evil.example")
    assert message() == (
        "1 problem in settings\n\n"
        f"  base_url is locked by {site}:2; refused: env WANDB_BASE_URL = 'https://evil.example'"
        f" — remove it there; the site sets 'https://wandb.example' at {site}:4\n"
        "    WANDB_BASE_URL"
    )


def test_key_locked_to_its_default(jail):
    """A lock without a value keeps the default."""
    site = jail.write_site("[policy]\nlock = mode\n")
    with pytest.raises(SettingsError) as caught:
        Settings.resolve(mode="offline")
    line = caught.traceback[0].lineno + 1
    assert str(caught.value).splitlines()[2] == (
        f"  mode is locked by {site}:2; refused: init {__file__}:{line} Settings.resolve(mode=)"
        " = 'offline' — remove it there; the default applies"
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


def test_every_refused_layer_is_told(jail, message):
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


def test_locking_an_unknown_key_is_a_warning(jail, warning):
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
def test_policy_that_cannot_be_understood_is_an_error(jail, name, text, sentence, message):
    """Passed over in silence, it would protect nothing."""
    jail.write(jail.site / "wandb" / name, text)
    assert sentence in message()


def test_nobody_else_may_lock(jail, message, warning):
    """The policy of a user's file is told to be without effect."""
    jail.write_user("[policy]\nlock = mode\n")
    text = warning()
    assert "policy.lock: only the site's file may lock keys" in text
    jail.write("x.yaml", "policy: {lock: [mode]}\n")
    jail.write_user("")
    assert "policy is not a key of Settings" in message(files="x.yaml")


LOCKED = "[policy]\nlock = base_url\n[default]\nbase_url = https://wandb.example\n"
"""A site's file that locks one key to a value."""


class OtherApp(Settings):
    """Settings that name another folder for their files."""

    model_config = LayeredConfigDict(app_name="other")


class NoApp(Settings):
    """Settings that read no files at all."""

    model_config = LayeredConfigDict(app_name=None)


class FakeSite:
    """A source that says it is of the site's layer, and sets a locked key."""

    layer = Layer.SITE

    def __init__(self, **values: object) -> None:
        self.values = values

    def read(self, inputs: Inputs) -> Sequence[Reading]:
        """What was handed over."""
        del inputs
        return [Reading(Tree(Layer.SITE, "fake", dict(self.values)))]


@pytest.mark.parametrize(
    "layers",
    [[FakeSite(base_url="https://evil.example")], [Layer.SITE, FakeSite(base_url="http://x")]],
    ids=["instead", "above"],
)
def test_a_source_that_poses_as_the_site_cannot_set_a_locked_key(jail, layers, message):
    """The locks are those of the site's own files, whatever layer a source reports."""
    site = jail.write_site(LOCKED)
    assert f"base_url is locked by {site}:2; refused: site fake = 'http" in message(layers=layers)


def test_a_source_that_poses_as_the_site_cannot_lock(jail, message):
    """A policy in it is an unknown key."""
    fake = FakeSite(policy={"lock": ["mode"]})
    assert "policy is not a key of Settings" in message(layers=[fake])


@pytest.mark.parametrize("model", [OtherApp, NoApp])
def test_a_subclass_with_another_folder_is_held_to_the_locks(jail, model):
    """What is locked for a class is locked for its subclasses."""
    jail.write_site(LOCKED)
    with pytest.raises(SettingsError, match="base_url is locked by"):
        model(base_url="https://evil.example")
    assert model().base_url == "https://wandb.example"


def test_a_subclass_is_held_to_the_locks_of_its_own_folder_too(jail):
    """Both folders belong to the site."""
    jail.write_site(LOCKED)
    jail.write(jail.site / "other" / "settings", "[policy]\nlock = mode\n")
    settings = OtherApp()
    assert settings.locked == {"base_url", "mode"}
    with pytest.raises(SettingsError, match="mode is locked by"):
        OtherApp(mode="offline")


def test_a_program_that_leaves_the_site_out_is_held_to_the_locks(jail, message):
    """Layers can be left out, locks cannot."""
    jail.write_site(LOCKED)
    settings = Settings.resolve(layers=[Layer.INIT], project="x")
    assert (settings.base_url, settings.project) == ("https://wandb.example", "x")
    assert "base_url is locked by" in message(layers=[Layer.INIT], base_url="https://evil.example")


MADE_ELSEWHERE = {
    "unpickled": lambda: pickle.loads(pickle.dumps(Settings(base_url="https://evil.example"))),
    "constructed": lambda: Settings.model_construct(base_url="https://evil.example"),
    "of a subclass": lambda: NoApp(base_url="https://evil.example"),
    "made before": lambda: Settings(base_url="https://evil.example"),
}


@pytest.mark.parametrize("given", [{}, {"project": "x"}], ids=["alone", "with arguments"])
@pytest.mark.parametrize("kind", MADE_ELSEWHERE)
def test_init_holds_settings_from_elsewhere_to_the_locks_of_this_machine(jail, kind, given):
    """Settings that were made where nothing was locked do not bring their values along."""
    settings = MADE_ELSEWHERE[kind]()
    site = jail.write_site(LOCKED)
    with pytest.raises(SettingsError) as caught:
        init(settings=settings, mode="disabled", **given)
    assert f"base_url is locked by {site}:2; refused: init " in str(caught.value)


@pytest.mark.parametrize("made", [Settings, Settings.model_construct], ids=["made", "constructed"])
def test_init_gives_settings_from_elsewhere_the_values_of_locked_keys(jail, made):
    """A locked key that they leave at its default has the site's value."""
    settings = made(project="x")
    jail.write_site(LOCKED)
    with init(settings=settings, mode="disabled") as run:
        assert run.settings.base_url == "https://wandb.example"
        assert run.settings.origin("base_url").layer is Layer.SITE
        assert run.settings.project == "x"


def test_init_takes_settings_that_were_held_to_the_same_locks(jail):
    """Nothing is validated again, and nothing said twice."""
    jail.write_site(LOCKED)
    settings = Settings(mode="disabled")
    with init(settings=settings) as run:
        assert run.settings.replace(run_id=None) == settings


def _directory(path):
    path.mkdir(parents=True)


def _dangling(path):
    path.parent.mkdir(parents=True)
    path.symlink_to("nowhere")


def _pipe(path):
    path.parent.mkdir(parents=True)
    os.mkfifo(path)


def _no_text(path):
    path.parent.mkdir(parents=True)
    path.write_bytes(b"[policy]\nlock = mode\n\xff")


def _too_large(path):
    path.parent.mkdir(parents=True)
    path.write_text("[policy]\nlock = mode\n" + "#" * 5_000_000)


def _no_ini(path):
    path.parent.mkdir(parents=True)
    path.write_text("[policy\nlock = mode\n")


@pytest.mark.parametrize("make", [_directory, _dangling, _pipe, _no_text, _too_large, _no_ini])
@pytest.mark.parametrize("layers", [None, [Layer.INIT]], ids=["all", "without the site"])
def test_a_site_file_that_cannot_be_read_is_an_error(jail, make, layers, message):
    """Its locks would be gone without a word."""
    make(jail.site / "wandb" / "settings")
    assert str(jail.site / "wandb" / "settings") in message(layers=layers)


def test_locks_hold_for_any_model_with_settings_files(jail):
    """They are no matter of `Settings` alone."""

    class Training(LayeredSettings):
        model_config = LayeredConfigDict(app_name="mine")
        lr: float = 0.1

    class Child(Training):
        model_config = LayeredConfigDict(app_name="child")

    jail.write(jail.site / "mine" / "settings", "[policy]\nlock = lr\n")
    for model in (Training, Child):
        with pytest.raises(SettingsError, match="lr is locked by"):
            model(lr=0.5)
