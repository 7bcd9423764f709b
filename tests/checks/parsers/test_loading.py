"""Where a parser is taken from."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any, NoReturn

import pytest

import runsettings
from runsettings.checks.parsers.loading import LoadedParser, load_parser


def built() -> argparse.ArgumentParser:
    """A parser with one argument."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--lr", type=float)
    return parser


class Own(argparse.ArgumentParser):
    """A parser whose methods are its own."""

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:  # type: ignore[override]
        """Parse, in a way of its own."""
        raise AssertionError("the program was not stopped")


def with_own_parser() -> NoReturn:
    """Build and parse, without a call to argparse."""
    parser = Own()
    parser.add_argument("--lr")
    parser.parse_args()
    raise AssertionError


def train(parse: Any) -> NoReturn:
    """Build and parse as a script does, catching whatever comes."""
    parser = built()
    try:
        parse(parser)
    except Exception as error:
        raise AssertionError from error
    raise AssertionError


@pytest.mark.parametrize(
    "main",
    [
        lambda: train(lambda parser: parser.parse_args()),
        lambda: train(lambda parser: parser.parse_known_args()),
        lambda: train(lambda parser: parser.parse_intermixed_args()),
        lambda: train(runsettings.parse_args),
        lambda argv: train(lambda parser: parser.parse_args(argv[1:])),
        lambda: train(runsettings.parse_known_args),
        with_own_parser,
        built,
    ],
)
def test_a_function_is_called_up_to_its_first_parse(main):
    """Nothing after it is run; whatever the parser's class is."""
    loaded = load_parser(main)
    assert "lr" in {action.dest for action in loaded.parser._actions}


def test_parsers_parse_again_afterwards():
    """The methods of all classes are put back."""
    load_parser(with_own_parser)
    assert built().parse_args(["--lr", "1"]).lr == 1
    with pytest.raises(AssertionError):
        Own().parse_args()


def test_the_parser_that_parses_first_is_taken():
    """A script may build several."""

    def main() -> None:
        first, second = built(), argparse.ArgumentParser()
        second.parse_known_args([])
        first.parse_args([])

    assert [action.dest for action in load_parser(main).parser._actions] == ["help"]


def test_a_function_that_fails_fails():
    """The user's own error goes through."""

    def main() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        load_parser(main)


SCRIPTS = {
    "parser.parse_args()": (True, True),
    "runsettings.parse_args(parser)": (True, False),
    "parse_args(parser)": (True, False),
    "parser.print_help()": (False, False),
}


@pytest.mark.parametrize("call", SCRIPTS)
def test_how_the_program_parses_is_read_from_its_source(call, jail, monkeypatch):
    """A plain parse makes defaults look like given flags."""
    jail.write(
        "program.py",
        "import argparse, runsettings\nfrom runsettings import parse_args\n"
        "def build():\n    return argparse.ArgumentParser()\n"
        f"def main():\n    parser = build()\n    {call}\n",
    )
    monkeypatch.syspath_prepend(str(Path.cwd()))
    monkeypatch.delitem(__import__("sys").modules, "program", raising=False)
    program = __import__("program")
    loaded = load_parser(program.build)
    assert (loaded.parses, loaded.defaults_count) == SCRIPTS[call]
    monkeypatch.delitem(__import__("sys").modules, "program")


@pytest.mark.parametrize("then", [lambda: None, lambda: 1 / 0, sys.exit])
def test_a_function_that_catches_everything_has_parsed(then):
    """What it does after that is no reason to have no parser."""

    def main() -> None:
        try:
            built().parse_args()
        except:  # noqa: E722 - as scripts do
            then()

    assert load_parser(main).parser._actions[-1].dest == "lr"


def test_what_was_loaded_is_loaded():
    """The command line loads it once."""
    loaded = load_parser(built)
    assert load_parser(loaded) is loaded
    assert isinstance(loaded, LoadedParser)


def test_a_function_sees_a_command_line_of_its_own(capfd, monkeypatch):
    """Not the one of the check, to whose output it adds nothing either."""
    monkeypatch.setattr("sys.argv", ["runsettings", "check", "x.yaml"])

    def main() -> None:
        print("loading")
        built().parse_args()

    parser = load_parser(main).parser
    assert parser.prog == "test_loading.py"
    assert capfd.readouterr().out == ""
