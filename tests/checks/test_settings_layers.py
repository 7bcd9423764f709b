"""Settings of every layer, winners and losers."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import field_validator, model_validator
from pydantic_settings import SettingsConfigDict

from runsettings.checks.check import check
from runsettings.checks.settings_layers import check_layers, inputs_for
from runsettings.models.layered import LayeredConfigDict, LayeredSettings
from runsettings.models.settings import Settings
from runsettings.values.diagnostic import Rule, Severity
from runsettings.values.rendering import render


def found(**given: Any):
    """What checking the layers finds."""
    return check_layers(Settings, inputs_for(Settings, **given)).diagnostics


def test_right_settings_are_clean(jail):
    """Nothing is found, and the settings are there."""
    jail.write_workspace("[default]\nmode = offline\n")
    checked = check_layers(Settings, inputs_for(Settings))
    assert checked.diagnostics == ()
    assert checked.settings is not None
    assert checked.settings.get("mode") == "offline"


def test_a_losing_value_is_found_with_whom_it_loses_to(jail):
    """The whole diagnostic of a value that does not count now."""
    jail.write_workspace("[default]\nmode = offlin\n")
    jail.setenv(WANDB_MODE="offline")
    (fault,) = found()
    assert (
        render(fault)
        == """\
mode: must be one of 'online', 'offline', 'disabled'; got 'offlin' — \
did you mean 'offline'? it loses to WANDB_MODE now, but may win elsewhere
  wandb/settings:2
    2 │ mode = offlin
      │        ^^^^^^"""
    )


def test_every_loser_is_found(jail):
    """Not the highest alone."""
    jail.write_site("[default]\nmode = a\n")
    jail.write_user("[default]\nmode = b\n")
    jail.write("pyproject.toml", '[tool.runsettings]\nmode = "c"\n')
    jail.write_workspace("[default]\nmode = d\n")
    jail.setenv(WANDB_MODE="online")
    assert [fault.origin.layer.label for fault in found()] == [
        "site",
        "user",
        "pyproject",
        "workspace",
    ]


def test_a_winner_is_not_found_twice(jail):
    """What all layers together show is not told again of its source."""
    jail.write_workspace("[default]\nmode = offlin\n")
    assert len(found()) == 1


def test_a_value_given_at_start_that_has_no_effect_is_found(jail):
    """A variable that a file named by the program beats."""
    jail.write("settings.yaml", "mode: online\n")
    jail.setenv(WANDB_MODE="offline")
    (fault,) = found(files=["settings.yaml"])
    assert (str(fault.rule), str(fault.origin)) == ("shadowed-value", "WANDB_MODE")


def test_ambiguous_scalars_of_a_settings_file_are_found(jail):
    """A settings file in YAML is read by other tools, too."""
    jail.write("wandb/settings.yaml", "run_name: 1:20\n")
    (fault,) = found()
    assert (str(fault.rule), str(fault.origin)) == ("yaml-scalar", "wandb/settings.yaml:1:11")


def test_a_secret_is_in_no_diagnostic(jail):
    """Neither a winner's nor a loser's."""
    secret = "canary secret"
    jail.write_workspace(f"[default]\napi_key = {secret}\napi_key = {secret}2\n")
    jail.setenv(WANDB_API_KEY="another canary secret")
    faults = found()
    assert faults
    assert "canary" not in "".join(map(render, faults)) + repr(faults)


def test_a_secret_of_digits_is_not_shown_as_an_ambiguous_scalar(jail):
    """A key that YAML reads as a number, under its name and misspelt."""
    jail.write("wandb/settings.yaml", "api_key: 0123456789012\napi_kye: 0123456789012\n")
    faults = found()
    assert {str(fault.rule) for fault in faults} == {"bad-value", "unknown-key"}
    assert "123456789" not in "".join(map(render, faults)) + repr(faults)


class Careful(LayeredSettings):
    """Has validators that look at more than their own value."""

    model_config: ClassVar[SettingsConfigDict] = LayeredConfigDict(env_prefix="CAREFUL_")

    low: int = 0
    high: int

    @field_validator("high")
    @classmethod
    def _above(cls, high: int, info: Any) -> int:
        if high < info.data["low"]:
            raise ValueError("must not be below low")
        return high

    @model_validator(mode="before")
    @classmethod
    def _whole(cls, data: Any) -> Any:
        data["high"]
        return data


def test_a_source_is_not_blamed_for_what_others_give(jail):
    """A required key may come from another layer, and a model's validator sees all of them."""
    jail.write("low.yaml", "low: 1\n")
    jail.write("high.yaml", "high: 2\n")
    assert check(settings=Careful, settings_files=["low.yaml", "high.yaml"]) == ()


def test_a_loser_is_held_against_its_type_where_a_validator_needs_the_rest(jail):
    """A model's validator that fails on one source alone does not end the check."""
    jail.write("low.yaml", "low: many\n")
    jail.write("high.yaml", "{high: 2, low: 0}\n")
    (fault,) = check(settings=Careful, settings_files=["low.yaml", "high.yaml"])
    assert (str(fault.rule), str(fault.origin)) == ("bad-value", "low.yaml:1:6")


def test_a_settings_file_can_be_checked_alone(jail):
    """Named as a file, as a commit hook does, without the layers around it."""
    jail.write_workspace("[default]\nmode = offlin\n[run]\nentity = me\n")
    faults = check("wandb/settings", settings=False)
    assert {str(fault.rule) for fault in faults} == {"bad-value", "misplaced-key"}


def test_keys_of_the_client_are_known_in_a_file_checked_alone(jail):
    """The file is shared with it."""
    jail.write_workspace("[default]\ndisable_job_creation = true\n")
    assert check("wandb/settings", settings=False) == ()


def test_a_pyproject_can_be_checked_alone(jail):
    """Its own table."""
    jail.write("sub/pyproject.toml", '[tool.runsettings]\nmode = "offlin"\n')
    (fault,) = check("sub/pyproject.toml", settings=False)
    assert str(fault.origin) == "sub/pyproject.toml:2:8"


def test_a_file_among_the_layers_is_reported_once(jail):
    """Also when it is named besides."""
    jail.write_workspace("[default]\nmode = offlin\n")
    assert len(check("wandb/settings")) == 1


def test_nothing_is_written_by_a_check(jail):
    """The working directory and the home stay empty."""
    check()
    assert list(jail.cwd.iterdir()) == list(jail.home.iterdir()) == []


def test_quotes_in_an_ini_file_are_part_of_the_value(jail):
    """A text in quotes passes every validator, and is hardly ever meant."""
    jail.write_workspace("[default]\nproject = \"x\"\nrun_name = it's\nmode = 'online'\n")
    quoted, wrong = sorted(found(), key=lambda each: each.is_error)
    assert (quoted.key, quoted.severity, str(quoted.origin)) == (
        "project",
        Severity.WARNING,
        "wandb/settings:2",
    )
    assert quoted.hint == "write it without them: x"
    assert (wrong.key, wrong.is_error) == ("mode", True)


def test_a_workspace_further_up_is_noted(jail):
    """It is not read, where a pyproject.toml would be; not beyond a repository or the home."""
    jail.write("proj/wandb/settings", "[default]\nproject = x\n")
    below = jail.cwd / "proj" / "src" / "deep"
    below.mkdir(parents=True)
    jail.monkeypatch.chdir(below)
    (note,) = found()
    assert (note.rule, note.severity) == (Rule.NOT_FOLLOWED, Severity.NOTE)
    assert str(note.origin) == str(jail.cwd / "proj" / "wandb" / "settings")
    assert (
        note.hint == f"start the program in {jail.cwd / 'proj'}, or name the directory in root_dir"
    )
    jail.setenv(WANDB_ROOT_DIR="../..")
    assert found() == ()
    jail.monkeypatch.delenv("WANDB_ROOT_DIR")
    (below.parent / ".git").mkdir()
    assert found() == ()
