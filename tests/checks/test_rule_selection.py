"""Which rules count."""

from __future__ import annotations

import pytest

from runsettings.checks.check import check
from runsettings.checks.rule_selection import Selection, is_suppressed_on, rule_named
from runsettings.values.diagnostic import Rule
from runsettings.values.errors import SettingsError

WRONG = "lr: 1e-3\na.b: 1\n"


def rules(found) -> list[str]:
    """The rules of diagnostics."""
    return [str(fault.rule) for fault in found]


def test_select_names_the_only_rules_that_count(jail):
    """All others are left out."""
    jail.write("train.yaml", WRONG)
    assert rules(check("train.yaml", select=["key-period"])) == ["key-period"]


def test_ignore_names_rules_that_do_not_count(jail):
    """They are left out."""
    jail.write("train.yaml", WRONG)
    assert rules(check("train.yaml", ignore=["key-period"])) == ["yaml-scalar"]


def test_a_project_chooses_in_its_pyproject(jail):
    """``[tool.runsettings.check]`` counts where the call says nothing."""
    jail.write("pyproject.toml", '[tool.runsettings.check]\nignore = ["yaml-scalar"]\n')
    jail.write("train.yaml", WRONG)
    assert rules(check("train.yaml")) == ["key-period"]


def test_a_call_selects_instead_of_the_project(jail):
    """The call's own selection replaces the project's."""
    jail.write("pyproject.toml", '[tool.runsettings.check]\nselect = ["yaml-scalar"]\n')
    jail.write("train.yaml", WRONG)
    assert rules(check("train.yaml", select=["key-period"])) == ["key-period"]


def test_a_misspelt_rule_of_the_project_is_found_in_its_place(jail):
    """With a suggestion; the rest is checked all the same."""
    jail.write("pyproject.toml", '[tool.runsettings.check]\nignore = ["yaml-scalr"]\n')
    jail.write("train.yaml", "lr: 0.1\n")
    (found,) = check("train.yaml")
    assert str(found.origin) == "pyproject.toml:2:11"
    assert "did you mean 'yaml-scalar'?" in found.message


def test_an_unknown_option_of_the_project_is_found(jail):
    """The table is held to its keys."""
    jail.write("pyproject.toml", '[tool.runsettings.check]\nignroe = ["yaml-scalar"]\n')
    (found,) = check()
    assert (str(found.rule), found.hint) == ("unknown-key", "did you mean 'ignore'?")


def test_a_misspelt_rule_of_the_call_is_refused():
    """It is a mistake in a program, not in a config."""
    with pytest.raises(ValueError, match="did you mean 'key-period'") as caught:
        check(ignore=["key-preiod"])
    assert not isinstance(caught.value, SettingsError)


@pytest.mark.parametrize(
    ("line", "suppressed"),
    [
        ("lr: 1e-3  # runsettings: ignore", True),
        ("lr: 1e-3  # runsettings: ignore[yaml-scalar]", True),
        ("lr: 1e-3  # runsettings: ignore[key-period, yaml-scalar]", True),
        ("lr: 1e-3  # runsettings:ignore[ yaml-scalar ]  # why", True),
        ("lr: 1e-3  # runsettings: ignore[key-period]", False),
        ("lr: 1e-3  # runsettings: ignored", False),
        ("lr: 1e-3#runsettings: ignore", False),
        ("lr: 'x # runsettings: ignore'", False),
        ("lr: 1e-3  # see runsettings: ignore it", False),
    ],
)
def test_a_comment_turns_rules_off_on_its_line(line, suppressed):
    """All of them, or those that it names."""
    assert is_suppressed_on(line, Rule.YAML_SCALAR) is suppressed


def test_a_comment_holds_for_its_line_alone(jail):
    """The same fault a line further is found."""
    jail.write("train.yaml", "a: 1e-3  # runsettings: ignore[yaml-scalar]\nb: 1e-3\n")
    assert [fault.line for fault in check("train.yaml")] == [2]


def test_a_comment_turns_off_errors_of_any_check(jail):
    """Key rules as well."""
    jail.write("train.yaml", "a.b: 1  # runsettings: ignore[key-period]\n")
    assert check("train.yaml") == ()


def test_a_comment_in_a_settings_file_of_yaml_counts(jail):
    """Also where a layer is read."""
    jail.write("wandb/settings.yaml", "mode: offlin  # runsettings: ignore[bad-value]\n")
    assert check() == ()


def test_a_selection_of_nothing_keeps_all():
    """No rules named means every rule."""
    assert Selection.of((), ()).counts(Rule.SYNTAX)


def test_a_rule_is_found_by_its_id():
    """As text or as itself."""
    assert rule_named("syntax") is rule_named(Rule.SYNTAX) is Rule.SYNTAX
