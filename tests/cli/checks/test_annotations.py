"""``schema --annotate``: the schema beside a file, named in the file."""

from __future__ import annotations

import json

import jsonschema
import yaml


def test_a_file_names_its_schema(run, jail):
    """By a path from its own directory; the schema is of draft 7 and accepts the file."""
    path = jail.write("configs/train.yaml", "$config: 1\na: ${b}\nb: 1\n")
    result = run("schema", "run-config", "-o", "schemas/run.json", "--annotate", str(path))
    assert result.exit_code == 0
    first, rest = path.read_text().split("\n", 1)
    assert first == "# yaml-language-server: $schema=../schemas/run.json"
    assert rest == "$config: 1\na: ${b}\nb: 1\n"
    schema = json.loads((jail.cwd / "schemas/run.json").read_text())
    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    jsonschema.Draft7Validator(schema).validate(yaml.safe_load(path.read_text()))
    assert run("check", "--no-settings", str(path)).exit_code == 0


def test_the_schema_is_written_beside_the_file(run, jail):
    """Where no output is named."""
    path = jail.write("train.toml", "a = 1\n")
    run("schema", "run-config", "--annotate", "train.toml")
    assert path.read_text() == "#:schema train.schema.json\na = 1\n"
    assert (jail.cwd / "train.schema.json").is_file()


def test_a_json_file_is_checked_with_its_schema_key(run, jail):
    """`$schema` passes in every file."""
    jail.write("train.json", '{"a": 1}\n')
    run("schema", "run-config", "--annotate", "train.json")
    assert run("check", "--no-settings", "train.json").exit_code == 0


def test_a_file_that_is_not_there(run, jail):
    """It is not made."""
    result = run("schema", "--annotate", "none.yaml")
    assert result.exit_code == 2
    assert "no file none.yaml" in result.stderr
    assert not (jail.cwd / "none.yaml").exists()


def test_a_file_with_an_error_stays(run, jail):
    """It says what is wrong."""
    path = jail.write("train.yaml", "a: [\n")
    result = run("schema", "--annotate", "train.yaml")
    assert (result.exit_code, path.read_text()) == (2, "a: [\n")
    assert "train.yaml was not annotated: line" in result.stderr


def test_draft_7_alone(run):
    """`--draft 7` prints what the YAML language server reads."""
    schema = json.loads(run("schema", "settings", "--draft", "7").stdout)
    jsonschema.Draft7Validator.check_schema(schema)
    assert schema["$schema"].endswith("draft-07/schema#")
