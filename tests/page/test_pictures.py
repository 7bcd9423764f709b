"""The pictures of the page in README and documentation: what they show is tested.

``make pictures`` writes them anew.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "docs" / "images"
WIDTH = 1280
"""Of the pictures, in pixels."""
WRITING = bool(os.environ.get("RUNSETTINGS_PICTURES"))


@pytest.fixture(scope="module")
def tutorial(serve, tmp_path_factory):
    """The page of the two runs of the tutorial."""
    copy = shutil.copytree(ROOT / "examples" / "tutorial", tmp_path_factory.mktemp("t") / "digits")
    runs = {"slow": ([], {}), "fast": (["--lr", "2"], {"TRAIN_EPOCHS": "5"})}
    for name, (flags, variables) in runs.items():
        subprocess.run(
            [sys.executable, "train.py", "--run-name", name, *flags],
            cwd=copy,
            env={**os.environ, "HOME": str(copy), "WANDB_RUN_ID": name, **variables},
            check=True,
            capture_output=True,
            timeout=300,
        )
    return serve(copy)


def test_picture_of_two_runs(page, tutorial):
    """Side by side: each value that differs, with its origin and what it beat."""
    from playwright.sync_api import expect

    page.set_viewport_size({"width": WIDTH, "height": 800})
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    page.goto(tutorial.address)
    runs = "runs=digits/slow,digits/fast"
    page.goto(f"{tutorial.base}/?view=diff&{runs}")
    rows = page.locator("main tbody tr")
    expect(rows.filter(has_text="lr").first).to_contain_text("train.yaml:1:5", timeout=20_000)
    expect(rows.filter(has_text="lr").first).to_contain_text("--lr")
    expect(rows.filter(has_text="epochs").first).to_contain_text("TRAIN_EPOCHS")
    if WRITING:
        page.set_viewport_size({"width": WIDTH, "height": 320})
        page.screenshot(path=IMAGES / "two-runs.png")


def test_picture_of_one_run(page, tutorial):
    """The command that starts it again, and its config with what each value overrode."""
    from playwright.sync_api import expect

    page.set_viewport_size({"width": WIDTH, "height": 800})
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    page.goto(f"{tutorial.address}&view=run&project=digits&id=fast")
    rows = page.locator("table[aria-label=Config] tbody tr")
    expect(rows.filter(has_text="over")).to_contain_text("train.yaml:1:5", timeout=20_000)
    expect(page.locator(".command code")).to_contain_text("--lr 2", timeout=20_000)
    if WRITING:
        card = page.locator("section.card:has(table[aria-label=Config])")  # without a directory
        card.screenshot(path=IMAGES / "one-run.png")


VIEWS = {
    "table": ("light", "columns=name,config.lr,config.model.depth,summary.loss", "tr.row a"),
    "charts": ("light", "view=charts&group=config.lr&keys=loss,val.acc", ".chart canvas"),
    "charts-dark": ("dark", "view=charts&group=config.lr&keys=loss,val.acc", ".chart canvas"),
    "scatter": (
        "light",
        "view=scatter&keys=config.lr,summary.val.acc,config.model.depth&logx=1",
        "circle",
    ),
    "parallel": (
        "dark",
        "view=parallel&keys=config.lr,config.model.depth,summary.val.acc&where=config.seed=0",
        ".lines path",
    ),
}
"""The look, the address and an element of each picture."""


def write_run(directory, number):
    """Write the journal of a run whose curves depend on its learning rate, depth and seed."""
    lr, depth, seed = (0.1, 0.03, 0.01)[number % 3], (2, 4)[number // 3 % 2], number // 6
    run_id = f"run{number:02}"
    home = directory / "wandb" / f"offline-run-20260101_{number:06}-{run_id}"
    home.mkdir(parents=True)
    when = 1.78e9 + 5000 * number
    config = {"lr": lr, "model": {"depth": depth}, "optim": ["adam", "sgd"][seed], "seed": seed}
    names = {"id": run_id, "name": f"depth {depth}, lr {lr}, #{seed}", "project": "capsules"}
    records = [
        {"type": "header", "format": "runsettings-journal", "version": 1, "writer": "tests"},
        {"type": "run", "time": when, **names},
        {"type": "start", "time": when, "pid": 1, "host": "h", "step": 0, "resumed": False},
        {"type": "config", "time": when, "values": config, "origins": {}},
    ]
    for step in range(300):
        loss = math.exp(-step * lr / 6) + 0.3 / depth + 0.04 * math.sin(step / 9 + 3 * number)
        data = {"loss": loss, "val": {"acc": 1 - loss / 1.6}}
        row = {"type": "history", "time": when + 2 * step, "step": step, "data": data}
        records.append(row)
    records.append({"type": "exit", "time": when + 600, "code": 0, "state": "finished"})
    path = home / f"run-{run_id}.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records))


@pytest.fixture(scope="module")
def example(serve, tmp_path_factory):
    """The page of twelve runs."""
    directory = tmp_path_factory.mktemp("pictures")
    for number in range(12):
        write_run(directory, number)
    return serve(directory)


@pytest.mark.parametrize("name", VIEWS)
def test_picture_of_many_runs(page, example, uplot, name):
    """A view of many runs, on a small screen, without an error."""
    look, address, element = VIEWS[name]
    page.set_viewport_size({"width": 900, "height": 520})
    page.emulate_media(color_scheme=look, reduced_motion="reduce")
    page.goto(f"{example.address}&{address}")
    page.wait_for_selector(element, state="attached")
    if WRITING:
        page.screenshot(path=IMAGES / f"page-{name}.png")


def test_pictures_of_many_runs_are_small():
    """Each view has one of less than 65 kilobytes."""
    sizes = {path.stem: path.stat().st_size for path in IMAGES.glob("page-*.png")}
    assert sizes.keys() == {f"page-{name}" for name in VIEWS}
    assert max(sizes.values()) < 65_000
