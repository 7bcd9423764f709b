"""The importable check, its report, and the helper for projects' own tests."""

from __future__ import annotations

import argparse
import inspect

import pytest
from pydantic import BaseModel, Field, SecretStr

from runsettings.checks.check import Request, check, run_checks
from runsettings.checks.testing import assert_valid
from runsettings.models.layered import LayeredSettings
from runsettings.runconfig.typed import RunConfig


class Workers(RunConfig):
    """A run config of one field."""

    workers: int = 1


def test_what_is_right_is_an_empty_tuple(jail):
    """Nothing wrong, nothing told."""
    jail.write("train.yaml", "lr: 0.1\n")
    assert check("train.yaml") == ()


def test_settings_and_files_are_told_together(jail):
    """Everything at once, in the order of what was checked and of the file's lines."""
    jail.setenv(WANDB_MODE="offlin")
    jail.write("train.yaml", "x: no\na.b: 1\n")
    assert [str(fault.rule) for fault in check("train.yaml")] == [
        "bad-value",
        "yaml-scalar",
        "key-period",
    ]


def test_the_settings_can_be_left_out(jail):
    """Files alone."""
    jail.setenv(WANDB_MODE="offlin")
    assert check(settings=False) == ()


def test_any_environment_can_be_handed_in(jail):
    """Nothing of this process counts then."""
    jail.setenv(WANDB_MODE="offlin")
    assert check(environ={}) == ()


def test_strict_makes_errors_of_warnings_and_not_of_notes(jail):
    """A note is no reason to fail."""
    jail.write("train.yaml", "x: no\nproject: capsules\n")
    assert [str(fault.severity) for fault in check("train.yaml", strict=True)] == ["error", "note"]


def test_every_check_of_a_config_is_told(jail):
    """Key rules, schema, parser, model and ambiguous scalars of one file."""

    class Training(BaseModel):
        lr: float

    parser = argparse.ArgumentParser()
    parser.add_argument("--lr", type=float)
    jail.write("train.yaml", "lr: fast\nx: no\na.b: 1\n")
    found = check(
        "train.yaml",
        schema={"properties": {"lr": {"type": "number"}}},
        parser=parser,
        model=Training,
    )
    assert {str(fault.rule) for fault in found} == {
        "schema-violation",
        "bad-value",
        "unknown-key",
        "key-period",
        "yaml-scalar",
    }


def test_a_secret_of_any_layer_is_found_in_a_config_and_shown_nowhere(jail):
    """Also where the settings themselves are left out, and with a fault on its line."""
    secret = "canary0123456789"
    jail.setenv(WANDB_API_KEY=secret)
    jail.write("train.yaml", f"a.b: {secret}\nkey: {secret}\nurl: https://{secret}@h\n")
    found = check("train.yaml", settings=False)
    assert [fault.line for fault in found if str(fault.rule) == "secret-in-config"] == [1, 2, 3]
    assert secret not in repr(found)


def test_configs_that_the_settings_name_are_checked(jail):
    """Every run reads them, so a missing or wrong one would end every run."""
    jail.write("config-defaults.yaml", "a.b: 1\n")
    jail.write("sweep.yaml", "c.d: 1\n")
    jail.setenv(WANDB_CONFIG_PATHS="none.yaml", WANDB_SWEEP_PARAM_PATH="sweep.yaml")
    assert [(str(fault.rule), fault.origin.where) for fault in check()] == [
        ("key-period", "config-defaults.yaml"),
        ("unreadable-file", "WANDB_CONFIG_PATHS"),
        ("key-period", "sweep.yaml"),
    ]


def test_configs_that_the_settings_name_need_not_be_whole(jail):
    """What a parser requires may be in another part."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--lr", required=True)
    jail.write("config-defaults.yaml", "seed: 1\n")
    assert check(parser=parser) == ()


def test_a_report_names_what_was_looked_at(jail):
    """Right files, too."""
    jail.write("c/a.yaml", "lr: 0.1\n")
    report = run_checks(Request(files=("c",)))
    assert (report.checked, report.failed) == (("settings", "c/a.yaml"), False)


def test_the_helper_passes_what_is_right(jail):
    """And lets warnings pass."""
    jail.write("train.yaml", "lr: 1e-3\n")
    assert_valid("train.yaml")


def test_the_helper_fails_with_the_whole_report(jail):
    """As the command line shows it."""
    jail.write("train.yaml", "a.b: 1\n")
    with pytest.raises(AssertionError) as caught:
        assert_valid("train.yaml")
    assert str(caught.value) == (
        "1 problem in settings and configs\n\n"
        "  a.b: the key 'a.b' has a period, which separates nested keys — nest it: a: {b: …}\n"
        "    train.yaml:1:1\n"
        "      1 │ a.b: 1\n"
        "        │ ^^^"
    )


def test_the_helper_can_be_strict(jail):
    """Warnings fail, too."""
    jail.write("train.yaml", "lr: 1e-3\n")
    with pytest.raises(AssertionError, match=r"write 1\.0e-3"):
        assert_valid("train.yaml", strict=True)


class Optim(BaseModel):
    """A nested model."""

    lr: float = Field(default=0.1, gt=0)


class Training(LayeredSettings):
    """A program's own settings class."""

    optim: Optim = Optim()
    data: str
    token: SecretStr | None = None


def test_files_are_held_against_a_settings_class(jail):
    """Its program names them as settings files; what a part lacks, another layer may give."""
    jail.write("train.yaml", "optim: {lr: -1, nam: x}\n")
    jail.write("right.yaml", "optim: {lr: 1}\ndata: x\n")
    found = check(["train.yaml", "right.yaml"], settings=Training, environ={"DATA": "x"})
    assert sorted((each.key, str(each.rule), str(each.origin)) for each in found) == [
        ("optim.lr", "bad-value", "train.yaml:1:13"),
        ("optim.nam", "unknown-key", "train.yaml:1:17"),
    ]


def test_a_secret_in_a_file_of_a_settings_class_is_masked(jail):
    """Though no layer sets it."""
    jail.write("train.yaml", "token: [tip-top-secret]\n")
    (found,) = check("train.yaml", settings=Training, environ={"DATA": "x"})
    assert "tip-top-secret" not in repr(found)


def test_a_key_of_a_settings_class_is_no_misplaced_setting(jail):
    """The file is one of its settings, and a wrong scalar is told once."""
    jail.write("train.yaml", "data: x\noptim: {lr: 1e-3}\n")
    found = check("train.yaml", settings=Training, environ={})
    assert [(str(each.rule), each.key) for each in found] == [("yaml-scalar", "optim.lr")]


def test_what_a_checked_file_sets_is_not_missing(jail):
    """The program names the file; a key that neither a file nor a layer sets is missing."""
    jail.write("train.yaml", "data: x\n")
    jail.write("other.yaml", "optim: {lr: 1}\n")
    assert check(["other.yaml", "train.yaml"], settings=Training, environ={}) == ()
    (missing,) = check("other.yaml", settings=Training, environ={})
    assert (str(missing.rule), missing.key) == ("missing-value", "data")


@pytest.mark.parametrize("named", [{"files": "train.yaml"}, {"settings_files": ["train.yaml"]}])
@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("data: [x\n", "syntax"),
        ("$config: 1\n$use: [broken.yaml]\n", "syntax"),
        ("$config: 1\n$use: [nope.yaml]\n", "unreadable-file"),
        ("$config: 1\n$use: [train.yaml]\n", "circular"),
        ("$config: 1\n$use: 3\n", "bad-composition"),
    ],
)
def test_what_could_not_be_read_is_not_missing(jail, named, text, rule):
    """Only the cause is reported: the rest of the text may have the required key."""
    jail.write("train.yaml", text)
    jail.write("broken.yaml", "data: [x\n")
    assert {str(each.rule) for each in check(**named, settings=Training, environ={})} == {rule}


def test_a_key_beside_an_unreadable_value_is_missing(jail):
    """A value that cannot be read says nothing about other keys."""
    jail.write("train.yaml", "optim: {lr: !!python/name:print x}\n")
    found = check(settings_files=["train.yaml"], settings=Training, environ={})
    keys = {str(each.rule): each.key for each in found}
    assert (keys["missing-value"], keys["unsafe-tag"]) == ("data", "optim.lr")


@pytest.mark.parametrize("env_file", ["nope.env", ["there.env", "nope.env"]])
def test_a_named_env_file_that_is_not_there_is_an_error(env_file, jail):
    """A start skips it in silence, but a check was asked for it."""
    jail.write("there.env", "")
    line = inspect.currentframe().f_lineno + 1
    (found,) = check(env_file=env_file, environ={})
    assert (str(found.rule), str(found.severity)) == ("unreadable-file", "error")
    assert found.message == f"nope.env: the file does not exist in {jail.cwd}"
    assert found.hint == "create it, or correct its path"
    assert str(found.origin) == f"{__file__}:{line} check(env_file=)"


COMPOSED = "$config: 1\n$profiles: {slurm: {workers: 16}}\nworkers: 2\n"


@pytest.mark.parametrize(
    "arguments",
    [
        {"files": "train.yaml"},
        {"settings": Workers, "settings_files": ["train.yaml"]},
        {"files": "train.yaml", "settings": Workers},
        {"files": ["train.yaml", "plain.yaml"]},
    ],
)
def test_profiles_can_be_named(jail, arguments):
    """A profile of a file counts, and an unknown one is an error with the call and a hint."""
    jail.write("train.yaml", COMPOSED)
    jail.write("plain.yaml", "workers: 3\n")
    assert check(**arguments, profiles="slurm") == ()
    (found,) = check(**arguments, profiles=["slrum"])
    assert (found.rule, found.hint) == ("unknown-profile", "did you mean 'slurm'?")
    assert "check(profiles=)" in str(found.origin)


def test_a_value_of_a_named_profile_is_checked(jail):
    """It is not checked while its profile is not chosen."""
    jail.write("train.yaml", COMPOSED.replace("16", "many"))
    assert check(settings=Workers, settings_files=["train.yaml"]) == ()
    (found,) = check(settings=Workers, settings_files=["train.yaml"], profiles=["slurm"])
    assert (found.path, found.line) == (("workers",), 2)


def test_a_profile_that_nothing_can_have(jail):
    """Without a file, no file has it."""
    assert [each.rule for each in check(profiles=["slurm"])] == ["unknown-profile"]


def test_a_missing_settings_file_of_the_call(jail):
    """The line and the argument that name it are told."""
    line = inspect.currentframe().f_lineno + 1
    (found,) = check(settings_files=["none.yaml"])
    assert found.message.startswith("none.yaml: the file does not exist")
    assert str(found.origin) == f"{__file__}:{line} check(settings_files=)"
