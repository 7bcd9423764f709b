"""Whose line called us."""

from __future__ import annotations

import inspect
import os
from pathlib import Path
from typing import Any

import pytest

from runsettings.layers.call_site import Caller, find_caller


def within(package: str, function: str = "init", call: str | None = None) -> Caller:
    """Call `find_caller` from a module of ``package``."""
    scope: dict[str, Any] = {"__name__": package, "find_caller": find_caller}
    exec(f"def inner(*a): return find_caller(*a)\ndef {function}(*a): return inner(*a)", scope)
    return scope[function](*(() if call is None else (call,)))


@pytest.mark.parametrize("package", ["runsettings", "runsettings.runs.starting.start"])
def test_the_callers_line_is_found(package: str) -> None:
    """The place is the first frame outside of the package, however deep we are in it."""
    caller = within(package)
    lines, first = inspect.getsourcelines(within)
    assert caller.where == __file__
    assert "return scope[function]" in lines[(caller.line or 0) - first]


def test_the_call_is_the_outermost_function_of_ours() -> None:
    """What was called is the function that the place called, or what we say it was."""
    assert within("runsettings.x").call == "init"
    assert within("runsettings.x", call="Config.load()").call == "Config.load()"


def test_a_package_of_a_similar_name_is_a_caller() -> None:
    """Only our own modules are passed over."""
    assert within("runsettings_extra").where == "<string>"


def test_a_file_below_the_working_directory_is_named_from_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A file is named as a person in the working directory would name it."""
    here = Path(__file__)
    monkeypatch.chdir(here.parents[1])
    assert within("runsettings").where == os.path.join("layers", here.name)  # noqa: PTH118


def test_constructors_are_named_by_their_class() -> None:
    """A call of a class is named as it is written."""
    scope: dict[str, Any] = {"__name__": "runsettings.x", "find_caller": find_caller}
    exec("class Thing:\n    def __init__(self):\n        self.caller = find_caller()", scope)
    assert scope["Thing"]().caller.call == "Thing"
