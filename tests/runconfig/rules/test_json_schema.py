"""A config is held against a JSON Schema."""

from __future__ import annotations

import json
from typing import Any

import pytest

from runsettings.runconfig.config import Config
from runsettings.values.diagnostic import Rule
from runsettings.values.errors import ConfigError

SCHEMA = {
    "type": "object",
    "properties": {
        "lr": {"type": "number", "maximum": 1},
        "optim": {
            "type": "object",
            "properties": {"name": {"enum": ["adam", "sgd"]}, "beta": {}},
            "additionalProperties": False,
            "required": ["name"],
        },
    },
    "required": ["seed"],
}


@pytest.mark.parametrize("as_file", [False, True])
def test_a_schema_tells_all_its_errors_with_places(jail: Any, as_file: bool) -> None:
    """Each violation has its place and the schema's own message."""
    jail.write("c.yaml", "lr: 2\noptim:\n  name: adm\n  bta: 1\n")
    jail.write("schema.json", json.dumps(SCHEMA))
    with pytest.raises(ConfigError) as caught:
        Config.load("c.yaml", schema="schema.json" if as_file else SCHEMA)
    assert (
        str(caught.value)
        == """\
4 problems in run config

  'seed' is a required property

  lr: 2 is greater than the maximum of 1
    c.yaml:1:5
      1 │ lr: 2
        │     ^

  optim.bta is not a property that the schema knows — did you mean 'beta'?
    c.yaml:4:3
      4 │   bta: 1
        │   ^^^

  optim.name: 'adm' is not one of ['adam', 'sgd']
    c.yaml:3:9
      3 │   name: adm
        │         ^^^"""
    )


def test_a_schema_that_holds_is_silent() -> None:
    """A config that satisfies its schema loads as without one."""
    config = Config.load({"lr": 1, "seed": 1, "optim": {"name": "sgd"}}, schema=SCHEMA)
    assert config.diagnostics == ()


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({"type": "objekt"}, "is not a valid JSON Schema at $.type: 'objekt' is not valid"),
        ({"$ref": "https://example.invalid/x.json"}, "nothing is fetched"),
        ({"$ref": "#/nowhere"}, "nothing is fetched"),
        ({"$ref": "#"}, "leads back to itself"),
        ([{"type": "object"}], "must be a mapping, or the path to a file that holds one"),
    ],
)
def test_a_bad_schema_is_told_as_such(schema: Any, message: str) -> None:
    """A schema that cannot be used is the schema's fault, and no network is asked."""
    with pytest.raises(ConfigError) as caught:
        Config.load({"a": 1}, schema=schema)
    (fault,) = caught.value.diagnostics
    assert fault.rule is Rule.BAD_SCHEMA
    assert message in fault.message
    assert str(fault.origin) == "config_schema"


def test_a_schema_file_that_cannot_be_read_is_a_fault(jail: Any) -> None:
    """A schema that is missing or broken is an error with its own name and line."""
    with pytest.raises(ConfigError, match=r"schema\.json"):
        Config.load({}, schema="schema.json")
    jail.write("schema.json", '{"type": ')
    with pytest.raises(ConfigError, match=r"schema\.json:1"):
        Config.load({}, schema="schema.json")


def test_a_schema_is_checked_beside_the_key_rules() -> None:
    """A broken key rule does not hide what the schema has to say."""
    with pytest.raises(ConfigError) as caught:
        Config.load({"lr": 2, "seed": 1, "a.b": 1}, schema=SCHEMA)
    assert [fault.rule for fault in caught.value.diagnostics] == [
        Rule.KEY_PERIOD,
        Rule.SCHEMA_VIOLATION,
    ]


def test_a_bad_schema_is_told_beside_faults_of_the_inputs() -> None:
    """Inputs that cannot be read do not hide that the schema is wrong as well."""
    with pytest.raises(ConfigError) as caught:
        Config.load({"a": "\ud800"}, schema={"type": "objec"})
    assert [fault.rule for fault in caught.value.diagnostics] == [
        Rule.NOT_SERIALIZABLE,
        Rule.BAD_SCHEMA,
    ]


def test_a_key_that_a_schema_refuses_has_its_place(jail: Any) -> None:
    """What `propertyNames` refuses is told at the key."""
    jail.write("c.yaml", "a:\n  learning_rate: 1\n")
    with pytest.raises(ConfigError) as caught:
        Config.load("c.yaml", schema={"properties": {"a": {"propertyNames": {"maxLength": 2}}}})
    (fault,) = caught.value.diagnostics
    assert (fault.key, str(fault.origin)) == ("a.learning_rate", "c.yaml:2:3")
    assert fault.message == "'learning_rate' is too long"
