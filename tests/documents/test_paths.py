"""Paths as people write and read them."""

from __future__ import annotations

from pathlib import Path

import pytest

from runsettings.documents.paths import named_path, shown_path, working_directory

SHOWN = [
    ("/work/a/b.yaml", "/work", "a/b.yaml"),
    ("/work/a.yaml", "/", "work/a.yaml"),
    ("/workshop/a.yaml", "/work", "/workshop/a.yaml"),
    ("/work", "/work", "/work"),
    ("a.yaml", "/work", "a.yaml"),
]


@pytest.mark.parametrize(("path", "cwd", "text"), SHOWN)
def test_a_path_is_shown_from_where_the_person_stands(path, cwd, text):
    """What is below the directory is relative to it; what is not is shown whole."""
    assert shown_path(Path(path), Path(cwd)) == text


def test_a_named_path_starts_from_the_directory_or_from_home(jail):
    """``~`` is the home; an unknown user's stays as it is written."""
    assert named_path("a.yaml", Path("/work")) == Path("/work/a.yaml")
    assert named_path("/a.yaml", Path("/work")) == Path("/a.yaml")
    assert named_path("~/a.yaml", Path("/work")) == Path.home() / "a.yaml"
    assert named_path("~no-such-user/a.yaml", Path("/work")) == Path("/work/~no-such-user/a.yaml")


def test_a_deleted_working_directory_has_a_name(jail, monkeypatch):
    """A program goes on where its directory is gone."""
    gone = jail.cwd / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert working_directory() == Path()
    monkeypatch.chdir(jail.cwd)
