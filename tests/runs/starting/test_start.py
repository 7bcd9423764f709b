"""`init`, argument by argument."""

from __future__ import annotations

import argparse
import inspect
import json
import pickle
import stat
import sys
import types
from pathlib import Path

import pytest
import yaml

from runsettings.journal.replay import load_run
from runsettings.layers.flags.parsing import parse_args
from runsettings.models.settings import Settings
from runsettings.runs.recording import active
from runsettings.runs.recording.disabled import RunDisabled
from runsettings.runs.starting import start
from runsettings.values.errors import ConfigError, RunError, SettingsError, SettingsWarning

SECRET = "0123456789abcdef0123456789abcdef01234567"


def paper(run, name):
    """A file that the run wrote, parsed."""
    text = (run.path / "files" / name).read_text()
    return yaml.safe_load(text) if name.endswith(".yaml") else json.loads(text)


def journal_of(run):
    """The run as its journal tells it."""
    return load_run(run.journal_path)


def test_arguments_are_the_references_in_its_order():
    """Scripts written for the reference may pass them by position; none has a default."""
    expected = (
        "job_type dir config project entity reinit tags group name notes magic "
        "config_exclude_keys config_include_keys anonymous mode allow_val_change resume force "
        "tensorboard sync_tensorboard monitor_gym save_code id settings "
        "fork_from resume_from"  # of newer clients
    )
    parameters = inspect.signature(start.init).parameters
    assert " ".join(parameters) == expected
    assert all(parameter.default is None for parameter in parameters.values())


def test_identity_arguments_are_recorded(begin):
    """Readers see what was given."""
    run = begin(
        project="p",
        entity="e",
        group="g",
        job_type="j",
        name="n",
        notes="t",
        tags=["x", "y"],
        id="i",
    )
    seen = journal_of(run)
    assert [seen.project, seen.entity, seen.group, seen.job_type] == ["p", "e", "g", "j"]
    assert [seen.name, seen.notes, seen.tags, seen.id] == ["n", "t", ["x", "y"], "i"]


def test_defaults_of_what_is_not_given(begin):
    """A project, a random id and a random name."""
    run = begin()
    assert run.project == "uncategorized"
    assert len(run.id) == 8
    assert run.id == run.id.lower()
    adjective, noun, number = run.name.split("-")
    assert (adjective + noun).isalpha()
    assert number.isdecimal()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"project": "a/b"}, "project: must not contain '/'"),
        ({"project": "x" * 129}, "project: must have at most 128 characters"),
        ({"id": ""}, "run_id: must not be empty"),
        ({"id": " a"}, "run_id: must not begin or end with space"),
        ({"id": "a/b"}, "run_id: must not contain '/'"),
        ({"id": ".."}, "run_id"),
        ({"id": "a\nb"}, "run_id: must not contain control characters"),
        ({"id": "a\0b"}, "run_id: must not contain control characters"),
        ({"id": "x" * 300}, "run_id: must have at most 128 characters"),
        ({"tags": [""]}, "run_tags: each tag must have 1 to 64 characters"),
        ({"mode": "offlin"}, "did you mean 'offline'?"),
        ({"resume": "maybe"}, "resume: must be one of"),
        ({"anonymous": "yes"}, "anonymous: must be one of"),
    ],
)
def test_a_bad_argument_is_an_error_at_its_call(begin, jail, given, message):
    """The message names the argument, and nothing is made on disk."""
    with pytest.raises(SettingsError) as caught:
        begin(**given)
    assert message in str(caught.value)
    assert f"init({next(iter(given))}=)" in str(caught.value)
    assert not (jail.cwd / "wandb").exists()


@pytest.mark.parametrize("run_id", ["..a", "ａ／ｂ", "a b", "é", "x" * 128, "ß" * 100])
def test_an_odd_id_stays_in_its_directory(begin, jail, run_id):
    """Look-alikes of slashes and long names are plain characters of a name."""
    run = begin(id=run_id)
    assert run.path.parent == jail.cwd / "wandb"
    assert journal_of(run).id == run_id


def test_an_id_that_makes_no_name_of_a_directory_is_refused(begin, jail):
    """Characters are counted by the setting, and bytes here."""
    with pytest.raises(RunError, match="must have at most 200 bytes as UTF-8, not 512"):
        begin(id="\U0001f600" * 128)
    assert not (jail.cwd / "wandb").exists()


def test_the_config_is_written_in_wandbs_form(begin):
    """`files/config.yaml` has values under `value`."""
    run = begin(config={"lr": 1e-5, "optim": {"name": "sgd"}})
    assert paper(run, "config.yaml") == {
        "wandb_version": 1,
        "lr": {"desc": None, "value": 1e-5},
        "optim": {"desc": None, "value": {"name": "sgd"}},
    }


def test_the_config_is_written_again_when_it_changed(begin):
    """At the end, `files/config.yaml` is what the config was then."""
    run = begin(config={"a": 1})
    run.config["b"] = 2
    run.finish()
    assert paper(run, "config.yaml")["b"]["value"] == 2


def test_config_takes_a_path_and_a_namespace(begin, jail):
    """The inputs of `Config.load` are those of `config=`."""
    jail.write("train.yaml", "lr: 1e-3\n")
    run = begin(config=["train.yaml", argparse.Namespace(depth=3)])
    assert run.config.as_dict() == {"lr": 0.001, "depth": 3}
    assert str(run.config.origin("lr")) == "train.yaml:1:5"


def test_config_keys_can_be_excluded_or_alone_included(begin):
    """Both are lists of top-level keys."""
    config = {"a": 1, "b": 2}
    assert begin(config=config, config_exclude_keys=["a"]).config.as_dict() == {"b": 2}
    both = begin(config=config, config_include_keys=["a"], reinit=True).config.as_dict()
    assert both == {"a": 1}


def test_a_config_that_breaks_a_rule_starts_nothing(begin, jail):
    """The error comes before anything is on disk."""
    with pytest.raises(ConfigError, match=r"a\.b"):
        begin(config={"a.b": 1})
    assert not (jail.cwd / "wandb").exists()
    assert active.run() is None


def test_config_defaults_and_config_paths_are_the_lowest(begin, jail):
    """`config-defaults.yaml`, then `config_paths`, then `config=`."""
    jail.write("config-defaults.yaml", "a: 1\nb: 1\nc: 1\n")
    jail.write("more.yaml", "b: 2\nc: 2\n")
    jail.setenv(WANDB_CONFIG_PATHS="more.yaml")
    assert begin(config={"c": 3}).config.as_dict() == {"a": 1, "b": 2, "c": 3}


@pytest.mark.parametrize(
    ("variables", "place"),
    [
        ({"WANDB_CONFIG_PATHS": "base.yaml,none.yaml"}, "WANDB_CONFIG_PATHS"),
        ({"WANDB_SWEEP_PARAM_PATH": "none.yaml"}, "WANDB_SWEEP_PARAM_PATH"),
        ({"WANDB_CONFIG_SCHEMA": "none.yaml"}, "WANDB_CONFIG_SCHEMA"),
        ({}, "wandb/settings.yaml:2:5"),
    ],
)
def test_a_missing_file_tells_which_setting_names_it(begin, jail, variables, place):
    """Its own name is in no file that could be mended: the setting is."""
    jail.write("base.yaml", "lr: 1\n")
    jail.setenv(**variables)
    if not variables:
        jail.write("wandb/settings.yaml", "config_paths:\n  - none.yaml\n")
    with pytest.raises(ConfigError) as caught:
        begin()
    (found,) = caught.value.diagnostics
    assert found.message.startswith("none.yaml: the file does not exist")
    assert str(found.origin) == place


def test_a_missing_file_of_the_argument_settings(begin):
    """The error is at the call, by the argument's own name."""
    with pytest.raises(SettingsError, match=r"py:\d+ init\(settings=\)"):
        begin(settings="none.yaml")


def test_a_value_changes_only_where_it_may(begin):
    """False by default in scripts; the error names both places."""
    run = begin(config={"lr": 1})
    with pytest.raises(ConfigError, match="allow_val_change"):
        run.config["lr"] = 2
    run.finish()
    run = begin(config={"lr": 1}, allow_val_change=True)
    run.config["lr"] = 2
    assert run.config["lr"] == 2


def test_dir_says_where_the_wandb_directory_goes(begin, jail):
    """It is made if it is missing; a path object does as well."""
    run = begin(dir=jail.cwd / "deep" / "er")
    assert run.path.parent == jail.cwd / "deep" / "er" / "wandb"


def test_a_hidden_wandb_directory_is_used_where_there_is_one(begin, jail):
    """As the wandb client does."""
    (jail.cwd / ".wandb").mkdir()
    assert begin().path.parent == jail.cwd / ".wandb"


def test_with_both_directories_settings_and_runs_share_the_hidden_one(begin, jail):
    """As the wandb client does."""
    jail.write_workspace("[default]\nproject = visible\n")
    jail.write(".wandb/settings", "[default]\nproject = hidden\n")
    run = begin()
    assert (run.project, run.path.parent) == ("hidden", jail.cwd / ".wandb")


def test_a_directory_that_cannot_be_made_falls_back(begin, jail, capsys, tmp_path, monkeypatch):
    """The run goes to a temporary directory, with a warning that names both."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    jail.write("wandb", "a file")
    run = begin()
    assert run.path.is_relative_to(tmp_path)
    warning = capsys.readouterr().err
    assert f"{jail.cwd / 'wandb'} cannot be written" in warning
    assert f"runs go to {run.path.parent}" in warning


@pytest.mark.parametrize("asked", [{"settings": {"strict": True}}, {"id": "a", "resume": "must"}])
def test_no_run_goes_elsewhere_if_that_is_an_error(begin, jail, tmp_path, monkeypatch, asked):
    """With `strict`, or for a run that must be resumed, and nothing is made."""
    place = tmp_path / "elsewhere"
    place.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(place))
    jail.write("wandb", "a file")
    with pytest.raises(RunError, match="root_dir: the run cannot be started in") as caught:
        begin(**asked)
    assert f"{jail.cwd / 'wandb'}: " in str(caught.value)
    assert list(place.iterdir()) == []


def test_where_no_directory_can_be_made_at_all_the_error_says_so(begin, jail, monkeypatch):
    """It names the setting and the ways out."""
    monkeypatch.setattr("tempfile.tempdir", str(jail.cwd / "missing"))
    jail.write("wandb", "a file")
    with pytest.raises(RunError, match="root_dir: the run cannot be started") as caught:
        begin()
    assert "dir=, or mode='disabled'" in str(caught.value)


def test_a_second_init_returns_the_active_run(begin, capsys):
    """With a notice if the arguments differ, and none if they do not."""
    run = begin(project="p")
    assert begin(project="p") is run
    assert capsys.readouterr().err == ""
    assert begin(project="q", config={"a": 1}) is run
    assert capsys.readouterr().err == (
        f"runsettings: warning: run {run.name} ({run.id}) is active and was returned; "
        "project=, config= had no effect (reinit=True starts another run)\n"
    )


def test_reinit_finishes_the_active_run_and_starts_another(begin):
    """Both are whole runs."""
    first = begin()
    second = begin(reinit=True)
    assert second is not first
    assert journal_of(first).state == "finished"
    assert active.run() is second


def test_a_finished_run_makes_way(begin):
    """After `finish` no `reinit` is needed."""
    first = begin()
    first.finish()
    assert active.run() is None
    assert begin() is not first


def notebook_shell(monkeypatch):
    """Make this process look like a notebook's kernel to whoever asks IPython."""

    class ZMQInteractiveShell:
        user_ns = {"In": ["", "init()", "train()"]}

    shell = ZMQInteractiveShell()
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=lambda: shell))


def test_a_cell_that_is_run_again_starts_again(begin, monkeypatch):
    """In a notebook, `init` finishes the earlier run, and config values may change."""
    notebook_shell(monkeypatch)
    first = begin(config={"lr": 1})
    first.config["lr"] = 2
    second = begin(config={"lr": 1})
    assert second is not first
    assert journal_of(first).state == "finished"


def test_what_was_put_into_the_config_before_is_its_lowest_input(begin):
    """`config` before `init` fills the run's config, with the origin of each value."""
    active.config()["a"] = 1
    active.config().update({"b": 1})
    run = begin(config={"b": 2})
    assert run.config.as_dict() == {"a": 1, "b": 2}
    assert active.config() is run.config
    run.finish()
    assert begin().config.as_dict() == {}


@pytest.mark.parametrize(("alias", "mode"), [("dryrun", "offline"), ("run", "online")])
def test_the_clients_older_names_of_modes_count(begin, alias, mode):
    """Scripts of old use them."""
    assert begin(mode=alias).settings.mode == mode


def test_a_start_that_fails_lets_go_of_the_run(begin, journals):
    """The next start may have it, with what was put into the config before."""
    begin(id="x", config={"a_b": 1}).finish()
    active.config()["c"] = 1
    with pytest.raises(ConfigError, match="a-b"):
        begin(id="x", resume="must", config={"a-b": 2})
    (journal,) = journals()
    assert load_run(journal).state == "failed"
    assert begin(id="x", resume="must").config.as_dict() == {"a_b": 1, "c": 1}


def test_disabled_mode_writes_nothing(begin, jail, capsys):
    """The whole surface is there, and no file, thread or line."""
    run = begin(mode="disabled", config={"a": 1}, name="n", settings=None)
    assert isinstance(run, RunDisabled)
    run.log({"a": 1})
    run.summary["b"] = 1
    run.config["c"] = 2
    assert run.save("*.py") == []
    assert (run.config.a, run.summary["b"], run.name, run.mode) == (1, 1, "n", "disabled")
    assert active.run() is run
    with run:
        pass
    assert active.run() is None
    assert list(jail.cwd.iterdir()) == []
    assert capsys.readouterr().err == ""


def test_a_disabled_run_has_the_whole_surface_of_a_run(begin):
    """A script does not notice the mode."""
    disabled = begin(mode="disabled")
    disabled.finish()
    run = begin()
    public = {name for name in dir(run) if not name.startswith("_")}
    assert public <= set(dir(disabled))
    assert inspect.signature(run.log) == inspect.signature(disabled.log)
    assert inspect.signature(run.save) == inspect.signature(disabled.save)


def test_a_disabled_run_s_summary_knows_what_was_logged(begin):
    """A script that ends with its last loss ends so in every mode."""
    run = begin(mode="disabled")
    run.log({"loss": 0.5, "val": {"acc": 0.9}}, step=3)
    assert run.summary.as_dict() == {"loss": 0.5, "val": {"acc": 0.9}}


def test_the_directory_of_a_disabled_run_can_be_written(begin, jail):
    """It is made when it is first read, and removed at the end."""
    run = begin(mode="disabled")
    file = Path(run.dir, "model.pt")
    file.write_text("x")
    assert jail.cwd not in file.parents
    assert file.parent.parent == run.path == run.journal_path.parent
    run.finish()
    assert not run.path.exists()


def test_the_directory_of_a_disabled_run_is_removed_at_the_end_of_the_process(script):
    """Without `finish`, and not by a forked child."""
    done = script(
        """
        import os
        run = init(mode="disabled")
        print(run.dir, flush=True)
        if os.fork() == 0:
            raise SystemExit(0)
        os.wait()
        print(os.path.isdir(run.dir))
        """
    )
    directory, alive = done.stdout.split()
    assert (alive, Path(directory).exists()) == ("True", False)


def test_a_disabled_run_can_be_pickled(begin):
    """A worker gets its config, its names and its summary."""
    run = begin(mode="disabled", config={"a": {"b": 1}}, name="n", tags=["t"])
    run.log({"loss": {"val": 1}})
    again = pickle.loads(pickle.dumps(run))
    assert (again.id, again.name, again.tags) == (run.id, "n", ("t",))
    assert (again.config.as_dict(), again.summary.loss) == ({"a": {"b": 1}}, {"val": 1})
    again.finish()
    assert active.run() is run


@pytest.mark.parametrize("data", [5, {1: 2}, [1], {"a": {2: 3}}])
def test_a_disabled_run_minds_no_data(begin, data):
    """What other modes refuse is passed over."""
    run = begin(mode="disabled")
    run.log(data)
    assert dict(run.summary) == {}


def test_all_that_comes_later_is_one_warning(begin, capfd):
    """However much is asked for, and in the words of newer clients too."""
    begin(
        settings={"mode": "shared"}, mode=None, reinit="create_new",
        fork_from="x?_step=1", resume_from="y?_step=2",
    )  # fmt: skip
    (line,) = [line for line in capfd.readouterr().err.splitlines() if "without effect" in line]
    for name in ("create_new", "shared", "fork_from", "resume_from"):
        assert name in line


@pytest.mark.parametrize(
    "given",
    [{"fork_from": "x?_step=1"}, {"mode": "shared"}],
)
def test_what_comes_later_is_an_error_if_strict(begin, jail, given):
    """As every warning is."""
    with pytest.raises(RunError, match="is not available in this version"):
        begin(settings={"strict": True}, **given)
    assert not (jail.cwd / "wandb").exists()


@pytest.mark.parametrize(
    "given",
    [
        {"magic": True, "tensorboard": True, "monitor_gym": True, "fork_from": "x?_step=1"},
        {"settings": {"strict": True}, "sync_tensorboard": True},
    ],
)
def test_disabled_mode_says_nothing_of_what_comes_later(begin, capfd, given):
    """Nothing is recorded anyway."""
    begin(mode="disabled", **given)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    "given",
    [
        {"project": "a/b"},
        {"id": "a/b", "tags": ["x" * 65]},
        {"settings": {"base_url": "https://wandb.ai"}},
        {"anonymous": "perhaps", "config": {"a": 1}},
    ],
)
def test_disabled_mode_leaves_out_wrong_arguments(begin, capfd, given):
    """It says so, and the script goes on."""
    run = begin(**{"settings": None, "mode": "disabled", **given})
    assert isinstance(run, RunDisabled)
    assert "warning: left out: " in capfd.readouterr().err
    assert run.config.as_dict() == given.get("config", {})


@pytest.mark.parametrize(
    ("config", "kept"),
    [
        ("missing.yaml", {}),
        ({"a": 1, "b.c": 2, "": 3}, {"a": 1}),
        ([{"a": 1}, "missing.yaml", {"b": 2}], {"a": 1, "b": 2}),
        (5, {}),
    ],
)
def test_disabled_mode_leaves_out_wrong_parts_of_a_config(begin, capfd, config, kept):
    """The rest of a mapping is there."""
    run = begin(mode="disabled", settings=None, config=config)
    assert run.config.as_dict() == kept
    assert "left out of the config: " in capfd.readouterr().err


@pytest.mark.parametrize("given", [{"projct": "x"}, {"settings": {"projct": "x"}}])
def test_disabled_mode_refuses_a_misspelt_argument(begin, given):
    """It would never be found otherwise."""
    with pytest.raises((TypeError, SettingsError), match="projct"):
        begin(mode="disabled", **given)


@pytest.mark.parametrize("argument", ["magic", "tensorboard", "sync_tensorboard", "monitor_gym"])
def test_what_comes_later_may_be_turned_off(begin, argument):
    """False is what this version does."""
    assert begin(**{argument: False}).id


def test_tensorboard_is_another_name_of_sync_tensorboard(begin):
    """Two different values for one setting are an error."""
    with pytest.raises(SettingsError, match="are one setting"):
        begin(tensorboard=False, sync_tensorboard=True)


def test_settings_are_below_the_other_arguments(begin):
    """As a dict, a `Settings`, or a file."""
    run = begin(settings={"project": "low", "run_group": "g", "quiet": True}, project="high")
    assert (run.project, run.group) == ("high", "g")
    assert [str(leaf.origin).split(" ")[1] for leaf in run.settings.history("project")[:2]] == [
        "init(project=)",
        "init(settings=)",
    ]


def test_settings_may_be_an_object_or_a_file(begin, jail):
    """Their origins stay what they were."""
    jail.write("run.yaml", "project: file\nquiet: true\n")
    run = begin(settings="run.yaml", group="g")
    assert (run.project, str(run.settings.origin("project"))) == ("file", "run.yaml:1:10")
    run.finish()
    resolved = Settings.resolve(files=["run.yaml"])
    run = begin(settings=resolved, group="h")
    assert (run.project, run.group) == ("file", "h")
    assert str(run.settings.origin("run_group")).endswith("init(group=)")


@pytest.mark.parametrize("settings", [3, ["a"]])
def test_settings_of_another_kind_are_refused(settings):
    """The error says what is taken."""
    with pytest.raises(SettingsError, match="must be a Settings, a dict or a path"):
        start.init(settings=settings)


def test_settings_json_has_values_with_origins_and_no_secret(begin, jail):
    """Each setting with what set it and whom it beat."""
    jail.setenv(WANDB_PROJECT="env", WANDB_API_KEY=SECRET)
    run = begin(project="call")
    settings = paper(run, "settings.json")
    assert settings["project"]["value"] == "call"
    assert [entry["layer"] for entry in settings["project"]["history"]][:2] == ["init", "env"]
    assert settings["api_key"]["value"] == "***"
    assert journal_of(run).settings_origins["project"]["call"] == "init(project=)"


def test_a_variable_that_loses_to_code_is_told(begin, jail, capsys):
    """One line, unless quiet."""
    jail.setenv(WANDB_PROJECT="env")
    begin(project="call", settings={"disable_git": True})
    assert "WANDB_PROJECT has no effect" in capsys.readouterr().err


def test_start_and_end_are_one_line_each(begin, capsys):
    """On standard error; nothing on standard output."""
    run = begin(name="n", id="i", settings={"disable_git": True})
    run.log({"a": 1})
    run.finish()
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == (
        f"runsettings: run n (i) started, offline: {run.path}\n"
        f"runsettings: run n (i) finished after 1 step: {run.path}\n"
    )


def test_the_end_tells_how_many_steps_have_data(begin, capsys):
    """As `runs ls` and `runs show` do: skipped steps do not count, and an open row does."""
    run = begin(name="n", id="i", settings={"disable_git": True})
    run.log({"a": 1}, step=400)
    run.log({"a": 2}, step=500)
    run.log({"a": 3}, commit=False)
    run.finish()
    assert "finished after 2 steps" in capsys.readouterr().err
    assert load_run(run.journal_path).rows == 2


def test_silent_says_nothing_at_all(begin, capsys):
    """Warnings included."""
    run = begin(settings={"silent": True})
    run.log({"a": 1}, step=3)
    run.log({"a": 1}, step=2)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("place", ["variable", "argument", "netrc", "file"])
def test_the_api_key_reaches_no_file(script, jail, place):
    """From wherever it came: not the journal, argv, config, logged values or a message."""
    given, more = "", ["--wandb-key", SECRET, f"--token={SECRET}", f"plain{SECRET}"]
    if place == "variable":
        jail.setenv(WANDB_API_KEY=SECRET)
    elif place == "argument":
        given = f"settings={{'api_key': '{SECRET}'}},"
    elif place == "netrc":
        jail.write(jail.home / ".netrc", f"machine api.wandb.ai login user password {SECRET}\n")
        (jail.home / ".netrc").chmod(stat.S_IRUSR | stat.S_IWUSR)
    else:
        jail.write_user(f"[default]\napi_key = {SECRET}\n")
    code = f"""
    import warnings
    warnings.simplefilter("ignore")
    key = sys.argv[2]
    config = {{"key": key, "args": sys.argv}}
    run = init({given} mode="offline", config=config, notes=key, save_code=True)
    run.log({{"key": key, "n": {{"k": [key]}}}})
    run.summary["k"] = key
    run.config["later"] = key
    run.name = "x" + key
    """
    done = script(code, *more)
    assert done.returncode == 0, done.stderr
    assert SECRET not in done.stdout + done.stderr
    written = [path for path in (jail.cwd / "wandb").rglob("*") if path.is_file()]
    assert len(written) > 4
    assert [path for path in written if SECRET.encode() in path.read_bytes()] == []


def test_the_metadata_tells_where_and_how(script, jail):
    """Arguments, directory, host, Python, packages and git."""
    script(
        """
        import subprocess
        git = ["git", "-c", "user.name=a", "-c", "user.email=a@b"]
        subprocess.run([*git, "init", "-q", "."], check=True)
        subprocess.run([*git, "add", "train.py"], check=True)
        subprocess.run([*git, "commit", "-q", "-m", "first"], check=True)
        subprocess.run([*git, "remote", "add", "origin", "https://me:pass@host/x.git"], check=True)
        init(mode="offline")
        """,
        "--lr",
        "0.1",
    )
    (path,) = jail.cwd.glob("wandb/*run-*/files/wandb-metadata.json")
    facts = json.loads(path.read_text())
    assert (facts["program"], facts["args"]) == ("train.py", ["--lr", "0.1"])
    assert facts["cwd"] == str(jail.cwd)
    assert facts["python"].count(".") == 2
    assert "pydantic" in facts["packages"]
    assert len(facts["git"]["commit"]) == 40
    assert facts["git"]["dirty"] is False
    assert facts["git"]["remote"] == "https://***@host/x.git"


@pytest.mark.parametrize("mode", ["offline", "disabled"])
def test_a_run_starts_in_a_deleted_directory(begin, jail, monkeypatch, mode):
    """A script whose directory went away goes on where ``dir`` says."""
    (jail.cwd / "gone").mkdir()
    monkeypatch.chdir(jail.cwd / "gone")
    (jail.cwd / "gone").rmdir()
    with pytest.warns(SettingsWarning, match="the working directory was deleted"):
        run = begin(mode=mode, dir=jail.cwd)
    run.log({"a": 1})
    assert len(list(jail.cwd.glob("wandb/*run-*"))) == (mode == "offline")


def test_without_dir_a_run_in_a_deleted_directory_goes_to_a_temporary_one(
    begin, jail, monkeypatch, capsys
):
    """As anywhere that cannot be written."""
    (jail.cwd / "gone").mkdir()
    monkeypatch.chdir(jail.cwd / "gone")
    (jail.cwd / "gone").rmdir()
    with pytest.warns(SettingsWarning, match="the working directory was deleted"):
        assert begin().path.is_dir()
    assert "runs go to" in capsys.readouterr().err


def test_a_config_s_warnings_are_said(begin):
    """A name that matches nothing is pointed out, with what may have been meant."""
    with pytest.warns(SettingsWarning, match=r"learning_rat.*did you mean 'learning_rate'"):
        begin(config={"learning_rate": 1}, config_exclude_keys=["learning_rat"])


def test_with_strict_a_config_s_warnings_are_errors(begin, jail):
    """As those of settings; and no run is left behind."""
    with pytest.raises(ConfigError, match="learning_rat"):
        begin(
            config={"learning_rate": 1},
            config_exclude_keys=["learning_rat"],
            settings={"quiet": True, "strict": True},
        )
    assert not (jail.cwd / "wandb").exists()


def test_a_key_that_an_earlier_config_has_is_no_reason_to_warn(begin):
    """A resumed run's config counts when keys are chosen."""
    begin(id="x", config={"lr": 1}).finish()
    run = begin(id="x", resume="must", config_include_keys=["lr"])
    assert run.config.as_dict() == {"lr": 1}


def test_a_second_init_tells_of_settings_that_had_no_effect(begin, capsys):
    """The notice names settings= as it names any argument."""
    begin(project="first")
    begin(settings={"quiet": True, "disable_git": True, "project": "second"})
    assert "settings= had no effect" in capsys.readouterr().err


def test_a_path_that_is_none_is_refused_as_settings(begin):
    """Whatever claims to be a path must have a text."""

    class Claim:
        def __fspath__(self) -> int:
            return 5

    with pytest.raises(SettingsError, match="must be a Settings, a dict or a path; got Claim"):
        begin(settings=Claim())


def test_an_unknown_user_s_home_is_a_directory_like_any_other(begin, jail):
    """It is where the settings file of the workspace is looked for, too."""
    run = begin(dir="~nobody-of-this-name/runs")
    assert run.path.is_relative_to(jail.cwd / "~nobody-of-this-name/runs")


def test_keys_that_are_included_and_excluded_are_an_error_with_both_places(begin, jail):
    """A variable is not to be searched for in the script."""
    jail.setenv(WANDB_CONFIG_EXCLUDE_KEYS="lr")
    with pytest.raises(ConfigError, match="cannot both be given") as caught:
        begin(config={"lr": 0.1}, config_include_keys=["lr"])
    assert "init(config_include_keys=)" in str(caught.value)
    assert "WANDB_CONFIG_EXCLUDE_KEYS" in str(caught.value)


def test_flags_of_settings_in_the_config_settle_the_run(jail):
    """``init(config=parse_args(parser))`` heeds ``--project`` and ``--mode`` of the same parser."""
    parser = argparse.ArgumentParser()
    Settings.add_arguments(parser, only=["project", "mode"])
    parser.add_argument("--lr", type=float, default=0.1)
    args = parse_args(parser, ["--project", "foo", "--mode", "disabled", "--lr", "3"])
    with start.init(config=[{"seed": 1}, args]) as run:
        assert (run.project, run.mode) == ("foo", "disabled")
        assert run.config.as_dict() == {"seed": 1, "lr": 3.0}
        assert str(run.settings.origin("project")) == "--project"


def test_a_start_in_a_warm_process_makes_few_calls(begin, counted_calls, monkeypatch):
    """Ours and others' together: what `init` costs once everything is loaded."""
    monkeypatch.setattr(
        sys, "argv", ["train.py"]
    )  # each argument is recorded, also those of pytest
    given = {"project": "p", "config": {"lr": 0.1, "optim": {"name": "sgd"}}}
    for _ in range(2):
        begin(**given).finish()
    with counted_calls() as calls:
        begin(**given)
    assert calls.total() <= 4000, calls.most_common(5)


def settings_flags(*words):
    """The parsed flags of a program that has settings and flags of its own."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--lr", type=float, default=0.1)
    Settings.add_arguments(parser)
    return parse_args(parser, words)


@pytest.mark.parametrize("wrap", [lambda args: args, lambda args: [{"depth": 3}, args]])
def test_flags_of_settings_in_the_config_count_beside_a_settings_object(begin, jail, wrap):
    """They are settings above the variables, and no config."""
    jail.setenv(WANDB_PROJECT="env", WANDB_ENTITY="env")
    args = settings_flags("--project", "mine", "--lr", "0.5")
    run = begin(settings=Settings(quiet=True), config=wrap(args), mode="offline")
    assert (run.project, run.entity, run.config["lr"]) == ("mine", "env", 0.5)
    assert "project" not in run.config
    assert str(run.settings.origin("project")) == "--project"


def test_a_settings_object_s_own_arguments_beat_flags_in_the_config(begin, capsys):
    """Code is above flags, and the flag that has no effect is told."""
    settings = Settings(project="code", disable_git=True)
    run = begin(settings=settings, config=settings_flags("--project", "mine"))
    assert run.project == "code"
    assert "--project has no effect" in capsys.readouterr().err


def test_flags_that_a_settings_object_knows_are_not_told_twice(begin):
    """The history has them once."""
    args = settings_flags("--project", "mine")
    settings = Settings.resolve(args=args, quiet=True, disable_git=True)
    run = begin(settings=settings, config=args)
    assert [str(leaf.origin) for leaf in run.settings.history("project")] == [
        "--project",
        "Settings.project",
    ]


def test_a_settings_file_that_a_flag_in_the_config_names_is_read(begin, jail):
    """Below the flags; what is wrong with it is an error."""
    jail.write("run.yaml", "project: file\nrun_group: file\n")
    args = settings_flags("--settings-file", "run.yaml", "--project", "mine")
    run = begin(settings=Settings(quiet=True), config=args)
    assert (run.project, run.group) == ("mine", "file")
    with pytest.raises(SettingsError, match=r"gone\.yaml"):
        begin(settings=Settings(quiet=True), config=settings_flags("--settings-file", "gone.yaml"))


def test_a_link_leads_to_the_newest_run(begin, jail):
    """As with the wandb client; a resumed run is the newest again."""
    for name in ("one", "two", "one"):
        begin(id=name, resume="allow", project="p").finish()
        link = jail.cwd / "wandb" / "latest-run"
        assert link.readlink().name.endswith(name)
        assert (link / f"run-{name}.jsonl").exists()


@pytest.mark.parametrize("kind", ["directory", "file", "no links"])
def test_a_run_starts_without_the_link(begin, jail, monkeypatch, kind):
    """A directory of that name stays, and some disks have no links."""
    if kind == "directory":
        jail.write("wandb/latest-run/notes.txt", "mine")
    elif kind == "file":
        jail.write("wandb/latest-run", "mine")
    else:
        monkeypatch.delattr("os.symlink")
    begin().finish()
    assert not (jail.cwd / "wandb" / "latest-run").is_symlink()
    assert not list((jail.cwd / "wandb").glob(".*"))
