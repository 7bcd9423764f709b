"""How long the page needs to draw a chart of a long run, and to zoom into it.

Run it with ``python benchmarks/charting.py``. It writes the journal of a run of a million steps,
starts ``runsettings ui``, and opens the chart in Chromium. The first server reads the whole journal
and stores its metrics; later ones read only new records. A figure goes from the click or the key to
the frame that shows the chart, and is the median of some times.
"""

from __future__ import annotations

import argparse
import math
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from runsettings.journal.records import FORMAT, VERSION
from runsettings.journal.writer import encode

START = 1_700_000_000.0

WATCH = """
() => {
  window.drawn = new Promise((resolve) => {
    window.begun = performance.now();
    new PerformanceObserver((list) => {
      if (!list.getEntries().some((entry) => entry.name.includes('/api/curves'))) return;
      requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now())));
    }).observe({ type: 'resource' });
  });
}
"""
"""Waits until a second frame after the answer with the curves: the first one draws them."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--steps", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=5, help="how often each figure is taken")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as root, sync_playwright() as playwright:
        write_run(Path(root), arguments.steps)
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        print(f"a chart of {arguments.steps:,} steps:")
        with served(root, browser) as page:
            show("first of all, with the whole journal", [opened(page)])
        first = []
        for _ in range(arguments.times):
            with served(root, browser) as page:
                first.append(opened(page))
        show("first after a start of the server", first, 400)
        with served(root, browser) as page:
            show("later", [opened(page) for _ in range(arguments.times + 1)][1:], 400)
            show("zoom", [zoomed(page) for _ in range(arguments.times)], 150)


@contextmanager
def served(root: str, browser: Browser) -> Iterator[Page]:
    """The table of a server that has just started, and that is ended afterwards."""
    command = [sys.executable, "-m", "runsettings", "ui", "--no-browser", "--port", "0"]
    server = subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        page = browser.new_page()
        page.set_default_timeout(120_000)  # the first listing reads the whole journal
        page.goto(server.stdout.readline().strip())
        page.wait_for_selector("tr.row a")
        yield page
        page.close()
    finally:
        server.terminate()
        server.wait()


def opened(page: Page) -> float:
    """Open the chart from the table; the milliseconds."""
    page.click("nav >> text=Table")
    page.wait_for_selector("tr.row a")
    page.evaluate(WATCH)
    page.evaluate("document.querySelector('nav a[href*=charts]').click()")
    taken = page.evaluate("async () => (await drawn) - begun")
    page.wait_for_selector(".chart canvas")
    return float(taken)


def zoomed(page: Page) -> float:
    """Zoom in by the keyboard; the milliseconds."""
    page.focus(".plot")
    page.evaluate(WATCH)
    page.evaluate("document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key: '+'}))")
    return float(page.evaluate("async () => (await drawn) - begun"))


def show(name: str, taken: list[float], promised: int | None = None) -> None:
    """Print a figure, with the promised one."""
    bound = "" if promised is None else f"  (promised: {promised} ms)"
    print(f"  {name:40} {statistics.median(taken):7.0f} ms{bound}", flush=True)


def write_run(root: Path, steps: int) -> None:
    """Write the journal of a run."""
    home = root / "wandb" / "offline-run-20260101_000000-long"
    home.mkdir(parents=True)
    begin: list[dict[str, Any]] = [
        {"type": "header", "format": FORMAT, "version": VERSION, "writer": "benchmark"},
        {"type": "run", "time": START, "id": "long", "name": "long", "project": "benchmark"},
        {"type": "start", "time": START, "pid": 1, "host": "h", "step": 0, "resumed": False},
    ]
    with (home / "run-long.jsonl").open("wb") as journal:
        journal.writelines(map(encode, begin))
        for step in range(steps):
            loss = math.exp(-step / steps * 3) + 0.1 * math.sin(step / 50)
            row = {"type": "history", "time": START + step, "step": step, "data": {"loss": loss}}
            journal.write(encode(row))
        journal.write(encode({"type": "exit", "time": time.time(), "code": 0, "state": "finished"}))


if __name__ == "__main__":
    main()
