"""Where a higher source switches the kind of a union, what was set for the old kind only loses."""

from __future__ import annotations

import argparse
import dataclasses
import enum
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field
from typing_extensions import TypedDict

from runsettings import (
    LayeredSettings,
    Replace,
    RunConfig,
    SettingsError,
    SettingsWarning,
    parse_args,
)


class Adam(BaseModel, extra="forbid"):
    """One kind."""

    kind: Literal["adam"] = "adam"
    lr: float = 0.1
    beta: float = 0.9


class Sgd(BaseModel, extra="forbid"):
    """Another kind, which shares one key."""

    kind: Literal["sgd"] = "sgd"
    lr: float = 0.5
    momentum: float = 0.0


Optim = Annotated[Adam | Sgd, Field(discriminator="kind")]


class Training(LayeredSettings):
    """Its file chooses a kind."""

    model_config = {"env_prefix": "T_", "env_nested_delimiter": "__", "app_name": "t"}
    opt: Optim = Adam()
    many: dict[str, Optim] = {}


@pytest.fixture(autouse=True)
def workspace(jail):
    """The file that chooses the lower kind."""
    jail.write("t/settings.yaml", "opt: {kind: adam, lr: 0.3, beta: 0.5}\n")


def by_flag(*words):
    """Settings with flags."""
    parser = argparse.ArgumentParser()
    Training.add_arguments(parser)
    return Training.resolve(args=parse_args(parser, [*words]))


def by_file(jail):
    """Settings with a file of higher precedence."""
    jail.write("high.yaml", "opt: {kind: sgd, momentum: 0.7}\n")
    return Training.resolve(files=["high.yaml"])


def by_variable(jail):
    """Settings with a variable for each key."""
    jail.setenv(T_OPT__KIND="sgd", T_OPT__MOMENTUM="0.7")
    return Training()


def by_json(jail):
    """Settings with one variable for the whole."""
    jail.setenv(T_OPT='{"kind": "sgd", "momentum": 0.7}')
    return Training()


WAYS = {
    "variables": by_variable,
    "JSON in a variable": by_json,
    "flags": lambda _: by_flag("--opt.kind", "sgd", "--opt.momentum", "0.7"),
    "a file": by_file,
    "a call": lambda _: Training(opt={"kind": "sgd", "momentum": 0.7}),
    "replace": lambda _: Training().replace(opt={"kind": "sgd", "momentum": 0.7}),
    "an instance": lambda _: Training(opt=Sgd(momentum=0.7)),
    "a directive": lambda _: Training.resolve(opt=Replace({"kind": "sgd", "momentum": 0.7})),
}


@pytest.mark.parametrize("switched", WAYS.values(), ids=WAYS)
def test_the_old_kind_neither_breaks_nor_passes_into_the_new_one(jail, switched):
    """The key that only the old kind has is no error, and the shared key is not taken over."""
    assert switched(jail).opt == Sgd(momentum=0.7)


def test_what_was_set_for_the_old_kind_is_in_the_history(jail):
    """A loser keeps its place; the default of the new kind stands above it."""
    settings = by_variable(jail)
    told = {
        key: [str(leaf.origin) for leaf in settings.history(f"opt.{key}")] for key in ("kind", "lr")
    }
    assert told["kind"] == ["T_OPT__KIND", "t/settings.yaml:1:13"]
    assert told["lr"] == ["Sgd.lr", "t/settings.yaml:1:23"]
    assert str(settings.origin("opt.momentum")) == "T_OPT__MOMENTUM"
    assert "t/settings.yaml:1:6" in settings.explain("opt")


def test_a_kind_can_be_switched_back():
    """What the first kind was given counts again; what stood between is gone."""
    settings = (
        Training().replace(opt={"kind": "sgd", "momentum": 0.7}).replace(opt={"kind": "adam"})
    )
    assert settings.opt == Adam(lr=0.3, beta=0.5)


def test_a_source_without_a_tag_keeps_what_the_new_kind_has(jail):
    """A variable may be meant for the kind that a flag chooses."""
    jail.setenv(T_OPT__LR="0.25", T_OPT__MOMENTUM="0.7", T_OPT__BETA="0.1")
    settings = by_flag("--opt.kind", "sgd")
    assert settings.opt == Sgd(lr=0.25, momentum=0.7)
    assert str(settings.origin("opt.lr")) == "T_OPT__LR"


def test_a_key_of_another_kind_above_the_tag_is_an_error_that_names_both(jail):
    """Nothing switches the kind here: the key is for a kind that nobody chose."""
    jail.setenv(T_OPT__MOMENTUM="0.7")
    with pytest.raises(SettingsError) as caught:
        Training()
    (found,) = caught.value.diagnostics
    assert (found.path, str(found.origin)) == (("opt", "momentum"), "T_OPT__MOMENTUM")
    assert found.hint == "it is a key of Sgd, but t/settings.yaml:1:13 sets kind = 'adam'"


def test_a_wrong_tag_hides_nothing():
    """The error says which kinds there are."""
    with pytest.raises(SettingsError, match="must be one of 'adam', 'sgd'; got 'sdg'"):
        Training(opt={"kind": "sdg"})


def test_it_holds_in_mappings_of_unions(jail):
    """Each key has its own kind."""
    jail.write("low.yaml", "many: {a: {kind: adam, beta: 1}, b: {kind: adam, beta: 2}}\n")
    jail.write("high.yaml", "many: {a: {kind: sgd, momentum: 3}}\n")
    settings = Training.resolve(files=["low.yaml", "high.yaml"])
    assert settings.many == {"a": Sgd(momentum=3), "b": Adam(beta=2)}


class Level(enum.Enum):
    """Tags that are no texts."""

    LOW = 1
    HIGH = 2


class Low(BaseModel, extra="forbid"):
    """A kind with the member of an enum as its tag."""

    level: Literal[Level.LOW]
    low: int = 0


class High(BaseModel, extra="forbid"):
    """The other kind of the two."""

    level: Literal[Level.HIGH]
    high: int = 0


@dataclasses.dataclass
class Step:
    """A kind that is a dataclass."""

    name: Literal["step"] = "step"
    every: int = 1


@dataclasses.dataclass
class Cosine:
    """The other kind of the two."""

    name: Literal["cosine"] = "cosine"
    warmup: int = 1


class Local(TypedDict):
    """A kind that is a typed dict."""

    at: Literal["local"]
    path: str


class Cloud(TypedDict):
    """The other kind of the two."""

    at: Literal["cloud"]
    bucket: str


class Black(BaseModel, extra="forbid"):
    """A kind that two tags choose."""

    pet: Literal["cat"]
    color: Literal["black"]
    black_name: str


class White(BaseModel, extra="forbid"):
    """Differs by its second tag."""

    pet: Literal["cat"]
    color: Literal["white"]
    white_name: str


class Dog(BaseModel, extra="forbid"):
    """Differs by its first tag."""

    pet: Literal["dog"]
    bark: str


class Wrapped(BaseModel, extra="forbid"):
    """A union inside of a model that is a member of a union."""

    kind: Literal["wrapped"]
    inner: Optim


class Renamed(BaseModel, extra="forbid"):
    """Has a tag with an alias."""

    kind: Literal["one"] = Field(alias="type")
    one: int = 0


class RenamedToo(BaseModel, extra="forbid"):
    """The other kind of the two."""

    kind: Literal["two"] = Field(alias="type")
    two: int = 0


UNIONS = {
    "untagged": (Adam | Sgd, {"kind": "adam", "beta": 1}, {"kind": "sgd"}, Sgd()),
    "optional": (Optim | None, {"kind": "adam", "beta": 1}, {"kind": "sgd"}, Sgd()),
    "enums": (
        Annotated[Low | High, Field(discriminator="level")],
        {"level": Level.LOW, "low": 1},
        {"level": Level.HIGH},
        High(level=Level.HIGH),
    ),
    "dataclasses": (Step | Cosine, {"name": "step", "every": 5}, {"name": "cosine"}, Cosine()),
    "typed dicts": (
        Annotated[Local | Cloud, Field(discriminator="at")],
        {"at": "local", "path": "x"},
        {"at": "cloud", "bucket": "y"},
        {"at": "cloud", "bucket": "y"},
    ),
    "two tags": (
        Annotated[
            Annotated[Black | White, Field(discriminator="color")] | Dog, Field(discriminator="pet")
        ],
        {"pet": "cat", "color": "black", "black_name": "x"},
        {"color": "white", "white_name": "y"},
        White(pet="cat", color="white", white_name="y"),
    ),
    "aliases": (
        Annotated[Renamed | RenamedToo, Field(discriminator="kind")],
        {"type": "one", "one": 1},
        {"type": "two"},
        RenamedToo(type="two"),
    ),
    "unions in unions": (
        Annotated[Wrapped | Sgd, Field(discriminator="kind")],
        {"kind": "wrapped", "inner": {"kind": "adam", "beta": 1}},
        {"inner": {"kind": "sgd"}},
        Wrapped(kind="wrapped", inner=Sgd()),
    ),
}


@pytest.mark.parametrize("case", UNIONS.values(), ids=UNIONS)
def test_it_holds_for_every_kind_of_union(case):
    """The members may be of any type with keys, and the tag a literal of any type."""
    union, low, high, wanted = case

    class Model(RunConfig):
        value: union

    assert Model(value=low).replace(value=high).value == wanted


class Loose(BaseModel):
    """A kind that takes further keys without a word."""

    kind: Literal["loose"] = "loose"
    lr: float = 0.1


class Other(BaseModel):
    """Another kind, with a key that the first one does not have."""

    kind: Literal["other"] = "other"
    beta: float = 0.9


class Lenient(LayeredSettings):
    """pydantic would drop the keys of the other kind."""

    model_config = {"env_prefix": "L_", "env_nested_delimiter": "__"}
    opt: Loose | Other = Field(default=Loose(), discriminator="kind")
    many: dict[str, Loose | Other] = {}


@pytest.mark.parametrize(
    ("low", "high", "key", "tag"),
    [
        ("opt: {kind: loose}", "opt: {beta: 0.1}", "opt.beta", "low.yaml:1:13 sets kind = 'loose'"),
        ("", "opt: {beta: 0.1}", "opt.beta", "Loose.kind sets kind = 'loose'"),
        (
            "many: {a: {kind: loose}}",
            "many: {a: {beta: 0.1}}",
            "many.a.beta",
            "low.yaml:1:18 sets kind = 'loose'",
        ),
    ],
)
def test_no_key_of_another_kind_is_dropped_without_a_word(jail, low, high, key, tag):
    """Each source is right alone, and the model ignores what it does not know."""
    jail.write("low.yaml", f"{low}\n")
    jail.write("high.yaml", f"{high}\n")
    with pytest.raises(SettingsError) as caught:
        Lenient.resolve(files=["low.yaml", "high.yaml"])
    (found,) = caught.value.diagnostics
    assert (found.key, found.origin.where, found.excerpt.text) == (key, "high.yaml", high)
    assert found.message == "is not a key of Loose"
    assert found.hint == f"it is a key of Other, but {tag}"


def test_a_variable_of_another_kind_is_a_warning(jail):
    """As every unknown key of a variable is."""
    jail.setenv(L_OPT__BETA="0.1")
    with pytest.warns(SettingsWarning, match="opt.beta is not a key of Loose"):
        assert Lenient().opt == Loose()
