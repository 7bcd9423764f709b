"""One text means the same for a type in every layer whose values are texts."""

from __future__ import annotations

import argparse
import dataclasses
import datetime as dt
import decimal
import enum
from pathlib import Path
from typing import Any, Literal

import pytest
from absl import flags
from pydantic import BaseModel, PositiveFloat, StrictBool, StrictInt, create_model
from typing_extensions import TypedDict

import runsettings
from runsettings import Layer, LayeredConfigDict, LayeredSettings, SettingsError
from runsettings.models.editing import set_setting


class Bits(enum.Enum):
    HALF = 16
    FULL = 32


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Share(enum.Enum):
    SOME = 0.5
    MORE = 1.5


class Name(enum.Enum):
    ADAM = "adam"


@dataclasses.dataclass
class Window:
    size: int = 1
    kind: Literal[1, 2] = 1


class Span(TypedDict, total=False):
    steps: int
    level: Level


class Inner(BaseModel):
    n: StrictInt = 1


TEXTS: list[tuple[Any, str, Any]] = [
    (int, "5", 5),
    (float, "0.5", 0.5),
    (bool, "yes", True),
    (str, "5", "5"),
    (str | Literal[1], "1", "1"),
    (Path | Literal[1], "1", Path("1")),
    (Literal[1, 2], "2", 2),
    (Literal[16, 32, "bf16"], "16", 16),
    (Literal[16, 32, "bf16"], "bf16", "bf16"),
    (Literal["1", 1], "1", "1"),
    (Literal[True, False], "true", True),
    (Literal[True, False], "off", False),
    (Literal[0.5, 1.0], "0.5", 0.5),
    (Literal[Level.LOW, Level.HIGH], "2", Level.HIGH),
    (int | Literal["auto"], "4", 4),
    (bool | Literal["auto"], "auto", "auto"),
    (PositiveFloat | Literal[-1], "-1", -1),
    (PositiveFloat | Literal[-1], "2.5", 2.5),
    (Bits, "16", Bits.HALF),
    (Level, "2", Level.HIGH),
    (Share, "1.5", Share.MORE),
    (Name, "adam", Name.ADAM),
    (StrictInt, "5", 5),
    (StrictBool, "true", True),
    (Path, "a/b", Path("a/b")),
    (dt.date, "2024-01-31", dt.date(2024, 1, 31)),
    (dt.timedelta, "PT5S", dt.timedelta(seconds=5)),
    (decimal.Decimal, "0.10", decimal.Decimal("0.10")),
    (bytes, "ab", b"ab"),
    (list[int], "[1, 2]", [1, 2]),
    (list[Literal[1, 2]], "[1, 2]", [1, 2]),
    (list[Bits], "[16]", [Bits.HALF]),
    (list[list[int]], "[[1], [2, 3]]", [[1], [2, 3]]),
    (tuple[int, str], '[1, "a"]', (1, "a")),
    (set[Literal["a", "b"]], '["a"]', {"a"}),
    (dict[str, int], '{"a": 1}', {"a": 1}),
    (dict[str, Bits], '{"a": 16}', {"a": Bits.HALF}),
    (Span, '{"steps": 3}', {"steps": 3}),
    (dict[str, int] | None, "{}", {}),
]

REFUSED: list[tuple[Any, str]] = [
    (Literal[1, 2], "3"),
    (Literal[True, False], "maybe"),
    (Bits, "17"),
    (StrictInt, "5.5"),
    (int, "x"),
    (list[int], "[1"),
]


def model_of(kind: Any, *, strict: bool = False, **options: Any) -> Any:
    """Settings with one key ``v`` of this type, and nothing where it is not set."""

    class Base(LayeredSettings):
        model_config = LayeredConfigDict(env_prefix="T_", app_name="t", strict=strict, **options)

    return create_model("Model", __base__=Base, v=(kind | None, None))


def by_variable(jail: Any, model: Any, text: str) -> Any:
    """A variable."""
    return model.resolve(environ={"T_V": text})


def by_dotenv(jail: Any, model: Any, text: str) -> Any:
    """A line of a .env file."""
    jail.write(".env", f"T_V='{text}'\n")
    return model.resolve(environ={}, env_file=".env")


def by_ini(jail: Any, model: Any, text: str) -> Any:
    """A line of an INI file."""
    jail.write("t/settings", f"[default]\nv = {text}\n")
    return model.resolve(environ={})


def by_flag(jail: Any, model: Any, text: str) -> Any:
    """An argparse flag."""
    parser = argparse.ArgumentParser()
    model.add_arguments(parser)
    return model.resolve(environ={}, args=runsettings.parse_args(parser, [f"--v={text}"]))


def by_absl(jail: Any, model: Any, text: str) -> Any:
    """An absl flag."""
    values = flags.FlagValues()
    model.define_flags(values)
    values(["train.py", f"--v={text}"])
    return model.resolve(environ={}, args=values)


def by_secret_file(jail: Any, model: Any, text: str) -> Any:
    """A file in a secrets directory."""
    jail.write("secrets/T_V", text + "\n")

    class Secret(model):  # type: ignore[misc]
        model_config = LayeredConfigDict(secrets_dir="secrets")

    return Secret.resolve(environ={})


def by_set(jail: Any, model: Any, text: str) -> Any:
    """What `runsettings set` writes."""
    set_setting(model, "v", text, Layer.WORKSPACE)
    return model.resolve(environ={})


WAYS = [by_variable, by_dotenv, by_ini, by_flag, by_absl, by_secret_file, by_set]


@pytest.mark.parametrize("strict", [False, True], ids=["lax", "strict"])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("kind", "text", "value"), TEXTS)
def test_a_text_means_the_same_in_every_layer(jail, kind, text, value, way, strict):
    """The value, and its type, are those of the field, also where the model is strict."""
    found = way(jail, model_of(kind, strict=strict), text).v
    assert found == value
    assert isinstance(found, type(value))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("kind", "text"), REFUSED)
def test_a_text_that_names_nothing_is_refused_in_every_layer(jail, kind, text, way):
    """It stays what it was, and the error is reported with it."""
    with pytest.raises(SettingsError, match=r"v(\[0\])?: "):
        way(jail, model_of(kind), text)


def test_parts_of_nested_values_are_converted():
    """Variables that reach into models, dataclasses, typed dicts and mappings say texts too."""

    class Nested(LayeredSettings):
        model_config = LayeredConfigDict(env_prefix="T_", env_nested_delimiter="__")
        inner: Inner = Inner()
        window: Window = Window()
        span: Span = {}
        bits: dict[str, Bits] = {}

    variables = {"INNER__N": "3", "WINDOW__KIND": "2", "SPAN__LEVEL": "2", "BITS__a": "16"}
    settings = Nested.resolve(environ={f"T_{name}": text for name, text in variables.items()})
    assert (settings.inner.n, settings.window.kind) == (3, 2)
    assert settings.span["level"] is Level.HIGH
    assert settings.bits == {"a": Bits.HALF}
