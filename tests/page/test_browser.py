"""The page in a real browser: each view, by keyboard alone, with hostile names and values."""

from __future__ import annotations

import csv
import io
import json
import os
import shlex
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

DOWNLOADS = {
    "?where=config.seed+%3E+1&sort=-id&columns=id": (
        "table.*?where=config.seed+%3E+1&sort=-id&columns=id"
    ),
    "?group=config.lr": "table.*?group=config.lr",
    "?view=charts&group=config.lr&keys=loss": "curves.*?group=config.lr&keys=loss",
    "?view=scatter&keys=config.seed,config.lr": (
        "table.*?columns=project%2Cid%2Cname%2Cconfig.seed%2Cconfig.lr"
    ),
    "?view=parallel&where=id+%3D+r1&keys=id,config.lr": (
        "table.*?where=id+%3D+r1&columns=project%2Cid%2Cname%2Cconfig.lr"
    ),
    "?view=run&project=capsules&id=r5": "run.*?project=capsules&id=r5",
    "?view=diff&runs=capsules/r4,capsules/r5": "diff.*?runs=capsules%2Fr4%2Ccapsules%2Fr5",
}
"""By the address of each view, that of its data."""


@pytest.fixture
def table(page, served):
    """The table of six runs."""
    page.goto(served.address)
    page.wait_for_selector("tr.row a")
    return page


def ids(page):
    """The ids in the first column, from the top."""
    return page.locator("tr.row td:first-child a").all_inner_texts()


def count(page, selector, number):
    """Wait until there are so many elements. The page's policy lets no test ask by JavaScript."""
    from playwright.sync_api import expect

    expect(page.locator(selector)).to_have_count(number, timeout=20_000)


def test_the_table_shows_the_runs(table, served):
    """Newest first, without the token in the address; the number of runs is said."""
    assert table.url == f"{served.base}/"
    assert ids(table) == ["r5", "r4", "r3", "r2", "r1", "r0"]
    assert table.inner_text("#status") == "6 runs"
    assert table.get_attribute("table", "aria-rowcount") == "7"


@pytest.mark.parametrize(
    "view",
    [
        "?columns=name,notes,tags,config.text,summary.loss",
        "?group=notes,tags",
        "?view=run&project=capsules&id=r5",
        "?view=diff&runs=capsules/r4,capsules/r5",
    ],
)
def test_hostile_names_and_values_are_text(page, served, hostile, view):
    """Whatever a run recorded is shown as it is, and is no markup."""
    page.goto(served.address)
    page.goto(served.base + "/" + view)
    page.wait_for_selector("tbody tr:nth-child(2)")
    assert hostile[:28] in page.inner_text("main")
    assert page.locator("main img, main script, main b").count() == 0


def test_a_wrong_filter_says_why(table):
    """Where the person typed it, and the rows before it stay."""
    table.expected.append("400")
    table.fill("[name=where]", "config.lrr < 1")
    table.press("[name=where]", "Enter")
    table.wait_for_selector(".error:not(:empty)")
    assert "did you mean 'config.lr'" in table.inner_text(".error")


def test_filter_sort_and_group_are_in_the_address(table, served):
    """The address brings the same view back, and so does the back button."""
    table.fill("[name=where]", "config.seed > 0")
    table.press("[name=where]", "Enter")
    count(table, "tr.row", 5)
    table.click("th button:has-text('steps')")
    table.wait_for_selector("th[aria-sort=ascending]")
    table.click("th button:has-text('steps')")
    table.wait_for_selector("th[aria-sort=descending]")
    table.fill("[name=group]", "config.lr")
    table.press("[name=group]", "Enter")
    table.wait_for_selector("tr.group")
    address = table.url
    assert address == f"{served.base}/?where=config.seed+%3E+0&sort=-steps&group=config.lr"
    table.click("tr.group button")
    table.wait_for_selector("tr.member")
    table.go_back()
    table.wait_for_selector("th[aria-sort=descending]")
    count(table, "tr.group", 0)
    table.goto(address)
    table.wait_for_selector("tr.group")


def test_a_click_on_a_value_filters(page, served):
    """Also for a value with every kind of quote."""
    page.goto(served.address)
    page.goto(f"{served.base}/?columns=id,config.lr,config.text")
    page.click("tr.row button:text-is('0.5') >> nth=0")
    count(page, "tr.row", 3)
    page.click("tr.row td:nth-child(3) button >> nth=0")
    page.wait_for_url("**config.text**")
    page.wait_for_selector("tr.row a")
    assert ids(page) == ["r5", "r4", "r3"]


def test_columns_are_chosen_and_ordered(table):
    """In a dialog that the keyboard reaches; the address has the choice."""
    table.click("text=Columns…")
    table.fill("dialog input[type=search]", "summary.loss")
    table.check("dialog label:has-text('summary.loss') input")
    table.fill("dialog input[type=search]", "")
    table.click("dialog [aria-label='Move summary.loss up']")
    table.click("text=Show these")
    table.wait_for_selector("th:has-text('summary.loss')")
    headings = table.locator("thead th").all_inner_texts()
    assert headings[-2:] == ["summary.loss", "tags"]


def test_everything_is_done_by_keyboard(table):
    """From the first key: choose two runs, compare them, open one, and come back."""
    table.focus("[name=where]")
    for _ in range(10):
        table.keyboard.press("Tab")
        if table.evaluate("!!document.activeElement.closest('table')"):
            break
    table.keyboard.press("ArrowDown")
    table.keyboard.press("Space")
    for _ in range(3):
        table.keyboard.press("ArrowDown")
    table.keyboard.press("Space")
    assert table.locator("tr[aria-selected=true]").count() == 2
    table.focus("text=Compare 2 chosen")
    table.keyboard.press("Enter")
    table.wait_for_selector("table[aria-label=Config]")
    assert "train.yaml:1:5" in table.inner_text("main")
    table.go_back()
    table.wait_for_selector("tr.row a")
    table.focus("thead button")
    table.keyboard.press("ArrowDown")
    table.keyboard.press("Enter")
    table.wait_for_selector("table[aria-label=Config]")
    assert table.url.endswith("?view=run&project=capsules&id=r5")


def test_the_focus_stays_where_the_keyboard_was(table):
    """After sorting, after filtering by a value, and after a key was chosen in the dialog."""
    active = "document.activeElement.innerText"
    table.focus("th button:text-is('steps')")
    table.keyboard.press("Enter")
    table.wait_for_selector("th[aria-sort=ascending] button:focus")
    assert table.evaluate(active) == "steps ▲"
    table.focus("tr.row button:text-is('capsules') >> nth=0")
    table.keyboard.press("Enter")
    table.wait_for_url("**where=**")
    table.wait_for_selector("tr.row button:focus")
    assert table.evaluate(active) == "capsules"
    table.click("text=Columns…")
    table.focus("dialog label:has-text('summary.loss') input")
    table.keyboard.press("Space")
    assert table.locator("dialog label:has-text('summary.loss') input:focus").is_checked()


def test_a_click_cannot_filter_by_nan(page, served):
    """No filter finds it, and it comes as a text."""
    page.goto(served.address)
    page.goto(f"{served.base}/?columns=id,summary.nan,summary.loss")
    count(page, "tr.row td:nth-child(3) button", 6)
    assert page.locator("tr.row td:nth-child(2)").all_inner_texts() == ["NaN"] * 6
    assert page.locator("tr.row td:nth-child(2) button").count() == 0


def test_a_run_shows_origins_and_what_they_beat(page, served):
    """Settings at their defaults come when they are asked for."""
    page.goto(served.address)
    page.goto(f"{served.base}/?view=run&project=capsules&id=r4")
    config = page.locator("table[aria-label=Config]")
    assert "train.yaml:1:5" in config.locator("tr.beaten").inner_text()
    before = page.locator("table[aria-label=Settings] tr").count()
    page.check("input[type=checkbox]")
    assert page.locator("table[aria-label=Settings] tr").count() > before


def test_the_line_of_a_value_is_shown(page, served):
    """In the copy of the file, by keyboard, at an address of its own; the way back leads to it."""
    page.goto(served.address)
    page.goto(f"{served.base}/?view=run&project=capsules&id=r4")
    page.focus("table[aria-label=Config] a:text-is('train.yaml:1:5')")
    page.keyboard.press("Enter")
    page.wait_for_selector("pre.code")
    assert page.inner_text(".line.marked").strip() == "lr: 0.1"
    assert page.url.endswith("&path=config_files%2Ftrain.yaml&line=1")
    page.go_back()
    page.wait_for_selector("table[aria-label=Config]")


def test_the_tree_of_the_config_is_closed_and_opened(page, served):
    """By the keyboard; the keys below a node are hidden with it."""
    page.goto(served.address)
    page.goto(f"{served.base}/?view=run&project=capsules&id=r4")
    leaf = "table[aria-label=Config] th[title='optim.name']"
    page.focus("table[aria-label=Config] button:text-is('optim')")
    page.keyboard.press("Enter")
    page.wait_for_selector(leaf, state="hidden")
    page.keyboard.press("Space")
    page.wait_for_selector(leaf)


def test_the_command_is_copied_by_keyboard(page, served, hostile):
    """As a shell takes it."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=served.base)
    page.goto(served.address)
    page.goto(f"{served.base}/?view=run&project=capsules&id=r4")
    page.focus("button:text-is('Copy')")
    page.keyboard.press("Enter")
    page.wait_for_selector("button:text-is('Copied')")
    command = page.evaluate("navigator.clipboard.readText()")
    directory, last = command.splitlines()
    assert shlex.split(directory) == ["cd", str(served.directory)]
    assert shlex.split(last) == ["python", "train.py", hostile]


@pytest.mark.parametrize("file", ["page.html", "image.svg", "false.png", "<hostile>"])
def test_hostile_files_are_text(page, served, hostile, file):
    """Whatever their name says."""
    page.goto(served.address)
    page.goto(f"{served.base}/?view=run&project=capsules&id=r5")
    name = hostile.replace("/", "|") if file == "<hostile>" else file
    page.get_by_role("link", name=name, exact=True).click()
    page.wait_for_selector("pre.code")
    assert "alert(1)" in page.inner_text("pre.code")
    assert page.locator("main img, main script, main svg").count() == 0


@pytest.mark.parametrize(
    ("view", "member"),
    [
        ("?view=run&project=capsules&id=r5", "config"),
        ("?view=diff&runs=capsules/r4,capsules/r5", "differences"),
    ],
)
def test_a_view_is_downloaded_as_json(page, served, view, member):
    """With all that it shows."""
    page.goto(served.address)
    page.goto(f"{served.base}/{view}")
    with page.expect_download() as download:
        page.click("text=JSON")
    assert member in json.loads(Path(download.value.path()).read_text())


@pytest.mark.parametrize("view", DOWNLOADS)
def test_each_view_has_links_to_its_data(page, served, view):
    """As CSV and as JSON, for what the address of the view selects."""
    page.goto(served.address)
    page.goto(f"{served.base}/{view}")
    for form in ("csv", "json"):
        link = page.get_by_role("link", name=form.upper(), exact=True)
        href = link.get_attribute("href")
        assert href == f"/{DOWNLOADS[view].replace('.*', f'.{form}')}"
        assert link.get_attribute("download").endswith(f".{form}")
        answer = served.request(href, cookie=served.cookie())
        assert answer.status == 200
        text = answer.body.decode()
        assert json.loads(text) if form == "json" else list(csv.reader(io.StringIO(text)))[1:]


def test_an_image_is_shown(page, served):
    """It is known by its content."""
    page.goto(served.address)
    page.goto(f"{served.base}/?view=file&project=capsules&id=r5&path=image.png")
    image = page.wait_for_selector("img")
    image.wait_for_element_state("visible")
    assert page.evaluate("document.querySelector('img').decode().then(() => true)")


def test_a_long_table_draws_its_window(page, many):
    """A row for each run is counted, some are drawn, and every place can be scrolled to."""
    page.goto(many.address)
    page.wait_for_selector("tr.row a")
    assert page.get_attribute("table", "aria-rowcount") == "701"
    assert page.locator("tr.row").count() < 100
    page.evaluate("document.querySelector('.window').scrollTop = 1e9")
    page.wait_for_selector("a:text-is('n0000')")
    page.focus("thead button")
    for _ in range(3):
        page.keyboard.press("PageDown")
    page.wait_for_selector("tr.row :focus")


def test_an_open_group_shows_all_of_its_runs(page, many):
    """Windowed as the table is: more than one answer holds, down to the last run, and on."""
    page.goto(many.address)
    page.goto(f"{many.base}/?group=project&sort=id")
    page.click("tr.group button")
    page.wait_for_selector("tr.member")
    assert page.get_attribute("table", "aria-rowcount") == "702"
    assert page.locator("tr.row").count() < 100
    page.evaluate("document.querySelector('.window').scrollTop = 1e9")
    page.wait_for_selector("tr.member a:text-is('n0699')")
    page.evaluate("document.querySelector('.window').scrollTop = 0")
    page.click("tr.group button")
    page.wait_for_selector("tr.member", state="detached")


def test_the_runs_of_a_group_are_reached_by_keyboard(page, many):
    """One after another, and the group after the last of them."""
    page.goto(many.address)
    page.goto(f"{many.base}/?group=config.lr&where=config.n+<+21")
    page.wait_for_selector("tr.group button")
    page.focus("tr.group button >> nth=1")
    page.keyboard.press("Enter")
    page.wait_for_selector("tr.member")
    reached = []
    for _ in range(4):
        page.keyboard.press("ArrowDown")
        reached.append(page.evaluate("document.activeElement.innerText"))
    assert reached == ["n0019", "n0012", "n0005", "▸ 0.4"]


def test_a_scrolled_table_does_not_scroll_back_to_the_focus(page, many):
    """The next arrow key does, and moves on from the cell that had the focus."""
    page.goto(many.address)
    page.wait_for_selector("tr.row a")
    page.focus("a:text-is('n0697')")
    page.evaluate("document.querySelector('.window').scrollTop = 8000")
    page.wait_for_selector("a:text-is('n0400')")
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    assert page.evaluate("document.querySelector('.window').scrollTop") == 8000
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.innerText") == "n0696"


def test_a_new_run_appears_by_itself(page, many, add_run):
    """Without a reload, while the page is open."""
    page.goto(many.address)
    page.wait_for_selector("tr.row a")
    add_run(many.directory, 9999)
    page.wait_for_selector("a:text-is('n9999')")


def test_without_a_display_no_browser_is_started(tmp_path):
    """The way to the page from another machine is told instead."""
    launcher = tmp_path / "xdg-open"
    launcher.write_text("#!/bin/sh\necho started >&2\n")
    launcher.chmod(0o700)
    process = subprocess.Popen(
        [sys.executable, "-m", "runsettings", "ui", "--port", "0"],
        cwd=tmp_path,
        env={
            **{name: value for name, value in os.environ.items() if "DISPLAY" not in name},
            "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    address = process.stdout.readline()
    told = process.stderr.readline()
    process.send_signal(signal.SIGINT)
    _, rest = process.communicate(timeout=60)
    port = address.split(":")[2].partition("/")[0]
    assert "no display" in told
    assert f"ssh -N -L {port}:127.0.0.1:{port} HOST" in told
    assert "started" not in rest


def test_the_browser_is_opened_without_the_token_in_its_arguments(served, serve, browser, tmp_path):
    """By a private file, which leads to the page; others can see the arguments of a process."""
    launcher = tmp_path / "xdg-open"
    os.mkfifo(tmp_path / "arguments")
    launcher.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/arguments\n')
    launcher.chmod(0o700)
    address = serve(served.directory, launcher=tmp_path).address
    given = subprocess.check_output(["cat", tmp_path / "arguments"], text=True, timeout=60)
    file = Path(given.strip())
    assert (file.name, stat.S_IMODE(file.stat().st_mode)) == ("runs.html", 0o600)
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(file.as_uri())
        page.wait_for_url(f"{address.partition('?')[0]}**")
        page.wait_for_selector("tr.row a")
