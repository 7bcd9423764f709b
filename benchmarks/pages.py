"""The page of runs beside trackio's and MLflow's page, on the same runs, in one browser.

``python benchmarks/pages.py --peers PYTHON`` takes the interpreter of an environment that has
trackio and MLflow (``pip install trackio mlflow``). Each tool gets the same runs of 50 config keys
by its own calls, at most as many as it writes in the given seconds; ``--data`` keeps them for the
next time. The pages are then measured in turns in Chromium. A figure goes from the beginning of
the navigation, or from the click or the key, to the frame in which the expected run is the first
one. It is the median of some times. trackio has no filter by a config key, and does not sort.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from peer_runs import PROJECT, losses, run_config
from playwright.sync_api import Browser, Page, sync_playwright
from playwright.sync_api import Error as BrowserError

from page import write_runs

PATIENCE = 30
"""The number of seconds after which a figure is given up."""

OPTIMIZER = "lion"
NAME = "run 7"
FIRST, SORT = "first rows", "sort by a metric"
CONFIG, FIND = "filter by a config key", "filter by the name"
PROMISED = {FIRST: 1000, SORT: 250, CONFIG: 250, FIND: 250}

WATCH = """
([selector, expected, event]) => {
  const pattern = new RegExp(expected);
  let begun = event === '' ? 0 : null;
  const begin = () => { begun ??= performance.now(); };
  if (event !== '') document.addEventListener(event, begin, { capture: true, once: true });
  window.seen = new Promise((resolve) => {
    const look = () => {
      const first = document.querySelector(selector);
      if (begun !== null && first !== null && pattern.test(first.textContent)) {
        requestAnimationFrame(() => resolve(performance.now() - begun));
      } else requestAnimationFrame(look);
    };
    look();
  });
}
"""
"""Waits for the frame after the one in which the first row has the expected text."""


class Tool(NamedTuple):
    """A page of runs."""

    name: str
    version: str
    runs: int
    address: str
    row: str
    """The selector of the name of the first run."""
    sort: Callable[[Page], str] | None
    """Opens what is needed to sort by the loss; returns the selector of the last click."""
    config: Callable[[Page], tuple[str, str]] | None
    """Types the filter by a config key; returns the field, and the key that applies it."""
    find: Callable[[Page], tuple[str, str]] | None
    """Types the filter by the name."""


def measure(browser: Browser, tool: Tool, given_up: set[tuple[str, str]]) -> dict[str, float]:
    """Take each figure of a page once, in milliseconds; infinite if it is given up.

    Args:
        browser: The browser.
        tool: The page.
        given_up: The names of pages and figures that are not tried again; new ones are added.
    """
    runs = range(tool.runs)
    last = sorted(runs, key=lambda number: losses(number)[-1])
    matching = [number for number in runs if run_config(number)["optimizer"] == OPTIMIZER]
    takers: dict[str, Callable[[Page], float]] = {FIRST: lambda page: rows(page, tool)}
    if tool.sort is not None:
        sort, best = tool.sort, f"run ({last[0]}|{last[-1]})\\b"
        takers[SORT] = lambda page: clicked(page, tool, sort(page), best)
    if tool.config is not None:
        config, newest = tool.config, f"run ({matching[0]}|{matching[-1]})\\b"
        takers[CONFIG] = lambda page: typed(page, tool, *config(page), newest)
    if tool.find is not None:
        find = tool.find
        takers[FIND] = lambda page: typed(page, tool, *find(page), NAME)
    found = {}
    for what, take in takers.items():
        known = (tool.name, what) in given_up
        found[what] = float("inf") if known else opened(browser, tool, what, take)
        if found[what] == float("inf"):
            given_up.add((tool.name, what))
    return found


def opened(browser: Browser, tool: Tool, what: str, take: Callable[[Page], float]) -> float:
    """Take a figure in a new window with an empty cache."""
    context = browser.new_context(viewport={"width": 1600, "height": 900})
    try:
        page = context.new_page()
        page.set_default_timeout(PATIENCE * 1000)
        page.goto(tool.address, wait_until="commit")
        return take(page)
    except BrowserError as error:
        print(f"  {tool.name} {what}: {error.message.splitlines()[0]}", file=sys.stderr)
        return float("inf")
    finally:
        context.close()


def rows(page: Page, tool: Tool) -> float:
    """The milliseconds from the beginning of the navigation to the first row."""
    page.evaluate(WATCH, [tool.row, "run \\d", ""])
    return seen(page)


def seen(page: Page) -> float:
    """The figure that `WATCH` takes."""
    limit = f"new Promise((_, give_up) => setTimeout(give_up, {PATIENCE * 1000}, 'too slow'))"
    return float(page.evaluate(f"() => Promise.race([window.seen, {limit}])"))


def settled(page: Page, tool: Tool) -> None:
    """Wait until the first rows are there, and nothing moves any more."""
    page.wait_for_selector(tool.row)
    page.wait_for_timeout(1000)


def clicked(page: Page, tool: Tool, selector: str, expected: str) -> float:
    """The milliseconds from a click to the expected first row."""
    page.evaluate(WATCH, [tool.row, expected, "click"])
    page.click(selector)
    return seen(page)


def typed(page: Page, tool: Tool, selector: str, key: str, expected: str) -> float:
    """The milliseconds from a key to the expected first row."""
    page.evaluate(WATCH, [tool.row, expected, "keydown"])
    page.press(selector, key)
    return seen(page)


def ours(stack: ExitStack, data: Path, count: int) -> Tool:
    """Our page."""
    root = data / f"ours-{count}"
    if not (root / "wandb").exists():
        (root / "wandb").mkdir(parents=True)
        write_runs(root / "wandb", count)
    line = [sys.executable, "-m", "runsettings", "ui", "--no-browser", "--port", "0"]
    server = subprocess.Popen([*line, "--dir", str(root)], stdout=subprocess.PIPE, text=True)
    stack.callback(end, server)
    assert server.stdout is not None
    address = server.stdout.readline().strip()
    row = "tr.row td:first-child a"

    def sort(page: Page) -> str:
        settled(page, made)
        return "th:has-text('loss') button"

    def config(page: Page) -> tuple[str, str]:
        settled(page, made)
        page.fill("[name=where]", f"config.optimizer = {OPTIMIZER}")
        return "[name=where]", "Enter"

    def find(page: Page) -> tuple[str, str]:
        settled(page, made)
        page.fill("[name=where]", f"name ~ '{NAME}'")
        return "[name=where]", "Enter"

    address += "&columns=name,state,created,config.optimizer,config.lr,summary.loss"
    made = Tool(
        "runsettings",
        version(sys.executable, "runsettings"),
        count,
        address,
        row,
        sort,
        config,
        find,
    )
    return made


def trackio(stack: ExitStack, data: Path, count: int, python: str, seconds: int) -> Tool:
    """The page of trackio, whose table of runs is the view `runs`."""
    home = data / f"trackio-{count}"
    written = write(python, "trackio", home, count, seconds)
    port = free_port()
    code = f"trackio.show(project={PROJECT!r}, open_browser=False, server_port={port})"
    environment = {**os.environ, "TRACKIO_DIR": str(home.absolute())}
    serve(stack, [python, "-c", f"import trackio; {code}"], port, environment)

    def find(page: Page) -> tuple[str, str]:
        field = "input[placeholder*='baseline']"
        page.wait_for_selector(field)
        settled(page, made)
        page.fill(field, NAME[:-1])
        return field, NAME[-1]

    address = f"http://127.0.0.1:{port}/runs?project={PROJECT}"
    row = ".runs-table tbody tr .run-name-cell"
    made = Tool("trackio", version(python, "trackio"), written, address, row, None, None, find)
    return made


def mlflow(stack: ExitStack, data: Path, count: int, python: str, seconds: int) -> Tool:
    """The page of MLflow with the runs in SQLite."""
    home = data / f"mlflow-{count}"
    written = write(python, "mlflow", home, count, seconds)
    port = free_port()
    store = f"sqlite:///{home.absolute()}/mlflow.db"
    line = ["-m", "mlflow", "server", "--backend-store-uri", store, "--port", str(port)]
    environment = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
    serve(stack, [python, *line, "--workers", "1"], port, environment)
    field = "input[placeholder*='params.model']"

    def sort(page: Page) -> str:
        settled(page, made)
        page.click("button:has-text('Sort: Created')")
        page.wait_for_selector("[data-testid=sort-select-loss]")
        return "[data-testid=sort-select-loss]"

    def config(page: Page) -> tuple[str, str]:
        settled(page, made)
        page.fill(field, f"params.optimizer = '{OPTIMIZER}'")
        return field, "Enter"

    def find(page: Page) -> tuple[str, str]:
        settled(page, made)
        page.fill(field, f"attributes.run_name LIKE '{NAME}%'")
        return field, "Enter"

    address = f"http://127.0.0.1:{port}/#/experiments/1/runs?workflowType=machine_learning"
    row = "[role=row][row-index='0'] [col-id*='Run Name']"
    made = Tool("MLflow", version(python, "mlflow"), written, address, row, sort, config, find)
    return made


def write(python: str, name: str, home: Path, count: int, seconds: int) -> int:
    """Write runs with another tool; their number."""
    script = Path(__file__).with_name("peer_runs.py")
    line = [python, str(script), name, str(home), str(count), str(seconds)]
    done = subprocess.run(line, check=True, stdout=subprocess.PIPE, text=True)
    return int(done.stdout.split()[-1])


def serve(stack: ExitStack, line: Sequence[str], port: int, environment: dict[str, str]) -> None:
    """Start a server, and wait until it answers."""
    quiet = subprocess.DEVNULL
    server = subprocess.Popen(line, stdout=quiet, stderr=quiet, env=environment)
    stack.callback(end, server)
    deadline = time.monotonic() + 4 * PATIENCE
    while not answers(port):
        if time.monotonic() > deadline or server.poll() is not None:
            raise SystemExit(f"{' '.join(line)} does not answer")
        time.sleep(0.2)


def answers(port: int) -> bool:
    """Whether a server answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5):
            return True
    except OSError:
        return False


def end(server: subprocess.Popen[str] | subprocess.Popen[bytes]) -> None:
    """End a server."""
    server.terminate()
    server.wait(30)


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def version(python: str, package: str) -> str:
    """The version of an installed package."""
    code = f"import importlib.metadata as m; print(m.version({package!r}))"
    return subprocess.run(
        [python, "-c", code], check=True, stdout=subprocess.PIPE, text=True
    ).stdout.strip()


@contextmanager
def kept(directory: Path | None) -> Iterator[Path]:
    """The directory of the runs, a temporary one if none is given."""
    if directory is not None:
        directory.mkdir(parents=True, exist_ok=True)
        yield directory
        return
    with tempfile.TemporaryDirectory() as temporary:
        yield Path(temporary)


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument(
        "--peers", metavar="PYTHON", help="has trackio and MLflow; only ours without"
    )
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--data", type=Path, help="the directory that keeps the runs")
    parser.add_argument(
        "--seconds", type=int, default=600, help="the limit for writing the runs of each"
    )
    parser.add_argument("--times", type=int, default=3, help="how often each figure is taken")
    asked = parser.parse_args()
    with kept(asked.data) as data, ExitStack() as stack, sync_playwright() as playwright:
        tools = [ours(stack, data, asked.runs)]
        if asked.peers:
            tools.append(trackio(stack, data, asked.runs, asked.peers, asked.seconds))
            tools.append(mlflow(stack, data, asked.runs, asked.peers, asked.seconds))
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        given_up: set[tuple[str, str]] = set()
        taken = [[measure(browser, tool, given_up) for tool in tools] for _ in range(asked.times)]
        browser.close()
    print(f"{'':24}" + "".join(f"{f'{tool.name} {tool.version}':>22}" for tool in tools))
    print(f"{'runs':24}" + "".join(f"{tool.runs:22,}" for tool in tools))
    for name in taken[0][0]:
        line = f"{name:24}"
        for at in range(len(tools)):
            values = [each[at][name] for each in taken if name in each[at]]
            line += f"{figure(values):>22}"
        print(line + (f"  promised of ours: {PROMISED[name]:,} ms" if name in PROMISED else ""))


def figure(values: Sequence[float]) -> str:
    """The median of some figures, as text."""
    if not values:
        return "cannot"
    median = statistics.median(values)
    return f"over {PATIENCE:,} s" if median == float("inf") else f"{median:,.0f} ms"


if __name__ == "__main__":
    main()
