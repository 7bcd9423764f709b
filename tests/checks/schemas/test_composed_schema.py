"""Schemas of composed files, held against what composing accepts."""

from __future__ import annotations

import argparse
from typing import Annotated, Any, Literal

import jsonschema
import pytest
import yaml
from pydantic import BaseModel, Field

from runsettings import Renamed, RunConfig, Settings
from runsettings.checks.parsers.options import parser_options
from runsettings.checks.schemas.composed_schema import as_draft_7, with_composition
from runsettings.checks.schemas.parser_schema import parser_schema
from runsettings.checks.schemas.schema import model_schema, run_config_schema
from runsettings.journal.records import journal_schema


class Adam(BaseModel):
    """One kind of optimizer."""

    kind: Literal["adam"]
    lr: Annotated[float, Field(gt=0)]
    betas: tuple[float, float] = (0.9, 0.99)


class Sgd(BaseModel):
    """Another kind."""

    kind: Literal["sgd"]
    momentum: float = 0.9


class Block(BaseModel):
    """An item of a list."""

    width: int


class Train(RunConfig):
    """A run config with required keys and values of many types."""

    optim: Annotated[Adam | Sgd, Field(discriminator="kind")]
    epochs: Annotated[int, Renamed("num_epochs")]
    tags: list[str] = []
    blocks: list[Block] = []
    bands: dict[str, Block] = {}
    block: Block | None = None
    amp: bool = False


def parser() -> argparse.ArgumentParser:
    """A parser with a required and a nested flag."""
    made = argparse.ArgumentParser(prog="train")
    made.add_argument("--epochs", type=int, required=True)
    made.add_argument("--optim.lr", type=float, default=0.1)
    made.add_argument("--tags", nargs="+", default=[])
    return made


MODEL = with_composition(model_schema(Train))
PARSER = with_composition(parser_schema(parser_options(parser())))
RUN_CONFIG = with_composition(run_config_schema())
SETTINGS = with_composition(model_schema(Settings))

RIGHT = [
    (MODEL, "optim: {kind: adam, lr: 0.1}\nepochs: 3\n"),
    (MODEL, "$schema: x.json\noptim: {kind: adam, lr: 0.1}\nnum_epochs: 3\n"),
    (MODEL, "$config: 1\n"),
    (MODEL, "$schema: x.json\n$config: 1\n$use: base.yaml\n"),
    (MODEL, "$config: 1\n$use: [base.yaml, {optim: adam.yaml, model.block: b.yaml}]\n"),
    (MODEL, '$config: 1\nepochs: "${env:EPOCHS}"\namp: "${epochs}"\n'),
    (MODEL, '$config: 1\noptim: "${other}"\nblock: {width: "${epochs}"}\n'),
    (MODEL, "$config: 1\noptim: {lr: 0.2}\n"),
    (MODEL, "$config: 1\noptim: {$replace: {kind: sgd, momentum: '${a}'}}\n"),
    (MODEL, "$config: 1\noptim: {$delete: true}\nepochs: {$delete: true}\n"),
    (MODEL, '$config: 1\ntags: {$append: [night, "${a}"]}\nblocks: {$append: [{width: 1}]}\n'),
    (MODEL, "$config: 1\nbands: {a: {width: 1}, b: {$delete: true}, c: {$replace: {}}}\n"),
    (MODEL, "$config: 1\n$profiles: {slurm: {epochs: 3, tags: {$append: [a]}}}\n"),
    (PARSER, "epochs: 3\n"),
    (PARSER, '$config: 1\noptim: {lr: "${x}"}\ntags: {$append: [a]}\n'),
    (PARSER, "$config: 1\noptim: {$replace: {lr: 0.1}}\n"),
    (RUN_CONFIG, "a: {b: [1]}\n"),
    (RUN_CONFIG, "$config: 1\n$use: {a.b: c.yaml}\n$profiles: {x: {a: 1}}\na: {$append: [1]}\n"),
    (SETTINGS, '$config: 1\nproject: "${env:NAME}"\nmode: "${a}"\n'),
]
WRONG = [
    (MODEL, "epochs: 3\n"),  # a plain file is the whole config
    (MODEL, 'optim: {kind: adam, lr: 0.1}\nepochs: "${a}"\n'),  # and has no references
    (MODEL, "optim: {kind: adam, lr: 0.1}\nepochs: 3\n$use: base.yaml\n"),
    (MODEL, "$config: 2\n"),
    (MODEL, "$config: 1\n$use: [3]\n"),
    (MODEL, "$config: 1\n$uses: base.yaml\n"),
    (MODEL, "$config: 1\nepoch: 3\n"),
    (MODEL, "$config: 1\nepochs: three\n"),
    (MODEL, "$config: 1\nblock: {widht: 3}\n"),
    (MODEL, "$config: 1\nblock: {$replace: {widht: 3}}\n"),
    (MODEL, "$config: 1\nblock: {$replace: 3}\n"),
    (MODEL, "$config: 1\ntags: {$append: 3}\n"),
    (MODEL, "$config: 1\nblocks: {$append: [{widht: 3}]}\n"),
    (MODEL, "$config: 1\nepochs: {$append: [3]}\n"),
    (MODEL, "$config: 1\nepochs: {$delete: false}\n"),
    (MODEL, "$config: 1\n$profiles: {slurm: {epoch: 3}}\n"),
    (MODEL, "$config: 1\n$profiles: {slurm: {$use: base.yaml}}\n"),
    (PARSER, "$config: 1\nepoch: 3\n"),
    (PARSER, "$config: 1\noptim: {lr: fast}\n"),
    (RUN_CONFIG, "$config: 1\na.b: 1\n"),
    (RUN_CONFIG, "$config: 1\na: {b.c: 1}\n"),
    (SETTINGS, "$config: 1\nmode: offlin\n"),
]
DIALECTS = [
    (jsonschema.Draft202012Validator, lambda schema: schema),
    (jsonschema.Draft7Validator, as_draft_7),
]


@pytest.mark.parametrize(("validator", "dialect"), DIALECTS, ids=["2020-12", "draft-7"])
@pytest.mark.parametrize(("schema", "text"), RIGHT)
def test_right_files(schema, text, validator, dialect):
    """References and directives pass where the type would refuse them, in either dialect."""
    validator(dialect(schema)).validate(yaml.safe_load(text))


@pytest.mark.parametrize(("validator", "dialect"), DIALECTS, ids=["2020-12", "draft-7"])
@pytest.mark.parametrize(("schema", "text"), WRONG)
def test_wrong_files(schema, text, validator, dialect):
    """Unknown keys, wrong values and wrong directives are refused, in either dialect."""
    assert not validator(dialect(schema)).is_valid(yaml.safe_load(text))


@pytest.mark.parametrize("schema", [MODEL, PARSER, RUN_CONFIG, SETTINGS, journal_schema()])
def test_both_dialects_are_valid(schema):
    """Each is what it says, and has no word of the other."""
    jsonschema.Draft202012Validator.check_schema(schema)
    old = as_draft_7(schema)
    jsonschema.Draft7Validator.check_schema(old)
    assert old["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert not {"$defs", "prefixItems"} & words_of(old)


def words_of(schema: Any) -> set[str]:
    """The keywords of a schema, at any depth."""
    if isinstance(schema, list):
        return {word for item in schema for word in words_of(item)}
    if not isinstance(schema, dict):
        return set()
    return {*schema, *(word for item in schema.values() for word in words_of(item))}


def test_an_old_name_is_deprecated():
    """Editors strike it through."""
    described = model_schema(Train)["properties"]["num_epochs"]
    assert described["deprecated"] is True
    assert described["description"] == "The old name of 'epochs'."


def test_nested_values_do_not_double_at_each_level():
    """A directive beside each level refers to the schema, and does not repeat it."""

    def length(levels: int) -> int:
        schema: dict[str, Any] = {"type": "integer"}
        for _ in range(levels):
            schema = {"type": "object", "properties": {"rows": {"type": "array", "items": schema}}}
        return len(str(with_composition(schema)))

    assert length(40) - length(20) < 1.1 * (length(20) - length(0))
