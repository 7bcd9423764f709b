"""Every kind of input, each as trees that know their places."""

from __future__ import annotations

import argparse
import copy
import dataclasses
import pickle
import re
import warnings
from pathlib import Path
from typing import Any

import attrs
import ml_collections
import numpy as np
import omegaconf
import pydantic
import pytest
from absl import flags as absl_flags
from ml_collections import config_flags

from runsettings.layers.flags.parsing import parse_args
from runsettings.models.settings import Settings
from runsettings.runconfig.config import Config
from runsettings.values.diagnostic import Rule, Severity
from runsettings.values.directives import Append, Delete, Replace
from runsettings.values.errors import ConfigError, SettingsWarning
from runsettings.values.origin import Layer


@dataclasses.dataclass
class Optim:
    lr: float = 0.1


@dataclasses.dataclass
class Train:
    optim: Optim
    steps: int = 5


@attrs.define
class Data:
    name: str = "mnist"


class Steps(pydantic.RootModel[list[int]]):
    """A model that stands for its root."""


class Rates(pydantic.RootModel[dict[str, Steps]]):
    """A mapping as a model."""


class Model(pydantic.BaseModel):
    depth: int = 3
    data: dict[str, int] = {"a": 1}


DEFAULT_LOSES = """\
lr = 0.01
  ▸ file       train.yaml:1:5                 0.01
    default    --lr                           0.1"""

FLAG_WINS = """\
lr = 0.5
  ▸ flag       --lr                           0.5
    file       train.yaml:1:5                 0.01"""


def faults_of(*args: Any, **kwargs: Any) -> list[tuple[str, str, str]]:
    """Rule, key and place of everything that loading reports as an error."""
    with pytest.raises(ConfigError) as caught:
        Config.load(*args, **kwargs)
    return [(fault.rule, fault.key, str(fault.origin)) for fault in caught.value.diagnostics]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, {}),
        ({}, {}),
        ({"lr": 0.1}, {"lr": 0.1}),
        (argparse.Namespace(lr=0.1), {"lr": 0.1}),
        (Train(Optim()), {"optim": {"lr": 0.1}, "steps": 5}),
        (Data(), {"name": "mnist"}),
        (Model(), {"depth": 3, "data": {"a": 1}}),
        (Rates({"lr": Steps([1, 2])}), {"lr": [1, 2]}),
        (omegaconf.OmegaConf.create({"a": 1, "b": {"c": "${a}"}}), {"a": 1, "b": {"c": 1}}),
        (omegaconf.OmegaConf.structured(Train(Optim())), {"optim": {"lr": 0.1}, "steps": 5}),
        (ml_collections.ConfigDict({"a": {"b": 1}}), {"a": {"b": 1}}),
        (ml_collections.FrozenConfigDict({"a": (1, 2)}), {"a": [1, 2]}),
        ([{"a": 1, "b": {"c": 1}}, None, [{"b": {"d": 2}}]], {"a": 1, "b": {"c": 1, "d": 2}}),
        (({"a": 1}, Data("x")), {"a": 1, "name": "x"}),
        (Config({"a": 1}), {"a": 1}),
        (Config({"a": {"b": 1}}).a, {"b": 1}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_inputs_become_a_config(value: Any, expected: dict[str, Any]) -> None:
    """Each kind of input gives the mapping that it stands for."""
    assert Config.load(value).as_dict() == expected


def test_references_of_ml_collections_are_followed() -> None:
    """A field that refers to another has its value."""
    value = ml_collections.ConfigDict({"a": 1})
    value.b = value.get_ref("a") * 2
    assert Config.load(value).as_dict() == {"a": 1, "b": 2}


def test_a_missing_omegaconf_value_is_one_fault() -> None:
    """A mandatory value that is missing is named, and everything else is still looked at."""
    value = omegaconf.OmegaConf.create({"lr": "???", "b": 1, "c": "${nowhere}"})
    assert [(rule, key) for rule, key, _ in faults_of(value)] == [
        (Rule.BAD_VALUE, "lr"),
        (Rule.BAD_VALUE, "c"),
    ]


@pytest.mark.parametrize(
    "value",
    [3, object(), Train, b"x", np.zeros(3)],
    ids=["number", "object", "class", "bytes", "array"],
)
def test_strange_objects_are_refused_with_advice(value: Any) -> None:
    """What is no config is an error that says what would be one."""
    with pytest.raises(
        ConfigError, match=r"is not a config — pass (a mapping|an object)"
    ) as caught:
        Config.load(value)
    assert caught.value.diagnostics[0].rule is Rule.BAD_INPUT


@pytest.mark.parametrize(("value", "message"), [(3, "an int"), (3.0, "a float")])
def test_what_is_no_config_has_its_article(value: Any, message: str) -> None:
    """The error reads as a sentence, whatever the type's name begins with."""
    with pytest.raises(ConfigError, match=f"{message} is not a config"):
        Config.load(value)


def test_lists_of_inputs_are_nested_within_reason() -> None:
    """A list in a list without end is an error of ours, not of the interpreter's stack."""
    nested: list[Any] = []
    for _ in range(3000):
        nested = [nested]
    assert [rule for rule, _, _ in faults_of(nested)] == [Rule.TOO_DEEP]


def test_code_is_named_by_its_line() -> None:
    """The place of a value that code passed is the line of the call."""
    config = Config.load({"lr": 0.1})
    origin = config.origin("lr")
    assert origin.layer is Layer.INIT
    assert Path(origin.where).name == "test_reader.py"
    assert "Config.load({" in Path(__file__).read_text().splitlines()[(origin.line or 0) - 1]
    assert str(origin).endswith(f":{origin.line} Config.load()")


@pytest.mark.parametrize(
    ("name", "text", "place"),
    [
        ("c.yaml", "a:\n  lr: 0.1\n", "c.yaml:2:7"),
        ("c.yml", "a: {lr: 0.1}\n", "c.yml:1:9"),
        ("c", "a:\n  lr: 0.1\n", "c:2:7"),
        ("c.json", '{"a": {\n "lr": 0.1}}', "c.json:2:8"),
        ("c.toml", "[a]\nlr = 0.1\n", "c.toml:2"),
    ],
)
def test_files_keep_places(jail: Any, name: str, text: str, place: str) -> None:
    """Values of YAML, JSON and TOML files know file and line; a bare name is read as YAML."""
    jail.write(name, text)
    config = Config.load(name)
    assert config.as_dict() == {"a": {"lr": 0.1}}
    assert str(config.origin("a.lr")).startswith(place)
    assert config.origin("a.lr").layer is Layer.FILE
    assert Config.load(Path(name)) == config


def test_files_start_from_the_given_directory(jail: Any) -> None:
    """A relative path starts from the directory that is handed in."""
    jail.write("sub/c.yaml", "lr: 1\n")
    assert Config.load("c.yaml", cwd=jail.cwd / "sub").lr == 1


def test_dates_of_toml_become_texts(jail: Any) -> None:
    """TOML has dates, which JSON has not."""
    jail.write("c.toml", "day = 2026-01-02\n")
    assert Config.load("c.toml").day == "2026-01-02"


@pytest.mark.parametrize(
    ("name", "text", "rule"),
    [
        ("c.yaml", "- 1\n- 2\n", None),
        ("c.yaml", "just a text\n", None),
        ("c.yaml", "a: [1\n", Rule.SYNTAX),
        ("c.ini", "[default]\na = 1\n", Rule.BAD_INPUT),
        ("c.yaml", "a: 1\na: 2\n", Rule.DUPLICATE_KEY),
    ],
)
def test_bad_files_are_faults(jail: Any, name: str, text: str, rule: Rule | None) -> None:
    """A file that holds no mapping, or is broken, is an error with its name."""
    jail.write(name, text)
    with pytest.raises(ConfigError, match=re.escape(name)) as caught:
        Config.load(name)
    (found,) = caught.value.diagnostics
    assert rule is None or found.rule == rule


def test_a_missing_file_tells_its_directory_and_who_named_it(jail: Any) -> None:
    """And a file of a similar name, if there is one: all that is needed to mend the call."""
    jail.write("train.yaml", "lr: 1\n")
    with pytest.raises(ConfigError) as caught:
        Config.load(["trian.yaml", "sub/base.yaml"])
    first, second = caught.value.diagnostics
    assert first.message == f"trian.yaml: the file does not exist in {jail.cwd}"
    assert first.hint == "did you mean 'train.yaml'?"
    assert "test_reader.py" in str(first.origin)
    assert second.message == f"sub/base.yaml: the file does not exist in {jail.cwd}/sub"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("lr: 1e-3", 0.001),
        ("lr: no", "no"),
        ("lr: 012", 12),
        ("lr: 1:20", "1:20"),
        ("lr: .inf", float("inf")),
    ],
)
def test_yaml_scalars_follow_the_core_schema(jail: Any, text: str, expected: Any) -> None:
    """Scalars mean what YAML 1.2 says."""
    jail.write("c.yaml", text + "\n")
    value = Config.load("c.yaml").lr
    assert (value, type(value)) == (expected, type(expected))


def test_duplicate_keys_show_both_lines(jail: Any) -> None:
    """Two equal keys are an error that shows both of their lines."""
    jail.write("c.yaml", "lr: 1\nseed: 2\nlr: 3\n")
    with pytest.raises(ConfigError) as caught:
        Config.load("c.yaml")
    assert "1 │ lr: 1" in str(caught.value)
    assert "3 │ lr: 3" in str(caught.value)


def test_an_alias_bomb_ends_at_once(jail: Any) -> None:
    """Nine levels of aliases are one error with its line."""
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    jail.write("c.yaml", "\n".join(levels))
    ((rule, _, place),) = faults_of("c.yaml")
    assert rule == Rule.ALIAS_BUDGET
    assert place.startswith("c.yaml:")


def parser() -> argparse.ArgumentParser:
    """The parser of the demonstration."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--lr", type=float, default=0.1)
    parser.add_argument("--seed", type=int, default=1)
    return parser


@pytest.mark.parametrize(
    ("line", "lr", "explained"),
    [
        (
            [],
            0.01,
            DEFAULT_LOSES,
        ),
        (
            ["--lr", "0.5"],
            0.5,
            FLAG_WINS,
        ),
    ],
)
def test_argparse_flags_beat_a_file_only_when_given(
    jail: Any, line: list[str], lr: float, explained: str
) -> None:
    """A default sinks below the file, a given flag counts at its place, and explain says why."""
    jail.write("train.yaml", "lr: 0.01\n")
    config = Config.load(["train.yaml", parse_args(parser(), line)])
    assert config.lr == lr
    assert config.seed == 1
    assert config.explain("lr") == explained


def test_a_file_above_given_flags_beats_them(jail: Any) -> None:
    """Given flags count at their place in the list, and no higher."""
    jail.write("train.yaml", "lr: 0.01\n")
    assert Config.load([parse_args(parser(), ["--lr", "0.5"]), "train.yaml"]).lr == 0.01


def test_faults_of_flags_name_the_flag() -> None:
    """What is wrong with a flag's value or name is told with the flag."""
    bad = parser()
    bad.set_defaults(name="\ud800")
    assert faults_of(parse_args(bad, [])) == [
        (Rule.NOT_SERIALIZABLE, "name", "set_defaults(name=)"),
    ]


def test_dotted_flags_of_argparse_are_nested(jail: Any) -> None:
    """`--optim.lr` is a leaf of `optim`: given at its place, else below the files."""
    jail.write("train.yaml", "optim: {name: sgd, lr: 0.2}\n")
    dotted = argparse.ArgumentParser()
    dotted.add_argument("--optim.name", default="adam")
    dotted.add_argument("--optim.lr", type=float, default=0.1)
    dotted.add_argument("--optim.eps", type=float, default=1e-8)
    dotted.add_argument("--optim", default=None)
    config = Config.load(["train.yaml", parse_args(dotted, ["--optim.name", "lion"])])
    assert config.as_dict() == {"optim": {"name": "lion", "lr": 0.2, "eps": 1e-8}}
    places = [str(leaf.origin) for leaf in config.history("optim.name")]
    assert places == ["--optim.name", "train.yaml:1:15"]
    assert str(config.origin("optim.eps")) == "--optim.eps"
    plain = argparse.Namespace(**{"optim.lr": 3.0})
    assert Config.load(plain).as_dict() == {"optim": {"lr": 3.0}}


def test_a_dotted_flag_inside_of_a_plain_value_is_a_fault() -> None:
    """`--optim sgd --optim.lr 3` contradict each other, and neither is dropped in silence."""
    dotted = argparse.ArgumentParser()
    dotted.add_argument("--optim.lr", type=float)
    dotted.add_argument("--optim")
    given = parse_args(dotted, ["--optim.lr", "3", "--optim", "sgd"])
    with pytest.raises(ConfigError) as caught:
        Config.load(given)
    assert (
        str(caught.value)
        == """\
1 problem in run config

  optim is set as a whole, and so is optim.lr inside of it \
— rename one of the two flags, or give only one
    --optim
    --optim.lr"""
    )
    assert caught.value.diagnostics[0].rule is Rule.KEY_COLLISION


def test_a_function_among_the_flags_can_be_excluded() -> None:
    """The usual `func` of subcommands is left out on request, without a word."""
    bad = parser()
    bad.set_defaults(func=print)
    config = Config.load(parse_args(bad, []), exclude_keys=["func"])
    assert config.as_dict() == {"lr": 0.1, "seed": 1}
    assert config.diagnostics == ()


@pytest.mark.parametrize(
    ("line", "lr", "explained"),
    [
        (
            [],
            0.01,
            DEFAULT_LOSES,
        ),
        (
            ["--lr=0.5"],
            0.5,
            FLAG_WINS,
        ),
    ],
)
def test_absl_flags_beat_a_file_only_when_given(
    jail: Any, line: list[str], lr: float, explained: str
) -> None:
    """Flags of absl behave as argparse's do."""
    jail.write("train.yaml", "lr: 0.01\n")
    values = absl_flags.FlagValues()
    absl_flags.DEFINE_float("lr", 0.1, "rate", flag_values=values)
    values(["train.py", *line])
    config = Config.load(["train.yaml", values])
    assert config.lr == lr
    assert config.explain("lr") == explained


def test_absl_flags_must_be_parsed() -> None:
    """Flags that are not parsed yet are an error: the command line would count for nothing."""
    values = absl_flags.FlagValues()
    absl_flags.DEFINE_float("lr", 0.1, "rate", flag_values=values)
    with pytest.raises(ConfigError) as caught:
        Config.load(values)
    (fault,) = caught.value.diagnostics
    assert fault.message.startswith("the absl flags are not parsed yet")


def test_the_module_of_absl_flags_is_its_flags(monkeypatch: pytest.MonkeyPatch) -> None:
    """`absl.flags` itself can be passed, and brings only the program's own flags."""
    values = absl_flags.FlagValues()
    absl_flags.DEFINE_integer("mine", 1, "mine", flag_values=values)
    absl_flags.DEFINE_integer("theirs", 1, "x", flag_values=values, module_name="absl.logging")
    values(["train.py"])
    monkeypatch.setattr(absl_flags, "FLAGS", values)
    assert Config.load(absl_flags).as_dict() == {"mine": 1}
    assert Config.load(absl_flags, every_flag=True).as_dict() == {"mine": 1, "theirs": 1}


def test_flags_of_ml_collections_are_nested(monkeypatch: pytest.MonkeyPatch) -> None:
    """`--config.lr` is a given leaf of the config that `--config` stands for."""
    # ml_collections looks for its flags in the process's own arguments.
    monkeypatch.setattr("sys.argv", ["train.py", "--config.optim.beta=0.5"])
    values = absl_flags.FlagValues()
    base = ml_collections.ConfigDict({"lr": 0.1, "optim": {"beta": 0.9}})
    config_flags.DEFINE_config_dict("config", base, flag_values=values)
    values(["train.py", "--config.optim.beta=0.5"])
    config = Config.load([{"config": {"lr": 0.2, "optim": {"beta": 0.2}}}, values])
    assert config.as_dict() == {"config": {"lr": 0.2, "optim": {"beta": 0.5}}}
    assert [str(leaf.origin) for leaf in config.history("config.optim.beta")] == [
        "--config.optim.beta",
        str(config.origin("config.lr")),
    ]
    assert str(config.history("config.lr")[1].origin) == "--config"


def test_directives_act_on_the_inputs_below(jail: Any) -> None:
    """A list is appended to, a mapping replaced, a key removed: in Python and in YAML."""
    jail.write("base.yaml", "tags: [a]\noptim: {name: adam, lr: 1}\nold: 1\n")
    jail.write("more.yaml", "tags: !append [b]\noptim: !replace {name: sgd}\nold: !delete\n")
    expected = {"tags": ["a", "b"], "optim": {"name": "sgd"}}
    assert Config.load(["base.yaml", "more.yaml"]).as_dict() == expected
    more = {"tags": Append(["b"]), "optim": Replace({"name": "sgd"}), "old": Delete()}
    assert Config.load(["base.yaml", more]).as_dict() == expected


def test_appending_to_no_list_is_a_fault(jail: Any) -> None:
    """Items can be appended to a list only; a number would be lost in silence."""
    jail.write("base.yaml", "tags: 3\n")
    jail.write("more.yaml", "tags: !append [b]\n")
    ((rule, key, place),) = faults_of(["base.yaml", "more.yaml"])
    assert (rule, key) == (Rule.BAD_VALUE, "tags")
    assert place.startswith("more.yaml:1")


def test_a_config_as_input_keeps_its_origins() -> None:
    """What was known of where values came from is known of the new config, too."""
    first = Config({"a": 1})
    first["b"] = 2
    second = Config.load([first, {"a": 3}])
    assert second.as_dict() == {"a": 3, "b": 2}
    assert second.origin("b") == first.origin("b")
    assert [leaf.value for leaf in second.history("a")] == [3, 1]


def test_a_list_that_contains_itself_ends() -> None:
    """A list of inputs that contains itself is an error, not a RecursionError."""
    inputs: list[Any] = []
    inputs.append(inputs)
    ((rule, _, _),) = faults_of(inputs)
    assert rule == Rule.CYCLE


def test_the_home_of_an_unknown_user_is_a_missing_file() -> None:
    """A path that leads to nobody's home is a file that does not exist, and nothing worse."""
    with pytest.raises(ConfigError, match=r"~nobody-of-that-name/c\.yaml: ") as caught:
        Config.load("~nobody-of-that-name/c.yaml")
    assert [each.rule for each in caught.value.diagnostics] == [Rule.UNREADABLE_FILE]


def test_paths_start_at_home(jail: Any) -> None:
    """A path may begin with the user's home."""
    jail.write(jail.home / "c.yaml", "lr: 1\n")
    assert Config.load("~/c.yaml").lr == 1


def test_flags_of_settings_are_no_hyperparameters(jail):
    """One parser may serve the settings and the training: each gets its own flags."""
    parser = argparse.ArgumentParser()
    Settings.add_arguments(parser, only=["project", "mode"])
    parser.add_argument("--lr", type=float, default=0.1)
    jail.write("more.yaml", "entity: me\n")
    given = ["--project", "foo", "--settings-file", "more.yaml", "--lr", "3"]
    args = parse_args(parser, given)
    assert Config.load(args).as_dict() == {"lr": 3.0}
    settings = Settings.resolve(args=args)
    assert (settings.project, settings.entity) == ("foo", "me")
    assert pickle.loads(pickle.dumps(args)) == args
    assert Config.load(copy.deepcopy(args)).as_dict() == {"lr": 3.0}


def test_flags_of_settings_are_told_apart_in_child_parsers() -> None:
    """A parent parser, a subcommand and a second parse keep what is a setting."""
    parent = argparse.ArgumentParser(add_help=False)
    Settings.add_arguments(parent, only=["project"])
    root = argparse.ArgumentParser()
    root.add_subparsers(dest="command").add_parser("train", parents=[parent])
    args = parse_args(root, ["train", "--project", "foo"])
    assert Config.load(args).as_dict() == {"command": "train"}
    again = parse_args(parser(), ["--lr", "3"], args)
    assert Config.load(again).as_dict() == {"command": "train", "lr": 3.0, "seed": 1}
    assert Settings.resolve(args=again).project == "foo"


def test_absl_flags_of_settings_are_no_hyperparameters() -> None:
    """Flags that `define_flags` made are passed over; the settings still see them."""
    values = absl_flags.FlagValues()
    absl_flags.DEFINE_float("lr", 0.1, "learning rate", flag_values=values)
    Settings.define_flags(values, only=["project"])
    values(["train.py", "--project=foo", "--lr=3"])
    assert Config.load(values).as_dict() == {"lr": 3.0}
    assert Settings.resolve(args=values).project == "foo"


def test_keys_of_a_file_become_text_with_their_places(jail: Any) -> None:
    """Keys of a YAML file that are no strings become text; values keep their positions."""
    jail.write("c.yaml", "labels:\n  0: cat\n  1: {true: dog}\n  ~: !append [x]\n3: y\n")
    config = Config.load("c.yaml")
    assert config.as_dict() == {
        "labels": {"0": "cat", "1": {"true": "dog"}, "null": ["x"]},
        "3": "y",
    }
    assert str(config.origin("labels.1.true")) == "c.yaml:3:13"
    assert [(str(fault.origin), fault.severity, fault.key) for fault in config.diagnostics] == [
        ("c.yaml:3:7", Severity.NOTE, "labels.1.true"),
        ("c.yaml:2:3", Severity.NOTE, "labels.0"),
        ("c.yaml:5:1", Severity.NOTE, "3"),
    ]
    assert all(fault.excerpt for fault in config.diagnostics)


@pytest.mark.parametrize(
    "value", [{"id2label": {0: "cat"}}, {"model": int}, {"x": object()}, {"x": [b"y"]}]
)
def test_a_strict_config_refuses_what_json_has_no_form_for(value: Any) -> None:
    """Where a config is strict, a name instead of a key or value is an error; else it is kept."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SettingsWarning)
        assert not Config.load(value).diagnostics[0].is_error
    with pytest.raises(ConfigError):
        Config.load(value, strict=True)
    config = Config.load({}, strict=True)
    with pytest.raises(ConfigError):
        config.update(value)
    with pytest.raises(ConfigError):
        config["late"] = value
    assert config == {}


def test_a_plain_namespace_is_placed_at_the_call() -> None:
    """Of a plain namespace nobody knows which values were flags: it is what the call passed."""
    plain = argparse.Namespace(lr=0.1, **{"optim.eps": 1})
    config = Config.load(plain)
    for key in ("lr", "optim.eps"):
        origin = config.origin(key)
        assert (origin.layer, origin.call) == (Layer.INIT, "Config.load()")
        assert Path(origin.where).name == Path(__file__).name
