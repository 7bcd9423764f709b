"""Every view is usable by all: axe-core finds nothing, in both looks, also on a narrow screen."""

from __future__ import annotations

from pathlib import Path

import pytest

AXE = "settings/runsettings/page/node_modules/axe-core/axe.min.js"

VIEWS = {
    "table": ("", "tr.row a"),
    "groups": ("?group=config.lr,tags", "tr.group", "tr.group button >> nth=0", "tr.member"),
    "columns": ("", "tr.row a", "text=Columns…", "dialog"),
    "run": ("?view=run&project=capsules&id=r5", "table[aria-label=Config]"),
    "edit": ("?view=run&project=capsules&id=r5", "h1", "text=Edit…", "dialog"),
    "delete": ("?view=run&project=capsules&id=r5", "h1", "text=Delete…", "dialog"),
    "text": (
        "?view=file&project=capsules&id=r5&path=config_files/train.yaml&line=1",
        "pre.code",
    ),
    "image": ("?view=file&project=capsules&id=r5&path=image.png", "main img"),
    "comparison": (
        "?view=diff&runs=capsules/r1,capsules/r4,capsules/r5",
        "table[aria-label=Config]",
    ),
}


@pytest.fixture(scope="session")
def axe(needs) -> str:
    """The script of axe-core, which npm fetches."""
    script = Path(__file__).parents[2] / AXE
    needs("axe-core, which `make suite` fetches with npm,", script.is_file())
    return script.read_text()


@pytest.mark.parametrize("view", VIEWS)
def test_axe_finds_nothing(page, served, axe, view):
    """In a wide light window, and in a narrow dark one, which is not scrolled sideways."""
    address, ready, *more = VIEWS[view]
    page.goto(served.address)
    page.goto(f"{served.base}/{address}")
    page.wait_for_selector(ready)
    if more:
        page.click(more[0])
        page.wait_for_selector(more[1])
    page.evaluate(axe)
    for scheme, width in (("light", 1280), ("dark", 390)):
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)
        found = page.evaluate("axe.run(document).then((found) => found.violations)")
        told = [(each["id"], [node["target"] for node in each["nodes"]]) for each in found]
        assert told == [], (scheme, width)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_run_is_read_by_keyboard_alone(page, served):
    """Each stop of the tab key is seen, and all that can be done with the run is among them."""
    page.goto(served.address)
    page.goto(f"{served.base}/?view=run&project=capsules&id=r4")
    page.wait_for_selector("table[aria-label=Config]")
    page.focus("#main")
    reached = set()
    for _ in range(300):
        page.keyboard.press("Tab")
        text, inside, outline = page.evaluate(
            "[document.activeElement.innerText, !!document.activeElement.closest('main'),"
            " getComputedStyle(document.activeElement).outlineStyle]"
        )
        if not inside:
            break
        assert outline != "none", text
        reached.add(text)
    wanted = {"JSON", "Edit…", "Delete…", "Copy", "optim", "train.yaml:1:5"}
    assert wanted - reached == set()
    assert "config_files/train.yaml" in reached
