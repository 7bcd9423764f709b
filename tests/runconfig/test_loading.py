"""The order of the inputs, sweeps, secrets and schemas."""

from __future__ import annotations

import argparse
import json
from typing import Any

import pytest

from runsettings.layers.given_flags import parse_args
from runsettings.runconfig.config import Config
from runsettings.values.diagnostic import ConfigError, Rule, SettingsWarning, Severity
from runsettings.values.origin import Layer

KEY = "s3cret-api-key-0123456789"


def test_layers_beat_each_other_in_order(jail: Any) -> None:
    """Flags' defaults < defaults file < config paths < inputs in order < sweep."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--x", default="flag default")
    args = parse_args(parser, [])
    inputs: list[Any] = [args]
    options: dict[str, Any] = {}

    def x() -> Any:
        return Config.load(inputs, **options).x

    assert x() == "flag default"
    jail.write("config-defaults.yaml", "x: {value: defaults file}\n")
    options["defaults_file"] = "config-defaults.yaml"
    assert x() == "defaults file"
    jail.write("one.yaml", "x: first path\n")
    options["config_paths"] = ["one.yaml"]
    assert x() == "first path"
    jail.write("two.yaml", "x: second path\n")
    options["config_paths"] = ["one.yaml", "two.yaml"]
    assert x() == "second path"
    jail.write("train.yaml", "x: named file\n")
    inputs.insert(0, "train.yaml")
    assert x() == "named file"
    inputs[1] = parse_args(parser, ["--x", "given flag"])
    assert x() == "given flag"
    inputs.append({"x": "code"})
    assert x() == "code"
    jail.write("sweep.yaml", "wandb_version: 1\nx: {value: sweep}\n")
    options["sweep_file"] = "sweep.yaml"
    assert x() == "sweep"
    history = Config.load(inputs, **options).history("x")
    assert [leaf.value for leaf in history] == [
        "sweep", "code", "given flag", "named file", "second path", "first path", "defaults file",
    ]  # fmt: skip


def test_a_missing_defaults_file_is_no_fault() -> None:
    """The file of defaults is read if it is there; a named file has to be there."""
    assert Config.load({}, defaults_file="config-defaults.yaml") == {}
    with pytest.raises(ConfigError, match="does not exist"):
        Config.load({}, config_paths=["config-defaults.yaml"])


def test_mappings_merge_deeply(jail: Any) -> None:
    """A higher mapping adds to a lower one, and anything else replaces it."""
    jail.write("a.yaml", "optim: {name: adam, betas: [1, 2]}\nlr: {base: 1}\n")
    config = Config.load(["a.yaml", {"optim": {"betas": [3]}, "lr": 5}])
    assert config.as_dict() == {"optim": {"name": "adam", "betas": [3]}, "lr": 5}


@pytest.fixture
def swept(jail: Any) -> Config:
    """A config with a sweep above it."""
    jail.write("sweep.yaml", "wandb_version: 1\nlr:\n  value: 0.3\noptim:\n  value: {beta: 1}\n")
    jail.write("train.yaml", "lr: 0.3\nseed: 1\n")
    return Config.load(["train.yaml"], sweep_file="sweep.yaml", allow_val_change=True)


def test_a_sweep_and_an_equal_value_agree(swept: Config) -> None:
    """The sweep's values count, and a value that is equal to one is no conflict."""
    assert swept.as_dict() == {"lr": 0.3, "seed": 1, "optim": {"beta": 1}}
    assert swept.origin("lr").layer is Layer.SWEEP
    assert swept.diagnostics == ()


def test_a_sweep_says_what_it_refused(jail: Any, swept: Config) -> None:
    """An input that sets a locked key to something else loses, and both are named."""
    config = Config.load([{"lr": 1, "optim": 3}, "train.yaml"], sweep_file="sweep.yaml")
    assert config.lr == 0.3
    first, second = config.diagnostics
    assert (first.rule, first.severity, first.key) == (Rule.LOCKED_KEY, Severity.WARNING, "lr")
    assert first.message == "is locked by the sweep; kept 0.3, refused 1"
    assert first.origin is not None
    assert first.origin.layer is Layer.INIT
    assert str(first.over[0].origin) == "sweep.yaml:3:10"
    assert second.key == "optim"


def test_a_flags_default_is_no_conflict_with_a_sweep(jail: Any, swept: Config) -> None:
    """Nobody asked for a default, so nobody has to be told that it lost."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--lr", default=9)
    assert Config.load(parse_args(parser, []), sweep_file="sweep.yaml").diagnostics == ()
    given = Config.load(parse_args(parser, ["--lr", "8"]), sweep_file="sweep.yaml")
    assert [str(fault.origin) for fault in given.diagnostics] == ["--lr"]


@pytest.mark.parametrize(
    "write",
    [
        lambda config: config.__setitem__("lr", 1),
        lambda config: setattr(config, "lr", 1),
        lambda config: config.update({"lr": 1}),
        lambda config: config.update({"lr": 1}, allow_val_change=True),
        lambda config: config.__delitem__("lr"),
    ],
)
def test_writes_to_a_locked_key_are_refused(swept: Config, write: Any) -> None:
    """After loading, too, the sweep's value stays, with a warning; the rest may change."""
    with pytest.warns(SettingsWarning, match="lr is locked by the sweep"):
        write(swept)
    assert swept.lr == 0.3
    assert swept.diagnostics[-1].rule is Rule.LOCKED_KEY


def test_unlocked_keys_of_a_swept_config_change(swept: Config) -> None:
    """A lock holds its own keys and no others; an equal value passes in silence."""
    swept.seed = 5
    swept["lr"] = 0.3
    swept.update({"lr": 0.3, "optim": {"beta": 1, "eps": 2}})
    assert swept.as_dict() == {"lr": 0.3, "seed": 5, "optim": {"beta": 1, "eps": 2}}


def test_secrets_are_blotted_out(jail: Any) -> None:
    """A live secret in any input becomes `***`, also inside of a URL; each is reported."""
    jail.write("c.yaml", f"key: {KEY}\nurl: 'https://me:{KEY}@host'\nlist: [{KEY}]\n")
    config = Config.load(["c.yaml", {"a": {"b": KEY}, "c": 1}], secrets=[KEY])
    assert config.as_dict() == {
        "key": "***",
        "url": "https://me:***@host",
        "list": ["***"],
        "a": {"b": "***"},
        "c": 1,
    }
    assert [(fault.key, fault.rule) for fault in config.diagnostics] == [
        ("key", Rule.SECRET_IN_CONFIG),
        ("url", Rule.SECRET_IN_CONFIG),
        ("list[0]", Rule.SECRET_IN_CONFIG),
        ("a.b", Rule.SECRET_IN_CONFIG),
    ]
    assert str(config.diagnostics[0].origin) == "c.yaml:1:6"


def test_short_secrets_are_only_found_whole() -> None:
    """A short secret is no part of a word; a secret of digits is found as a number."""
    config = Config.load({"a": "pin", "b": "spinning", "c": 1234}, secrets=["pin", "1234", ""])
    assert config.as_dict() == {"a": "***", "b": "spinning", "c": "***"}


def test_no_text_of_a_config_shows_a_secret(jail: Any) -> None:
    """Not the losers, not the faults, not their excerpts, not what is pickled."""
    import pickle

    jail.write("c.yaml", f"key: {KEY}\n")
    config = Config.load(["c.yaml", {"key": "other"}], secrets=[KEY])
    with pytest.warns(SettingsWarning) as warned:
        config["more"] = [KEY]
    with pytest.raises(ConfigError) as refused:
        config.update({"key": KEY})
    jail.write("bad.yaml", f"{KEY}.x: {KEY}\na: {{b.c: {KEY}}}\nd: 1\nd: {KEY}\n")
    with pytest.raises(ConfigError) as faulty:
        Config.load("bad.yaml", secrets=[KEY], schema={"properties": {"d": {"const": 2}}})
    said = [
        repr(config),
        config.explain(),
        repr(config.diagnostics),
        repr(config.history("key")),
        str(warned[0].message),
        str(refused.value),
        repr(refused.value.diagnostics),
        str(faulty.value),
        repr(faulty.value.diagnostics),
        repr(pickle.dumps(config)),
    ]
    assert all(KEY not in text for text in said)


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
    ],
)
def test_a_bad_schema_is_told_as_such(schema: dict[str, Any], message: str) -> None:
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


def test_a_config_loads_where_the_directory_is_gone(jail: Any, tmp_path: Any) -> None:
    """A working directory that was deleted is no reason to refuse a mapping."""
    gone = tmp_path / "gone"
    gone.mkdir()
    jail.monkeypatch.chdir(gone)
    gone.rmdir()
    config = Config({"a": 1})
    config.update({"b": 2})
    assert config == {"a": 1, "b": 2}
