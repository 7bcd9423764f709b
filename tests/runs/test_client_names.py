"""What scripts for the wandb client call: taken, or answered with what to do instead."""

from __future__ import annotations

import importlib
import re

import pytest

import runsettings
from runsettings.runs.client_names import MISSING
from runsettings.values.errors import ConfigError, RunError, RunsettingsError, SettingsError


@pytest.mark.parametrize(
    "name",
    [
        "Image",
        "Table",
        "Artifact",
        "Api",
        "watch",
        "Histogram",
        "Video",
        "Audio",
        "sklearn",
    ],
)
def test_a_missing_name_of_the_client_says_what_to_do_instead(name):
    """Of the module, whose message a script shows."""
    (instead,) = [text for names, text in MISSING.items() if name in names]
    with pytest.raises(AttributeError) as caught:
        getattr(runsettings, name)
    assert str(caught.value).endswith(f"Instead: {instead.replace('`', '')}")


@pytest.mark.parametrize("mode", ["offline", "disabled"])
@pytest.mark.parametrize("name", ["watch", "log_artifact", "alert", "log_code"])
def test_a_missing_name_of_a_run_says_what_to_do_instead(begin, mode, name):
    """In every mode."""
    run = begin(mode=mode)
    with pytest.raises(AttributeError, match=f"a run has no attribute '{name}'.*Instead: "):
        getattr(run, name)


@pytest.mark.parametrize("mode", ["offline", "disabled"])
def test_a_misspelt_name_of_a_run_is_told_the_name_that_is_meant(begin, mode):
    """The words are those that settings use."""
    with pytest.raises(AttributeError, match="no attribute 'sumary'; did you mean 'summary'"):
        _ = begin(mode=mode).sumary


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("Image", "Instead: write it to a file"),
        ("watch", "Instead: log() the norms"),
        ("Table", "Instead: write a CSV file"),
        ("initt", "did you mean 'init'"),
        ("Setings", "did you mean 'Settings'"),
    ],
)
def test_a_failed_from_import_gives_the_same_advice(name, advice):
    """It is an ImportError, as scripts expect that try it."""
    with pytest.raises(ImportError, match=re.escape(advice)):
        exec(f"from runsettings import {name}", {})


def test_a_from_import_of_a_submodule_works():
    """The package lacks the name until the import."""
    scope = {}
    exec("from runsettings import checks", scope)
    assert scope["checks"].__name__ == "runsettings.checks"


@pytest.mark.parametrize("mode", ["offline", "disabled"])
@pytest.mark.parametrize(("name", "meant"), [("lgo", "log"), ("confg", "config"), ("sav", "save")])
def test_a_misspelt_method_is_told_the_public_name_that_is_meant(begin, mode, name, meant):
    """Two letters that changed places are one mistake; private names are not proposed."""
    with pytest.raises(AttributeError, match=f"did you mean '{meant}'"):
        getattr(begin(mode=mode), name)


def test_no_missing_name_is_there():
    """The table has nothing that a script could have."""
    missing = {name for names in MISSING for name in names}
    assert not missing & set(dir(runsettings))
    assert not missing & set(dir(runsettings.Run))


@pytest.mark.parametrize("mode", ["offline", "disabled"])
def test_a_run_has_names_of_the_client_alone(begin, mode):
    """What they tell is true of a run that is only on this machine."""
    run = begin(mode=mode, project="capsules")
    assert (run.offline, run.starting_step, run.project_name()) == (
        mode == "offline",
        0,
        "capsules",
    )
    assert run.sync_dir == str(run.path)
    assert run.sweep_id is run.sweep_url is run.project_url is run.url is None
    assert run.get_url() is run.get_project_url() is run.get_sweep_url() is None


def test_a_resumed_run_tells_where_it_starts(begin):
    """As the client has it."""
    begin(id="x").log({"a": 1})
    runsettings.finish()
    run = begin(id="x", resume="must")
    run.log({"a": 2})
    assert (run.starting_step, run.step) == (1, 2)


@pytest.mark.parametrize("mode", ["offline", "disabled"])
def test_the_summary_of_the_current_run_is_a_name_of_the_module(begin, mode):
    """Before `init` it is an AttributeError that says so."""
    with pytest.raises(AttributeError, match="call init"):
        _ = runsettings.summary
    run = begin(mode=mode)
    runsettings.summary["best"] = 1
    assert run.summary["best"] == 1


@pytest.mark.parametrize("mode", ["offline", "disabled"])
def test_parts_of_a_summary_have_attributes(begin, mode):
    """At every depth, to be read and to be set."""
    run = begin(mode=mode)
    run.log({"val": {"acc": {"top1": 0.5}}})
    assert run.summary.val.acc.top1 == 0.5
    run.summary.val.acc.top1 = 0.7
    run.summary.val.loss = 2
    assert run.summary.as_dict() == {"val": {"acc": {"top1": 0.7}, "loss": 2}}
    with pytest.raises(AttributeError, match=r"'val\.acc' of the summary has no 'top5' yet"):
        _ = run.summary.val.acc.top5


def test_the_clients_own_keys_of_a_summary_can_be_read(begin):
    """They are no items of it, and are not there before the first row."""
    run = begin()
    assert run.summary.get("_step") is None
    run.log({"a": 1})
    run.log({"a": 2})
    assert run.summary["_step"] == 1
    assert run.summary["_timestamp"] > run.start_time
    assert run.summary["_runtime"] >= 0
    assert dict(run.summary) == {"a": 2}


@pytest.mark.parametrize("name", ["Error", "UsageError", "CommError"])
def test_the_clients_errors_are_bases_of_ours(name):
    """`except wandb.errors.CommError` catches what fails in a run."""
    base = getattr(runsettings.errors, name)
    assert issubclass(RunError, base)
    assert runsettings.errors is importlib.import_module("runsettings.errors")


def test_every_error_is_an_error():
    """`except wandb.Error` catches all."""
    assert runsettings.Error is runsettings.errors.Error is RunsettingsError
    assert issubclass(SettingsError, runsettings.errors.UsageError)
    assert issubclass(ConfigError, runsettings.errors.UsageError)


@pytest.mark.parametrize("mode", ["offline", "disabled"])
def test_arguments_of_older_and_newer_clients_are_taken(begin, jail, mode):
    """By the functions of the module, and by the run."""
    jail.write("a.txt", "a")
    run = begin(mode=mode)
    run.log({"a": 1}, sync=False)
    runsettings.log({"a": 2}, sync=True)
    assert run.save() == runsettings.save() == []
    saved = [*run.save("a.txt", policy="now"), *runsettings.save("a.txt", policy="live")]
    assert len(saved) == (0 if mode == "disabled" else 2)
    assert run.disabled is (mode == "disabled")
    runsettings.finish(quiet=True)
    assert runsettings.run is None


def test_save_without_a_path_says_so_once(begin, capfd):
    """It saved attributes once, which are recorded when they are set."""
    run = begin(settings=None)
    run.save()
    run.save()
    assert capfd.readouterr().err.count("save() without a path does nothing") == 1


def test_a_quiet_finish_prints_no_line(begin, capfd):
    """As with the client."""
    run = begin(settings=None)
    capfd.readouterr()
    run.finish(quiet=True)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("policy", "at_once", "content"),
    [("live", True, "2"), ("now", True, "1"), ("end", False, "2")],
)
def test_a_policy_says_when_files_are_copied(begin, jail, policy, at_once, content):
    """The file changes between the call and the end."""
    run = begin()
    file = jail.write("a.txt", "1")
    assert bool(run.save("a.txt", policy=policy)) is at_once
    file.write_text("2")
    run.finish()
    assert (run.path / "files" / "a.txt").read_text() == content


def test_an_unknown_policy_is_an_error(begin, jail):
    """It names those that there are."""
    jail.write("a.txt", "1")
    with pytest.raises(RunError, match="must be one of 'live', 'now', 'end'; got 'later'"):
        begin().save("a.txt", policy="later")
