"""Saved files go along with their run, up to a size."""

from __future__ import annotations

import errno
import os
import subprocess
import sys

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from runsettings.cli.main import cli
from runsettings.shipping.saved_files import read_parts
from runsettings.shipping.shipper import Shipper
from runsettings.shipping.stores import tables
from runsettings.shipping.stores.opening import open_store
from runsettings.values.errors import RunError


def content(store, run, path):
    """A file of a run as the store has it."""
    return b"".join(store.read_file(run, path))


def ship(address, journal, **given):
    """Ship a run with its files; what is said of files that are left out."""
    with open_store(address) as store:
        shipper = Shipper(store, journal, **given)
        shipper.ship()
        return shipper.left_out


@pytest.mark.parametrize("size", [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3_000_000])
def test_a_saved_file_is_read_back_as_it_was(address, begin, jail, size):
    """Of any size, also in a directory and with any character in its name."""
    data = os.urandom(size)
    jail.write("out/ä b'\"%.bin", data)
    with begin() as run:
        run.save("out/*")
    assert ship(address, run.journal_path) == []
    with open_store(address) as store:
        (found,) = store.list_runs()
        (path,) = store.load_run(found).files
        assert content(store, found, path) == data


def test_a_file_that_changes_is_replaced(address, begin, jail):
    """The store keeps the last version alone."""
    with begin() as run:
        for text in ("one", "two", "three"):
            jail.write("a.txt", text)
            run.save("a.txt")
            ship(address, run.journal_path)
        jail.write("b.txt", "b")
        run.save("b.txt")
    ship(address, run.journal_path)
    with open_store(address) as store, store._begin() as connection:
        assert connection.execute(select(func.count()).select_from(tables.files)).scalar() == 2
    with open_store(address) as store:
        (found,) = store.list_runs()
        assert content(store, found, "a.txt") == b"three"
        assert content(store, found, "b.txt") == b"b"


def test_a_larger_file_is_told_once_and_stays_here(address, begin, jail):
    """With its name and size; the store has both as well."""
    jail.write("big.bin", b"x" * 1001)
    jail.write("small.bin", b"x" * 1000)
    with begin() as run:
        run.save("*.bin")
    said = ship(address, run.journal_path, largest=1000)
    assert said == ["big.bin (1,001 bytes) is larger than store_file_limit"]
    assert ship(address, run.journal_path, largest=1000) == []
    with open_store(address) as store:
        (found,) = store.list_runs()
        assert store.load_run(found).files == {"big.bin": 1001, "small.bin": 1000}
        assert content(store, found, "small.bin") == b"x" * 1000
        for path in ("big.bin", "no.bin"):
            with pytest.raises(RunError, match=f"does not have the file '{path}'"):
                content(store, found, path)


@pytest.mark.parametrize("kind", ["gone", "link", "outside", "pipe"])
def test_only_regular_files_of_the_run_are_shipped(address, begin, jail, kind):
    """Not what a link or a journal of somebody else leads to; the run itself is shipped."""
    jail.write("a.txt", "a")
    secret = jail.write("secret.txt", "secret")
    with begin() as run:
        run.save("a.txt")
        copy = run.path / "files" / "a.txt"
        if kind == "outside":
            run._recorder.write({"type": "file", "path": "../../../secret.txt", "size": 6})
    if kind != "outside":
        copy.unlink()
    if kind == "link":
        copy.symlink_to(secret)
    if kind == "pipe":
        os.mkfifo(copy)
    (said,) = ship(address, run.journal_path)
    assert "cannot be read" in said
    with open_store(address) as store, store._begin() as connection:
        shipped = list(connection.execute(select(tables.files.c.content)).scalars())
    assert b"secret" not in shipped
    assert shipped.count(None) == 1


def test_what_was_interrupted_is_shipped_next_time(address, begin, jail):
    """The records of files may be in the store before the files are."""
    jail.write("a.txt", "a")
    with begin() as run:
        run.save("a.txt")
    with open_store(address) as store:
        first = Shipper(store, run.journal_path)
        while first.ship_batch() is not None:
            pass
        assert list(first.files) == ["a.txt"]
        second = Shipper(store, run.journal_path)
        second.ship()
        first.ship_files()
        (found,) = store.list_runs()
        assert content(store, found, "a.txt") == b"a"
        store.remove_run(found)
        with store._begin() as connection:
            assert connection.execute(select(tables.files)).all() == []


def test_files_are_shipped_while_the_script_runs(script, jail):
    """`finish` waits for them, and warns of the ones that are too large."""
    jail.setenv(WANDB_STORE="sqlite:///runs.db", WANDB_STORE_FILE_LIMIT="10")
    jail.write("a.txt", "a")
    jail.write("big.bin", b"x" * 11)
    done = script("""
        init(mode="online", id="x", settings={"disable_git": True})
        log({"loss": 1})
        save("a.txt")
        save("big.bin")
    """)
    assert "a file is not in the store: big.bin (11 bytes) is larger than store" in done.stderr
    with open_store("sqlite:///runs.db", writable=False) as store:
        (found,) = store.list_runs()
        assert content(store, found, "a.txt") == b"a"
    shown = subprocess.run(
        [sys.executable, "-m", "runsettings", "runs", "show", "x", "--store", "setting"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "a.txt" in shown
    assert "big.bin" in shown


def test_sync_takes_the_limit_from_the_settings(begin, jail):
    """And names each file that it leaves out, once."""
    jail.write("big.bin", b"x" * 11)
    with begin(id="x", name="n") as run:
        run.save("big.bin")
    jail.setenv(WANDB_STORE="sqlite:///runs.db", WANDB_STORE_FILE_LIMIT="10")
    text = "a file of n (x) was not shipped: big.bin (11 bytes) is larger than store_file_limit"
    assert text in CliRunner().invoke(cli, ["sync", "--all"]).stderr
    assert text not in CliRunner().invoke(cli, ["sync", "--all"]).stderr


def test_a_file_that_fails_while_it_is_read_is_left_out(address, begin, jail, monkeypatch):
    """As on a bad disk. The files after it are shipped."""
    jail.write("a.txt", "bad")
    jail.write("b.txt", "b")
    with begin() as run:
        run.save("a.txt")
        run.save("b.txt")

    def failing(file, most):
        for part in read_parts(file, most):
            yield part
            if part == b"bad":
                raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr("runsettings.shipping.shipper.read_parts", failing)
    assert ship(address, run.journal_path) == [f"a.txt cannot be read: {os.strerror(errno.EIO)}"]
    with open_store(address) as store:
        (found,) = store.list_runs()
        assert content(store, found, "b.txt") == b"b"
        with pytest.raises(RunError, match=r"does not have the file 'a\.txt'"):
            content(store, found, "a.txt")


def test_what_is_not_in_the_store_is_left_out_of_what_is_fetched(begin, jail):
    """With a note; the files after it are fetched. It is an error only if it was named."""
    for name, size in (("a.txt", 1), ("big.bin", 11), ("c.txt", 2)):
        jail.write(name, b"x" * size)
    with begin(id="x") as run:
        for name in ("a.txt", "big.bin", "c.txt"):
            run.save(name)
    jail.setenv(WANDB_STORE="sqlite:///runs.db", WANDB_STORE_FILE_LIMIT="10")
    CliRunner().invoke(cli, ["sync", "--all"])
    fetch = ["runs", "files", "x", "--store", "setting", "-o", "got"]
    named = CliRunner().invoke(cli, [*fetch, "big.bin", "c.txt"])
    assert (named.exit_code, named.stdout) == (1, "c.txt\n")
    assert "big.bin is not in the store" in named.stderr
    everything = CliRunner().invoke(cli, fetch)
    assert everything.exit_code == 0
    assert {"a.txt", "c.txt"} <= set(everything.stdout.split())
    assert not (jail.cwd / "got/big.bin").exists()


def test_a_file_of_the_second_machine_replaces_that_of_the_first(begin, jail):
    """Also one of the same size, which the script itself wrote; the other files are still there."""
    address = f"sqlite:///{jail.cwd}/runs.db"
    with begin(id="x", dir="first") as run:
        for name in ("a.txt", "b.txt"):
            jail.write(f"{run.dir}/{name}", "one")
    ship(address, run.journal_path)
    jail.setenv(WANDB_STORE=address)
    with begin(mode="online", id="x", dir="second", resume="must") as run:
        jail.write(f"{run.dir}/a.txt", "two")
    with open_store(address) as store:
        (found,) = store.list_runs()
        assert store.load_run(found).files == {"a.txt": 3, "b.txt": 3}
        assert content(store, found, "a.txt") == b"two"
        assert content(store, found, "b.txt") == b"one"
