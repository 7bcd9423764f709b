"""A wrong command line: everything that is wrong with it is told at once, in plain words."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any, Literal

import pytest
from pydantic import BaseModel, PositiveInt

import runsettings
from runsettings.layers.flags.parsing import (
    parse_args,
    parse_intermixed_args,
    parse_known_args,
)


def build(**options: Any) -> argparse.ArgumentParser:
    """A parser with flags of each kind."""
    parser = argparse.ArgumentParser(prog="t.py", **options)
    parser.add_argument("--learning-rate", "--lr", type=float, default=0.1)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--optim.name", choices=["adam", "sgd"])
    parser.add_argument("--data", required=True)
    parser.add_argument("--amp", action="store_true")
    parser.add_argument("--size", nargs=2, type=int)
    parser.add_argument("--tags", nargs="+")
    return parser


def told(
    capsys: pytest.CaptureFixture[str],
    parser: argparse.ArgumentParser,
    line: str,
    parse: Callable[..., Any] = parse_args,
) -> list[str]:
    """The diagnostics of a command line, which ends the program with code 2."""
    with pytest.raises(SystemExit) as ended:
        parse(parser, line.split())
    assert ended.value.code == 2
    blocks = capsys.readouterr().err.rstrip().split("\n\n")
    return [block.strip() for block in blocks[1:]]


SECRET_HINT = "other users can see flags: pass a secret by a variable or a settings file"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("--lerning-rate=1", ["--lerning-rate is not a flag — did you mean '--learning-rate'?"]),
        ("--epoch.s 3", ["--epoch.s is not a flag — did you mean '--epochs'?"]),
        ("--name adam", ["--name is not a flag — did you mean '--optim.name'?"]),
        ("--xyzzy 3 4", ["--xyzzy is not a flag — --help lists the flags"]),
        (
            "--api_key x",
            [
                f"--api_key is not a flag — {SECRET_HINT}",
            ],
        ),
        ("extra", ["extra is not expected"]),
        ("epochs=3", ["epochs=3 is not expected — did you mean --epochs=3?"]),
        ("nothing=3", ["nothing=3 is not expected"]),
        ("extra --amp more", ["extra is not expected", "more is not expected"]),
        ("--lr x", ["--learning-rate: must be a number; got 'x'"]),
        ("--epochs 1.5", ["--epochs: must be an integer; got '1.5'"]),
        ("--size 1 x", ["--size: must be an integer; got 'x'"]),
        (
            "--optim.name adm",
            ["--optim.name: must be one of 'adam', 'sgd'; got 'adm' — did you mean 'adam'?"],
        ),
        ("--amp=3", ["--amp: takes no value; got '3'"]),
        ("--epochs", ["--epochs: needs a value"]),
        ("--size 1", ["--size: needs 2 values"]),
        ("--tags", ["--tags: needs at least one value"]),
    ],
)
def test_each_kind_has_words_of_its_own(capsys, line, expected) -> None:
    """Each message names the flag, what it wants, what it got, and what may be meant."""
    assert told(capsys, build(), f"--data d {line}") == expected


def test_all_of_it_is_told_at_once(capsys) -> None:
    """Unknown flags and words, wrong values and what is missing come in one message."""
    line = "--lerning-rate=zz extra --epochs x --optim.name sgdd --amp=1"
    assert told(capsys, build(), line) == [
        "--amp: takes no value; got '1'",
        "--lerning-rate is not a flag — did you mean '--learning-rate'?",
        "--learning-rate: must be a number; got 'zz'",
        "--epochs: must be an integer; got 'x'",
        "--optim.name: must be one of 'adam', 'sgd'; got 'sgdd' — did you mean 'sgd'?",
        "--data is required",
        "extra is not expected",
    ]


def test_a_flag_without_its_value_is_given(capsys) -> None:
    """A required flag that stands without a value is not told to be missing as well."""
    assert told(capsys, build(), "--data") == ["--data: needs a value"]


def test_an_abbreviation_of_two_flags_names_both(capsys) -> None:
    """A word that is short for several flags is told with all of them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--alpha-one")
    parser.add_argument("--alpha-two")
    assert told(capsys, parser, "--alpha 3") == [
        "--alpha is short for --alpha-one and for --alpha-two — write the flag in full"
    ]


def exclusive(*, required: bool = False) -> argparse.ArgumentParser:
    """A parser with two flags that exclude each other and set one argument."""
    parser = argparse.ArgumentParser()
    group = parser.add_mutually_exclusive_group(required=required)
    group.add_argument("--cpu", action="store_true", dest="device")
    group.add_argument("--gpu", action="store_false", dest="device")
    parser.add_argument("--lr", type=float)
    return parser


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("--cpu --gpu", ["--cpu: cannot be given together with --gpu"]),
        (
            "--gpu --lr x --cpu",
            ["--lr: must be a number; got 'x'", "--cpu: cannot be given together with --gpu"],
        ),
        ("--gpu --lr x", ["--lr: must be a number; got 'x'"]),
    ],
)
def test_flags_that_exclude_each_other(capsys, line, expected) -> None:
    """Both flags are named, and a single flag of two with one argument is no conflict."""
    assert told(capsys, exclusive(), line) == expected


def test_one_of_a_group_is_required(capsys) -> None:
    """A group of which one is required names all of them."""
    expected = ["one of --cpu, --gpu is required"]
    assert told(capsys, exclusive(required=True), "") == expected


class Refusing(argparse.Action):
    """An action that takes no value at all."""

    def __call__(self, parser, namespace, values, option_string=None) -> None:
        """Refuse."""
        raise argparse.ArgumentError(self, "the moon is wrong")


def test_what_an_action_says_is_told_as_well(capsys) -> None:
    """The message of the program's own action is kept beside what else is wrong."""
    parser = exclusive()
    parser.add_argument("--moon", action=Refusing)
    assert told(capsys, parser, "--moon full --cpu --gpu") == [
        "argument --moon: the moon is wrong",
        "--cpu: cannot be given together with --gpu",
    ]


def raising(error: BaseException) -> Callable[[str], Any]:
    """A type function that raises."""

    def percent(text: str) -> Any:
        raise error

    return percent


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (argparse.ArgumentTypeError("must end in %"), "must end in %"),
        (TypeError("no"), "must be a value for percent; got '3'"),
        (KeyError("3"), "cannot be read: percent raises KeyError; got '3'"),
        (RuntimeError("down"), "cannot be read: percent raises RuntimeError; got '3'"),
    ],
)
def test_a_type_function_may_raise_anything(capsys, error, expected) -> None:
    """What the program's own function raises is told, also if argparse does not catch it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--lr", type=float)
    parser.add_argument("--share", type=raising(error))
    expected = ["--lr: must be a number; got 'x'", f"--share: {expected}"]
    assert told(capsys, parser, "--lr x --share 3") == expected


def test_a_type_function_has_no_effects(capsys, tmp_path) -> None:
    """A file that a later flag would write is not written where the command line is wrong."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--lr", type=float)
    parser.add_argument("--out", type=argparse.FileType("w"))
    out = tmp_path / "out.txt"
    assert told(capsys, parser, f"--lr x --out {out}") == ["--lr: must be a number; got 'x'"]
    assert not out.exists()


class Colour(Enum):
    RED = 1
    BLUE = 2


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"type": int, "choices": range(10**6)}, "must be one of range(0, 1000000); got -1"),
        ({"type": int, "choices": (1, 2)}, "must be one of 1, 2; got -1"),
        ({"type": Colour}, "must be a value for Colour; got '-1'"),
    ],
)
def test_choices_of_any_kind(capsys, options, expected) -> None:
    """A range of a million choices is told as a range."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--many", **options)
    assert told(capsys, parser, "--many=-1") == [f"--many: {expected}"]


def commands() -> argparse.ArgumentParser:
    """A parser with two commands."""
    parser = argparse.ArgumentParser(prog="t.py")
    parser.add_argument("--verbose", action="store_true")
    inner = parser.add_subparsers(dest="command", required=True)
    train = inner.add_parser("train")
    train.add_argument("--lr", type=float)
    train.add_argument("--data", required=True)
    inner.add_parser("test").add_argument("--split", choices=["dev", "test"])
    return parser


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("tran", ["command: must be one of 'train', 'test'; got 'tran' — did you mean 'train'?"]),
        ("", ["command is required"]),
        ("train --lr x", ["--lr: must be a number; got 'x'", "--data is required"]),
        (
            "train --data d --verbose --lrr 3",
            [
                "--verbose is not a flag — write --verbose before the command",
                "--lrr is not a flag — did you mean '--lr'?",
            ],
        ),
        (
            "--verbos test --split x",
            ["--split: must be one of 'dev', 'test'; got 'x'"],  # an abbreviation is right
        ),
    ],
)
def test_commands(capsys, line, expected) -> None:
    """The words of a command are read by its parser, together with those before it."""
    assert told(capsys, commands(), line) == expected


def test_a_flag_before_its_command_is_told_where_to_go(capsys) -> None:
    """A flag that a command has is not unknown: it stands in the wrong place."""
    found = told(capsys, commands(), "--split=dev test")
    assert "--split is not a flag — write --split behind the command 'test'" in found


class Layered(runsettings.LayeredSettings, env_prefix="T_"):
    width: int = 1
    depth: int = 1


def test_errors_of_the_other_layers_come_along(capsys, monkeypatch) -> None:
    """What is wrong with the settings of other layers is told with the command line."""
    monkeypatch.setenv("T_WIDTH", "wide")
    parser = argparse.ArgumentParser()
    Layered.add_arguments(parser)
    with pytest.raises(SystemExit):
        parse_args(parser, ["--dept", "3", "--deeep", "1"])
    error = capsys.readouterr().err
    assert "problems in command line and settings" in error
    assert "--deeep is not a flag" in error
    assert "T_WIDTH" in error


class Band(BaseModel, extra="forbid"):
    low: int = 0


class Nested(runsettings.LayeredSettings, env_prefix="N_"):
    epochs: PositiveInt = 1
    quiet: bool = False
    band: Band = Band()
    bands: dict[str, int] = {}
    sizes: list[int] = []
    rate: float | Literal["auto"] = "auto"


class Trained(runsettings.RunConfig):
    lr: float = 0.1


def refused(
    capsys: pytest.CaptureFixture[str], model: type[runsettings.LayeredSettings], words: list[str]
) -> list[str]:
    """The diagnostics of a command line of a model and a flag ``--seed``, which has no integer."""
    parser = argparse.ArgumentParser()
    model.add_arguments(parser)
    runsettings.add_config_arguments(parser)
    parser.add_argument("--seed", type=int)
    with pytest.raises(SystemExit):
        parse_args(parser, ["--seed", "x", *words])
    first, *others = capsys.readouterr().err.rstrip().split("\n\n")[1:]
    assert first == "  --seed: must be an integer; got 'x'"
    return [" ".join(each.split()) for each in others]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--epochs", "x"], "epochs: must be a valid integer; got 'x' --epochs"),
        (["--epochs=-3"], "epochs: must be greater than 0; got '-3' --epochs"),
        (["--band.low", "x"], "band.low: must be a valid integer; got 'x' --band.low"),
        (["--bands.low", "x"], "bands.low: must be a valid integer; got 'x' --bands.low"),
        (["--sizes", "1", "x"], "sizes[1]: must be a valid integer; got 'x' --sizes"),
        (["--sizes", '[1, "x"]'], "sizes[1]: must be a valid integer; got 'x' --sizes"),
        (["--rate", "x"], "rate: must be a valid number, or must be 'auto'; got 'x' --rate"),
    ],
)
def test_wrong_values_of_a_models_flags_come_along(capsys, words, expected) -> None:
    """A value that the model refuses stands in the same list as what argparse refuses."""
    assert refused(capsys, Nested, words) == [expected]


@pytest.mark.parametrize(
    "words", [["--quiet=false"], ["--no-quiet"], ["--epochs", "3"], ["--rate", "1"]]
)
def test_right_values_of_a_models_flags_are_not_mentioned(capsys, words) -> None:
    """A flag of a model that has a right value does not appear among the errors."""
    assert refused(capsys, Nested, words) == []


def test_a_flag_that_beats_a_wrong_variable_keeps_it_out(capsys, monkeypatch) -> None:
    """A variable that a right flag beats is no error where another flag is wrong."""
    monkeypatch.setenv("N_EPOCHS", "x")
    assert refused(capsys, Nested, ["--epochs", "3"]) == []


def test_the_settings_file_of_a_wrong_command_line_is_read(capsys, tmp_path) -> None:
    """What is wrong in the file that ``--settings-file`` names is told with the flags."""
    file = tmp_path / "s.yaml"
    file.write_text("epochs: x\nquiet: true\n")
    (found,) = refused(capsys, Nested, ["--settings-file", str(file)])
    assert found.startswith("epochs: must be a valid integer; got 'x'")


def test_wrong_overrides_come_along(capsys) -> None:
    """An override that cannot be read, and one with an unknown key, are told with the flags."""
    found = refused(capsys, Trained, ["--set", "lr", "--set", "lrr=3"])
    assert [each.partition(" —")[0] for each in found] == [
        "has no '='",
        "lrr is not a key of Trained",
    ]


def test_a_models_flags_behind_a_command_come_along(capsys) -> None:
    """The flags of a model that a command has are checked as those of the parser itself."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int)
    Nested.add_arguments(parser.add_subparsers().add_parser("train"))
    assert told(capsys, parser, "--seed x train --epochs y") == [
        "--seed: must be an integer; got 'x'",
        "epochs: must be a valid integer; got 'y'\n    --epochs",
    ]


def test_an_error_method_of_the_program_gets_the_text() -> None:
    """A parser that raises in ``error`` raises with everything that is wrong."""

    class Raising(argparse.ArgumentParser):
        def error(self, message: str) -> Any:
            raise ValueError(message)

    parser = Raising()
    parser.add_argument("--lr", type=float)
    before = dict(vars(parser))
    with pytest.raises(ValueError, match=r"(?s)2 problems.*--lr: must be a number.*extra is not"):
        parse_args(parser, ["--lr", "x", "extra"])
    assert vars(parser) == before


def test_exit_on_error_is_the_parsers() -> None:
    """A parser that does not exit raises argparse's own error, as it does without us."""
    parser = build(exit_on_error=False)
    with pytest.raises(argparse.ArgumentError, match="invalid float value: 'x'"):
        parse_args(parser, ["--data", "d", "--lr", "x"])


def test_unknown_words_are_handed_back(capsys) -> None:
    """``parse_known_args`` tells what is wrong, and not what it would hand back."""
    assert told(capsys, build(), "--lr x --unknown extra", parse_known_args) == [
        "--learning-rate: must be a number; got 'x'",
        "--data is required",
    ]


def intermixed() -> argparse.ArgumentParser:
    """A parser with two positionals."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--lr", type=float)
    parser.add_argument("files", nargs=2)
    return parser


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("a --lr x b", ["--lr: must be a number; got 'x'"]),
        ("a --lr 1", ["files is required"]),
        ("a --lr 1 b c", ["c is not expected"]),
    ],
)
def test_intermixed_words(capsys, line, expected) -> None:
    """Positionals between flags are not told to be unknown or missing."""
    assert told(capsys, intermixed(), line, parse_intermixed_args) == expected


@pytest.mark.parametrize("line", ["--lr x -- --lr", "--lr x -- --lrr 3", "--lr x -- -- --lr"])
def test_words_behind_two_dashes_are_no_flags(capsys, line) -> None:
    """A word behind ``--`` is not expected, even if a flag has that name."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--lr", type=float)
    first, *others = told(capsys, parser, line)
    assert first == "--lr: must be a number; got 'x'"
    assert others


def test_a_positional_that_needs_no_word_is_not_missing(capsys) -> None:
    """``nargs="*"`` is satisfied by no word at all."""
    parser = argparse.ArgumentParser()
    parser.add_argument("files", nargs="*")
    parser.add_argument("--lr", type=float)
    assert told(capsys, parser, "--lr x") == ["--lr: must be a number; got 'x'"]


@pytest.mark.parametrize("words", [["--lr", "x", "--lr", "1"], ["--lr", "1", "--lr", "x"]])
def test_each_occurrence_of_a_flag_is_read(capsys, words: Sequence[str]) -> None:
    """A later right value does not hide a wrong one: argparse refuses it as well."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--lr", type=float)
    assert told(capsys, parser, " ".join(words)) == ["--lr: must be a number; got 'x'"]


def test_a_word_that_a_positional_waits_for_is_not_unknown(capsys) -> None:
    """One word of two is told as what is missing, not as one too many."""
    assert told(capsys, intermixed(), "a --lr x") == [
        "--lr: must be a number; got 'x'",
        "files is required",
    ]


def test_secrets_are_masked(capsys) -> None:
    """A wrong value of a flag for a secret is not shown, nor is a password in an address."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--api-key", type=int)
    parser.add_argument("--store", choices=["local"])
    found = told(capsys, parser, "--api-key hunter2x --store http://me:hunter2x@host")
    assert len(found) == 2
    assert "hunter2x" not in "".join(found)
