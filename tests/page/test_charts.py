"""The charts of the page, in a real browser."""

from __future__ import annotations

import json

import pytest


def write_run(directory, run_id, lr, hostile, rows=4000):
    """Write the journal of a run with three metrics; one of them has a hostile name."""
    home = directory / "wandb" / f"offline-run-20260101_000000-{run_id}"
    home.mkdir(parents=True)
    when = 1.7e9 + int(run_id[1:])
    names = {"id": run_id, "name": f"{hostile} {run_id}", "project": "capsules"}
    records = [
        {"type": "header", "format": "runsettings-journal", "version": 1, "writer": "tests"},
        {"type": "run", "time": when, **names},
        {"type": "start", "time": when, "pid": 1, "host": "h", "step": 0, "resumed": False},
        {"type": "config", "time": when, "values": {"lr": lr, "text": hostile}, "origins": {}},
    ]
    for step in range(rows):
        data = {"loss": lr * (rows - step), hostile: step}
        if step % 100 == 0:
            data["val"] = {"acc": step / rows}
        records.append({"type": "history", "time": when + step, "step": step, "data": data})
    records.append({"type": "exit", "time": when + rows, "code": 0, "state": "finished"})
    path = home / f"run-{run_id}.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


@pytest.fixture(scope="session")
def charted(serve, tmp_path_factory, hostile_name):
    """The page of four runs with two learning rates."""
    directory = tmp_path_factory.mktemp("charts")
    for number in range(4):
        write_run(directory, f"c{number}", (number % 2 + 1) / 10, hostile_name)
    return serve(directory)


@pytest.fixture(scope="session")
def hostile_name():
    """A name that would run as markup; the list of metrics in the address has commas."""
    return "<img src=x onerror=alert(1)><script>alert(2)</script>\"'`&lt;${alert(3)}"


@pytest.fixture
def chart(page, charted, uplot):
    """Opens the charts with an address, and waits until they are drawn."""

    def open_charts(query="", canvases=None):
        page.goto(f"{charted.address}&view=charts{query}")
        if canvases is not None:
            count(page, ".chart canvas", canvases)
        return page

    return open_charts


def count(page, selector, number):
    """Wait until there are so many elements; the charts look for new values each ten seconds."""
    from playwright.sync_api import expect

    expect(page.locator(selector)).to_have_count(number, timeout=60_000)


def has_text(page, selector, text):
    """Wait until an element has a text."""
    from playwright.sync_api import expect

    expect(page.locator(selector)).to_contain_text(text, timeout=20_000)


def columns(page):
    """The headings of the table beside the first chart."""
    page.locator("details.data").first.evaluate("each => { each.open = true; }")
    page.wait_for_selector(".data tbody tr")
    return page.locator(".data table").first.locator("thead th").all_inner_texts()


def cell(page, row, column):
    """A cell of the table beside the first chart."""
    rows = page.locator(".data table").first.locator("tbody tr")
    return rows.nth(row).locator("th, td").nth(column).inner_text()


def test_each_metric_has_a_chart_of_all_runs(chart, hostile_name):
    """With a legend, and a table of the numbers; hostile names are text."""
    page = chart(canvases=3)
    assert page.locator(".chart h2").all_inner_texts() == ["loss", hostile_name, "val.acc"]
    assert page.locator(".legend button").all_inner_texts() == [
        f"{hostile_name} c{number}" for number in (3, 2, 1, 0)
    ]
    assert columns(page) == ["step", *(f"{hostile_name} c{number}" for number in (3, 2, 1, 0))]
    assert page.locator("main img, main script").count() == 0
    assert page.inner_text("#status") == "3 charts, 4 runs"


def test_groups_are_means_with_a_band(chart):
    """Of all runs of a group, or of one standard deviation around the mean."""
    page = chart("&group=config.lr&keys=loss", 1)
    assert page.locator(".legend button").all_inner_texts() == ["0.2", "0.1"]
    assert columns(page) == ["step", "0.2", "0.1"]
    page.select_option("[name=band]", "std")
    page.wait_for_url("**band=std**")
    page.select_option("[name=x]", "time")
    page.wait_for_url("**x=time**")
    has_text(page, ".data thead th >> nth=0", "time")


def test_what_is_chosen_is_in_the_address(chart):
    """And the address brings it back; the axes, the smoothing, and the metrics."""
    page = chart("&keys=loss", 1)
    page.check("label:has-text('Log y') input")
    page.focus("[name=smooth]")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.wait_for_url("**logy=1**smooth=0.03**")
    page.click("text=Metrics…")
    page.check("dialog label:has-text('val.acc') input")
    page.click("text=Show these")
    count(page, ".chart canvas", 2)
    page.reload()
    count(page, ".chart canvas", 2)
    assert page.locator(".chart h2").all_inner_texts() == ["loss", "val.acc"]
    assert page.is_checked("label:has-text('Log y') input")
    assert page.input_value("[name=smooth]") == "0.03"
    assert page.get_attribute(".downloads a >> nth=0", "href") == "/curves.csv?keys=loss%2Cval.acc"


def test_a_zoom_by_keyboard_reads_finer_buckets(chart):
    """Four thousand steps have a thousand points; each step of a tenth of them has its own."""
    page = chart("&keys=loss&where=id+%3D+c0", 1)
    assert columns(page)[0] == "step"
    assert cell(page, 0, 0) == "step 1.5"
    page.focus(".plot")
    for _ in range(3):
        with page.expect_request("**/api/curves?**first=**"):
            page.keyboard.press("+")
    page.wait_for_url("**zoom=**")
    has_text(page, ".data tbody tr:nth-child(1) th", "step 1,")
    assert "." not in cell(page, 0, 0)
    page.keyboard.press("0")
    has_text(page, ".data tbody tr:nth-child(1) th", "step 1.5")
    page.go_back()
    page.wait_for_url("**zoom=**")
    count(page, ".chart button:visible", 1)


def test_a_zoom_by_mouse_is_undone_by_a_button(chart):
    """All charts have the same range."""
    page = chart("&where=id+%3D+c0", 3)
    box = page.locator(".u-over").first.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 60, steps=5)
    page.mouse.up()
    page.wait_for_url("**zoom=**")
    first, last = map(float, page.url.partition("zoom=")[2].split("%3A"))
    assert 900 < first < 1100 < 1900 < last < 2100
    count(page, ".chart button:visible", 3)
    page.click(".chart button:visible >> nth=0")
    count(page, ".chart button:visible", 0)


def test_the_arrow_keys_read_values(chart):
    """To people who cannot see the chart."""
    page = chart("&keys=val.acc&where=id+%3D+c0", 1)
    page.focus(".plot")
    page.keyboard.press("Home")
    has_text(page, "#status", "step 0:")
    page.keyboard.press("ArrowRight")
    has_text(page, "#status", "step 100:")
    assert page.inner_text("#status").endswith(" 0.025")


def test_the_legend_hides_lines_by_keyboard(chart):
    """The focus stays, and the table beside the chart has the lines that are left."""
    page = chart("&group=config.lr&keys=loss", 1)
    assert len(columns(page)) == 3
    page.focus(".legend button >> nth=1")
    page.keyboard.press("Enter")
    page.wait_for_selector(".legend button[aria-pressed=false]:focus")
    assert columns(page) == ["step", "0.2"]
    page.keyboard.press("Space")
    count(page, ".legend button[aria-pressed=false]", 0)
    assert len(columns(page)) == 3


def test_a_chart_without_values_says_so(chart):
    """A logarithmic axis has none below zero."""
    page = chart("&keys=unknown")
    has_text(page, ".plot", "No values here.")


def test_new_values_are_drawn_by_themselves(page, serve, tmp_path, uplot, hostile_name):
    """While the page is open."""
    journal = write_run(tmp_path, "c0", 0.1, hostile_name, rows=2)
    served = serve(tmp_path)
    page.goto(f"{served.address}&view=charts&keys=loss")
    count(page, ".chart canvas", 1)
    columns(page)
    count(page, ".data tbody tr", 2)
    row = {"type": "history", "time": 1.8e9, "step": 2, "data": {"loss": 7}}
    with journal.open("a") as file:
        file.write(json.dumps(row) + "\n")
    count(page, ".data tbody tr", 3)
    assert cell(page, 2, 1) == "7"


def test_the_place_that_is_read_stays(page, serve, tmp_path, uplot, hostile_name):
    """When new values come, the keyboard goes on from the same point."""
    journal = write_run(tmp_path, "c0", 0.1, hostile_name, rows=3)
    served = serve(tmp_path)
    page.goto(f"{served.address}&view=charts&keys=loss")
    count(page, ".chart canvas", 1)
    columns(page)
    page.focus(".plot")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    has_text(page, ".reading", "step 1:")
    row = {"type": "history", "time": 1.8e9, "step": 3, "data": {"loss": 7}}
    with journal.open("a") as file:
        file.write(json.dumps(row) + "\n")
    count(page, ".data tbody tr", 4)
    has_text(page, ".reading", "step 1:")
    page.keyboard.press("ArrowRight")
    has_text(page, ".reading", "step 2:")


@pytest.mark.parametrize(
    ("view", "lines"),
    [
        ("view=run&project=capsules&id=c1", 1),
        ("view=diff&runs=capsules/c0,capsules/c1", 2),
    ],
)
def test_one_run_and_two_have_charts(page, charted, uplot, view, lines):
    """Of these runs alone; a zoom is in the address."""
    page.goto(f"{charted.address}&{view}")
    count(page, ".chart canvas", 3)
    assert len(columns(page)) == 1 + lines
    page.focus(".plot >> nth=0")
    page.keyboard.press("+")
    page.wait_for_url("**zoom=**")
    count(page, ".chart button:visible", 3)


def test_a_page_without_the_library_says_what_is_missing(page, charted):
    """A build without npm has none."""
    about = json.dumps({"place": "here", "charts": False})
    page.route("**/api/about?*", lambda route: route.fulfill(body=about))
    page.goto(f"{charted.address}&view=charts")
    has_text(page, "main .error", "Install Node.js with npm")


def test_lines_are_computed(page, charted):
    """Smoothing has no bias of the first value; means are of the runs that have a value there."""
    page.goto(charted.address)
    module = "import('/static/curves.js').then(({smooth, between, mean, linesOf}) => "
    for code, expected in [
        ("linesOf({groups: [], runs: [{name: 'a', curves: {}}]}, 'constructor', {})", []),
        ("smooth([1, 1, 1], 0.9)", [1, 1, 1]),
        ("smooth([0, null, 1], 0.5)", [0, None, 2 / 3]),
        (
            "[0, 1, 2.5, 4, 5].map((at) => between([1, 2, 3, 4], [10, 20, 30, null], at))",
            [None, 10, 25, None, None],
        ),
        (
            "mean([{x: [0, 2], y: [0, 2]}, {x: [0, 1, 2, 3], y: [2, 3, 4, 5]}], {band: 'range'})",
            {"x": [0, 1, 2, 3], "y": [1, 2, 3, 5], "low": [0, 1, 2, 5], "high": [2, 3, 4, 5]},
        ),
        (
            "mean([{x: [1], y: [1]}, {x: [1], y: [3]}], {band: 'std', logY: true})",
            {"x": [1], "y": [2], "low": [1], "high": [3]},
        ),
        ("mean([{x: [1], y: [1]}], {band: 'range'})", {"x": [1], "y": [1]}),
    ]:
        assert page.evaluate(f"() => {module}({code}))") == expected
