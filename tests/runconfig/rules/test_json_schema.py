"""A config is held against a JSON Schema."""

from __future__ import annotations

import json
from typing import Any

import pytest

from runsettings.runconfig.config import Config
from runsettings.runconfig.rules import bounded_validation
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

SECRET = "hunter2-of-the-test"


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
    """A schema that cannot be used is an error of the schema, and no network is asked."""
    with pytest.raises(ConfigError) as caught:
        Config.load({"a": 1}, schema=schema)
    (found,) = caught.value.diagnostics
    assert found.rule is Rule.BAD_SCHEMA
    assert message in found.message
    assert str(found.origin) == "config_schema"


def test_a_schema_file_that_cannot_be_read_is_an_error(jail: Any) -> None:
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
    assert [found.rule for found in caught.value.diagnostics] == [
        Rule.KEY_PERIOD,
        Rule.SCHEMA_VIOLATION,
    ]


def test_a_bad_schema_is_told_beside_errors_of_the_inputs() -> None:
    """Inputs that cannot be read do not hide that the schema is wrong as well."""
    with pytest.raises(ConfigError) as caught:
        Config.load({"a": "\ud800"}, schema={"type": "objec"})
    assert [found.rule for found in caught.value.diagnostics] == [
        Rule.NOT_SERIALIZABLE,
        Rule.BAD_SCHEMA,
    ]


def test_a_key_that_a_schema_refuses_has_its_place(jail: Any) -> None:
    """What `propertyNames` refuses is told at the key."""
    jail.write("c.yaml", "a:\n  learning_rate: 1\n")
    with pytest.raises(ConfigError) as caught:
        Config.load("c.yaml", schema={"properties": {"a": {"propertyNames": {"maxLength": 2}}}})
    (found,) = caught.value.diagnostics
    assert (found.key, str(found.origin)) == ("a.learning_rate", "c.yaml:2:3")
    assert found.message == "'learning_rate' is too long"


def _diagnostics(config: Any, schema: Any) -> list[tuple[Rule, str]]:
    with pytest.raises(ConfigError) as caught:
        Config.load(config, schema=schema)
    return [(found.rule, found.message) for found in caught.value.diagnostics]


@pytest.mark.parametrize(
    "schema",
    [
        {"$defs": {f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(60)}}
        | {"$ref": "#/$defs/d0"},
        {"properties": {"a": {"anyOf": [{"type": "string"}] * 100_000}}},
        {"properties": {"a": {"items": {"enum": [[n] for n in range(20_000)]}}}},
        {
            "$schema": "http://json-schema.org/draft-07/schema#",
            "$defs": {f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(60)},
            "properties": {"a": {"items": {"allOf": [{"$ref": "#"}, {"$ref": "#/$defs/d0"}]}}},
        },
    ],
    ids=["references", "choices", "values", "a schema of its own"],
)
def test_a_schema_has_a_budget_of_time(monkeypatch: Any, schema: Any) -> None:
    """One that would take hours ends in an error that says where it was."""
    monkeypatch.setattr(bounded_validation, "BUDGET", 0.2)
    if "$defs" in schema:
        schema["$defs"]["d60"] = {"type": "object"}
    ((rule, message),) = _diagnostics({"a": list(range(10_000))}, schema)
    assert rule is Rule.BAD_SCHEMA
    assert "takes more than 0.2 s of CPU time" in message


@pytest.mark.parametrize(
    ("schema", "place"),
    [
        ({"properties": {"a": {"pattern": "^(a+)+$"}}}, "at properties.a"),
        ({"properties": {"a": {"allOf": [{"pattern": "(a|aa)+b"}]}}}, "at properties.a.allOf[0]"),
        ({"properties": {"a": {"pattern": "a*" * 20 + "b"}}}, "at properties.a"),
        ({"properties": {"b": {"patternProperties": {"^(k+)+$": {}}}}}, "at properties.b"),
    ],
)
def test_a_pattern_that_takes_too_long_is_named(schema: Any, place: str) -> None:
    """No search of a hostile pattern is begun in this process."""
    ((rule, message),) = _diagnostics({"a": "a" * 50 + "!", "b": {"k" * 50 + "!": 1}}, schema)
    assert rule is Rule.BAD_SCHEMA
    assert "has a pattern that takes more than 1 s of CPU time" in message
    assert message.endswith(place)


def test_a_pattern_in_a_file_is_told_with_its_line(jail: Any) -> None:
    """The line is that of the part of the schema."""
    jail.write("s.json", '{"properties": {\n  "name":\n    {"pattern": "^(a+)+$"}}}')
    with pytest.raises(ConfigError) as caught:
        Config.load({"name": "a" * 50 + "!"}, schema="s.json")
    assert str(caught.value.diagnostics[0].origin) == "s.json:3:5"


@pytest.mark.parametrize(
    ("pattern", "value", "fits"),
    [
        ("^[a-z]+(-[a-z]+)*$", "vit-large-384", False),
        ("^[a-z]+(-[a-z]+)*$", "vit-large", True),
        (r"^\d+\.\d+(\.\d+)?$", "1.2.3", True),
        ("^(adam|sgd)$", "adamw", False),
        ("x", "x" * 1_000_000, True),
    ],
)
def test_ordinary_patterns_hold_as_they_did(pattern: str, value: str, fits: bool) -> None:
    """Whether or not a process of its own searches first."""
    schema = {"properties": {"a": {"pattern": pattern}}}
    if fits:
        assert Config.load({"a": value}, schema=schema)["a"] == value
    else:
        ((rule, _message),) = _diagnostics({"a": value}, schema)
        assert rule is Rule.SCHEMA_VIOLATION


def test_usual_patterns_start_no_process(monkeypatch: Any) -> None:
    """Neither simple patterns on texts of usual length nor choices of words need one."""
    monkeypatch.setattr(bounded_validation, "_Searching", None)
    for pattern in ("^[a-z]+$", "^(adam|sgd|adamw)$", r"^\d+\.\d+$", "^s3://", r"\.(pt|ckpt)$"):
        Config.load({"a": 1, "b": "x" * 100}, schema={"properties": {"c": {"pattern": pattern}}})
        _diagnostics({"a": "!" * 100}, {"properties": {"a": {"pattern": pattern}}})


@pytest.mark.parametrize(
    ("value", "schema"),
    [
        (float("inf"), {"multipleOf": 0.5}),
        (float("-inf"), {"multipleOf": 2}),
        (float("nan"), {"multipleOf": 0.5}),
        (10**400, {"multipleOf": 0.5}),
        (3, {"multipleOf": 10**400}),
    ],
)
def test_numbers_that_no_keyword_expects_are_violations(value: Any, schema: Any) -> None:
    """The library that validates raises for some of them."""
    ((rule, _message),) = _diagnostics({"a": value}, {"properties": {"a": schema}})
    assert rule is Rule.SCHEMA_VIOLATION


@pytest.mark.parametrize(
    "schema",
    [
        {"$id": "http://[x", "properties": {"a": {"$ref": "#/x"}}},
        {"$id": "http://[x", "properties": {"a": {"$ref": "http://y]/x"}}},
        {"properties": {"a": {"$ref": "http://[y"}}},
        {"properties": {"a": {"pattern": "a{99999999999}"}}},
        {"properties": {"a": {"pattern": "["}}},
        {"patternProperties": {"(" * 5_000 + ")" * 5_000: {}}},
        {"multipleOf": 0},
    ],
)
def test_an_odd_schema_is_a_diagnostic(schema: Any) -> None:
    """Whatever it holds, it raises nothing but our error."""
    assert {rule for rule, _ in _diagnostics({"a": "x"}, schema)} == {Rule.BAD_SCHEMA}


def test_a_schema_that_is_nested_too_deep_is_a_diagnostic() -> None:
    """A mapping has no limit of its own."""
    schema: dict[str, Any] = {}
    for _ in range(5_000):
        schema = {"allOf": [schema]}
    ((rule, message),) = _diagnostics({"a": 1}, schema)
    assert rule is Rule.BAD_SCHEMA
    assert "nested too deep" in message


@pytest.mark.parametrize(
    ("items", "unique"),
    [
        ([1, 1.0], False),
        ([1, True], True),
        ([{"a": 1}, {"a": 1.0}], False),
        ([[1, 2], [2, 1]], True),
        ([[], {}], True),
        ([{"a": [n]} for n in range(30_000)], True),
    ],
)
def test_unique_items_are_found_in_linear_time(items: Any, unique: bool) -> None:
    """As JSON Schema compares: numbers by value, and no boolean is a number."""
    schema = {"properties": {"a": {"uniqueItems": True}}}
    if unique:
        Config.load({"a": items}, schema=schema)
    else:
        _diagnostics({"a": items}, schema)


def test_violations_without_end_are_cut() -> None:
    """Nobody reads 100,000 of them, and each would quote a value."""
    schema = {"properties": {"a": {"items": {"type": "string"}}}}
    found = _diagnostics({"a": list(range(5_000))}, schema)
    assert len(found) == bounded_validation.MOST_VIOLATIONS


@pytest.mark.parametrize(
    ("config", "schema"),
    [
        ({"password": SECRET}, {"properties": {"password": {"type": "integer"}}}),
        ({"password": [SECRET]}, {"properties": {"password": {"items": {"type": "integer"}}}}),
        ({"db": {"password": SECRET}}, {"properties": {"db": {"type": "string"}}}),
        ({"db": {"password": SECRET}}, {"properties": {"db": {"enum": [{}]}}}),
        ({"db": {"password": SECRET}}, {"minProperties": 2}),
        ({"all": [{"password": SECRET}]}, {"properties": {"all": {"maxItems": 0}}}),
        ({"url": f"https://me:{SECRET}@host"}, {"properties": {"url": {"type": "integer"}}}),
    ],
)
def test_a_violation_does_not_quote_a_secret(config: Any, schema: Any) -> None:
    """Neither under the name of a secret, at any depth of the value, nor in an address."""
    with pytest.raises(ConfigError) as caught:
        Config.load(config, schema=schema)
    assert SECRET not in str(caught.value)
    assert "of the schema" in str(caught.value)


def test_a_violation_beside_a_secret_says_what_is_wrong() -> None:
    """A message that does not quote the value stays as it is."""
    schema = {"properties": {"db": {"required": ["host"]}}}
    ((_rule, message),) = _diagnostics({"db": {"password": SECRET}}, schema)
    assert message == "'host' is a required property"
