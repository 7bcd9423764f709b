"""The tables: made by alembic's steps, and by one process at a time."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from click.testing import CliRunner
from sqlalchemy import MetaData, Table, null

from runsettings.cli.main import cli
from runsettings.journal.query.keys import SECTIONS
from runsettings.journal.query.listing import Question
from runsettings.journal.reader import parse
from runsettings.journal.replay import StoredRun
from runsettings.shipping.batches import Batch, RunIdentity
from runsettings.shipping.stores import tables
from runsettings.shipping.stores.opening import open_store
from runsettings.shipping.stores.upgrading import steps
from runsettings.values.errors import RunError

ROWS = Path(__file__).with_name("version_1.json")


def test_the_steps_make_the_tables_of_this_version(address):
    """Columns, types, indices and keys; the last step is the version of the code."""
    assert steps().get_current_head() == tables.VERSION
    with open_store(address) as store, store._begin() as connection:
        options = {
            "compare_type": True,
            "version_table": tables.version.name,
            "include_name": lambda name, kind, _: kind != "table" or name != tables.version.name,
        }
        context = MigrationContext.configure(connection, opts=options)
        found = compare_metadata(context, tables.metadata)
    assert [each for each in found if each[1] is not tables.version] == []


@pytest.fixture
def version_1(address, jail) -> str:
    """A store whose tables and runs version 1 of the tables has; it was written by that version.

    Its file has the rows of SQLite: two runs with odd values, one that was overwritten, and one
    that was removed.
    """
    open_store(address).close()
    with open_store(address) as store, store._begin() as connection:
        tables.metadata.drop_all(connection)
        script = steps()
        context = MigrationContext.configure(
            connection,
            opts={
                "version_table": tables.version.name,
                "fn": lambda current, _: script._upgrade_revs("1", current),
            },
        )
        with Operations.context(context):
            context.run_migrations()
        runs = Table("runsettings_runs", MetaData(), autoload_with=connection)
        rows = json.loads(ROWS.read_text())
        for row in rows:
            for name in ("attributes", *SECTIONS):
                row[name] = null() if row[name] is None else json.loads(row[name])
            row["key"] += 10  # the database numbers the next runs from 1
            connection.execute(runs.insert().values(row))
    return address


def expected_runs() -> dict[str, dict]:
    """The members of the listed runs of version 1, by id."""
    rows = [row for row in json.loads(ROWS.read_text()) if row["record"]]
    rows.sort(key=lambda row: row["created"])  # the last of an id is the one that is listed
    found = {}
    for row in rows:
        record, details = parse(row["record"].encode()), parse(row["details"].encode())
        packages = details.pop("metadata", {})
        found[row["id"]] = record | details | {"metadata": record["metadata"] | packages}
    return found


def test_a_store_of_version_1_is_refused_until_it_is_upgraded(version_1):
    """By readers and writers, in one line that says who has to run what."""
    for writable in (False, True):
        with pytest.raises(RunError) as refused:
            open_store(version_1, writable=writable)
        assert "its tables are of version 1; this is a version for 2" in str(refused.value)
        assert "its owner runs: runsettings store upgrade" in str(refused.value)


def test_a_version_that_is_too_old_for_a_store_says_so(address):
    """In one line; the tables stay as they are."""
    with open_store(address) as store, store._begin() as connection:
        connection.execute(tables.version.update().values(version_num="3"))
    for options in ({"writable": False}, {"writable": True}):
        with pytest.raises(RunError) as refused:
            open_store(address, **options)
        assert "its tables are of version 3; this is a version for 2" in str(refused.value)
        assert "upgrade runsettings" in str(refused.value)


def test_an_upgrade_keeps_each_value_of_each_run(version_1, monkeypatch):
    """NaN, NUL, huge integers and the order of keys too; a second upgrade changes nothing."""
    monkeypatch.setenv("WANDB_STORE", version_1)
    for _ in range(2):
        result = CliRunner().invoke(cli, ["store", "upgrade"])
        assert (result.exit_code, "has the tables of this version" in result.output) == (0, True)
        expected = expected_runs()
        with open_store(version_1) as store:
            assert [run.id for run in store.list_runs()] == ["r0", "r1"]
            for listed in store.list_runs():
                run = store.load_run(listed)
                members = expected[run.id]
                for name in SECTIONS:
                    assert repr(getattr(run, name)) == repr(members[name])
                assert repr(run.config_origins) == repr(members["config_origins"])
            question = Question(["config.lr < 1"], columns="config.lr", sections=())
            (found,) = store.select_runs(question).runs
            assert (found.id, hasattr(found, "summary")) == ("r1", False)


def test_a_run_of_version_1_is_shipped_on_after_the_upgrade(version_1):
    """The state at its position is whole, so that the next batch continues it."""
    with open_store(version_1, upgrading=True) as store:
        for row in json.loads(ROWS.read_text()):
            identity = RunIdentity(row["project"], row["id"], row["generation"])
            known = store.find_run(identity, "run.jsonl")
            if row["removed"]:
                assert known.removed
                continue
            assert known.position == row["position"]
            assert known.state["config"] is not None
            run = StoredRun.from_json(known.state)
            assert store.commit(known.key, Batch(known.position, run, state="finished"))
        assert [run.id for run in store.list_runs()] == ["r0", "r1"]


def test_many_processes_make_the_tables_once(address, jail):
    """All of them find the store usable."""
    code = (
        "import sys\n"
        "from runsettings.shipping.stores.opening import open_store\n"
        "sys.stdin.read()\n"
        "with open_store(sys.argv[1]) as store:\n"
        "    print(store.list_runs())\n"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code, address],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(5)
    ]
    for process in started:
        process.stdin.close()
    for process in started:
        assert process.stdout.read() == "[]\n", process.stderr.read()
        assert process.wait() == 0
        process.stdout.close()
        process.stderr.close()
