"""Parsers of packages that subclass argparse's, each by the real package."""

from __future__ import annotations

import argparse
import dataclasses
import pickle
from typing import Any, Literal

import pytest

import runsettings
from runsettings import Config, LayeredSettings


def package(name: str) -> Any:
    """A package of the `test` extra, which has all of them but transformers: it is too large."""
    return pytest.importorskip(name)


@dataclasses.dataclass
class Optim:
    """The optimizer."""

    lr: float = 0.1
    momentum: float = 0.9


@dataclasses.dataclass
class Train:
    """Fields of each kind that transformers makes flags of."""

    names: list[str] | None = None
    amp: bool = False
    shuffle: bool = True
    kind: Literal["small", "large"] = "large"
    limit: int | None = None


# ConfigArgParse


@pytest.fixture
def config_parser(jail) -> argparse.ArgumentParser:
    """A parser with a file and variables of its own."""
    jail.write("own.conf", "lr = 0.2\nname = filed\nlayers = [1, 2]\n")
    parser = package("configargparse").ArgumentParser(default_config_files=["own.conf"])
    parser.add_argument("--lr", type=float, default=0.1)
    parser.add_argument("--name", default="none")
    parser.add_argument("--depth", type=int, default=3, env_var="OWN_DEPTH")
    parser.add_argument("--layers", type=int, action="append")
    parser.add_argument("--amp", action="store_true")
    return parser


def test_configargparse_tells_files_and_variables_from_flags(config_parser, monkeypatch):
    """Each value is named by what set it, and only what the command line has is given."""
    monkeypatch.setenv("OWN_DEPTH", "5")
    args = runsettings.parse_args(config_parser, ["--name", "flagged"])
    assert args == config_parser.parse_args(["--name", "flagged"])
    assert args.given == {"name": "--name"}
    config = Config.load([args])
    assert dict(config) == vars(args)
    places = {key: (str(config.origin(key)), config.origin(key).layer.label) for key in config}
    assert places == {
        "lr": ("own.conf", "file"),
        "name": ("--name", "flag"),
        "depth": ("OWN_DEPTH", "env"),
        "layers": ("own.conf", "file"),
        "amp": ("--amp", "default"),
    }


def test_values_of_configargparse_stand_below_later_files(config_parser, jail):
    """In a list of inputs, its files and variables have the place of the namespace."""
    jail.write("later.yaml", "lr: 0.5\namp: true\n")
    config = Config.load([runsettings.parse_args(config_parser, []), "later.yaml"])
    assert (config.lr, config.amp, config.name) == (0.5, True, "filed")


def test_flags_of_settings_beat_files_of_configargparse(jail):
    """A setting in the parser's own file is one that a flag named, and its place is told."""

    class Model(LayeredSettings):
        lr: float = 0.1
        name: str = "none"
        depth: int = 3

    jail.write("own.conf", "lr = 0.2\nname = filed\n")
    parser = package("configargparse").ArgumentParser(default_config_files=["own.conf"])
    Model.add_arguments(parser)
    settings = Model.resolve(args=runsettings.parse_args(parser, ["--name", "flagged"]))
    assert (settings.lr, settings.name, settings.depth) == (0.2, "flagged", 3)
    assert str(settings.origin("lr")) == "own.conf"
    assert str(settings.origin("name")) == "--name"


def test_a_second_parse_forgets_the_sources_of_the_first(config_parser, monkeypatch):
    """A variable that is gone is the default again."""
    monkeypatch.setenv("OWN_DEPTH", "5")
    runsettings.parse_args(config_parser, [])
    monkeypatch.delenv("OWN_DEPTH")
    config = Config.load([runsettings.parse_args(config_parser, [])])
    assert config.origin("depth").layer.label == "default"


# jsonargparse


def json_parser() -> Any:
    """A parser with nested arguments and a config file."""
    parser = package("jsonargparse").ArgumentParser(exit_on_error=False)
    parser.add_argument("--cfg", action="config")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--layers", type=list[int], default=[1])
    parser.add_class_arguments(Optim, "optim")
    return parser


def test_jsonargparse_gives_its_own_namespace_and_what_was_given():
    """The namespace works with the parser, and nested flags are told from defaults."""
    parser = json_parser()
    args = runsettings.parse_args(parser, ["--optim.lr", "0.5", "--layers", "[3, 4]"])
    plain = json_parser().parse_args(["--optim.lr", "0.5", "--layers", "[3, 4]"])
    assert vars(args) == vars(plain)
    assert args.optim.lr == args["optim.lr"] == 0.5
    assert args.given == {"optim.lr": "--optim.lr", "layers": "--layers"}
    assert parser.dump(args) == parser.dump(plain)
    assert parser.instantiate(args).optim == Optim(lr=0.5)
    assert type(pickle.loads(pickle.dumps(args))) is type(plain)


def test_defaults_of_jsonargparse_sink_below_a_file(jail):
    """A nested flag that was not given does not beat the file."""
    jail.write("train.yaml", "epochs: 7\noptim: {momentum: 0.5, lr: 0.3}\n")
    config = Config.load(
        ["train.yaml", runsettings.parse_args(json_parser(), ["--optim.lr", "0.5"])]
    )
    assert (config.epochs, config.optim.momentum, config.optim.lr) == (7, 0.5, 0.5)
    assert str(config.origin("optim.lr")) == "--optim.lr"


def test_values_of_a_file_of_jsonargparse_are_named_by_its_flag(jail):
    """What ``--cfg`` sets counts as given by it, and a later flag beats it."""
    jail.write("own.yaml", "epochs: 7\noptim: {momentum: 0.5, lr: 0.3}\n")
    args = runsettings.parse_args(json_parser(), ["--cfg", "own.yaml", "--optim.lr", "0.5"])
    assert (args.epochs, args.optim.lr, args.optim.momentum) == (7, 0.5, 0.5)
    assert args.given["epochs"] == args.given["optim.momentum"] == "--cfg"
    assert args.given["optim.lr"] == "--optim.lr"
    assert "layers" not in args.given
    assert Config.load([args]).cfg == [str(jail.cwd / "own.yaml")]


def test_jsonargparse_s_own_file_and_variables_are_told_from_flags_and_defaults(jail):
    """Its defaults come from a file, and a variable beats them; a flag beats both."""
    jail.write("own.yaml", "epochs: 7\noptim: {momentum: 0.5, lr: 0.3}\n")
    jail.setenv(APP_OPTIM__LR="0.4", APP_SEED="5")
    parser = package("jsonargparse").ArgumentParser(
        default_config_files=["own.yaml"], env_prefix="APP", default_env=True
    )
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_class_arguments(Optim, "optim")
    parser.add_argument("--depth", type=int, default=2)
    args = runsettings.parse_args(parser, ["--seed", "9"])
    assert vars(args) == vars(parser.parse_args(["--seed", "9"]))
    assert args.given == {"seed": "--seed"}
    config = Config.load([args])
    assert config.as_dict() == {
        "epochs": 7,
        "seed": 9,
        "depth": 2,
        "optim": {"lr": 0.4, "momentum": 0.5},
    }
    names = ("epochs", "seed", "depth", "optim.lr", "optim.momentum")
    assert {name: str(config.origin(name)) for name in names} == {
        "epochs": "own.yaml:1:9",
        "seed": "--seed",
        "depth": "--depth",
        "optim.lr": "APP_OPTIM__LR",
        "optim.momentum": "own.yaml:2:19",
    }


def test_each_value_of_jsonargparse_s_files_is_named_by_its_own_file(jail):
    """The last file that has a key sets it, also to the parser's default."""
    jail.write("low.yaml", "epochs: 7\noptim: {momentum: 0.5, lr: 0.3}\n")
    jail.write("high.json", '{"epochs": 3}')
    parser = package("jsonargparse").ArgumentParser(default_config_files=["low.yaml", "high.json"])
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_class_arguments(Optim, "optim")
    config = Config.load([runsettings.parse_args(parser, [])])
    assert config.as_dict() == {"epochs": 3, "optim": {"lr": 0.3, "momentum": 0.5}}
    assert {
        name: str(config.origin(name)) for name in ("epochs", "optim.lr", "optim.momentum")
    } == {
        "epochs": "high.json:1:12",
        "optim.lr": "low.yaml:2:28",
        "optim.momentum": "low.yaml:2:19",
    }


def test_subcommands_of_jsonargparse_are_watched():
    """A flag of a subcommand is given, and the subcommand's defaults are not."""
    parser, fit = (package("jsonargparse").ArgumentParser(exit_on_error=False) for _ in range(2))
    fit.add_argument("--lr", type=float, default=0.1)
    fit.add_argument("--steps", type=int, default=9)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_subcommands().add_subcommand("fit", fit)
    args = runsettings.parse_args(parser, ["--seed", "1", "fit", "--lr", "0.5"])
    assert (args.seed, args.fit.lr, args.fit.steps) == (1, 0.5, 9)
    assert {"seed": "--seed", "fit.lr": "--lr"}.items() <= dict(args.given).items()
    assert "fit.steps" not in args.given


def test_errors_are_those_of_jsonargparse():
    """The parser's own exception passes, and the parser parses again afterwards."""
    parser = json_parser()
    with pytest.raises(argparse.ArgumentError):
        runsettings.parse_args(parser, ["--epochs", "many"])
    assert runsettings.parse_args(parser, ["--epochs", "4"]).given == {"epochs": "--epochs"}


# typed-argument-parser


def test_tap_is_parsed_and_holds_its_arguments():
    """The arguments are told in a namespace, and the parser itself has them as Tap has it."""

    class Arguments(package("tap").Tap):  # type: ignore[misc]
        lr: float = 0.1
        epochs: int = 3
        layers: list[int] = [1]

    parser = Arguments()
    args = runsettings.parse_args(parser, ["--lr", "0.5"])
    assert vars(args) == {"lr": 0.5, "epochs": 3, "layers": [1]}
    assert args.given == {"lr": "--lr"}
    assert (parser.lr, parser.as_dict()) == (0.5, vars(args))
    config = Config.load([args])
    assert config.origin("epochs").layer.label == "default"


def test_tap_holds_what_it_makes_of_its_arguments_and_those_of_a_subcommand():
    """As `as_dict` of the parser has it."""
    tap = package("tap").Tap

    class Fit(tap):  # type: ignore[misc, valid-type]
        lr: float = 0.1
        steps: int = 9

    class Arguments(tap):  # type: ignore[misc, valid-type]
        seed: int = 0

        def configure(self) -> None:
            self.add_subparsers(dest="command")
            self.add_subparser("fit", Fit)

        def process_args(self) -> None:
            self.twice = 2 * self.seed

    args = runsettings.parse_args(Arguments(), ["--seed", "1", "fit", "--lr", "0.5"])
    plain = Arguments().parse_args(["--seed", "1", "fit", "--lr", "0.5"])
    assert vars(args) == plain.as_dict()
    assert (args.twice, args.command, args.lr, args.steps) == (2, "fit", 0.5, 9)
    assert args.given == {"seed": "--seed", "command": "command", "lr": "--lr"}


def tap_parser(jail: Any) -> Any:
    """A parser with two files of its own, which have flags."""

    class Arguments(package("tap").Tap):  # type: ignore[misc]
        lr: float = 0.1
        epochs: int = 3
        layers: list[int] = [1]
        amp: bool = False
        name: str = "none"

    jail.write("low.txt", "--lr 0.2 --amp --name 'low one'  # the lowest\n")
    jail.write("high.txt", "--epochs=5\n--name high\n")
    return Arguments(config_files=["low.txt", "high.txt"])


@pytest.mark.parametrize("words", [[], ["--lr", "0.5"], ["--lr=0.2", "--layers", "3", "4"]])
def test_files_of_tap_are_told_from_flags(jail, words):
    """Each value is named by the file that set it, and only what the command line has is given."""
    args = runsettings.parse_args(tap_parser(jail), words)
    assert vars(args) == tap_parser(jail).parse_args(words).as_dict()
    typed = {word.partition("=")[0] for word in words if word.startswith("--")}
    assert set(args.given.values()) == typed
    config = Config.load([args])
    places = {key: (str(config.origin(key)), config.origin(key).layer.label) for key in config}
    low, high = (f"Arguments(config_files=)[{index}]" for index in (0, 1))
    of_files = {"lr": low, "amp": low, "epochs": high, "name": high}
    assert places == {
        name: (f"--{name}", "flag")
        if f"--{name}" in typed
        else (of_files.get(name, f"--{name}"), "file" if name in of_files else "default")
        for name in vars(args)
    }


def test_the_process_s_own_command_line_is_told_from_files_of_tap(jail, monkeypatch):
    """Without words, those of the process are the command line."""
    monkeypatch.setattr("sys.argv", ["t.py", "--name", "typed"])
    assert runsettings.parse_args(tap_parser(jail)).given == {"name": "--name"}


def test_values_of_a_tap_file_stand_below_later_files(jail):
    """A file of the parser's own does not beat a file that the program names later."""
    jail.write("later.yaml", "lr: 0.7\nname: later\n")
    args = runsettings.parse_args(tap_parser(jail), ["--name", "typed"])
    config = Config.load([args, "later.yaml"])
    assert (config.lr, config.epochs) == (0.7, 5)


# simple-parsing


def test_simple_parsing_makes_its_dataclasses_and_flags_are_told():
    """A dataclass is handed back whole, and its fields have the origin of their own flags."""
    parser = package("simple_parsing").ArgumentParser()
    parser.add_arguments(Optim, dest="optim")
    parser.add_argument("--epochs", type=int, default=3)
    args = runsettings.parse_args(parser, ["--lr", "0.5"])
    assert args.optim == Optim(lr=0.5)
    assert args.given == {"optim.lr": "--lr"}
    config = Config.load([{"optim": {"momentum": 0.3, "lr": 0.2}}, args])
    assert config.as_dict() == {"epochs": 3, "optim": {"lr": 0.5, "momentum": 0.3}}
    assert str(config.origin("optim.lr")) == "--lr"


def test_what_simple_parsing_notes_beside_the_arguments_is_no_config():
    """The namespace has it, as that of simple-parsing."""
    simple = package("simple_parsing")
    chosen = simple.subgroups({"small": Optim, "plain": Optim}, default="plain")

    @dataclasses.dataclass
    class Choice:
        which: Any = chosen

    def parser() -> Any:
        made = simple.ArgumentParser()
        made.add_arguments(Choice, dest="choice")
        return made

    words = ["--which", "small", "--lr", "0.5"]
    args = runsettings.parse_args(parser(), words)
    assert args == parser().parse_args(words)
    assert args.subgroups == {"choice.which": "small"}
    assert list(Config.load([args])) == ["choice"]


@pytest.mark.parametrize(
    ("options", "words", "name"),
    [
        ({"nested_mode": "WITHOUT_ROOT", "argument_generation_mode": "NESTED"}, "--lr", "optim.lr"),
        ({"argument_generation_mode": "NESTED"}, "--optim.lr", "optim.lr"),
        ({"argument_generation_mode": "BOTH"}, "--optim.lr", "optim.lr"),
    ],
)
def test_each_way_in_which_simple_parsing_names_flags_is_watched(options, words, name):
    """The origin is the flag as it is typed."""
    simple = package("simple_parsing")
    kinds = {"nested_mode": "NestedMode", "argument_generation_mode": "ArgumentGenerationMode"}
    given = {key: getattr(getattr(simple, kinds[key]), value) for key, value in options.items()}
    parser = simple.ArgumentParser(**given)
    parser.add_arguments(Optim, dest="optim")
    args = runsettings.parse_args(parser, [words, "0.5"])
    assert (args.optim, args.given) == (Optim(lr=0.5), {name: words})


# transformers


def test_the_parser_of_transformers_is_parsed():
    """Flags for the fields of dataclasses are told from their defaults."""
    kind = pytest.importorskip("transformers.hf_argparser").HfArgumentParser
    parser = kind(Optim)
    args = runsettings.parse_args(parser, ["--lr", "0.5"])
    assert args == parser.parse_args(["--lr", "0.5"])
    assert args.given == {"lr": "--lr"}
    (optim,) = parser.parse_dict(vars(args))
    assert optim == Optim(lr=0.5)


@pytest.mark.parametrize(
    ("words", "given"),
    [
        (["--amp"], {"amp": "--amp"}),
        (["--amp", "false"], {"amp": "--amp"}),
        (["--no_shuffle"], {"shuffle": "--no_shuffle"}),
        (["--names", "a", "b", "--kind", "small"], {"names": "--names", "kind": "--kind"}),
        (["--limit=3"], {"limit": "--limit"}),
    ],
)
def test_each_kind_of_flag_of_transformers_is_watched(words, given):
    """Bools with and without a value and their opposite, lists, choices, optional numbers."""
    kind = pytest.importorskip("transformers.hf_argparser").HfArgumentParser
    args = runsettings.parse_args(kind(Train), words)
    assert args == kind(Train).parse_args(words)
    assert args.given == given


# any subclass


def test_a_namespace_of_each_parser_is_pickled_and_dumped_as_its_own(config_parser):
    """It loads where runsettings is not installed."""
    made = [
        runsettings.parse_args(config_parser, ["--lr", "0.5"]),
        runsettings.parse_args(json_parser(), ["--epochs", "4"]),
    ]
    for args in made:
        text = pickle.dumps(args)
        assert b"runsettings" not in text
        twin = pickle.loads(text)
        assert vars(twin) == vars(args)
        assert not hasattr(twin, "_given_flags")
