"""``magic``: what argparse, absl, OmegaConf and Hydra read is in the config, with its origin."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import pytest

from runsettings.values.errors import RunError, SettingsError


@pytest.fixture
def parser():
    """A parser with a flag and an argument."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--lr", type=float, default=0.1)
    parser.add_argument("--epochs", type=int, default=3)
    return parser


def origins(run, *keys):
    """Value and origin of keys of the config."""
    return [(run.config[key], str(run.config.origin(key)).split(" ")[-1]) for key in keys]


def test_what_argparse_parses_later_is_in_the_config(begin, monkeypatch, parser):
    """With the flag that set it, and the default of the others; the result is argparse's own."""
    monkeypatch.setattr(sys, "argv", ["train.py", "--lr", "0.5"])
    run = begin(magic=True)
    args = parser.parse_args()
    assert (type(args), vars(args)) == (argparse.Namespace, {"lr": 0.5, "epochs": 3})
    assert (run.config.as_dict(), str(run.config.origin("lr"))) == (vars(args), "--lr")
    assert run.config.origin("epochs").layer.label == "default"


def test_the_parse_of_other_words_is_no_part_of_the_config(begin, monkeypatch, parser):
    """As that of a library, or of a subparser."""
    monkeypatch.setattr(sys, "argv", ["train.py"])
    run = begin(magic=True)
    assert parser.parse_args(["--lr", "2"]).lr == 2
    assert run.config.as_dict() == {}


def test_the_words_may_come_from_an_iterator(begin, monkeypatch, parser):
    """The parser gets them all, whether they are those of the program or not."""
    monkeypatch.setattr(sys, "argv", ["train.py", "--lr", "0.5"])
    run = begin(magic=True)
    assert parser.parse_args(iter(["--lr", "2"])).lr == 2
    assert run.config.as_dict() == {}
    assert parser.parse_args(iter(["--lr", "0.5"])).lr == 0.5
    assert run.config["lr"] == 0.5


def test_a_wrong_command_line_ends_the_program_as_without_us(begin, monkeypatch, parser, capsys):
    """With argparse's message and exit code."""
    monkeypatch.setattr(sys, "argv", ["train.py", "--lr", "fast"])
    begin(magic=True)
    with pytest.raises(SystemExit) as ended:
        parser.parse_args()
    assert ended.value.code == 2
    assert "argument --lr: invalid float value: 'fast'" in capsys.readouterr().err


def test_values_that_are_set_already_stay(begin, monkeypatch, parser, capfd):
    """A warning says so, and the script goes on."""
    monkeypatch.setattr(sys, "argv", ["train.py", "--lr", "0.5"])
    run = begin(magic=True, config={"lr": 1}, settings={"disable_git": True})
    assert parser.parse_args().lr == 0.5
    assert run.config["lr"] == 1
    assert "magic: " in capfd.readouterr().err


def test_what_absl_parses_later_is_in_the_config(script):
    """With the flag that set it."""
    done = script(
        """
        from absl import app, flags
        flags.DEFINE_float("lr", 0.1, "the rate")
        sys.argv += ["--lr=0.5"]
        run = begin(magic=True)
        def main(argv):
            print(run.config["lr"], run.config.origin("lr"))
        app.run(main)
        """
    )
    assert done.stdout.split() == ["0.5", "--lr"], done.stderr


def test_the_first_file_that_omegaconf_loads_is_in_the_config(begin, jail):
    """With its lines; a second one is not."""
    omegaconf = pytest.importorskip("omegaconf", reason="the package")
    jail.write("train.yaml", "lr: 0.5\nmodel:\n  depth: 18\n")
    jail.write("other.yaml", "other: 1\n")
    run = begin(magic=True)
    assert omegaconf.OmegaConf.load("train.yaml") == {"lr": 0.5, "model": {"depth": 18}}
    omegaconf.OmegaConf.load("other.yaml")
    assert run.config.as_dict() == {"lr": 0.5, "model": {"depth": 18}}
    assert str(run.config.origin("model.depth")) == "train.yaml:3:10"


def test_what_hydra_composes_is_in_the_config(begin, jail):
    """Whole, and without Hydra's own part."""
    hydra = pytest.importorskip("hydra", reason="the package")
    jail.write("conf/train.yaml", "defaults:\n  - model: vit\n  - _self_\nlr: 0.5\n")
    jail.write("conf/model/vit.yaml", "depth: 12\n")
    run = begin(magic=True)
    with hydra.initialize_config_dir(str(jail.cwd / "conf"), version_base=None):
        hydra.compose("train", overrides=["lr=2"])
    assert run.config.as_dict() == {"lr": 2, "model": {"depth": 12}}


@pytest.mark.parametrize(
    ("line", "config"), [("lr: ???", {"depth": 3}), ("lr: ${oc.env:NO_SUCH_VARIABLE}", {})]
)
def test_what_hydra_composes_may_lack_values(begin, jail, line, config):
    """Hydra raises no error before the value is used, and so it is with magic."""
    hydra = pytest.importorskip("hydra", reason="the package")
    jail.write("conf/train.yaml", f"{line}\ndepth: 3\n")
    run = begin(magic=True)
    with hydra.initialize_config_dir(str(jail.cwd / "conf"), version_base=None):
        assert hydra.compose("train").depth == 3
    assert run.config.as_dict() == config


@pytest.mark.parametrize(
    "options",
    [{"argparse": False}, '{"argparse": false}', "magic.yaml", False],
    ids=["dict", "JSON", "YAML", "off"],
)
def test_each_part_can_be_switched_off(begin, jail, monkeypatch, parser, options):
    """By a dict, JSON, or a YAML file."""
    jail.write("magic.yaml", "argparse: false\n")
    monkeypatch.setattr(sys, "argv", ["train.py", "--lr", "0.5"])
    run = begin(magic=options)
    parser.parse_args()
    assert run.config.as_dict() == {}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"argparser": True}, "did you mean 'argparse'"),
        ({"keras": 3}, "must be true or false; got 3"),
        ('{"keras": ', "is no JSON"),
        ("missing.yaml", "missing.yaml"),
    ],
)
def test_wrong_options_are_errors(begin, jail, options, message):
    """Before anything is made; not in disabled mode."""
    with pytest.raises((RunError, SettingsError), match=message):
        begin(magic=options)
    assert not (jail.cwd / "wandb").exists()
    begin(magic=options, mode="disabled")


def test_a_wrong_option_in_a_file_has_its_place(begin, jail):
    """That of the file, and not that of the setting which names the file."""
    jail.setenv(WANDB_MAGIC="magic.yaml")
    jail.write("magic.yaml", "absl: false\nkears: false\nhydra: 3\n")
    with pytest.raises(RunError) as caught:
        begin()
    assert [(each.key, str(each.origin), each.hint) for each in caught.value.diagnostics] == [
        ("magic.kears", "magic.yaml:2:1", "did you mean 'keras'?"),
        ("magic.hydra", "magic.yaml:3:8", None),
    ]


def test_a_missing_file_is_where_it_is_named(begin, jail):
    """At the variable, or at the line of the call."""
    with pytest.raises(RunError) as caught:
        begin(magic="magi.yaml")
    (found,) = caught.value.diagnostics
    assert found.origin.call == "init(magic=)"
    assert found.origin.line is not None
    jail.setenv(WANDB_MAGIC="magi.yaml")
    jail.write("magic.yaml", "absl: false\n")
    with pytest.raises(RunError) as caught:
        begin()
    (found,) = caught.value.diagnostics
    assert (str(found.origin), found.hint) == ("WANDB_MAGIC", "did you mean 'magic.yaml'?")
    assert found.message.startswith("magi.yaml: the file does not exist in ")


def test_the_example_of_the_guide_works(jail):
    """Its config has the flag and the default."""
    example = Path(__file__).parents[2] / "examples" / "integrations" / "call_init_only.py"
    command = [sys.executable, example, "--lr", "0.5"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    lines = done.stdout.splitlines()
    assert lines[lines.index("lr = 0.5") + 1].split() == ["▸", "flag", "--lr", "0.5"]


def test_everything_is_as_before_after_the_end(begin):
    """The methods of the other packages, and how modules are found."""
    original, finders = argparse.ArgumentParser.parse_known_args, list(sys.meta_path)
    run = begin(magic=True)
    assert argparse.ArgumentParser.parse_known_args is not original
    run.finish()
    assert argparse.ArgumentParser.parse_known_args is original
    assert sys.meta_path == finders
