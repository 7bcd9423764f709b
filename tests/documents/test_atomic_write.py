"""Rewriting a file: whole or not at all, and on top of what others wrote."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from runsettings.documents.atomic_write import Rewritten, rewrite, write_file
from runsettings.values.diagnostic import Rule
from runsettings.values.errors import SettingsError
from runsettings.values.origin import Layer

if sys.platform != "win32":
    import fcntl

needs_posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes")


def write(path, edit, **more) -> Rewritten:
    """Rewrite a file of no importance."""
    return rewrite(path, edit, layer=Layer.USER, where="file", **more)


def test_file_is_made_with_its_directories(jail):
    """A file that is not there has an empty text, and its directories are made."""
    path = jail.cwd / "a/b/file"
    seen = []
    assert write(path, lambda text: seen.append(text) or "new") == (True, True)
    assert (seen, path.read_text()) == ([""], "new")


@needs_posix
def test_new_file_has_the_usual_mode(jail):
    """The umask counts, as for any other program."""
    before = os.umask(0o027)
    try:
        write(jail.cwd / "file", lambda _: "new")
    finally:
        os.umask(before)
    assert stat.S_IMODE((jail.cwd / "file").stat().st_mode) == 0o640


@needs_posix
def test_private_text_is_its_owners_alone(jail):
    """A private text narrows the mode, even where the text is the same as before."""
    path = jail.write("file", "x")
    path.chmod(0o755)
    assert write(path, lambda text: text, private=lambda _: True) == (False, False)
    assert stat.S_IMODE(path.stat().st_mode) == 0o700


def test_change_of_another_program_is_kept(jail):
    """The edit is made again on what another program wrote meanwhile."""
    path = jail.write("file", "a\n")

    def edit(text):
        if "theirs" not in text:
            path.write_text(text + "theirs\n")
        return text + "ours\n"

    write(path, edit)
    assert path.read_text() == "a\ntheirs\nours\n"


def test_file_made_meanwhile_is_kept(jail):
    """A file that another program made while we made ours is not replaced unseen."""
    path = jail.cwd / "file"

    def edit(text):
        if not path.exists():
            path.write_text("theirs\n")
        return text + "ours\n"

    assert write(path, edit) == (False, True)
    assert path.read_text() == "theirs\nours\n"


def test_file_that_never_rests_is_given_up(jail):
    """A program that writes all the time is told, and its file left."""
    path = jail.write("file", "")

    def edit(text):
        path.write_text(text + "theirs\n")
        return "ours\n"

    with pytest.raises(SettingsError, match="another program keeps writing it"):
        write(path, edit)
    assert "ours" not in path.read_text()
    assert [entry.name for entry in jail.cwd.iterdir()] == ["file"]


def test_failing_edit_changes_nothing(jail):
    """What the edit raises goes through, and leaves file and directory as they were."""
    path = jail.write("file", "x")

    def edit(_):
        raise KeyError("no")

    with pytest.raises(KeyError):
        write(path, edit)
    assert path.read_text() == "x"
    assert [entry.name for entry in jail.cwd.iterdir()] == ["file"]


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may write anything")
def test_read_only_file_is_left(jail):
    """A file that its owner made read-only is not replaced behind its back."""
    path = jail.write("file", "x")
    path.chmod(0o400)
    with pytest.raises(SettingsError, match="may not be written"):
        write(path, lambda _: "new")
    assert path.read_text() == "x"


def test_file_in_a_directorys_place_is_told(jail):
    """A path through a file cannot be written, which is an error of ours."""
    jail.write("file", "x")
    with pytest.raises(SettingsError) as caught:
        write(jail.cwd / "file" / "settings", lambda _: "new")
    assert caught.value.diagnostics[0].rule is Rule.UNWRITABLE_FILE


@needs_posix
def test_link_in_a_circle_is_told(jail):
    """A link to itself has no file to write."""
    path = jail.cwd / "loop"
    path.symlink_to(path)
    with pytest.raises(SettingsError):
        write(path, lambda _: "new")


@needs_posix
def test_pipe_is_not_waited_for(jail):
    """What is no file is refused before it can block."""
    path = jail.cwd / "pipe"
    os.mkfifo(path)
    with pytest.raises(SettingsError, match="is a pipe"):
        write(path, lambda _: "new")


@needs_posix
@pytest.mark.parametrize("before", [None, b"good\n"])
def test_full_disk_leaves_what_was_there(jail, full_disk, before):
    """A file that cannot be written whole is not written at all, and nothing lies beside it."""
    path = jail.cwd / "file"
    if before is not None:
        path.write_bytes(before)
    entries = sorted(jail.cwd.iterdir())
    with full_disk(), pytest.raises(OSError, match="too large"):
        write_file(path, b"x" * 5000)
    with full_disk(), pytest.raises(SettingsError, match="too large"):
        write(path, lambda _: "x" * 5000)
    assert sorted(jail.cwd.iterdir()) == entries
    assert before is None or path.read_bytes() == before


@needs_posix
def test_written_file_keeps_its_mode_and_its_links(jail):
    """What a link leads to is replaced, and its permissions stay."""
    path = jail.write("file", "old")
    path.chmod(0o640)
    link = jail.cwd / "link"
    link.symlink_to(path)
    write_file(link, b"new")
    assert link.is_symlink()
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@needs_posix
def test_link_is_replaced_where_it_must_not_be_followed(jail):
    """A file of ours does not land where somebody's link leads."""
    path = jail.write("file", "theirs")
    link = jail.cwd / "link"
    link.symlink_to(path)
    with jail.write("source", "ours").open("rb") as source:
        write_file(link, source, follow_links=False)
    assert not link.is_symlink()
    assert (link.read_text(), path.read_text()) == ("ours", "theirs")


def test_longest_name_can_be_written(jail):
    """The temporary file's name does not grow with the file's."""
    path = jail.cwd / ("n" * 255)
    write_file(path, b"new")
    assert path.read_bytes() == b"new"


@needs_posix
def test_device_is_written_to_and_stays_a_device():
    """What is not a file is not replaced by one."""
    write_file(Path("/dev/null"), b"new")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


@needs_posix
def test_foreign_lock_on_the_directory_is_not_waited_for_without_end(jail, monkeypatch):
    """Whoever can read a directory can lock it; the edit is made all the same."""
    monkeypatch.setattr("runsettings.documents.atomic_write._TURNS", 2)
    code = (
        "import fcntl, os; fcntl.flock(os.open('.', os.O_RDONLY), 2); print(1, flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=jail.cwd
    ) as other:
        other.stdout.readline()
        write(jail.cwd / "file", lambda _: "new")
        other.communicate(b"\n")
    assert (jail.cwd / "file").read_text() == "new"


def test_edit_that_changes_nothing_makes_no_file(jail):
    """A file that is not there stays so where there is nothing to say."""
    assert write(jail.cwd / "file", lambda text: text) == (False, False)
    assert not (jail.cwd / "file").exists()


@needs_posix
def test_only_what_a_killed_writer_left_is_removed(jail):
    """A live writer's file, and a file of another program, stay."""
    abandoned, alive, foreign = (
        jail.write(name, "half")
        for name in (
            ".runsettings-0000000000000000.tmp",
            ".runsettings-1111111111111111.tmp",
            ".2222222222222222.tmp",
        )
    )
    with alive.open("rb+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        write_file(jail.cwd / "file", b"new")
    assert not abandoned.exists()
    assert alive.exists()
    assert foreign.exists()


@needs_posix
def test_a_link_with_the_name_of_a_temporary_file_is_not_followed(jail):
    """Neither the link nor what it leads to is removed or opened."""
    link = jail.cwd / ".runsettings-0000000000000000.tmp"
    link.symlink_to(jail.write("target", "text"))
    write_file(jail.cwd / "file", b"new")
    assert link.read_text() == "text"
