"""Finding one run: by id, display name, beginning of an id, or path."""

from __future__ import annotations

import os

import pytest

from runsettings.journal.query.errors import QueryError, RunNotFoundError
from runsettings.journal.query.finding import find_run, find_runs, runs_directory
from runsettings.journal.replay import StoredRun


def stored(run_id, name):
    """A run with an id and a name."""
    return StoredRun(f"wandb/run-{run_id}.jsonl", id=run_id, name=name)


RUNS = [stored("ab1", "x"), stored("ab2", "ab1"), stored("c3", "same"), stored("c4", "same")]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ab1", ["ab1"]),
        ("x", ["ab1"]),
        ("ab", ["ab1", "ab2"]),
        ("same", ["c3", "c4"]),
        ("c4", ["c4"]),
        ("b", []),
        ("AB1", []),
    ],
)
def test_an_id_counts_more_than_a_name_and_that_more_than_a_beginning(name, expected):
    """The first kind of match that there is decides."""
    assert [run.id for run in find_runs(RUNS, name)] == expected


def test_a_run_is_found_by_its_id_and_by_any_form_of_its_path(jail, begin, journals):
    """A directory or a journal, absolute or relative."""
    begin(id="a1", name="first").finish()
    (journal,) = journals()
    paths = (journal, journal.parent)
    names = ["a1", "a", "first", "latest", *map(str, paths), *map(os.path.relpath, paths)]
    for name in names:
        assert find_run(jail.cwd / "wandb", name).id == "a1", name


@pytest.mark.parametrize("name", ["", " ", "nope", "a\0b", "x" * 5000])
def test_a_run_that_is_not_there_is_an_error(jail, name):
    """No text is found by accident, or fails in another way."""
    with pytest.raises(RunNotFoundError):
        find_run(jail.cwd / "wandb", name)


def test_the_directory_of_runs_may_be_named_itself(jail):
    """With or without runs in it."""
    (jail.cwd / "x/wandb").mkdir(parents=True)
    assert runs_directory("x") == runs_directory("x/wandb")
    with pytest.raises(QueryError, match="there is no directory 'y'"):
        runs_directory("y")
