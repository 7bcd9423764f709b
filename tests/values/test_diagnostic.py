"""Diagnostics are data; exceptions carry them through anything."""

from __future__ import annotations

import copy
import pickle

import pytest

from runsettings.values import errors as module
from runsettings.values.diagnostic import Beaten, Diagnostic, Excerpt, Rule, Severity
from runsettings.values.errors import (
    ArgumentError,
    ConfigError,
    ImmutableError,
    RunError,
    RunsettingsError,
    SettingsError,
)
from runsettings.values.origin import Layer, Origin

PLACE = Origin(Layer.FILE, "train.yaml", 7, 7)
DIAGNOSTIC = Diagnostic(
    Rule.BAD_VALUE,
    Severity.ERROR,
    ("optim", "lr"),
    "must be a number; got 'x'",
    PLACE,
    hint="write 0.1",
    excerpt=Excerpt("  lr: x", 7, 7, 1),
    over=(Beaten(Origin(Layer.ENV, "LR"), "0.1"),),
    related=((Origin(Layer.FILE, "train.yaml", 2, 1), None),),
)

ERRORS = [SettingsError, ConfigError, RunError, ArgumentError, ImmutableError, RunsettingsError]


def test_every_rule_has_a_sentence_and_a_kebab_name():
    """The documentation lists all rules, under ids that never change form."""
    for rule in Rule:
        assert rule.value == rule.name.lower().replace("_", "-")
        assert rule.meaning.endswith(".")
        assert isinstance(rule.severity, Severity)


def test_place_and_key():
    """Line and column come from the origin, or else from the excerpt."""
    assert (DIAGNOSTIC.key, DIAGNOSTIC.line, DIAGNOSTIC.column) == ("optim.lr", 7, 7)
    bare = Diagnostic(Rule.SYNTAX, Severity.ERROR, (), "x", excerpt=Excerpt("abc", 3, 2))
    assert (bare.key, bare.line, bare.column) == ("", 3, 2)
    nowhere = Diagnostic(Rule.SYNTAX, Severity.ERROR, (), "x", Origin(Layer.ENV, "A"))
    assert (nowhere.line, nowhere.column) == (None, None)


def test_warnings_become_errors_under_strict():
    """Only the severity changes, and an error stays itself."""
    warning = Diagnostic(Rule.UNKNOWN_KEY, Severity.WARNING, ("a",), "x")
    assert not warning.is_error
    assert warning.as_error() == Diagnostic(Rule.UNKNOWN_KEY, Severity.ERROR, ("a",), "x")
    assert DIAGNOSTIC.as_error() is DIAGNOSTIC


@pytest.mark.parametrize("kind", ERRORS)
def test_exceptions_survive_a_process(kind):
    """Pickled and copied, an exception is of the same class and says the same."""
    error = kind([DIAGNOSTIC], "train.yaml")
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(again) is kind
        assert again.diagnostics == (DIAGNOSTIC,)
        assert again.subject == "train.yaml"
        assert str(again) == str(error)


@pytest.mark.parametrize("kind", ERRORS)
def test_exceptions_have_one_root(kind):
    """One ``except`` catches everything that this library raises."""
    assert issubclass(kind, RunsettingsError)


@pytest.mark.parametrize(
    ("kind", "builtin"),
    [
        (SettingsError, ValueError),
        (ConfigError, ValueError),
        (RunError, RuntimeError),
        (ImmutableError, AttributeError),
        (ImmutableError, TypeError),
    ],
)
def test_exceptions_are_what_people_expect(kind, builtin):
    """Code that catches the builtin exception of the field catches ours."""
    assert issubclass(kind, builtin)


def test_one_diagnostic_in_one_call():
    """`of` makes an exception of a single diagnostic."""
    error = SettingsError.of(
        Rule.UNKNOWN_KEY, "is not a key", path=("a",), hint="did you mean 'b'?"
    )
    (diagnostic,) = error.diagnostics
    assert (diagnostic.rule, diagnostic.severity, diagnostic.key) == (
        Rule.UNKNOWN_KEY,
        Severity.ERROR,
        "a",
    )
    assert error.subject == "settings"
    assert ConfigError.of(Rule.BAD_VALUE, "x").subject == "run config"


def test_all_errors_are_pinned():
    """Each exception class of the module is in the tests above."""
    kinds = {
        kind
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, RunsettingsError)
    }
    assert kinds == set(ERRORS)
