"""What a person is told who wrote nearly the right thing."""

from __future__ import annotations

import argparse
import inspect
import pickle

import pytest
from absl import flags as absl_flags
from pydantic import BaseModel

import runsettings
from runsettings import LayeredSettings, Settings, SettingsError, SettingsWarning


class Optim(BaseModel):
    """A nested model."""

    lr: float = 0.1
    name: str = "adam"


class Digits(LayeredSettings):
    """A model with a prefix and a delimiter."""

    model_config = {"env_prefix": "DIGITS_", "env_nested_delimiter": "__"}
    optim: Optim = Optim()
    epochs: int = 10


def told(call, *values, **named) -> str:
    """The message of the error that a call raises."""
    with pytest.raises(SettingsError) as caught:
        call(*values, **named)
    return str(caught.value)


def test_a_missing_file_tells_its_directory_and_who_named_it(jail):
    """In the call, and by the flag; with the file that was probably meant."""
    jail.write("train.yaml", "epochs: 3\n")
    message = told(Digits.resolve, files=["trian.yaml"])
    assert f"trian.yaml: the file does not exist in {jail.cwd}" in message
    assert "Digits.resolve(files=)" in message
    assert "did you mean 'train.yaml'?" in message
    parser = argparse.ArgumentParser()
    Digits.add_arguments(parser)
    args = runsettings.parse_args(parser, ["--settings-file", "trian.yaml"])
    assert "    --settings-file trian.yaml" in told(Digits.resolve, args=args)


@pytest.mark.parametrize(
    ("name", "text", "hint"),
    [
        ("dotted.yaml", "optim.lr: 3\n", "optim: {lr: …}"),
        ("dotted.json", '{"optim.lr": 3}', '"optim": {"lr": …}'),
        ("dotted.toml", '"optim.lr" = 3\n', "optim.lr = …"),
    ],
)
def test_a_dotted_key_in_a_file_is_to_be_nested(jail, name, text, hint):
    """Where the keys exist, the hint shows how they nest in this format."""
    jail.write(name, text)
    assert f"nest it: {hint}" in told(Digits.resolve, files=[name])


@pytest.mark.parametrize(
    ("variable", "meant"),
    [
        ("DIGITS_OPTM__LR", "DIGITS_OPTIM__LR"),
        ("DIGITS_OPTM__NAME", "DIGITS_OPTIM__NAME"),
        ("DIGITS_OPTIMM__LR", "DIGITS_OPTIM__LR"),
        ("DIGITS_EPOHCS", "DIGITS_EPOCHS"),
    ],
)
def test_a_variable_that_misses_a_nested_key_proposes_the_whole_name(variable, meant):
    """The proposal can be copied as it is."""
    with pytest.warns(SettingsWarning, match=f"did you mean '{meant}'"):
        Digits.resolve(environ={variable: "3"})


def test_a_misspelt_argument_of_resolve_is_told_apart_from_settings():
    """Every other keyword of `resolve` is a setting, so that only a hint can tell."""
    parameters = inspect.signature(Digits.resolve).parameters.values()
    named = [each.name for each in parameters if each.kind is each.KEYWORD_ONLY]
    for name in named:
        assert f"did you mean {name!r}?" in told(Digits.resolve, **{f"{name}s": 1})


def test_a_number_where_a_text_is_wanted_is_to_be_quoted(jail):
    """In a file, and there alone."""
    jail.write("train.yaml", "project: 123\nrun_tags: [7]\n")
    message = told(Settings.resolve, files=["train.yaml"])
    assert 'quote it: "123"' in message
    assert 'quote it: "7"' in message
    assert "quote it" not in told(Settings, project=123)


@pytest.mark.parametrize("settings", [Settings, Digits])
def test_a_misspelt_attribute_proposes_a_field(settings):
    """Of settings of ours and of one's own; private and special names are left alone."""
    wrong, right = ("projct", "project") if settings is Settings else ("epohcs", "epochs")
    with pytest.raises(AttributeError, match=f"no attribute '{wrong}' — did you mean '{right}'"):
        getattr(settings(), wrong)
    assert not hasattr(settings(), "_projct")
    assert pickle.loads(pickle.dumps(settings())) == settings()


@pytest.mark.parametrize("tag", ["a\nb", "a\r\nb", "a\u2028b", "a\n"])
def test_a_line_break_in_a_tag_is_refused(tag):
    """A tag is one line."""
    message = told(Settings, run_tags=[tag])
    assert "run_tags: " in message


def test_absl_flags_have_to_be_parsed_first():
    """Otherwise the command line would be passed over without a word."""
    values = absl_flags.FlagValues()
    Digits.define_flags(values)
    assert "the absl flags are not parsed yet" in told(Digits.resolve, args=values)
    values(["train.py", "--epochs=3"])
    assert Digits.resolve(args=values).epochs == 3


def test_a_dotted_key_of_a_config_is_told_how_to_write_it():
    """Where the keys exist; otherwise nothing is proposed."""
    config = runsettings.Config.load([{"optim": {"name": "adam"}}])
    with pytest.raises(KeyError, match=r"write config\['optim'\]\['name'\]"):
        config["optim.name"]
    with pytest.raises(KeyError) as caught:
        config["optim.nothing"]
    assert "write" not in str(caught.value)
