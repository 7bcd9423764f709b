"""A config held against an argparse parser."""

from __future__ import annotations

import argparse
import ast
import datetime as dt
import enum
import json
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import jsonschema
import pytest
from pydantic import BaseModel, Field, StrictInt

from runsettings.checks.parsers.loading import load_parser
from runsettings.checks.parsers.options import parser_options
from runsettings.checks.parsers.parser_check import check_parser
from runsettings.checks.schemas.parser_schema import parser_schema
from runsettings.composition.merge import merge
from runsettings.layers.flags.parsing import parse_args
from runsettings.models.layered import LayeredSettings
from runsettings.values.key_paths import put_at
from runsettings.values.origin import Layer
from runsettings.values.tree import Tree


def sentences(parser: argparse.ArgumentParser, data: dict[str, Any]) -> list[str]:
    """What is wrong, in words."""
    found = check_parser(merge([Tree(Layer.FILE, "train.yaml", data)]), parser_options(parser))
    return [f"{fault.key}: {fault.message}" for fault in found]


def one(*names: str, **keywords: Any) -> argparse.ArgumentParser:
    """A parser with one argument."""
    parser = argparse.ArgumentParser()
    parser.add_argument(*names, **keywords)
    return parser


@pytest.mark.parametrize(
    ("keywords", "right", "wrong"),
    [
        ({"type": int}, [3, "3", None], [3.5, "x", True, [3], {"a": 1}]),
        ({"type": float}, [3, 0.5, "1e-3"], ["fast", False, []]),
        ({}, ["text", None], [3, True, ["text"]]),
        ({"default": 1}, ["text", 2], [0.5, True]),
        ({"choices": ["a", "b"]}, ["a"], ["c", 1]),
        ({"type": int, "choices": [1, 2]}, [1, "2"], [3, "x"]),
        ({"action": "store_true"}, [True, False, None], ["yes", 1]),
        ({"action": "count"}, [0, 3], [-1, True, "3"]),
        ({"action": "store_const", "const": 5}, [5, None], [6]),
        ({"type": int, "nargs": "*"}, [[], [1, 2]], [1, ["x"]]),
        ({"type": int, "nargs": "+"}, [[1]], [[], 1]),
        ({"type": int, "nargs": 2}, [[1, 2]], [[1], [1, 2, 3]]),
        ({"type": int, "nargs": "?"}, [1, None], [[1]]),
        ({"action": "append", "type": int}, [[1, 2]], [1, [[1]]]),
        ({"action": "append", "type": int, "nargs": 2}, [[[1, 2]]], [[["x", 1]]]),
        ({"nargs": "?", "const": True}, ["a", True, None], [False, 1]),
        ({"nargs": argparse.REMAINDER}, [["a"], []], ["a"]),
        ({"action": "append_const", "const": 3}, [[3, 3], None], [[4], 3]),
        ({"type": Path}, ["/tmp"], []),
        # Any text is what these make of that text in quotes.
        ({"type": json.loads}, ["{}", {"a": 1}, 3, "x", "{"], []),
        ({"type": ast.literal_eval}, ["x", "[1]", 3], []),
        ({"type": json.loads, "choices": ["x"]}, ["x"], ["y", "{"]),
        ({"type": UUID}, [str(UUID(int=1))], ["x", '"x"']),
        ({"type": argparse.FileType("w")}, ["made.txt"], [3]),
    ],
)
def test_values_are_held_to_the_action(keywords, right, wrong, jail):
    """Each kind of argument takes its values and refuses others."""
    parser = one("--x", **keywords)
    assert [value for value in right if sentences(parser, {"x": value})] == []
    assert [value for value in wrong if not sentences(parser, {"x": value})] == []
    assert list(jail.cwd.iterdir()) == []  # no file was opened for a FileType


def test_an_unknown_key_is_found_with_what_was_meant():
    """A slip of an argument's name."""
    found = check_parser(
        merge([Tree(Layer.FILE, "train.yaml", {"epohs": 3})]), parser_options(one("--epochs"))
    )
    assert [(str(f.rule), f.hint) for f in found] == [("unknown-key", "did you mean 'epochs'?")]


def test_a_dashed_key_is_the_same_argument():
    """``batch-size`` is ``batch_size``."""
    assert sentences(one("--batch-size", type=int), {"batch-size": 3}) == []


def test_a_dotted_argument_is_a_nested_key():
    """``--optim.lr`` is ``lr`` in ``optim``, and other keys in there are unknown."""
    parser = one("--optim.lr", type=float)
    assert sentences(parser, {"optim": {"lr": 0.1}}) == []
    assert sentences(parser, {"optim": {"rl": 0.1}}) == [
        "optim.rl: is not an argument of the parser"
    ]


def test_what_is_required_and_missing_is_found():
    """With the flag that a command line would need."""
    assert sentences(one("--data", required=True), {}) == [
        "data: is required by the parser (--data), and the config does not set it"
    ]


def test_arguments_that_exclude_each_other_are_found():
    """The second one is at fault."""
    parser = argparse.ArgumentParser()
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--hours")
    group.add_argument("--steps")
    assert sentences(parser, {"hours": "1", "steps": "2"}) == [
        "steps: cannot be set together with hours (--hours)"
    ]


@pytest.mark.parametrize("data", [{"b": False}, {"b": None}, {"c": 0.1}, {"b": False, "c": "0.1"}])
def test_what_is_at_its_default_excludes_nothing(data):
    """A namespace that was saved as a config names every argument."""
    parser = argparse.ArgumentParser()
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--a", action="store_true")
    group.add_argument("--b", action="store_true")
    group.add_argument("--c", type=float, default="0.1")
    data = {"a": True, **data}
    assert sentences(parser, data) == []


@pytest.mark.parametrize(("data", "missing"), [({}, True), ({"a": False}, True), ({"b": 1}, False)])
def test_a_group_of_which_one_is_required_is_missed(data, missing):
    """As argparse refuses a command line without any."""
    parser = argparse.ArgumentParser()
    group = parser.add_mutually_exclusive_group(required=True)
    group.add_argument("--a", action="store_true")
    group.add_argument("--b", type=int)
    expected = ": one of --a, --b is required by the parser, and the config does not set it"
    assert sentences(parser, data) == [expected] * missing


@pytest.mark.parametrize("nargs", ["?", "*", argparse.REMAINDER])
def test_a_positional_that_may_stand_for_nothing_is_not_missed(nargs):
    """Some of these are noted as required by argparse, which misses none of them."""
    assert sentences(one("rest", nargs=nargs), {}) == []


def test_many_choices_are_not_all_listed():
    """A sentence stays one."""
    (found,) = sentences(one("--n", type=int, choices=range(1000)), {"n": -1})
    assert found.endswith("29, …; got -1")


COMMANDS = argparse.ArgumentParser()
_commands = COMMANDS.add_subparsers(dest="command")
_train = _commands.add_parser("train", aliases=["fit"])
_train.add_argument("--lr", type=float, required=True)
_eval = _commands.add_parser("eval")
_eval.add_argument("--lr")
_eval.add_argument("--data", required=True)


@pytest.mark.parametrize(
    ("data", "found"),
    [
        ({"command": "train", "lr": 0.1}, []),
        ({"command": "tain"}, ["command: must be one of 'train', 'fit', 'eval'; got 'tain'"]),
        ({"command": ["train"]}, ["command: must be one of 'train', 'fit', 'eval'; got ['train']"]),
        ({"lr": "warm"}, []),
        ({"command": "fit", "lr": "warm"}, ["lr: must be a number; got 'warm'"]),
        ({"command": "eval", "lr": "warm", "data": "x"}, []),
        (
            {"command": "train", "data": "x"},
            [
                "data: is an argument of another command than the config names",
                "lr: is required by the parser (--lr), and the config does not set it",
            ],
        ),
    ],
)
def test_a_config_is_held_against_the_command_that_it_names(data, found):
    """Without one, any of them may be meant, and none of their arguments is required."""
    assert sentences(COMMANDS, data) == found


def test_a_type_that_raises_anything_is_a_fault():
    """The user's own function cannot end the check."""

    def picky(text: str) -> str:
        raise RuntimeError("no")

    assert sentences(one("--x", type=picky), {"x": "a"}) == [
        "x: must be what picky takes; it raised RuntimeError; got 'a'"
    ]


def test_help_and_version_are_no_keys():
    """They are not settings of a program."""
    parser = one("--version", action="version", version="1")
    assert sentences(parser, {"help": True}) == ["help: is not an argument of the parser"]


def test_a_parser_that_is_none_is_refused():
    """With what was expected."""
    with pytest.raises(TypeError, match="expected an argparse parser"):
        load_parser(lambda: 3)


class Optim(BaseModel):
    """A nested model."""

    lr: float = Field(default=0.1, gt=0)
    betas: tuple[float, float] = (0.9, 0.999)


class Training(LayeredSettings):
    """A model whose flags are on the parser."""

    epochs: int = 3
    amp: bool = False
    kind: Literal["a", "b"] = "a"
    sizes: list[int] = []
    optim: Optim = Optim()


@pytest.mark.parametrize(
    ("data", "found"),
    [
        ({"epochs": 4, "amp": "no", "sizes": [1], "optim": {"lr": 0.2, "betas": [0, 1]}}, []),
        ({"epochs": 4, "lr": "3"}, []),
        ({"epochs": "4", "optim": {"lr": "1e-3", "betas": ["0", "1"]}}, []),
        ({"epochs": "4.5"}, ["epochs: must be a valid integer; got '4.5'"]),
        ({"optim": {"lr": "fast"}}, ["optim.lr: must be a valid number; got 'fast'"]),
        ({"epochs": "x"}, ["epochs: must be a valid integer; got 'x'"]),
        ({"kind": "c"}, ["kind: must be 'a' or 'b'; got 'c'"]),
        ({"optim": {"lr": 0}}, ["optim.lr: must be greater than 0; got 0"]),
        ({"optim": {"rl": 1}}, ["optim.rl: is not an argument of the parser"]),
    ],
)
def test_flags_of_a_model_have_its_types(data, found):
    """``Model.add_arguments`` adds texts, and a YAML file has numbers; the schema agrees."""
    parser = one("--lr", type=int)
    Training.add_arguments(parser)
    assert sentences(parser, data) == found
    schema = parser_schema(parser_options(parser))
    jsonschema.Draft202012Validator.check_schema(schema)
    assert jsonschema.Draft202012Validator(schema).is_valid(data) == (not found)


class Level(enum.Enum):
    """An enum of numbers."""

    LOW = 1
    HIGH = 2


class Typed(LayeredSettings):
    """A model with fields that flags give as texts."""

    bits: Literal[16, 32, "bf16"] = 16
    level: Level = Level.LOW
    sizes: list[int] = []
    shares: set[float] = set()
    pair: tuple[int, float] = (1, 2.0)
    bands: dict[str, float] = {}
    many: dict[str, Optim] = {}
    grid: list[list[int]] = []
    stages: list[Optim] = []
    rate: float | Literal["auto"] = "auto"
    exact: StrictInt = 1
    wait: dt.timedelta = dt.timedelta(0)


@pytest.mark.parametrize(
    "line",
    [
        *("--bits 32", "--bits bf16", "--level 2", "--sizes 1 2", "--sizes [1,2]"),
        *("--shares 1 1", "--shares [1,2.5]", "--pair 1 2.5", "--pair [1,2.5]"),
        *("--bands.low 1", '--bands {"low":1}', '--many {"a":{"lr":1}}', '--many.a {"lr":1}'),
        *("--grid [1] [2]", "--grid [[1],[2]]", '--stages {"lr":1} {"lr":2}'),
        *('--stages [{"lr":1}]', "--rate auto", "--rate 1e-3", "--exact 3", "--wait PT30S"),
    ],
)
def test_what_the_flags_of_a_model_give_is_accepted(line):
    """The namespace of a command line that the model takes passes the check and the schema."""
    parser = one("--lr", type=int)
    Typed.add_arguments(parser)
    args = parse_args(parser, line.split())
    Typed.resolve(args=args)
    data: dict[str, Any] = {}
    for name, value in vars(args).items():
        put_at(data, tuple(name.split(".")), value)
    assert sentences(parser, data) == []
    schema = parser_schema(parser_options(parser))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(data)


@pytest.mark.parametrize(
    "data",
    [{"bits": "33"}, {"level": "3"}, {"sizes": "1"}, {"bands": "low"}, {"grid": ["1"]}],
)
def test_what_no_flag_of_a_model_gives_is_refused(data):
    """A text that the model cannot convert is found by the check, and by the schema."""
    parser = one("--lr", type=int)
    Typed.add_arguments(parser)
    assert len(sentences(parser, data)) == 1
    assert not jsonschema.Draft202012Validator(parser_schema(parser_options(parser))).is_valid(data)


def test_a_required_flag_that_the_file_sets_is_still_required():
    """The program that parses its command line exits without it, and the check tells so."""

    def main() -> None:
        parser = one("--data", required=True)
        group = parser.add_mutually_exclusive_group(required=True)
        group.add_argument("--a", type=int)
        group.add_argument("--b", type=int)
        parser.parse_args()

    found = check_parser(
        merge([Tree(Layer.FILE, "train.yaml", {"data": "x", "b": 1})]), parser_options(main)
    )
    told = "does not stand in for a flag: the program exits with status 2 without"
    assert [(f.severity, f.key, f.message) for f in found if f.rule == "missing-value"] == [
        ("warning", "data", f"{told} --data"),
        ("warning", "b", f"{told} one of --a, --b"),
    ]


class Kind(enum.Enum):
    """Parsed by value."""

    ADAM = "adam"
    SGD = "sgd"


def test_the_members_of_an_enum_are_its_choices():
    """What is not one of them is answered with them."""
    assert sentences(one("--x", type=Kind), {"x": "sgd"}) == []
    assert sentences(one("--x", type=Kind), {"x": "adm"}) == [
        "x: must be one of 'adam', 'sgd'; got 'adm'"
    ]
