"""`runsettings ui`: who is let in, and what the server answers."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import unquote, urlencode

import pytest
from click.testing import CliRunner

from runsettings.cli.main import cli
from runsettings.page.server import open_port

CSP = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"


def test_the_address_has_a_token(served):
    """Alone on the first line, on the loopback address."""
    base, _, token = served.address.partition("/?token=")
    assert base == f"http://127.0.0.1:{served.port}"
    assert len(token) > 40


@pytest.mark.parametrize("path", ["/", "/api/table", "/static/main.js", "/nope"])
def test_nobody_is_let_in_without_the_token(served, path):
    """Neither without a cookie, nor with one of another page."""
    assert served.request(path).status == 401
    name = served.cookie().partition("=")[0]
    assert served.request(path, cookie=f"{name}=wrong").status == 401
    assert served.request(f"{path}?token=wrong", cookie=served.cookie()).status == 403


def test_the_token_moves_into_a_cookie(served):
    """The address that stays can be sent to others; a script cannot read the cookie."""
    token = served.address.partition("?")[2]
    answer = served.request(f"/?view=run&{token}&id=a%26b")
    assert (answer.status, answer.headers["location"]) == (303, "/?view=run&id=a%26b")
    cookie = answer.headers["set-cookie"].lower()
    assert ("httponly" in cookie, "samesite=lax" in cookie) == (True, True)
    assert served.request(f"//evil.example/?{token}").headers["location"] == "/evil.example/"
    assert served.request(f"/%5Cevil.example/?{token}").headers["location"] == "/evil.example/"


def test_the_cookie_does_not_tell_the_token(served):
    """A browser sends it to every port of the machine; it cannot be used as the token."""
    token = served.address.partition("?token=")[2]
    name, _, value = served.cookie().partition("=")
    assert (name, value == token, len(value) > 40) == (f"runsettings-{served.port}", False, True)
    assert served.request(f"/?token={value}").status == 403
    assert served.request("/", cookie=f"{name}={token}").status == 401
    assert served.request("/", cookie=f"{name}={value}").status == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1", ""])
def test_a_foreign_host_is_refused(served, host):
    """A name of another site that leads to this machine, also with the cookie and the token."""
    for path in ("/", "/api/table", served.address.removeprefix(served.base)):
        assert served.request(path, host=host, cookie=served.cookie()).status == 403


@pytest.mark.parametrize("origin", [{}, {"origin": "http://evil.example"}, {"origin": "null"}])
def test_a_change_from_elsewhere_is_refused(served, origin):
    """A form of another site, which may send the cookie."""
    for method in ("POST", "DELETE", "PUT"):
        answer = served.request("/api/table", method, cookie=served.cookie(), **origin)
        assert answer.status == 403


@pytest.mark.parametrize("path", ["/", "/api/table", "/api/run?id=x", "/static/grid.js", "/nope"])
@pytest.mark.parametrize("known", [True, False])
def test_every_answer_has_the_headers(served, path, known):
    """Nothing from elsewhere is loaded, in no frame, and nothing stays in the cache."""
    headers = {"cookie": served.cookie()} if known else {}
    answer = served.request(path, **headers)
    assert answer.headers["content-security-policy"] == CSP
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("path", ["/static/../application.py", "/static/%2e%2e/application.py"])
def test_only_static_files_are_served(served, path):
    """No path leads out of their directory."""
    assert served.request(path, cookie=served.cookie()).status == 404


def test_the_table_is_filtered_sorted_and_cut(served):
    """As `runs ls` does it; the total is that of all rows."""
    asked = {"columns": "id,config.seed", "where": "config.seed < 5", "sort": "-config.seed"}
    found = served.ask("table", **asked, offset=1, limit=2)
    assert found["columns"] == [
        {"key": "id", "kind": "value"},
        {"key": "config.seed", "kind": "value"},
    ]
    assert found["total"] == 5
    assert found["rows"] == [
        {"project": "capsules", "id": "r3", "name": "run 3", "values": ["r3", 3]},
        {"project": "capsules", "id": "r2", "name": "run 2", "values": ["r2", 2]},
    ]
    newest = [row["id"] for row in served.ask("table")["rows"]]
    assert newest == ["r5", "r4", "r3", "r2", "r1", "r0"]


def test_groups_have_counts_and_ranges(served):
    """Mean, least and largest number; the runs of a group are asked for by its identity."""
    asked = {"columns": "config.seed,name", "group": "config.lr", "sort": "config.seed"}
    found = served.ask("table", **asked)
    first, second = found["rows"]
    assert (found["total"], first["values"], first["runs"]) == (2, [0.1], 3)
    assert first["ranges"] == [[1.0, 0, 2], None]
    members = served.ask("table", **asked, member=second["member"])
    assert [row["id"] for row in members["rows"]] == ["r3", "r4", "r5"]
    two = served.ask("table", group="config.lr,tags")
    assert sum(row["runs"] for row in two["rows"]) == 9


def test_the_runs_of_a_group_have_the_columns_of_the_groups(served):
    """They stand below them, also if no columns are chosen."""
    groups = served.ask("table", group="config.lr")
    runs = served.ask("table", group="config.lr", member=groups["rows"][0]["member"])
    assert [each["key"] for each in groups["columns"]][:3] == ["config.lr", "steps", "runtime"]
    assert runs["columns"] == groups["columns"][1:]


@pytest.mark.parametrize("form", ["csv", "json"])
def test_the_whole_table_is_what_the_command_prints(served, form):
    """With the filter, the order, the columns and the groups of the view."""
    chosen = {"where": "config.seed < 5", "columns": "id,tags,config.lr", "sort": "-config.seed"}
    for group in ({}, {"group": "config.lr"}):
        path = f"/table.{form}?{urlencode(chosen | group)}"
        answer = served.request(path, cookie=served.cookie())
        options = [
            f"--{name.replace('group', 'group-by')}={v}" for name, v in (chosen | group).items()
        ]
        command = [sys.executable, "-m", "runsettings", "runs", "ls", f"--{form}", *options]
        done = subprocess.run(command, cwd=served.directory, capture_output=True, check=True)
        if form == "json":
            assert json.loads(answer.body) == json.loads(done.stdout)
        else:
            assert answer.body == done.stdout


def rows_of(served, path):
    """The rows of a CSV file."""
    answer = served.request(path, cookie=served.cookie())
    assert (answer.status, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    text = answer.body.decode()
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert len(rows) == len(text.splitlines())  # one line each
    return rows


def test_a_run_as_csv_has_each_value_with_its_origin(served):
    """Also its metrics and its files; a value has what it overrode beside it."""
    heading, *rows = rows_of(served, "/run.csv?project=capsules&id=r4")
    assert heading == ["section", "key", "value", "layer", "set at", "over"]
    found = {(section, key): rest for section, key, *rest in rows}
    assert found["config", "lr"] == ["0.5", "init", found["config", "lr"][2], "0.1 train.yaml:1:5"]
    assert found["run", "id"] == ["r4", "", "", ""]
    assert found["metrics", "loss.min"][0] == "1.25"
    assert found["settings", "project"][0] == "capsules"
    assert ("files", "config_files/train.yaml") in found


def test_differences_as_csv_have_the_columns_of_each_run(served):
    """Only the keys that differ; a cell is empty where a run does not have the key."""
    heading, *rows = rows_of(served, "/diff.csv?runs=capsules/r0,capsules/r4")
    assert heading[:2] == ["section", "key"]
    assert heading[2:6] == [f"capsules/r0 {word}" for word in ("value", "layer", "set at", "over")]
    found = {(section, key): rest for section, key, *rest in rows}
    first, second = found["config", "lr"][:4], found["config", "lr"][4:]
    assert first == ["0.1", "file", "train.yaml:1:5", ""]
    assert (second[0], second[3]) == ("0.5", "0.1 train.yaml:1:5")
    assert ("config", "optim.name") not in found


SPREADSHEET = ['=HYPERLINK("http://x","a")', "+1,2", "-1\n2", "@sum", "\tx", 'a"b,c\r\nd']
"""Texts that a spreadsheet runs, and texts with commas, quotes and line ends."""


def test_downloads_run_nothing_in_a_spreadsheet(serve, add_run, tmp_path):
    """In keys and in values, of one run and of two; each row stays one line."""
    texts = {text: text for text in SPREADSHEET}
    for number in range(2):
        more = dict.fromkeys(SPREADSHEET, number)
        values = texts if number else dict.fromkeys(SPREADSHEET, "other")
        config = {"type": "config", "time": 1.0, "values": {"texts": values, **more}, "origins": {}}
        add_run(tmp_path, number, more=[config])
    served = serve(tmp_path)
    one = rows_of(served, "/run.csv?project=many&id=n0001")
    two = rows_of(served, "/diff.csv?runs=many/n0000,many/n0001")
    for rows in (one, two):
        cells = [cell for row in rows for cell in row]
        assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t"))]
        assert len([cell for cell in cells if "HYPERLINK" in cell]) >= 3


def test_a_wrong_question_says_what_is_wrong(served):
    """With the part of the question."""
    status, answer = served.ask("table", where="config.lrr < 1")
    assert (status, answer["part"]) == (400, "where")
    assert "did you mean 'config.lr'" in answer["error"]
    assert served.ask("run", project="capsules", id="nope")[0] == 404
    assert served.ask("table", limit="x", offset="-1")["total"] == 6


def curve_of(server, run_id, key, **asked):
    """Ask for the curve of a metric of a run; `None` where the run has no such values."""
    (run,) = server.ask("curves", where=f"id = {run_id}", keys=key, **asked)["runs"]
    return run["curves"].get(key)


@pytest.mark.parametrize("digits", [19, 30, 5000])
def test_a_number_may_be_larger_than_any_step(served, digits):
    """It counts as the largest one."""
    huge = "9" * digits
    assert served.ask("table", limit=huge)["total"] == 6
    assert served.ask("table", offset=huge)["rows"] == []
    assert curve_of(served, "r4", "loss", first=huge, last=huge) is None
    assert curve_of(served, "r4", "loss", last=huge)["mean"]


def test_a_run_has_values_with_their_places(served):
    """The winner's layer and place, and what it beat."""
    run = served.ask("run", project="capsules", id="r4")
    leaf = run["config"]["lr"]
    assert (leaf["value"], leaf["layer"]) == (0.5, "init")
    (beaten,) = leaf["beaten"]
    assert (beaten["value"], beaten["layer"], beaten["place"]) == (0.1, "file", "train.yaml:1:5")
    assert run["metrics"]["nan"]["last"] == "NaN"
    assert run["settings"]["run_id"]["value"] == "r4"


def test_two_runs_differ_with_a_reason(served):
    """Each side has its value, its place, and what it beat."""
    answer = served.ask("diff", runs="capsules/r0,capsules/r4")
    found = {each["key"]: each["values"] for each in answer["differences"]}
    assert "optim.name" not in found
    a, b = found["lr"]
    assert (a["value"], a["place"], b["value"]) == (0.1, "train.yaml:1:5", 0.5)
    assert b["beaten"][0]["place"] == "train.yaml:1:5"
    assert b["beaten"][0]["copy"] == a["copy"] == {"path": "config_files/train.yaml", "line": 1}


def test_more_than_two_runs_are_compared(served):
    """Only what differs in at least one of them."""
    answer = served.ask("diff", runs="capsules/r0,capsules/r1,capsules/r2")
    assert [run["id"] for run in answer["runs"]] == ["r0", "r1", "r2"]
    found = {each["key"]: each["values"] for each in answer["differences"]}
    assert [value["value"] for value in found["seed"]] == [0, 1, 2]
    assert "lr" not in found
    for runs in ("", "capsules/r0", ",".join(["capsules/r0"] * 21)):
        assert served.ask("diff", runs=runs)[0] == 400
    assert served.ask("diff", runs="capsules/r0,capsules/nope")[0] == 404


def test_the_code_of_two_runs_is_compared(serve, add_run, tmp_path):
    """The states of git, the arguments and the machine."""
    for number, commit in enumerate(["a" * 40, "b" * 40]):
        facts = {"git": {"commit": commit, "dirty": False}, "args": [str(number)], "pid": number}
        add_run(tmp_path, number, more=[{"type": "metadata", "time": 1.0, "values": facts}])
    found = serve(tmp_path).ask("diff", runs="many/n0000,many/n0001")["differences"]
    metadata = {each["key"]: each["values"] for each in found if each["section"] == "metadata"}
    assert metadata.keys() == {"git.commit", "args"}
    assert [value["value"] for value in metadata["git.commit"]] == ["a" * 40, "b" * 40]


def test_a_metric_comes_in_buckets(served):
    """Of some steps, in as many buckets as the page asks for; NaN is in no range."""
    whole = curve_of(served, "r0", "loss")
    assert (whole["x"], whole["mean"]) == ([0, 1, 2, 3], [1.0, 0.5, 1 / 3, 0.25])
    halves = curve_of(served, "r0", "loss", buckets=2)
    assert (halves["minimum"], halves["maximum"]) == ([0.5, 0.25], [1.0, 1 / 3])
    assert curve_of(served, "r0", "loss", first=1, last=2)["x"] == [1, 2]
    nan = curve_of(served, "r0", "nan")
    assert (nan["known"], nan["mean"]) == ([0], [None])
    assert curve_of(served, "r0", "nope") is None


def test_a_value_has_the_line_of_its_file(served):
    """The run has a copy of the file, whose text can be asked for."""
    run = {"project": "capsules", "id": "r4"}
    found = served.ask("run", **run)["config"]["lr"]
    assert found["copy"] is None
    (beaten,) = found["beaten"]
    assert beaten["copy"] == {"path": "config_files/train.yaml", "line": 1}
    text = served.ask("text", **run, path="config_files/train.yaml")
    assert (text["kind"], text["text"], text["cut"]) == (
        "text",
        "lr: 0.1\noptim: {name: adam}\n",
        False,
    )


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("image.png", "image/png"),
        ("image.svg", None),
        ("page.html", None),
        ("false.png", None),
        ("binary.bin", None),
        ("<hostile>", None),
    ],
)
def test_only_images_are_shown_by_the_browser(served, hostile, path, media_type):
    """By their content, not by their name; all other files are saved, and never run."""
    path = hostile.replace("/", "|") if path == "<hostile>" else path
    query = urlencode({"project": "capsules", "id": "r5", "path": path})
    answer = served.request(f"/file?{query}", cookie=served.cookie())
    kind, _, name = answer.headers["content-disposition"].partition("; filename*=UTF-8''")
    assert answer.headers["content-type"] == (media_type or "application/octet-stream")
    assert kind == ("inline" if media_type else "attachment")
    assert unquote(name) == path
    assert answer.headers["x-content-type-options"] == "nosniff"
    (home,) = served.directory.glob("wandb/*-r5/files")
    assert answer.body == (home / path).read_bytes()


def test_the_text_of_a_long_file_is_cut(served):
    """At half a megabyte; a file that is not text has none."""
    run = {"project": "capsules", "id": "r5"}
    text = served.ask("text", **run, path="long.txt")
    assert (text["size"], len(text["text"]), text["cut"]) == (800_080, 512 * 1024, True)
    assert served.ask("text", **run, path="binary.bin")["kind"] == "binary"
    assert served.ask("text", **run, path="image.png")["kind"] == "image"


@pytest.mark.parametrize(
    "path", ["../run-r5.jsonl", "/etc/passwd", "nope", "", ".", "a\0b", "code/../../run-r5.jsonl"]
)
def test_only_files_of_the_run_are_read(served, path):
    """No path leads out of its directory."""
    run = {"project": "capsules", "id": "r5", "path": path}
    assert served.ask("text", **run)[0] == 404
    assert served.request(f"/file?{urlencode(run)}", cookie=served.cookie()).status == 404


def test_no_part_of_a_response_waits_for_the_browser():
    """A response is sent at once: its parts do not wait until the ones before are confirmed."""

    async def no_delay():
        accepted = asyncio.get_running_loop().create_future()
        with open_port(0) as opened:
            server = await asyncio.start_server(lambda _, to: accepted.set_result(to), sock=opened)
            _, here = await asyncio.open_connection(*opened.getsockname())
            there = await accepted
            option = there.get_extra_info("socket").getsockopt
            found = option(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            for writer in (here, there):
                writer.close()
                await writer.wait_closed()
            server.close()
        return found

    with ThreadPoolExecutor() as thread:  # the browser of other tests has a loop in this one
        assert thread.submit(asyncio.run, no_delay()).result() == 1


def test_a_port_in_use_is_told(served, jail):
    """In one line, with what to do."""
    (jail.cwd / "wandb").mkdir()
    line = [sys.executable, "-m", "runsettings", "ui", "--port", str(served.port), "--no-browser"]
    done = subprocess.run(line, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"Error: port {served.port} cannot be used: Address already in")


def test_a_killed_server_and_a_damaged_index_lose_nothing(few, serve):
    """The next server has all runs, and the changes that were made before."""
    edit = {"project": "many", "id": "n0001", "add": ["kept"]}
    assert few.change("edit", edit)["tags"] == ["kept"]
    few.process.kill()
    few.process.wait(timeout=60)
    index = few.directory / "wandb" / ".runs.sqlite"
    assert index.exists()
    index.write_bytes(b"damaged" * 1000)
    table = serve(few.directory).ask("table", columns="id,tags")
    assert [row["values"] for row in table["rows"]] == [
        ["n0002", []],
        ["n0001", ["kept"]],
        ["n0000", []],
    ]


def test_a_missing_package_is_named(jail, monkeypatch):
    """With the extra that brings it."""
    for name in [name for name in sys.modules if name.startswith("runsettings.page.")]:
        monkeypatch.delitem(sys.modules, name)  # they have the package already
    monkeypatch.setitem(sys.modules, "starlette", None)
    result = CliRunner().invoke(cli, ["ui", "--no-browser"])
    assert result.exit_code == 1
    assert "runsettings[ui]" in result.stderr


def test_a_store_is_served_as_a_directory_is(served, serve, tmp_path):
    """The same table, run and differences."""
    address = f"sqlite:///{tmp_path}/runs.db"
    command = [sys.executable, "-m", "runsettings", "sync", "--all", "--to", address]
    subprocess.run(command, cwd=served.directory, check=True, capture_output=True, timeout=60)
    stored = serve(tmp_path, "--store", address)
    assert stored.ask("about")["place"] == address
    asked = {"columns": "id,config.lr,summary.loss", "where": "config.seed > 1", "sort": "id"}
    assert stored.ask("table", **asked) == served.ask("table", **asked)
    groups = {"group": "config.lr,tags", "columns": "summary.loss"}
    assert stored.ask("table", **groups) == served.ask("table", **groups)
    name = {"project": "capsules", "id": "r4"}
    local, found = served.ask("run", **name), stored.ask("run", **name)
    assert (found["config"], found["metrics"]) == (local["config"], local["metrics"])
    halves = curve_of(stored, "r4", "loss", buckets=2)
    assert halves == curve_of(served, "r4", "loss", buckets=2) is not None
    huge = "9" * 30
    assert curve_of(stored, "r4", "loss", first=huge, last=huge) is None
