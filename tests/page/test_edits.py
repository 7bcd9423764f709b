"""Names, notes, tags and deletion from the page: the same as `runs tag` and `runs rm`."""

from __future__ import annotations

import subprocess
import sys

import pytest

RUN = {"project": "many", "id": "n0001"}


def sync(directory, address):
    """Ship the runs of a directory; one that was removed from the store is not taken again."""
    line = [sys.executable, "-m", "runsettings", "sync", "--all", "--to", address]
    subprocess.run(line, cwd=directory, capture_output=True, check=False, timeout=60)


def files(directory):
    """All files below a directory with their content."""
    return {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def test_a_run_is_edited(few, hostile):
    """In its journal, as the command line does it; the page shows it at once."""
    edit = {"name": hostile, "notes": "a\nb", "add": ["x", "y"]}
    assert few.change("edit", RUN | edit) == {"name": hostile, "notes": "a\nb", "tags": ["x", "y"]}
    assert few.change("edit", RUN | {"remove": ["x"], "notes": ""})["tags"] == ["y"]
    table = few.ask("table", columns="name,tags,notes", where="id = n0001")
    assert table["rows"][0]["values"] == [hostile, ["y"], None]
    (journal,) = few.directory.glob("wandb/*-n0001/run-*.jsonl")
    assert journal.read_text().count('"name":') == 2


@pytest.mark.parametrize(
    ("edit", "status", "message"),
    [
        ({"add": ["x" * 65]}, 400, "each tag must have 1 to 64 characters"),
        ({"add": ["a\nb"]}, 400, "line break"),
        ({"name": " "}, 502, "must not be empty"),
        ({"name": 1}, 400, "name: Input should be a valid string"),
        ({"add": "x"}, 400, "add: Input should be a valid array"),
        ({"state": "finished"}, 400, "state: Extra inputs are not permitted"),
        ({"id": "nope"}, 404, "there is no run 'nope'"),
        (b"[]", 400, "the request is wrong"),
        (b"{", 400, "Invalid JSON"),
    ],
)
def test_a_wrong_change_writes_nothing(kept, edit, status, message):
    """And says what is wrong."""
    before = files(kept.directory / "wandb")
    found, answer = kept.change("edit", edit if isinstance(edit, bytes) else RUN | edit)
    assert (found, message in answer["error"]) == (status, True)
    after = files(kept.directory / "wandb")
    assert {path: after[path] for path in before} == before


@pytest.mark.parametrize("name", ["edit", "delete"])
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"cookie": ""}, 401),
        ({"content-type": "text/plain"}, 415),
        ({"content-type": "application/x-www-form-urlencoded"}, 415),
        ({"host": "evil.example"}, 403),
    ],
)
def test_only_the_page_changes_a_run(kept, name, headers, status):
    """A form of another site sends no JSON; another origin is refused, also with the cookie."""
    assert kept.change(name, RUN | {"name": "x"}, **headers)[0] == status
    assert kept.request(f"/api/{name}", cookie=kept.cookie()).status == 405
    assert kept.ask("run", **RUN)["name"] == "run 1"


def test_a_change_has_a_largest_size(kept):
    """Nobody fills the memory."""
    assert kept.change("edit", b" " * (1 << 20) + b" ")[0] == 413


def test_a_run_is_deleted_with_those_that_it_overwrote(few, add_run):
    """And no other one."""
    home = next(few.directory.glob("wandb/*-n0001"))
    older = home.with_name("offline-run-20250101_000000-n0001")
    older.mkdir()
    text = (home / "run-n0001.jsonl").read_text()
    (older / "run-n0001.jsonl").write_text(text)
    assert few.change("delete", RUN) == {"deleted": ["n0001", "n0001"]}
    assert [row["id"] for row in few.ask("table")["rows"]] == ["n0002", "n0000"]
    assert not list(few.directory.glob("wandb/*-n0001"))
    assert few.change("delete", RUN)[0] == 404


def test_a_running_run_is_not_deleted(few, begin, monkeypatch):
    """Nor anything of it."""
    monkeypatch.chdir(few.directory)
    run = begin(id="live", project="many")
    status, answer = few.change("delete", {"project": "many", "id": "live"})
    assert (status, "is running: process" in answer["error"]) == (502, True)
    assert few.change("edit", {"project": "many", "id": "live", "add": ["seen"]})["tags"] == [
        "seen"
    ]
    assert run.path.exists()


def test_a_store_is_changed_and_no_journal(few, serve, tmp_path):
    """What is shipped later keeps the change; a deleted run stays deleted."""
    address = f"sqlite:///{tmp_path}/runs.db"
    sync(few.directory, address)
    stored = serve(tmp_path, "--store", address)
    edit = {"name": "new", "notes": "n", "add": ["t"]}
    assert stored.change("edit", RUN | edit) == {"name": "new", "notes": "n", "tags": ["t"]}
    run = stored.ask("run", **RUN)
    assert (run["name"], run["notes"], run["tags"]) == ("new", "n", ["t"])
    assert few.ask("run", **RUN)["name"] == "run 1"
    other = {"project": "many", "id": "n0002"}
    assert stored.change("delete", other) == {"deleted": ["n0002"]}
    sync(few.directory, address)
    found = stored.ask("table", columns="id,name", where="name = new or id = n0002")
    assert [row["values"] for row in found["rows"]] == [["n0001", "new"]]


def test_a_run_is_edited_by_keyboard(page, few, hostile):
    """In a dialog, whose errors are told in it; the focus comes back."""
    from playwright.sync_api import expect

    page.expected.append("400")
    page.goto(few.address)
    page.goto(f"{few.base}/?view=run&project=many&id=n0001")
    page.focus("button:text-is('Edit…')")
    page.keyboard.press("Enter")
    page.fill("dialog [name=tags]", "x" * 65)
    page.focus("dialog button:text-is('Save')")
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog .error:has-text('1 to 64 characters')")
    page.fill("dialog [name=tags]", f"{hostile[:60]}\nbest")
    page.fill("dialog [name=name]", hostile)
    page.fill("dialog [name=notes]", hostile)
    page.focus("dialog button:text-is('Save')")
    page.keyboard.press("Enter")
    page.wait_for_selector(".actions button:text-is('Edit…'):focus")
    expect(page.locator("h1")).to_have_text(hostile, timeout=20_000)  # the focus comes back first
    assert page.inner_text(".notes") == hostile
    assert page.locator(".heading .chip").all_inner_texts() == ["finished", hostile[:60], "best"]
    assert page.locator("main img, main script").count() == 0


def test_a_run_is_deleted_by_keyboard(page, few):
    """After a question, which can be answered with no."""
    page.goto(few.address)
    page.goto(f"{few.base}/?view=run&project=many&id=n0001")
    page.focus("button:text-is('Delete…')")
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog")
    assert "run 1 (n0001)" in page.inner_text("dialog")
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog", state="detached")
    page.wait_for_selector("button:text-is('Delete…'):focus")
    page.keyboard.press("Enter")
    page.focus("dialog button:text-is('Delete')")
    page.keyboard.press("Enter")
    page.wait_for_selector("tr.row a")
    assert page.locator("tr.row td:first-child a").all_inner_texts() == ["n0002", "n0000"]
