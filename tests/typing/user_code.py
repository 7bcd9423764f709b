"""Typical programs that use runsettings: no type checker may complain about any line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, assert_type

from pydantic import BaseModel, Field, SecretStr, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

import runsettings
from runsettings import (
    LayeredConfigDict,
    LayeredSettings,
    Origin,
    Settings,
    SettingsError,
    init,
)


class Optimizer(BaseModel):
    """A nested model."""

    name: Literal["adam", "sgd"] = "adam"
    lr: float = 0.1
    betas: tuple[float, float] = (0.9, 0.999)


class Theirs(BaseSettings):
    """What a program has before it changes the base class."""

    model_config = SettingsConfigDict(env_prefix="TRAIN_")

    port: int = 1


class Training(LayeredSettings):
    """Settings with defaults, a nested model and a secret."""

    model_config = LayeredConfigDict(env_prefix="TRAIN_", app_name="train")

    lr: float = 0.1
    epochs: Annotated[int, Field(ge=1)] = 90
    tags: list[str] = Field(default_factory=list)
    data: Path | None = None
    token: SecretStr | None = None
    optimizer: Optimizer = Optimizer()

    @field_validator("lr")
    @classmethod
    def positive(cls, value: float, info: ValidationInfo) -> float:
        """A validator of one field."""
        if value <= 0:
            raise ValueError(f"{info.field_name} must be positive")
        return value

    @model_validator(mode="after")
    def consistent(self) -> Training:
        """A validator of all fields."""
        return self

    @property
    def steps(self) -> int:
        """A property of the user's own."""
        return self.epochs * 100


class Longer(Training):
    """A subclass that adds a field and changes a default."""

    epochs: int = 300
    warmup: int = 5


class Plain(LayeredSettings):
    """A class with pydantic-settings' own options, and a field that an alias sets."""

    model_config = SettingsConfigDict(env_nested_delimiter="__")

    host: str = Field(default="localhost", validation_alias="SERVER")


class Prefixed(LayeredSettings, env_prefix="APP_"):
    """Options as arguments of the class."""

    port: int = 1


class Mine(Settings):
    """The settings of a run, and one more."""

    team: str = "x"


def construct() -> None:
    """Construction with and without arguments."""
    Theirs()
    Theirs(port=2)
    settings = Training()
    Training(lr=0.5)
    Training(lr=0.5, tags=["night"], optimizer=Optimizer(lr=0.2))
    Longer(warmup=3, lr=0.2)
    Plain()
    Prefixed(port=2)
    Mine(project="capsules", team="vision")
    LayeredSettings()
    assert_type(settings, Training)
    assert_type(settings.lr, float)
    assert_type(settings.optimizer.betas, tuple[float, float])
    assert_type(settings.steps, int)


def resolve() -> None:
    """Resolution with any input handed in."""
    settings = Training.resolve()
    assert_type(settings, Training)
    assert_type(Longer.resolve(lr=0.5), Longer)
    Training.resolve(files=["train.yaml"], environ={}, cwd=Path(), env_file=".env", strict=True)
    Training.resolve(layers=list(runsettings.Layer))


def ask(settings: Training) -> None:
    """What settings tell of themselves."""
    assert_type(settings.origin("lr"), Origin)
    assert_type(settings.origin("optimizer.lr").layer, runsettings.Layer)
    assert_type(settings.explain(), str)
    assert_type(settings.explain("lr"), str)
    assert_type(settings.digest, str)
    assert_type(settings.replace(lr=0.2), Training)
    assert_type(settings.model_copy(update={"lr": 0.2}), Training)
    label: str = settings.sources[0].layer.label
    for leaf in settings.history("lr"):
        print(leaf.value, leaf.origin)
    print(
        label, {settings: 1}, settings.to_dict(), settings.model_dump(), settings.model_dump_json()
    )


def complain() -> None:
    """Errors and their diagnostics."""
    try:
        Training()
    except SettingsError as error:
        for diagnostic in error.diagnostics:
            print(diagnostic.path, diagnostic.message, diagnostic.origin)


def train() -> None:
    """A run and its config."""
    run = init(project="capsules", config={"lr": 0.1}, tags=["night"], settings=Settings())
    run.config.update({"epochs": 3})
    print(run.config["lr"], run.config.lr)
    run.log({"loss": 0.5})
    run.summary["best"] = 0.5
    run.finish()
    with runsettings.init(config=Training(), mode="disabled") as other:
        other.log({"loss": 0.5}, step=1)
    runsettings.config.update({"lr": 0.2})
    runsettings.log({"loss": 0.1})
    runsettings.finish()


def settle() -> None:
    """The settings of a run."""
    settings = Settings(project="capsules", mode="offline")
    assert_type(settings, Settings)
    print(settings.project, settings.mode, settings.origin("project"))
