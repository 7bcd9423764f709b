"""The scatter and the parallel coordinates of the page, in a real browser."""

from __future__ import annotations

import pytest


def count(page, selector, number):
    """Wait until there are so many elements."""
    from playwright.sync_api import expect

    expect(page.locator(selector)).to_have_count(number, timeout=20_000)


def has_text(page, selector, text):
    """Wait until an element has a text."""
    from playwright.sync_api import expect

    expect(page.locator(selector)).to_contain_text(text, timeout=20_000)


def test_a_scatter_has_a_point_for_each_run(page, served, hostile):
    """Of any two keys; a table beside it has the values, also those of hostile texts."""
    page.goto(f"{served.address}&view=scatter&keys=config.seed,summary.loss,config.text&logx=1")
    count(page, "circle", 5)  # the logarithmic axis has no place for a seed of zero
    page.uncheck("label:has-text('Log x') input")
    count(page, "circle", 6)
    page.click("summary")
    count(page, "[aria-label=Data] tbody tr", 6)
    assert page.locator("[aria-label=Data] tbody tr").first.inner_text().split("\t") == [
        *(hostile, "5", "1.5", hostile),
    ]
    assert page.locator("main img, main script").count() == 0


def test_parallel_coordinates_have_a_line_for_each_run(page, served):
    """Through words and numbers; what is not chosen has keys of config and summary."""
    page.goto(f"{served.address}&view=parallel")
    count(page, ".lines path", 6)
    page.click("text=Keys…")
    page.check("dialog label:has-text('state') input")
    page.click("text=Show these")
    page.wait_for_url("**keys=**state**")
    has_text(page, ".axes", "state")
    has_text(page, ".axes", "finished")
    count(page, ".lines path", 6)


@pytest.mark.parametrize("view", ["scatter", "parallel"])
def test_runs_are_read_and_opened_by_keyboard(page, served, view):
    """With the arrow keys and Enter; the filter keeps its place in the address."""
    keys = "keys=config.seed,config.lr&where=config.seed+<+5"
    page.goto(f"{served.address}&view={view}&{keys}")
    count(page, "circle, .lines path", 5)
    page.focus(".picture")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    has_text(page, "#status", "run ")
    found = page.inner_text("#status")
    assert "config.seed " in found
    page.keyboard.press("Enter")
    page.wait_for_selector("table[aria-label=Config]")
    assert page.url.endswith(f"id=r{found.partition(':')[0].removeprefix('run ')}")
    page.go_back()
    count(page, "circle, .lines path", 5)


def test_an_axis_of_whole_numbers_has_no_fractions(page, served):
    """Such as that of seeds, also if they are few."""
    page.goto(f"{served.address}&view=parallel&keys=config.seed,config.lr&where=config.seed+<+2")
    count(page, ".lines path", 2)
    texts = page.locator(".axes text:not(.name)").all_text_contents()
    assert texts[:2] == ["0", "1"]


def test_a_wrong_key_says_why(page, served):
    """As a wrong column of the table does."""
    page.expected.append("400")
    page.goto(f"{served.address}&view=scatter&keys=config.lrr,config.seed")
    has_text(page, ".error", "did you mean 'config.lr'")


def test_the_views_keep_the_filter(page, served):
    """The links from one to the other."""
    page.goto(f"{served.address}&where=config.seed+=+1&columns=id")
    page.click("nav >> text=Parallel")
    count(page, ".lines path", 1)
    page.click("nav >> text=Table")
    count(page, "tr.row", 1)
    assert page.get_attribute("nav [aria-current=page]", "href") == "/?where=config.seed+%3D+1"
