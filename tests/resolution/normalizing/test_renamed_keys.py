"""A field by the name that it had before, in every layer."""

from __future__ import annotations

import argparse
from typing import Annotated, Any

import pytest
from absl import flags
from pydantic import BaseModel, Field

from runsettings import (
    LayeredSettings,
    Renamed,
    Rule,
    RunConfig,
    SettingsError,
    SettingsWarning,
    add_config_arguments,
    init,
    parse_args,
)


class Optim(BaseModel):
    """A nested model with a renamed field."""

    lr: Annotated[float, Renamed("learning_rate", since="1.5")] = 0.1
    warmup: int = 0


class Block(BaseModel):
    """An item of a list."""

    width: Annotated[int, Renamed("units")] = 1


class Train(RunConfig):
    """A run config with renamed fields."""

    model_config = {"env_prefix": "TRAIN_", "env_nested_delimiter": "__"}

    epochs: Annotated[int, Renamed("num_epochs", since="2.0")] = 90
    optim: Annotated[Optim, Renamed("optimizer")] = Optim()
    blocks: list[Block] = []


class App(LayeredSettings):
    """Settings that INI files may set."""

    model_config = {"env_prefix": "APP_"}

    workers: Annotated[int, Renamed("num_workers"), Renamed("n_workers")] = 1
    seed: Annotated[int, Renamed("random_seed")] | None = None
    optim: Optim = Optim()


def told(resolve: Any, /, *arguments: Any, **inputs: Any) -> tuple[Any, list[tuple[str, str]]]:
    """The settings, and the old name and the place of each warning."""
    with pytest.warns(SettingsWarning) as caught:
        settings = resolve(*arguments, **inputs)
    assert len(caught) == 1
    assert {each.rule for each in settings.diagnostics} == {Rule.RENAMED_KEY}
    return settings, [(each.key, str(each.origin)) for each in settings.diagnostics]


@pytest.mark.parametrize(
    ("name", "text", "place"),
    [
        ("a.yaml", "# one\nnum_epochs: 3\n", "a.yaml:2:1"),
        ("a.json", '{"num_epochs": 3}\n', "a.json:1:2"),
        ("a.toml", "num_epochs = 3\n", "a.toml:1:1"),
    ],
)
def test_in_a_file(jail, name, text, place):
    """The value counts, and the warning names the line of the old name."""
    jail.write(name, text)
    train, places = told(Train.resolve, files=name)
    assert train.epochs == 3
    assert places == [("num_epochs", place)]
    assert str(train.origin("epochs")).startswith(f"{name}:")


def test_the_whole_warning(jail):
    """It says since when, what to write, and what rewrites it."""
    jail.write("a.yaml", "num_epochs: 3\n")
    with pytest.warns(SettingsWarning) as caught:
        Train.resolve(files="a.yaml")
    assert str(caught[0].message) == (
        "1 warning in settings\n\n"
        "  warning: num_epochs: was renamed to 'epochs' in 2.0"
        " — write 'epochs'; `runsettings check --fix` rewrites it\n"
        "    a.yaml:1:1\n"
        "      1 │ num_epochs: 3\n"
        "        │ ^^^^^^^^^^"
    )


def test_at_any_depth(jail):
    """In nested models, under a renamed key, and in the models of a list."""
    jail.write("a.yaml", "optimizer:\n  learning_rate: 0.5\nblocks:\n- units: 4\n- width: 5\n")
    train, places = told(Train.resolve, files="a.yaml")
    assert train.optim.lr == 0.5
    assert [block.width for block in train.blocks] == [4, 5]
    assert places == [
        ("optimizer", "a.yaml:1:1"),
        ("optimizer.learning_rate", "a.yaml:2:3"),
        ("blocks[0].units", "a.yaml:4:3"),
    ]
    assert str(train.origin("optim.lr")) == "a.yaml:2:18"


def test_in_an_ini_file(jail):
    """Also in the JSON of a value; the second of two old names, in capital letters."""
    jail.write("a.ini", '[default]\nN_Workers = 4\noptim = {"learning_rate": 0.5}\n')
    app, places = told(App.resolve, files="a.ini")
    assert (app.workers, app.optim.lr) == (4, 0.5)
    assert places == [("n_workers", "a.ini:2"), ("optim.learning_rate", "a.ini:3")]


def test_in_a_composed_file(jail):
    """In a profile, in `$replace`, and in a file that another one uses, each at its own place."""
    jail.write("base.yaml", "$config: 1\nnum_epochs: 3\n")
    jail.write(
        "a.yaml",
        "$config: 1\n$use: base.yaml\n$profiles:\n  long: {num_epochs: 9}\n"
        "optim: {$replace: {learning_rate: 0.5}}\n",
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RUNSETTINGS_PROFILE", "long")
        train, places = told(Train.resolve, files="a.yaml")
    assert (train.epochs, train.optim.lr) == (9, 0.5)
    assert sorted(places) == [
        ("num_epochs", "a.yaml:4:10"),
        ("num_epochs", "base.yaml:2:1"),
        ("optim.learning_rate", "a.yaml:5:20"),
    ]


@pytest.mark.parametrize(
    ("variable", "key"),
    [
        ("TRAIN_NUM_EPOCHS", "epochs"),
        ("train_num_epochs", "epochs"),
        ("TRAIN_OPTIMIZER__WARMUP", "optim.warmup"),
        ("TRAIN_OPTIM__LEARNING_RATE", "optim.lr"),
    ],
)
def test_in_a_variable(variable, key):
    """The origin is the variable that was set."""
    train, places = told(Train.resolve, environ={variable: "3"})
    assert train.get(key) == 3
    assert str(train.origin(key)) == variable
    assert [place for _, place in places] == [variable]


def test_in_a_dotenv_file(jail):
    """With the line of the file, whatever else stands there."""
    jail.write(".env", "# mine\nTRAIN_NUM_EPOCHS=3\n")
    train, places = told(Train.resolve, env_file=".env")
    assert train.epochs == 3
    assert places == [("TRAIN_NUM_EPOCHS", ".env:2")]


@pytest.mark.parametrize(
    ("words", "key"),
    [
        (["--num-epochs", "3"], "epochs"),
        (["--optimizer.warmup", "3"], "optim.warmup"),
        (["--optim.learning-rate", "3"], "optim.lr"),
        (["--set", "num_epochs=3"], "epochs"),
        (["--set", "optimizer.warmup=3"], "optim.warmup"),
    ],
)
def test_in_a_flag(words, key):
    """Flags by old names still work, and so does `--set`."""
    parser = argparse.ArgumentParser()
    Train.add_arguments(parser)
    add_config_arguments(parser)
    train, _ = told(Train.resolve, args=parse_args(parser, words))
    assert train.get(key) == 3
    assert str(train.origin(key)).startswith(" ".join(words)[:10])


def test_flags_by_old_names_are_not_in_the_help():
    """Nobody needs to learn them."""
    parser = argparse.ArgumentParser()
    Train.add_arguments(parser)
    assert "num-epochs" not in parser.format_help()


def test_in_an_absl_flag():
    """As with argparse."""
    values = flags.FlagValues()
    Train.define_flags(values)
    values(["train", "--num_epochs=3"])
    train, places = told(Train.resolve, args=values)
    assert train.epochs == 3
    assert places == [("num_epochs", "--num_epochs")]


def test_a_marker_inside_of_an_optional_type():
    """It is the field's all the same."""
    app, _ = told(App.resolve, environ={"APP_RANDOM_SEED": "3"})
    assert app.seed == 3


def test_in_a_call():
    """The origin names the argument that was passed."""
    train, places = told(Train, num_epochs=3)
    assert train.epochs == 3
    assert str(train.origin("epochs")).endswith("Train(num_epochs=)")
    assert places[0][1].endswith("Train(num_epochs=)")


def test_a_run_has_the_current_names(jail):
    """The config of the run, with the place where the old name stands."""
    jail.write("a.yaml", "num_epochs: 3\n")
    train, _ = told(Train.resolve, files="a.yaml")
    with init(config=train, mode="disabled") as run:
        assert "num_epochs" not in run.config
        assert str(run.config.origin("epochs")) == "a.yaml:1:13"


def test_the_files_of_every_run_may_have_old_names(jail):
    """The run reads them once more, and knows the keys by the names that the model has now."""
    jail.write("config-defaults.yaml", "num_epochs: 3\nother: 1\n")

    class Wide(Train):
        model_config = {"extra": "allow"}

    train, _ = told(Wide.resolve)
    with init(config=train, mode="disabled") as run:
        assert run.config.as_dict()["epochs"] == 3
        assert "num_epochs" not in run.config


@pytest.mark.parametrize(
    ("flag", "override"), [("--epochs", "num_epochs"), ("--num-epochs", "epochs")]
)
def test_a_flag_and_an_override_by_different_names(flag, override):
    """They are one key: if they differ, that is an error."""
    parser = argparse.ArgumentParser()
    Train.add_arguments(parser)
    add_config_arguments(parser)
    args = parse_args(parser, [flag, "2", "--set", f"{override}=3"])
    with pytest.raises(SettingsError, match="is set by an override and, to something else, by"):
        Train.resolve(args=args)


def test_layers_keep_their_order(jail):
    """An old name in a lower layer loses to the current name in a higher one."""
    jail.write("a.yaml", "num_epochs: 3\n")
    train, _ = told(Train.resolve, files="a.yaml", epochs=4)
    assert [leaf.value for leaf in train.history("epochs")] == [4, 3, 90]


def test_both_names_that_differ_are_an_error(jail):
    """Both places are shown."""
    jail.write("a.yaml", "epochs: 2\nnum_epochs: 3\n")
    with pytest.raises(SettingsError) as caught:
        Train.resolve(files="a.yaml")
    assert str(caught.value) == (
        "1 problem in settings\n\n"
        "  num_epochs is the old name of 'epochs', which a.yaml:1:1 sets to something else"
        " — keep 'epochs' alone\n"
        "    a.yaml:2:1\n"
        "      2 │ num_epochs: 3\n"
        "        │ ^^^^^^^^^^\n"
        "    a.yaml:1:1\n"
        "      1 │ epochs: 2\n"
        "        │ ^^^^^^"
    )


def test_two_variables_that_differ_are_an_error():
    """With the names of both."""
    with pytest.raises(SettingsError, match="TRAIN_NUM_EPOCHS is the old name of 'TRAIN_EPOCHS'"):
        Train.resolve(environ={"TRAIN_NUM_EPOCHS": "3", "TRAIN_EPOCHS": "4"})


def test_two_flags_that_differ_are_an_error():
    """Also if the old one is the last."""
    parser = argparse.ArgumentParser()
    Train.add_arguments(parser)
    args = parse_args(parser, ["--epochs", "2", "--num-epochs", "3"])
    with pytest.raises(SettingsError, match="num_epochs is the old name of 'epochs'"):
        Train.resolve(args=args)


def test_both_names_with_one_value_are_a_warning(jail):
    """As a flag and a `--set` that agree are no error."""
    jail.write("a.yaml", "epochs: 3\nnum_epochs: 3\n")
    train, places = told(Train.resolve, files="a.yaml")
    assert train.epochs == 3
    assert places == [("num_epochs", "a.yaml:2:1")]


def test_strict_refuses_old_names(jail):
    """As every warning."""
    jail.write("a.yaml", "num_epochs: 3\n")
    with pytest.raises(SettingsError, match="was renamed to 'epochs'"):
        Train.resolve(files="a.yaml", strict=True)


def test_an_old_name_in_replace():
    """Changed settings are resolved in the same way."""
    with pytest.warns(SettingsWarning, match="was renamed to 'epochs'"):
        assert Train().replace(num_epochs=3).epochs == 3


def test_an_alias_stays_the_name_that_pydantic_takes():
    """An old name beside an alias, also in a list, where pydantic alone reads the keys."""

    class Item(BaseModel):
        size: Annotated[int, Renamed("length")] = Field(default=1, alias="Size")

    class Model(LayeredSettings):
        items: list[Item] = []
        top: Annotated[int, Renamed("first")] = Field(default=1, validation_alias="TOP")

    model, _ = told(Model, first=2, items=[{"length": 3}])
    assert (model.top, model.items[0].size) == (2, 3)


def test_an_old_name_that_is_a_field_is_refused_at_the_class():
    """It would mean two things."""
    with pytest.raises(TypeError, match="has the old name 'b', which is a field too"):

        class Model(LayeredSettings):
            a: Annotated[int, Renamed("b")] = 1
            b: int = 2
