"""Did you mean: the likely name, and rather none than a wild one."""

from __future__ import annotations

import pytest

from runsettings import Settings
from runsettings.values.did_you_mean import closest, did_you_mean

FIELDS = list(Settings.model_fields)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("projet", "project"),
        ("projcet", "project"),
        ("PROJECT", "project"),
        ("Run-Name", "run_name"),
        ("run name", "run_name"),
        ("base-url", "base_url"),
        ("baseurl", "base_url"),
        ("modes", "mode"),
        ("_mode_", "mode"),
        ("entitiy", "entity"),
        ("xyz", None),
        ("lr", None),
        ("", None),
        ("learning_rate", None),
        ("init", None),
        ("roject", "project"),
        ("xmode", "mode"),
    ],
)
def test_closest_field(name, meant):
    """Slips find their field; other words find nothing."""
    assert closest(name, FIELDS) == meant


def test_short_names_are_not_guessed_at():
    """In two letters, one wrong letter is another word."""
    assert closest("if", ["id"]) is None


@pytest.mark.parametrize(
    ("name", "meant"),
    [("mim", "min"), ("MAS", "max"), ("mix", None), ("abc", None), ("mint", "min")],
)
def test_one_wrong_letter_of_three(name, meant):
    """It is told if one name alone is meant: `mix` may be `min` or `max`."""
    assert closest(name, ["min", "max", "none", "first"]) == meant


def test_sentence():
    """The advice as it is shown."""
    assert did_you_mean("offlin", ["online", "offline"]) == "did you mean 'offline'?"
    assert did_you_mean("x", ["online"]) is None
    assert did_you_mean("x", []) is None
