"""`RunConfig`: the order of hyperparameters, the rules of a run, and reading a run back."""

from __future__ import annotations

import argparse
from typing import Any, Literal

import pytest
from pydantic import BaseModel, SecretStr

import runsettings
from runsettings import Config, ConfigError, RunConfig, RunError, SettingsError


class Optim(BaseModel):
    """A nested model."""

    lr: float = 0.1
    warmup: int = 0


class Train(RunConfig):
    """A typed run config with variables."""

    model_config = {"env_prefix": "TRAIN_", "env_nested_delimiter": "__"}

    optim: Optim = Optim()
    epochs: int = 90
    token: SecretStr | None = None


class Plain(RunConfig):
    """A typed run config without a prefix."""

    lr: float = 0.1


def _args(*words: str) -> Any:
    parser = argparse.ArgumentParser()
    Train.add_arguments(parser)
    return runsettings.parse_args(parser, list(words))


def _rules(error: pytest.ExceptionInfo[Any]) -> list[str]:
    return [diagnostic.rule.value for diagnostic in error.value.diagnostics]


def test_hyperparameters_have_their_own_order(jail):
    """Defaults, a file, a variable, a flag and the call, lowest first."""
    jail.write("train.yaml", "epochs: 1\n")
    jail.setenv(TRAIN_EPOCHS="2")
    train = Train.resolve(files="train.yaml", args=_args("--epochs", "3"), epochs=4)
    assert [leaf.value for leaf in train.history("epochs")] == [4, "3", "2", 1, 90]


def test_a_flag_beats_the_file(jail):
    """Other than in `Settings`, a file that the program names loses to a flag."""
    jail.write("train.yaml", "optim: {lr: 0.5}\n")
    train = Train.resolve(files="train.yaml", args=_args("--optim.lr", "0.25"))
    assert train.optim.lr == 0.25


def test_variables_need_a_prefix(jail):
    """Without a prefix, a variable that happens to be called LR sets nothing."""
    jail.setenv(LR="7")
    assert Plain().lr == 0.1


def test_a_subclass_with_a_prefix_reads_variables(jail):
    """The prefix of the class itself counts, not that of its parent."""

    class Prefixed(Plain):
        model_config = {"env_prefix": "P_"}

    jail.setenv(P_LR="7")
    assert Prefixed().lr == 7


def test_the_settings_files_of_wandb_are_not_read(jail):
    """A key of the workspace's settings file is no hyperparameter."""
    jail.write("wandb/settings", "[default]\nlr = 7\n")
    assert Plain().lr == 0.1


@pytest.mark.parametrize(
    ("name", "variable"),
    [
        ("config-defaults.yaml", None),
        ("lower.yaml", ("WANDB_CONFIG_PATHS", "lower.yaml")),
        ("sweep.yaml", ("WANDB_SWEEP_PARAM_PATH", "sweep.yaml")),
    ],
)
def test_the_files_of_a_run_are_read(jail, name, variable):
    """The model has what `init` would read itself, so that both have the same values."""
    jail.write(name, "lr: 7\n")
    if variable is not None:
        jail.setenv(**{variable[0]: variable[1]})
    plain = Plain()
    assert plain.lr == 7
    assert Config.load(plain, defaults_file="config-defaults.yaml").as_dict() == {"lr": 7}


def test_a_sweep_beats_the_call(jail):
    """The keys of a sweep are locked."""
    jail.write("sweep.yaml", "wandb_version: 1\nlr:\n  value: 7\n")
    jail.setenv(WANDB_SWEEP_PARAM_PATH="sweep.yaml")
    assert Plain(lr=0.5).lr == 7


def test_what_the_run_would_change_is_an_error(jail):
    """The run must not record another value than the program trains with."""
    plain = Plain()
    jail.write("sweep.yaml", "lr: 7\n")
    with pytest.raises(ConfigError) as error:
        Config.load(plain, sweep_file="sweep.yaml")
    assert "changed-by-run" in _rules(error)
    assert "is 0.1 in the model and would be 7 in the run" in str(error.value)


def test_a_later_input_may_change_a_value(jail):
    """The program itself says so."""
    assert Config([Plain(), {"lr": 7}])["lr"] == 7


def test_the_rules_of_a_run_hold_in_the_model(jail):
    """A key with a period is an error before a run is started."""

    class Loose(RunConfig):
        sizes: dict[str, int] = {}

    with pytest.raises(SettingsError) as error:
        Loose(sizes={"a.b": 1})
    assert any("a.b" in str(diagnostic.path) for diagnostic in error.value.diagnostics)


def _recorded(**values: Any) -> str:
    with runsettings.init(config=Train(**values), mode="offline", id="first") as run:
        return run.id


@pytest.mark.usefixtures("jail")
def test_a_run_is_read_back(jail):
    """`from_run` gives an equal model whose origins are those of the run."""
    jail.write("train.yaml", "optim: {lr: 0.5}\n")
    train = Train.resolve(files="train.yaml")
    with runsettings.init(config=train, mode="offline", id="first"):
        pass
    again = Train.from_run("first")
    assert again == train
    assert str(again.origin("optim.lr")) == "train.yaml:1:13"


def test_new_values_beat_the_recorded_ones(jail):
    """The arguments of `from_run` are a call like any other."""
    assert Train.from_run(_recorded(), epochs=3).epochs == 3
    with pytest.raises(SettingsError, match=r"py:\d+ Train.from_run\(epoch=\)"):
        Train.from_run(_recorded(), epoch=3)


def test_the_config_of_a_run_makes_the_model(jail):
    """`Train(**run.config)` takes the config of a running run."""
    with runsettings.init(config=Train(epochs=5), mode="offline") as run:
        assert Train(**{**run.config, "token": None}).epochs == 5


def test_a_masked_secret_is_asked_for(jail):
    """`***` is never taken for the secret itself."""
    run = _recorded(token="a-very-long-token")
    with pytest.raises(SettingsError) as error:
        Train.from_run(run)
    assert _rules(error) == ["masked-value"]
    assert "token" in str(error.value)


def test_a_masked_secret_comes_from_its_variable(jail):
    """A variable may give again what the run did not record."""
    run = _recorded(token="a-very-long-token")
    jail.setenv(TRAIN_TOKEN="another-long-token")
    token = Train.from_run(run).token
    assert token is not None
    assert token.get_secret_value() == "another-long-token"


def test_a_mask_is_no_value(jail):
    """A config that is passed on with its mask is told."""
    with pytest.raises(SettingsError) as error:
        Train(token="***")
    assert _rules(error) == ["masked-value"]


def test_a_recorded_key_that_the_model_does_not_have_is_told(jail):
    """A key inside a nested model is an error with the place where the run's config got it."""
    with runsettings.init(config={"optim": {"lrr": 1}}, mode="offline", id="first"):
        pass
    with pytest.raises(SettingsError, match="lrr"):
        Train.from_run("first")


def test_a_run_that_is_not_there_is_told(jail):
    """The error names the directory."""
    with pytest.raises(RunError, match="there is no run 'nope'"):
        Train.from_run("nope")


def test_a_flag_that_lost_is_told_at_the_start(jail, capsys):
    """A person gave a flag, and the program's own value beat it: one line says so."""
    train = Train.resolve(args=_args("--epochs", "3"), epochs=4)
    with runsettings.init(config=[train], mode="offline"):
        pass
    assert "epochs: --epochs has no effect" in capsys.readouterr().err


def _words(*words: str) -> Any:
    parser = argparse.ArgumentParser()
    runsettings.add_config_arguments(parser)
    Train.add_arguments(parser)
    return runsettings.parse_args(parser, list(words))


def test_named_files_may_be_composed(jail):
    """The chain, a profile and a reference of a composed file reach the model with their places."""
    jail.write("base.yaml", "optim: {lr: 0.5}\n")
    jail.write(
        "train.yaml",
        "$config: 1\n$use: [base.yaml]\n$profiles:\n  long: {epochs: 9}\n"
        "optim: {warmup: '${epochs}'}\nepochs: 3\n",
    )
    train = Train.resolve(files="train.yaml", args=_words("--profile", "long"))
    assert (train.optim.lr, train.optim.warmup, train.epochs) == (0.5, 9, 9)
    assert train.origin("optim.lr").used_by is not None


def test_config_and_set_speak_to_the_model(jail):
    """`--config` is a file below the flags; `--set` beats it and stands in the history."""
    jail.write("more.yaml", "optim: {lr: 0.5}\nepochs: 3\n")
    train = Train.resolve(args=_words("--set", "optim.lr=0.25", "--config", "more.yaml"))
    assert [str(leaf.origin) for leaf in train.history("optim.lr")] == [
        "--set optim.lr=0.25",
        "more.yaml:1:13",
        "Optim.lr",
    ]


def test_a_set_key_that_the_model_does_not_have_is_told(jail):
    """With the key that was meant."""
    with pytest.raises(SettingsError, match=r"optim\.lr"):
        Train.resolve(args=_words("--set", "optim.lrr=0.25"))


def _conflicts_of(*words: str) -> list[str]:
    with pytest.raises(SettingsError) as error:
        Train.resolve(args=_words(*words))
    assert _rules(error) == ["override-conflict"] * len(error.value.diagnostics)
    return [str(each.origin) for each in error.value.diagnostics]


@pytest.mark.parametrize(
    ("flag", "override"),
    [
        (("--optim.lr", "0.1"), ("--set", "optim.lr=0.2")),
        (("--epochs", "1"), ("--set", "epochs=2")),
        (("--optim.lr", "0.1"), ("--set", "optim={lr: 0.2, warmup: 1}")),
        (("--optim.lr", "0.1"), ("--unset", "optim.lr")),
    ],
)
def test_a_flag_and_an_override_that_differ_are_an_error(flag, override):
    """Neither beats the other without a word, in any order on the command line."""
    expected = [" ".join(override)]
    assert _conflicts_of(*flag, *override) == expected
    assert _conflicts_of(*override, *flag) == expected


@pytest.mark.parametrize(
    ("flag", "override"),
    [
        (("--optim.lr", "1e-1"), "optim.lr=0.1"),
        (("--epochs", "3"), "epochs=3"),
        (("--layers", "1", "2"), "layers=[1, 2]"),
        (("--layers", "[1, 2]"), "layers=[1, 2]"),
    ],
)
def test_a_flag_and_an_override_that_agree_are_no_error(flag, override):
    """A flag of a model is a text, which is compared by the value that it has."""

    class Deep(Train):
        layers: list[int] = [3]

    parser = argparse.ArgumentParser()
    runsettings.add_config_arguments(parser)
    Deep.add_arguments(parser)
    args = runsettings.parse_args(parser, [*flag, "--set", override])
    (winner, *_) = Deep.resolve(args=args).history(override.partition("=")[0])
    assert str(winner.origin) == f"--set {override}"


def test_a_profile_of_the_model_is_known_beside_it(jail):
    """The namespace that chose a profile may stand in the list beside the model that has it."""
    jail.write("train.yaml", "$config: 1\n$profiles: {long: {epochs: 9}}\n")
    args = _words("--profile", "long")
    train = Train.resolve(files="train.yaml", args=args)
    assert runsettings.Config.load([train, args])["epochs"] == 9
    with pytest.raises(ConfigError, match="no file has a profile"):
        runsettings.Config.load([Train.resolve(files="train.yaml"), args])


def test_from_run_has_the_recorded_history(jail):
    """What the run recorded as beaten is below the value that is read back."""
    jail.write("train.yaml", "epochs: 3\n")
    train = Train.resolve(files="train.yaml", epochs=4)
    with runsettings.init(config=train, id="beaten", mode="offline", settings={"quiet": True}):
        pass
    history = Train.from_run("beaten").history("epochs")
    assert [leaf.value for leaf in history] == [4, 3, 90]
    assert str(history[1].origin) == "train.yaml:1:9"


class Adam(BaseModel):
    """A member of a union."""

    kind: Literal["adam"] = "adam"
    lr: float = 0.001
    beta: float = 0.9


class Sgd(BaseModel):
    """Another one, with a key that both have."""

    kind: Literal["sgd"] = "sgd"
    lr: float = 0.1


class Trainer(RunConfig):
    """A config with a union whose kind a higher source can switch."""

    optim: Adam | Sgd = Sgd(lr=0.3)


@pytest.mark.parametrize("files", [(), "train.yaml"], ids=["default", "file"])
def test_the_run_has_the_default_of_the_kind_that_was_chosen(jail, files):
    """A value of another kind does not come back in the run: its key has the new kind's default."""
    jail.write("train.yaml", "optim:\n  kind: sgd\n  lr: 0.5\n")
    trainer = Trainer.resolve(files=files, optim={"kind": "adam"})
    assert Config.load(trainer) == {"optim": {"kind": "adam", "lr": 0.001, "beta": 0.9}}


def test_the_history_of_a_run_has_what_was_set_for_another_kind(jail):
    """The value of the other kind is a loser of the default, in the config as in the model."""
    jail.write("train.yaml", "optim:\n  kind: sgd\n  lr: 0.5\n")
    config = Config.load(Trainer.resolve(files="train.yaml", optim={"kind": "adam"}))
    history = [(str(each.origin), each.value) for each in config.history("optim.lr")]
    assert history[:2] == [("Adam.lr", 0.001), ("train.yaml:3:7", 0.5)]


def test_the_default_of_a_chosen_kind_stands_below_other_inputs(jail):
    """In a list, the default sinks below the other inputs, as every default of a model does."""
    trainer = Trainer.resolve(optim={"kind": "adam"})
    assert Config.load([{"optim": {"lr": 7.0}}, trainer]).optim.lr == 7.0


def test_from_run_has_the_default_of_a_chosen_kind_above_the_other_kind(jail):
    """The value that another kind had is not shown as the origin of the default that beat it."""
    jail.write("train.yaml", "optim:\n  kind: sgd\n  lr: 0.5\n")
    trainer = Trainer.resolve(files="train.yaml", optim={"kind": "adam"})
    with runsettings.init(config=trainer, id="kinds", mode="offline", settings={"quiet": True}):
        pass
    again = Trainer.from_run("kinds")
    assert again == trainer
    history = [(str(leaf.origin), leaf.value) for leaf in again.history("optim.lr")]
    assert history == [("Adam.lr", 0.001), ("train.yaml:3:7", 0.5)]
