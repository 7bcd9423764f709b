"""Every option of pydantic-settings is followed as with BaseSettings, or is a warning.

Each row has an option that changes what BaseSettings returns, prints or warns. LayeredSettings
must return, print and warn the same, with and without the option. Options that a call takes are
tried as an argument of the call as well.
"""

from __future__ import annotations

import contextlib
import enum
import inspect
import io
import sys
import warnings
from typing import Any, NamedTuple

import pytest
from pydantic import BaseModel, ConfigDict, Field
from pydantic_settings import (
    BaseSettings,
    CliSettingsSource,
    EnvSettingsSource,
    JsonConfigSettingsSource,
    NestedSecretsSettingsSource,
    PyprojectTomlConfigSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
    YamlConfigSettingsSource,
)

from runsettings import LayeredSettings


class Color(enum.Enum):
    RED = 1


class Sub(BaseModel):
    """What a nested model is for."""

    a: int = 1
    b: int = 2
    c_d: str | None = None


class Row(NamedTuple):
    """An option that makes a difference.

    Attributes:
        value: Its value.
        variables: The variables that are set.
        files: The files that are there.
        args: The command line, if there is one.
        source: A source to add below all others.
        others: Other options.
    """

    value: Any
    variables: dict[str, str] = {}
    files: dict[str, str] = {}
    args: list[str] | None = None
    source: Any = None
    others: dict[str, Any] = {}


DOTENV = {".env": "X=dot\n"}
NESTED = {"secrets/sub__a": "5"}
HELP = ["--help"]

SECRETS = {"source": NestedSecretsSettingsSource, "others": {"secrets_dir": "secrets"}}
JSON = {"source": JsonConfigSettingsSource, "others": {"json_file": "x.json"}}
YAML = {"source": YamlConfigSettingsSource, "others": {"yaml_file": "x.yaml"}}
TOML = {"source": TomlConfigSettingsSource, "others": {"toml_file": "x.toml"}}
PYPROJECT = {"source": PyprojectTomlConfigSettingsSource}

ROWS = {
    "case_sensitive": Row(True, {"X": "1"}),
    "nested_model_default_partial_update": Row(True, {"WHOLE": '{"a": 5}'}),
    "env_prefix": Row("APP_", {"APP_X": "1", "X": "2"}),
    "env_prefix_target": Row(
        "all", {"APP_THE-ALIAS": "1", "THE-ALIAS": "2"}, others={"env_prefix": "APP_"}
    ),
    "env_file": Row(".env", files=DOTENV),
    "env_file_encoding": Row(
        "utf-16", files={".env": "\ufeffX=dot\n"}, others={"env_file": ".env"}
    ),
    "env_file_depth": Row(1, files={"../.env": "X=dot\n"}, others={"env_file": ".env"}),
    "dotenv_filtering": Row(
        "match_prefix",
        files={".env": "APP_X=1\nOTHER=2\n"},
        others={"env_file": ".env", "env_prefix": "APP_", "extra": "allow"},
    ),
    "env_ignore_empty": Row(True, {"X": ""}),
    "env_nested_delimiter": Row("__", {"SUB__A": "5"}),
    "env_nested_max_split": Row(1, {"SUB_C_D": "5"}, others={"env_nested_delimiter": "_"}),
    "env_parse_none_str": Row("null", {"X": "null"}),
    "env_parse_enums": Row(True, {"COLOR": "RED"}),
    "enable_decoding": Row(False, {"TEXTS": '["a"]'}),
    "cli_prog_name": Row("program", args=HELP),
    "cli_parse_args": Row(["-x", "1"]),
    "cli_parse_none_str": Row("nil", args=["-x", "nil"]),
    "cli_hide_none_type": Row(True, args=HELP),
    "cli_avoid_json": Row(True, args=HELP),
    "cli_enforce_required": Row(True, {"NEEDED": "1"}, args=[]),
    "cli_use_class_docs_for_groups": Row(True, args=HELP),
    "cli_show_env_vars": Row(True, args=HELP),
    "cli_exit_on_error": Row(False, args=["--nonsense"]),
    "cli_prefix": Row("in", args=["--in.x", "1"], others={"cli_ignore_unknown_args": True}),
    "cli_flag_prefix_char": Row("+", args=["+x", "1"], others={"cli_ignore_unknown_args": True}),
    "cli_implicit_flags": Row(True, args=["--no-flag"], others={"cli_ignore_unknown_args": True}),
    "cli_ignore_unknown_args": Row(True, args=["--nonsense=1"]),
    "cli_kebab_case": Row(
        True, args=["--two-words", "1"], others={"cli_ignore_unknown_args": True}
    ),
    "cli_shortcuts": Row(
        {"two_words": "t"}, args=["-t", "1"], others={"cli_ignore_unknown_args": True}
    ),
    "secrets_dir": Row("secrets", files={"secrets/x": "1"}),
    "secrets_dir_missing": Row(
        "error", source=NestedSecretsSettingsSource, others={"secrets_dir": "nowhere"}
    ),
    "secrets_dir_max_size": Row(1, files={"secrets/x": "12345"}, **SECRETS),
    "secrets_case_sensitive": Row(True, files={"secrets/X": "1"}, **SECRETS),
    "secrets_prefix": Row("p_", files={"secrets/p_x": "1"}, **SECRETS),
    "secrets_nested_delimiter": Row("__", files=NESTED, **SECRETS),
    "secrets_nested_subdir": Row(True, files={"secrets/sub/a": "5"}, **SECRETS),
    "json_file": Row("x.json", files={"x.json": '{"x": "1"}'}, source=JsonConfigSettingsSource),
    "json_file_encoding": Row("utf-16", files={"x.json": '\ufeff{"x": "1"}'}, **JSON),
    "yaml_file": Row("x.yaml", files={"x.yaml": "x: '1'"}, source=YamlConfigSettingsSource),
    "yaml_file_encoding": Row("latin-1", files={"x.yaml": "x: \u00e9"}, **YAML),
    "yaml_config_section": Row("in", files={"x.yaml": "in: {x: '1'}"}, **YAML),
    "toml_file": Row("x.toml", files={"x.toml": "x = '1'"}, source=TomlConfigSettingsSource),
    "toml_table_header": Row(("in",), files={"x.toml": "[in]\nx = '1'"}, **TOML),
    "pyproject_toml_depth": Row(
        1, files={"../pyproject.toml": "[tool.pydantic-settings]\nx = '1'"}, **PYPROJECT
    ),
    "pyproject_toml_table_header": Row(
        ("tool", "mine"), files={"pyproject.toml": "[tool.mine]\nx = '1'"}, **PYPROJECT
    ),
}
"""By option. A version of pydantic-settings need not have all of them."""

TESTED_BELOW = {"_build_sources", "_cli_settings_source"}


def own_options() -> set[str]:
    """The options that pydantic-settings adds to those of pydantic."""
    return set(SettingsConfigDict.__annotations__) - set(ConfigDict.__annotations__)


def arguments() -> set[str]:
    """The options that a call takes."""
    names = inspect.signature(BaseSettings.__init__).parameters
    return {name for name in names if name[0] == "_" and name[1] != "_"}


def settings_class(base: type[Any], row: Row, options: dict[str, Any]) -> type[Any]:
    """A class with these options."""

    class Mine(base):
        model_config = SettingsConfigDict(**{**row.others, **options})

        x: str | None = "default"
        sub: Sub | None = None
        whole: Sub = Sub(a=7, b=8)
        color: Color | None = None
        texts: list[str] | str = ""
        flag: bool = True
        two_words: str = "default"
        named: str = Field("default", validation_alias="THE-ALIAS")
        needed: str = Field(**({} if "NEEDED" in row.variables else {"default": "default"}))

        if row.source is not None:

            @classmethod
            def settings_customise_sources(cls, settings_cls, **given):
                if row.source is NestedSecretsSettingsSource:
                    return (row.source(given["file_secret_settings"]),)
                return (*given.values(), row.source(settings_cls))

    return Mine


def outcome(base: type[Any], row: Row, options: dict[str, Any], call: dict[str, Any]) -> Any:
    """What a class with these options returns, raises, prints and warns."""
    printed = io.StringIO()
    with (
        warnings.catch_warnings(record=True) as seen,
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(printed),
    ):
        warnings.simplefilter("always")
        try:
            made = settings_class(base, row, options)
            if row.args is not None:
                call = {"_cli_parse_args": row.args, **call}
            found: Any = made(**call).model_dump()
        except SystemExit as error:
            found = error.code
        except ValueError:
            found = "an error"  # with a text of ours
    return found, printed.getvalue(), [str(w.message) for w in seen]


@pytest.fixture
def set_up(jail, monkeypatch):
    """Sets up a row."""
    monkeypatch.setattr(sys, "argv", ["program.py"])

    def prepare(option: str) -> Row:
        row = ROWS[option]
        encoding = str(row.value) if option.endswith("encoding") else "utf-8"
        for name, text in row.files.items():
            path = jail.cwd / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode(encoding.replace("utf-16", "utf-16-le")))
        jail.setenv(**row.variables)
        return row

    return prepare


@pytest.mark.parametrize("option", sorted(own_options()))
def test_an_option_of_a_class_does_what_it_does_with_base_settings(set_up, option):
    """And it does something: without it the outcome is another one."""
    row = set_up(option)
    theirs = outcome(BaseSettings, row, {option: row.value}, {})
    assert theirs != outcome(BaseSettings, row, {}, {})
    assert outcome(LayeredSettings, row, {option: row.value}, {}) == theirs


@pytest.mark.parametrize("argument", sorted(arguments() - TESTED_BELOW))
def test_an_argument_of_a_call_does_what_it_does_with_base_settings(set_up, argument):
    """And it does something: without it the outcome is another one."""
    row = set_up(argument[1:])
    theirs = outcome(BaseSettings, row, {}, {argument: row.value})
    assert theirs != outcome(BaseSettings, row, {}, {})
    assert outcome(LayeredSettings, row, {}, {argument: row.value}) == theirs


@pytest.mark.parametrize("option", sorted(o for o in own_options() if ROWS[o].source is not None))
def test_an_option_whose_source_is_not_there_is_a_warning(set_up, option):
    """pydantic-settings' own, which says which source to add."""
    row = set_up(option)._replace(source=None, others={})
    found = outcome(LayeredSettings, row, {option: row.value}, {})
    assert found == outcome(BaseSettings, row, {option: row.value}, {})
    assert any(f"`{option}` is set in model_config but will be ignored" in w for w in found[2])


@pytest.mark.skipif("_build_sources" not in arguments(), reason="this version has none")
def test_an_argument_with_sources_replaces_all_others():
    """`CliApp` passes them."""
    row = Row(None, {})
    for base in (BaseSettings, LayeredSettings):
        made = settings_class(base, row, {})
        sources = (EnvSettingsSource(made),)
        assert made(_build_sources=(sources, {"x": "ignored"})).x == "default"


def test_an_argument_with_a_command_line_source_is_read():
    """It has parsed the arguments already."""
    for base in (BaseSettings, LayeredSettings):
        made = settings_class(base, Row(None), {})
        source = CliSettingsSource(made, cli_parse_args=["-x", "1"])
        assert made(_cli_settings_source=source).x == "1"
