"""Explanations: the winner and whom it beat, one line a source."""

from __future__ import annotations

from runsettings.values.origin import Layer, Origin
from runsettings.values.rendering import explain_history
from runsettings.values.tree import Leaf


def leaf(layer: Layer, where: str, value: object, line: int | None = None) -> Leaf:
    """One line of a history."""
    return Leaf(("project",), value, Origin(layer, where, line))


def test_layout():
    """The layout that the documentation shows."""
    leaves = [
        leaf(Layer.ENV, "WANDB_PROJECT", "capsules"),
        leaf(Layer.WORKSPACE, "wandb/settings", "scratch", 3),
        leaf(Layer.DEFAULT, "Settings.project", None),
    ]
    assert explain_history("project", "'capsules'", leaves) == (
        "project = 'capsules'\n"
        "  ▸ env        WANDB_PROJECT                  'capsules'\n"
        "    workspace  wandb/settings:3               'scratch'\n"
        "    default    Settings.project               None"
    )


def test_long_origins_move_the_values():
    """Values stay in one column, however long a place is."""
    leaves = [
        leaf(Layer.FILE, "a/very/long/path/to/some/settings.yaml", 1, 12),
        leaf(Layer.ENV, "A", 2),
    ]
    assert explain_history("a", "1", leaves) == (
        "a = 1\n"
        "  ▸ file       a/very/long/path/to/some/settings.yaml:12  1\n"
        "    env        A                                          2"
    )


def test_no_history():
    """A value that nobody set is shown alone."""
    assert explain_history("a", "1", []) == "a = 1"


def test_values_are_shown_as_asked():
    """What is secret is masked by whoever knows."""
    text = explain_history("a", "***", [leaf(Layer.ENV, "A", "s3cret")], lambda _: "***")
    assert "s3cret" not in text


def test_origins_cannot_forge_lines():
    """A file with a line break in its name is one line."""
    text = explain_history("a", "1", [leaf(Layer.FILE, "x\n  ▸ env A 2", 1)])
    assert len(text.splitlines()) == 2
