"""Type functions of a parser are called, and stopped where they would change something."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runsettings.layers.flags.conversion import UnknownConversionError, convert


def make_directory(name: str) -> Path:
    """A type function of many training scripts."""
    path = Path(name)
    path.mkdir()
    return path


def swallowing(name: str) -> Any:
    """A type function that catches all that it knows of."""
    try:
        return open(name, "w")  # noqa: PTH123 - as such scripts do
    except Exception:  # noqa: BLE001 - as such scripts do
        return None


@pytest.mark.parametrize(
    "function",
    [
        lambda name: Path(name).write_text("x"),
        lambda name: open(name, "ab"),  # noqa: PTH123, SIM115 - as such scripts do
        lambda name: os.open(name, os.O_CREAT),
        lambda name: Path("old").rename(name),
        lambda _name: Path("old").unlink(),
        lambda _name: os.system("touch new"),
        make_directory,
        swallowing,
    ],
)
def test_a_type_that_would_change_something_is_stopped(function, jail):
    """It is not known what it takes, and everything stays as it was."""
    jail.write("old", "kept")
    with pytest.raises(UnknownConversionError):
        convert(function, "new")
    assert [each.name for each in jail.cwd.iterdir()] == ["old"]
    assert (jail.cwd / "old").read_text() == "kept"


def test_a_file_that_a_type_opens_is_closed(jail):
    """No handle is left behind, and that it can be read says nothing of the value."""
    jail.write("data.txt", "x")
    opened: list[Any] = []

    def remembered(name: str) -> Any:
        opened.append(open(name))  # noqa: PTH123, SIM115 - as such scripts do
        return opened[-1]

    with pytest.raises(UnknownConversionError):
        convert(remembered, "data.txt")
    assert opened[0].closed


def test_a_type_that_ends_the_program_refuses_the_text():
    """The check goes on."""
    with pytest.raises(argparse.ArgumentTypeError, match="ended the program"):
        convert(sys.exit, "x")


@pytest.mark.parametrize(
    ("text", "value"), [("True", True), ("[1, 2]", [1, 2]), (" 3", 3), ("'x'", "x")]
)
def test_a_literal_is_what_eval_makes_of_it(text, value):
    """``type=eval`` is common for booleans."""
    assert convert(eval, text) == value


def test_no_expression_of_a_config_is_evaluated(jail):
    """It may be right, which is all that is known."""
    function: Callable[[str], Any] = eval
    with pytest.raises(UnknownConversionError):
        convert(function, "__import__('pathlib').Path('made').touch()")
    with pytest.raises(argparse.ArgumentTypeError):
        convert(function, "?")
    assert list(jail.cwd.iterdir()) == []


def test_files_can_be_written_afterwards(jail):
    """The guard is off as soon as the type function is done, however it ended."""
    for function in (make_directory, int):
        with pytest.raises((UnknownConversionError, ValueError)):
            convert(function, "x")
    jail.write("made", "x")
    assert (jail.cwd / "made").read_text() == "x"
