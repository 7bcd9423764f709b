"""Origins say what a person would search for, and layers are in one order."""

from __future__ import annotations

import copy
import json
import pickle

import pytest

from runsettings.values.origin import Layer, Origin, PlacedText

TEXTS = [
    (Origin(Layer.ENV, "WANDB_PROJECT"), "WANDB_PROJECT"),
    (Origin(Layer.FLAG, "--project"), "--project"),
    (Origin(Layer.WORKSPACE, "wandb/settings", 3), "wandb/settings:3"),
    (Origin(Layer.FILE, "train.yaml", 7, 7), "train.yaml:7:7"),
    (Origin(Layer.INIT, "train.py", 12, None, "init(project=)"), "train.py:12 init(project=)"),
    (Origin(Layer.DEFAULT, "Settings.project"), "Settings.project"),
]

JSON = [
    (TEXTS[0][0], {"layer": "env", "where": "WANDB_PROJECT"}),
    (TEXTS[3][0], {"layer": "file", "where": "train.yaml", "line": 7, "column": 7}),
    (
        TEXTS[4][0],
        {"layer": "init", "where": "train.py", "line": 12, "call": "init(project=)"},
    ),
]


@pytest.mark.parametrize(("origin", "text"), TEXTS)
def test_text_is_the_native_name(origin, text):
    """``str`` gives the name that the person wrote somewhere."""
    assert str(origin) == text


@pytest.mark.parametrize(("origin", "expected"), JSON)
def test_json_has_what_is_known(origin, expected):
    """A machine gets the parts, and no nulls."""
    assert origin.to_json() == expected
    assert json.loads(json.dumps(origin.to_json())) == expected


def test_layers_are_ordered_as_designed():
    """The enum is the one table of precedence."""
    assert [layer.label for layer in sorted(Layer)] == [
        *("default", "site", "user", "pyproject", "workspace", "external"),
        *("dotenv", "env", "flag", "file", "init", "sweep"),
    ]


@pytest.mark.parametrize("layer", Layer)
def test_every_layer_has_a_name_and_a_sentence(layer):
    """The documentation's table is made of these."""
    assert str(layer) == layer.label
    assert len(layer.source.split()) > 1


FACTS = [
    ("is_file", ["site", "user", "pyproject", "workspace", "dotenv", "file"]),
    ("is_shared", ["site", "user", "workspace"]),
    ("is_environment", ["dotenv", "env"]),
    ("is_given", ["env", "flag"]),
    ("is_code", ["file", "init"]),
]


@pytest.mark.parametrize(("fact", "labels"), FACTS)
def test_layers_know_facts_about_themselves(fact, labels):
    """No other module lists layers to tell what is true of them."""
    assert [layer.label for layer in Layer if getattr(layer, fact)] == labels


def test_origins_pickle():
    """An origin crosses a process as itself."""
    for origin, _ in TEXTS:
        again = pickle.loads(pickle.dumps(origin))
        assert again == origin
        assert again.layer is origin.layer


@pytest.mark.parametrize("again", [copy.deepcopy, lambda text: pickle.loads(pickle.dumps(text))])
def test_a_text_keeps_its_place(again):
    """It is the text, and a copy in this or another process has its place too."""
    text = again(PlacedText("a.yaml", Origin(Layer.FLAG, "--config")))
    assert (text, str(text.origin)) == ("a.yaml", "--config")
