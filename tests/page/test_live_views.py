"""Views while a run is recorded, and views over a store, in a real browser."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from runsettings.page import live_directory

PATIENCE = 120_000
"""Milliseconds after which a test gives up; it is no bound on how fast the page is."""

RECORD = """
import sys, runsettings
settings = {"quiet": True, "disable_git": True}
with runsettings.init(id="live", project="capsules", config={"lr": 1}, settings=settings) as run:
    for line in sys.stdin:
        run.log({"loss": float(line)})
"""
"""Logs each number that it is told."""


@pytest.fixture(params=["directory", "sqlite", "postgres"])
def place(request, tmp_path, without_password) -> str | None:
    """The address of an empty store of each kind; ``None`` for a directory.

    A test takes it before ``page``, which asks the store until it is closed.
    """
    if request.param == "postgres":
        return without_password(request.getfixturevalue("postgres"), tmp_path)
    return f"sqlite:///{tmp_path}/runs.db" if request.param == "sqlite" else None


@pytest.fixture
def variables(tmp_path) -> dict[str, str]:
    """The variables of a process that records or ships runs."""
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "LANG") if name in os.environ}
    return {**kept, "HOME": str(tmp_path)}


@pytest.fixture
def command(tmp_path, variables):
    """Runs ``runsettings`` in a directory; by default in that of the test."""

    def run(*arguments: str, cwd: Path = tmp_path) -> None:
        line = [sys.executable, "-m", "runsettings", *arguments]
        subprocess.run(line, cwd=cwd, env=variables, check=True, capture_output=True, timeout=300)

    return run


@pytest.fixture
def record(tmp_path, place, variables, command):
    """Starts the recording of a run; returns a function that tells it a number, or to finish."""
    if place:
        command("store", "upgrade", "--to", place)
    (tmp_path / "record.py").write_text(RECORD)
    given = {"WANDB_STORE": place} if place else {"WANDB_MODE": "offline"}
    with subprocess.Popen(
        [sys.executable, "record.py"],
        cwd=tmp_path,
        env={**variables, **given},
        stdin=subprocess.PIPE,
        text=True,
    ) as process:

        def tell(number: float | None) -> None:
            if number is None:
                assert process.stdin is not None
                process.stdin.close()
            else:
                print(number, file=process.stdin, flush=True)

        yield tell
        tell(None)
        process.wait(timeout=120)


def test_a_run_is_watched_while_it_is_recorded(place, record, page, serve, tmp_path):
    """Its metrics, its charts, and its state, from the journal and from a store."""
    from playwright.sync_api import expect

    options = ["--store", place] if place else []
    served = serve(tmp_path, *options)
    page.goto(served.address)
    expect(page.locator("tr.row")).to_have_count(1, timeout=PATIENCE)
    page.goto(f"{served.base}/?view=run&project=capsules&id=live")
    expect(page.locator(".chip")).to_have_text("running", timeout=PATIENCE)
    metric = page.locator("table[aria-label=Metrics] tbody tr")
    for count, number in enumerate((0.5, 0.25), start=1):
        record(number)
        expect(metric).to_have_text(re.compile(f"^loss{number}.*{count}$"), timeout=PATIENCE)
    summary = page.locator("details.data summary").first
    summary.click(timeout=PATIENCE)
    expect(page.locator(".data tbody tr")).to_have_count(2, timeout=PATIENCE)
    record(None)
    expect(page.locator(".chip")).to_have_text("finished", timeout=PATIENCE)
    expect(page.locator(".data tbody tr")).to_have_count(2, timeout=PATIENCE)


def test_the_focus_stays_while_a_run_is_recorded(page, serve, add_run, tmp_path):
    """In a part of the view that is drawn again, and in the heading of the table."""
    from playwright.sync_api import expect

    add_run(tmp_path, 0)
    served = serve(tmp_path)
    page.goto(served.address)
    page.wait_for_selector("tr.row a")
    page.focus("thead button:text-is('name')")
    add_run(tmp_path, 1)
    expect(page.locator("tr.row")).to_have_count(2, timeout=PATIENCE)
    expect(page.locator("thead button:text-is('name')")).to_be_focused(timeout=PATIENCE)


@pytest.mark.parametrize(("view", "mark"), [("scatter", "circle"), ("parallel", ".lines path")])
def test_a_new_run_is_drawn_by_itself(page, serve, add_run, tmp_path, view, mark):
    """And one that is shown by its values stays shown."""
    from playwright.sync_api import expect

    for number in range(2):
        add_run(tmp_path, number)
    served = serve(tmp_path)
    page.goto(f"{served.address}&view={view}&keys=config.n,summary.loss&sort=config.n")
    expect(page.locator(mark)).to_have_count(2, timeout=PATIENCE)
    page.focus(".picture")
    page.keyboard.press("Home")
    expect(page.locator(".reading")).to_have_text(re.compile("^run [01]:"), timeout=PATIENCE)
    before = page.inner_text(".reading")
    add_run(tmp_path, 2)
    expect(page.locator(mark)).to_have_count(3, timeout=PATIENCE)
    expect(page.locator(".reading")).to_have_text(before, timeout=PATIENCE)


@pytest.mark.parametrize("view", ["", "?view=scatter&keys=config.n,summary.loss"])
def test_a_server_that_does_not_answer_is_told(page, kept, view):
    """What was shown stays, and the error goes away with the next answer."""
    from playwright.sync_api import expect

    page.expected.append("ERR_INTERNET_DISCONNECTED")
    page.goto(kept.address)
    page.goto(f"{kept.base}/{view}")
    expect(page.locator("tr.row, circle")).to_have_count(3, timeout=PATIENCE)
    page.context.set_offline(True)
    expect(page.locator(".error")).to_contain_text("does not answer", timeout=PATIENCE)
    expect(page.locator("tr.row, circle")).to_have_count(3, timeout=PATIENCE)
    page.context.set_offline(False)
    expect(page.locator(".error")).to_have_text("", timeout=PATIENCE)


def test_a_browser_that_is_not_known_any_more_is_told(page, kept):
    """Such as after the command was started anew: the address has another token."""
    from playwright.sync_api import expect

    page.expected.append("401")
    page.goto(kept.address)
    expect(page.locator("tr.row")).to_have_count(3, timeout=PATIENCE)
    page.context.clear_cookies()
    expect(page.locator(".error")).to_contain_text(
        "open the address that `runsettings ui` printed", timeout=PATIENCE
    )


@pytest.mark.parametrize("view", ["", "?view=scatter", "?view=charts"])
def test_a_view_without_runs_says_so(page, kept, view):
    """And a filter that no run matches can be taken away."""
    from playwright.sync_api import expect

    page.goto(f"{kept.address}&{view.removeprefix('?')}&where=config.n+%3E+5")
    expect(page.get_by_text("No run matches the filter.")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("link", name="Show all runs").click()
    expect(page.get_by_text("No run matches the filter.")).to_be_hidden(timeout=PATIENCE)


def test_a_record_is_shown_within_two_seconds():
    """The pause between two looks of the browser, and the age of what the server has."""
    script = Path(live_directory.__file__).parent / "static" / "live.js"
    (pause,) = re.findall(r"^const PAUSE = (\d+);", script.read_text(), re.MULTILINE)
    assert int(pause) / 1000 + live_directory._CACHE_TIME < 2


WRITTEN = ("config.yaml", "requirements.txt", "settings.json", "wandb-")
"""Files that repeat what is in the journal: they are not shipped."""

VIEWS = {
    "?columns=id,name,config.lr,summary.loss": "tr.row a",
    "?group=config.lr&columns=summary.loss": "tr.group",
    "?view=charts&keys=loss,val.acc": ".chart canvas",
    "?view=scatter&keys=config.seed,summary.loss": "circle",
    "?view=parallel&keys=config.seed,config.lr,summary.loss": ".lines path",
    "?view=diff&runs=capsules/r4,capsules/r5": ".chart canvas",
    "?view=file&project=capsules&id=r5&path=config_files/train.yaml&line=1": ".line.marked",
    "?view=file&project=capsules&id=r5&path=page.html": "pre.code",
}
"""By the address of a view, an element of it."""


def shown(page, served, uplot):
    """The text of each view, and of the table beside a picture."""
    from playwright.sync_api import expect

    page.goto(served.address)
    texts = {}
    for view, element in VIEWS.items():
        page.goto(f"{served.base}/{view}")
        expect(page.locator(element).first).to_be_attached(timeout=PATIENCE)
        tables = page.locator("details.data")
        tables.evaluate_all("all => all.forEach((each) => { each.open = true; })")
        filled = page.locator("details.data table")  # later: an event tells that it was opened
        expect(filled).to_have_count(tables.count(), timeout=PATIENCE)
        texts[view] = page.inner_text("main")
    page.goto(f"{served.base}/?view=run&project=capsules&id=r5")
    expect(page.locator("table[aria-label=Config]")).to_be_visible(timeout=PATIENCE)
    for label in ("Config", "Settings", "Metrics", "Files", "Surroundings"):
        texts[label] = page.inner_text(f"table[aria-label={label}]")
    page.goto(f"{served.base}/?view=file&project=capsules&id=r5&path=image.png")
    page.locator("main img").wait_for(timeout=PATIENCE)
    texts["width"] = page.evaluate(
        "() => { const image = document.querySelector('main img');"
        " return image.decode().then(() => image.naturalWidth); }"
    )
    return texts


@pytest.mark.parametrize("place", ["sqlite", "postgres"], indirect=True)
def test_a_store_is_shown_as_a_directory_is(place, page, serve, served, command, uplot, tmp_path):
    """Each view has the same text, also the lines of config files and the saved files."""
    command("sync", "--all", "--to", place, cwd=served.directory)
    stored = serve(tmp_path, "--store", place)
    over_store, over_directory = shown(page, stored, uplot), shown(page, served, uplot)
    files = over_directory["Files"].splitlines()
    over_directory["Files"] = "\n".join(each for each in files if not each.startswith(WRITTEN))
    assert over_store == over_directory
