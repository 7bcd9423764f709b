"""The shipper: each record of a journal is in the store exactly once, whatever happened between."""

from __future__ import annotations

import json
import math
import shutil

import pytest
from sqlalchemy import select

from runsettings.journal.query.metrics import read_metrics
from runsettings.journal.replay import load_run
from runsettings.journal.writer import append_once, encode
from runsettings.shipping.shipper import Shipper
from runsettings.shipping.stores import rows as store_rows
from runsettings.shipping.stores import tables
from runsettings.shipping.stores.opening import open_store
from runsettings.values.errors import RunError


def ship(address, journal):
    """Ship a journal; the number of bytes."""
    with open_store(address) as store:
        return Shipper(store, journal).ship().bytes


def stored_run(address, number=0):
    """A run of the store with its details and metrics."""
    with open_store(address, writable=False) as store:
        run = store.load_run(store.list_runs()[number])
        return run, store.read_metrics(run)


def rows(address, table):
    """All rows of one of the store's tables."""
    with open_store(address) as store, store._begin() as connection:
        return connection.execute(select(table)).all()


def same(address, journal):
    """Whether the store has the run that the journal has."""
    run, metrics = stored_run(address)
    local = load_run(journal)
    members = {name: getattr(run, name) for name in local.to_json()}
    return (
        encode(members) == encode(local.to_json())
        and repr(metrics) == repr(read_metrics(local))  # NaN differs from itself
        and run.state == local.state
    )


def test_a_store_has_what_the_journal_has(address, make_run):
    """All names, config with origins, settings, summary, metadata and metrics."""
    journal = make_run(config={"lr": 0.1, "model": {"depth": 3}}, tags=["a"], group="g")
    assert ship(address, journal) == journal.stat().st_size
    assert same(address, journal)


VALUES = [
    {"loss": 0.5},
    {"loss": math.nan, "acc": math.inf},
    {"loss": -math.inf},
    {"loss": 3, "big": 2**60, "huge": 10**400},
    {"loss": "a text", "flag": True, "nothing": None},
    {"loss": [1, 2], "nested": {"a": {"b": 1.5}, "c": "d"}},
    {"nul\0key": 1, 'quote"d': 2, "half\ud800": 3, "long" * 3000: 4},
    {"text": "nul\0 and half \udcff of a pair", "": 1},
    {},
]


def test_every_value_survives(address, make_run):
    """NaN, infinities, huge integers, NUL, halves of surrogate pairs, keys of any length."""
    journal = make_run()
    config = {"a": math.nan, "b": "\0", "c": "\udcff", "d\0": {"e\ud800": [math.inf]}}
    append_once(journal, encode({"type": "config", "time": 1.0, "values": config, "origins": {}}))
    append_once(journal, encode({"type": "run", "time": 1.0, "name": "\0\udcff", "notes": "\0"}))
    for number, row in enumerate(VALUES):
        record = {"type": "history", "step": 100 + number, "time": 1.0, "data": row}
        append_once(journal, encode(record))
    ship(address, journal)
    assert same(address, journal)


@pytest.mark.parametrize("most", [1, 400, 1 << 20])
def test_the_size_of_batches_changes_nothing(address, make_run, most, monkeypatch):
    """Many small batches give the same run as one, and few rows once it has ended."""
    monkeypatch.setattr(store_rows, "SIZE", 150)
    journal = make_run(rows=170)
    with open_store(address) as store:
        assert Shipper(store, journal, most).ship().bytes == journal.stat().st_size
    assert same(address, journal)
    assert len(rows(address, tables.chunks)) in (2, 4)


def test_a_run_that_goes_on_is_merged_now_and_then(address, begin):
    """So that a long run does not have a row for each batch; what follows comes after it."""
    run = begin()
    with open_store(address) as store:
        shipper = Shipper(store, run.journal_path)
        for step in range(230):
            run.log({"loss": step})
            shipper.ship()
    assert len(rows(address, tables.chunks)) < 60
    run.finish()
    ship(address, run.journal_path)
    assert same(address, run.journal_path)
    assert len(rows(address, tables.chunks)) == 1


def test_a_large_chunk_between_small_ones_keeps_the_order(address, begin, monkeypatch):
    """Only small ones that follow each other are joined."""
    monkeypatch.setattr(store_rows, "SIZE", 10)
    run = begin()
    with open_store(address) as store:
        for count in (1, 2, 12, 3, 1):
            for _ in range(count):
                run.log({"loss": run.step})
            Shipper(store, run.journal_path).ship()
    run.finish()
    ship(address, run.journal_path)
    assert same(address, run.journal_path)
    found = sorted((row.start, row.count) for row in rows(address, tables.chunks))
    assert [count for _, count in found] == [3, 10, 6]


def test_a_second_shipping_sends_what_is_new(address, make_run):
    """Nothing if there is nothing new, and a new record alone."""
    journal = make_run()
    ship(address, journal)
    assert ship(address, journal) == 0
    line = encode({"type": "tags", "time": 1.0, "add": ["later"], "remove": []})
    append_once(journal, line)
    assert ship(address, journal) == len(line)
    assert same(address, journal)
    assert stored_run(address)[0].tags == ["later"]


def test_two_shippers_of_one_run_share_the_work(address, make_run):
    """Whoever comes second reads on where the first one was; no row is there twice."""
    journal = make_run(rows=20)
    with open_store(address) as one, open_store(address) as other:
        shippers = [Shipper(one, journal, 300), Shipper(other, journal, 500)]
        shipped = [0, 0]
        for turn in range(40):
            shipped[turn % 2] += shippers[turn % 2].ship_batch() or 0
    assert all(shipped)
    assert sum(shipped) == journal.stat().st_size
    assert same(address, journal)


DAMAGE = {
    "a torn line": b'{"type":"history","st\n',
    "no JSON": b"\x00\xff\xfe garbage\n",
    "not an object": b"[1, 2]\n",
    "wrong members": b'{"type":"exit","time":"noon"}\n',
    "a row without data": b'{"type":"history","step":1,"time":1.0}\n',
    "an unknown type": b'{"type":"new","time":1.0,"a":"\\u0000"}\n',
    "a type that is no text": b'{"type":[1],"time":{}}\n',
    "empty lines": b"\n\n  \n",
    "UTF-16": '{"type":"new"}'.encode("utf-16-le") + b"\n",
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_damage_in_the_middle_of_a_journal_costs_only_its_line(address, make_run, damage):
    """The records around it are shipped, and what is torn is counted as locally."""
    journal = make_run()
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join([*lines[:5], damage, *lines[5:]]))
    ship(address, journal)
    assert same(address, journal)


def test_a_store_that_is_put_back_to_a_backup_gets_what_it_lacks(begin, jail):
    """From a shipper that goes on as from a new one; nothing is stored twice."""
    address, backup = f"sqlite:///{jail.cwd}/runs.db", jail.cwd / "backup.db"
    run = begin()
    with open_store(address) as store:
        shipper = Shipper(store, run.journal_path)
        for step in range(3):
            run.log({"loss": step})
            shipper.ship()
            if step == 0:
                shutil.copy(jail.cwd / "runs.db", backup)
    shutil.copy(backup, jail.cwd / "runs.db")
    with open_store(address) as store:
        shipper.store = store
        run.log({"loss": 3})
        shipper.ship()
    run.finish()
    ship(address, run.journal_path)
    assert same(address, run.journal_path)


def test_an_unfinished_last_line_is_shipped_when_it_is_whole(address, make_run):
    """A process that is writing it does not lose it."""
    journal = make_run()
    line = encode({"type": "tags", "time": 1.0, "add": ["t"], "remove": []})
    with journal.open("ab") as file:
        file.write(line[:20])
    ship(address, journal)
    assert stored_run(address)[0].tags == []
    with journal.open("ab") as file:
        file.write(line[20:])
    ship(address, journal)
    assert same(address, journal)


def test_a_journal_without_a_name_is_not_shipped_yet(address, jail):
    """A process that has only begun to write may still be there."""
    header = {"type": "header", "format": "runsettings-journal", "version": 1, "writer": "x"}
    with open_store(address) as store:
        assert Shipper(store, jail.write("run-x.jsonl", encode(header))).ship() is None
        assert store.list_runs() == []


def test_a_copied_journal_is_the_same_run(address, make_run, jail):
    """Shipping it from another directory adds nothing."""
    journal = make_run()
    ship(address, journal)
    copy = jail.write(f"elsewhere/{journal.name}", journal.read_bytes())
    assert ship(address, copy) == 0
    assert len(rows(address, tables.runs)) == 1


def test_an_overwritten_id_shows_its_last_run(address, make_run):
    """Also if the earlier run is shipped last; nothing of it is mixed into the later one."""
    first = make_run(rows=2, id="same")
    second = make_run(rows=5, id="same")
    ship(address, second)
    ship(address, first)
    assert same(address, second)
    with open_store(address, writable=False) as store:
        assert len(store.list_runs()) == 1


@pytest.mark.parametrize("first", ["alpha", "beta"])
def test_two_machines_with_one_id_offline_are_both_stored(address, make_run, first):
    """The run that started last is shown, in whatever order they end and are shipped."""
    journals = {}
    for host, started, rows_ in ("alpha", 10.0, 5), ("beta", 11.0, 2):  # and alpha ends last
        journals[host] = journal = make_run(rows=rows_, id="same", config={"host": host})
        records = [json.loads(line) for line in journal.read_text().splitlines()]
        for record in records:
            if record["type"] == "start":
                record.update(host=host, time=started)
            elif record["type"] == "exit":
                record["time"] = started + 100 / started**2
        journal.write_bytes(b"".join(map(encode, records)))
    with open_store(address) as store:
        shippers = {host: Shipper(store, path, most=300) for host, path in journals.items()}
        order = [first, *(journals.keys() - {first})]
        while sum(shippers[host].ship_batch() is not None for host in order):
            pass
        for shipper in shippers.values():
            shipper.complete()
    assert same(address, journals["beta"])
    with open_store(address, writable=False) as store:
        (listed,) = store.list_runs()
        assert listed.config == {"host": "beta"}
    assert len(rows(address, tables.runs)) == 2
    stored = {tuple(row.steps) for row in rows(address, tables.chunks)}
    assert stored == {(0, 1, 2, 3, 4), (0, 1)}  # each run has its own rows


def test_a_journal_that_was_changed_after_shipping_is_refused(address, make_run):
    """What the store has is not mixed with something else."""
    journal = make_run()
    ship(address, journal)
    text = journal.read_bytes()
    for changed in (text.replace(b'"finished"', b'"Finished"'), text[:-40]):
        journal.write_bytes(changed)
        with pytest.raises(RunError, match="its journal was changed or replaced"):
            ship(address, journal)


def test_a_shipper_is_told_that_its_run_was_removed(address, make_run):
    """Also one that is at work at the time."""
    journal = make_run()
    with open_store(address) as store:
        shipper = Shipper(store, journal, 500)
        assert shipper.ship_batch()
        store.remove_run(store.list_runs()[0])
        with pytest.raises(RunError, match="was removed from the store"):
            shipper.ship()
        assert store.list_runs() == []


def test_the_state_of_another_version_is_made_anew_from_the_journal(address, make_run):
    """A store that two versions write has members that one of them does not know."""
    journal = make_run()
    with open_store(address) as store:
        assert Shipper(store, journal, 1).ship()
        with store._begin() as connection:
            connection.execute(
                tables.runs.update().values(record='{"journal":"x","metadata":{},"new":1}')
            )
    append_once(journal, encode({"type": "tags", "time": 1.0, "add": ["t"], "remove": []}))
    ship(address, journal)
    assert same(address, journal)


def test_each_number_is_in_one_chunk_and_everything_else_in_one_event(address, begin):
    """A row of numbers needs no text; a row with more keeps it."""
    with begin() as run:
        run.log({"loss": 1, "acc": 0.5})
        run.log({"loss": 2, "note": "x"})
        run.log({"loss": math.nan})
    ship(address, run.journal_path)
    names = {row.number: row.name for row in rows(address, tables.series)}
    found = {names[row.series]: row for row in rows(address, tables.chunks)}
    assert list(found["loss"].steps) == [0, 1, 2]
    assert (found["loss"].count, found["loss"].whole, found["acc"].whole) == (3, False, False)
    assert (found["loss"].minimum, found["loss"].maximum) == (1.0, 2.0)
    texts = [row.text for row in rows(address, tables.events) if row.type == "history"]
    assert len(texts) == 1
    assert '"note":"x"' in texts[0]
    lines = run.journal_path.read_text().splitlines()
    kept = [row.text for row in rows(address, tables.events)]
    assert kept == [line for line in lines if '"type":"history"' not in line or "note" in line]


def test_config_and_summary_can_be_filtered_by_the_database(address, begin):
    """By JSON paths; what its JSON type cannot hold is a text there."""
    with begin(config={"lr": 0.1, "nan": math.nan, "nul": "a\0b"}) as run:
        run.log({"loss": 0.25})
    ship(address, run.journal_path)
    config, summary = tables.runs.c.config, tables.runs.c.summary
    with open_store(address) as store, store._begin() as connection:
        found = connection.execute(
            select(config["nan"].as_string(), config["nul"].as_string()).where(
                config["lr"].as_float() < 0.2, summary["loss"].as_float() == 0.25
            )
        ).all()
    assert found == [("NaN", "a\ufffdb")]
