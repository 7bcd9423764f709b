"""Settings as objects: they hold still, know where they come from, and travel."""

from __future__ import annotations

import copy
import dataclasses
import functools
import json
import pickle
import subprocess
import sys
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, Literal, NamedTuple, Self

import pytest
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    TypeAdapter,
    model_validator,
)

from runsettings import (
    ImmutableError,
    Layer,
    LayeredSettings,
    Rule,
    Settings,
    SettingsError,
    SettingsWarning,
)
from runsettings.secrets import live


class Optim(BaseModel):
    lr: float = 0.1
    betas: list[float] = Field(default_factory=lambda: [0.9, 0.99])


class Loose(BaseModel):
    model_config = ConfigDict(extra="allow")
    size: int = 1


@dataclasses.dataclass(slots=True)
class Crop:
    sides: list[int]


class Size(NamedTuple):
    sides: list[int]
    unit: str = "px"


class Model(LayeredSettings, env_prefix="APP_", env_nested_delimiter="__"):
    name: str = "none"
    items: list[int] = Field(default_factory=list)
    table: dict[str, Any] = Field(default_factory=dict)
    bag: set[str] = Field(default_factory=set)
    pair: tuple[list[int], ...] = ()
    named: Size = Size([1, 2])
    optim: Optim = Optim()
    maybe: Optim | None = None
    optims: dict[str, Optim] = Field(default_factory=dict)
    loose: Loose = Loose()
    key: SecretStr | None = None


def full() -> Model:
    """Settings with something in every container."""
    return Model(
        items=[1, 2],
        table={"a": {"b": [1]}},
        bag={"x"},
        pair=([1], [2]),
        optims={"one": Optim()},
        loose={"size": 2, "more": [1]},
    )


# --- immutability -----------------------------------------------------------------------------

CHANGES: dict[str, Callable[[Any], Any]] = {
    "attribute": lambda m: setattr(m, "name", "x"),
    "new attribute": lambda m: setattr(m, "nane", "x"),
    "deletion": lambda m: delattr(m, "name"),
    "append": lambda m: m.items.append(3),
    "extend": lambda m: m.items.extend([3]),
    "insert": lambda m: m.items.insert(0, 3),
    "item": lambda m: m.items.__setitem__(0, 3),
    "slice": lambda m: m.items.__setitem__(slice(None), []),
    "del item": lambda m: m.items.__delitem__(0),
    "pop": lambda m: m.items.pop(),
    "clear": lambda m: m.items.clear(),
    "sort": lambda m: m.items.sort(),
    "reverse": lambda m: m.items.reverse(),
    "remove": lambda m: m.items.remove(1),
    "in-place add": lambda m: m.items.__iadd__([3]),
    "in-place multiply": lambda m: m.items.__imul__(2),
    "key": lambda m: m.table.__setitem__("a", 1),
    "nested key": lambda m: m.table["a"].__setitem__("b", 1),
    "nested list": lambda m: m.table["a"]["b"].append(2),
    "del key": lambda m: m.table.__delitem__("a"),
    "update": lambda m: m.table.update(a=1),
    "setdefault": lambda m: m.table.setdefault("b", 1),
    "dict pop": lambda m: m.table.pop("a"),
    "popitem": lambda m: m.table.popitem(),
    "dict clear": lambda m: m.table.clear(),
    "in-place or": lambda m: m.table.__ior__({"b": 1}),
    "set add": lambda m: m.bag.add("y"),
    "set discard": lambda m: m.bag.discard("x"),
    "set remove": lambda m: m.bag.remove("x"),
    "set pop": lambda m: m.bag.pop(),
    "set update": lambda m: m.bag.update({"y"}),
    "set minus": lambda m: m.bag.__isub__({"x"}),
    "set and": lambda m: m.bag.__iand__(set()),
    "set xor": lambda m: m.bag.symmetric_difference_update({"x"}),
    "list in a tuple": lambda m: m.pair[0].append(3),
    "list in a named tuple": lambda m: m.named.sides.append(3),
    "nested model": lambda m: setattr(m.optim, "lr", 3),
    "nested model's list": lambda m: m.optim.betas.append(3),
    "model in a dict": lambda m: setattr(m.optims["one"], "lr", 3),
    "dict of models": lambda m: m.optims.__setitem__("two", Optim()),
    "extra of a nested model": lambda m: m.loose.model_extra["more"].append(2),
    "extra attribute": lambda m: setattr(m.loose, "other", 2),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_nothing_can_be_changed_in_place(change):
    """Every way to change what settings hold is refused, and nothing has changed."""
    model = full()
    with pytest.raises(ImmutableError) as caught:
        change(model)
    assert caught.value.diagnostics[0].rule is Rule.IMMUTABLE
    assert "replace(" in str(caught.value)
    assert model == full()


def test_extra_keys_are_frozen_too():
    """What a class takes beside its fields holds still like the rest."""

    class Open(LayeredSettings, extra="allow"):
        pass

    settings = Open(more=[1], other={"a": 1})
    with pytest.raises(ImmutableError):
        settings.more.append(2)
    with pytest.raises(ImmutableError):
        settings.other["a"] = 2
    assert settings == Open(more=[1], other={"a": 1})
    assert hash(settings) == hash(Open(more=[1], other={"a": 1}))
    assert settings != Open(more=[2])
    assert str(settings.origin("more")).endswith("Open(more=)")


def test_the_callers_objects_are_not_touched():
    """What was passed in stays the caller's, and stays changeable."""
    optim, items, table = Optim(), [1], {"a": [1]}
    model = Model(optim=optim, items=items, table=table)
    optim.lr = 3
    optim.betas.append(1)
    items.append(2)
    table["a"].append(2)
    assert (model.optim, model.items, model.table) == (Optim(), [1], {"a": [1]})


def test_frozen_values_are_what_their_annotations_say():
    """Lists are lists, dicts are dicts, models are of their class, and all serialize."""
    model = full()
    assert isinstance(model.items, list)
    assert isinstance(model.table, dict)
    assert isinstance(model.bag, set)
    assert isinstance(model.optim, Optim)
    assert repr(model.optim) == repr(Optim())
    assert model.model_dump(include={"items", "optim"}) == {
        "items": [1, 2],
        "optim": {"lr": 0.1, "betas": [0.9, 0.99]},
    }
    assert json.loads(model.model_dump_json())["table"] == {"a": {"b": [1]}}
    assert sorted(model.items, reverse=True) == [2, 1]
    assert [*model.items, 3] == [1, 2, 3]
    assert model.table | {"b": 1} == {"a": {"b": [1]}, "b": 1}


def test_frozen_model_equals_its_like():
    """A nested model compares with an ordinary one of its class, both ways round."""
    model = Model()
    assert model.optim == Optim()
    assert Optim() == model.optim
    assert model.optim != Optim(lr=3)


# --- equality, hashing, copies ----------------------------------------------------------------


def test_equality_is_by_value_not_by_origin():
    """Who set a value makes no difference to what it is."""
    one = Model.resolve(environ={"APP_NAME": "x"})
    two = Model.resolve(environ={}, name="x")
    assert one == two
    assert hash(one) == hash(two)
    assert len({one, two}) == 1
    assert one != Model()
    assert one != {"name": "x"}


def test_classes_make_a_difference():
    """Settings of another class are other settings."""

    class Other(Model):
        pass

    assert Other() != Model()


def test_copies_are_the_same_object():
    """What cannot change need not be copied."""
    model = full()
    assert copy.copy(model) is model
    assert copy.deepcopy(model) is model
    assert model.model_copy() is model
    assert model.model_copy(deep=True) is model
    assert model.model_copy(update={"name": "x"}).name == "x"
    with pytest.raises(SettingsError):
        model.model_copy(update={"items": "x"})


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_pickled_settings_are_whole(jail, protocol):
    """Values, origins, history and immutability cross a process."""
    jail.write("x.yaml", "name: x\noptim: {lr: 3}\n")
    model = Model.resolve(files="x.yaml", items=[1], environ={"APP_NAME": "y"}, key="s3cret")
    again = pickle.loads(pickle.dumps(model, protocol))
    assert again == model
    assert hash(again) == hash(model)
    assert again.explain() == model.explain()
    assert str(again.origin("optim.lr")) == "x.yaml:2:13"
    with pytest.raises(ImmutableError):
        again.optim.betas.append(1)
    with pytest.raises(ImmutableError):
        again.items.append(1)
    assert again.replace(name="z").optim.lr == 3


DIGEST = """
from runsettings import LayeredSettings
class Model(LayeredSettings):
    bag: set[str] = set()
    table: dict[str, int] = {}
    name: str = "x"
print(Model(bag={"a", "b", "c", "d", "e"}, table=%s).digest)
"""


def test_digest_is_stable_across_processes(jail):
    """The same values give the same digest, whatever order hashing takes."""
    digests = set()
    for seed, table in (
        ("0", "{'a': 1, 'b': 2}"),
        ("1", "{'b': 2, 'a': 1}"),
        ("2", "{'b': 2, 'a': 1}"),
    ):
        done = subprocess.run(
            [sys.executable, "-c", DIGEST % table],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
            cwd=jail.cwd,
        )
        digests.add(done.stdout)
    assert len(digests) == 1
    assert len(digests.pop().strip()) == 64


def test_digest_tells_values_apart_and_nothing_else():
    """Other values, another digest; other origins or secrets, the same."""
    assert Model(name="x").digest != Model(name="y").digest
    assert Model(optim={"lr": 1}).digest != Model(optim={"lr": 2}).digest
    assert Model(name="x").digest == Model.resolve(environ={"APP_NAME": "x"}).digest
    assert Model(key="a").digest == Model(key="b").digest == Model().digest


# --- replace ----------------------------------------------------------------------------------


def test_replace_validates_and_records_its_call(jail):
    """New settings; their origin is the line that made them, and the old value is its loser."""
    old = Model.resolve(environ={"APP_NAME": "env"})
    new = old.replace(name="x", optim={"lr": 3})
    assert (old.name, new.name) == ("env", "x")
    assert new.optim == Optim(lr=3)
    origin = new.origin("name")
    assert (origin.layer, origin.where, origin.call) == (Layer.INIT, __file__, "replace(name=)")
    assert [leaf.value for leaf in new.history("name")] == ["x", "env", "none"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"items": "x"}, "items: must be a list; got 'x'"),
        ({"nane": "x"}, "nane is not a key of Model — did you mean 'name'?"),
        ({"optim": {"lr": "x"}}, "optim.lr: must be a valid number"),
    ],
)
def test_replace_refuses_as_construction_does(changes, sentence):
    """A bad or unknown change is an error, and the old settings stay."""
    model = Model()
    with pytest.raises(SettingsError) as caught:
        model.replace(**changes)
    assert str(caught.value).splitlines()[2].strip().startswith(sentence)
    assert model == Model()


@pytest.mark.parametrize(
    ("changes", "directives"), [({"items": [2]}, True), ({"name": "x"}, False)]
)
def test_replace_marks_a_source_that_may_have_directives(changes, directives):
    """Every later change searches such sources once more."""
    assert Model(items=[1]).replace(**changes).sources[-1].directives is directives


def calls_of(run: Callable[[], Any]) -> int:
    """The number of Python functions that are called."""
    count = 0

    def profile(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(profile)
    try:
        run()
    finally:
        sys.setprofile(None)
    return count


class Secretive(LayeredSettings, env_prefix="APP_"):
    """Secrets are searched for in each new source."""

    key: SecretStr | None = SecretStr("a-default-secret")
    url: str = ""


@pytest.mark.parametrize(
    ("make", "changes"),
    [
        (Model, {"name": "x"}),
        (Model, {"items": [1, 2]}),
        (Model, {"table": {"a": 1}}),
        (Secretive, {"url": "postgresql://me:a-password@host/db"}),
        (Secretive, {"key": "another-secret"}),
        (Settings, {"project": "a"}),
        (Settings, {"entity": "a"}),
    ],
)
def test_replacing_costs_the_same_however_often_it_was_done(jail, make, changes):
    """Also if the site locks a key; the history has every value all the same."""
    jail.write_site("[policy]\nlock = project\n[default]\nproject = a\n")
    settings = make()
    costs = []
    for _ in range(200):  # a multiple of what waits for a search for secrets
        before = settings

        def replace(before=before):
            nonlocal settings
            settings = before.replace(**changes)

        costs.append(calls_of(replace))
    assert sum(costs[-70:]) <= sum(costs[60:130])
    (key,) = changes
    values = [leaf for leaf in settings.history(key) if leaf.origin.layer is Layer.INIT]
    assert len(values) == 200


def test_a_replaced_model_in_a_default_keeps_the_rest_of_the_default():
    """Such a source is looked at together with all others."""

    class Run(LayeredSettings):
        optim: Optim = Optim(lr=3.0, betas=[1.0])

    settings = Run().replace(optim={"lr": 4.0}).replace(optim={"lr": 5.0})
    assert settings.optim == Optim(lr=5.0, betas=[1.0])


def test_the_secrets_of_unpickled_settings_are_known_after_a_replacement():
    """The process that unpickles them has not searched them yet."""
    data = pickle.dumps(Secretive(key="a-long-secret").replace(url="x"))
    live.forget_all()
    pickle.loads(data).replace(url="y")
    assert "a-long-secret" not in live.mask().text("with a-long-secret in it")


def test_replace_does_not_read_the_world_again(jail):
    """Variables that changed since do not slip in."""
    jail.setenv(APP_NAME="before")
    model = Model()
    jail.setenv(APP_NAME="after")
    assert model.replace(items=[1]).name == "before"


# --- provenance -------------------------------------------------------------------------------


def test_origin_inside_of_values(jail):
    """Paths lead into nested models, mappings and lists."""
    jail.write("x.yaml", "optim:\n  lr: 3\ntable:\n  a: {b: 1}\nitems: [1, 2]\n")
    model = Model.resolve(files="x.yaml", environ={"APP_OPTIM__BETAS": "[1]"})
    assert str(model.origin("optim.lr")) == "x.yaml:2:7"
    assert str(model.origin("optim.betas")) == "APP_OPTIM__BETAS"
    assert str(model.origin("table.a.b")) == "x.yaml:4:10"
    assert str(model.origin("items.1")) == "x.yaml:5:12"
    assert str(model.origin(("items", 1))) == "x.yaml:5:12"
    assert str(model.origin("name")) == "Model.name"
    assert str(model.origin("maybe")) == "Model.maybe"
    assert (model.get("optim.lr"), model.get("items.1"), model.get("table.a.b")) == (3, 2, 1)


class Adam(BaseModel):
    kind: Literal["adam"] = "adam"
    lr: float = 0.1


class Sgd(BaseModel):
    kind: Literal["sgd"] = "sgd"
    lr: float = 0.1
    momentum: float = 0.0


class Variants(LayeredSettings):
    best: Annotated[Adam | Sgd, Field(discriminator="kind")] = Adam()
    all: list[Adam | Sgd] = [Adam()]
    sizes: dict[int, str] = {1: "small"}
    crop: Crop = Crop([1])


@pytest.mark.parametrize(
    ("key", "value", "origin"),
    [
        ("best.momentum", 0.9, "x.yaml:1:31"),
        ("best.lr", 0.1, "Sgd.lr"),
        ("all.0.lr", 0.5, "x.yaml:2:24"),
        ("all.0.kind", "adam", "x.yaml:2:14"),
        ("all.1.lr", 0.1, "Adam.lr"),
        ("sizes.1", "small", "Variants.sizes"),
        ("crop.sides.0", 1, "Crop.sides"),
    ],
)
def test_origin_inside_of_unions_lists_and_dataclasses(jail, key, value, origin):
    """Also where only the value tells which model it is, a key leads to its own place."""
    jail.write("x.yaml", "best: {kind: sgd, momentum:   0.9}\nall: [{kind: adam, lr: 0.5}, {}]\n")
    variants = Variants.resolve(files="x.yaml")
    assert (variants.get(key), str(variants.origin(key))) == (value, origin)


@pytest.mark.parametrize("key", ["best.momentun", "all.7", ("all", -3), "sizes.2", "crop.size"])
def test_unknown_key_inside_of_values_is_an_error(key):
    """What is not there is told as an unknown key, at any depth and in any kind of value."""
    with pytest.raises(SettingsError) as caught:
        Variants().get(key)
    assert caught.value.diagnostics[0].rule is Rule.UNKNOWN_KEY


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("nane", "did you mean 'name'?"),
        ("optim.l", "the keys of optim are betas, lr"),
        ("optim.lrr", "did you mean 'lr'?"),
        ("items.7", f"`runsettings show --model {__name__}:Model` lists the keys"),
        ("name.x", f"`runsettings show --model {__name__}:Model` lists the keys"),
    ],
)
@pytest.mark.parametrize("ask", ["origin", "history", "explain", "get"])
def test_unknown_key_is_an_error_with_advice(ask, key, hint):
    """Asking about a key that is not there is a mistake worth a word."""
    with pytest.raises(SettingsError) as caught:
        getattr(Model(items=[1]), ask)(key)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.rule is Rule.UNKNOWN_KEY
    assert diagnostic.hint == hint


@pytest.mark.parametrize("ask", ["origin", "history", "explain", "get"])
def test_an_empty_key_is_told(ask):
    """It is no unknown key, but no key at all."""
    with pytest.raises(SettingsError) as caught:
        getattr(Model(), ask)("")
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.rule is Rule.KEY_EMPTY
    assert diagnostic.hint == "write key or outer.key"


def test_history_ends_with_the_default():
    """The model's own default is the lowest of the losers."""
    history = Model.resolve(environ={"APP_NAME": "x"}).history("name")
    assert [(leaf.value, str(leaf.origin)) for leaf in history] == [
        ("x", "APP_NAME"),
        ("none", "Model.name"),
    ]


def test_explanation_as_text(jail):
    """The whole text, as the documentation shows it."""
    jail.write_workspace("[default]\n# who\nproject = scratch\n")
    jail.setenv(WANDB_PROJECT="capsules")
    assert Settings().explain("project") == (
        "project = 'capsules'\n"
        "  ▸ env        WANDB_PROJECT                  'capsules'\n"
        "    workspace  wandb/settings:3               'scratch'\n"
        "    default    Settings.project               None"
    )


def test_explanation_as_json(jail):
    """The same for a machine."""
    jail.write_workspace("[default]\nproject = scratch\n")
    explained = Settings(project="x", api_key="s3cret-key").explain("project", as_json=True)
    assert json.loads(explained) == [
        {
            "key": "project",
            "value": "x",
            "history": [
                {
                    "layer": "init",
                    "where": __file__,
                    "line": json.loads(explained)[0]["history"][0]["line"],
                    "call": "Settings(project=)",
                    "value": "x",
                },
                {"layer": "workspace", "where": "wandb/settings", "line": 2, "value": "scratch"},
                {"layer": "default", "where": "Settings.project", "value": None},
            ],
        }
    ]
    secret = json.loads(Settings(api_key="s3cret-key").explain("api_key", as_json=True))
    assert secret[0]["value"] == secret[0]["history"][0]["value"] == "***"


def test_explanation_of_a_nested_model():
    """A model's keys are told one by one; without a key, all of them."""
    model = Model.resolve(environ={"APP_OPTIM__LR": "3"})
    assert model.explain("optim").startswith("optim.lr = 3.0\n  ▸ env        APP_OPTIM__LR ")
    assert "\n\noptim.betas = [0.9, 0.99]\n  ▸ default    Optim.betas" in model.explain("optim")
    assert model.explain("optim") in model.explain()
    keys = [text.split(" = ")[0] for text in model.explain().split("\n\n")]
    assert keys == [
        *(
            "name",
            "items",
            "table",
            "bag",
            "pair",
            "named",
            "optim.lr",
            "optim.betas",
            "maybe",
            "optims",
        ),
        *("loose.size", "key"),
    ]


def test_optional_model_that_is_not_there_is_explained_as_one():
    """Its keys have no values; it says ``None`` for all of them."""
    model = Model()
    assert (
        model.explain("maybe") == "maybe = None\n  ▸ default    Model.maybe                    None"
    )
    assert model.get("maybe.lr") is None
    assert "maybe.lr" not in model.explain()
    assert "maybe.lr = 3.0" in Model(maybe={"lr": 3}).explain()


def test_shadowed_values_are_told(jail):
    """A variable that code beats has no effect, and that is said."""
    settings = Settings.resolve(environ={"WANDB_PROJECT": "a"}, project="b")
    (found,) = settings.shadowed()
    assert (found.rule, found.key, found.message) == (
        Rule.SHADOWED_VALUE,
        "project",
        "WANDB_PROJECT has no effect",
    )
    assert str(found.hint).endswith("Settings.resolve(project=) sets it")
    assert not found.is_error


@pytest.mark.parametrize(
    "inputs",
    [
        {"environ": {"WANDB_PROJECT": "a"}, "project": "a"},
        {"environ": {"WANDB_QUIET": "true"}, "quiet": True},
        {"environ": {"WANDB_PROJECT": "a"}},
        {"environ": {}, "project": "a"},
    ],
)
def test_nothing_lost_is_nothing_shadowed(inputs):
    """The same value from both sides, in whichever words, is no loss."""
    assert Settings.resolve(**inputs).shadowed() == ()


# --- classes ----------------------------------------------------------------------------------


def test_subclasses_keep_and_add_fields(jail):
    """A user's subclass of `Settings` has W&B's fields, files and variables, and its own."""

    class Mine(Settings):
        lr: float = 0.1
        optim: Optim = Optim()

    jail.write("pyproject.toml", "[tool.runsettings]\nlr = 3\noptim = {lr = 4}\n")
    jail.setenv(WANDB_NAME="run", WANDB_LR="5")
    mine = Mine()
    assert (mine.run_name, mine.lr, mine.optim.lr) == ("run", 5, 4)
    assert [str(leaf.origin) for leaf in mine.history("lr")] == [
        "WANDB_LR",
        "pyproject.toml:2:6",
        "Mine.lr",
    ]


def test_each_class_resolves_itself():
    """What is known of a class once is not handed to its subclasses."""

    class Base(LayeredSettings):
        a: int = 1

    assert Base().a == 1

    class Derived(Base):
        b: int = 2

    class Prefixed(Base, env_prefix="X_"):
        pass

    assert Derived.resolve(environ={"A": "5", "B": "6"}).model_dump() == {"a": 5, "b": 6}
    assert Prefixed.resolve(environ={"A": "5", "X_A": "7"}).a == 7
    assert Base.resolve(environ={"A": "5"}).a == 5


def test_constructor_is_the_whole_resolution(jail):
    """Calling the class reads every layer, as `resolve` does without arguments."""
    jail.setenv(APP_NAME="x")
    assert Model() == Model.resolve()
    assert Model.model_validate({"items": [1]}).name == "x"


def test_unknown_underscore_argument_is_an_unknown_key():
    """An underscore argument that pydantic-settings does not have is not passed over."""
    with pytest.raises(SettingsError, match="_cli_parse_arg is not a key of Model"):
        Model(_cli_parse_arg=True)


def test_warnings_point_at_the_call(jail):
    """A warning is shown with the user's line, and is kept in `diagnostics`."""
    jail.write_workspace("[default]\nprojet = x\n")
    with pytest.warns(SettingsWarning) as caught:
        settings = Settings()
    assert caught[0].filename == __file__
    assert [diagnostic.rule for diagnostic in settings.diagnostics] == [Rule.UNKNOWN_KEY]


@dataclasses.dataclass
class Augmentation:
    crop: Crop
    chance: float = 0.5


class Pipeline(LayeredSettings):
    augmentation: Augmentation = Augmentation(Crop([1]))
    queue: deque[int] = deque([1], maxlen=2)
    steps: OrderedDict[str, int] = OrderedDict(a=1)
    counts: defaultdict[str, int] = defaultdict(int)


@pytest.mark.parametrize(
    "change",
    [
        lambda s: setattr(s.augmentation, "chance", 1.0),
        lambda s: s.augmentation.crop.sides.append(2),
        lambda s: s.queue.appendleft(2),
        lambda s: s.steps.move_to_end("a"),
        lambda s: s.steps.update(b=2),
        lambda s: s.counts.update(b=2),
    ],
)
def test_dataclasses_and_further_containers_hold_still(change):
    """What pydantic takes besides models, lists and dicts is as immutable as those."""
    with pytest.raises(ImmutableError):
        change(Pipeline())


def test_dataclasses_and_further_containers_keep_their_types():
    """They hash, travel and serialize, and equal what they were made from."""
    given = Augmentation(Crop([3]))
    pipeline = Pipeline(augmentation=given)
    again = pickle.loads(pickle.dumps(pipeline))
    assert (again, hash(again)) == (pipeline, hash(pipeline))
    assert pipeline.augmentation == given
    assert isinstance(again.augmentation.crop, Crop)
    assert (again.queue.maxlen, type(again.steps).__mro__[1]) == (2, OrderedDict)
    assert pipeline.model_dump()["augmentation"] == {"crop": {"sides": [3]}, "chance": 0.5}
    given.crop.sides.append(4)  # the caller's own object can still change
    assert pipeline.augmentation.crop.sides == [3]


def test_constructed_settings_are_whole():
    """``model_construct`` checks nothing; what it makes explains itself and travels."""
    model = Model.model_construct(name="x")
    assert (model.name, str(model.origin("items"))) == ("x", "Model.items")
    assert model.origin("name").call == "Model.model_construct(name=)"
    assert pickle.loads(pickle.dumps(model)) == model


def test_settings_can_be_shown_while_they_are_validated():
    """A validator may print them, or quote them in its error."""

    class Shown(LayeredSettings):
        name: str = "x"

        @model_validator(mode="after")
        def show(self) -> Self:
            raise ValueError(f"is not right: {self!r}")

    with pytest.raises(SettingsError, match=r"is not right: Shown\(name='x'\)"):
        Shown()


def test_settings_can_be_copied_while_they_are_validated():
    """A copy that a validator makes is one of its own, and does not change the settings."""

    class Server(LayeredSettings):
        host: str = "h"
        ports: list[int] = [1]

        @model_validator(mode="after")
        def look(self) -> Self:
            copies = [self.model_copy(update={"host": "x"}), copy.copy(self), copy.deepcopy(self)]
            assert [each.host for each in copies] == ["x", "h", "h"]
            copies[2].ports.append(2)
            return self

    assert Server().model_dump() == {"host": "h", "ports": [1]}


@pytest.mark.parametrize("returned", [lambda self: None, lambda self: self.model_copy()])
def test_a_validator_that_returns_another_object_is_a_warning(returned):
    """It has no effect, as in pydantic, which warns too."""

    class Server(LayeredSettings):
        host: str = "h"

        @model_validator(mode="after")
        def look(self) -> Any:
            return returned(self)

    with pytest.warns(SettingsWarning, match="a model validator of Server returned another"):
        assert Server().host == "h"
    with pytest.raises(SettingsError, match="only self counts"):
        Server.resolve(strict=True)


class Counted(BaseModel):
    """Has state beside its fields."""

    start: int = 1
    _count: int = PrivateAttr(default=0)

    @property
    def count(self) -> int:
        """What was set."""
        return self._count

    @count.setter
    def count(self, value: int) -> None:
        self._count = value

    @functools.cached_property
    def squares(self) -> list[int]:
        """Computed once."""
        return [self.start**2]


class CountedSettings(LayeredSettings, Counted):
    """Has the same state, and a nested model that has it."""

    part: Counted = Counted()


@pytest.mark.parametrize("find", [lambda settings: settings, lambda settings: settings.part])
def test_state_beside_the_fields_can_change(find):
    """The setter of a property may set private attributes; a cached property can be dropped."""
    found = find(CountedSettings())
    found.count = 3
    assert found.count == 3
    found.squares.append(2)
    del found.squares
    assert found.squares == [1]
    for name in ("start", "diagnostics", "no_such_name"):
        with pytest.raises(ImmutableError):
            setattr(found, name, 4)


def test_origin_of_what_pydantic_hands_on_is_the_line_that_called_pydantic():
    """``model_validate`` calls us in its caller's place: the place is not inside of pydantic."""
    settings = Model.model_validate({"name": "x"})
    adapted = TypeAdapter(Model).validate_python({"name": "x"})
    assert settings.origin("name").where == adapted.origin("name").where == __file__


def test_origin_of_a_keyword_is_the_line_of_the_call():
    """File and line are the caller's, also through a function in between."""
    line = sys._getframe().f_lineno + 1
    origin = Model(name="x").origin("name")
    assert (origin.where, origin.line, origin.call) == (__file__, line, "Model(name=)")


class Odd(LayeredSettings, serialize_by_alias=True, arbitrary_types_allowed=True):
    rate: float = Field(0.1, alias="learning_rate")
    hidden: int = Field(2, exclude=True)
    dates: list[date] = [date(2024, 1, 2)]
    function: Callable[..., Any] = len


def test_to_dict_has_every_field_by_its_name():
    """Whatever a class says of its dumps: aliases, fields left out, values JSON does not have."""
    assert Odd().to_dict() == {
        "rate": 0.1,
        "hidden": 2,
        "dates": ["2024-01-02"],
        "function": "<built-in function len>",
    }
    assert json.loads(Odd().explain("dates", as_json=True))[0]["value"] == ["2024-01-02"]


def test_to_dict_of_bytes_that_are_no_text():
    """They are shown as Python writes them, and nothing fails."""

    class Raw(LayeredSettings):
        key: bytes = b"\xff"

    assert Raw().to_dict() == {"key": "b'\\xff'"}


def test_extra_values_count_in_the_digest():
    """Settings that are not equal have another digest, also where they differ in an extra key."""

    class Open(LayeredSettings, extra="allow"):
        name: str = "x"

    assert len({Open().digest, Open(size=1).digest, Open(size=2).digest}) == 3


def test_extra_values_are_explained():
    """A key that the class does not name, but allows, came from somewhere, too."""

    class Open(LayeredSettings, extra="allow"):
        name: str = "x"

    explained = json.loads(Open(size=1).explain(as_json=True))
    assert [(found["key"], found["value"]) for found in explained] == [("name", "x"), ("size", 1)]


def test_to_dict_is_plain():
    """For JSON and YAML: plain types, secrets masked."""
    model = Model(bag={"x"}, key="s3cret", pair=([1],))
    assert model.to_dict() == {
        "name": "none",
        "items": [],
        "table": {},
        "bag": ["x"],
        "pair": [[1]],
        "named": [[1, 2], "px"],
        "optim": {"lr": 0.1, "betas": [0.9, 0.99]},
        "maybe": None,
        "optims": {},
        "loose": {"size": 1},
        "key": "***",
    }
    assert model.to_dict(reveal=True)["key"] == "s3cret"
    assert json.loads(json.dumps(model.to_dict())) == model.to_dict()
