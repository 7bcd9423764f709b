"""Flags: only those that were given count, and a file that a flag names stands below them."""

from __future__ import annotations

import argparse
from typing import Literal

import pytest
from absl import flags as absl_flags
from pydantic import BaseModel, Field

import runsettings
from runsettings import Layer, LayeredSettings, Rule, Settings, SettingsError


class Optim(BaseModel):
    lr: float = 0.1
    nesterov: bool = False


class Model(LayeredSettings):
    name: str = "none"
    layers: list[int] = Field(default_factory=list)
    optim: Optim = Optim()


def settled(parser: argparse.ArgumentParser, *argv: str, **inputs) -> Settings:
    """Settings from a command line that `runsettings.parse_args` read."""
    return Settings.resolve(args=runsettings.parse_args(parser, argv), **inputs)


@pytest.fixture
def parser() -> argparse.ArgumentParser:
    """A program's parser, with flags of its own and those of the settings."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--lr", type=float, default=0.1)
    Settings.add_arguments(parser)
    return parser


@pytest.fixture
def flag_values() -> absl_flags.FlagValues:
    """Flags of absl of their own, with one of the program's and those of the settings."""
    values = absl_flags.FlagValues()
    absl_flags.DEFINE_float("lr", 0.1, "learning rate", flag_values=values)
    Settings.define_flags(values)
    return values


def test_given_flag_counts_and_its_origin_is_the_flag(parser):
    """A flag that was given beats a variable, and is named as it was written."""
    settings = settled(parser, "--run-name", "x", environ={"WANDB_NAME": "y"})
    assert settings.run_name == "x"
    assert str(settings.origin("run_name")) == "--run-name"


def test_flags_that_were_not_given_set_nothing(parser, jail):
    """A parser that nobody passed anything to leaves everything to the other layers."""
    jail.setenv(WANDB_PROJECT="x", WANDB_QUIET="true")
    settings = settled(parser)
    assert settings == Settings()
    assert not any(tree.layer is Layer.FLAG for tree in settings.sources)


def test_flag_of_the_programs_own_default_is_no_value(jail):
    """A default in the program's own parser does not beat a variable."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--project", default="from-the-parser")
    jail.setenv(WANDB_PROJECT="from-the-environment")
    assert settled(parser).project == "from-the-environment"
    assert settled(parser, "--project", "given").project == "given"


def test_flags_of_the_program_are_passed_over(parser):
    """``--lr`` belongs to the program: it is neither a setting nor a mistake."""
    assert settled(parser, "--lr", "3", "--project", "x").diagnostics == ()


def test_none_in_a_plain_namespace_is_no_value():
    """A plain namespace does not tell what was given; ``None`` was not."""
    args = argparse.Namespace(project=None, mode="offline")
    settings = Settings.resolve(args=args, environ={"WANDB_PROJECT": "x"})
    assert (settings.project, settings.mode) == ("x", "offline")


def test_dashes_and_switches(parser):
    """Every flag can be written as its field says: dashes, switches, lists."""
    argv = ["--run-tags", "a", "b", "--no-quiet", "--save-code", "--mode", "offline"]
    settings = settled(parser, *argv, environ={"WANDB_QUIET": "true"})
    assert settings.run_tags == ("a", "b")
    assert (settings.quiet, settings.save_code, settings.mode) == (False, True, "offline")


def test_choices_are_the_parsers(parser, capsys):
    """The parser itself refuses a choice that does not exist."""
    with pytest.raises(SystemExit):
        settled(parser, "--mode", "offlin")
    error = capsys.readouterr().err
    assert "--mode: must be one of 'online', 'offline'" in error
    assert "got 'offlin' — did you mean 'offline'?" in error


def test_secrets_have_no_flag(parser, flag_values):
    """A key on the command line would be readable in every process list."""
    assert "--api-key" not in parser.format_help()
    assert "api_key" not in flag_values


def test_add_arguments_can_be_kept_to_some_fields():
    """``only`` leaves room for the program's own flags."""
    parser = argparse.ArgumentParser()
    Settings.add_arguments(parser, only=["project"])
    assert "--project" in parser.format_help()
    assert "--entity" not in parser.format_help()


@pytest.mark.parametrize("only", ["optim.lr", ["optim.lr"]])
def test_only_may_reach_into_a_nested_model(only):
    """A single flag of a nested model can be had alone, and a single name is one name."""
    parser = argparse.ArgumentParser()
    Model.add_arguments(parser, only=only)
    assert [action.dest for action in parser._actions] == ["help", "optim.lr", "settings_file"]


def test_only_of_unknown_fields_is_an_error():
    """A flag that is silently not there would be missed too late; all of them are told."""
    for add in (
        lambda only: Settings.add_arguments(argparse.ArgumentParser(), only=only),
        lambda only: Settings.define_flags(absl_flags.FlagValues(), only=only),
    ):
        with pytest.raises(SettingsError) as caught:
            add(["projct", "project", "entitty"])
        assert [(fault.rule, fault.path, fault.hint) for fault in caught.value.diagnostics] == [
            (Rule.UNKNOWN_KEY, ("projct",), "did you mean 'project'?"),
            (Rule.UNKNOWN_KEY, ("entitty",), "did you mean 'entity'?"),
        ]


def test_two_models_share_a_parser(flag_values):
    """Both have their flags; the flag for settings files is one for both."""
    parser = argparse.ArgumentParser()
    Settings.add_arguments(parser)
    Model.add_arguments(parser)
    args = runsettings.parse_args(parser, ["--name", "n", "--project", "p"])
    Model.define_flags(flag_values)
    flag_values(["train.py", "--name=n", "--project=p"])
    for given in (args, flag_values):
        names = Model.resolve(args=given).name, Settings.resolve(args=given).project
        assert names == ("n", "p")


def test_two_models_share_a_settings_file(flag_values, jail):
    """Each takes its own keys from the file, and a key that neither has is an error in both."""
    parser = argparse.ArgumentParser()
    Settings.add_arguments(parser)
    Model.add_arguments(parser)
    Model.define_flags(flag_values)
    jail.write("both.yaml", "project: p\nname: n\n")
    args = runsettings.parse_args(parser, ["--settings-file", "both.yaml"])
    flag_values(["train.py", "--settings_file=both.yaml"])
    for given in (args, flag_values):
        assert Settings.resolve(args=given).project == "p"
        assert Model.resolve(args=given).name == "n"
    jail.write("both.yaml", "projct: p\nname: n\n")
    for model in (Settings, Model):
        with pytest.raises(SettingsError, match="projct is not a key of"):
            model.resolve(args=args)


def test_a_misspelt_key_of_the_other_model_in_a_shared_settings_file(jail):
    """The hint names the key that is meant, whichever of the two models is read first."""

    class Data(LayeredSettings):
        workers: int = 1

    class Digits(LayeredSettings):
        epochs: int = 1

    jail.write("shared.yaml", "wrokers: 9\nepoch: 2\n")
    parser = argparse.ArgumentParser()
    Digits.add_arguments(parser)
    Data.add_arguments(parser)
    args = runsettings.parse_args(parser, ["--settings-file", "shared.yaml"])
    for model in (Data, Digits):
        with pytest.raises(SettingsError) as caught:
            model.resolve(args=args)
        hints = {each.key: each.hint for each in caught.value.diagnostics}
        assert hints == {"wrokers": "did you mean 'workers'?", "epoch": "did you mean 'epochs'?"}


def test_settings_file_flag_of_the_programs_own_is_a_conflict():
    """Only a flag of ours is shared; one that means something else is argparse's to refuse."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--settings-file", dest="file_of_mine")
    with pytest.raises(argparse.ArgumentError, match="--settings-file"):
        Settings.add_arguments(parser)


def test_nested_models_have_dotted_flags():
    """``--optim.lr`` reaches into a nested model and leaves its neighbours alone."""
    parser = argparse.ArgumentParser()
    Model.add_arguments(parser)
    args = runsettings.parse_args(parser, ["--optim.lr", "3"])
    model = Model.resolve(args=args, files=[], optim={"nesterov": True})
    assert model.optim == Optim(lr=3, nesterov=True)
    assert str(model.origin("optim.lr")) == "--optim.lr"


@pytest.mark.parametrize("dotted_first", [False, True])
def test_a_flag_of_a_whole_model_and_one_inside_of_it_both_count(dotted_first):
    """``--optim '{…}' --optim.lr 3`` sets all that is in the JSON, and ``lr`` to 3."""

    class Inner(BaseModel):
        lr: float = 0.1
        decay: float = 0.0
        betas: dict[str, float] = {}

    class Nested(LayeredSettings):
        optim: Inner = Inner()

    parser = argparse.ArgumentParser()
    for name in ("--optim", "--optim.lr", "--optim.betas", "--optim.betas.one"):
        parser.add_argument(name)
    words = [
        ["--optim", '{"lr": 1, "decay": 0.5}'],
        ["--optim.lr", "3"],
        ["--optim.betas", '{"one": 0.8, "two": 0.9}'],
        ["--optim.betas.one", "0.7"],
    ]
    given = [word for pair in (words[::-1] if dotted_first else words) for word in pair]
    settings = Nested.resolve(args=runsettings.parse_args(parser, given), environ={})
    assert settings.optim == Inner(lr=3, decay=0.5, betas={"one": 0.7, "two": 0.9})
    said = [(str(leaf.origin), leaf.value) for leaf in settings.history("optim.lr")]
    assert said[:2] == [("--optim.lr", "3"), ("--optim", 1)]


def test_texts_of_complex_fields_are_decoded():
    """A flag is a text: a list in it is JSON, as in a variable."""
    assert Model.resolve(args=argparse.Namespace(layers="[1, 2]")).layers == [1, 2]


def test_texts_inside_of_nested_models_are_decoded():
    """``--optim.groups '{"a": 1}'`` is JSON as much as a flag of the model itself."""

    class Groups(BaseModel):
        groups: dict[str, int] = {}

    class Nested(LayeredSettings):
        optim: Groups = Groups()

    parser = argparse.ArgumentParser()
    Nested.add_arguments(parser)
    args = runsettings.parse_args(parser, ["--optim.groups", '{"a": 1}'])
    assert Nested.resolve(args=args).optim.groups == {"a": 1}
    args = runsettings.parse_args(parser, ["--optim.groups", '{"a": 1'])
    with pytest.raises(SettingsError) as caught:
        Nested.resolve(args=args)
    (fault,) = caught.value.diagnostics
    assert (fault.key, str(fault.origin)) == ("optim.groups", "--optim.groups")


def test_choices_that_are_no_texts_can_be_given():
    """A flag can only be a text; it names the choice."""

    class Levels(LayeredSettings):
        level: Literal[1, 2] = 1

    parser = argparse.ArgumentParser()
    Levels.add_arguments(parser)
    assert Levels.resolve(args=runsettings.parse_args(parser, ["--level", "2"])).level == 2
    with pytest.raises(SettingsError, match="level: must be one of 1, 2; got '3'\n"):
        Levels.resolve(args=runsettings.parse_args(parser, ["--level", "3"]))


def test_text_that_does_not_decode_names_the_flag():
    """A flag that should be JSON and is not is a fault at the flag."""
    with pytest.raises(SettingsError) as caught:
        Model.resolve(args=argparse.Namespace(layers="[1, 2"))
    (fault,) = caught.value.diagnostics
    assert (fault.rule, fault.key, str(fault.origin)) == (Rule.BAD_VALUE, "layers", "--layers")


def test_bad_value_names_the_flag(parser):
    """A value that the model refuses is a fault at the flag as written."""
    with pytest.raises(SettingsError) as caught:
        settled(parser, "--run-id", "a/b")
    assert str(caught.value) == (
        "1 problem in settings\n\n  run_id: must not contain '/'; got 'a/b'\n    --run-id"
    )


def test_settings_file_named_by_a_flag_is_between_variables_and_flags(parser, jail):
    """A file that a person names on the command line beats ENV and loses to flags."""
    jail.write("x.yaml", "project: file\nentity: file\nrun_group: file\n")
    settings = settled(
        parser,
        *["--settings-file", "x.yaml", "--run-group", "flag"],
        environ={"WANDB_PROJECT": "env", "WANDB_RUN_GROUP": "env"},
        entity="init",
    )
    assert (settings.project, settings.entity, settings.run_group) == ("file", "init", "flag")
    places = [str(leaf.origin) for leaf in settings.history("run_group")]
    assert places == ["--run-group", "x.yaml:3:12", "WANDB_RUN_GROUP", "Settings.run_group"]
    assert settings.origin("project").layer is Layer.FLAG


def test_settings_file_named_by_a_flag_loses_to_one_named_by_the_program(parser, jail):
    """A file that the program names speaks for the program."""
    jail.write("flag.yaml", "project: flag\n")
    jail.write("program.yaml", "project: program\n")
    settings = settled(parser, "--settings-file", "flag.yaml", files=["program.yaml"])
    assert settings.project == "program"


def test_later_settings_file_flags_beat_earlier_ones(parser, jail):
    """The flag may be repeated."""
    jail.write("a.yaml", "project: a\nentity: a\n")
    jail.write("b.yaml", "project: b\n")
    settings = settled(parser, "--settings-file", "a.yaml", "--settings-file", "b.yaml")
    assert (settings.project, settings.entity) == ("b", "a")


def test_settings_file_that_does_not_exist_is_an_error(parser):
    """A person who names a file wants it read."""
    with pytest.raises(SettingsError, match="does not exist"):
        settled(parser, "--settings-file", "no.yaml")


def test_unknown_key_in_a_file_named_by_a_flag_is_an_error(parser, jail):
    """The file is written for us, whoever names it."""
    jail.write("x.yaml", "projet: x\n")
    with pytest.raises(SettingsError) as caught:
        settled(parser, "--settings-file", "x.yaml")
    assert "did you mean 'project'?" in str(caught.value)


def test_text_in_a_yaml_file_named_by_a_flag_is_no_json(jail):
    """YAML has lists of its own: a text in it is a text, as in any YAML file."""
    jail.write("x.yaml", "layers: '[1, 2]'\n")
    for inputs in (
        {"args": argparse.Namespace(settings_file="x.yaml")},
        {"files": "x.yaml"},
    ):
        with pytest.raises(SettingsError, match="must be a list"):
            Model.resolve(**inputs)


def test_absl_flag_that_was_given_counts(flag_values):
    """An absl flag on the command line beats a variable."""
    flag_values(["program", "--project=x", "--lr=3"])
    settings = Settings.resolve(args=flag_values, environ={"WANDB_PROJECT": "y"})
    assert settings.project == "x"
    assert str(settings.origin("project")) == "--project"


def test_absl_flags_at_their_defaults_are_no_values(flag_values):
    """Flags of absl that were not given leave everything to the other layers."""
    flag_values(["program"])
    settings = Settings.resolve(args=flag_values, environ={"WANDB_PROJECT": "y"})
    assert settings.project == "y"
    assert settings.diagnostics == ()


def test_absl_kinds_of_flags(flag_values, jail):
    """Switches, enums, lists and settings files work in absl's own spelling."""
    jail.write("x.yaml", "project: file\nentity: file\n")
    flag_values(
        [
            "program",
            "--quiet",
            "--nosave_code",
            "--mode=offline",
            "--run_tags=a,b",
            "--settings_file=x.yaml",
            "--entity=flag",
        ]
    )
    settings = Settings.resolve(args=flag_values, environ={"WANDB_SAVE_CODE": "true"})
    assert (settings.quiet, settings.save_code, settings.mode) == (True, False, "offline")
    assert settings.run_tags == ("a", "b")
    assert (settings.project, settings.entity) == ("file", "flag")


def test_absl_flag_that_an_installed_package_defined_counts():
    """`define_flags` is called from our own package, which is installed like absl itself."""
    values = absl_flags.FlagValues()
    parser, serializer = absl_flags.ArgumentParser(), absl_flags.ArgumentSerializer()
    flag = absl_flags.Flag(parser, serializer, "project", None, "help")
    absl_flags.DEFINE_flag(flag, values, module_name="absl.app")
    values(["program", "--project=x"])
    assert Settings.resolve(args=values).project == "x"


def test_something_else_than_flags_is_a_type_error():
    """``args`` takes flags, not a list of words."""
    with pytest.raises(TypeError, match="argparse namespace or absl flags"):
        Settings.resolve(args=["--project", "x"])
