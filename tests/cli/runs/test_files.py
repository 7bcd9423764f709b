"""``runs files``: the files of a run are listed and fetched, and nothing is written elsewhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runsettings.recorded.sources import DirectorySource


@pytest.fixture
def saved(jail, record):
    """A run with files of its own, one of them in a directory."""
    jail.write("out/model.bin", b"\0\xff\r\n" * 10)
    jail.write("notes.txt", "hello\n")
    record("one")
    files = next(jail.cwd.glob("wandb/*/files"))
    (files / "out").mkdir()
    for name in ("out/model.bin", "notes.txt"):
        (files / name).write_bytes((jail.cwd / name).read_bytes())
    return files


def test_files_are_listed(run, saved):
    """With their sizes, as text and as JSON."""
    lines = dict(line.split(maxsplit=1) for line in run("runs", "files", "one").stdout.splitlines())
    assert (lines["notes.txt"], lines["out/model.bin"]) == ("6 bytes", "40 bytes")
    listed = json.loads(run("runs", "files", "one", "--json").stdout)
    assert {"path": "out/model.bin", "size": 40} in listed


def test_a_run_without_files_in_a_store(run, saved):
    """The listing is empty, and a note says why."""
    assert run("sync", "one", "--to", "sqlite:///a.db").exit_code == 0
    result = run("runs", "files", "one", "--store", "sqlite:///a.db")
    assert result.stdout == ""
    assert "which has only the files that a run saved" in result.stderr


def test_one_file_is_written_to_the_output(run, saved):
    """Byte by byte."""
    assert run("runs", "files", "one", "out/model.bin").stdout_bytes == b"\0\xff\r\n" * 10


def test_files_are_fetched_into_a_directory(run, saved, jail):
    """The named ones, or all, with their directories."""
    result = run("runs", "files", "one", "notes.txt", "out/model.bin", "--output", "got/here")
    assert result.stdout == "notes.txt\nout/model.bin\n"
    assert sorted(p.name for p in (jail.cwd / "got/here").rglob("*")) == [
        *("model.bin", "notes.txt", "out"),
    ]
    jail.write("all/notes.txt", "older")
    assert "config.yaml" in run("runs", "files", "one", "-o", "all").stdout
    assert (jail.cwd / "all/notes.txt").read_text() == "hello\n"


def test_a_link_in_a_run_is_not_followed(run, saved, jail):
    """It could lead to any file of the person who fetches."""
    jail.write("secret", "s")
    (saved / "link").symlink_to(jail.cwd / "secret")
    result = run("runs", "files", "one", "link")
    assert (result.exit_code, result.stdout) == (1, "")


def test_the_other_files_are_fetched_where_one_cannot_be_read(run, saved, jail):
    """It is told with its path, and is a failure if it was named."""
    (saved / "link").symlink_to(jail.write("secret", "s"))
    fetched = run("runs", "files", "one", "-o", "got")
    assert (fetched.exit_code, "notes.txt" in fetched.stdout) == (0, True)
    told = "link cannot be read: it is a symbolic link"
    named = run("runs", "files", "one", "link", "-o", "got")
    alone = run("runs", "files", "one", "link")
    assert [told in each.stderr for each in (fetched, named, alone)] == [True] * 3
    assert [each.exit_code for each in (named, alone)] == [1, 1]
    assert not (jail.cwd / "got/link").exists()


@pytest.mark.parametrize(
    "path", ["../x", "a/../../x", "/tmp/x", "..", "", "a/../x", "linked/x", "linked/deep/x", "a\0b"]
)
def test_no_path_leads_out_of_the_directory(run, saved, jail, monkeypatch, path):
    """A store may hold any path."""
    (jail.cwd / "got").mkdir()
    (jail.cwd / "elsewhere").mkdir()
    (jail.cwd / "got/linked").symlink_to(jail.cwd / "elsewhere")
    run("runs", "ls")  # makes the index
    before = sorted(jail.cwd.parent.rglob("*"))
    monkeypatch.setattr(DirectorySource, "files", lambda _source, _run: {path: 1})
    monkeypatch.setattr(DirectorySource, "read_file", lambda _source, _run, _path: iter([b"x"]))
    result = run("runs", "files", "one", "--output", "got")
    assert result.exit_code == 1
    assert f"the path {path!r} leads out of got" in result.stderr
    assert sorted(jail.cwd.parent.rglob("*")) == before
    assert not Path("/tmp/x").exists()


def test_a_link_at_the_place_of_a_file_is_replaced(run, saved, jail):
    """What it led to stays as it was."""
    kept = jail.write("kept", "kept")
    (jail.cwd / "got").mkdir()
    (jail.cwd / "got/notes.txt").symlink_to(kept)
    assert run("runs", "files", "one", "notes.txt", "-o", "got").exit_code == 0
    assert (kept.read_text(), (jail.cwd / "got/notes.txt").read_text()) == ("kept", "hello\n")


@pytest.mark.parametrize(
    ("options", "status", "message"),
    [
        (("notes.tx",), 1, "did you mean 'notes.txt'?"),
        (("notes.txt", "out/model.bin"), 2, "several files need --output"),
        (("--json", "-o", "x"), 2, "--json lists the files"),
        (("-o", "notes.txt"), 2, "Invalid value for '--output' / '-o'"),
    ],
)
def test_wrong_requests_are_refused(run, saved, options, status, message):
    """And nothing is written."""
    result = run("runs", "files", "one", *options)
    assert (result.exit_code, result.stdout, message in result.stderr) == (status, "", True)


def test_an_unknown_file_leads_to_the_list(run, saved):
    """Unless one with a similar name was meant."""
    assert "leave out PATH to list the files" in run("runs", "files", "one", "zzz").stderr
    assert "did you mean 'notes.txt'?" in run("runs", "files", "one", "note.txt").stderr
