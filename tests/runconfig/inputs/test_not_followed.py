"""Notes about references that other tools follow."""

from __future__ import annotations

from typing import Any

import pytest

from runsettings.runconfig.config import Config
from runsettings.values.diagnostic import Rule, Severity


@pytest.mark.parametrize(
    ("text", "key", "place"),
    [
        ("lr: 1\ndefaults:\n  - model: vit\n  - _self_\n", "defaults", "c.yaml:2:1"),
        ("_BASE_: base.yaml\n", "_BASE_", "c.yaml:1:1"),
        ("_base_: [a.py, b.py]\n", "_base_", "c.yaml:1:1"),
        ("include: common.yaml\n", "include", "c.yaml:1:1"),
        ("lr: 1\nsteps: ${lr}\n", "steps", "c.yaml:2:8"),
        ("data: $HOME/data\n", "data", "c.yaml:1:7"),
        ("a: {b: [x, 'file:$SCRATCH/x']}\n", "a.b[1]", "c.yaml:1:12"),
        ("cmd: train --out $OUT_DIR\n", "cmd", "c.yaml:1:6"),
        ("a: {b: [x, {c: 'run-${env:HOME}'}]}\n", "a.b[1].c", "c.yaml:1:16"),
    ],
)
def test_references_of_other_tools_are_noted(text: str, key: str, place: str, jail: Any) -> None:
    """A file that another tool would complete is plain data, and a note says so."""
    jail.write("c.yaml", text)
    (note,) = Config.load("c.yaml").diagnostics
    assert (note.rule, note.severity) == (Rule.NOT_FOLLOWED, Severity.NOTE)
    assert (note.key, str(note.origin)) == (key, place)


@pytest.mark.parametrize(
    "text",
    [
        "defaults: {lr: 1}\n",
        "include: true\n",
        "x: a $5 {b}\n",
        "x: $x$ and $Y$\n",
        "x: ^a$\n",
        "x: {include: a.yaml}\n",
    ],
)
def test_plain_data_has_no_note(text: str, jail: Any) -> None:
    """Keys of these names with other values, and other dollars, are what they are."""
    jail.write("c.yaml", text)
    assert Config.load("c.yaml").diagnostics == ()


def test_references_are_noted_once_for_a_file(jail: Any) -> None:
    """A file of many references has one note, with the place of the first."""
    jail.write("c.yaml", "".join(f"k{number}: ${{x}}\n" for number in range(9)))
    (note,) = Config.load("c.yaml").diagnostics
    assert (note.key, "8 more" in note.message) == ("k0", True)


def test_yaml_1_1_on_request(jail: Any) -> None:
    """`yaml="1.1"` reads a file as PyYAML does, with positions."""
    jail.write("c.yaml", "amp: no\nlr: 1e-3\n")
    assert Config.load("c.yaml").as_dict() == {"amp": "no", "lr": 0.001}
    config = Config.load("c.yaml", yaml="1.1")
    assert config.as_dict() == {"amp": False, "lr": "1e-3"}
    assert str(config.origin("lr")) == "c.yaml:2:5"
