"""``set`` and ``unset``: what they write, what they refuse, and what they say."""

from __future__ import annotations

import configparser
import json
import stat
import subprocess
import sys
import tomllib

import pytest

CANARY = "c4n4ry-5ecret-9876543210"

needs_posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes")


# --- set: what is written --------------------------------------------------------------------


def test_set_creates_the_workspace_file(jail, run):
    """Without a layer, the workspace's file is written, and its directory made."""
    result = run("set", "project", "capsules")
    assert result.stdout == "wrote project = 'capsules' in wandb/settings (workspace)\n"
    assert result.stderr == ""
    assert (jail.cwd / "wandb/settings").read_text() == "[default]\nproject = capsules\n"


def test_set_writes_the_users_file(jail, run):
    """``--user`` is the file of the user's configuration directory."""
    assert run("set", "mode", "offline", "--user").exit_code == 0
    assert (jail.home / ".config/wandb/settings").read_text() == "[default]\nmode = offline\n"


def test_set_follows_the_root_directory(jail, run):
    """The workspace is where ``root_dir`` says."""
    jail.setenv(WANDB_DIR="elsewhere")
    assert "elsewhere/wandb/settings" in run("set", "project", "x").stdout
    assert (jail.cwd / "elsewhere/wandb/settings").is_file()


def test_set_writes_the_hidden_directory_where_only_that_exists(jail, run):
    """A ``.wandb`` directory is used, as in reading."""
    (jail.cwd / ".wandb").mkdir()
    run("set", "project", "x")
    assert (jail.cwd / ".wandb/settings").is_file()


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_set_keeps_everything_else_of_an_ini_file(jail, run, newline):
    """Comments, order, other keys and sections, line breaks and a byte order mark stay."""
    lines = [
        "\ufeff# mine",
        "[other]",
        "x = 1",
        "",
        "[default]",
        "entity: me  ",
        "; why",
        "mode = online",
        "project = old",
        "",
    ]
    path = jail.write_workspace(newline.join(lines))
    assert run("set", "mode", "offline").exit_code == 0
    lines[7] = "mode = offline"
    assert path.read_bytes().decode() == newline.join(lines)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_set_keeps_everything_else_of_a_pyproject(jail, run, newline):
    """Comments, order and layout of pyproject.toml stay, and a new key joins its table."""
    before = [
        "[project] # all",
        'name = "x"',
        "",
        "[tool.runsettings] # ours",
        'mode = "online"  # for now',
        "",
        "[tool.ruff]",
        "line-length = 100",
        "",
    ]
    path = jail.write("pyproject.toml", newline.join(before))
    assert run("set", "mode", "offline", "--pyproject").exit_code == 0
    assert run("set", "run_tags", "a,b", "--pyproject").exit_code == 0
    before[4:5] = ['mode = "offline"  # for now', 'run_tags = ["a", "b"]']
    assert path.read_bytes().decode() == newline.join(before)


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("quiet", "yes", True),
        ("run_tags", "a, b", ["a", "b"]),
        ("project", "007", "007"),
        ("magic", '{"absl": true}', {"absl": True}),
        ("resume", "auto", "auto"),
    ],
)
def test_set_writes_toml_values_with_their_types(jail, run, key, text, value):
    """TOML gets bools, arrays and tables, and texts stay texts."""
    path = jail.write("pyproject.toml", '[tool]\nx = "y"\n')
    assert run("set", key, text, "--pyproject").exit_code == 0
    data = tomllib.loads(path.read_text())["tool"]
    assert data == {"x": "y", "runsettings": {key: value}}


def test_set_and_check_refuse_options_of_magic(jail, run):
    """They would stop every run. A path is not looked up: the run can be started elsewhere."""
    result = run("set", "magic", '{"kears": false}')
    assert result.exit_code == 1
    assert "magic.kears is no option" in result.stderr
    assert "did you mean 'keras'?" in result.stderr
    jail.write_workspace('[default]\nmagic = {"kears": false}\n')
    result = run("check", "--json")
    (found,) = json.loads(result.stdout)["diagnostics"]
    assert (result.exit_code, found["key"], found["line"]) == (1, "magic.kears", 2)
    assert run("set", "magic", "none.yaml").exit_code == 0


def test_set_needs_a_pyproject_to_write_to(jail, run):
    """There is no pyproject.toml to be made by us."""
    result = run("set", "mode", "offline", "--pyproject")
    assert result.exit_code == 1
    assert "there is no pyproject.toml in" in result.stderr
    assert not list(jail.cwd.iterdir())


def test_set_of_the_same_value_says_so(jail, run):
    """Nothing is rewritten where nothing changes."""
    path = jail.write_workspace("[default]\nmode = offline\n")
    before = path.stat()
    result = run("set", "mode", "offline")
    assert result.stdout == "unchanged: mode = 'offline' in wandb/settings (workspace)\n"
    assert path.stat() == before


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("project", "a b"),
        ("run_tags", "a,b"),
        ("entity", "räksmörgås"),
        ("run_notes", "x = y ; # [z]"),
        ("base_url", "https://wandb.example:8080"),
    ],
)
def test_wandb_client_reads_what_set_writes(jail, run, key, text):
    """The client's own reader of settings files finds the value."""
    settings_file = pytest.importorskip("wandb.sdk.lib.settings_file")
    jail.write_workspace("# hello\n[default]\nmode : online\n")
    assert run("set", key, text).exit_code == 0
    files = settings_file.SettingsFiles(
        global_settings=None, local_settings=jail.cwd / "wandb/settings"
    )
    assert files.all() == {"mode": "online", key: text}


def test_set_reads_what_the_wandb_client_wrote(jail, run):
    """A file of the client's is edited, and the client edits ours again."""
    settings_file = pytest.importorskip("wandb.sdk.lib.settings_file")
    path = jail.cwd / "wandb/settings"
    files = settings_file.SettingsFiles(global_settings=None, local_settings=path)
    files.set("entity", "team")
    files.save()
    run("set", "project", "capsules")
    assert (run("get", "entity").stdout, run("get", "project").stdout) == ("team\n", "capsules\n")


def test_set_refuses_what_stops_the_wandb_client(jail, run):
    """A ``%`` is interpolation to the client, which would not start any more."""
    result = run("set", "run_notes", "50% done")
    assert result.exit_code == 1
    assert "must not contain '%'" in result.stderr
    assert "--pyproject" in result.stderr
    assert not (jail.cwd / "wandb/settings").exists()


# --- set: what is refused --------------------------------------------------------------------


@pytest.mark.parametrize("layer", ["--workspace", "--user", "--pyproject"])
@pytest.mark.parametrize(
    ("key", "text", "message"),
    [
        ("mode", "offlin", "must be one of 'online', 'offline', 'disabled'; got 'offlin'"),
        ("project", "a/b", "must not contain '/'; got 'a/b'"),
        ("quiet", "perhaps", "must be a valid boolean"),
    ],
)
def test_set_never_writes_what_is_not_valid(jail, run, layer, key, text, message):
    """A refused value leaves every file as it was, and the error names the file."""
    jail.write("pyproject.toml", "")
    jail.write_user("[default]\n")
    jail.write_workspace("[default]\n")
    # The value would not even count: it is refused all the same.
    jail.setenv(WANDB_MODE="online", WANDB_PROJECT="x", WANDB_QUIET="false")
    result = run("set", key, text, layer)
    assert (result.exit_code, result.stdout) == (1, "")
    assert f"{key}: {message}" in result.stderr
    assert "nothing was written" in result.stderr
    where = {"--workspace": "wandb/settings", "--user": ".config/wandb/settings"}
    assert where.get(layer, "pyproject.toml") in result.stderr
    assert (jail.cwd / "pyproject.toml").read_text() == ""
    assert (jail.home / ".config/wandb/settings").read_text() == "[default]\n"
    assert (jail.cwd / "wandb/settings").read_text() == "[default]\n"


def test_set_repairs_a_broken_value(jail, run):
    """What is wrong in the file is no obstacle to setting it right."""
    path = jail.write_workspace("[default]\nmode = offlin\n")
    assert run("set", "mode", "offline").exit_code == 0
    assert path.read_text() == "[default]\nmode = offline\n"


def test_set_works_beside_faults_of_other_places(jail, run):
    """A fault elsewhere is mentioned, and does not stop an edit."""
    jail.setenv(WANDB_RUN_ID="exp/1")
    result = run("set", "project", "x")
    assert result.exit_code == 0
    assert "note: the settings have a problem elsewhere" in result.stderr


def test_set_refuses_a_locked_key(jail, run):
    """The site's lock is named with its line, and nothing is written."""
    site = jail.write_site("[default]\nmode = online\n[policy]\nlock = mode\n")
    result = run("set", "mode", "offline")
    assert result.exit_code == 1
    assert f"mode is locked by {site}:4; refused: workspace wandb/settings" in result.stderr
    assert not (jail.cwd / "wandb").exists()


def test_set_refuses_the_workspaces_own_place(jail, run):
    """``root_dir`` in the workspace would not be read."""
    result = run("set", "root_dir", "x")
    assert result.exit_code == 1
    assert "choose --user or --pyproject" in result.stderr


def test_set_refuses_an_unknown_key(jail, run):
    """A misspelt key is not written."""
    result = run("set", "projct", "x")
    assert result.exit_code == 1
    assert "did you mean 'project'?" in result.stderr
    assert not (jail.cwd / "wandb").exists()


def test_set_without_a_value_is_wrong_usage(run):
    """Only secrets are asked for."""
    result = run("set", "project")
    assert result.exit_code == 2
    assert "a value for project is missing" in result.stderr


def test_set_with_two_layers_is_wrong_usage(jail, run):
    """Which file was meant is not guessed."""
    result = run("set", "project", "x", "--user", "--workspace")
    assert result.exit_code == 2
    assert "--workspace and --user exclude each other" in result.stderr
    assert not (jail.cwd / "wandb").exists()


@pytest.mark.parametrize("number", ["-1", "-.5", "-1e-3"])
def test_negative_number_is_a_value(training, number):
    """A number needs no ``--``, wherever the options stand."""
    assert training("set", "optim.lr", number, "--pyproject").exit_code == 0
    assert float(training("get", "optim.lr").stdout) == float(number)


def test_value_with_a_dash_is_told_where_to_stand(run):
    """What is no number could be a misspelt option: click's error comes with the way out."""
    result = run("set", "project", "--usr")
    assert result.exit_code == 2
    assert "No such option" in result.stderr
    assert "Write '--' before a VALUE" in result.stderr


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"[default]\nproject = \xff\n", "is not UTF-8"),
        ("[default]\n".encode("utf-16"), "UTF-16"),
    ],
)
def test_set_leaves_a_file_that_cannot_be_read(jail, run, content, message):
    """A file that is no text is told, and not replaced."""
    path = jail.write("wandb/settings", content)
    result = run("set", "project", "x")
    assert result.exit_code == 1
    assert message in result.stderr
    assert path.read_bytes() == content


def test_set_leaves_a_pyproject_with_a_syntax_error(jail, run):
    """A broken pyproject.toml is told with its place."""
    path = jail.write("pyproject.toml", "[tool.runsettings\n")
    result = run("set", "mode", "offline", "--pyproject")
    assert result.exit_code == 1
    assert "pyproject.toml:1" in result.stderr
    assert path.read_text() == "[tool.runsettings\n"


def test_set_refuses_a_directory_in_the_files_place(jail, run):
    """A directory called ``settings`` is an error of ours, not Python's."""
    (jail.cwd / "wandb/settings").mkdir(parents=True)
    result = run("set", "project", "x")
    assert result.exit_code == 1
    assert "is a directory" in result.stderr


def test_set_refuses_a_value_that_ini_cannot_hold(jail, run):
    """Space around a value would be lost in an INI file."""
    result = run("set", "entity", " x ")
    assert result.exit_code == 1
    assert "cannot hold this value" in result.stderr
    assert "space at its beginning or end would be lost — set it with --pyproject" in result.stderr
    assert not (jail.cwd / "wandb/settings").exists()


def test_set_refuses_bytes_that_are_no_text(jail, run):
    """An argument that is not UTF-8 is not written."""
    result = run("set", "entity", "x\udcff")
    assert result.exit_code == 1
    assert "not UTF-8" in result.stderr


@pytest.mark.parametrize(
    ("key", "text"),
    [("run_notes", "50%"), ("entity", " x"), ("entity", "x\udcff"), ("nope", "x"), ("mode", "x")],
)
def test_every_refusal_of_set_says_that_nothing_was_written(run, key, text):
    """Whatever the reason, a person knows how the file stands."""
    heading = run("set", key, text).stderr.splitlines()[0]
    assert heading.endswith("; nothing was written")


# --- set: what it says -----------------------------------------------------------------------


def test_set_says_what_hides_the_value(jail, run):
    """A higher layer that beats what was written is named with its value."""
    jail.setenv(WANDB_MODE="disabled")
    result = run("set", "mode", "offline")
    assert result.stdout == "wrote mode = 'offline' in wandb/settings (workspace)\n"
    assert result.stderr == "note: WANDB_MODE (env) hides it: mode is 'disabled'\n"


def test_set_says_when_a_file_beside_hides_the_value(jail, run):
    """``settings.yaml`` in the same directory beats the INI file."""
    jail.write("wandb/settings.yaml", "mode: disabled\n")
    note = run("set", "mode", "offline").stderr
    assert note == "note: wandb/settings.yaml:1:7 (workspace) hides it: mode is 'disabled'\n"


# --- set: secrets ----------------------------------------------------------------------------


def test_secret_as_an_argument_is_refused(jail, run):
    """A process list shows arguments, so a secret must not be one."""
    result = run("set", "api_key", CANARY)
    assert result.exit_code == 2
    assert "api_key is a secret" in result.stderr
    assert "give - and pipe it in" in result.stderr
    assert CANARY not in result.output
    assert not (jail.cwd / "wandb").exists()


def test_secret_among_too_many_arguments_is_not_repeated(run):
    """An error about the arguments does not print them."""
    result = run("set", "api_key", "=", CANARY)
    assert result.exit_code == 2
    assert "quote a value with spaces" in result.stderr
    assert CANARY not in result.output


@needs_posix
def test_secret_from_standard_input_makes_the_file_private(jail, run):
    """A file that is made for a secret is its owner's alone."""
    assert run("set", "api_key", "-", "--user", input=CANARY + "\n").exit_code == 0
    path = jail.home / ".config/wandb/settings"
    assert path.read_text() == f"[default]\napi_key = {CANARY}\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@needs_posix
def test_file_with_a_secret_becomes_private(jail, run):
    """A secret narrows the mode of the file that it comes into, and later edits keep it."""
    path = jail.write_workspace("[default]\nproject = x\n")
    path.chmod(0o664)
    run("set", "api_key", "-", input=CANARY)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    run("set", "project", "y")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_secret_is_asked_for_unseen(jail, on_terminal):
    """At a terminal a secret that is left out is asked for, and not echoed."""
    text = on_terminal("set", "api_key", typed=CANARY + "\n")
    assert "api_key: " in text
    assert CANARY not in text
    assert CANARY in (jail.cwd / "wandb/settings").read_text()


def test_secret_is_not_asked_for_without_a_terminal(jail, run):
    """A script that forgot the value is told how, instead of waiting."""
    result = run("set", "api_key")
    assert result.exit_code == 2
    assert "give - to read it" in result.stderr


def test_secret_does_not_go_into_pyproject(jail, run):
    """pyproject.toml travels with the code."""
    path = jail.write("pyproject.toml", "")
    result = run("set", "api_key", "-", "--pyproject", input=CANARY)
    assert result.exit_code == 1
    assert "pyproject.toml is shared with the code" in result.stderr
    assert path.read_text() == ""


def test_refused_secret_is_not_shown(jail, run):
    """The error about a bad secret does not tell it."""
    result = run("set", "api_key", "-", input=CANARY + " with space")
    assert result.exit_code == 1
    assert CANARY not in result.output


# --- how it is written -----------------------------------------------------------------------


@needs_posix
def test_set_keeps_the_files_mode(jail, run):
    """The mode that a person gave a file stays."""
    path = jail.write_workspace("[default]\n")
    path.chmod(0o640)
    run("set", "project", "x")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@needs_posix
def test_set_writes_through_a_link(jail, run):
    """A link stays a link, also where its target is still to be made."""
    target = jail.cwd / "dotfiles/wandb-settings"
    link = jail.home / ".config/wandb/settings"
    link.parent.mkdir(parents=True)
    link.symlink_to(target)
    assert run("set", "mode", "offline", "--user").exit_code == 0
    assert run("set", "project", "x", "--user").exit_code == 0
    assert link.is_symlink()
    assert target.read_text() == "[default]\nmode = offline\nproject = x\n"


@needs_posix
@pytest.mark.parametrize(
    ("name", "options"), [("wandb/settings", []), ("pyproject.toml", ["--pyproject"])]
)
def test_set_follows_no_link_out_of_a_project(jail, run, name, options):
    """A link can come with somebody else's project; the user's own files are links on purpose."""
    target = jail.write(jail.home / "precious", "[x]\n")
    (jail.cwd / "wandb").mkdir()
    (jail.cwd / name).symlink_to(target)
    result = run("set", "project", "x", *options)
    assert result.exit_code == 1
    assert f"is a link to {target}, outside of its directory" in result.stderr
    assert target.read_text() == "[x]\n"
    assert run("unset", "project", *options).exit_code == 1
    (jail.cwd / name).unlink()
    (jail.cwd / name).symlink_to(jail.write((jail.cwd / name).parent / "beside", ""))
    assert run("set", "project", "x", *options).exit_code == 0


def test_set_leaves_no_other_files_behind(jail, run):
    """Neither a temporary file nor a lock stays."""
    run("set", "project", "x")
    run("set", "project", "a/b")
    assert [path.name for path in (jail.cwd / "wandb").iterdir()] == ["settings"]


def test_processes_at_once_lose_no_key(jail):
    """Several processes that set different keys leave all of them set."""
    keys = ("project", "entity", "run_group", "run_job_type", "run_notes")
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "runsettings", "set", key, "x"], stdout=subprocess.DEVNULL
        )
        for key in keys
    ]
    assert [process.wait(timeout=60) for process in processes] == [0] * len(keys)
    parser = configparser.ConfigParser()
    parser.read(jail.cwd / "wandb/settings")
    assert set(parser["default"]) == set(keys)


# --- unset -----------------------------------------------------------------------------------


def test_unset_takes_a_key_out_and_keeps_the_rest(jail, run):
    """Comments and other keys stay."""
    path = jail.write_workspace("# a\n[default]\nmode = offline\n# b\nproject = x\n")
    result = run("unset", "mode")
    assert result.stdout == "removed mode from wandb/settings (workspace)\n"
    assert result.stderr == ""
    assert path.read_text() == "# a\n[default]\n# b\nproject = x\n"


def test_unset_takes_a_key_out_of_pyproject(jail, run):
    """The table and its comments stay."""
    text = '[tool.runsettings]\n# why\nmode = "offline"\nquiet = true\n'
    path = jail.write("pyproject.toml", text)
    assert run("unset", "mode", "--pyproject").exit_code == 0
    assert path.read_text() == "[tool.runsettings]\n# why\nquiet = true\n"


def test_unset_tells_what_sets_the_key_still(jail, run):
    """Whoever removes a value wants to know what counts now."""
    jail.write_user("[default]\nmode = disabled\n")
    jail.write_workspace("[default]\nmode = offline\n")
    result = run("unset", "mode")
    place = jail.home / ".config/wandb/settings"
    assert result.stderr == f"note: {place}:2 (user) sets it: mode is 'disabled'\n"


def test_unset_of_an_absent_key_tells_where_it_is_set(jail, run):
    """The file that was meant is likely another one."""
    jail.setenv(WANDB_MODE="offline")
    result = run("unset", "mode")
    assert result.exit_code == 1
    assert "mode is not set in wandb/settings — it is set by env WANDB_MODE" in result.stderr


def test_unset_of_a_key_that_nobody_sets_says_so(run):
    """The default counts already."""
    result = run("unset", "mode")
    assert result.exit_code == 1
    assert "nothing sets it: its default applies" in result.stderr


def test_unset_removes_an_unknown_key_of_the_file(jail, run):
    """A misspelt key can be taken out with the command that takes keys out."""
    path = jail.write_workspace("[default]\nprojct = x\n")
    assert run("unset", "projct").exit_code == 0
    assert path.read_text() == "[default]\n"


def test_unset_frees_a_locked_key(jail, run):
    """Taking a refused value out is the remedy, and no offence."""
    jail.write_site("[default]\nmode = online\n[policy]\nlock = mode\n")
    path = jail.write_workspace("[default]\nmode = offline\n")
    assert run("unset", "mode").exit_code == 0
    assert path.read_text() == "[default]\n"


# --- models of one's own ---------------------------------------------------------------------


def test_nested_key_is_written_as_a_nested_table(jail, training):
    """TOML holds what is inside of a key."""
    assert training("set", "optim.lr", "0.5", "--pyproject").exit_code == 0
    assert training("set", "optim.betas", "[0.9, 0.99]", "--pyproject").exit_code == 0
    data = tomllib.loads((jail.cwd / "pyproject.toml").read_text())
    assert data == {"tool": {"train": {"optim": {"lr": 0.5, "betas": [0.9, 0.99]}}}}
    assert training("get", "optim.lr").stdout == "0.5\n"


def test_nested_key_does_not_fit_into_an_ini_file(training):
    """INI has no nesting, and the error tells two ways."""
    result = training("set", "optim.lr", "0.5")
    assert result.exit_code == 1
    assert "set 'optim' as a whole, as JSON, or set it with --pyproject" in result.stderr
    assert "nothing was written" in result.stderr


def test_json_value_is_read_back_from_an_ini_file(training):
    """A list whose variable is JSON is JSON in the INI file, too."""
    assert training("set", "sizes", "[1, 2]").exit_code == 0
    assert training("get", "sizes").stdout == "[1, 2]\n"
    assert training("set", "sizes", "1, 2").exit_code == 1


def test_required_field_that_is_missing_is_no_obstacle(jail, training):
    """Settings can be completed one by one."""
    jail.monkeypatch.delenv("TRAIN_NAME")
    assert training("set", "steps", "5").exit_code == 0
    result = training("set", "name", "x")
    assert result.exit_code == 0
    assert training("get", "name").stdout == "x\n"


def test_value_that_fails_in_combination_is_refused(jail, training):
    """A rule over several fields is held before writing."""
    result = training("set", "low", "11")
    assert result.exit_code == 1
    assert "low must not exceed high" in result.stderr
    assert not (jail.cwd / "train/settings").exists()


def test_key_with_capitals_does_not_fit_into_an_ini_file(training):
    """INI keys have no case."""
    assert "capital letters" in training("set", "camelCase", "1").stderr
    assert training("set", "camelCase", "1", "--pyproject").exit_code == 0


def test_model_without_files_has_nothing_to_write_to(training):
    """A model that reads no files says so."""
    result = training("set", "size", "2", cls="Variables")
    assert result.exit_code == 1
    assert "Variables reads no settings files" in result.stderr
