"""Runs are read from a store as they are read from their journals."""

from __future__ import annotations

import contextlib
import json
import math
import sqlite3

import pytest
from click.testing import CliRunner

from runsettings import Config, RunConfig, read_runs, stored_run
from runsettings.cli.main import cli
from runsettings.journal.replay import load_run
from runsettings.shipping.stores.one_run import history
from runsettings.shipping.stores.opening import open_store
from runsettings.shipping.sync import sync_runs


def ship(address, *journals):
    """Ship journals to a store."""
    with open_store(address) as store:
        results = sync_runs(store, [load_run(each) for each in journals], lambda *_: None)
    assert [each.error for each in results] == [None] * len(journals)


def rows_of(run):
    """The rows of a run, with NaN as a text, which is equal to itself."""
    return [
        {key: "nan" if value != value else value for key, value in row.items()}
        for row in run.history
    ]


@pytest.fixture
def logged(begin):
    """Records a run with values of every kind; its journal."""

    def record(**given):
        with begin(id="odd", config={"lr": 0.1}, **given) as run:
            for step in range(20):
                run.log({"loss": 1 / (step + 1), "val": {"acc": step}})
                if step % 5 == 0:
                    run.log({"text": f"row {step}", "loss": math.nan, "huge": 2**60 + step})
            run.log({"loss": 1}, commit=False)
            run.log({"loss": 2, "list": [1, {"a": math.inf}]})
            run.log({"loss": 1, "text": "x"}, commit=False)
            run.log({"loss": 3})
            run.log({"only": "text", "none": None})
            run.log({"_step": 7, "_timestamp": 8, "x": 1})
        return run.journal_path

    return record


@pytest.mark.parametrize(
    ("numbers", "events"), [(200_000, 10_000), (7, 10_000), (200_000, 2), (1, 1)]
)
def test_rows_are_those_of_the_journal(address, logged, monkeypatch, numbers, events):
    """In parts of any size; with large integers, NaN, lists, texts and replaced values."""
    ship(address, logged())
    monkeypatch.setattr(history, "NUMBERS", numbers)
    monkeypatch.setattr(history, "EVENTS", events)
    (local,), (stored,) = read_runs(), read_runs(store=address)
    assert rows_of(stored) == rows_of(local)
    assert stored.history.keys[:2] == ["_step", "_timestamp"]
    assert {*stored.history.keys} == {*local.history.keys}
    some = ("text", "val.acc")
    assert [*stored.history.select(*some)] == [*local.history.select(*some)]


def test_a_run_has_what_it_recorded(address, logged):
    """Config, origins, summary, settings, tags and state."""
    ship(address, logged(tags=["a"], notes="n"))
    (local,), (stored,) = read_runs(), read_runs("config.lr < 1", store=address)
    names = ("id", "name", "tags", "notes", "state", "exit_code", "created", "ended", "runtime")
    names = (*names, "steps", "config", "origins", "settings", "metadata")
    assert [getattr(stored, name) for name in names] == [getattr(local, name) for name in names]
    assert str(Config.load(stored).origin("lr")) == str(local.origins["lr"])


class Train(RunConfig):
    """A typed run config."""

    lr: float = 1.0


def test_a_typed_config_is_read_back(address, logged, jail):
    """By an id, from an address and from the setting, with the recorded origins."""
    ship(address, logged())
    jail.setenv(WANDB_STORE=address)
    for store in (address, "setting"):
        again = Train.from_run("odd", store=store)
        assert again.lr == 0.1
        assert again.origin("lr") == Train.from_run("odd").origin("lr")
        assert stored_run("odd", store=store).config == {"lr": 0.1}


def test_saved_files_are_fetched(address, begin, jail):
    """Byte by byte, to the standard output and into a directory, as from the run itself."""
    content = bytes(range(256)) * 8000
    jail.write("out/model.bin", content)
    with begin(id="one") as run:
        run.save("out/*.bin")
    ship(address, run.journal_path)
    jail.setenv(WANDB_STORE=address)
    store = ("--store", "setting")

    def command(*words):
        return CliRunner().invoke(cli, ["runs", "files", "one", *words], catch_exceptions=False)

    (name,) = command(*store).stdout.split()[:1]
    assert command(name, *store).stdout_bytes == command(name).stdout_bytes == content
    assert command("--output", "got", *store).stdout == f"{name}\n"
    assert (jail.cwd / "got" / name).read_bytes() == content


def test_ids_and_keys_are_completed(address, logged, jail):
    """As for local runs; an address with a password, or that does not answer, offers nothing."""
    from click.shell_completion import ShellComplete

    def offered(args, incomplete):
        complete = ShellComplete(cli, {}, "runsettings", "_COMPLETE")
        return [item.value for item in complete.get_completions(args, incomplete)]

    ship(address, logged())
    jail.setenv(WANDB_STORE=address)
    assert "odd" in offered(["runs", "show", "--store", "setting"], "")
    assert offered(["runs", "ls", "--store", "setting", "--sort"], "config.") == ["config.lr"]
    assert offered(["runs", "show", "--store", "postgresql://a:b@h/d"], "") == []
    assert offered(["runs", "show", "--store", "sqlite:///none.db"], "") == []


def test_completion_waits_for_no_store_that_hangs(jail, monkeypatch):
    """A server that accepts a connection and says nothing."""
    import socket

    from click.shell_completion import ShellComplete

    from runsettings.cli.runs import options

    monkeypatch.setattr(options, "_PATIENCE", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"postgresql://me@127.0.0.1:{server.getsockname()[1]}/d"
        complete = ShellComplete(cli, {}, "runsettings", "_COMPLETE")
        assert complete.get_completions(["runs", "show", "--store", address], "") == []


@pytest.mark.parametrize(
    "members",
    [
        "no JSON",
        "[1]",
        {"tags": "one"},
        {"tags": [1]},
        {"config": ["lr"]},
        {"summary": 3},
        {"metadata": "x"},
        {"created": "yesterday"},
        {"exit": {"state": ["s3cretword"]}},
        {"generations": {"a": "b"}},
        {"metrics": {"loss": {"summary": "s3cretword"}}},
    ],
)
def test_a_damaged_record_of_a_store_is_an_error_with_its_row(jail, logged, members):
    """Somebody else may have written it: no member is used unchecked, and none is quoted."""
    address = f"sqlite:///{jail.cwd}/runs.db"
    ship(address, logged())
    with contextlib.closing(sqlite3.connect("runs.db")) as database, database:
        [(text,)] = database.execute("select record from runsettings_runs")
        new = members if isinstance(members, str) else json.dumps(json.loads(text) | members)
        database.execute("update runsettings_runs set record = ?", (new,))
    for command in (("ls",), ("show", "odd"), ("rm", "--yes", "odd")):
        result = CliRunner().invoke(cli, ["runs", *command, "--store", address])
        assert (result.exit_code, isinstance(result.exception, SystemExit)) == (1, True)
        assert "the record of run 1 in the store is damaged" in result.output
        assert "s3cretword" not in result.output
