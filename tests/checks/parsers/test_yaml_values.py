"""The forms that Python values have in YAML."""

from __future__ import annotations

import argparse
import enum
import json
import sys
from pathlib import Path

import pytest

from runsettings.checks.parsers.yaml_values import is_form, yaml_forms


class Optimizer(enum.Enum):
    """Written by value or by name."""

    ADAM = "adam"


class Size(enum.IntEnum):
    """A number with a name."""

    SMALL = 16


@pytest.mark.parametrize(
    ("value", "forms"),
    [
        (3, [3]),
        ((1, (2, "x")), [[1, [2, "x"]]]),
        ({"a": (1,)}, [{"a": [1]}]),
        ({1: "a"}, []),
        (Path("runs/x"), ["runs/x"]),
        (Optimizer.ADAM, ["adam", "Optimizer.ADAM", "ADAM"]),
        ([Optimizer.ADAM], [["adam"], ["Optimizer.ADAM"], ["ADAM"]]),
        (Size.SMALL, [16, "16", "SMALL"]),
        (json.loads, ["json.loads"]),
        (argparse.Namespace, ["argparse.Namespace"]),
        (sys.__stdout__, ["<stdout>"]),
        (object(), []),
        (lambda: 0, [f"{__name__}.<lambda>"]),
    ],
)
def test_forms(value, forms):
    """Each way to write it once; none for what has no plain form."""
    assert yaml_forms(value) == forms


def test_a_number_is_no_boolean():
    """``1`` is ``1.0``, and neither is ``true``."""
    assert is_form(1.0, 1)
    assert not is_form(True, 1)
    assert not is_form(0, False)
