"""Variables tell truly which of them set what, and in which case."""

from __future__ import annotations

import pytest
from pydantic import AliasChoices, AliasPath, BaseModel, Field

from runsettings import LayeredConfigDict, LayeredSettings, Settings


class Deep(BaseModel):
    max_len: int = 1


class Sub(BaseModel):
    value: int = 1
    log_level: str = "info"
    maxLen: int = 1
    deep: Deep = Deep()


class Split(LayeredSettings):
    model_config = LayeredConfigDict(
        env_prefix="T_", env_nested_delimiter="_", env_nested_max_split=1
    )
    sub: Sub = Sub()


class Nested(LayeredSettings):
    model_config = LayeredConfigDict(env_prefix="T_", env_nested_delimiter="__")
    sub: Sub = Sub()
    tables: dict[str, int] = {}
    deep: dict[str, dict[str, int]] = {}
    subs: dict[str, Sub] = {}


class Alternatives(LayeredSettings):
    model_config = LayeredConfigDict(app_name="t")
    owner: str = Field("d", validation_alias=AliasChoices("OWNER", "WHO_BY", "W_B"))
    low: int = Field(0, validation_alias=AliasPath("limits", "low"))


def said(settings, key):
    """The places and values of a key's history, without its default."""
    return [(str(leaf.origin), leaf.value) for leaf in settings.history(key)][:-1]


@pytest.mark.parametrize("with_another", [False, True])
def test_names_are_split_as_often_as_the_model_says(with_another):
    """With ``env_nested_max_split=1``, ``T_SUB_LOG_LEVEL`` is ``sub.log_level``."""
    environ = {"T_SUB_VALUE": "2"} if with_another else {}
    settings = Split.resolve(environ={**environ, "T_SUB_LOG_LEVEL": "debug"})
    assert settings.sub.log_level == "debug"
    assert str(settings.origin("sub.log_level")) == "T_SUB_LOG_LEVEL"


@pytest.mark.parametrize("source", ["env", "dotenv"])
def test_a_variable_that_loses_to_another_is_in_the_history(jail, source):
    """Two variables of one field: the first name counts, and the other is not forgotten."""
    variables = {"WANDB_RUN_NAME": "lost", "WANDB_NAME": "won"}
    if source == "env":
        settings = Settings.resolve(environ=variables)
        places = ["WANDB_NAME", "WANDB_RUN_NAME"]
    else:
        jail.write(".env", "".join(f"{name}={text}\n" for name, text in variables.items()))
        settings = Settings.resolve(environ={}, env_file=".env")
        places = [".env:2", ".env:1"]
    first, second = settings.options().options["run_name"].variables[:2]
    order = [variables[first], variables[second]]
    assert settings.run_name == order[0]
    assert [value for _, value in said(settings, "run_name")] == order
    assert sorted(place for place, _ in said(settings, "run_name")) == sorted(places)


def test_three_variables_of_one_field_are_all_kept():
    """Each loser is told, the nearest first."""
    settings = Alternatives.resolve(environ={"W_B": "c", "OWNER": "a", "WHO_BY": "b"})
    assert settings.owner == "a"
    assert said(settings, "owner") == [("OWNER", "a"), ("WHO_BY", "b"), ("W_B", "c")]


@pytest.mark.parametrize("way", ["call", "file", "environ"])
def test_a_part_of_another_key_has_that_keys_origin(jail, way):
    """An ``AliasPath`` leads into a key, and that key is what its author searches for."""
    jail.write("x.yaml", "limits:\n  low: 3\n")
    if way == "call":
        settings = Alternatives(limits={"low": 3})
        expected = "Alternatives(limits=)"
    elif way == "file":
        settings = Alternatives.resolve(files="x.yaml", environ={})
        expected = "x.yaml:2:8"
    else:
        settings = Alternatives.resolve(environ={"LIMITS": '{"low": 3}'})
        expected = "LIMITS"
    assert settings.low == 3
    assert str(settings.origin("low")).endswith(expected)


KEYS = [
    ("T_TABLES__MyTable", "tables", {"MyTable": 9}),
    ("T_TABLES__MYTABLE", "tables", {"mytable": 9}),
    ("t_tables__myTable", "tables", {"myTable": 9}),
    ("T_DEEP__Train__BatchSize", "deep", {"Train": {"BatchSize": 9}}),
    ("T_SUBS__Low__VALUE", "subs", {"Low": Sub(value=9)}),
    ("T_SUBS__Low__Value", "subs", {"Low": Sub(value=9)}),
    ("T_SUB__MaxLen", "sub", Sub(maxLen=9)),
    ("T_SUB__MAXLEN", "sub", Sub(maxLen=9)),
]


@pytest.mark.parametrize(("variable", "name", "value"), KEYS)
def test_keys_of_mappings_keep_the_case_in_which_they_are_written(variable, name, value):
    """A mapping's keys are anybody's; a model's are its own, in whatever case they are called."""
    settings = Nested.resolve(environ={variable: "9"})
    assert getattr(settings, name) == value
    assert str(settings.origin(name)) == variable


def test_a_variable_reaches_the_key_of_a_file(jail):
    """``T_TABLES__MyTable`` beats the file's ``MyTable``, and makes no new key."""
    jail.write("t/settings.yaml", "tables: {MyTable: 1, other: 2}\n")

    class WithFiles(Nested):
        model_config = LayeredConfigDict(app_name="t")

    settings = WithFiles.resolve(environ={"T_TABLES__MyTable": "9"})
    assert settings.tables == {"MyTable": 9, "other": 2}
    assert str(settings.origin("tables.MyTable")) == "T_TABLES__MyTable"


@pytest.mark.parametrize("key", ["WHO_BY", "who_by", "W_B", "Owner"])
def test_an_upper_case_alias_is_a_key_of_an_ini_file(jail, key):
    """INI keys have no case, so an alias is found in any."""
    jail.write("t/settings", f"[default]\n{key} = me\n")
    settings = Alternatives.resolve(environ={})
    assert settings.owner == "me"
    assert str(settings.origin("owner")) == "t/settings:2"
