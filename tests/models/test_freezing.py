"""Settings are deeply immutable, and what they hold keeps its own class."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle
from collections import OrderedDict, defaultdict, deque
from typing import Any, ClassVar

import pydantic.dataclasses
import pytest
import yaml
from pydantic import BaseModel, PrivateAttr
from pydantic_settings import CliApp

from runsettings import ImmutableError, LayeredSettings


class Registered(BaseModel):
    """A model whose subclasses register themselves, as plug-ins do."""

    registry: ClassVar[list[type[Any]]] = []
    size: int = 1
    sides: list[int] = [1]
    _uses: int = PrivateAttr(0)

    def __init_subclass__(cls, *, tag: str, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        Registered.registry.append(cls)

    def use(self) -> int:
        """Count the uses."""
        self._uses += 1
        return self._uses


class Sub(Registered, tag="sub"):
    pass


@dataclasses.dataclass
class Plain:
    x: int = 1
    sides: list[int] = dataclasses.field(default_factory=lambda: [1])


@pydantic.dataclasses.dataclass
class Checked:
    x: int = 1


@dataclasses.dataclass(slots=True)
class Slotted:
    x: int = 1
    sides: list[int] = dataclasses.field(default_factory=list)


class Model(LayeredSettings):
    sub: Sub = Sub()
    plain: Plain = Plain()
    checked: Checked = Checked()
    slotted: Slotted = Slotted()
    tags: list[str] = ["a"]
    table: dict[str, list[int]] = {"a": [1]}
    names: set[str] = {"a"}
    recent: deque[int] = deque([1], maxlen=2)
    steps: OrderedDict[str, int] = OrderedDict(a=1)
    counts: defaultdict[str, list[int]] = defaultdict(list)


@pytest.mark.parametrize(
    ("name", "cls"), [("sub", Sub), ("plain", Plain), ("checked", Checked), ("slotted", Slotted)]
)
def test_nested_objects_keep_their_class(name, cls):
    """``type(settings.sub) is Sub``, for models and for dataclasses of every make."""
    assert type(getattr(Model(), name)) is cls


def test_init_subclass_of_the_user_runs_once():
    """Settings make no class of their own, so a registry of subclasses stays as it is."""
    Model()
    assert Registered.registry == [Sub]


@pytest.mark.parametrize(
    "change",
    [
        lambda s: setattr(s.sub, "size", 2),
        lambda s: delattr(s.sub, "size"),
        lambda s: s.sub.sides.append(2),
        lambda s: setattr(s.plain, "x", 2),
        lambda s: delattr(s.plain, "x"),
        lambda s: s.plain.sides.append(2),
        lambda s: setattr(s.checked, "x", 2),
        lambda s: s.slotted.sides.append(2),
        lambda s: s.table["a"].append(2),
        lambda s: s.counts.__setitem__("a", []),
    ],
)
@pytest.mark.parametrize("travel", [lambda s: s, lambda s: pickle.loads(pickle.dumps(s))])
def test_nothing_can_be_changed_through_settings(change, travel):
    """Neither in settings as they were made nor in those that came out of a pickle."""
    settings = travel(Model())
    before = settings.model_dump()
    with pytest.raises(ImmutableError):
        change(settings)
    assert settings.model_dump() == before


def test_other_objects_of_the_class_stay_as_they_were():
    """The object that the caller passed in, and every other one, can still be changed."""
    given = Sub(size=3)
    settings = Model(sub=given, plain=Plain(4))
    given.size = 5
    other = Plain()
    other.x = 6
    assert (settings.sub.size, settings.plain.x, given.size, other.x) == (3, 4, 5, 6)


@pytest.mark.parametrize(
    "copied",
    [
        lambda s: s.sub.model_copy(),
        lambda s: copy.copy(s.sub),
        lambda s: copy.deepcopy(s.sub),
        lambda s: Sub(**s.sub.model_dump()),
    ],
)
def test_a_copy_of_a_nested_model_can_be_changed(copied):
    """Only the object in the settings holds still."""
    settings = Model()
    sub = copied(settings)
    sub.size = 7
    assert (sub.size, settings.sub.size) == (7, 1)


@pytest.mark.parametrize("name", ["plain", "checked", "slotted"])
def test_dataclasses_replace_makes_an_ordinary_object(name):
    """``dataclasses.replace`` calls the class, whose constructor may write."""
    settings = Model()
    changed = dataclasses.replace(getattr(settings, name), x=9)
    changed.x = 10
    assert (changed.x, getattr(settings, name).x) == (10, 1)


def test_private_attributes_of_nested_models_can_be_written():
    """A counter in a ``PrivateAttr`` is the model's own business, as on a BaseSettings."""
    settings = Model()
    assert [settings.sub.use(), settings.sub.use()] == [1, 2]


def test_settings_with_nested_objects_hash_by_value():
    """Equal settings have equal hashes, also when nested classes define none."""
    assert hash(Model()) == hash(Model())
    assert len({Model(), Model(), Model(tags=["b"])}) == 2


@pytest.mark.parametrize("name", ["tags", "table", "names", "recent", "steps", "counts"])
@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda container: container.copy()])
def test_a_copy_of_a_container_is_an_ordinary_container(name, copied):
    """It equals the original, has its plain type and may be changed."""
    container = getattr(Model(), name)
    new = copied(container)
    assert new == container
    assert type(new) is type(container).__mro__[1]
    new.clear()
    assert container != new or not container


def test_a_deep_copy_can_be_changed_at_every_depth():
    """Nothing in it is shared with the settings."""
    settings = Model()
    table = copy.deepcopy(settings.table)
    table["a"].append(2)
    assert (table, settings.table) == ({"a": [1, 2]}, {"a": [1]})


def test_a_missing_key_of_a_default_dict_has_the_default_and_is_not_added():
    """Reading works as in a ``defaultdict``, and changes nothing."""
    settings = Model(counts={"a": [1]})
    assert settings.counts["b"] == []
    assert settings.counts == {"a": [1]}


@pytest.mark.parametrize("dump", [yaml.safe_dump, yaml.dump])
@pytest.mark.parametrize("name", ["tags", "table", "names", "counts"])
def test_yaml_writes_containers_as_plain_ones(dump, name):
    """What PyYAML writes for settings is what it writes for plain values."""
    container = Model(counts={"a": [1]}).__dict__[name]
    plain = {"counts": {"a": [1]}}.get(name) or copy.deepcopy(container)
    assert dump(container) == dump(plain)


def test_json_and_the_command_line_of_pydantic_settings_take_nested_models():
    """``json.dumps`` and ``CliApp.serialize`` see plain values."""
    settings = Model()
    assert json.dumps(settings.table) == '{"a": [1]}'
    assert "--sub.size" in CliApp.serialize(Model(sub=Sub(size=2)))


def test_a_slotted_dataclass_is_left_open():
    """There is no place to remember it in; docs/your-own-model.md lists this."""
    settings = Model()
    settings.slotted.x = 2
    assert settings.slotted.x == 2
