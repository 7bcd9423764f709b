"""Removal: exactly the run that is meant, and nothing that somebody is writing."""

from __future__ import annotations

import os

import pytest

from runsettings.journal.removal import overwritten, remove, size
from runsettings.journal.replay import load_run
from runsettings.values.errors import RunError


@pytest.fixture
def make(begin):
    """Records a run of an id and project."""

    def make(run_id="same", project="p"):
        run = begin(id=run_id, project=project)
        run.finish()
        return load_run(run.journal_path)

    return make


def test_a_run_overwrote_the_earlier_ones_of_its_id_and_project(make):
    """Later ones, and those of other projects and ids, are no part of it."""
    first, second = make(), make()
    make(project="q")
    make("other")
    third = make()
    found = {stored.directory for stored in overwritten(second)}
    assert found == {first.directory, second.directory}
    assert len(overwritten(third)) == 3


def test_a_live_run_is_not_removed(jail, begin):
    """The error names its process."""
    run = begin()
    with pytest.raises(RunError, match=f"process {os.getpid()}"):
        remove(load_run(run.journal_path), jail.cwd / "wandb")
    assert run.path.exists()


def test_what_cannot_be_deleted_can_be_tried_again(jail, make, monkeypatch):
    """The journal goes last, so the run is still known."""
    run = make()

    def refuse(path, *, dir_fd):
        raise PermissionError(13, "no", str(path))

    with monkeypatch.context() as patch:
        patch.setattr("shutil.rmtree", refuse)
        with pytest.raises(PermissionError):
            remove(run, jail.cwd / "wandb")
    assert load_run(run.journal).id == "same"
    remove(run, jail.cwd / "wandb")
    assert not run.directory.exists()


def test_size_counts_a_link_for_itself(jail, make):
    """What a link points to is not the run's."""
    run = make()
    before = size(run)
    jail.write("large", "x" * 1_000_000)
    (run.directory / "files/link").symlink_to(jail.cwd / "large")
    assert before < size(run) < before + 1_000


@pytest.mark.parametrize("moment", ["before", "under the lock"])
def test_a_directory_that_becomes_a_link_is_not_followed(jail, make, monkeypatch, moment):
    """Whoever swaps the run for a link to another directory does not get that one deleted."""
    run = make()
    victim = jail.write("victim/thesis/chapter.tex", "important").parent.parent

    def swap():
        run.directory.rename(jail.cwd / "wandb" / "gone")
        run.directory.symlink_to(victim)

    if moment == "before":
        swap()
        with pytest.raises(RunError, match="symbolic link"):
            remove(run, jail.cwd / "wandb")
    else:
        # The last step before anything is deleted.
        monkeypatch.setattr("runsettings.journal.removal.claim", lambda _: swap() or True)
        with pytest.raises(RunError, match=f"replaced .*{run.directory.name}.*nothing"):
            remove(run, jail.cwd / "wandb")
        assert (jail.cwd / "wandb/gone/files").is_dir()
        assert run.directory.is_symlink()
    assert (victim / "thesis" / "chapter.tex").read_text() == "important"


def test_a_journal_that_is_a_link_is_not_followed(jail, make):
    """The file that it points to stays."""
    run = make()
    other = jail.write("other.jsonl", "x")
    journal = jail.cwd / run.journal
    journal.unlink()
    journal.symlink_to(other)
    with pytest.raises(RunError, match="symbolic link"):
        remove(run, jail.cwd / "wandb")
    assert other.exists()


def test_the_link_to_the_latest_run_does_not_fail_a_removal(jail, make, monkeypatch):
    """The run is removed, whatever happens to a link that is only a convenience."""
    run, newer = make("first"), make("second")
    link = jail.cwd / "wandb/latest-run"
    link.unlink(missing_ok=True)
    link.symlink_to(newer.directory.name)

    def refuse(*_args, **_more):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.symlink", refuse)
    remove(newer, jail.cwd / "wandb")
    assert not newer.directory.exists()
    assert run.directory.exists()


def test_what_a_killed_removal_left_is_deleted_by_the_next(jail, make):
    """Only directories with the name of a removed run are deleted."""
    left = jail.write("wandb/.removed-run-20250131_143005-gone/run-gone.jsonl", "half").parent
    other = jail.write("wandb/.removed-notes/notes.txt", "mine")
    remove(make("one"), jail.cwd / "wandb")
    assert not left.exists()
    assert other.exists()
