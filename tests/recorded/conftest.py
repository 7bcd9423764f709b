"""Recorded runs for the tests of readers."""

from __future__ import annotations

import importlib
import importlib.util
import math
import os
from collections.abc import Callable
from types import ModuleType

import pytest

HOSTILE = '=1+1,\n"x"'
"""A key that CSV has to quote, and that a spreadsheet would run."""


@pytest.fixture
def optional() -> Callable[[str], ModuleType]:
    """Imports a package of the extra `test`, without which a test is skipped outside of CI."""

    def find(name: str) -> ModuleType:
        if importlib.util.find_spec(name) is None and os.environ.get("CI") != "true":
            pytest.skip(f"{name} is not installed")
        return importlib.import_module(name)

    return find


@pytest.fixture
def make_run(begin):
    """Records a run whose rows have numbers, texts, lists, nothing, NaN and odd keys."""

    def make(**given):
        with begin(**given) as run:
            run.log({"loss": 1.0, "n": 1, "val": {"acc": 0.5}})
            run.log({"loss": math.nan, "text": "=2+3", HOSTILE: math.inf})
            run.log({"n": None}, commit=False)
            run.log({"n": 2**60, "list": [1, "a"]})
            run.log({"loss": 1}, commit=False)
            run.log({"loss": 0.25, "text": "a,b\nc"})
        return run.journal_path

    return make
