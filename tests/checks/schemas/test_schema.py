"""JSON Schemas: the published documents, and agreement with what they describe."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Annotated, Any

import jsonschema
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from runsettings.checks.parsers.options import parser_options
from runsettings.checks.parsers.parser_check import check_parser
from runsettings.checks.schemas.composed_schema import with_composition
from runsettings.checks.schemas.parser_schema import parser_schema
from runsettings.checks.schemas.schema import model_schema, run_config_schema
from runsettings.composition.merge import merge
from runsettings.journal.records import journal_schema
from runsettings.models.layered import LayeredSettings
from runsettings.models.settings import Settings
from runsettings.runconfig.rules.key_rules import check_rules
from runsettings.values.errors import SettingsError
from runsettings.values.origin import Layer
from runsettings.values.reading import Reading
from runsettings.values.tree import Tree

PUBLISHED = Path(__file__).parents[3] / "schema"
VALIDATOR = jsonschema.Draft202012Validator

examples = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much],
)


@pytest.mark.parametrize(
    ("name", "schema"),
    [
        ("settings", with_composition(model_schema(Settings))),
        ("run-config", with_composition(run_config_schema())),
        ("journal", journal_schema()),
    ],
)
def test_the_published_schema_is_what_the_command_writes(name, schema):
    """`runsettings schema NAME -o schema/NAME.schema.json` changes nothing."""
    published = json.loads((PUBLISHED / f"{name}.schema.json").read_text())
    assert published == schema


@pytest.mark.parametrize("name", ["settings", "run-config", "journal"])
def test_the_published_schema_is_of_the_dialect_that_it_says(name):
    """It is valid JSON Schema 2020-12."""
    published = json.loads((PUBLISHED / f"{name}.schema.json").read_text())
    assert published["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    VALIDATOR.check_schema(published)


def test_every_setting_has_a_description_and_a_default():
    """An editor has something to say about each."""
    properties = model_schema(Settings)["properties"]
    assert set(properties) == set(Settings.model_fields)
    assert all(described["description"] for described in properties.values())
    assert [name for name, d in properties.items() if "default" not in d] == ["api_key", "store"]


# --- settings ---------------------------------------------------------------------------------

# Characters that are assigned, without the astral ones that are format or private: what
# `str.isprintable` says of them depends on Python's version of Unicode.
characters = st.characters(exclude_categories=["Cn", "Cs"], max_codepoint=0xFFFF) | st.sampled_from(
    list("/\\#?%:;,' .\n\t\r\x00\x1f\x7f\x85\xa0\xad  \u2028😀")
)
texts = st.text(characters, max_size=6) | st.sampled_from(
    [
        *("", " ", "a b", " a", "a ", "a\n", ".", "..", "...", "x" * 128, "x" * 129, "é" * 128),
        *("yes", "No", "TRUE", "oN", "t", "1", "0", "2", "maybe", "online", "run", "dryrun"),
        *("offline", "Offline", "allow", "must", "auto", "never", "a,b", " a , b ", ","),
        *(f"a,{'b' * 64}", f"a, {'b' * 65}", f"{'b ' * 40}", "b" * 64, "b" * 65),
    ]
)
addresses = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(["http", "https", "HTTP", "ftp", "", "http+x"]),
        st.sampled_from(["://", ":/", "", ":"]),
        st.sampled_from(["", "", "@", ":@", "user@", "user:pw@", ":pw@", "a@b@"]),
        st.sampled_from(
            ["example.org", "localhost", "", "[::1]", "[::1", "10.0.0.1", "a]", "ä.de"]
        ),
        st.sampled_from(["", ":80", ":", ":x"]),
        st.sampled_from(["", "/", "/a b", "?q", "#f", "/@x", "/a:b"]),
    ),
)
scalars = (
    st.none() | st.booleans() | st.integers(-1, 3) | st.sampled_from([0.0, 1.0, 0.5, 2.0]) | texts
)
values = (
    scalars
    | addresses
    | st.lists(scalars, max_size=3)
    | st.dictionaries(st.sampled_from(["a", "b"]), scalars, max_size=2)
)


class OneFile:
    """A layer of one file that says ``data``."""

    layer = Layer.FILE

    def __init__(self, data: dict[str, Any]) -> None:
        self._data = data

    def read(self, inputs) -> list[Reading]:
        """What the file says."""
        return [Reading(Tree(Layer.FILE, "settings.yaml", dict(self._data)))]


def model_takes(data: dict[str, Any]) -> bool:
    """Whether the settings take an instance, as a YAML file would hand it in."""
    try:
        Settings.resolve(layers=(OneFile(data),), environ={})
    except SettingsError:
        return False
    return True


SETTINGS_SCHEMA = VALIDATOR(model_schema(Settings))


@pytest.mark.parametrize("name", Settings.model_fields)
@examples
@given(value=values)
def test_schema_and_settings_agree_on_every_field(name, value):
    """Each accepts what the other accepts, and refuses what it refuses."""
    data = {name: value}
    assert SETTINGS_SCHEMA.is_valid(data) == model_takes(data)


def test_schema_and_settings_agree_on_unknown_keys():
    """Both refuse them."""
    assert not SETTINGS_SCHEMA.is_valid({"proejct": "x"})
    assert not model_takes({"proejct": "x"})


# --- models of the user's own ---------------------------------------------------------------


class Optimizer(BaseModel):
    """A nested model."""

    model_config = ConfigDict(extra="forbid")

    name: str
    lr: Annotated[float, Field(gt=0, le=1)] = 0.1
    token: SecretStr = SecretStr("nested-secret")


class Training(BaseModel):
    """How to train.

    What follows is for programmers.
    """

    model_config = ConfigDict(extra="forbid")

    optim: Optimizer
    amp: bool = False
    tags: list[str] = []
    password: SecretStr = SecretStr("top-secret")
    size: Annotated[str, Field(min_length=1, max_length=3)] = "s"


@examples
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "optim": st.fixed_dictionaries(
                {},
                optional={
                    "name": st.sampled_from(["adam", 3, None]),
                    "lr": st.sampled_from([0.1, 0, 1, 1.5, -1, None, [], {}]),
                    "token": st.sampled_from(["x", 1]),
                    "beta": st.just(0.9),
                },
            )
            | st.sampled_from(["adam", None]),
            "amp": scalars,
            "tags": st.lists(st.sampled_from(["a", 1, None]), max_size=2) | st.just("a"),
            "size": st.sampled_from(["", "s", "xxl", "xxxl", 3]),
            "epohs": st.just(1),
        },
    )
)
def test_schema_and_model_agree(data):
    """For a model of the user's own, with nested models and bounds."""
    try:
        Training.model_validate(data)
        taken = True
    except ValidationError:
        taken = False
    assert VALIDATOR(model_schema(Training)).is_valid(data) == taken


def test_defaults_of_secrets_are_left_out():
    """Also those of nested models."""
    assert "secret" not in json.dumps(model_schema(Training)).replace("SecretStr", "")


def test_the_description_is_the_first_paragraph():
    """What a programmer is told stays out of the editor."""
    assert model_schema(Training)["description"] == "How to train."


class Inner(BaseModel):
    """A nested model that says nothing of further keys."""

    lr: float = 0.1


class Open(BaseModel):
    """A nested model that says what happens to further keys."""

    model_config = ConfigDict(extra="ignore")

    lr: float = 0.1


class Layered(LayeredSettings):
    """Settings with nested models."""

    inner: Inner = Inner()
    members: list[Inner] = []
    open: Open = Open()


@pytest.mark.parametrize(
    "data",
    [
        {"inner": {"lr": 1}},
        {"inner": {"rl": 1}},
        {"members": [{"lr": 1}]},
        {"members": [{"rl": 1}]},
        {"open": {"rl": 1}},
        {"other": 1},
    ],
)
def test_schema_and_settings_agree_on_nested_keys(data):
    """Settings refuse keys that a nested model of pydantic would drop, unless it says so."""
    try:
        Layered(**data)
        taken = True
    except SettingsError:
        taken = False
    assert VALIDATOR(model_schema(Layered)).is_valid(data) == taken


# --- parsers ---------------------------------------------------------------------------------


def make_parser() -> argparse.ArgumentParser:
    """A parser with actions of most kinds."""
    parser = argparse.ArgumentParser("train", description="Train a model.")
    parser.add_argument("--epochs", type=int, default=3, help="at most %(default)s %%")
    parser.add_argument("--lr", type=float)
    parser.add_argument("--name", required=True)
    parser.add_argument("--seed", default=1)
    parser.add_argument("--optimizer", choices=["adam", "sgd"])
    parser.add_argument("--bits", type=int, choices=[8, 16])
    parser.add_argument("--layers", type=int, nargs="+")
    parser.add_argument("--betas", type=float, nargs=2)
    parser.add_argument("--tag", action="append")
    parser.add_argument("--amp", action=argparse.BooleanOptionalAction)
    parser.add_argument("--verbose", "-v", action="count")
    parser.add_argument("--fast", action="store_const", const="very")
    parser.add_argument("--optim.decay", type=float)
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--hours", type=float)
    group.add_argument("--steps", type=int, default=8)
    group.add_argument("--forever", action="store_true")
    parser.add_argument("--resume", nargs="?", const=True)
    parser.add_argument("--extra", action="append_const", const=1)
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("fit").add_argument("--rate", type=float)
    commands.add_parser("eval").add_argument("--rate")
    return parser


PARSER = parser_options(make_parser)
PARSER_SCHEMA = VALIDATOR(parser_schema(PARSER))
# Whole numbers written as floats are numbers of the same kind to JSON Schema.
parser_scalars = st.sampled_from(
    [
        *(None, True, False, 0, 1, 8, -1, 0.5, 1e-3, "", "a", "8", "-3", "0.5", "1e-3", "nan"),
        *("1_0", "adam", "adm", "very", " 3 ", "x3", "inf", ".5", "5.", "."),
    ]
)
parser_values = parser_scalars | st.lists(parser_scalars, max_size=3)


@examples
@given(
    st.dictionaries(
        st.sampled_from([name for name in PARSER.options if "." not in name] + ["nmae"]),
        parser_values,
        max_size=2,
    ),
    st.booleans(),
    st.sampled_from([None, {}, {"decay": 0.5}, {"decay": "x"}, {"beta": 1}]),
)
def test_schema_and_parser_agree(data, named, optim):
    """The schema of a parser and the check against it accept the same configs."""
    if named:
        data["name"] = "run"
    if optim is not None:
        data["optim"] = optim
    merged = merge([Tree(Layer.FILE, "train.yaml", data)])
    assert PARSER_SCHEMA.is_valid(data) == (check_parser(merged, PARSER) == [])


@pytest.mark.parametrize(
    ("config", "right"),
    [
        ({"optim": {"lr": 0.1}, "a": True}, True),
        ({"optim": {"lr": 0.1}, "b": 1}, True),
        ({"optim": {}, "a": True}, False),
        ({"a": True}, False),
        ({"optim": {"lr": 0.1}}, False),
        ({"optim": {"lr": 0.1}, "a": False}, False),
    ],
)
def test_a_nested_argument_and_a_group_can_be_required(config, right):
    """In the schema where the config has them, as in the check."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--optim.lr", type=float, required=True)
    group = parser.add_mutually_exclusive_group(required=True)
    group.add_argument("--a", action="store_true")
    group.add_argument("--b", type=int)
    options = parser_options(parser)
    found = check_parser(merge([Tree(Layer.FILE, "train.yaml", config)]), options)
    assert (VALIDATOR(parser_schema(options)).is_valid(config), found == []) == (right, right)


def test_what_is_required_and_described():
    """A parser's schema has its help, defaults and what must be given."""
    schema = parser_schema(PARSER)
    assert schema["required"] == ["name"]
    assert schema["properties"]["epochs"]["description"] == "at most 3 %"
    assert schema["properties"]["epochs"]["default"] == 3


# --- run configs ------------------------------------------------------------------------------

keys = st.sampled_from(["a", "b", "", "a.b", ".", "x\n", "ä", " "])
trees = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=8,
)


@examples
@given(st.dictionaries(keys, trees, max_size=3))
def test_schema_and_key_rules_agree(data):
    """The schema of a run config refuses what the rules of keys refuse."""
    try:
        json.dumps(data).encode()
    except UnicodeEncodeError:
        assume(False)
    found = check_rules(merge([Tree(Layer.FILE, "train.yaml", data)]))
    # Two names of one key are beyond JSON Schema; they need a period, which is refused anyway.
    assert VALIDATOR(run_config_schema()).is_valid(data) == (found == [])
