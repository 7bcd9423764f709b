"""The page of runs for the tests: its server as a process of its own, and a real browser."""

from __future__ import annotations

import http.client
import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from email.message import Message
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

import pytest

import runsettings

from ..shipping.conftest import PASSWORD, postgres, server  # noqa: F401, TID252 - fixtures

HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>\"'`&lt;${alert(3)}"
"""A text that would run as markup, in a template or in an attribute."""

TRAIN = """
import runsettings, sys
hostile = sys.argv[1]
settings = {"quiet": True, "disable_git": True}
for number in range(6):
    config = ["train.yaml", {"seed": number, "text": hostile, hostile.replace(".", ""): number}]
    if number > 2:
        config.append({"lr": 0.5})
    with runsettings.init(id=f"r{number}", name=hostile if number == 5 else f"run {number}",
                          project="capsules", mode="offline", config=config, settings=settings,
                          tags=["a", hostile[:60]] if number % 2 else ["a"], notes=hostile,
                          group=hostile[:60], job_type=hostile[:60]) as run:
        for step in range(4):
            run.log({"loss": (number + 1) / (step + 1), "val": {"acc": step}, hostile: hostile})
        run.log({"nan": float("nan")})
        if number == 5:
            save_files(run, hostile)

"""

FILES = """
def save_files(run, hostile):
    import pathlib, zlib
    home = pathlib.Path(run.dir)
    def chunk(kind, data):
        crc = zlib.crc32(kind + data).to_bytes(4, "big")
        return len(data).to_bytes(4, "big") + kind + data + crc
    header = bytes([0, 0, 0, 1, 0, 0, 0, 1, 8, 2, 0, 0, 0])
    pixels = zlib.compress(bytes([0, 200, 30, 30]))
    png = b"\\x89PNG\\r\\n\\x1a\\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels)
    (home / "image.png").write_bytes(png + chunk(b"IEND", b""))
    (home / "page.html").write_text("<!doctype html><p>" + hostile)
    (home / "image.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>')
    (home / "false.png").write_text(hostile)
    (home / "binary.bin").write_bytes(bytes(range(256)))
    (home / hostile.replace("/", "|")).write_text(hostile)
    (home / "long.txt").write_text("x" * 79 + "\\n" + "y\\n" * 400_000)
"""


def needed(what: str, found: object) -> None:
    """Skip a test without an optional program or package, except in CI."""
    if not found:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{what} is missing")
        pytest.skip(f"{what} is not installed")


class Answer(NamedTuple):
    """An answer of the server."""

    status: int
    headers: Message
    body: bytes


class Served(NamedTuple):
    """A page that is served."""

    directory: Path
    """The directory above ``wandb``."""
    address: str
    """The first address, with the token."""
    process: subprocess.Popen[str]
    """The server."""

    @property
    def base(self) -> str:
        """The address without a path."""
        return self.address.partition("/?")[0]

    @property
    def port(self) -> int:
        """The port."""
        found = urlsplit(self.address).port
        assert found is not None
        return found

    def request(
        self, path: str, method: str = "GET", body: bytes | None = None, **headers: str
    ) -> Answer:
        """Ask the server as any program may."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())

    def change(self, name: str, body: Any, **headers: str) -> Any:
        """The JSON of the answer to a change, with its status if that is not 200."""
        given = {"cookie": self.cookie(), "origin": self.base, "content-type": "application/json"}
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        answer = self.request(f"/api/{name}", "POST", text, **given | headers)
        data = answer.body if answer.status in (401, 403, 405) else json.loads(answer.body)
        return data if answer.status == 200 else (answer.status, data)

    def cookie(self) -> str:
        """The cookie that the first address gives."""
        answer = self.request(self.address.removeprefix(self.base))
        return str(answer.headers["set-cookie"]).partition(";")[0]

    def ask(self, name: str, /, **asked: Any) -> Any:
        """The JSON of an answer, with its status if that is not 200."""
        answer = self.request(f"/api/{name}?{urlencode(asked)}", cookie=self.cookie())
        data = json.loads(answer.body)
        return data if answer.status == 200 else (answer.status, data)


@pytest.fixture(scope="session")
def needs() -> Callable[[str, object], None]:
    """Skips a test without an optional program or package, except in CI."""
    return needed


@pytest.fixture(scope="session")
def serve() -> Iterator[Callable[..., Served]]:
    """Starts ``runsettings ui`` in a directory; it is ended after the tests."""
    needed("the extra `ui`", importlib.util.find_spec("starlette"))
    started = []

    def start(directory: Path, *options: str, launcher: Path | None = None) -> Served:
        kept = ("PATH", "PYTHONPATH", "LANG")
        environment = {name: os.environ[name] for name in kept if name in os.environ}
        if launcher is not None:
            environment["PATH"] = f"{launcher}{os.pathsep}{environment['PATH']}"
            environment["DISPLAY"] = ":0"
        browser = [] if launcher else ["--no-browser"]
        process = subprocess.Popen(
            [sys.executable, "-m", "runsettings", "ui", *browser, "--port", "0", *options],
            cwd=directory,
            env={**environment, "HOME": str(directory)},
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout is not None
        return Served(directory, process.stdout.readline().rstrip("\n"), process)

    yield start
    for process in started:
        process.send_signal(signal.SIGINT)
    for process in started:
        process.communicate(timeout=30)


@pytest.fixture(scope="session")
def without_password() -> Callable[[str, Path], str]:
    """The address of a store, without the password, which is written into a home directory."""

    def write(address: str, home: Path) -> str:
        passwords = home / ".pgpass"
        passwords.write_text(f"*:*:*:*:{PASSWORD}\n")
        passwords.chmod(0o600)
        return address.replace(f":{PASSWORD}@", "@")

    return write


@pytest.fixture(scope="session")
def served(serve, tmp_path_factory) -> Served:
    """The page of six runs whose names and values are hostile."""
    directory = tmp_path_factory.mktemp("page")
    (directory / "train.yaml").write_text("lr: 0.1\noptim: {name: adam}\n")
    (directory / "train.py").write_text(FILES + TRAIN)
    command = [sys.executable, "train.py", HOSTILE]
    environment = {**os.environ, "HOME": str(directory)}
    subprocess.run(command, cwd=directory, env=environment, check=True, timeout=120)
    return serve(directory)


def write_run(
    directory: Path, number: int, lr: float = 0.1, more: Sequence[dict[str, Any]] = ()
) -> None:
    """Write the journal of a finished run, which is quicker than recording it."""
    run_id = f"n{number:04}"
    home = directory / "wandb" / f"offline-run-20260101_{number:06}-{run_id}"
    home.mkdir(parents=True)
    when = time.time() - 10_000 + number
    records = [
        {"type": "header", "format": "runsettings-journal", "version": 1, "writer": "tests"},
        {"type": "run", "time": when, "id": run_id, "name": f"run {number}", "project": "many"},
        {"type": "start", "time": when, "pid": 1, "host": "h", "step": 0, "resumed": False},
        {"type": "config", "time": when, "values": {"lr": lr, "n": number}, "origins": {}},
        {"type": "history", "time": when, "step": 0, "data": {"loss": number}},
        *more,
        {"type": "exit", "time": when, "code": 0, "state": "finished"},
    ]
    lines = "".join(json.dumps(record) + "\n" for record in records)
    (home / f"run-{run_id}.jsonl").write_text(lines)


@pytest.fixture
def hostile() -> str:
    """The text that is in the names and values of `served`."""
    return HOSTILE


@pytest.fixture
def add_run() -> Callable[..., None]:
    """Adds a run to a directory."""
    return write_run


@pytest.fixture
def few(serve, tmp_path) -> Served:
    """The page of three runs, which a test may change."""
    for number in range(3):
        write_run(tmp_path, number)
    return serve(tmp_path)


@pytest.fixture(scope="session")
def kept(serve, tmp_path_factory) -> Served:
    """The page of three runs, which no test changes."""
    directory = tmp_path_factory.mktemp("kept")
    for number in range(3):
        write_run(directory, number)
    return serve(directory)


@pytest.fixture(scope="session")
def many(serve, tmp_path_factory) -> Served:
    """The page of 700 runs."""
    directory = tmp_path_factory.mktemp("many")
    for number in range(700):
        write_run(directory, number, number % 7 / 10)
    return serve(directory)


@pytest.fixture(scope="session")
def uplot() -> Path:
    """The module of the library that draws the charts."""
    place = Path(runsettings.__file__).parent / "page" / "static" / "vendor" / "uplot"
    module = place / "uPlot.esm.js"
    needed("uPlot, which a build with npm fetches,", module.is_file())
    return module


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium of this machine."""
    needed("playwright", importlib.util.find_spec("playwright"))
    found = [path for name in ("chromium", "chromium-browser") if (path := shutil.which(name))]
    needed("chromium", found)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # As root, Chromium has no sandbox.
        options = ["--no-sandbox"] if os.geteuid() == 0 else []
        chromium = playwright.chromium.launch(executable_path=found[0], args=options)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser) -> Iterator[Any]:
    """A page of the browser; an error in it, or a request to elsewhere, fails the test."""
    context = browser.new_context(locale="en-GB", timezone_id="UTC")
    opened = context.new_page()
    opened.set_default_timeout(20_000)
    wrong: list[str] = []
    expected: list[str] = []

    def note(kind: str, text: str) -> None:
        if kind == "error":
            wrong.append(text)

    def leave(dialog: Any) -> None:
        wrong.append(f"dialog {dialog.message}")
        dialog.dismiss()

    def look(request: Any) -> None:
        if not re.match(r"http://127\.0\.0\.1:", request.url):
            wrong.append(request.url)

    opened.on("console", lambda message: note(message.type, message.text))
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("dialog", leave)
    opened.on("request", look)
    opened.expected = expected
    yield opened
    context.close()
    assert [each for each in wrong if not any(text in each for text in expected)] == []
