"""Six runs of an example project: which group is best, why, and how to start it again.

All of it by keyboard, over the runs of a directory, and over a PostgreSQL store.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from runsettings import read_runs

DIGITS = Path(__file__).parents[2] / "examples" / "digits"
SETTINGS = {
    "short": [],
    "long": ["--profile", "night"],
    "fast": ["--profile", "night", "--set", "optim.lr=2.0"],
}
"""The flags of each of the three groups."""

PATIENCE = 60_000
"""Milliseconds after which a test gives up; it is no bound on how fast the page is."""


class Projects(NamedTuple):
    """Two directories with three runs each, one for each seed."""

    one: Path
    other: Path


def environment(home: Path) -> dict[str, str]:
    """The variables of a process that records or ships runs."""
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "LANG") if name in os.environ}
    return {**kept, "HOME": str(home)}


@pytest.fixture(scope="module")
def projects(tmp_path_factory) -> Projects:
    """The project with composed config files, twice, and its runs."""
    home = tmp_path_factory.mktemp("projects")
    found = Projects(*(shutil.copytree(DIGITS, home / name) for name in ("one", "other")))
    for seed, directory in enumerate(found, start=1):
        for name, flags in SETTINGS.items():
            line = ["train_composed.py", "--mode", "offline", "--run-name", f"{name} {seed}"]
            subprocess.run(
                [sys.executable, *line, "--seed", str(seed), *flags],
                cwd=directory,
                env={**environment(home), "WANDB_RUN_ID": f"{name}{seed}"},
                check=True,
                capture_output=True,
                timeout=300,
            )
    return found


def tab_to(page, selector, key="Tab"):
    """Press the tab key until an element has the focus."""
    from playwright.sync_api import expect

    wanted = page.locator(selector).first
    expect(wanted).to_be_visible(timeout=PATIENCE)
    for _ in range(200):
        if wanted.evaluate("each => each === document.activeElement"):
            return
        page.keyboard.press(key)
    pytest.fail(f"the tab key does not reach {selector}")


def walk(page, base):
    """Find the best group, why it is the best, and the command, with the keyboard alone.

    Returns:
        The copied command.
    """
    from playwright.sync_api import expect

    def sees(selector, text):
        expect(page.locator(selector).first).to_contain_text(text, timeout=PATIENCE)

    press, keyboard = page.keyboard.press, page.keyboard
    expect(page.locator("tr.row")).to_have_count(6, timeout=PATIENCE)

    # Group by the settings that differ, and sort by the loss.
    tab_to(page, "[name=group]")
    keyboard.type("config.optim.lr,config.epochs")
    press("Enter")
    expect(page.locator("tr.group")).to_have_count(3, timeout=PATIENCE)
    tab_to(page, "thead button")
    press("End")
    expect(page.locator("thead button:text-is('summary.loss')")).to_be_focused(timeout=PATIENCE)
    press("Enter")
    expect(page.locator("th[aria-sort=ascending] button")).to_be_focused(timeout=PATIENCE)
    press("Home")
    press("ArrowDown")
    expect(page.locator("tr.group button").first).to_be_focused(timeout=PATIENCE)
    texts = [row.split("\t")[:3] for row in page.locator("tr.group").all_inner_texts()]
    assert texts == [["▸ 2", "20", "2"], ["▸ 0.25", "20", "2"], ["▸ 0.25", "4", "2"]]

    # Choose a run of the best group, and one of the worst.
    press("Enter")
    expect(page.locator("tr.member")).to_have_count(2, timeout=PATIENCE)
    press("ArrowDown")
    best = page.locator("tr.member a:focus").first.inner_text()
    press("Space")
    sees("#status", f"{best} is chosen")
    for _ in range(3):
        press("ArrowDown")
    press("Enter")
    expect(page.locator("tr.member")).to_have_count(4, timeout=PATIENCE)
    press("ArrowDown")
    press("Space")
    tab_to(page, "button:text-is('Compare 2 chosen')", "Shift+Tab")
    press("Enter")

    # Why they differ: the flag, the file with its line, and what they beat.
    config = "table[aria-label=Config] tbody tr"
    sees(f"{config}:has(th:text-is('optim.lr')) td:nth-child(2)", "--set optim.lr=2.0")
    sees(f"{config}:has(th:text-is('optim.lr')) td:nth-child(2)", "over composed/train.yaml:5:13")
    sees(f"{config}:has(th:text-is('optim.lr')) td:nth-child(3)", "composed/train.yaml:5:13")
    epochs = f"{config}:has(th:text-is('epochs')) td:nth-child(2)"
    sees(epochs, "composed/train.yaml:4:19 profile night")
    tab_to(page, f"{epochs} a")
    press("Enter")
    sees(".line.marked", "night: {epochs: 20}")

    # From the line to its run, and the command that starts it again.
    tab_to(page, "main a:has-text('run ')")
    press("Enter")
    sees("h1", "fast ")
    tab_to(page, "button:text-is('Copy')")
    press("Enter")
    sees("button:text-is('Copied')", "Copied")
    assert page.url.startswith(f"{base}/?view=run&")
    return best, page.evaluate("navigator.clipboard.readText()")


def test_the_best_of_six_runs_is_found_and_started_again(page, serve, projects, tmp_path):
    """From the journals of a directory; the copied command makes a run with the same config."""
    for directory in projects:
        for home in (directory / "wandb").glob("offline-run-*"):
            shutil.copytree(home, tmp_path / "wandb" / home.name)
    served = serve(tmp_path)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=served.base)
    page.goto(served.address)
    best, command = walk(page, served.base)
    directory, line = command.splitlines()
    assert shlex.split(directory)[0] == "cd"
    assert Path(shlex.split(directory)[1]) in projects
    assert shlex.split(line)[-4:] == ["--profile", "night", "--set", "optim.lr=2.0"]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    again = {
        **environment(tmp_path),
        "PATH": path,
        "WANDB_DIR": str(tmp_path),
        "WANDB_RUN_ID": "again",
    }
    subprocess.run(command, shell=True, env=again, check=True, capture_output=True, timeout=300)
    configs = {run.id: run.config for run in read_runs(dir=str(tmp_path))}
    assert configs["again"] == configs[best]


def test_the_best_of_six_runs_is_found_in_a_store(
    postgres, page, serve, projects, without_password, tmp_path
):
    """The same over PostgreSQL, to which the runs of two directories were shipped."""
    address = without_password(postgres, tmp_path)
    for directory in projects:
        line = [sys.executable, "-m", "runsettings", "sync", "--all", "--to", address]
        subprocess.run(
            line,
            cwd=directory,
            env=environment(tmp_path),
            check=True,
            capture_output=True,
            timeout=300,
        )
    served = serve(tmp_path, "--store", address)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=served.base)
    page.goto(served.address)
    _, command = walk(page, served.base)
    assert command.endswith("--profile night --set optim.lr=2.0")
