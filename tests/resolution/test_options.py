"""The table of options: every key of a model, every way to write it, and what it takes."""

from __future__ import annotations

import enum
from typing import Annotated, Literal, Optional

import pytest
from pydantic import AliasChoices, AliasPath, BaseModel, Field, SecretBytes, SecretStr

from runsettings.resolution.options import (
    choices_of,
    holds_secret,
    nested_model,
    option_table,
    union_members,
)


class Colour(enum.Enum):
    RED = "red"
    GREEN = "green"


class Vault(BaseModel):
    pin: SecretStr | None = None
    size: int = 0


class Node(BaseModel):
    value: int = 0
    pin: SecretStr | None = None
    next: Node | None = None
    children: list[Node] = Field(default_factory=list)


class Model(BaseModel):
    name: str = ""
    rate: float = Field(default=0.1, alias="lr")
    group: str = Field(default="", validation_alias=AliasChoices("team", "crew"))
    first: str = Field(default="", validation_alias=AliasPath("names", 0))
    colour: Colour = Colour.RED
    mode: Literal["a", "b"] | None = None
    vault: Vault = Vault()
    maybe: Annotated[Vault | None, "note"] = None
    key: SecretStr | None = None
    keys: list[SecretStr] = Field(default_factory=list)
    vaults: dict[str, Vault] = Field(default_factory=dict)
    either: Vault | int = 0
    tree: Node | None = None
    numbers: list[int] = Field(default_factory=list)


TABLE = option_table(Model, {"name": ["APP_NAME"]})


def test_every_field_is_an_option():
    """In the order of the model, with its path and variables."""
    assert list(TABLE.options) == list(Model.model_fields)
    assert TABLE.options["name"].variables == ("APP_NAME",)
    assert TABLE.options["vault"].path == ("vault",)


@pytest.mark.parametrize(
    ("spelling", "name"),
    [("rate", "rate"), ("lr", "rate"), ("team", "group"), ("crew", "group"), ("group", "group")],
)
def test_spellings(spelling, name):
    """A field is found under its name and all its aliases."""
    assert TABLE.spelled[spelling].name == name


def test_alias_paths_are_kept_apart():
    """A path into another key is no spelling."""
    assert TABLE.options["first"].spellings == ()
    assert [path.path for path in TABLE.options["first"].alias_paths] == [["names", 0]]


def test_name_beats_another_fields_alias():
    """Where a name and an alias meet, the name is meant."""

    class Meeting(BaseModel):
        a: int = Field(default=0, alias="b")
        b: int = 0

    assert option_table(Meeting).spelled["b"].name == "b"


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (("vault", "size"), ("vault", "size")),
        (("maybe", "pin"), ("maybe", "pin")),
        (("lr",), ("rate",)),
        (("vault", "no"), None),
        (("name", "x"), None),
        (("numbers", 0), None),
        (("tree", "next"), ("tree", "next")),
        (("tree", "next", "value"), None),
    ],
)
def test_find(path, found):
    """Paths lead into nested models; a model that contains itself is followed once."""
    option = TABLE.find(path)
    assert (option.path if option else None) == found


def test_nearest():
    """What is inside of an option's value belongs to the option."""
    option = TABLE.nearest(("numbers", 3))
    assert option is not None
    assert option.path == ("numbers",)
    assert TABLE.nearest(("no",)) is None


def test_leaves_are_all_keys_that_take_a_value():
    """Nested models are walked, and are no leaves themselves."""
    paths = [option.path for option in TABLE.leaves()]
    assert ("vault", "size") in paths
    assert ("vault",) not in paths
    assert len(paths) == len(set(paths))


@pytest.mark.parametrize(
    ("annotation", "choices"),
    [
        (Literal["a", "b"], ("a", "b")),
        (Literal["a"] | None, ("a",)),
        (Literal["a", None], ("a",)),  # noqa: PYI061 - as people write it
        (Literal["a"] | Literal["b"], ("a", "b")),  # noqa: PYI030 - the same
        (Colour, ("red", "green")),
        (Colour | None, ("red", "green")),
        (Literal["a"] | int, ()),
        (bool, ()),
        (str, ()),
        (Annotated[Literal[1, 2], "x"] | None, (1, 2)),
    ],
)
def test_choices(annotation, choices):
    """A fixed set of values is known as such; a set that is open has no choices."""
    assert choices_of(annotation) == choices


@pytest.mark.parametrize(
    ("annotation", "secret"),
    [
        (SecretStr, True),
        (SecretBytes | None, True),
        (list[SecretStr], True),
        (dict[str, SecretStr | None], True),
        (Annotated[SecretStr, "x"], True),
        (str, False),
        (Vault, False),
        (list[Vault], False),
    ],
)
def test_direct_secrets(annotation, secret):
    """A value that is secret itself; what a nested model holds is told by its own options."""
    assert holds_secret(annotation) is secret


@pytest.mark.parametrize(
    ("path", "secret"),
    [
        (("key",), True),
        (("keys",), True),
        (("keys", 0), True),
        (("vault",), True),
        (("vault", "pin"), True),
        (("vault", "size"), False),
        (("maybe", "pin"), True),
        (("vaults",), True),
        (("vaults", "a", "pin"), True),
        (("either",), True),
        (("tree", "pin"), True),
        (("tree", "next"), True),
        (("tree", "children", 0, "pin"), True),
        (("tree", "value"), False),
        (("name",), False),
    ],
)
def test_secret_paths(path, secret):
    """What is, holds or belongs to a secret is known, also inside of lists, unions and itself."""
    assert TABLE.is_secret(path) is secret


def test_names_of_secrets():
    """Every way to write the key of a secret, wherever it is."""
    assert TABLE.secret_names == {"key", "keys", "pin"}


@pytest.mark.parametrize(
    ("annotation", "model"),
    [
        (Vault, Vault),
        (Vault | None, Vault),
        (Optional[Vault], Vault),  # noqa: UP045 - the same
        (Annotated[Vault, "x"], Vault),
        (Vault | int, None),
        (Vault | Node, None),
        (list[Vault], None),
        (int, None),
    ],
)
def test_nested_models(annotation, model):
    """Only what is surely one model is walked."""
    assert nested_model(annotation) is model


def test_union_members_are_flat():
    """Unions in unions and notes around them are looked through."""
    assert union_members(Annotated[int | Annotated[str | None, "x"], "y"]) == (int, str, type(None))
