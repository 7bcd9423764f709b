"""Settings that are a value of other settings."""

from __future__ import annotations

import warnings

import pytest
from pydantic import Field, SecretStr

from runsettings import LayeredSettings, SettingsError, SettingsWarning


class Database(LayeredSettings, env_prefix="DB_"):
    host: str = "-"
    port: int = 1
    password: SecretStr | None = None


class Service(LayeredSettings, env_nested_delimiter="__"):
    db: Database = Field(default_factory=Database)
    replicas: list[Database] = []


def test_a_nested_variable_of_the_outer_settings_is_not_a_typo_of_the_inner(jail):
    """DB__PORT begins with the prefix of the inner settings, and sets a key of the outer ones."""
    jail.setenv(DB__PORT="5", DB_HOST="own")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        settings = Service()
    assert (settings.db.port, settings.db.host) == (5, "own")


def test_a_typo_of_the_inner_settings_is_still_told(jail):
    """Only variables that the outer settings read are theirs."""
    jail.setenv(DB__PORT="5", DB_HSOT="typo")
    with pytest.warns(SettingsWarning, match="DB_HSOT is not a variable that sets anything"):
        Service()


def test_after_an_error_the_inner_settings_stand_alone_again(jail):
    """What encloses them is forgotten also where validation fails."""
    jail.setenv(DB__PORT="x")
    with pytest.raises(SettingsError):
        Service()
    with pytest.warns(SettingsWarning, match="DB__PORT is not a variable"):
        Database()


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"DB__PORT": "x"}, "  db.port: must be a valid integer; got 'x'\n    DB__PORT"),
        (
            {"DB__HOST": "h", "DB_PORT": "x"},
            "  db.port: must be a valid integer; got 'x'\n    DB_PORT",
        ),
        (
            {"REPLICAS": '[{"port": "x"}]'},
            "  replicas[0].port: must be a valid integer; got 'x'\n    REPLICAS",
        ),
    ],
)
def test_an_error_of_the_inner_settings_has_its_path_and_its_origin(jail, variables, message):
    """It is not the text of an error inside of another error."""
    jail.setenv(**variables)
    with pytest.raises(SettingsError) as caught:
        Service()
    assert str(caught.value) == f"1 problem in settings\n\n{message}"


def test_an_error_of_the_inner_settings_has_its_line(jail):
    """The line of the file that the outer settings read."""
    jail.write("x.yaml", "db:\n  host: h\n  port: x\n")
    with pytest.raises(SettingsError) as caught:
        Service.resolve(files="x.yaml")
    assert str(caught.value) == (
        "1 problem in settings\n\n"
        "  db.port: must be a valid integer; got 'x'\n"
        "    x.yaml:3:9\n"
        "      3 │   port: x\n"
        "        │         ^"
    )


def test_a_secret_of_the_inner_settings_is_not_quoted(jail):
    """Neither its value nor the line of the file with it."""
    jail.write("x.yaml", "db:\n  password: [s3cret-word]\n")
    with pytest.raises(SettingsError) as caught:
        Service.resolve(files="x.yaml")
    assert "db.password" in str(caught.value)
    assert "s3cret-word" not in str(caught.value)
