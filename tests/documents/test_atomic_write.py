"""Rewriting a file: whole or not at all, and on top of what others wrote."""

from __future__ import annotations

import os
import stat
import sys

import pytest

from runsettings.documents.atomic_write import Rewritten, rewrite
from runsettings.values.diagnostic import Rule
from runsettings.values.errors import SettingsError
from runsettings.values.origin import Layer

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
