"""Values reach a field by any of its aliases, and pydantic under the key that it looks for."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import AliasChoices, AliasPath, BaseModel, Field, model_validator

from runsettings import LayeredConfigDict, LayeredSettings, SettingsError


class Swapped(LayeredSettings):
    """Each field's alias is the name of the other."""

    first: int = Field(0, alias="second")
    second: int = Field(0, alias="first")


def test_a_field_whose_alias_is_another_field_s_name():
    """A key is the alias that it is, not the field of that name."""
    settings = Swapped(first=1, second=2)
    assert (settings.first, settings.second) == (2, 1)


def test_a_swapped_alias_that_is_alone():
    """The other field keeps its default."""
    settings = Swapped(second=2)
    assert (settings.first, settings.second) == (2, 0)


def test_swapped_variables(jail):
    """Variables are named by aliases as well."""
    jail.setenv(FIRST="1")
    settings = Swapped()
    assert (settings.first, settings.second) == (0, 1)
    assert str(settings.origin("second")) == "FIRST"


class Parts(LayeredSettings):
    """Fields that are parts of other keys."""

    left: int = Field(0, validation_alias=AliasPath("pair", 0))
    right: int = Field(0, validation_alias=AliasPath("pair", 1))
    user: str = Field("", validation_alias=AliasChoices(AliasPath("login", "user"), "user_name"))


def test_alias_paths_of_a_call():
    """Each part goes to its field; a further choice is taken where the path leads nowhere."""
    settings = Parts(pair=[1, 2], user_name="ada")
    assert (settings.left, settings.right, settings.user) == (1, 2, "ada")


def test_an_alias_path_into_a_json_variable_takes_the_part_alone(jail):
    """What else is in the variable, a password say, is not the value."""
    jail.setenv(LOGIN='{"user": "ada", "password": "geheim"}', PAIR="[3, 4]")
    settings = Parts()
    assert (settings.left, settings.right, settings.user) == (3, 4, "ada")
    assert "geheim" not in repr(settings) + settings.explain()


def test_an_error_at_an_alias_path_names_the_field():
    """The field, and not the list that its value is a part of, is told."""
    with pytest.raises(SettingsError, match="right: must be a valid integer"):
        Parts(pair=[1, "x"])


class Inner(BaseModel):
    """A nested model with two spellings of one key."""

    rate: float = Field(1, validation_alias=AliasChoices("lr", "learning_rate"))


class Outer(LayeredSettings):
    """Holds it."""

    inner: Inner = Inner()
    rate: float = Field(1, validation_alias=AliasChoices("lr", "learning_rate"))


@pytest.mark.parametrize("keys", [("lr", "learning_rate"), ("learning_rate", "lr")])
def test_the_first_choice_counts_in_whatever_order(keys):
    """In a call and in a nested model, the first of the choices that is there counts."""
    values = {key: 0.5 if key == "lr" else 0.7 for key in keys}
    settings = Outer(**values, inner=values)
    assert (settings.rate, settings.inner.rate) == (0.5, 0.5)


def test_an_alias_of_two_fields_sets_both(jail):
    """A shared alias is each field's own, in a call and in a variable."""

    class Shared(LayeredSettings):
        one: int = Field(0, alias="size")
        two: int = Field(0, alias="size")

    settings = Shared(size=3)
    assert (settings.one, settings.two) == (3, 3)
    jail.setenv(SIZE="4")
    settings = Shared()
    assert (settings.one, settings.two) == (4, 4)


def test_a_before_validator_sees_the_alias():
    """Validators get the keys that pydantic-settings would give them."""
    seen: list[Any] = []

    class Watched(LayeredSettings):
        rate: float = Field(1, alias="lr")

        @model_validator(mode="before")
        @classmethod
        def watch(cls, data: Any) -> Any:
            seen.append(dict(data))
            return data

    assert Watched(lr=0.5).rate == 0.5
    assert seen == [{"lr": 0.5}]


def test_a_keyword_in_another_case():
    """Where case does not matter, keywords are found in any case; the model's own case wins."""

    class Server(LayeredSettings):
        port: int = 0

    class Strict(Server):
        model_config = LayeredConfigDict(case_sensitive=True)

    assert Server(PORT=1).port == 1
    assert Server(PORT=1, port=2).port == 2
    with pytest.raises(SettingsError, match="PORT is not a key of Strict"):
        Strict(PORT=1)


def test_fields_with_one_alias_that_are_set_by_name():
    """Where names are keys, two fields with the same alias may have different values."""

    class Versions(LayeredSettings):
        model_config = LayeredConfigDict(populate_by_name=True)
        old: str = Field("", alias="secret")
        new: str = Field("", alias="secret")

    settings = Versions(old="a", new="b")
    assert (settings.old, settings.new) == ("a", "b")
    assert Versions(secret="c").old == "c"
