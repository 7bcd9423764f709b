"""The report for programs."""

from __future__ import annotations

import json

from runsettings.checks.reporters.json import report


def test_members_are_stable(ordinary):
    """One diagnostic, whole."""
    document = json.loads(report(ordinary, ["train.yaml"]))
    assert {key: document[key] for key in ("version", "checked", "errors", "warnings")} == {
        "version": 1,
        "checked": ["train.yaml"],
        "errors": 1,
        "warnings": 1,
    }
    assert document["diagnostics"][0] == {
        "rule": "bad-value",
        "severity": "error",
        "key": "mode",
        "path": ["mode"],
        "message": "must be one of 'online', 'offline', 'disabled'; got 'offlin'",
        "hint": "did you mean 'offline'?",
        "file": "train.yaml",
        "line": 7,
        "column": 7,
        "end_column": 13,
        "origin": {"layer": "file", "where": "train.yaml", "line": 7, "column": 7},
        "over": [{"layer": "workspace", "where": "wandb/settings", "line": 4, "shown": "'online'"}],
        "related": [],
    }


def test_a_variable_is_no_file(ordinary):
    """Its origin is told, and ``file`` is null."""
    second = json.loads(report(ordinary))["diagnostics"][1]
    assert (second["file"], second["origin"]["where"]) == (None, "WANDB_PROJCT")


def test_hostile_texts_come_back_as_they_were(attacks, hostile):
    """JSON holds any text."""
    found = json.loads(report(attacks))["diagnostics"]
    assert {item["message"] for item in found} == {hostile}
    assert {item["origin"]["where"] for item in found} == {hostile}
