"""One resolution of all layers: what locks hold, and what appending adds to."""

from __future__ import annotations

import pytest

from runsettings import Append, Layer, LayeredSettings, Settings, SettingsError


def test_a_locked_key_with_an_alias_may_be_repeated_in_other_words(jail) -> None:
    """A comma-separated variable that means the site's own list is not refused."""
    jail.write_site("[default]\nrun_tags = a,b\n[policy]\nlock = run_tags\n")
    jail.setenv(WANDB_TAGS="a, b")
    settings = Settings()
    assert settings.run_tags == ("a", "b")
    assert settings.origin("run_tags").layer is Layer.SITE


def test_leaving_the_site_out_does_not_get_round_its_locks(jail) -> None:
    """A program that drops the SITE layer loses its values, but a locked key stays locked."""
    jail.write_site("[default]\nentity = platform\nmode = offline\n[policy]\nlock = mode\n")
    settings = Settings.resolve(layers=[Layer.INIT], project="capsules")
    assert (settings.mode, settings.entity) == ("offline", None)
    with pytest.raises(SettingsError, match="mode is locked by"):
        Settings.resolve(layers=[Layer.INIT], mode="online")


def test_what_is_no_layer_is_refused_by_name() -> None:
    """A layer's name as a text is an easy slip, and is told as one."""
    with pytest.raises(TypeError, match=r"layers takes members of Layer, .* not 'ENV'"):
        Settings.resolve(layers=["ENV"])  # type: ignore[list-item]


def test_append_adds_to_the_models_own_list(jail) -> None:
    """Appending in any layer keeps the default's items, as appending to a file's list does."""

    class Training(LayeredSettings):
        callbacks: list[str] = ["checkpoint"]

    settings = Training(callbacks=Append(["early-stop"]))
    assert settings.callbacks == ["checkpoint", "early-stop"]
    assert [leaf.origin.layer for leaf in settings.history("callbacks")] == [
        Layer.INIT,
        Layer.DEFAULT,
    ]


def test_a_password_in_an_address_is_shown_nowhere(jail) -> None:
    """An address with a password is refused, and the message masks the password."""
    jail.write("run.yaml", "base_url: https://me:hunter2@host/x\n")
    with pytest.raises(SettingsError) as caught:
        Settings.resolve(files=["run.yaml"])
    assert "hunter2" not in str(caught.value)
    assert "1 │ base_url: ***" in str(caught.value)
