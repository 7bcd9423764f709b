"""``runsettings check``, ``schema`` and ``lock``."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest

PROGRAM = """
import argparse
import runsettings
from pydantic import BaseModel

def build_parser():
    parser = argparse.ArgumentParser("train")
    parser.add_argument("--lr", type=float, default=0.1, help="the rate")
    return parser

def broken():
    raise OSError("no disk")

class Config(BaseModel):
    lr: float

number = 3

def main():
    parser = build_parser()
    args = parser.parse_args()
    raise AssertionError("the program went on")
"""


@pytest.fixture
def program(jail):
    """The name of a module of the user's own."""
    name = f"program_{jail.cwd.parent.name}".replace("-", "_").replace("[", "_").replace("]", "_")
    jail.write(f"{name}.py", PROGRAM)
    jail.monkeypatch.setattr(sys, "path", list(sys.path))
    return name


# --- check -----------------------------------------------------------------------------------


def test_nothing_wrong_exits_with_0(run, jail):
    """And says what was looked at."""
    jail.write("train.yaml", "lr: 0.1\n")
    result = run("check", "train.yaml")
    assert (result.exit_code, result.stdout) == (0, "no problems in settings and train.yaml\n")


def test_an_error_exits_with_1_and_is_shown_with_its_line(run, jail):
    """The report goes to the standard output."""
    jail.write("train.yaml", "a.b: 1\n")
    result = run("check", "train.yaml")
    assert result.exit_code == 1
    assert result.stdout == (
        "1 problem in settings and train.yaml\n\n"
        "  a.b: the key 'a.b' has a period, which separates nested keys — nest it: a: {b: …}\n"
        "    train.yaml:1:1\n"
        "      1 │ a.b: 1\n"
        "        │ ^^^\n"
    )


def test_a_warning_exits_with_0_and_under_strict_with_1(run, jail):
    """Strict makes it an error."""
    jail.write("train.yaml", "lr: 1e-3\n")
    assert run("check", "train.yaml").exit_code == 0
    assert run("check", "train.yaml", "--strict").exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--ignore", "key-preiod"], "did you mean 'key-period'?"),
        (["--format", "xml"], "'xml' is not one of"),
        (["--output", "report.dat"], "sarif=report.dat"),
        (["--against", "HEAD"], "--against needs --matrix"),
        (["--parser", "nowhere:build"], "there is no module 'nowhere'"),
        (["--parser", "nowhere"], "not of the form module:name"),
        (["--model", "json:JSONDecoder"], "not a pydantic model"),
        (["--jobs", "0"], "--jobs"),
        (["--no-settings"], "there is nothing to check"),
        (["--output", "text=/proc/nowhere/x"], "cannot be written"),
    ],
)
def test_wrong_usage_exits_with_2(run, arguments, message):
    """And says on the standard error what is right."""
    result = run("check", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr


def test_a_parser_that_cannot_be_made_is_wrong_usage(run, program):
    """Whatever the user's function raises, and whatever it returns."""
    assert "raised OSError: no disk" in run("check", "--parser", f"{program}:broken").stderr
    assert "expected an argparse parser" in run("check", "--parser", f"{program}:number").stderr


@pytest.mark.parametrize("file", ["{}:main", "{}.py:main", "./{}.py:main"])
def test_a_script_is_named_by_its_module_or_file(run, jail, program, file):
    """Its parser is taken where the function parses."""
    jail.write("train.yaml", "lr: fast\n")
    result = run("check", "--no-settings", "train.yaml", "--parser", file.format(program))
    assert result.exit_code == 1
    assert "lr: must be a number; got 'fast'" in result.stdout


def test_a_script_in_another_directory_imports_what_is_beside_it(run, jail):
    """As it does where Python runs it."""
    jail.monkeypatch.setattr(sys, "path", list(sys.path))
    jail.write("scripts/beside_the_script.py", PROGRAM)
    jail.write("scripts/a_script.py", "from beside_the_script import main\n")
    jail.write("train.yaml", "lr: 1\n")
    result = run("check", "--no-settings", "train.yaml", "--parser", "scripts/a_script.py:main")
    assert "loses to the default" in result.stdout


def test_configs_are_held_against_a_parser_a_model_and_a_schema(run, jail, program):
    """All at once."""
    jail.write("train.yaml", "lr: fast\n")
    jail.write("s.json", '{"properties": {"lr": {"type": "number"}}}')
    result = run(
        *("check", "train.yaml", "--schema", "s.json", "--format", "json"),
        *("--parser", f"{program}:build_parser", "--model", f"{program}:Config"),
    )
    assert [d["rule"] for d in json.loads(result.stdout)["diagnostics"]] == [
        "schema-violation",
        "bad-value",
        "bad-value",
    ]


def test_another_settings_class_can_be_checked(training, jail):
    """``--model`` of a `LayeredSettings` class replaces `Settings`."""
    jail.setenv(TRAIN_STEPS="many")
    result = training("check")
    assert result.exit_code == 1
    assert "TRAIN_STEPS" in result.stdout


def test_several_reports_at_once(run, jail):
    """One on the standard output, and a file for each ``--output``."""
    jail.write("train.yaml", "a.b: 1\n")
    result = run(
        *("check", "train.yaml", "--format", "github", "--output", "reports/x.sarif"),
        *("--output", "junit=reports/y", "--output", "z.json", "--output", "t.txt"),
    )
    assert result.exit_code == 1
    assert result.stdout.startswith("::error file=train.yaml,line=1,col=1,")
    assert json.loads((jail.cwd / "reports" / "x.sarif").read_text())["version"] == "2.1.0"
    assert ET.parse(jail.cwd / "reports" / "y").getroot().tag == "testsuites"
    assert json.loads((jail.cwd / "z.json").read_text())["errors"] == 1
    assert (jail.cwd / "t.txt").read_text().startswith("1 problem in ")


def test_rules_are_selected_and_ignored(run, jail):
    """Several in one option, too."""
    jail.write("train.yaml", "a.b: 1\nc: no\n")
    assert run("check", "train.yaml", "--ignore", "key-period,yaml-scalar").exit_code == 0
    assert run("check", "train.yaml", "--select", "yaml-scalar").exit_code == 0
    assert run("check", "train.yaml", "--select", "key-period").exit_code == 1


def test_settings_files_and_env_files_are_read(run, jail):
    """As the program would name them."""
    jail.write("s.yaml", "mode: x\n")
    jail.write("ci.env", "WANDB_RESUME=x\n")
    result = run("check", "--settings-file", "s.yaml", "--env-file", "ci.env", "--format", "json")
    assert {d["key"] for d in json.loads(result.stdout)["diagnostics"]} == {"mode", "resume"}


def test_fix_rewrites_and_reports_the_rest(run, jail):
    """Hazards are gone, other faults are told."""
    path = jail.write("train.yaml", "lr: 1e-3 # rate\na.b: 1\n")
    result = run("check", "train.yaml", "--fix", "--strict")
    assert path.read_text() == "lr: 1.0e-3 # rate\na.b: 1\n"
    assert "train.yaml: 1 scalar rewritten" in result.stderr
    assert (result.exit_code, "1.0e-3" in result.stdout) == (1, False)


def test_fix_leaves_an_ignored_rule_alone(run, jail):
    """What is no fault is not fixed."""
    path = jail.write("train.yaml", "lr: 1e-3\n")
    run("check", "train.yaml", "--fix", "--ignore", "yaml-scalar")
    assert path.read_text() == "lr: 1e-3\n"


def test_diff_shows_and_writes_nothing(run, jail):
    """And exits with 1 if something would change."""
    path = jail.write("train.yaml", "lr: 1e-3\n")
    result = run("check", "train.yaml", "--diff")
    assert result.exit_code == 1
    assert "-lr: 1e-3\n+lr: 1.0e-3\n" in result.stdout
    assert path.read_text() == "lr: 1e-3\n"
    assert run("check", "train.yaml", "--diff", "--ignore", "yaml-scalar").exit_code == 0


def test_declared_environments_are_checked(run, jail):
    """In place of this one."""
    jail.setenv(WANDB_MODE="x")
    jail.write("environments.toml", '[ci]\nvariables = {WANDB_RESUME = "x"}\n')
    result = run("check", "--matrix", "environments.toml")
    assert result.exit_code == 1
    assert "resume: must be one of" in result.stdout
    assert "(in environment 'ci')" in result.stdout
    assert "mode" not in result.stdout


def test_what_a_change_does_is_one_line_each(run, jail):
    """And no failure."""
    jail.write("environments.toml", "[cluster]\n")
    jail.write_workspace("[default]\n\nmode = online\n")
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run(["git", *who, *arguments], cwd=jail.cwd, check=True)
    jail.write_workspace("[default]\n\nmode = offline\n")
    result = run("check", "--matrix", "environments.toml", "--against", "HEAD")
    assert (result.exit_code, result.stdout) == (
        0,
        "cluster: mode online → offline (wandb/settings:3)\n",
    )


def test_a_revision_that_is_none_is_wrong_usage(run, jail):
    """With git's own words."""
    jail.write("environments.toml", "[cluster]\n")
    subprocess.run(["git", "init", "-q"], cwd=jail.cwd, check=True)
    result = run("check", "--matrix", "environments.toml", "--against=--version")
    assert result.exit_code == 2
    assert "there is no commit '--version' here" in result.stderr


def test_colours_are_for_terminals(on_terminal, jail):
    """Carets and headings stand out there, and nowhere else."""
    jail.write("train.yaml", "lr: 1e-3\n")
    shown = on_terminal("check", "train.yaml")
    assert "\x1b[33m" in shown
    assert "1e-3" in shown


def test_progress_is_for_terminals(on_terminal, jail):
    """Many files show a bar there, and the report stands after it."""
    for number in range(120):
        jail.write(f"c/{number}.yaml", "lr: 0.1\n")
    shown = on_terminal("check", "c")
    assert "checking" in shown
    assert "no problems in settings and 120 files" in shown


def test_no_heavy_package_is_loaded_that_is_not_needed(jail):
    """Checking loads no terminal, flag, schema or array package."""
    jail.write("train.yaml", "lr: 0.1\n")
    code = (
        "import sys\n"
        "from runsettings.cli.main import cli\n"
        "cli.main(['check', 'train.yaml'], standalone_mode=False)\n"
        "heavy = {'rich', 'absl', 'jsonschema', 'numpy', 'tomlkit', 'multiprocessing'}\n"
        "print(sorted(heavy & sys.modules.keys()))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


# --- schema ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "title"),
    [
        ("settings", "Settings"),
        ("run-config", "A run's config"),
        ("journal", "A record of a runsettings journal"),
    ],
)
def test_schemas_have_their_names(run, what, title):
    """Each is printed as JSON."""
    assert json.loads(run("schema", what).stdout)["title"] == title


def test_the_schema_of_the_settings_is_the_usual_one(run):
    """Without an argument."""
    assert run("schema").stdout == run("schema", "settings").stdout


def test_a_schema_of_a_model_and_of_a_parser(run, program):
    """Of the user's own."""
    of_plain_files = json.loads(run("schema", f"{program}:Config").stdout)["else"]
    assert of_plain_files["required"] == ["lr"]
    of_parser = json.loads(run("schema", "--parser", f"{program}:build_parser").stdout)
    assert of_parser["else"]["properties"]["lr"]["description"] == "the rate"


def test_a_schema_goes_to_a_file(run, jail):
    """And nothing to the standard output."""
    assert run("schema", "run-config", "-o", "x.json").stdout == ""
    assert json.loads((jail.cwd / "x.json").read_text())["title"] == "A run's config"


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("setings", "did you mean 'settings'?"),
        ("zebra", "write settings, run-config, journal or module:Model"),
        ("json:dumps", "is not a pydantic model"),
        ("nowhere:Model", "there is no module"),
    ],
)
def test_what_has_no_schema_is_wrong_usage(run, what, message):
    """With what has one."""
    result = run("schema", what)
    assert result.exit_code == 2
    assert message in result.stderr


# --- lock ------------------------------------------------------------------------------------


def test_what_is_locked_is_held(run, jail):
    """Drift is one line each, and a failure."""
    jail.setenv(WANDB_BASE_URL="https://a.example.org")
    assert run("lock").exit_code == 0
    assert run("check", "--locked").exit_code == 0
    jail.setenv(WANDB_BASE_URL="https://b.example.org")
    result = run("check", "--locked")
    assert result.exit_code == 1
    assert result.stdout == (
        "base_url changed: was 'https://a.example.org', now 'https://b.example.org' "
        "from env WANDB_BASE_URL\n"
    )


def test_a_lock_file_has_any_name(run, jail):
    """For writing and for checking."""
    run("lock", "-o", "ci.lock")
    assert run("check", "--locked", "ci.lock").exit_code == 0
    assert [path.name for path in jail.cwd.iterdir()] == ["ci.lock"]


def test_locking_again_changes_nothing(run, jail):
    """The key of the file that is there is kept, and so are the hashes of secrets."""
    jail.setenv(WANDB_API_KEY="canary0123456789")
    run("lock")
    first = (jail.cwd / "settings.lock").read_text()
    run("lock")
    assert (jail.cwd / "settings.lock").read_text() == first
    assert "canary" not in first


def test_a_full_disk_leaves_the_lock_file_as_it_was(run, jail, full_disk):
    """A lock file is written whole or not at all, and the failure is told."""
    run("lock")
    before = (jail.cwd / "settings.lock").read_bytes()
    jail.setenv(WANDB_BASE_URL="https://b.example.org")
    with full_disk():
        result = run("lock")
    assert result.exit_code == 2
    assert "settings.lock cannot be written" in result.stderr
    assert (jail.cwd / "settings.lock").read_bytes() == before
    assert [path.name for path in jail.cwd.iterdir()] == ["settings.lock"]


def test_settings_that_cannot_be_resolved_are_not_as_locked(run, jail):
    """Also where the layers are not asked for otherwise."""
    run("lock")
    jail.setenv(WANDB_MODE="offlin")
    assert run("check", "--no-settings", "--locked").exit_code == 1


def test_a_missing_lock_file_is_a_problem(run):
    """Not a reason to pass."""
    result = run("check", "--locked")
    assert result.exit_code == 1
    assert "does not exist" in result.stdout


def test_other_bytes_of_a_file_are_drift(run, jail):
    """CI holds the files as well as the values."""
    jail.write_workspace("[default]\nmode = offline\n")
    run("lock")
    jail.write_workspace("[default]\n# why\nmode = offline\n")
    result = run("check", "--locked")
    assert (result.exit_code, result.stdout) == (
        1,
        "wandb/settings changed, but no value changed\n",
    )


def test_wrong_settings_are_not_locked(run, jail):
    """What is wrong is told, and nothing is written."""
    jail.setenv(WANDB_MODE="offlin")
    assert run("lock").exit_code != 0
    assert list(jail.cwd.iterdir()) == []


# --- streams and files that fail ------------------------------------------------------------------

COMMAND = [sys.executable, "-m", "runsettings"]


@pytest.mark.parametrize(("config", "status"), [("lr: 0.1\n", 0), ("a.b: 1\n", 1)])
def test_a_reader_that_leaves_early_does_not_change_the_status(jail, config, status):
    """``runsettings check | head -0`` fails where a file is wrong."""
    jail.write("train.yaml", config)
    read, write = os.pipe()
    os.close(read)
    process = subprocess.Popen(
        [*COMMAND, "check", "train.yaml"], stdout=write, stderr=subprocess.PIPE, text=True
    )
    os.close(write)
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (status, "")


@pytest.mark.skipif(sys.platform == "win32", reason="a POSIX shell")
@pytest.mark.parametrize(("command", "status"), [("check none.yaml", 1), ("schema", 0)])
def test_a_closed_standard_output_is_no_traceback(jail, command, status):
    """Nobody wants to read it; the status tells."""
    shell = f"{shlex.join(COMMAND)} {command} >&-"
    done = subprocess.run(["sh", "-c", shell], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (status, "")


@pytest.mark.parametrize("how", ["--diff", "--fix"])
@pytest.mark.parametrize("target", ["none.yaml", "none/*.yaml"])
def test_a_file_that_cannot_be_fixed_is_told_once(run, jail, how, target):
    """It is as wrong with ``--fix`` and ``--diff`` as without."""
    result = run("check", "--no-settings", target, how)
    assert result.exit_code == 1
    assert (result.stdout + result.stderr).count(
        f"    {target}\n" if how == "--fix" else target
    ) == 1


@pytest.mark.parametrize("text", [None, "a: [\n"])
def test_a_selection_of_rules_does_not_hide_what_was_not_checked(run, jail, text):
    """A file that could not be read has not been found right."""
    if text is not None:
        jail.write("x.yaml", text)
    result = run("check", "--no-settings", "x.yaml", "--select", "yaml-scalar")
    assert result.exit_code == 1


def test_a_fault_of_the_schema_is_told_once_for_all_files(run, jail):
    """It is not the files' own."""
    for name in "ab":
        jail.write(f"{name}.yaml", "lr: 0.1\n")
    jail.write("schema.json", '{"type": 5}')
    result = run("check", "--no-settings", "a.yaml", "b.yaml", "--schema", "schema.json")
    assert result.stdout.count("is not a valid JSON Schema") == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [(None, "does not exist"), ('{"type": 5}', "is not a valid JSON Schema"), ("{", "s.json:1:2")],
)
@pytest.mark.parametrize("files", [(), ("--no-settings", "a.yaml"), ("--config", "a.yaml")])
def test_a_schema_that_cannot_be_used_is_an_error_once(run, jail, text, message, files):
    """Also where there is no config to check with it."""
    jail.write("a.yaml", "lr: 0.1\n")
    if text is not None:
        jail.write("s.json", text)
    result = run("check", *files, "--schema", "s.json")
    assert (result.exit_code, result.stdout.count(message)) == (1, 1), result.stdout


@pytest.mark.parametrize("name", ["train.yaml", "other/wandb/settings.yaml"])
def test_a_difference_shows_no_secret_beside_it(run, jail, name):
    """Neither a live one in a config nor that of a settings file."""
    secret = "canary" * 7
    if name == "train.yaml":
        jail.monkeypatch.setenv("WANDB_API_KEY", secret)
    jail.write(name, f"api_key: {secret}\nrun_name: no\n")
    result = run("check", name, "--diff")
    assert '+run_name: "no"' in result.stdout
    assert "canary" not in result.stdout + result.stderr


def test_json_is_short_for_the_json_format(run, jail):
    """All commands that print data take ``--json``."""
    jail.write("train.yaml", "a.b: 1\n")
    short, long = run("check", "--json", "train.yaml"), run("check", "--format=json", "train.yaml")
    assert (short.exit_code, short.stdout) == (1, long.stdout)
    assert json.loads(short.stdout)


@pytest.mark.parametrize("option", ["--ignore", "--select"])
def test_a_name_like_no_rule_is_told_the_rules(run, option):
    """The command line has no other list of them."""
    result = run("check", option, "nope")
    assert result.exit_code == 2
    assert "'nope' is not a rule — the rules are:\n" in result.stderr
    assert max(map(len, result.stderr.splitlines())) < 80
    assert "duplicate-key, " in result.stderr


def test_a_lock_file_that_is_not_there_can_be_written(run, jail):
    """The error names the command that writes it."""
    result = run("check", "--locked")
    assert result.exit_code == 1
    assert "the lock file does not exist — run `runsettings lock` to write one" in result.stdout
    assert run("lock").exit_code == 0
    assert run("check", "--locked").exit_code == 0


@pytest.mark.parametrize(
    "option", ["--locked", "--matrix", "--schema", "--file", "--env-file", "--config"]
)
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing.toml", "does not exist"),
        ("directory", "is a directory"),
        ("binary.toml", "is not UTF-8"),
    ],
)
def test_an_option_whose_file_cannot_be_read_is_named(run, jail, option, name, message):
    """The same file may be named in several places."""
    jail.write("directory/x", "")
    (jail.cwd / "binary.toml").write_bytes(b"\x00\xff")
    result = run("check", option, name)
    assert result.exit_code == 1
    assert message in result.stdout
    assert f"\n    {option} {name}\n" in result.stdout
