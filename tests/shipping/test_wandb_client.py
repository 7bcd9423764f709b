"""Runs at W&B: what the real client writes offline, and sends to a server that only keeps it."""

from __future__ import annotations

import json
import os
import signal
import struct
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from runsettings.journal.replay import load_run
from runsettings.shipping import addresses
from runsettings.shipping.addresses import Server, shown
from runsettings.shipping.batches import read_identity
from runsettings.shipping.stores.base import BusyError
from runsettings.shipping.stores.wandb_client.position import Position, lock_run

from .waiting import PATIENCE, wait_until
from .wandb_server import KEY, WandbServer

LONG = bool(os.environ.get("RUNSETTINGS_LONG"))

OFTEN = {"WANDB_X_FILE_STREAM_TRANSMIT_INTERVAL": "0.2"}
"""Lets the client send what it has more often."""

ONLINE = 'init(mode="online", id="x", project="p", settings={"disable_git": True})'


@pytest.fixture
def server():
    """A W&B server."""
    found = WandbServer()
    yield found
    found.stop()
    assert not found.unknown


@pytest.fixture
def login(server, jail):
    """A login for the server."""
    jail.setenv(WANDB_API_KEY=KEY, WANDB_BASE_URL=server.url, **OFTEN)
    return server


def sync(*arguments):
    """`runsettings sync` in a process of its own."""
    command = [sys.executable, "-m", "runsettings", "sync", *(arguments or ("--all",))]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)


def program(code, *arguments):
    """Run a program in a process of its own; what it prints."""
    command = [sys.executable, "-c", textwrap.dedent(code), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE)
    return done.stdout


def steps(run):
    """The steps of a run at the server with their losses."""
    return [(row["_step"], row["loss"]) for row in run.rows]


def client_records(journal):
    """What the client wrote for a journal offline, read by its own definitions."""
    from wandb.proto import wandb_internal_pb2

    (path,) = journal.parent.glob("wandb-client/wandb/offline-run-*/*.wandb")
    data, records = path.read_bytes(), []
    assert data.startswith(b":W&B")
    at, whole = 7, b""
    while at < len(data):  # a log of LevelDB: records in blocks of 32 KiB
        if 32_768 - at % 32_768 < 7:
            at += 32_768 - at % 32_768
            continue
        _, size, kind = struct.unpack_from("<IHB", data, at)
        whole += data[at + 7 : at + 7 + size]
        at += 7 + size
        if kind in (1, 4):  # whole, or the last part
            record = wandb_internal_pb2.Record()
            record.ParseFromString(whole)
            records.append(record)
            whole = b""
    return records


def values(items):
    """The items of a record as a nested dict."""
    found = {}
    for item in items:
        *path, last = item.nested_key or [item.key]
        inner = found
        for part in path:
            inner = inner.setdefault(part, {})
        inner[last] = json.loads(item.value_json)
    return found


def test_the_clients_own_file_has_everything_of_a_run(jail, begin):
    """Names, config, rows with their steps and times, summary, metrics, files and the end."""
    jail.write("big[1].txt", "content")
    names = {"project": "p", "entity": "e", "name": "n", "notes": "some", "tags": ["a", "b"]}
    run = begin(**names, group="g", job_type="j", config={"lr": 0.1, "m": {"x": [1, None]}})
    run.define_metric("loss", summary="min,last")
    run.log({"loss": 0.5, "val": {"acc": 1}, "text": "t"}, step=3)
    run.log({"loss": 1.5, "odd": float("nan")}, step=7, commit=False)
    run.log({"more": True}, step=7)
    run.config.update({"new": {"a": 1}})
    run.summary["best"] = {"acc": 9}
    run.summary["text"] = "set"
    run.save("big[1].txt")
    run.finish(3)
    code = """
        import sys
        from runsettings.shipping.addresses import Server
        from runsettings.shipping.shipper import Shipper
        from runsettings.shipping.stores.destinations import open_destination
        address = Server("https://api.wandb.ai", sys.argv[2], offline=True).address
        with open_destination(address) as place:
            print(Shipper(place, sys.argv[1]).ship().bytes)
    """
    assert program(code, str(run.journal_path), KEY) == f"{run.journal_path.stat().st_size}\n"
    records = client_records(run.journal_path)
    (first, *_) = [record.run for record in records if record.HasField("run")]
    assert (first.run_id, first.display_name, first.notes) == (run.id, "n", "some")
    assert (first.project, first.entity, list(first.tags)) == ("p", "e", ["a", "b"])
    assert (first.run_group, first.job_type) == ("g", "j")
    config = values(first.config.update)
    config.pop("_wandb")
    assert config == {"lr": 0.1, "m": {"x": [1, None]}, "new": {"a": 1}}
    rows = [values(record.history.item) for record in records if record.HasField("history")]
    local = _history(run.journal_path)
    assert [row["_step"] for row in rows] == [3, 7]
    assert [row["_timestamp"] for row in rows] == [local[0]["time"], local[2]["time"]]
    assert (rows[0]["loss"], rows[0]["val"], rows[0]["text"]) == (0.5, {"acc": 1}, "t")
    assert (rows[1]["loss"], str(rows[1]["odd"]), rows[1]["more"]) == (1.5, "nan", True)
    summary = {}
    for record in records:
        if record.HasField("summary"):
            for item in record.summary.update:
                *path, last = item.nested_key or [item.key]
                inner = summary
                for part in path:
                    inner = inner.setdefault(part, {})
                inner[last] = json.loads(item.value_json)
    assert summary["loss"] == {"min": 0.5, "last": 1.5}
    assert (summary["best"], summary["text"], summary["val"]) == ({"acc": 9}, "set", {"acc": 1})
    (metric,) = [record.metric for record in records if record.HasField("metric")]
    assert (metric.name, metric.summary.min, metric.summary.last) == ("loss", True, True)
    files = {each.path for record in records for each in record.files.files}
    assert {"big[1].txt", "settings.json"} <= files
    (end,) = [record.exit for record in records if record.HasField("exit")]
    assert end.exit_code == 3
    # Nothing of the client is where a person's `wandb sync` looks.
    assert not list(jail.cwd.glob("wandb/*/*.wandb"))


def _history(journal):
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    return [line for line in lines if line["type"] == "history"]


def test_a_run_that_is_shipped_in_parts_has_each_step_once(login, begin):
    """While it runs, later, and after its end; the server knows each time how it goes."""
    run = begin(id="x", project="p", config={"lr": 0.1})
    expected = []
    for step in range(3):
        run.log({"loss": step})
        expected.append((step, step))
    assert sync("x").returncode == 0
    # More may come of the last step.
    assert steps(login.runs["x"]) == expected[:-1]
    assert not login.runs["x"].ends
    run.log({"loss": 12})
    expected.append((3, 12))
    run.finish(3)
    assert "1 shipped" in sync("x", "--to", "wandb").stdout
    at_server = login.runs["x"]
    assert (steps(at_server), at_server.ends) == (expected, [3])
    assert (at_server.config, at_server.summary["loss"]) == ({"lr": 0.1}, 12)
    assert json.loads(login.files["settings.json"])["project"]["value"] == "p"
    assert "0 shipped, 1 up to date" in sync("x").stdout
    assert not (run.path / "wandb-client" / "wandb").exists()


def test_what_was_sent_before_a_kill_is_not_doubled(login, spawn, journals):
    """A run whose shipper and script are killed is sent again from the server's last step."""
    process = spawn(f"""
        run = {ONLINE}
        for step in range(40):
            log({{"loss": step}})
        print(flush=True)
        sys.stdin.readline()
    """)
    process.stdout.readline()
    wait_until(lambda: "x" in login.runs and login.runs["x"].rows)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    for pid in map(int, children):
        os.kill(pid, signal.SIGKILL)
    process.kill()
    process.wait()
    (journal,) = journals()
    assert Position.read(str(journal), read_identity(str(journal)), login.url).position == 0
    done = wait_until(lambda: (found := sync("x")) and found.returncode == 0 and found)
    assert "1 shipped" in done.stdout
    assert steps(login.runs["x"]) == [(step, step) for step in range(40)]
    assert not login.runs["x"].ends  # so that the server shows it as crashed


def test_a_login_ships_while_the_script_runs(server, jail, spawn):
    """The key of a netrc is in no argument and environment; the script imports no client."""
    netrc = jail.write(
        jail.home / ".netrc", f"machine 127.0.0.1:{server.server_port} login user password {KEY}\n"
    )
    netrc.chmod(0o600)
    jail.setenv(WANDB_BASE_URL=server.url, **OFTEN)
    process = spawn(f"""
        run = {ONLINE}
        log({{"loss": 1}})
        log({{"loss": 2}})
        print(flush=True)
        sys.stdin.readline()
        finish()
        print("wandb" in sys.modules, flush=True)
    """)
    process.stdout.readline()
    wait_until(lambda: "x" in server.runs and server.runs["x"].rows)
    seen = 0
    for pid in descendants(process.pid):
        seen += 1
        for name in ("cmdline", "environ"):
            assert KEY.encode() not in Path(f"/proc/{pid}/{name}").read_bytes()
    assert seen >= 3  # the script, its shipper, and the process of the client
    output, messages = process.communicate("\n")
    assert (output, process.returncode) == ("False\n", 0)
    assert "warning" not in messages
    assert steps(server.runs["x"]) == [(0, 1), (1, 2)]
    assert server.runs["x"].ends == [0]
    for path in (jail.cwd / "wandb").rglob("*"):
        assert path.is_dir() or KEY.encode() not in path.read_bytes()


def descendants(pid):
    """A process and all below it."""
    found = [pid]
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text().split():
            found += descendants(int(child))
    return found


@pytest.mark.parametrize("force", [False, True])
def test_a_wrong_key_reaches_the_script_as_one_warning(login, jail, script, journals, force):
    """At its end; at its start, as an error, if it demands to be online."""
    wrong = KEY[::-1]
    jail.setenv(WANDB_API_KEY=wrong, WANDB_FORCE=str(force))
    done = script(f"""
        run = {ONLINE}
        log({{"loss": 1}})
        finish()
    """)
    assert done.returncode == force
    assert done.stderr.count("invalid API key") == 1
    assert wrong not in done.stderr
    (journal,) = journals()
    if force:
        assert "force=True demands to be online" in done.stderr
    else:
        assert f"runsettings sync {journal.parent}" in done.stderr
    assert load_run(journal).state == ("failed" if force else "finished")


def test_a_run_that_another_process_ships_is_left_to_it(login, begin):
    """The others are shipped."""
    for name in ("one", "two"):
        begin(id=name, project="p").finish()
    (journal,) = Path.cwd().glob("wandb/*-one/run-one.jsonl")
    lock = lock_run(str(journal))
    with pytest.raises(BusyError, match="another process ships the run"):
        lock_run(str(journal))
    done = sync()
    os.close(lock)
    assert "another process ships the run" in done.stderr
    assert "1 shipped, 0 up to date, 1 failed" in done.stdout
    assert set(login.runs) == {"two"}


@pytest.mark.skipif(not LONG, reason="a part of the long form")
def test_a_run_that_is_resumed_on_another_machine_goes_on_at_the_server(login, begin):
    """Its steps are behind those that the server has; without `resume`, they replace them."""
    for resume in (None, "allow"):
        run = begin(id="x", project="p", resume=resume, dir=f"machine-{resume}")
        for step in range(3):
            run.log({"loss": step})
        run.finish()
        command = [sys.executable, "-m", "runsettings", "sync", "--all", "--to", "wandb"]
        subprocess.run([*command, "--dir", f"machine-{resume}"], check=True, timeout=PATIENCE)
    assert steps(login.runs["x"]) == [(0, 0), (1, 1), (2, 2), (3, 0), (4, 1), (5, 2)]


def test_a_file_outside_of_the_run_is_not_uploaded(login, begin, jail):
    """A journal of somebody else may name any path."""
    jail.write("secret.txt", "secret")
    run = begin(id="x", project="p")
    run.finish()
    (run.path / "files" / "link.txt").symlink_to(jail.cwd / "secret.txt")
    with run.journal_path.open("a") as journal:
        for path in ("../../../secret.txt", str(jail.cwd / "secret.txt"), "link.txt"):
            record = {"type": "file", "time": 1.0, "path": path, "size": 6}
            journal.write(json.dumps(record) + "\n")
    assert sync().returncode == 0
    assert login.files
    assert not [name for name in login.files if "secret" in name or "link" in name]


@pytest.mark.parametrize("status", [403, 503])
@pytest.mark.parametrize(
    "refused", ["/upload/", *(["/file_stream", "CreateRunFiles"] if LONG else [])]
)
def test_a_refused_upload_is_not_taken_for_shipped(login, begin, refused, status):
    """The client itself ends as if all were well, at once or after its retries."""
    run = begin(id="x", project="p")
    run.log({"loss": 1})
    run.finish()
    login.refused, login.status = refused, status
    code = """
        from runsettings.cli.main import main
        from runsettings.shipping.stores.wandb_client import client
        client._RETRIES = 1  # the others take two minutes
        main(["sync", "x"])
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert done.returncode == 1
    assert "it has refused an upload" in done.stderr
    assert "try again later" in done.stderr
    if refused == "/upload/":
        assert login.requests.count("/upload/settings.json") == (1 if status == 403 else 2)
    login.refused = ""
    assert "1 shipped" in sync("x").stdout
    assert (steps(login.runs["x"]), "settings.json" in login.files) == ([(0, 1)], True)


def test_a_refused_file_of_one_run_does_not_stop_the_others(login, begin, jail):
    """The others are shipped, whichever comes first."""
    for name in ("one", "two", "three"):
        jail.write(f"{name}.txt", name)
        with begin(id=name, project="p") as run:
            run.save(f"{name}.txt")
    login.refused = "/upload/two.txt"
    done = sync()
    assert "two) was not shipped: W&B at http" in done.stderr
    assert "2 shipped, 0 up to date, 1 failed" in done.stdout
    login.refused = ""
    assert "1 shipped, 2 up to date, 0 failed" in sync().stdout


@pytest.mark.parametrize("mode", ["offline", "online"])
def test_rows_whose_step_goes_back_are_counted(login, script, mode):
    """The script or `sync` says how many, once; a row that was appended twice does not count."""
    done = script(f"""
        import json
        run = init(mode={mode!r}, id="x", project="p",
                   settings={{"disable_git": True}})
        with run.journal_path.open("a") as journal:
            for offset, step in enumerate([1, 2, 2, 1, 0, 3]):
                source = {{"file": "/events", "offset": 10 * offset}}
                record = {{"type": "history", "step": step, "time": 1.0, "source": source}}
                line = json.dumps({{**record, "data": {{"loss": step}}}}) + "\\n"
                journal.write(line * (1 + (step == 1)))
    """)
    messages = done.stderr if mode == "online" else sync("x").stderr
    assert "2 rows are not at W&B" in messages
    assert steps(login.runs["x"]) == [(1, 1), (2, 2), (3, 3)]
    assert "not at W&B" not in sync("x").stderr


def test_a_server_that_does_not_answer_can_be_tried_again(begin):
    """The client keeps the id of a run that it could not start, until its process is stopped."""
    run = begin(id="x", project="p")
    run.finish()
    code = """
        import socket, sys
        from runsettings.shipping.addresses import Server
        from runsettings.shipping.shipper import Shipper
        from runsettings.shipping.stores.base import may_pass
        from runsettings.shipping.stores.wandb_client import client
        from runsettings.values.errors import RunError
        client._FIXED["init_timeout"] = 0.5
        with socket.create_server(("127.0.0.1", 0)) as silent:
            address = f"http://127.0.0.1:{silent.getsockname()[1]}"
            with client.WandbClient(Server(address, sys.argv[2])) as place:
                shipper = Shipper(place, sys.argv[1])
                for _ in range(2):
                    try:
                        shipper.ship()
                    except RunError as error:
                        print(may_pass(error), "Timed out" in error.diagnostics[0].message)
    """
    assert program(code, str(run.journal_path), KEY) == "True True\n" * 2


def test_an_old_client_is_refused_with_the_extra(login, jail, script):
    """As one warning of the script, which an old client gives no reason for."""
    jail.write("old/wandb/__init__.py", "__version__ = '0.23.1'")
    jail.setenv(
        PYTHONPATH=os.pathsep.join([str(jail.cwd / "old"), os.environ.get("PYTHONPATH", "")])
    )
    done = script(f"run = {ONLINE}")
    assert "wandb 0.23.1 is too old to ship runs: pip install" in done.stderr
    assert "'runsettings[wandb]'" in done.stderr


def test_without_a_login_sync_says_what_to_set(jail, begin):
    """Both ways are named; a word for W&B asks for the key alone."""
    begin(id="x").finish()
    done = sync()
    assert done.returncode == 2
    assert "set WANDB_STORE" in done.stderr
    assert "set WANDB_API_KEY" in done.stderr
    assert "no API key for https://api.wandb.ai was found" in sync("x", "--to", "wandb").stderr


def test_an_address_keeps_any_key_and_shows_none():
    """Also a key with marks of addresses in it."""
    for base_url in ("https://api.wandb.ai", "http://127.0.0.1:9", "https://host/path"):
        server = Server(base_url, "k:/@?#%&é")
        assert Server.of(server.address) == server
        assert shown(server.address) == base_url


def test_a_directory_of_the_packages_name_is_no_package(jail, monkeypatch):
    """`wandb/` in the working directory is where runs go."""
    (jail.cwd / "nowhere").mkdir()
    monkeypatch.syspath_prepend(str(jail.cwd))
    assert not addresses.is_installed("nowhere")
    assert addresses.is_installed("wandb")
