"""The report for people."""

from __future__ import annotations

from runsettings.checks.reporters.text import report
from runsettings.values.diagnostic import Diagnostic, Rule, Severity
from runsettings.values.origin import Layer, Origin


def test_the_whole_report(ordinary):
    """Heading, sentences, places, the line and what was beaten."""
    assert (
        report(ordinary, ["settings", "train.yaml", "my configs/a b.yaml"])
        == """\
1 problem in settings and 2 files

  mode: must be one of 'online', 'offline', 'disabled'; got 'offlin' — did you mean 'offline'?
    train.yaml:7:7
      7 │ mode: offlin
        │       ^^^^^^
    over  wandb/settings:4 = 'online'

  warning: WANDB_PROJCT is not a variable that sets anything — did you mean 'WANDB_PROJECT'?
    WANDB_PROJCT

  note: project is the name of a setting
    my configs/a b.yaml:1:10
"""
    )


def test_nothing_wrong_is_one_line():
    """What was looked at is said all the same."""
    assert report([], ["settings", "train.yaml"]) == "no problems in settings and train.yaml\n"


def test_drift_is_one_line_each():
    """A lock's drift tells its place in its sentence."""
    origin = Origin(Layer.ENV, "WANDB_BASE_URL")
    message = "changed: was 'a', now 'b' from env WANDB_BASE_URL"
    drift = Diagnostic(Rule.LOCK_DRIFT, Severity.ERROR, ("base_url",), message, origin)
    assert report([drift], ["settings"]) == (
        "base_url changed: was 'a', now 'b' from env WANDB_BASE_URL\n"
    )


def test_no_text_can_forge_a_line(attacks):
    """Every line is one of ours: nothing hostile begins one, and no control characters pass."""
    lines = report(attacks, ["settings"]).split("\n")
    assert not any(line.startswith("::") for line in lines)
    assert all(line.isprintable() for line in lines)
