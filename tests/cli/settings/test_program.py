"""The options of a program, their defaults in pyproject.toml, and configs on the command line."""

from __future__ import annotations

import json
import sys

import pytest

from runsettings.cli.program_table import ProgramTable

MODEL = """
from pydantic import BaseModel
from runsettings import LayeredSettings, RunConfig

class Optim(BaseModel):
    lr: float = 0.1

class Train(RunConfig):
    model_config = {"env_prefix": "TRAIN_"}
    optim: Optim = Optim()
    epochs: int = 90
    workers: int = 1

class Serve(LayeredSettings):
    model_config = {"env_prefix": "SERVE_"}
    port: int = 80
"""


@pytest.fixture
def project(jail):
    """A typed config, a composed file with a profile, and a module of a name of its own."""
    jail.monkeypatch.setattr(sys, "path", list(sys.path))
    jail.monkeypatch.delitem(sys.modules, "program_of_tests", raising=False)
    jail.write("program_of_tests.py", MODEL)
    jail.write(
        "train.yaml",
        "$config: 1\n$use: [base.yaml]\n$profiles: {slurm: {workers: 16}}\noptim: {lr: 0.5}\n",
    )
    jail.write("base.yaml", "epochs: 10\n")
    return jail


TRAIN = ("--model", "program_of_tests:Train")


@pytest.mark.parametrize("flag", ["--file", "--config"])
def test_files_of_a_typed_config(project, run, flag):
    """Named files, profiles and overrides are read as the program reads them."""
    options = (*TRAIN, flag, "train.yaml", "--profile", "slurm", "--set", "epochs=3")
    assert run("get", "workers", *options).stdout == "16\n"
    assert run("get", "epochs", *options).stdout == "3\n"
    assert "--set epochs=3" in run("show", *options).stdout


def test_explain_shows_the_chain(project, run):
    """A value tells its profile, or which file uses its own."""
    options = (*TRAIN, "--file", "train.yaml", "--profile", "slurm")
    assert "train.yaml:3:30   profile slurm" in run("explain", "workers", *options).stdout
    explained = run("explain", "epochs", *options).stdout
    assert "base.yaml:1:9   used by train.yaml:2:8" in explained


def test_explain_lists_the_files_first(project, run):
    """Without a key, the files of a composed one are listed, the highest first."""
    output = run("explain", *TRAIN, "--file", "train.yaml", "--profile", "slurm").stdout
    assert output.startswith(
        "files, the highest first:\n"
        "  train.yaml   profile slurm\n"
        "  train.yaml\n"
        "  base.yaml   used by train.yaml:2:8\n"
        "\noptim.lr = 0.5\n"
    )


def test_env_file(project, run):
    """``--env-file`` names a file of variables, and one that is missing is an error."""
    project.write("serve.env", "SERVE_PORT=81\n")
    serve = ("--model", "program_of_tests:Serve")
    assert run("get", "port", *serve, "--env-file", "serve.env").stdout == "81\n"
    result = run("get", "port", *serve, "--env-file", "serv.env")
    assert result.exit_code == 1
    assert "serv.env" in result.stderr


class TestConfig:
    """``--config`` and ``--set`` without a model that reads them ask about the config."""

    def test_explain(self, project, run):
        """``explain`` shows the files, and then every leaf."""
        output = run("explain", "--config", "train.yaml").stdout
        assert output.startswith("files, the highest first:\n  train.yaml\n  base.yaml   used by")
        assert "epochs = 10\n  ▸ file       base.yaml:1:9   used by train.yaml:2:8" in output

    def test_explain_as_json(self, project, run):
        """The data has the shape of a model's."""
        found = json.loads(run("explain", "epochs", "--config", "train.yaml", "--json").stdout)
        assert [each["key"] for each in found] == ["epochs"]
        assert found[0]["history"][0]["used_by"] == "train.yaml:2:8"

    def test_get_and_show(self, project, run):
        """``get`` and ``show`` read the config with its overrides."""
        options = ("--config", "train.yaml", "--set", "optim.lr=3e-4")
        assert run("get", "optim.lr", *options).stdout == "0.0003\n"
        assert json.loads(run("show", "--json", *options).stdout)["optim"] == {"lr": 3e-4}

    @pytest.mark.parametrize("command", ["get", "explain"])
    def test_unknown_key(self, project, run, command):
        """A key that the config has not is an error with a proposal."""
        result = run(command, "epoch", "--config", "train.yaml")
        assert result.exit_code == 1
        assert "did you mean 'epochs'" in result.stderr

    def test_check(self, project, run):
        """``check`` reports a wrong override and a wrong file together."""
        project.write("base.yaml", "epochs: 10\nepochs: 20\n")
        result = run("check", "--config", "train.yaml", "--set", "epcohs=3")
        assert result.exit_code == 1
        assert "base.yaml:2:1" in result.stdout
        assert "did you mean 'epochs'" in result.stdout

    def test_check_of_the_config_alone(self, project, run):
        """``--no-settings`` leaves the config of the options to be checked."""
        result = run("check", "--no-settings", "--config", "train.yaml")
        assert (result.exit_code, result.stdout) == (0, "no problems in config\n")

    def test_lock_refuses(self, project, run):
        """A lock file holds settings: without a model for the config there are none."""
        result = run("lock", "--config", "train.yaml")
        assert result.exit_code == 1
        assert "--model" in result.stderr


@pytest.mark.parametrize(
    "command", [["show"], ["get", "port"], ["explain"], ["explain", "port"], ["lock"], ["places"]]
)
def test_a_profile_without_a_file(project, run, command):
    """It is the error that it is with a file, although nothing is read that could have profiles."""
    result = run(*command, "--model", "program_of_tests:Serve", "--profile", "slurm")
    assert result.exit_code == 1
    assert "no file has a profile 'slurm'" in result.stderr
    assert "--profile slurm" in result.stderr


def test_a_profile_that_a_settings_file_has(project, run):
    """The file of the flag ``--settings-file`` can be composed as well."""
    project.write("serve.yaml", "$config: 1\n$profiles: {slurm: {port: 8080}}\n")
    options = ("--model", "program_of_tests:Serve", "--settings-file", "serve.yaml")
    assert run("get", "port", *options, "--profile", "slurm").stdout == "8080\n"


@pytest.mark.parametrize(
    "command",
    [["show"], ["show", "--json"], ["get", "note"], ["explain", "note"], ["explain", "--json"]],
)
def test_a_secret_in_a_config_is_masked(project, run, command):
    """As a run with these settings would mask it."""
    project.setenv(WANDB_API_KEY="0123456789abcdef0123456789abcdef01234567")
    project.write("plain.yaml", "note: key 0123456789abcdef0123456789abcdef01234567\n")
    result = run(*command, "--config", "plain.yaml")
    assert "key ***" in result.stdout
    assert "0123456789abcdef" not in result.output


def test_a_config_is_explained_as_json_that_any_reader_accepts(project, run):
    """JSON has no NaN."""
    project.write("plain.yaml", "best: .nan\nworst: -.inf\n")
    output = run("explain", "--json", "--config", "plain.yaml").stdout
    found = json.loads(output, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert [(each["key"], each["value"]) for each in found] == [
        ("best", "NaN"),
        ("worst", "-Infinity"),
    ]


class TestCheck:
    """``check`` of a program."""

    def test_of_a_typed_config(self, project, run):
        """What is wrong in each file, override and variable is told at once."""
        project.write("base.yaml", "epochs: many\n")
        project.setenv(TRAIN_WORKERS="few")
        result = run("check", *TRAIN, "--file", "train.yaml", "--set", "optim.rl=3")
        assert result.exit_code == 1
        for place in ("base.yaml:1:9", "TRAIN_WORKERS", "--set optim.rl=3"):
            assert place in result.stdout

    def test_profile_of_files(self, project, run):
        """``--profile`` counts for the checked files that have profiles."""
        project.write("plain.yaml", "a: 1\n")
        assert run("check", "train.yaml", "plain.yaml", "--profile", "slurm").exit_code == 0
        result = run("check", "train.yaml", "plain.yaml", "--profile", "slrum")
        assert result.stdout.count("did you mean 'slurm'") == 1


class TestProject:
    """``[tool.runsettings.program]``."""

    @pytest.fixture
    def table(self, project):
        """A project that names its program."""
        return project.write(
            "pyproject.toml",
            "[tool.runsettings.program]\n"
            'model = "program_of_tests:Train"\nfiles = ["train.yaml"]\n'
            'set = ["epochs=4"]\nprofiles = ["slurm"]\n',
        )

    def test_defaults(self, table, run):
        """Commands ask what the project's program asks."""
        assert run("get", "workers").stdout == "16\n"
        assert run("get", "epochs").stdout == "4\n"
        assert run("check").exit_code == 0

    def test_below_the_directory(self, table, run, jail):
        """The files and the module are found from a directory below."""
        (jail.cwd / "below").mkdir()
        jail.monkeypatch.chdir(jail.cwd / "below")
        assert run("get", "workers").stdout == "16\n"

    def test_an_option_replaces_its_default(self, table, run):
        """Each kind of option given replaces the project's own."""
        assert run("get", "epochs", "--set", "epochs=5").stdout == "5\n"

    def test_another_model_has_none_of_them(self, table, run):
        """The project's files are not those of another model."""
        assert run("get", "port", "--model", "program_of_tests:Serve").stdout == "80\n"

    def test_it_is_no_setting(self, table, run):
        """The run's own settings do not take the table for one of theirs."""
        assert run("get", "mode", "--model", "runsettings:Settings").exit_code == 0

    def test_wrong_key(self, project, run):
        """A misspelt key of the table is an error with its place."""
        project.write("pyproject.toml", "[tool.runsettings.program]\nfile = 'a'\n")
        result = run("get", "mode")
        assert result.exit_code == 1
        assert "pyproject.toml:2:1" in result.stderr
        assert "did you mean 'files'" in result.stderr

    def test_settings_of_the_run(self, table, run):
        """A key that only the run's settings have tells how to ask for them."""
        assert "--model runsettings:Settings" in run("get", "entity").stderr

    def test_schema(self, table, run):
        """The schema is that of the project's model."""
        assert '"epochs"' in run("schema").stdout
        own = run("schema", "--model", "program_of_tests:Serve")
        assert '"port"' in own.stdout

    def test_lock(self, table, run, jail):
        """The lock file has the files of the chain."""
        assert run("lock").exit_code == 0
        lock = json.loads((jail.cwd / "settings.lock").read_text())
        assert lock["files"].keys() == {"train.yaml", "base.yaml"}
        jail.write("base.yaml", "epochs: 10 # ten\n")
        assert "base.yaml changed" in run("check", "--locked").stdout


@pytest.mark.parametrize("command", ["show", "check", "lock", "explain", "schema", "get", "places"])
def test_a_wrong_key_of_the_table_names_the_table(jail, run, command):
    """Not the class that reads it, which nobody outside of this library knows."""
    jail.write("pyproject.toml", '[tool.runsettings.program]\nmodle = "train:Train"\n')
    result = run(command, *(["mode"] if command in ("explain", "get") else []))
    text = "modle is not a key of [tool.runsettings.program] — did you mean 'model'?"
    assert text in result.output
    assert "pyproject.toml:2:1" in result.output
    assert result.exit_code == 1


def test_a_wrong_model_of_the_table_has_its_line(jail, run):
    """The option ``--model`` was not given, so it is not what is wrong."""
    jail.write("pyproject.toml", '[tool.runsettings.program]\nmodel = "train.Train"\n')
    result = run("show")
    assert result.exit_code == 2
    assert "Invalid value for model in pyproject.toml:2:9: 'train.Train'" in result.stderr


def test_a_misspelt_table_of_the_commands(jail, run):
    """It would be taken for a setting."""
    jail.write("pyproject.toml", '[tool.runsettings.progam]\nmodel = "train:Train"\n')
    result = run("show")
    assert "progam is not a key of [tool.runsettings] — did you mean 'program'?" in result.stderr


def test_a_wrong_key_of_the_table_of_settings(jail, run):
    """Also there, the message names the table."""
    jail.write("pyproject.toml", '[tool.runsettings]\nprojct = "x"\n')
    assert "projct is not a key of [tool.runsettings] — did you mean" in run("check").output


def test_a_schema_takes_the_options_of_the_program(project, run):
    """They are those of the other commands, and change nothing in it: the types make the schema."""
    options = ("--file", "train.yaml", "--profile", "slurm", "--set", "epochs=3")
    result = run("schema", *TRAIN, *options)
    assert result.exit_code == 0, result.output
    assert result.stdout == run("schema", *TRAIN).stdout


@pytest.mark.parametrize("command", ["show", "check", "lock"])
@pytest.mark.parametrize("file", [(), ("--file", "seed.yaml"), ("--set", "seed=1")])
def test_a_missing_value_without_a_file(jail, run, command, file):
    """Where no file was named, it is said that none was read."""
    jail.write(
        "needing.py",
        "from runsettings import RunConfig\nclass Need(RunConfig):\n    seed: int\n    lr: float\n",
    )
    jail.write("seed.yaml", "seed: 1\n")
    result = run(command, "--model", "needing:Need", *file)
    assert "lr is required" in result.output
    assert ("no file of the program was read" in result.stderr) is (not file)


@pytest.mark.parametrize("command", ["show", "explain", "get", "check", "lock"])
def test_wrong_flags_of_the_table(project, run, command):
    """Nobody typed them, so their line is told; that of a flag that was typed is not."""
    project.write(
        "pyproject.toml",
        "[tool.runsettings.program]\nmodel = 'program_of_tests:Train'\n"
        "set = ['workers=2', 'epochs=x']\nprofiles = ['slrum']\nconfig = ['none.yaml']\n",
    )
    words = [command, *(["epochs"] if command in ("explain", "get") else [])]
    output = run(*words).output
    assert "none.yaml: the file does not exist" in output
    for place in ("3:21", "4:13", "5:11"):
        assert f"    pyproject.toml:{place}\n" in output
    output = run(*words, "--set", "epochs=x", "--config", "train.yaml").output
    assert "    --set epochs=x\n" in output
    assert "    pyproject.toml:4:13\n" in output
    output = run(*words, "--set", "epochs=x", "--profile", "x", "--config", "no").output
    assert "pyproject.toml" not in output


@pytest.mark.parametrize("key", ["files", "env_files"])
@pytest.mark.parametrize("command", ["show", "check", "lock"])
def test_a_missing_file_of_the_table(project, run, command, key):
    """Its line is told, and not the options that might name a file too."""
    project.write(
        "pyproject.toml",
        "[tool.runsettings.program]\nmodel = 'program_of_tests:Train'\n"
        f"{key} = ['train.yaml', 'none.yaml']\n",
    )
    project.write("train.yaml", "")
    output = run(command).output
    assert output.startswith("1 problem in settings\n\n  none.yaml: the file does not exist")
    assert output.endswith(f"\n    pyproject.toml:3:{len(key) + 19}\n")


@pytest.mark.parametrize("command", ["show", "explain", "get", "check", "lock"])
def test_a_wrong_key_of_the_table_hides_no_other_error(project, run, command):
    """All is told at once; a value is not called missing, which the wrong key may name."""
    project.write(
        "program_of_tests.py", MODEL.replace("epochs: int = 90", "epochs: int = 90\n    seed: int")
    )
    project.write("base.yaml", "epochs: many\n")
    project.write(
        "pyproject.toml",
        "[tool.runsettings.program]\nmodel = 'program_of_tests:Train'\n"
        "config = ['base.yaml']\nprofils = ['slurm']\nenv_files = ['no.env']\n",
    )
    words = [command, *(["epochs"] if command in ("explain", "get") else [])]
    result = run(*words)
    assert "3 problems in settings" in result.output
    for place in ("pyproject.toml:4:1", "pyproject.toml:5:14", "base.yaml:1:9"):
        assert f"    {place}\n" in result.output
    assert "did you mean 'profiles'?" in result.output
    assert "seed" not in result.output


def test_check_reports_both_tables(jail, run):
    """Also in every format, and whatever rules were selected: nothing else can be checked."""
    jail.write(
        "pyproject.toml",
        '[tool.runsettings.program]\nmodle = "a:B"\n[tool.runsettings.check]\nignroe = ["x"]\n',
    )
    result = run("check", "--json", "--select", "yaml-scalar", "a.yaml")
    found = [(each["key"], each["line"]) for each in json.loads(result.stdout)["diagnostics"]]
    assert (found, result.exit_code) == ([("modle", 2), ("ignroe", 4)], 1)
    jail.write("a.yaml", "a: 089\n")
    assert run("check", "--fix", "a.yaml").exit_code == 1
    assert (jail.cwd / "a.yaml").read_text() == "a: 089\n"


@pytest.mark.parametrize("key", sorted(ProgramTable.model_fields))
def test_a_key_of_the_program_in_the_table_of_settings_is_told_its_table(jail, run, key):
    """`model` is not a slip of `mode` there."""
    value = '"train:Train"' if key == "model" else '["a"]'
    jail.write("pyproject.toml", f"[tool.runsettings]\n{key} = {value}\n")
    hint = "it belongs to [tool.runsettings.program]"
    assert f"{key} is not a key of [tool.runsettings] — {hint}" in run("show").stderr
