"""Overrides: `--config`, `--set`, `--unset` and `--profile`, and `overrides()` without a parser."""

from __future__ import annotations

import argparse
import itertools
from pathlib import Path
from typing import Any

import pytest

import runsettings
from runsettings import (
    Config,
    ConfigError,
    LayeredSettings,
    Rule,
    RunConfig,
    SettingsError,
    SettingsWarning,
    add_arguments,
    add_config_arguments,
    overrides,
    parse_args,
)

BASE = {"optim": {"lr": 0.1, "name": "sgd"}, "tags": ["a"], "model": {"width": 3}}


def parsed(*words: str) -> argparse.Namespace:
    """A parsed command line of a parser with two flags of its own."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--optim.lr", type=float, default=0.5)
    parser.add_argument("--workers", type=int, default=4)
    add_config_arguments(parser)
    return parse_args(parser, words)


def rules(inputs: Any) -> list[Rule]:
    """The rules that the errors of loading report."""
    with pytest.raises(ConfigError) as caught:
        Config.load(inputs)
    return [each.rule for each in caught.value.diagnostics if each.is_error]


@pytest.mark.usefixtures("jail")
class TestValues:
    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("1e-3", 0.001),
            ("12", 12),
            ("true", True),
            ("no", "no"),
            ("", None),
            ("null", None),
            ("#fff", "#fff"),
            ("a: b", "a: b"),
            ("a=b", "a=b"),
            ("'12'", "12"),
            ("[1, 2]", [1, 2]),
            ("${optim.lr}", "${optim.lr}"),
            ("@", None),
        ],
    )
    def test_value(self, text: str, value: Any) -> None:
        """A value is a scalar of YAML 1.2, a quoted text or a flow collection."""
        config_of = [BASE, overrides([f"optim.lr={text}"])]
        if text == "@":
            assert rules(config_of) == [Rule.BAD_OVERRIDE]
        else:
            assert Config.load(config_of)["optim"]["lr"] == value

    def test_append(self) -> None:
        """`+=` appends an item, or the items of a list."""
        config = Config.load([BASE, overrides(["tags+=night", "tags+=[x, y]"])])
        assert config["tags"] == ["a", "night", "x", "y"]

    def test_file_replaces(self) -> None:
        """`@` replaces a key by the values of a file, which keep their places."""
        Path("resnet.yaml").write_text("depth: 50\n")
        config = Config.load([BASE, overrides(["model=@resnet.yaml"])])
        assert config["model"].as_dict() == {"depth": 50}
        assert str(config.origin("model.depth")) == "resnet.yaml:1:8"

    def test_add(self) -> None:
        """`+` adds a key that nothing below has, and the next override may set it."""
        assert Config.load([BASE, overrides(["+new=1", "new=2"])])["new"] == 2

    @pytest.mark.parametrize("text", ["++new=1", "++optim.lr=1", "+optim={rate: 1}", "+tags+=b"])
    def test_set_in_any_case(self, text: str) -> None:
        """`++` sets a key that something below has or has not; a mapping and a list add to one."""
        assert Config.load([BASE, overrides([text])]).as_dict() != BASE

    def test_add_to_null(self) -> None:
        """As in Hydra, `+` sets a key that is null below."""
        assert Config.load([{"lr": None}, overrides(["+lr=1"])])["lr"] == 1

    def test_unset(self) -> None:
        """A key is removed."""
        assert "tags" not in Config.load([BASE, overrides([], unset=["tags"])])

    def test_origin_without_a_parser(self) -> None:
        """The origin is the call with the text."""
        origin = str(Config.load([BASE, overrides(["optim.lr=1"])]).origin("optim.lr"))
        assert origin.endswith("overrides('optim.lr=1')")

    def test_one_text_is_refused(self) -> None:
        """One text in the place of a list would be read letter by letter."""
        with pytest.raises(TypeError, match="list of texts"):
            overrides("lr=1")


@pytest.mark.usefixtures("jail")
class TestErrors:
    @pytest.mark.parametrize("text", ["lr", "=1", "a..b=1", "lr=[1", "lr='a' b", "lr={a: 1}\nb: 2"])
    def test_unreadable(self, text: str) -> None:
        """An override that cannot be read is an error of its own."""
        assert rules([{"lr": 1}, overrides([text])]) == [Rule.BAD_OVERRIDE]

    @pytest.mark.parametrize("text", ["+optim.lr=1", "+optim.lr=0.1", "+tags=a", "+model=@x.yaml"])
    def test_added_key_exists(self, text: str) -> None:
        """`+` before a key that something below has is an error that names its place."""
        Path("x.yaml").write_text("depth: 50\n")
        with pytest.raises(ConfigError, match=r"already set by .*test_overrides.py") as caught:
            Config.load([BASE, overrides([text])])
        assert [each.rule for each in caught.value.diagnostics] == [Rule.BAD_OVERRIDE]
        assert "++" in str(caught.value)

    def test_too_deep(self) -> None:
        """A key of 50,000 parts is an error of ours, and is not shown whole."""
        with pytest.raises(ConfigError, match="more than 100 levels deep") as caught:
            Config.load([{"a": 1}, overrides(["a" + ".b" * 50_000 + "=1"])])
        assert len(str(caught.value)) < 1_000

    @pytest.mark.parametrize("text", ["optm.lr=1", "optim.rl=1", "optim={rl: 1}", "tags.x=1"])
    def test_unknown_key(self, text: str) -> None:
        """A key that nothing below has is an error."""
        assert rules([BASE, overrides([text])]) == [Rule.UNKNOWN_KEY]

    def test_did_you_mean(self) -> None:
        """The message proposes a key that is near."""
        with pytest.raises(ConfigError, match="did you mean 'optim'"):
            Config.load([BASE, overrides(["optm.lr=1"])])

    def test_secret_name(self) -> None:
        """A secret by its name is refused, and its value is not shown."""
        with pytest.raises(ConfigError) as caught:
            Config.load([{"api_key": ""}, overrides(["api_key=hunter2hunter"])])
        assert [each.rule for each in caught.value.diagnostics] == [Rule.SECRET_IN_OVERRIDE]
        assert "hunter2" not in str(caught.value)

    def test_live_secret(self) -> None:
        """A secret of the run is refused under any key, and not shown."""
        with pytest.raises(ConfigError) as caught:
            Config.load([BASE, overrides(["optim.name=hunter2hunter"])], secrets=["hunter2hunter"])
        assert Rule.SECRET_IN_OVERRIDE in [each.rule for each in caught.value.diagnostics]
        assert "hunter2" not in str(caught.value)

    def test_all_at_once(self) -> None:
        """All overrides that are wrong are told in one report."""
        found = rules([BASE, overrides(["optm.lr=1", "x", "optim.rl=1"])])
        assert sorted(found) == sorted([Rule.BAD_OVERRIDE, Rule.UNKNOWN_KEY, Rule.UNKNOWN_KEY])


@pytest.mark.usefixtures("jail")
class TestParser:
    def test_layers(self) -> None:
        """Defaults are below config files, which are below flags and `--set`."""
        Path("a.yaml").write_text("optim: {lr: 1, name: sgd}\nworkers: 8\n")
        args = parsed("--config", "a.yaml", "--optim.lr", "2", "--set", "optim.name=adam")
        config = Config.load(args)
        assert config.as_dict() == {"optim": {"lr": 2.0, "name": "adam"}, "workers": 8}
        assert str(config.origin("optim.name")) == "--set optim.name=adam"
        assert str(config.origin("workers")) == "a.yaml:2:10"

    def test_profile(self) -> None:
        """`--profile` chooses a profile in all files, and beats the variable."""
        Path("a.yaml").write_text("$config: 1\n$profiles: {slurm: {workers: 16}}\nworkers: 1\n")
        assert Config.load(["a.yaml", parsed("--profile", "slurm")])["workers"] == 16

    def test_unset(self) -> None:
        """`--unset` removes a key of the config file."""
        Path("a.yaml").write_text("tags: [a]\n")
        assert "tags" not in Config.load(parsed("--config=a.yaml", "--unset", "tags"))

    def test_conflict(self) -> None:
        """A flag and a `--set` of one key that differ are an error; equal ones are none."""
        assert rules(parsed("--optim.lr", "1", "--set", "optim.lr=2")) == [Rule.OVERRIDE_CONFLICT]
        args = parsed("--optim.lr", "1", "--set", "optim.lr=1.0")
        assert Config.load(args)["optim"]["lr"] == 1

    def test_words_in_any_order(self) -> None:
        """The order of different flags on the command line makes no difference."""
        Path("a.yaml").write_text("optim: {name: sgd}\ntags: [a]\n")
        groups = [
            ("--config", "a.yaml"),
            ("--set", "optim.name=adam"),
            ("--workers", "2"),
            ("--unset", "tags"),
        ]
        loaded = [
            Config.load(parsed(*itertools.chain(*order))).as_dict()
            for order in itertools.permutations(groups)
        ]
        assert all(each == loaded[0] for each in loaded)
        assert loaded[0]["optim"]["name"] == "adam"

    def test_plain_namespace(self) -> None:
        """A namespace that argparse itself made has the overrides too."""
        parser = argparse.ArgumentParser()
        parser.add_argument("--lr", type=float, default=1.0)
        add_config_arguments(parser)
        config = Config.load(parser.parse_args(["--set", "lr=2"]))
        assert config.as_dict() == {"lr": 2}

    def test_namespace_shows_arguments_alone(self) -> None:
        """The overrides are no argument of the program."""
        assert set(vars(parsed("--set", "workers=1"))) == {"optim.lr", "workers"}

    @pytest.mark.parametrize("name", ["config", "set", "unset", "profile"])
    def test_field_of_the_same_name(self, name: str) -> None:
        """A field with the name of one of the flags is told when it is added, in either order."""
        model = type(
            "Train",
            (LayeredSettings,),
            {"__annotations__": {name: str}, name: "", "__module__": __name__},
        )
        first, second = argparse.ArgumentParser(), argparse.ArgumentParser()
        add_arguments(model, first)
        with pytest.raises(argparse.ArgumentError, match=f"--{name}"):
            add_config_arguments(first)
        add_config_arguments(second)
        with pytest.raises(argparse.ArgumentError, match=f"--{name}"):
            add_arguments(model, second)


def with_subcommand() -> argparse.ArgumentParser:
    """A parser that has the flags, as has its subcommand, which has a subcommand too."""
    parser = argparse.ArgumentParser(prog="prog")
    add_config_arguments(parser)
    train = parser.add_subparsers(dest="command").add_parser("train")
    add_config_arguments(train)
    add_config_arguments(train.add_subparsers(dest="what").add_parser("fast"))
    return parser


@pytest.mark.usefixtures("jail")
class TestPlacesOfFlags:
    @pytest.mark.parametrize("parse", [parse_args, lambda parser, words: parser.parse_args(words)])
    @pytest.mark.parametrize(
        "words",
        [
            ["--set", "optim.lr=1", "train", "--set", "model.width=2", "fast", "--unset", "tags"],
            ["--unset", "tags", "train", "--set", "optim.lr=1", "fast", "--set", "model.width=2"],
            ["train", "--set", "optim.lr=1", "--set", "model.width=2", "fast", "--unset", "tags"],
            ["train", "fast", "--set", "optim.lr=1", "--set", "model.width=2", "--unset", "tags"],
        ],
    )
    def test_overrides_before_and_behind_a_subcommand_all_count(self, parse, words) -> None:
        """Alone, argparse replaces the outer parser's arguments by those of the same name."""
        loaded = Config.load([BASE, parse(with_subcommand(), words)]).as_dict()
        assert loaded["optim"]["lr"] == 1
        assert loaded["model"] == {"width": 2}
        assert "tags" not in loaded

    def test_those_of_the_subcommand_beat_those_before_it(self) -> None:
        """As later flags beat earlier ones."""
        words = ["--set", "optim.lr=1", "train", "--set", "optim.lr=2"]
        assert Config.load([BASE, parse_args(with_subcommand(), words)])["optim"]["lr"] == 2

    def test_an_update_knows_the_keys_of_the_config(self) -> None:
        """An override of the config's own key is no unknown key; another one is."""
        config = Config.load(BASE, allow_val_change=True)
        config.update(parse_args(with_subcommand(), ["--set", "optim.lr=1", "--unset", "tags"]))
        assert (config["optim"]["lr"], "tags" in config) == (1, False)
        config["model"].update(overrides(["width=4"]))
        assert config["model"]["width"] == 4
        with pytest.raises(ConfigError, match="did you mean 'width'"):
            config["model"].update(overrides(["widht=4"]))

    def test_an_update_takes_the_profiles_of_flags(self, jail) -> None:
        """As loading does; an unknown profile is an error."""
        jail.write(
            "c.yaml", "$config: 1\nmodel: {width: 5}\n$profiles: {big: {model: {width: 9}}}\n"
        )
        config = Config.load(BASE, allow_val_change=True)
        config.update(parse_args(with_subcommand(), ["--config", "c.yaml", "--profile", "big"]))
        assert config["model"]["width"] == 9
        with pytest.raises(ConfigError, match="did you mean 'big'"):
            config.update(parse_args(with_subcommand(), ["--config", "c.yaml", "--profile", "bg"]))

    @pytest.mark.parametrize("parse", [parse_args, lambda parser, words: parser.parse_args(words)])
    def test_a_model_that_is_no_run_config_refuses_overrides_of_its_keys(self, parse) -> None:
        """It reads none, and must not pass over them; those of other keys are the config's."""

        class Plain(LayeredSettings):
            lr: float = 0.1

        args = parse(with_subcommand(), ["--set", "lr=3", "train", "--unset", "lr"])
        with pytest.raises(SettingsError) as caught:
            Plain.resolve(args=args, environ={})
        assert [str(each.origin) for each in caught.value.diagnostics] == [
            "--set lr=3",
            "--unset lr",
        ]
        assert "derive Plain from RunConfig" in str(caught.value)
        args = parse(with_subcommand(), ["--set", "optim.lr=3"])
        assert Plain.resolve(args=args, environ={}).lr == 0.1

        class Train(RunConfig):
            lr: float = 0.1

        assert Train.resolve(args=parse(with_subcommand(), ["--set", "lr=3"])).lr == 3

    @pytest.mark.parametrize(
        "text", ["lr: 3\n", "$config: 1\nlr: 3\n", "$config: 1\n$use: [low.yaml]\nsteps: 1\n"]
    )
    def test_a_model_that_is_no_run_config_warns_of_a_config_file_with_its_keys(
        self, jail, text
    ) -> None:
        """It does not read ``--config``, and the file has nothing for a config besides its keys."""

        class Plain(LayeredSettings):
            lr: float = 0.1
            steps: int = 0

        jail.write("low.yaml", "lr: 5\n")
        jail.write("c.yaml", text)
        args = parse_args(with_subcommand(), ["--config", "c.yaml"])
        with pytest.warns(SettingsWarning, match="has keys of Plain.*name it with --settings-file"):
            assert Plain.resolve(args=args, environ={}).lr == 0.1

    def test_a_config_file_with_keys_of_its_own_is_left_to_the_config(self, jail) -> None:
        """Such a file is not meant for the model, even if one key has the same name."""
        jail.write("c.yaml", "project: p\nwidth: 3\n")
        args = parse_args(with_subcommand(), ["--config", "c.yaml"])
        assert runsettings.Settings.resolve(args=args, environ={}).diagnostics == ()


@pytest.mark.parametrize("value", [1, 0, 1.5, True, None, "text", [1], []])
@pytest.mark.parametrize("text", ["a.b=1", "a.b.c=[1]", "a.b+=1"])
def test_a_key_inside_of_a_value_that_has_none_is_an_unknown_key(value, text):
    """Whatever is there: a number, a text, a list, nothing."""
    with pytest.raises(ConfigError) as caught:
        Config.load([{"a": value}, overrides([text])])
    assert {each.rule for each in caught.value.diagnostics} == {Rule.UNKNOWN_KEY}
