"""Which top-level keys get into a config."""

from __future__ import annotations

from typing import Any

import pytest

from runsettings.runconfig.config import Config
from runsettings.values.diagnostic import Rule, Severity
from runsettings.values.errors import ConfigError, SettingsWarning


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        ({"include_keys": ["a"]}, {"a": 1}),
        ({"include_keys": ("a", "b")}, {"a": 1, "b": {"c": 2}}),
        ({"include_keys": "a"}, {"a": 1}),
        ({"exclude_keys": ["a"]}, {"b": {"c": 2}, "d": 3}),
        ({"include_keys": [], "exclude_keys": ["a", "d"]}, {"b": {"c": 2}}),
        ({"include_keys": [], "exclude_keys": []}, {"a": 1, "b": {"c": 2}, "d": 3}),
    ],
)
def test_keys_are_included_and_excluded(options: dict[str, Any], kept: dict[str, Any]) -> None:
    """Only what is included gets in, and nothing that is excluded."""
    config = Config.load([{"a": 0, "b": {"c": 2}}, {"a": 1, "d": 3}], **options)
    assert config.as_dict() == kept
    assert config.diagnostics == ()


@pytest.mark.parametrize("option", ["include_keys", "exclude_keys"])
def test_a_selected_key_that_is_not_there_is_a_warning(option: str) -> None:
    """A name that matches nothing is a slip, and the key that was meant is proposed."""
    with pytest.warns(SettingsWarning, match=r"does not have — did you mean 'learning_rate'\?"):
        config = Config.load({"learning_rate": 1}, **{option: ["lerning_rate"]})
    (fault,) = config.diagnostics
    assert (fault.rule, fault.severity) == (Rule.NO_SUCH_KEY, Severity.WARNING)
    assert fault.hint == "did you mean 'learning_rate'?"


def test_including_and_excluding_at_once_is_an_error() -> None:
    """Both together are one error, beside whatever else is wrong."""
    with pytest.raises(ConfigError) as caught:
        Config.load({"a": 1, "b.c": 2}, include_keys=["a"], exclude_keys=["b.c"])
    assert {fault.rule for fault in caught.value.diagnostics} == {
        Rule.INCLUDE_AND_EXCLUDE,
        Rule.KEY_PERIOD,
    }


def test_faults_of_excluded_keys_do_not_matter() -> None:
    """A key that does not get in may be anything."""
    config = Config.load({"model": object(), "a.b": 1, "lr": 1}, exclude_keys=["model", "a.b"])
    assert config.as_dict() == {"lr": 1}
    assert config.diagnostics == ()
