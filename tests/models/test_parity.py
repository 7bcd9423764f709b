"""What pydantic-settings' users know holds: the same models read the same environments alike."""

from __future__ import annotations

import enum
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pydantic import (
    AliasChoices,
    AliasPath,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Json,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, ForceDecode, NoDecode, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError as SourceError

from runsettings import LayeredSettings, SettingsError

FAILED = "failed"

Definition = Callable[[type[BaseSettings]], type[BaseSettings]]


class Colour(enum.Enum):
    RED = "red"
    GREEN = "green"


class Number(enum.IntEnum):
    ONE = 1
    TWO = 2


class Deep(BaseModel):
    v4: str = ""
    numbers: list[int] = Field(default_factory=list)


class Sub(BaseModel):
    v1: str = ""
    v2: bytes = b""
    v3: int = 0
    deep: Deep = Deep()
    maybe: Deep | None = None


class Cat(BaseModel):
    kind: Literal["cat"] = "cat"
    lives: int = 9


class Dog(BaseModel):
    kind: Literal["dog"] = "dog"
    legs: int = 4


class Aliased(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    inner: int = Field(default=0, alias="Inner")


def config(**options: Any) -> SettingsConfigDict:
    """Options of a model."""
    return SettingsConfigDict(**options)


def plain(base: Any) -> Any:
    """Plain fields of many types."""

    class Model(base):
        name: str = "x"
        count: int = 0
        ratio: float = 0.0
        on: bool = False
        path: Path = Path()
        key: SecretStr | None = None
        colour: Colour = Colour.RED
        number: Number = Number.ONE
        level: Literal["1", "2", "3"] = "1"
        mode: Literal["a", "b"] = "a"
        maybe: int | None = None
        mixed: int | str = 0
        raw: bytes = b""

    return Model


def prefixed(base: Any) -> Any:
    """A prefix, which aliases do not have."""

    class Model(base):
        model_config = config(env_prefix="APP_")
        name: str = "x"
        other: int = Field(default=0, alias="other_name")
        third: int = Field(default=0, validation_alias="THIRD_NAME")

    return Model


def nested(base: Any) -> Any:
    """Nested models, a delimiter, and mappings."""

    class Model(base):
        model_config = config(env_nested_delimiter="__")
        top: int = 0
        sub: Sub = Sub()
        maybe: Sub | None = None
        table: dict[str, Any] = Field(default_factory=dict)
        named: dict[str, Deep] = Field(default_factory=dict)
        either: Sub | int = 0

    return Model


def nested_prefixed(base: Any) -> Any:
    """A prefix and a delimiter, at most one level deep."""

    class Model(base):
        model_config = config(env_prefix="GEN_", env_nested_delimiter="_", env_nested_max_split=1)
        llm: Sub = Sub()
        llm_x: int = 0

    return Model


def complex_values(base: Any) -> Any:
    """Values that are written as JSON."""

    class Model(base):
        items: list[int] = Field(default_factory=list)
        maybe: list[str] | None = None
        pair: tuple[int, str] = (0, "")
        bag: set[int] = Field(default_factory=set)
        table: dict[str, int] = Field(default_factory=dict)
        models: list[Deep] = Field(default_factory=list)
        parsed: Json[list[int]] = Field(default_factory=list)
        mixed: list[int] | str = ""

    return Model


def decoding(base: Any) -> Any:
    """Fields that say whether they are decoded."""

    def split(value: Any) -> Any:
        return value.split(",") if isinstance(value, str) else value

    class Model(base):
        texts: Annotated[list[str], NoDecode, BeforeValidator(split)] = Field(default_factory=list)
        forced: Annotated[list[int], ForceDecode] = Field(default_factory=list)
        usual: list[int] = Field(default_factory=list)

    return Model


def not_decoding(base: Any) -> Any:
    """A model that decodes nothing but what asks for it."""

    class Model(base):
        model_config = config(enable_decoding=False)
        forced: Annotated[list[int], ForceDecode] = Field(default_factory=list)
        texts: list[str] = Field(default_factory=list)

        @field_validator("texts", mode="before")
        @classmethod
        def split(cls, value: Any) -> Any:
            return value.split(",") if isinstance(value, str) else value

    return Model


def aliases(base: Any) -> Any:
    """Aliases of every kind."""

    class Model(base):
        one: int = Field(default=0, alias="uno")
        two: int = Field(default=0, validation_alias="dos")
        three: int = Field(default=0, validation_alias=AliasChoices("tres", "drei"))
        first: str = Field(default="", validation_alias=AliasPath("names", 0))
        either: str = Field(
            default="", validation_alias=AliasChoices("either", AliasPath("names", 1))
        )
        inside: Aliased = Aliased()

    return Model


def by_name(base: Any) -> Any:
    """Aliases beside the field's own name."""

    class Model(base):
        model_config = config(populate_by_name=True, env_prefix="APP_")
        one: int = Field(default=0, alias="uno")

    return Model


def case_sensitive(base: Any) -> Any:
    """Variables whose case counts."""

    class Model(base):
        model_config = config(case_sensitive=True, env_nested_delimiter="__")
        name: str = "x"
        NAME: str = "y"
        sub: Sub = Sub()

    return Model


def ignoring_empty(base: Any) -> Any:
    """Empty variables that are no values."""

    class Model(base):
        model_config = config(env_ignore_empty=True, env_nested_delimiter="__")
        name: str = "x"
        count: int = 3
        sub: Sub = Sub(v1="s")
        items: list[int] = Field(default_factory=lambda: [1])

    return Model


def parsing_none(base: Any) -> Any:
    """A text that stands for ``None``."""

    class Model(base):
        model_config = config(env_parse_none_str="null", env_nested_delimiter="__")
        name: str | None = "x"
        count: int | None = 3
        sub: Sub | None = Sub()
        items: list[int | None] | None = None

    return Model


def parsing_enums(base: Any) -> Any:
    """Enums by the name of their member."""

    class Model(base):
        model_config = config(env_parse_enums=True)
        colour: Colour = Colour.RED
        number: Number | None = None

    return Model


def strict(base: Any) -> Any:
    """Strict validation, in which a text is still what a variable holds."""

    class Model(base):
        model_config = config(strict=True)
        count: int = 0
        name: str = ""
        on: bool = False

    return Model


def discriminated(base: Any) -> Any:
    """A union that a key decides."""

    class Model(base):
        model_config = config(env_nested_delimiter="__")
        pet: Annotated[Cat | Dog, Discriminator("kind")] = Cat()
        pets: list[Annotated[Cat | Dog, Discriminator("kind")]] = Field(default_factory=list)
        loose: Cat | Dog | None = None

    return Model


def validated(base: Any) -> Any:
    """Validators of fields and of the whole."""

    class Model(base):
        low: int = Field(default=0, ge=0)
        high: int = 10

        @field_validator("high")
        @classmethod
        def even(cls, value: int) -> int:
            if value % 2:
                raise ValueError("must be even")
            return value

        @model_validator(mode="after")
        def ordered(self) -> Any:
            if self.low > self.high:
                raise ValueError("low must not be above high")
            return self

    return Model


def required(base: Any) -> Any:
    """Fields without defaults."""

    class Model(base):
        model_config = config(env_nested_delimiter="__")
        name: str
        sub: Sub

    return Model


def extra_ignored(base: Any) -> Any:
    """Unknown keys are passed over."""

    class Model(base):
        model_config = config(extra="ignore", env_prefix="APP_")
        name: str = "x"

    return Model


CASES: list[tuple[Definition, dict[str, str]]] = [
    (plain, {}),
    (plain, {"NAME": "a", "COUNT": "3", "RATIO": "1e-3", "ON": "yes", "PATH": "/x"}),
    (plain, {"name": "a", "Count": " 3 ", "ON": "2"}),
    (plain, {"KEY": "s", "COLOUR": "green", "NUMBER": "2", "LEVEL": "2", "MODE": "b"}),
    (plain, {"COLOUR": "blue"}),
    (plain, {"COLOUR": "GREEN"}),
    (plain, {"LEVEL": "4"}),
    (plain, {"LEVEL": "x"}),
    (plain, {"MODE": ""}),
    (plain, {"MAYBE": ""}),
    (plain, {"MAYBE": "null"}),
    (plain, {"MAYBE": "3", "MIXED": "4"}),
    (plain, {"MIXED": "four"}),
    (plain, {"COUNT": "1.5"}),
    (plain, {"COUNT": ""}),
    (plain, {"RAW": "ä", "NAME": ""}),
    (plain, {"UNKNOWN": "1"}),
    (prefixed, {"APP_NAME": "a", "NAME": "b"}),
    (prefixed, {"APP_OTHER_NAME": "3"}),
    (prefixed, {"OTHER_NAME": "3", "third_name": "4"}),
    (prefixed, {"APP_OTHER": "3"}),
    (prefixed, {"app_name": "low"}),
    (nested, {"TOP": "1", "SUB__V1": "a", "SUB__V3": "3"}),
    (nested, {"SUB": '{"v1": "json", "v2": "b"}', "SUB__V3": "3", "SUB__DEEP__V4": "d"}),
    (nested, {"SUB__DEEP": '{"v4": "x"}', "SUB__DEEP__NUMBERS": "[1, 2]"}),
    (nested, {"SUB__MAYBE__V4": "x"}),
    (nested, {"SUB__MAYBE__NUMBERS": "[1]", "sub__maybe__v4": "low"}),
    (nested, {"MAYBE__V1": "a"}),
    (nested, {"MAYBE": "null"}),
    (nested, {"MAYBE": "{}"}),
    (nested, {"SUB": "no json"}),
    (nested, {"SUB": "3"}),
    (nested, {"SUB__NO": "3"}),
    (nested, {"SUB__V3": "x"}),
    (nested, {"SUB__V1": ""}),
    (nested, {"SUB": ""}),
    (nested, {"TABLE": '{"a": 1}', "TABLE__B": "2", "TABLE__C__D": "3"}),
    (nested, {"TABLE__A": '{"x": 1}', "TABLE__A__Y": "2"}),
    (nested, {"TABLE__A": "[1]"}),
    (nested, {"NAMED": '{"a": {"v4": "x"}}'}),
    (nested, {"NAMED__A__V4": "x", "NAMED__B__NUMBERS": "[1]"}),
    (nested, {"EITHER": "3"}),
    (nested, {"EITHER": '{"v1": "x"}'}),
    (nested, {"EITHER__V1": "x"}),
    (nested, {"SUB__DEEP__V4__X": "x"}),
    (nested, {"SUB__": "x"}),
    (nested, {"__SUB": "x"}),
    (nested_prefixed, {"GEN_LLM_V1": "a", "GEN_LLM_V3": "3", "GEN_LLM_X": "4"}),
    (nested_prefixed, {"GEN_LLM_DEEP": '{"v4": "x"}', "GEN_LLM_DEEP_V4": "y"}),
    (nested_prefixed, {"LLM_V1": "a"}),
    (complex_values, {"ITEMS": "[1, 2]", "PAIR": '[1, "a"]', "BAG": "[1, 1]"}),
    (complex_values, {"ITEMS": "1,2"}),
    (complex_values, {"ITEMS": '["x"]'}),
    (complex_values, {"ITEMS": '{"a": 1}'}),
    (complex_values, {"ITEMS": ""}),
    (complex_values, {"MAYBE": '["a"]', "TABLE": '{"a": 1}', "MODELS": '[{"v4": "x"}]'}),
    (complex_values, {"MAYBE": "null"}),
    (complex_values, {"MAYBE": "a"}),
    (complex_values, {"PARSED": "[1, 2]"}),
    (complex_values, {"PARSED": "x"}),
    (complex_values, {"MIXED": "[1]"}),
    (complex_values, {"MIXED": "text"}),
    (complex_values, {"TABLE": '{"a": "x"}'}),
    (decoding, {"TEXTS": "a,b", "FORCED": "[1]", "USUAL": "[2]"}),
    (decoding, {"TEXTS": '["a"]'}),
    (decoding, {"FORCED": "1"}),
    (not_decoding, {"TEXTS": "a,b", "FORCED": "[1]"}),
    (not_decoding, {"FORCED": "x"}),
    (aliases, {"UNO": "1", "DOS": "2", "TRES": "3"}),
    (aliases, {"DREI": "3"}),
    (aliases, {"TRES": "3", "DREI": "4"}),
    (aliases, {"ONE": "1", "TWO": "2", "THREE": "3"}),
    (aliases, {"NAMES": '["a", "b"]'}),
    (aliases, {"NAMES": '["a"]'}),
    (aliases, {"NAMES": '["a", "b"]', "EITHER": "c"}),
    (aliases, {"NAMES": "a"}),
    (aliases, {"INSIDE": '{"Inner": 3}'}),
    (aliases, {"INSIDE": '{"inner": 3}'}),
    (by_name, {"UNO": "1"}),
    (by_name, {"APP_ONE": "1"}),
    (by_name, {"ONE": "1"}),
    (case_sensitive, {"name": "a", "NAME": "b"}),
    (case_sensitive, {"Name": "a"}),
    (case_sensitive, {"sub__v1": "a", "SUB__V1": "b"}),
    (case_sensitive, {"SUB": '{"v1": "a"}'}),
    (ignoring_empty, {"NAME": "", "COUNT": "", "SUB__V1": "", "ITEMS": ""}),
    (parsing_none, {"NAME": "null", "COUNT": "null", "SUB": "null"}),
    (parsing_none, {"SUB__V1": "null"}),
    (parsing_none, {"SUB__MAYBE": "null"}),
    (parsing_none, {"ITEMS": "null"}),
    (parsing_none, {"ITEMS": "[1, null]"}),
    (parsing_none, {"NAME": "None"}),
    (parsing_enums, {"COLOUR": "GREEN", "NUMBER": "TWO"}),
    (parsing_enums, {"COLOUR": "green"}),
    (parsing_enums, {"COLOUR": "BLUE"}),
    (strict, {"NAME": "a"}),
    (strict, {"COUNT": "3"}),
    (strict, {"COUNT": "x"}),
    (strict, {"ON": "true"}),
    (discriminated, {"PET": '{"kind": "dog", "legs": 3}'}),
    (discriminated, {"PET__KIND": "dog", "PET__LEGS": "3"}),
    (discriminated, {"PET__KIND": "cow"}),
    (discriminated, {"PETS": '[{"kind": "dog"}, {"kind": "cat", "lives": 1}]'}),
    (discriminated, {"PETS": '[{"kind": "cow"}]'}),
    (discriminated, {"LOOSE": '{"kind": "dog"}'}),
    (discriminated, {"LOOSE__KIND": "dog"}),
    (validated, {"LOW": "3", "HIGH": "4"}),
    (validated, {"LOW": "5", "HIGH": "4"}),
    (validated, {"HIGH": "3"}),
    (validated, {"LOW": "-1"}),
    (required, {}),
    (required, {"NAME": "a"}),
    (required, {"NAME": "a", "SUB__V1": "x"}),
    (required, {"NAME": "a", "SUB": "{}"}),
    (extra_ignored, {"APP_NAME": "a", "APP_OTHER": "b"}),
]

DEFINITIONS = {case[0] for case in CASES}
BOTH = {
    definition: (definition(BaseSettings), definition(LayeredSettings))
    for definition in DEFINITIONS
}


def outcome(make: Callable[[], BaseSettings]) -> Any:
    """The values of settings as text (NaN equals nothing), or that they could not be made."""
    try:
        return repr(make().model_dump())
    except (ValidationError, SourceError, SettingsError):
        return FAILED


def with_environment(variables: Mapping[str, str], make: Callable[[], Any]) -> Any:
    """Call ``make`` with these variables and no others."""
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(variables)
    try:
        return make()
    finally:
        os.environ.clear()
        os.environ.update(before)


def assert_alike(definition: Definition, variables: Mapping[str, str], **arguments: Any) -> None:
    """Hold that both bases make the same of an environment, the process's and an injected one."""
    theirs, ours = BOTH[definition]
    expected = with_environment(variables, lambda: outcome(lambda: theirs(**arguments)))
    assert with_environment(variables, lambda: outcome(lambda: ours(**arguments))) == expected
    if not any(name.startswith("_") for name in arguments):
        assert outcome(lambda: ours.resolve(environ=variables, **arguments)) == expected


@pytest.mark.parametrize(
    ("definition", "variables"),
    CASES,
    ids=[f"{definition.__name__}-{variables}" for definition, variables in CASES],
)
@pytest.mark.filterwarnings("ignore::runsettings.SettingsWarning")
def test_environments_are_read_alike(definition, variables):
    """Both bases give the same values, or both fail."""
    assert_alike(definition, variables)


ARGUMENTS: list[tuple[Definition, dict[str, str], dict[str, Any]]] = [
    (plain, {"NAME": "env"}, {"name": "init"}),
    (plain, {"NAME": "env"}, {"count": "3"}),
    (plain, {}, {"count": "x"}),
    (plain, {}, {"unknown": 1}),
    (nested, {"SUB__V1": "env"}, {"sub": {"v3": 3}}),
    (nested, {"SUB__V1": "env"}, {"sub": {"v1": "init"}}),
    (nested, {"SUB__DEEP__V4": "env"}, {"sub": {"deep": {"numbers": [1]}}}),
    (nested, {"TABLE__A": "env"}, {"table": {"b": 1}}),
    (aliases, {"UNO": "1"}, {"uno": 2}),
    (aliases, {"TRES": "1"}, {"drei": 2}),
    (by_name, {"UNO": "1"}, {"one": 2}),
    (by_name, {"UNO": "1"}, {"uno": 2}),
    (aliases, {"NAMES": '["a", "b"]'}, {"names": ["c", "d"]}),
    (prefixed, {"OTHER_NAME": "1"}, {"other_name": 2}),
    (plain, {"X_NAME": "a", "NAME": "b"}, {"_env_prefix": "X_"}),
    (nested, {"SUB-V1": "a", "SUB__V1": "b"}, {"_env_nested_delimiter": "-"}),
    (plain, {"NAME": "a", "name": "b"}, {"_case_sensitive": True}),
    (plain, {"NAME": ""}, {"_env_ignore_empty": True}),
    (plain, {"MAYBE": "nil"}, {"_env_parse_none_str": "nil"}),
    (plain, {"COLOUR": "GREEN"}, {"_env_parse_enums": True}),
    (plain, {"NAME": "env"}, {"_env_file": "x.env"}),
    (plain, {}, {"_env_file": "x.env"}),
    (nested, {}, {"_env_file": ["y.env", "z.env"]}),
    (nested, {}, {"_env_file": "no.env"}),
    (plain, {}, {"_secrets_dir": "secrets"}),
    (plain, {"NAME": "env"}, {"_secrets_dir": "secrets"}),
    (plain, {}, {"_secrets_dir": "secrets", "_env_file": "x.env"}),
]


@pytest.mark.parametrize(("definition", "variables", "arguments"), ARGUMENTS)
@pytest.mark.filterwarnings("ignore::runsettings.SettingsWarning")
def test_arguments_are_taken_alike(jail, definition, variables, arguments):
    """Keyword arguments and the ``_…`` arguments of pydantic-settings do what they do there."""
    jail.write("x.env", "NAME=dotenv\n# comment\nCOUNT='3'\n")
    jail.write("y.env", "export TOP=1\nSUB__V1=\"a b\"\nSUB__V2='${SUB__V1}'\n")
    jail.write("z.env", "SUB__V1=later\nSUB__V3=3\n")
    jail.write("secrets/name", "secret\n")
    jail.write("secrets/COUNT", "7")
    assert_alike(definition, variables, **arguments)


def test_names_are_understood_beside_aliases():
    """Where pydantic-settings wants the alias, the field's own name is understood as well."""
    theirs, ours = BOTH[aliases]
    assert outcome(lambda: theirs(one=2)) == FAILED
    assert ours(one=2).one == 2


def test_other_programs_lines_in_a_dotenv_file_are_refused_as_the_model_says(jail):
    """An unknown line is an error under ``extra="forbid"``, and passed over under "ignore"."""
    jail.write("x.env", "NAME=dotenv\nPGHOST=localhost\n")
    for model in BOTH[plain]:
        lenient = type("Lenient", (model,), {"model_config": {"extra": "ignore"}})
        assert outcome(lambda model=model: model(_env_file="x.env")) == FAILED
        assert lenient(_env_file="x.env").name == "dotenv"


@pytest.mark.parametrize(
    ("definition", "variables"),
    [(ignoring_empty, {"SUB": "", "SUB__V3": "3"}), (discriminated, {"PET__LEGS": "3"})],
)
@pytest.mark.filterwarnings("ignore::runsettings.SettingsWarning")
def test_a_default_instance_is_the_lowest_layer(definition, variables, jail):
    """As in pydantic-settings with ``nested_model_default_partial_update``, unasked."""
    jail.setenv(**variables)
    theirs, ours = BOTH[definition]
    option = {"nested_model_default_partial_update": True}
    updating = type(theirs.__name__, (theirs,), {"model_config": option})
    assert outcome(ours) == outcome(updating) != FAILED


def test_model_options_name_the_same_files(jail):
    """``env_file`` and ``secrets_dir`` of the model, and ``_env_file=None`` against them."""

    def make(base: Any) -> Any:
        class Model(base):
            model_config = config(
                env_file=("a.env", "b.env"), secrets_dir="secrets", env_prefix="APP_"
            )
            name: str = "x"
            count: int = 0
            key: str = ""

        return Model

    jail.write("a.env", "APP_NAME=a\nAPP_COUNT=1\n")
    jail.write("b.env", "APP_NAME=b\n")
    jail.write("secrets/app_key", "k")
    theirs, ours = make(BaseSettings), make(LayeredSettings)
    for arguments in ({}, {"_env_file": None}, {"_env_file": "b.env"}, {"count": 5}):
        assert ours(**arguments).model_dump() == theirs(**arguments).model_dump()


NAMES = st.sampled_from(
    [
        "TOP",
        "top",
        "SUB",
        "SUB__V1",
        "sub__v3",
        "SUB__V2",
        "SUB__DEEP",
        "SUB__DEEP__V4",
        "SUB__DEEP__NUMBERS",
        "SUB__MAYBE",
        "SUB__MAYBE__V4",
        "MAYBE",
        "MAYBE__V3",
        "TABLE",
        "TABLE__A",
        "TABLE__A__B",
        "NAMED",
        "NAMED__A",
        "NAMED__A__V4",
        "EITHER",
        "EITHER__V3",
    ]
)
TEXTS = st.sampled_from(
    [
        "",
        "a",
        "3",
        "-1",
        "1.5",
        "true",
        "null",
        "None",
        "[]",
        "[1, 2]",
        '["a"]',
        "{}",
        "{",
        "[1",
        '{"v1": "x"}',
        '{"v3": 4, "deep": {"v4": "y"}}',
        '{"a": {"v4": "z"}}',
        '{"no": 1}',
        '"q"',
    ]
)


@hypothesis_settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(variables=st.dictionaries(NAMES, TEXTS, max_size=6))
@pytest.mark.filterwarnings("ignore::runsettings.SettingsWarning")
def test_any_nested_environment_is_read_alike(variables):
    """Whatever stands in the variables of a nested model, both bases make the same of it."""
    if len({name.lower() for name in variables}) == len(variables):
        assert_alike(nested, variables)


FLAT_NAMES = st.sampled_from(
    [name.upper() for name in ("name", "count", "ratio", "on", "path", "key", "colour", "number")]
    + [name.upper() for name in ("level", "mode", "maybe", "mixed", "raw")]
)
FLAT_TEXTS = st.one_of(
    TEXTS,
    st.sampled_from(["red", "green", "1", "2", "0", "yes", "off", "b", " 3 ", "1e3", "nan", "inf"]),
    st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=8),
)


@hypothesis_settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(variables=st.dictionaries(FLAT_NAMES, FLAT_TEXTS, max_size=5))
def test_any_flat_environment_is_read_alike(variables):
    """Whatever stands in the variables of plain fields, both bases make the same of it."""
    assert_alike(plain, variables)
