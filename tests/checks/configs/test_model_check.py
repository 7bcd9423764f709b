"""A config held against a pydantic model."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AliasPath, BaseModel, ConfigDict, Field

from runsettings import Renamed
from runsettings.checks.configs.model_check import check_model
from runsettings.composition.merge import merge
from runsettings.documents.yaml.reader import read
from runsettings.values.origin import Layer


class Optimizer(BaseModel):
    """A nested model that forbids further keys."""

    model_config = ConfigDict(extra="forbid")

    lr: float
    name: str = Field(default="sgd", alias="optimizer")


class Training(BaseModel):
    """A model that would drop unknown keys in silence, as pydantic does by default."""

    optim: Optimizer
    epochs: int = 3


def found(text: str, model: Any = Training) -> list[tuple[str, str, str, str]]:
    """Rule, severity, key and place of what is wrong."""
    faults = check_model(merge([read(text, Layer.FILE, "train.yaml").tree]), model)
    return [(str(f.rule), str(f.severity), f.key, str(f.origin)) for f in faults]


def test_a_right_config_is_clean():
    """Names and aliases count."""
    assert found("optim: {lr: 0.1, optimizer: adam}\nepochs: 4\n") == []


def test_a_wrong_value_is_found_in_its_place():
    """At every depth."""
    assert found("optim:\n  lr: fast\n") == [("bad-value", "error", "optim.lr", "train.yaml:2:7")]


def test_a_key_that_the_model_drops_is_a_warning():
    """Pydantic says nothing of it."""
    assert found("optim: {lr: 0.1}\nepohs: 4\n") == [
        ("unknown-key", "warning", "epohs", "train.yaml:2:1")
    ]


def test_a_key_that_the_model_forbids_is_one_error():
    """Told once, by us."""
    assert found("optim: {lr: 0.1, rl: 1}\n") == [
        ("unknown-key", "error", "optim.rl", "train.yaml:1:18")
    ]


def test_what_is_missing_is_found_in_the_file():
    """A nested key at the place of its mapping."""
    assert found("epochs: 3\n") == [("missing-value", "error", "optim", "train.yaml")]
    assert found("optim: {}\n") == [("missing-value", "error", "optim.lr", "train.yaml:1:8")]


def test_a_model_that_allows_extra_keys_is_not_asked():
    """They are its own business."""

    class Open(BaseModel):
        model_config = ConfigDict(extra="allow")

    assert found("anything: 1\n", Open) == []


class Ensemble(BaseModel):
    """A model with models in lists and mappings."""

    members: list[Training] = []
    named: dict[str, Training | None] | None = None
    either: Training | Optimizer | int = 1


def test_keys_are_found_in_lists_and_mappings_of_models():
    """They would be dropped there as well; of a union, where none of the models has the key."""
    text = (
        "members:\n  - {optim: {lr: 1}, epohs: 1}\n"
        "named: {a: {optim: {lr: 1}, epohs: 1}, b: null}\n"
        "either: {optim: {lr: 1}, epohs: 2, name: sgd}\n"
    )
    assert found(text, Ensemble) == [
        ("unknown-key", "warning", "members[0].epohs", "train.yaml:2:22"),
        ("unknown-key", "warning", "named.a.epohs", "train.yaml:3:29"),
        ("unknown-key", "warning", "either.epohs", "train.yaml:4:26"),
    ]


class Nested(BaseModel):
    """A model whose value stands inside of another mapping."""

    lr: float = Field(default=0.1, validation_alias=AliasPath("optim", "lr"))


def test_the_place_of_an_alias_path_is_known():
    """The mapping that holds the value is not dropped."""
    assert found("optim: {lr: 0.1}\n", Nested) == []


class Renaming(BaseModel):
    """A model that is no settings class, and so takes no old names."""

    epochs: Annotated[int, Renamed("num_epochs")] = 3


def test_an_old_name_says_what_it_was_renamed_to():
    """The model itself refuses it or drops it, and so does the check."""
    tree = read("num_epochs: 3\n", Layer.FILE, "train.yaml").tree
    (diagnostic,) = check_model(merge([tree]), Renaming)
    assert (str(diagnostic.rule), diagnostic.hint) == (
        "unknown-key",
        "it was renamed to 'epochs'",
    )
