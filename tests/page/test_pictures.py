"""The pictures of the page in README and documentation: what they show is tested.

``make pictures`` writes them anew.
"""

from __future__ import annotations

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
    runs = "a_project=digits&a_id=slow&b_project=digits&b_id=fast"
    page.goto(f"{tutorial.base}/?view=diff&{runs}")
    rows = page.locator("main tbody tr")
    expect(rows.filter(has_text="lr").first).to_contain_text("train.yaml:1:5", timeout=20_000)
    expect(rows.filter(has_text="lr").first).to_contain_text("--lr")
    expect(rows.filter(has_text="epochs").first).to_contain_text("TRAIN_EPOCHS")
    if WRITING:
        page.set_viewport_size({"width": WIDTH, "height": 560})
        page.screenshot(path=IMAGES / "two-runs.png")
