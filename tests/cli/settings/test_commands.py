"""``show``, ``explain`` and ``get``; other models; and secrets, which no command prints."""

from __future__ import annotations

import json
import sys

import pytest
import yaml

from runsettings.models.settings import Settings

CANARY = "c4n4ry-5ecret-9876543210"


# --- show ------------------------------------------------------------------------------------


def test_show_prints_key_value_layer_and_place(jail, run):
    """Each setting is one line, with where it was set."""
    jail.write_workspace("[default]\nproject = capsules\n")
    jail.setenv(WANDB_MODE="offline")
    lines = run("show").stdout.splitlines()
    cells = {line.split()[0]: line.split()[1:] for line in lines}
    assert cells["project"] == ["'capsules'", "workspace", "wandb/settings:2"]
    assert cells["mode"] == ["'offline'", "env", "WANDB_MODE"]
    assert cells["entity"] == ["None", "default"]


def test_show_changed_leaves_defaults_out(jail, run):
    """``--changed`` tells only what somebody set."""
    jail.setenv(WANDB_MODE="offline")
    assert run("show", "--changed").stdout == "mode  'offline'  env  WANDB_MODE\n"


def test_show_changed_of_nothing_says_so(run):
    """Where everything is at its default, a person is told; data stays data."""
    result = run("show", "--changed")
    assert (result.stdout, result.stderr) == ("", "note: all settings are at their defaults\n")
    result = run("show", "--changed", "--json")
    assert (result.stdout, result.stderr) == ("{}\n", "")


def test_show_prints_no_reprs_of_python(jail, run):
    """Paths, enums and durations are shown as they are written in a settings file."""
    jail.monkeypatch.setattr(sys, "path", list(sys.path))
    jail.write(
        "typed.py",
        "import datetime, enum, pathlib\n"
        "from runsettings import LayeredSettings\n"
        "class Sched(enum.Enum):\n"
        "    cos = 'cosine'\n"
        "class Typed(LayeredSettings):\n"
        "    data: pathlib.Path = pathlib.Path('data')\n"
        "    sched: Sched = Sched.cos\n"
        "    wait: datetime.timedelta = datetime.timedelta(minutes=5)\n",
    )
    rows = [line.split()[:2] for line in run("show", "--model", "typed:Typed").stdout.splitlines()]
    assert rows == [["data", "'data'"], ["sched", "'cosine'"], ["wait", "'PT5M'"]]


@pytest.mark.parametrize("command", ["get", "explain", "unset"])
def test_name_of_a_variable_brings_up_its_key(run, command):
    """Who asks for ``WANDB_PROJECT`` is told which key it sets."""
    result = run(command, "WANDB_PROJECT")
    assert result.exit_code == 1
    assert "this variable sets 'project'" in result.stderr


def test_show_json_is_the_settings_as_an_object(jail, run):
    """The JSON has every field, as plain data."""
    jail.setenv(WANDB_TAGS="a,b")
    data = json.loads(run("show", "--json").stdout)
    assert data == Settings().to_dict()
    assert data["run_tags"] == ["a", "b"]


def test_show_json_tells_origins_when_asked(jail, run):
    """With ``--origins`` each value stands beside its place."""
    jail.write_workspace("[default]\nproject = capsules\n")
    data = json.loads(run("show", "--json", "--origins", "--changed").stdout)
    origin = {"layer": "workspace", "where": "wandb/settings", "line": 2}
    assert data == {"project": {"value": "capsules", "origin": origin}}


@pytest.mark.parametrize("text", ["1e-3", "no", "012", "0x1f", "null", "12:30", "a: b", "# x"])
def test_show_yaml_reads_back_as_the_same_settings(jail, run, text):
    """Texts that YAML 1.1 or 1.2 takes for something else are quoted, for both."""
    jail.setenv(WANDB_ENTITY=text)
    printed = run("show", "--yaml", "--changed").stdout
    assert yaml.safe_load(printed) == {"entity": text}
    file = jail.write("s.yaml", printed)
    assert Settings.resolve(files=[file], environ={"HOME": str(jail.home)}).entity == text


def test_show_refuses_two_formats(run):
    """JSON and YAML at once is wrong usage."""
    assert run("show", "--json", "--yaml").exit_code == 2


def test_show_of_broken_settings_is_all_their_errors(jail, run):
    """Broken settings are told on the standard error, with status 1."""
    jail.setenv(WANDB_MODE="offlin", WANDB_RUN_ID="exp/1")
    result = run("show")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("2 problems in settings\n")
    assert "did you mean 'offline'?" in result.stderr
    assert "WANDB_RUN_ID" in result.stderr


def test_show_reads_a_settings_file_as_a_flag_would(jail, run):
    """``--settings-file`` is the flag of the same name."""
    jail.write("s.yaml", "project: named\n")
    jail.setenv(WANDB_PROJECT="variable")
    result = run("show", "--changed", "--settings-file", "s.yaml")
    assert result.stdout == "project  'named'  flag  s.yaml:1:10\n"


def test_show_on_a_terminal_has_a_header(jail, on_terminal):
    """A terminal gets column names, and a value is no markup."""
    jail.setenv(WANDB_PROJECT="[bold]x", TERM="xterm", COLUMNS="200")
    text = on_terminal("show", "--changed")
    assert "key" in text.splitlines()[0]
    assert "[bold]x" in text


# --- explain and get -------------------------------------------------------------------------


def test_explain_tells_winner_and_losers(jail, run):
    """All who set a key are listed in the order of the layers."""
    jail.write_user("[default]\nproject = user\n")
    jail.write("pyproject.toml", '[tool.runsettings]\nproject = "pyproject"\n')
    jail.write_workspace("[default]\nproject = workspace\n")
    jail.setenv(WANDB_PROJECT="variable")
    lines = run("explain", "project").stdout.splitlines()
    assert lines[0] == "project = 'variable'"
    assert [line.split()[-1] for line in lines[1:]] == [
        "'variable'",
        "'workspace'",
        "'pyproject'",
        "'user'",
        "None",
    ]


def test_explain_without_a_key_tells_all(run):
    """Every setting has its paragraph."""
    assert len(run("explain").stdout.split("\n\n")) == len(Settings.model_fields)


def test_explain_as_json_is_the_history(jail, run):
    """Machines get the same history as data."""
    jail.setenv(WANDB_MODE="offline")
    (explained,) = json.loads(run("explain", "mode", "--json").stdout)
    assert [leaf["layer"] for leaf in explained["history"]] == ["env", "default"]


@pytest.mark.parametrize(
    ("variables", "key", "printed"),
    [
        ({"WANDB_PROJECT": "a b"}, "project", "a b"),
        ({"WANDB_TAGS": "a, b"}, "run_tags", "a,b"),
        ({"WANDB_QUIET": "1"}, "quiet", "true"),
        ({}, "quiet", "false"),
        ({}, "entity", ""),
        ({"WANDB_MAGIC": '{"absl": true}'}, "magic", '{"absl": true}'),
        ({"WANDB_MODE": "offline"}, "Mode".lower(), "offline"),
        ({"WANDB_NAME": "x"}, "run-name", "x"),
        ({"WANDB_API_KEY": CANARY}, "api_key", "***"),
    ],
)
def test_get_prints_the_plain_value(jail, run, variables, key, printed):
    """A value is printed as ``set`` takes it, and a secret is not."""
    jail.setenv(**variables)
    result = run("get", key)
    assert (result.exit_code, result.stdout) == (0, printed + "\n")


@pytest.mark.parametrize("command", ["get", "explain", "unset"])
def test_unknown_key_is_an_error_with_a_guess(run, command):
    """A misspelt key gets the key that was meant."""
    result = run(command, "projct")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "projct is not a key of Settings — did you mean 'project'?" in result.stderr


# --- models of one's own ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "tags", "printed"),
    [
        ('["a", "b"]', ["a", "b"], "a,b\n"),
        ('["a,b"]', ["a,b"], '["a,b"]\n'),
        ("[a], b", ["[a]", "b"], '["[a]", "b"]\n'),
        ("[1, 2]", ["[1", "2]"], '["[1", "2]"]\n'),
    ],
)
def test_list_of_texts_may_be_json(jail, run, text, tags, printed):
    """A JSON list is a list wherever commas are, and what ``get`` prints is read alike."""
    assert run("set", "run_tags", text).exit_code == 0
    assert json.loads(run("show", "--json").stdout)["run_tags"] == tags
    assert run("get", "run_tags").stdout == printed
    assert run("set", "run_tags", printed.rstrip()).exit_code == 0
    assert json.loads(run("show", "--json").stdout)["run_tags"] == tags


def test_get_reaches_what_dumps_leave_out(jail, run):
    """A key inside of any kind of value is printed, also one that its class keeps out of dumps."""
    jail.write(
        "odd.py",
        "from pydantic import BaseModel, Field\n"
        "from runsettings import LayeredSettings\n"
        "class Step(BaseModel):\n"
        "    size: int = Field(2, exclude=True)\n"
        "class Odd(LayeredSettings):\n"
        "    hidden: int = Field(1, exclude=True)\n"
        "    steps: list[Step] = [Step()]\n"
        "    names: dict[int, str] = {3: 'x'}\n",
    )
    keys = ("hidden", "steps.0.size", "names.3")
    assert [run("get", key, "--model", "odd:Odd").stdout for key in keys] == ["1\n", "2\n", "x\n"]


def test_model_of_ones_own_is_shown(training):
    """``--model`` serves any LayeredSettings class, nested keys and all."""
    rows = [line.split() for line in training("show").stdout.splitlines()]
    assert ["optim.lr", "0.1", "default"] in rows
    assert training("get", "optim.lr").stdout == "0.1\n"
    assert training("get", "optim").stdout == '{"lr": 0.1, "betas": []}\n'


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("nowhere", "is not of the form module:name"),
        ("broken_model.X", "of the form module:name — did you mean 'broken_model:X'?"),
        ("nowhere:X", "there is no module 'nowhere'"),
        ("brokn_model:X", "or among the installed packages — did you mean 'broken_model'?"),
        ("json:dumpz", "there is no 'dumpz' in it — did you mean 'dump'?"),
        ("json:dumps", "is not a LayeredSettings class"),
        ("broken_model:X", "importing 'broken_model' failed: ZeroDivisionError"),
        ("exiting_model:X", "importing 'exiting_model' ran the script, which exited; put what"),
        ("lacking_model:X", "importing 'lacking_model' failed: No module named 'nowhere_else'"),
    ],
)
def test_model_that_cannot_be_had_is_wrong_usage(jail, run, reference, message):
    """Each way in which ``--model`` can be wrong is told."""
    jail.monkeypatch.setattr(sys, "path", list(sys.path))
    jail.write("broken_model.py", "1 / 0\n")
    jail.write("exiting_model.py", "raise SystemExit(0)\n")
    jail.write("lacking_model.py", "import nowhere_else\n")
    result = run("show", "--model", reference)
    assert result.exit_code == 2
    assert message in " ".join(result.stderr.split())


# --- secrets ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "layer", ["site", "user", "pyproject", "workspace", "settings.yaml", "env", "flag"]
)
@pytest.mark.parametrize("broken", [False, True])
@pytest.mark.parametrize(
    "command",
    [
        ("show",),
        ("show", "--json"),
        ("show", "--yaml", "--origins"),
        ("show", "--json", "--origins", "--changed"),
        ("explain",),
        ("explain", "api_key"),
        ("explain", "api_key", "--json"),
        ("get", "api_key"),
        ("get", "project"),
        ("set", "project", "x"),
        ("set", "api_key", "-"),
        ("unset", "api_key"),
        ("unset", "api_key", "--user"),
        ("unset", "api_key", "--pyproject"),
    ],
    ids=" ".join,
)
def test_canary_appears_in_no_output(jail, run, layer, broken, command):
    """A secret of any layer, sound or broken, is in nothing that a command prints."""
    secret = f"{CANARY} x" if broken else CANARY
    if layer == "site":
        jail.write_site(f"[default]\napi_key = {secret}\n")
    elif layer == "user":
        jail.write_user(f"[default]\napi_key = {secret}\n")
    elif layer == "pyproject":
        jail.write("pyproject.toml", f'[tool.runsettings]\napi_key = "{secret}"\n')
    elif layer == "workspace":
        jail.write_workspace(f"[default]\napi_key = {secret}\n")
    elif layer == "settings.yaml":
        jail.write("wandb/settings.yaml", f"api_key: {secret}\n")
    elif layer == "env":
        jail.setenv(WANDB_API_KEY=secret)
    else:
        jail.write("s.yaml", f"api_key: {secret}\n")
        if command[0] in {"show", "explain", "get"}:
            command = (*command, "--settings-file", "s.yaml")
    result = run(*command, input=f"{CANARY}-new")
    assert result.exit_code in {0, 1}
    assert "c4n4ry" not in result.output


@pytest.mark.parametrize(
    "wrong", [{"WANDB_MODE": "offlin"}, {"WANDB_MODE": "x", "WANDB_QUIET": "maybe"}]
)
def test_a_key_is_explained_while_others_are_wrong(jail, run, wrong):
    """Who looks for the cause of one problem need not mend another one first."""
    jail.write_workspace("[default]\nproject = file\n")
    jail.setenv(WANDB_PROJECT="night", **wrong)
    result = run("explain", "project")
    assert result.exit_code == 0
    assert result.stdout.startswith("project = 'night'\n")
    assert "workspace  wandb/settings:2" in result.stdout
    problems = "a problem" if len(wrong) == 1 else "2 problems"
    told = f"note: the settings have {problems} elsewhere; `runsettings show` lists them\n"
    assert result.stderr == told
    assert json.loads(run("explain", "project", "--json").stdout)[0]["value"] == "night"


@pytest.mark.parametrize("arguments", [["mode"], []])
def test_a_wrong_key_itself_is_not_explained(jail, run, arguments):
    """Nor are all keys, of which it is one."""
    jail.setenv(WANDB_MODE="offlin")
    result = run("explain", *arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "did you mean 'offline'?" in result.stderr


def test_nested_keys_are_explained_beside_wrong_ones(jail, training):
    """A wrong leaf takes neither its siblings nor its parents' siblings along."""
    text = "[tool.train]\nsteps = 5\noptim = {lr = 'high', betas = [1]}\n"
    jail.write("pyproject.toml", text)
    assert training("explain", "optim.betas").stdout.startswith("optim.betas = [1.0]\n")
    assert training("explain", "steps").stdout.startswith("steps = 5\n")
    assert training("explain", "optim.lr").exit_code == 1
    assert training("explain", "optim").exit_code == 1


@pytest.mark.parametrize("key", ["batch-size", "batch_size", "batchSize"])
def test_a_wrong_key_is_not_explained_by_any_of_its_names(jail, run, key):
    """Its default would be a wrong answer."""
    jail.monkeypatch.setattr(sys, "path", list(sys.path))
    jail.write(
        "aliased.py",
        "from pydantic import AliasChoices, Field\n"
        "from runsettings import LayeredSettings\n"
        "class Aliased(LayeredSettings):\n"
        "    model_config = {'env_prefix': 'X_'}\n"
        "    size: int = Field(8, validation_alias=AliasChoices('batch_size', 'batchSize'))\n"
        "    steps: int = 1\n",
    )
    jail.setenv(BATCH_SIZE="many")
    result = run("explain", key, "--model", "aliased:Aliased")
    assert (result.exit_code, result.stdout) == (1, "")
    assert run("explain", "steps", "--model", "aliased:Aliased").exit_code == 0


def test_an_unknown_key_is_told_while_others_are_wrong(jail, run):
    """That is what was asked for."""
    jail.setenv(WANDB_MODE="offlin")
    result = run("explain", "projct")
    assert result.exit_code == 1
    assert "projct is not a key of Settings — did you mean 'project'?" in result.stderr


@pytest.mark.parametrize(
    "command", ["set epochs 3", "unset epochs", "get epochs", "explain epochs", "set optim.lr 1"]
)
def test_an_unknown_key_leads_to_models_of_ones_own(run, command):
    """Hyperparameters are keys of a model that only ``--model`` names."""
    result = run(*command.split())
    assert result.exit_code == 1
    assert "is not a key of Settings — `runsettings show` lists the keys; " in result.stderr
    assert "for a model of your own, give --model module:Class" in result.stderr


def test_a_misspelt_key_is_told_what_was_meant(run, training):
    """Better advice is not replaced, nor is that of a model that was named."""
    assert "did you mean 'project'?" in run("get", "projct").stderr
    assert "--model" not in run("get", "projct").stderr
    assert "--model" not in training("get", "zzz").stderr


@pytest.mark.parametrize("text", ['"offline"', "'offline'", '"offlin"'])
def test_quotes_in_an_ini_file_are_part_of_a_value(jail, run, text):
    """Who knows TOML quotes texts; INI takes the quotes for letters."""
    jail.write_workspace(f"[default]\nmode = {text}\n")
    bare = text[1:-1]
    assert f"INI has no quotes: write {bare}\n" in run("show").stderr


@pytest.mark.parametrize("text", ['"offline', "offlin", '"', "offlin'"])
def test_one_quote_is_no_pair(jail, run, text):
    """It is a slip of another kind."""
    jail.write_workspace(f"[default]\nmode = {text}\n")
    assert "INI has no quotes" not in run("show").stderr


@pytest.mark.parametrize(
    "wrong", ["mode = offlin", "mode = offlin\nnot a line", "run_id = a/b\nquiet = perhaps"]
)
def test_a_key_is_printed_while_others_are_wrong(jail, run, wrong):
    """The value goes to the standard output, and the errors to the standard error."""
    jail.write("wandb/settings", f"[default]\nproject = x\n{wrong}\n")
    result = run("get", "project")
    assert result.exit_code == 1
    assert result.stdout == "x\n"
    assert "in settings\n" in result.stderr
    assert "wandb/settings:3" in result.stderr


@pytest.mark.parametrize("command", ["get", "explain"])
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--file", "trian.yaml"], "    --file trian.yaml\n"),
        (["--settings-file", "trian.yaml"], "    --settings-file trian.yaml\n"),
        (["--env-file", "trian.yaml"], "    --env-file trian.yaml\n"),
        (["--config", "trian.yaml"], "    --config trian.yaml\n"),
        (["--file", "torn.yaml"], "not YAML"),
        (["--file", "train.yaml", "--profile", "nope"], "no file has a profile 'nope'"),
    ],
)
def test_a_file_that_may_have_the_key_must_be_readable(jail, run, command, options, expected):
    """A key is neither printed nor explained where a file that may set it cannot be read."""
    jail.write("train.yaml", "group: g\n")
    jail.write("torn.yaml", "project: [\n")
    result = run(command, "project", *options)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert expected in result.stderr


@pytest.mark.parametrize("command", ["get", "explain"])
def test_the_name_of_a_variable_is_no_key_while_others_are_wrong(jail, run, command):
    """The hint names the key of the variable, also where another setting is wrong."""
    jail.setenv(WANDB_MODE="offlin")
    result = run(command, "WANDB_PROJECT")
    assert result.exit_code == 1
    assert "this variable sets 'project'" in result.stderr


def test_quotes_elsewhere_are_not_told_as_those_of_ini(jail, run):
    """Variables and TOML have rules of their own."""
    jail.setenv(WANDB_MODE='"offline"')
    jail.write("pyproject.toml", "[tool.runsettings]\nquiet = '\"x\"'\n")
    stderr = run("show").stderr
    assert stderr.startswith("2 problems in settings")
    assert "INI has no quotes" not in stderr


@pytest.mark.parametrize("command", ["get", "explain"])
@pytest.mark.parametrize(
    ("key", "advice"),
    [
        ("zzz", "its keys are optim, steps"),
        ("optim.zzz", "the only key of optim is lr"),
        ("optm", "did you mean 'optim'?"),
        ("mode", "for the settings of runs, give --model runsettings:Settings"),
    ],
)
def test_an_unknown_key_of_ones_own_model_leads_to_its_keys(jail, run, command, key, advice):
    """``--model`` does not help where the model is known, unless the key is one of the run's."""
    jail.monkeypatch.setattr(sys, "path", list(sys.path))
    jail.write(
        "small.py",
        "from pydantic import BaseModel\n"
        "from runsettings import LayeredSettings\n"
        "class Optim(BaseModel):\n"
        "    lr: float = 0.1\n"
        "class Small(LayeredSettings):\n"
        "    optim: Optim = Optim()\n"
        "    steps: int = 1\n",
    )
    jail.write("pyproject.toml", '[tool.runsettings.program]\nmodel = "small:Small"\n')
    result = run(command, key)
    assert result.exit_code == 1
    assert result.stderr.endswith(f"{key} is not a key of Small — {advice}\n")


@pytest.mark.parametrize("command", ["get", "explain", "unset", "set"])
@pytest.mark.parametrize("key", ["", " ", ".", ".project"])
def test_an_empty_key_is_told(run, command, key):
    """A message that begins with the key would begin with nothing."""
    result = run(command, key, *(["x"] if command == "set" else []))
    assert result.exit_code == 1
    assert result.stderr.endswith("the key has an empty part — write key or outer.key\n")


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("json.py:JSONEncoder", "there is no file 'json.py'"),
        ("tarin.py:Train", "there is no file 'tarin.py' — did you mean 'train.py'?"),
        ("src/train.py:Train", "there is no file 'src/train.py'"),
    ],
)
def test_a_script_that_is_not_there_is_told(jail, run, reference, message):
    """An installed module of the same name is not imported for it."""
    jail.monkeypatch.setattr(sys, "path", list(sys.path))
    jail.write("train.py", "")
    result = run("show", "--model", reference)
    assert result.exit_code == 2
    assert result.stderr.endswith(f"{message}\n")
