"""Unknown arguments of public calls."""

from __future__ import annotations

import inspect

import pytest

import runsettings
from runsettings import ArgumentError, Config, RunError, Settings, SettingsError


def hints(error):
    """The hint of each unknown or wrong argument."""
    return {diagnostic.path[0]: diagnostic.hint for diagnostic in error.diagnostics}


@pytest.mark.parametrize("mode", ["offline", "disabled"])
@pytest.mark.parametrize(
    ("call", "wrong", "meant"),
    [
        ("log", {"data": {"a": 1}, "stp": 3}, {"stp": "step"}),
        ("save", {"polcy": "now", "base_pth": "."}, {"polcy": "policy", "base_pth": "base_path"}),
        ("finish", {"exitcode": 1}, {"exitcode": "exit_code"}),
        ("define_metric", {"name": "a", "summry": "max"}, {"summry": "summary"}),
    ],
)
@pytest.mark.parametrize("of_module", [True, False])
def test_an_unknown_argument_is_told_which_one_is_meant(begin, mode, call, wrong, meant, of_module):
    """All of them at once, with the line of the call."""
    run = begin(mode=mode)
    with pytest.raises(ArgumentError) as caught:
        getattr(runsettings if of_module else run, call)(**wrong)
    assert hints(caught.value) == {key: f"did you mean {m!r}?" for key, m in meant.items()}
    assert all(d.origin.where.endswith("test_known_arguments.py") for d in caught.value.diagnostics)
    assert run.summary.as_dict() == {}


@pytest.mark.parametrize(
    ("called", "call", "wrong", "meant"),
    [
        ("stored_run", runsettings.stored_run, "dirr", "dir"),
        ("load_run", runsettings.load_run, "jounal", "journal"),
        ("read_history", runsettings.read_history, "journl", "journal"),
        ("read_records", runsettings.read_records, "pth", "path"),
        ("check", runsettings.check, "fles", "files"),
        ("resolve", lambda **k: runsettings.resolve(Settings, **k), "environn", "environ"),
        ("parse_args", runsettings.parse_args, "namspace", "namespace"),
        ("parse_known_args", runsettings.parse_known_args, "arg", "args"),
        ("add_config_arguments", runsettings.add_config_arguments, "parsr", "parser"),
        ("overrides", lambda **k: runsettings.overrides([], **k), "unsett", "unset"),
        ("Config.load", lambda **k: Config.load({}, **k), "profile", "profiles"),
    ],
)
def test_every_public_function_tells_which_argument_is_meant(called, call, wrong, meant):
    """Those of runs are not the only ones; the error is a TypeError, as for any function."""
    with pytest.raises(TypeError) as caught:
        call(**{wrong: 1})
    assert isinstance(caught.value, ArgumentError)
    assert hints(caught.value) == {wrong: f"did you mean {meant!r}?"}
    assert f"{called}() has no argument {wrong!r}" in str(caught.value)


@pytest.mark.parametrize("mode", ["offline", "disabled", None])
def test_init_tells_unknown_arguments_beside_wrong_ones(jail, mode):
    """No run is started."""
    with pytest.raises(ArgumentError) as caught:
        runsettings.init("a job", projct="x", tag=["a"], project=123, mode=mode)
    assert set(hints(caught.value)) == {"projct", "tag", "project"}
    assert hints(caught.value)["tag"] == "did you mean 'tags'?"
    assert runsettings.run is None
    assert not list(jail.cwd.glob("wandb*"))


@pytest.mark.parametrize(
    ("argument", "hint"),
    [
        ("run_name", "call it 'name'"),
        ("root_dir", "call it 'dir'"),
        ("base_url", "give settings={'base_url': …}"),
        ("silent", "give settings={'silent': …}"),
    ],
)
def test_a_setting_that_is_no_argument_of_init_is_told_its_place(jail, argument, hint):
    """Settings are given by their own names to `Settings`, and by others to `init`."""
    with pytest.raises(ArgumentError) as caught:
        runsettings.init(**{argument: "x"})
    assert hints(caught.value) == {argument: hint}


@pytest.mark.parametrize("kind", [TypeError, SettingsError, RunError, runsettings.Error])
def test_an_unknown_argument_is_an_error_of_each_kind_that_scripts_catch(kind, jail):
    """A script that tries an argument of a newer version catches a TypeError."""
    with pytest.raises(kind):
        runsettings.login(kee="x")


def test_a_right_call_of_log_makes_no_call_for_its_keywords(begin, counted_calls):
    """It is made at each step of a training."""
    run = begin(mode="disabled")
    with counted_calls() as around:
        pass
    with counted_calls() as calls:
        runsettings.log({"a": 1}, commit=True)
        run.log({"a": 1})
    ours = {name: number for name, number in calls.items() if name not in around}
    assert ours == {"log": 1, "RunDisabled.log": 2}


def test_the_signatures_stay():
    """Tools that complete and document the calls read them."""
    for log in (runsettings.log, runsettings.Run.log, runsettings.RunDisabled.log):
        names = list(inspect.signature(log).parameters)
        assert [name for name in names if name != "self"] == ["data", "step", "commit", "sync"]
    for name in ("save", "define_metric"):
        of_run = list(inspect.signature(getattr(runsettings.Run, name)).parameters)
        assert ["self", *inspect.signature(getattr(runsettings, name)).parameters] == of_run
    assert next(iter(inspect.signature(runsettings.init).parameters)) == "job_type"
