"""Flags of settings: bools with a value, keys of mappings, and every nested shape."""

from __future__ import annotations

import argparse
import copy
import dataclasses
from typing import Annotated, Any, Literal

import pytest
from absl import flags
from pydantic import BaseModel, BeforeValidator, Field, SecretStr, field_validator
from typing_extensions import TypedDict

import runsettings
from runsettings import LayeredConfigDict, LayeredSettings, Settings, SettingsError


@dataclasses.dataclass
class Window:
    size: int = 1
    betas: tuple[float, float] = (0.9, 0.99)


class Span(TypedDict, total=False):
    steps: int


class Adam(BaseModel):
    kind: Literal["adam"] = "adam"
    beta: float = 0.9


class Sgd(BaseModel):
    kind: Literal["sgd"] = "sgd"
    momentum: float = 0.0
    nesterov: bool = False


class Login(BaseModel):
    user: str = ""
    key: SecretStr | None = None


class Model(LayeredSettings):
    model_config = LayeredConfigDict(env_prefix="T_")
    quiet: bool = False
    maybe: bool | None = None
    window: Window | None = None
    span: Span = {}
    opt: Annotated[Adam | Sgd, Field(discriminator="kind")] = Adam()
    login: list[Login] = []
    layers: list[Window] = []
    grid: list[list[int]] = []
    sizes: list[int] = []
    rates: dict[str, float] = {}
    bands: dict[str, Adam] = {}


def parser() -> argparse.ArgumentParser:
    """A parser with a positional of the program's own and the flags of settings."""
    made = argparse.ArgumentParser(exit_on_error=False)
    made.add_argument("data", nargs="?")
    Model.add_arguments(made)
    return made


def settle(*words: str) -> Model:
    """The settings that a command line makes."""
    return Model.resolve(args=runsettings.parse_args(parser(), words), environ={})


BOOLS = [
    (["--quiet"], True),
    (["--no-quiet"], False),
    (["--quiet=false"], False),
    (["--quiet=Yes"], True),
    (["--no-quiet=false"], True),
    (["--quiet", "false"], False),
    (["--quiet", "TRUE"], True),
    (["--qui"], True),
    (["--quiet", "off", "--maybe"], False),
]


@pytest.mark.parametrize(("words", "value"), BOOLS)
def test_bool_flags_take_a_value_where_one_is_given(words, value):
    """Launchers write ``--quiet=false`` and ``--quiet false``; a person writes ``--no-quiet``."""
    settings = settle(*words)
    assert settings.quiet is value
    assert str(settings.origin("quiet")) in {"--quiet", "--no-quiet"}


@pytest.mark.parametrize("word", ["data.csv", "1", "0", "t"])
def test_a_bool_flag_leaves_the_programs_own_arguments_alone(word):
    """Only a word that is for nothing but a bool is the flag's."""
    args = runsettings.parse_args(parser(), ["--quiet", word])
    assert (args.data, args.quiet) == (word, True)
    args = runsettings.parse_args(parser(), ["--quiet", "--", "false"])
    assert (args.data, args.quiet) == ("false", True)


@pytest.mark.parametrize("make", [parser, lambda: copy.deepcopy(parser())], ids=["own", "copy"])
def test_a_plain_parse_takes_a_value_behind_an_equals_sign(make):
    """``--quiet=false`` needs no `parse_args` of ours, and does not spoil abbreviations."""
    plain = make()
    assert plain.parse_args(["--quiet=false"]).quiet is False
    assert plain.parse_args(["--qui"]).quiet is True
    assert plain.parse_args(["--quiet", "false"]).data == "false"
    with pytest.raises(argparse.ArgumentError, match="ignored explicit argument 'maybe'"):
        plain.parse_args(["--quiet=maybe"])
    assert "false" not in plain.format_help()


def test_bool_flags_of_a_parent_take_a_value():
    """A parser that has the flags from its parent, or is a subparser, takes values as well."""
    parent = argparse.ArgumentParser(add_help=False)
    Model.add_arguments(parent)
    child = argparse.ArgumentParser(parents=[parent])
    assert runsettings.parse_args(child, ["--quiet", "false"]).quiet is False
    outer = argparse.ArgumentParser()
    outer.add_subparsers().add_parser("train", parents=[parent])
    assert runsettings.parse_args(outer, ["train", "--quiet=false"]).quiet is False


NESTED = [
    (["--window.size", "3"], "window", Window(3)),
    (["--window.betas", "[0.1, 0.2]"], "window", Window(1, (0.1, 0.2))),
    (["--window.betas", "0.1", "0.2"], "window", Window(1, (0.1, 0.2))),
    (["--window", '{"size": 3}'], "window", Window(3)),
    (["--window", '{"size": 3}', "--window.size", "4"], "window", Window(4)),
    (["--span.steps", "3"], "span", {"steps": 3}),
    (["--opt.kind", "sgd", "--opt.momentum", "0.5"], "opt", Sgd(momentum=0.5)),
    (["--opt.kind=sgd", "--opt.nesterov=yes"], "opt", Sgd(nesterov=True)),
    (["--opt", '{"kind": "adam", "beta": 0.5}'], "opt", Adam(beta=0.5)),
    (["--layers", '{"size": 1}', '{"size": 2}'], "layers", [Window(1), Window(2)]),
    (["--layers", '[{"size": 1}]'], "layers", [Window(1)]),
    (["--grid", "[1, 2]", "[3]"], "grid", [[1, 2], [3]]),
    (["--grid", "[[1, 2], [3]]"], "grid", [[1, 2], [3]]),
    (["--grid", "[1, 2]"], "grid", [[1, 2]]),
    (["--sizes", "1", "2"], "sizes", [1, 2]),
    (["--sizes", "[1, 2]"], "sizes", [1, 2]),
    (["--sizes", "-1"], "sizes", [-1]),
    (["--rates", '{"a": 1}'], "rates", {"a": 1.0}),
    (["--rates.a", "1", "--rates.B-c=2"], "rates", {"a": 1.0, "B-c": 2.0}),
    (["--bands.low.beta", "0.5"], "bands", {"low": Adam(beta=0.5)}),
    (["--bands", '{"low": {"beta": 1}}', "--bands.low.beta", "2"], "bands", {"low": Adam(beta=2)}),
]


@pytest.mark.parametrize(("words", "name", "value"), NESTED)
def test_every_nested_shape_has_flags(words, name, value):
    """Dotted flags reach into every shape whose keys are known, and JSON sets what is deeper."""
    settings = settle(*words)
    assert getattr(settings, name) == value
    assert str(settings.origin(name)).startswith(f"--{name}")


def test_dotted_flags_of_mappings_are_told_by_their_name():
    """Origins name the flag that was written, and a key of nobody is a fault at it."""
    settings = settle("--bands.Low.beta", "0.5")
    assert str(settings.origin("bands.Low.beta")) == "--bands.Low.beta"
    with pytest.raises(SettingsError, match=r"bands.low.gamma is not a key of Adam"):
        settle("--bands.low.gamma", "1")


def test_secrets_inside_of_nested_shapes_have_no_flag():
    """Every process on the machine can read an argument."""

    class Holder(LayeredSettings):
        login: Login | None = None
        either: Login | Sgd = Sgd()

    made = argparse.ArgumentParser()
    Holder.add_arguments(made)
    assert "key" not in made.format_help()


def test_comma_text_is_taken_where_the_variable_takes_it():
    """``--run-tags a,b`` are two tags, as ``WANDB_TAGS=a,b`` are."""
    made = argparse.ArgumentParser()
    Settings.add_arguments(made)
    for words in (["--run-tags", "a,b"], ["--run-tags", "a", "b"], ["--run-tags", '["a", "b"]']):
        args = runsettings.parse_args(made, words)
        assert Settings.resolve(args=args, environ={}).run_tags == ("a", "b")


ABSL: list[tuple[list[str], str, Any]] = [
    (["--quiet=off"], "quiet", False),
    (["--noquiet"], "quiet", False),
    (["--window.size=3"], "window", Window(3)),
    (["--opt.kind=sgd", "--opt.nesterov"], "opt", Sgd(nesterov=True)),
    (["--sizes=1,2"], "sizes", [1, 2]),
    (["--sizes=[1, 2]"], "sizes", [1, 2]),
    (["--grid=[[1, 2], [3]]"], "grid", [[1, 2], [3]]),
    (['--rates={"a": 1}'], "rates", {"a": 1.0}),
]


@pytest.mark.parametrize(("words", "name", "value"), ABSL)
def test_absl_flags_take_the_same(words, name, value):
    """What argparse takes as words, absl takes between commas."""
    values = flags.FlagValues()
    Model.define_flags(values)
    values(["train.py", *words])
    assert getattr(Model.resolve(args=values, environ={}), name) == value


class Prepared(LayeredSettings, env_prefix="T_"):
    """A model whose validators take more texts than its choices."""

    typed: Annotated[Literal["x", "y"], BeforeValidator(str.lower)] = "x"
    classed: Literal["x", "y"] = "x"
    plain: Literal["x", "y"] = "x"

    @field_validator("classed", mode="before")
    @classmethod
    def lowered(cls, value: str) -> str:
        """A text of any case."""
        return value.lower()


def of_argparse(model: type[LayeredSettings], words: list[str]) -> Any:
    """Flags that argparse parsed."""
    parser = argparse.ArgumentParser()
    model.add_arguments(parser)
    return runsettings.parse_args(copy.deepcopy(parser), words)


def of_absl(model: type[LayeredSettings], words: list[str]) -> Any:
    """Flags that absl parsed."""
    values = flags.FlagValues()
    model.define_flags(values)
    values(["program", *words])
    return values


@pytest.mark.parametrize("parse", [of_argparse, of_absl])
@pytest.mark.parametrize("name", ["typed", "classed"])
def test_a_flag_with_choices_takes_what_the_variable_takes(parse, name):
    """A text that a validator makes one of the choices of is right for each layer."""
    by_variable = Prepared.resolve(environ={f"T_{name.upper()}": "Y"})
    by_flag = Prepared.resolve(args=parse(Prepared, [f"--{name}", "Y"]), environ={})
    assert getattr(by_flag, name) == getattr(by_variable, name) == "y"


@pytest.mark.parametrize("parse", [of_argparse, of_absl])
@pytest.mark.parametrize(("name", "text"), [("typed", "z"), ("plain", "Y")])
def test_a_flag_with_choices_refuses_what_the_type_refuses(capsys, parse, name, text):
    """The parser itself refuses it, as any text that is no choice."""
    with pytest.raises((SystemExit, flags.IllegalFlagValueError)):
        parse(Prepared, [f"--{name}", text])


@pytest.mark.parametrize("text", ["finish_previous", "create_new", "return_previous", "true"])
def test_a_bool_flag_takes_the_words_that_its_variable_takes(text):
    """``--reinit=create_new`` is what ``WANDB_REINIT`` takes."""
    by_flag = Settings.resolve(args=of_argparse(Settings, [f"--reinit={text}"]), environ={})
    assert by_flag.reinit is Settings.resolve(environ={"WANDB_REINIT": text}).reinit


@pytest.mark.parametrize("word", ["--reinit=never", "--quiet=create_new", "--no-quiet=loud"])
def test_a_bool_flag_refuses_words_that_its_type_refuses(capsys, word):
    """Any other word behind the equals sign is an error of the parser."""
    with pytest.raises(SystemExit):
        of_argparse(Settings, [word])
    assert "takes no value" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [("mode", "dryrun", "offline"), ("resume", "true", "auto"), ("anonymous", "true", "allow")],
)
@pytest.mark.parametrize("parse", [of_argparse, of_absl])
def test_the_client_s_other_words_are_flags_as_well(parse, name, text, value):
    """What the variable ``WANDB_MODE`` takes, ``--mode`` takes."""
    settings = Settings.resolve(args=parse(Settings, [f"--{name}", text]), environ={})
    assert getattr(settings, name) == value


@pytest.mark.parametrize(("word", "got"), [("--quiet=maybe", "maybe"), ("--maybe=", "")])
def test_a_bool_flag_says_which_values_it_takes(capsys, word, got):
    """A value behind the equals sign is allowed, so the message does not say that none is."""
    made = argparse.ArgumentParser()
    Model.add_arguments(made)
    with pytest.raises(SystemExit):
        runsettings.parse_args(made, [word])
    flag = word.partition("=")[0]
    assert f"{flag}: takes no value, or true or false; got '{got}'" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--tags=null"], ["--tags", "null"]])
def test_null_for_an_optional_list(words):
    """The flag takes it, as that of an optional mapping does; beside another word it is an item."""

    class Tagged(LayeredSettings):
        tags: list[str] | None = ["a"]
        names: list[str] = []

    made = argparse.ArgumentParser()
    Tagged.add_arguments(made)
    settings = Tagged.resolve(args=runsettings.parse_args(made, [*words, "--names", "null"]))
    assert (settings.tags, settings.names) == (None, ["null"])
    args = runsettings.parse_args(made, ["--tags", "null", "b"])
    assert Tagged.resolve(args=args).tags == ["null", "b"]
