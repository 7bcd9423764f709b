"""Secrets of the user's own models are kept out of runs, wherever their text turns up."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from pydantic import BaseModel, Field, Secret, SecretBytes, SecretStr
from typing_extensions import TypedDict

import runsettings
from runsettings import LayeredSettings

TOKEN = "token-of-the-users-own"

pytestmark = pytest.mark.filterwarnings("ignore::runsettings.SettingsWarning")


class Own(LayeredSettings):
    """Settings with a secret."""

    model_config = {"env_prefix": "OWN_"}
    token: SecretStr | None = None
    address: str = ""


class Login(BaseModel):
    """A plain model of pydantic's with a secret."""

    token: SecretStr


@dataclasses.dataclass
class Holder:
    """A dataclass that holds a secret."""

    token: SecretBytes


def written(run: Any) -> str:
    """Everything that a finished run left on the disk."""
    files = [path for path in Path(run.path).rglob("*") if path.is_file()]
    assert files
    return "".join(path.read_text(errors="replace") for path in files)


@pytest.mark.parametrize("when", ["before", "after"])
def test_the_secret_of_settings_stands_nowhere(jail, monkeypatch, when):
    """A secret that settings of the user's own resolved is masked, before and after init()."""
    monkeypatch.setenv("OWN_TOKEN", TOKEN)
    if when == "before":
        Own()
    with runsettings.init(mode="offline") as run:
        if when == "after":
            Own()
        run.config.update({"text": f"Bearer {TOKEN}", "same": TOKEN})
        run.log({"text": TOKEN, "inner": {"list": [f"x{TOKEN}x"]}})
        run.summary["text"] = TOKEN
        run.notes = f"used {TOKEN}"
        assert run.config.same == "***"
    assert TOKEN not in written(run)


def test_a_password_in_an_address_is_a_secret(jail, monkeypatch):
    """Also in a field that is no secret itself."""
    monkeypatch.setenv("OWN_ADDRESS", f"https://me:{TOKEN}@host")
    Own()
    with runsettings.init(mode="offline", config={"address": f"https://me:{TOKEN}@host"}) as run:
        pass
    assert TOKEN not in written(run)


@pytest.mark.parametrize(
    "holder",
    [
        SecretStr(TOKEN),
        Login(token=SecretStr(TOKEN)),
        {"inner": [Login(token=SecretStr(TOKEN))]},
        Holder(SecretBytes(TOKEN.encode())),
    ],
    ids=["secret", "model", "inside", "dataclass"],
)
@pytest.mark.parametrize("how", ["config", "update", "log"])
def test_a_secret_that_is_passed_stands_nowhere(jail, holder, how):
    """The object is masked, and so is its text beside it, above it and later."""
    values = {"text": f"Bearer {TOKEN}", "holder": holder}
    with runsettings.init(mode="offline", config=values if how == "config" else None) as run:
        if how == "update":
            run.config.update(values)
        if how == "log":
            run.log(values)
        run.log({"later": f"later {TOKEN}"})
    assert TOKEN not in written(run)


def test_a_losing_secret_is_one_too(jail, monkeypatch):
    """A variable that lost to the call holds a secret all the same."""
    monkeypatch.setenv("OWN_TOKEN", TOKEN)
    Own(token=SecretStr("another-token-that-wins"))
    with runsettings.init(mode="offline", config={"text": TOKEN}) as run:
        pass
    assert TOKEN not in written(run)


class Inner(BaseModel):
    """A nested model with a secret that is a default."""

    token: SecretStr = SecretStr("a-default-of-a-nested-model")


@dataclasses.dataclass
class InnerData:
    """A nested dataclass with a secret that is a default."""

    user: str = "me"
    token: SecretStr | None = dataclasses.field(
        default_factory=lambda: SecretStr("a-default-of-a-dataclass")
    )


class InnerDict(TypedDict, total=False):
    """A typed dict with a secret."""

    user: str
    token: SecretStr


class Defaults(LayeredSettings):
    """Settings whose secrets are defaults."""

    text: SecretStr = SecretStr("a-default-text")
    data: SecretBytes = SecretBytes(b"some-default-bytes")
    made: SecretStr = Field(default_factory=lambda: SecretStr("made-by-a-factory"))
    several: tuple[SecretStr, ...] = (SecretStr("one-of-several"),)
    by_name: dict[str, SecretStr] = {"a": SecretStr("one-of-a-mapping")}
    inner: Inner = Inner()
    optional: Inner | None = Inner(token=SecretStr("of-an-optional-model"))
    data_inside: InnerData = InnerData()
    generic: Secret[str] = Secret("of-a-generic-type")


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    "secret",
    [
        "a-default-text",
        "some-default-bytes",
        "made-by-a-factory",
        "one-of-several",
        "one-of-a-mapping",
        "a-default-of-a-nested-model",
        "of-an-optional-model",
        "a-default-of-a-dataclass",
        "of-a-generic-type",
    ],
)
def test_a_secret_that_is_a_default_is_one_too(jail, when, secret):
    """Of each kind of field, whether it is resolved before or after init()."""
    if when == "before":
        Defaults.resolve(environ={})
    with runsettings.init(mode="offline") as run:
        if when == "after":
            Defaults.resolve(environ={})
        run.config["text"] = f"Bearer {secret}"
        run.log({"text": secret})
    assert secret not in written(run)


def test_hide_knows_the_secrets_that_are_defaults():
    """As a run does."""
    shown = Defaults.resolve(environ={}).hide("a-default-text, of-an-optional-model, other")
    assert shown == "***, ***, other"


class InnerTuple(NamedTuple):
    """A named tuple with a secret."""

    user: str
    token: SecretStr


class Typed(LayeredSettings):
    """Settings whose secrets are in types of several kinds."""

    generic: Secret[str] | None = None
    data: InnerData | None = None
    mapping: InnerDict | None = None
    row: InnerTuple | None = None
    many: tuple[InnerData, ...] = ()
    deep: dict[str, InnerDict] = {}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("generic", TOKEN),
        ("data", {"user": "a", "token": TOKEN}),
        ("data", InnerData("a", SecretStr(TOKEN))),
        ("mapping", {"user": "a", "token": TOKEN}),
        ("row", {"user": "a", "token": TOKEN}),
        ("row", ["a", TOKEN]),
        ("many", [{"user": "a", "token": TOKEN}]),
        ("deep", {"x": {"user": "a", "token": TOKEN}}),
    ],
)
def test_a_secret_of_any_kind_of_type_stands_in_no_report(jail, name, value):
    """Neither the winner nor the loser is shown, and both are masked in a message about it."""
    jail.write("low.json", json.dumps({name: _plain(value)}))
    settings = Typed.resolve(files="low.json", environ={}, **{name: value})
    reports = [settings.explain(), settings.explain(as_json=True), repr(settings)]
    reports += [str(settings.to_dict()), str(settings.hide(TOKEN))]
    assert TOKEN not in "".join(reports)
    with pytest.raises(runsettings.SettingsError) as caught:
        Typed.resolve(files="low.json", environ={}, **{name: value, "gneric": TOKEN})
    assert TOKEN not in str(caught.value)


def _plain(value: Any) -> Any:
    return {"token": TOKEN} if isinstance(value, InnerData) else value


@pytest.fixture
def own_config(jail, monkeypatch):
    """A config that belongs to no run, with the secret of settings that were resolved."""
    monkeypatch.setenv("OWN_TOKEN", TOKEN)
    Own()
    return runsettings.Config.load({"same": TOKEN, "inner": {"text": f"Bearer {TOKEN}!"}})


@pytest.mark.parametrize(
    "show",
    [
        repr,
        str,
        lambda config: repr(config.inner),
        lambda config: config.explain(),
        lambda config: config.explain("inner.text"),
    ],
    ids=["repr", "str", "nested", "explain all", "explain one"],
)
def test_a_config_without_a_run_shows_no_secret(own_config, show):
    """What a config shows of itself masks the live secrets of any model, also without a run."""
    assert TOKEN not in show(own_config)
    assert "***" in show(own_config)


@pytest.mark.parametrize(
    "change",
    [
        lambda config: config.update({"same": 1}),
        lambda config: setattr(config.inner, "text", 1),
        lambda config: config.update(same=f"{TOKEN} and more"),
        lambda _: runsettings.Config.load(
            {"same": TOKEN}, schema={"properties": {"same": {"type": "integer"}}}
        ),
    ],
    ids=["update", "nested", "new value", "schema"],
)
def test_the_errors_of_a_config_without_a_run_show_no_secret(own_config, change):
    """A refused change, or a value that breaks a schema, is quoted without the live secret."""
    with pytest.raises(runsettings.ConfigError) as caught:
        change(own_config)
    assert TOKEN not in str(caught.value)
    assert "***" in str(caught.value)


def test_a_config_without_a_run_keeps_its_values(own_config):
    """Only what is shown is masked: a program reads the value that it passed."""
    assert own_config.same == TOKEN
    assert own_config.as_dict()["inner"] == {"text": f"Bearer {TOKEN}!"}
