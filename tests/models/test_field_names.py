"""Fields with the names of our own methods, and validators that assign."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from functools import cached_property
from typing import Any, Self

import pytest
from pydantic import (
    BaseModel,
    Field,
    PrivateAttr,
    computed_field,
    model_validator,
)
from pydantic_settings import BaseSettings

import runsettings
from runsettings import (
    ImmutableError,
    Layer,
    LayeredConfigDict,
    LayeredSettings,
    Settings,
    SettingsError,
    SettingsWarning,
)

NAMES = sorted(name for name in vars(LayeredSettings) if not name.startswith(("_", "model_")))
"""Every public name of ours that a field may take."""


def made(name: str, *default: str) -> Any:
    """A class with one field of a name, with or without a default."""
    body: dict[str, Any] = {"__module__": __name__, "__annotations__": {name: str}}
    if default:
        body[name] = default[0]
    return type("Reader", (LayeredSettings,), body, env_prefix="APP_")


def test_the_names_are_all_that_there_are():
    """Whoever adds a method finds it tested here; these are the documented ones and a few more."""
    assert len(NAMES) == 18


@pytest.mark.parametrize("name", NAMES)
def test_a_field_may_have_the_name_of_a_method(jail, name):
    """Its variable keeps the prefix, its key is its name, and nothing is warned about."""
    jail.setenv(**{f"APP_{name.upper()}": "x"})
    settings = made(name, "default")()
    assert getattr(settings, name) == "x"
    assert settings.model_dump() == {name: "x"}
    assert repr(settings) == f"Reader({name}='x')"
    assert runsettings.origin(settings, name).where == f"APP_{name.upper()}"
    assert runsettings.to_dict(settings) == {name: "x"}


@pytest.mark.parametrize("name", NAMES)
def test_a_field_without_a_default_is_required(jail, name):
    """The method is not taken for its default."""
    with pytest.raises(SettingsError, match=f"{name} is required, and no layer sets it"):
        made(name)()


@pytest.mark.parametrize("name", NAMES)
def test_every_function_works_where_a_field_has_its_name(jail, name):
    """Nothing inside of the package asks for the method."""
    model = made(name, "default")
    settings = runsettings.resolve(model, values={name: "x"})
    changed = runsettings.replace(settings, **{name: "y"})
    assert runsettings.get(changed, name) == "y"
    assert [leaf.value for leaf in runsettings.history(changed, name)] == ["y", "x", "default"]
    assert runsettings.explain(changed).startswith(f"{name} = 'y'\n")
    assert json.loads(runsettings.explain(changed, as_json=True))[0]["value"] == "y"
    assert runsettings.shadowed(changed) == runsettings.diagnostics(changed) == ()
    assert runsettings.locked(changed) == frozenset()
    assert [source.layer for source in runsettings.sources(changed)] == [Layer.INIT, Layer.INIT]
    assert runsettings.options(model).options.keys() == {name}
    assert runsettings.digest(changed) != runsettings.digest(settings)
    parser = ArgumentParser()
    runsettings.add_arguments(model, parser)
    args = runsettings.parse_args(parser, [f"--{name.replace('_', '-')}", "z"])
    assert runsettings.get(runsettings.resolve(model, args=args), name) == "z"


@pytest.mark.parametrize("name", NAMES)
def test_a_subclass_inherits_such_a_field(jail, name):
    """And does not take the method for its default."""
    parent = made(name)
    child = type("Child", (parent,), {"__module__": __name__})
    assert getattr(child(**{name: "x"}), name) == "x"
    with pytest.raises(SettingsError, match="is required"):
        child()


def test_a_field_of_settings_may_have_such_a_name(jail):
    """In a subclass of `Settings`, which starts a run."""

    class Mine(Settings):
        history: int = 3
        origin: str = "here"
        explain: bool = True
        secrets: str = "none"

    with runsettings.init(settings=Mine(mode="offline", quiet=True, disable_git=True)) as run:
        assert run.settings.history == 3
        assert run.settings.origin == "here"


def test_the_methods_stay_where_the_name_is_free():
    """On a class and on its instances, with their documentation."""

    class Reader(LayeredSettings):
        sources: tuple[str, ...] = ()

    assert Reader.resolve(sources=["x"]).origin("sources").layer is Layer.INIT
    assert Reader.explain.__doc__
    assert Reader.options().options.keys() == {"sources"}


def test_arguments_of_resolve_are_values_in_values(jail):
    """A field that is called like an argument of `resolve` is set by ``values``."""

    class Reader(LayeredSettings):
        files: tuple[str, ...] = ()
        strict: str = "no"
        values: int = 1
        model: str = "small"

    given = {"files": ["a"], "strict": "yes", "values": 2, "model": "large"}
    settings = runsettings.resolve(Reader, values=given)
    assert settings.model_dump() == {**given, "files": ("a",)}
    assert runsettings.origin(settings, "files").call == "Reader.resolve(files=)"


def test_a_function_refuses_what_is_no_settings():
    """With a sentence, instead of an attribute error."""

    class Other(BaseSettings):
        lr: float = 0.1

    with pytest.raises(TypeError, match="Other has not been resolved"):
        runsettings.explain(Other())


def test_an_after_validator_may_assign(jail):
    """Validation is not over, so nothing is frozen yet."""

    class Server(LayeredSettings):
        host: str = "h"
        url: str | None = None
        ports: list[int] = []

        @model_validator(mode="after")
        def fill(self) -> Self:
            if self.url is None:
                self.url = f"http://{self.host}"
            self.ports = [1]
            self.ports.append(2)
            return self

    settings = Server(host="x")
    assert (settings.url, settings.ports) == ("http://x", [1, 2])
    assert settings.model_fields_set == {"host", "url", "ports"}
    for change in (lambda: setattr(settings, "url", "y"), lambda: settings.ports.append(3)):
        with pytest.raises(ImmutableError):
            change()
    assert settings.replace(host="y").url == "http://y"


def test_model_post_init_may_assign():
    """As an after-validator may; private attributes and properties too."""

    class Server(LayeredSettings):
        host: str = "h"
        url: str | None = None
        _calls: int = PrivateAttr(default=0)

        def model_post_init(self, context: Any) -> None:
            del context
            self.url = f"http://{self.host}"
            self.shout = "hello"
            self._calls += 1

        @property
        def shout(self) -> str:
            return self.host.upper()

        @shout.setter
        def shout(self, value: str) -> None:
            self.host = value

        @computed_field
        @property
        def calls(self) -> int:
            return self._calls

        @cached_property
        def length(self) -> int:
            return len(self.host)

    settings = Server()
    assert settings.model_dump() == {"host": "hello", "url": "http://h", "calls": 1}
    assert settings.length == 5
    with pytest.raises(ImmutableError):
        settings.shout = "again"


def test_an_assignment_is_validated_where_the_model_asks_for_it():
    """``validate_assignment`` counts while validators run."""

    class Server(LayeredSettings):
        model_config = LayeredConfigDict(validate_assignment=True)
        port: int = 1

        @model_validator(mode="after")
        def fill(self) -> Self:
            self.port = self.given
            return self

        @property
        def given(self) -> Any:
            return "8080"

    assert Server().port == 8080


@pytest.mark.parametrize("extra", ["forbid", "allow"])
def test_an_assignment_to_no_field(extra):
    """Refused as pydantic refuses it, or kept as an extra value."""

    class Server(LayeredSettings, extra=extra):
        port: int = 1

        @model_validator(mode="after")
        def fill(self) -> Self:
            self.prot = 2
            return self

    if extra == "allow":
        assert Server().model_extra == {"prot": 2}
    else:
        with pytest.raises(SettingsError, match='"Server" object has no field "prot"'):
            Server()


def test_a_validator_of_a_nested_model_assigns():
    """Nested models are ordinary models while they are validated."""

    class Sub(BaseModel):
        a: int = 1
        b: int = 0

        @model_validator(mode="after")
        def fill(self) -> Self:
            self.b = self.a
            return self

    class Outer(LayeredSettings):
        sub: Sub = Field(default_factory=Sub)

    settings = Outer(sub={"a": 5})
    assert settings.sub.b == 5
    with pytest.raises(ImmutableError):
        settings.sub.b = 6


@pytest.mark.parametrize("strict", [True, False])
def test_a_field_called_strict_is_the_programs_own(jail, strict):
    """Only the field that ``strict_field`` names makes errors of warnings."""
    jail.setenv(APP_PROT="1")

    class Own(LayeredSettings, env_prefix="APP_"):
        strict: bool = False
        port: int = 0

    class Named(Own):
        model_config = LayeredConfigDict(strict_field="strict")

    with pytest.warns(SettingsWarning, match="APP_PROT"):
        assert Own(strict=strict).strict is strict
    with pytest.raises(SettingsError, match="APP_PROT"):
        Named.resolve(strict=True)
    with pytest.raises(SettingsError, match="APP_PROT"):
        Own.resolve(strict=True)
    with pytest.raises(SettingsError, match="APP_PROT"):
        Named(strict=True)
