"""Checks of files that compose: with a schema, a parser, a model and a settings class."""

from __future__ import annotations

import argparse
import json
from typing import Any

import pytest
from pydantic import BaseModel

from runsettings import RunConfig, Severity, check


class Optim(BaseModel):
    """A nested model."""

    model_config = {"extra": "forbid"}

    lr: float


class Plain(BaseModel):
    """A model of configs that is no settings class."""

    model_config = {"extra": "forbid"}

    epochs: int
    steps: int = 1
    tags: list[str] = []
    optim: Optim


class Train(RunConfig):
    """A run config."""

    epochs: int
    steps: int = 1
    tags: list[str] = []
    optim: Optim


def parser() -> argparse.ArgumentParser:
    """A parser of the same arguments."""
    made = argparse.ArgumentParser()
    made.add_argument("--epochs", type=int, required=True)
    made.add_argument("--steps", type=int)
    made.add_argument("--tags", nargs="*")
    made.add_argument("--optim.lr", type=float)
    return made


SCHEMA = {
    "type": "object",
    "properties": {
        "epochs": {"type": "integer"},
        "steps": {"type": "integer"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "optim": {
            "type": "object",
            "properties": {"lr": {"type": "number"}},
            "additionalProperties": False,
        },
    },
    "required": ["epochs"],
    "additionalProperties": False,
}
WAYS: dict[str, dict[str, Any]] = {
    "schema": {"schema": SCHEMA},
    "parser": {"parser": parser},
    "model": {"model": Plain},
    "settings": {"settings": Train, "settings_files": ("train.yaml",)},
}
TRAIN = '$config: 1\n$use: [base.yaml, {optim: optim.toml}]\nsteps: "${epochs}"\n'
FILES = {
    "train.yaml": TRAIN,
    "base.yaml": "$config: 1\n$use: more.json\nepochs: 3\ntags: {$append: [b]}\n",
    "more.json": json.dumps({"tags": ["a"]}),
    "optim.toml": "lr = 0.1\n",
}


@pytest.fixture(params=WAYS.values(), ids=WAYS)
def problems(request: pytest.FixtureRequest, jail: Any) -> Any:
    """Checks ``train.yaml`` after some files have changed; returns place and text of each error."""

    def problems(**changed: str) -> list[tuple[str, str]]:
        texts = {name.replace(".", "_"): (name, text) for name, text in FILES.items()}
        for key, (name, text) in texts.items():
            jail.write(name, changed.get(key, text))
        options = {"settings": False, **request.param}
        found = check("train.yaml", **options)
        return [
            (str(each.origin).split(" ")[0], f"{each.key} {each.message} {each.hint}")
            for each in found
            if each.severity is not Severity.NOTE
        ]

    return problems


def test_right_files(problems: Any) -> None:
    """What is required may be in any file of the chain, and a reference has its target's type."""
    assert problems() == []


@pytest.mark.parametrize(
    ("changed", "place", "text"),
    [
        ({"more_json": '{"epocs": 3}'}, "more.json:1", "epocs"),
        ({"base_yaml": "$config: 1\nepochs: many\n"}, "base.yaml:2", "epochs"),
        ({"optim_toml": "# a\nlr = 'fast'\n"}, "optim.toml:2", "optim.lr"),
        ({"optim_toml": "lr = 1\nmomentum = 2\n"}, "optim.toml:2", "optim.momentum"),
        ({"base_yaml": "$config: 1\nepochs: 3\ntags: {$apend: [b]}\n"}, "base.yaml:3", "$apend"),
        ({"base_yaml": "$config: 1\nepochs: 3\nsteps: ${\n"}, "base.yaml:3", "steps"),
        ({"base_yaml": "$config: 2\nepochs: 3\n"}, "base.yaml:1", "$config"),
        ({"more_json": '{"tags": ["a"'}, "more.json:1", ""),
        ({"train_yaml": TRAIN.replace("optim.t", "opt.t")}, "train.yaml:2", "opt.toml"),
        ({"train_yaml": TRAIN.replace("{epochs", "{epoch")}, "train.yaml:3", "steps"),
        ({"train_yaml": f"{TRAIN}$usee: 3\n"}, "train.yaml:4", "$usee"),
    ],
)
def test_wrong_files(problems: Any, changed: dict[str, str], place: str, text: str) -> None:
    """Each error is told at its own place, in whichever file it is."""
    found = problems(**changed)
    assert any(where.startswith(place) and text in message for where, message in found), found


def test_the_errors_of_all_files_at_once(problems: Any) -> None:
    """One report, whichever file they are in."""
    base = FILES["base.yaml"] + "$a: 1\n"
    found = problems(more_json='{"tags": [', optim_toml="lr = \n", base_yaml=base)
    assert {"more.json", "optim.toml", "base.yaml"} <= {where.split(":")[0] for where, _ in found}


def test_what_no_file_has_is_missing(problems: Any) -> None:
    """Once, for the whole chain."""
    base = "$config: 1\n$use: more.json\n"
    found = problems(base_yaml=base, train_yaml=TRAIN.replace("steps", "# steps"))
    assert len([each for each in found if "epochs" in each[1]]) == 1
