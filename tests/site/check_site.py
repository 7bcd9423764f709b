"""The built site: links and anchors, captions, and each page in a browser at two widths.

``make docs`` builds the site and runs this file. The suite does not: its name does not begin with
``test``, because a build and a browser take longer than a room's tests may.
"""

from __future__ import annotations

import functools
import http.server
import inspect
import os
import re
import shutil
import threading
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import bs4
import pytest

import runsettings

ROOT = Path(__file__).parents[2]
SITE = ROOT / "docs" / "_build" / "html"
AXE = ROOT / "settings" / "runsettings" / "page" / "node_modules" / "axe-core" / "axe.min.js"
"""The accessibility checks, which npm installs with the packages of the page of runs."""

WIDTHS = (390, 1280)
"""Pixels: a phone, and a laptop."""

_CAPTION = re.compile(
    r"^```\{(?:code-block|literalinclude)\}.*\n(?::\w+:.*\n)*?:caption: (.+)$", re.MULTILINE
)


class Page(HTMLParser):
    """What a page of the site refers to, and what can be referred to.

    Args:
        path: The HTML file.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.links: list[str] = []
        self.needed: list[str] = []
        """Addresses that a browser loads with the page."""
        self.anchors = {""}
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the links and anchors of an element."""
        given = {name: value or "" for name, value in attrs}
        self.anchors.update(filter(None, [given.get("id"), given.get("name")]))
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag in {"img", "script", "iframe"} and "src" in given:
            self.needed.append(given["src"])
        if tag == "link" and given.get("rel") in {"stylesheet", "icon", "preload"}:
            self.needed.append(given["href"])


@pytest.fixture(scope="module")
def pages() -> dict[Path, Page]:
    """All pages of the built site."""
    found = {path: Page(path) for path in sorted(SITE.rglob("*.html"))}
    assert found, f"there is no site in {SITE}: run `make docs`"
    return found


def test_links_and_anchors_resolve(pages) -> None:
    """A link within the site leads to a page that exists, and to an anchor on it."""
    broken = []
    for page in pages.values():
        for link in page.links:
            address, anchor = urldefrag(link)
            if urlsplit(address).scheme:
                continue
            target = (page.path.parent / unquote(address)).resolve() if address else page.path
            known = target.exists() and (target not in pages or anchor in pages[target].anchors)
            if not known:
                broken.append(f"{page.path.relative_to(SITE)}: {link}")
    assert broken == []


def test_no_page_loads_anything_from_elsewhere(pages) -> None:
    """The site can be read without a network."""
    loaded = {
        address
        for page in pages.values()
        for address in page.needed
        if urlsplit(address).scheme not in {"", "data"} or address.startswith("//")
    }
    assert loaded == set()


def test_a_file_on_a_page_has_its_name_as_a_caption(pages) -> None:
    """Each block with a caption in the sources shows it in the built page."""
    missing = []
    for source in sorted((ROOT / "docs").rglob("*.md")):
        name = source.relative_to(ROOT / "docs").with_suffix(".html")
        if name.parts[0] == "_build":
            continue
        html = (SITE / name).read_text(encoding="utf-8")
        captions = _CAPTION.findall(source.read_text(encoding="utf-8"))
        shown = html.count('<div class="code-block-caption">')
        missing += [f"{name}: {caption}" for caption in captions if caption not in html]
        assert shown >= len(captions), name
    assert missing == []


def needed(what: str, found: object) -> None:
    """Skip a test without an optional program or package, except in CI."""
    if not found:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{what} is missing")
        pytest.skip(f"{what} is not installed")


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves the site, and prints nothing."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        """Drop the message."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where the site is served: a browser applies other rules to files."""
    handler = functools.partial(Quiet, directory=str(SITE))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_every_page_is_accessible_and_fits_its_screen(pages, address) -> None:
    """No page breaks a rule of axe-core, logs an error, or is wider than the screen."""
    chromium = shutil.which("chromium")
    needed("Chromium", chromium)
    needed("axe-core (npm ci in settings/runsettings/page)", AXE.is_file())
    sync_api = pytest.importorskip("playwright.sync_api")
    wrong: list[str] = []
    axe = AXE.read_text(encoding="utf-8")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        tab = browser.new_page()
        tab.set_default_timeout(120_000)
        tab.on("console", lambda line: line.type == "error" and wrong.append(line.text))
        tab.on("pageerror", lambda error: wrong.append(str(error)))
        tab.on("request", lambda request: outside(request.url, address, wrong))
        for path in pages:
            name = path.relative_to(SITE).as_posix()
            tab.goto(address + name)
            tab.evaluate(axe)
            for width in WIDTHS:
                tab.set_viewport_size({"width": width, "height": 900})
                wrong += barriers(tab, f"{name} at {width} pixels")
        browser.close()
    assert wrong == []


def barriers(tab, name: str) -> list[str]:
    """What keeps people from reading the page that is open.

    Args:
        tab: The open page of the browser, with axe-core loaded.
        name: What to call the page.
    """
    report = tab.evaluate("axe.run({resultTypes: ['violations']})")
    found = [f"{name}: {rule['id']}: {rule['nodes'][0]['html']}" for rule in report["violations"]]
    screen = "document.documentElement"
    if tab.evaluate(f"{screen}.scrollWidth > {screen}.clientWidth"):
        found.append(f"{name}: wider than the screen")
    return found


def outside(url: str, address: str, wrong: list[str]) -> None:
    """Note a request for anything that is not part of the site."""
    if not url.startswith((address, "data:")):
        wrong.append(f"asks for {url}")


def test_every_docstring_is_whole() -> None:
    """The reference has all words of each docstring, and no text where a type stands.

    Napoleon takes what is before a colon for a type: in the first line of a property or attribute,
    and of ``Returns:``.
    """
    wrong = {}
    soup = bs4.BeautifulSoup((SITE / "api.html").read_text(encoding="utf-8"), "html.parser")
    signatures = soup.select("dl.py:is(.function, .method, .class, .exception) > dt[id]")
    assert len(signatures) > 100
    types = soup.select("dl.field-list > dt:-soup-contains('Type')")
    torn = [each.find_parent("dl", class_="py").dt["id"] for each in types]
    assert torn == []
    for signature in signatures:
        _, *names = signature["id"].split(".")
        shown = signature.find_next_sibling("dd")
        documented = functools.reduce(getattr, names, runsettings)
        if not inspect.isroutine(documented) and not inspect.isclass(documented):
            continue  # an object of a class that the page also has
        text = _NOT_SHOWN.sub("", inspect.getdoc(documented) or "")
        missing = Counter(_words(text)) - Counter(_words(shown.get_text(" ")))
        types = [
            field.find_next_sibling("dd").get_text()
            for field in shown.find_all("dt", string=re.compile("Return type"))
            if field.find_parent("dl", class_="py") is signature.parent
        ]
        arrow = "".join(signature.get_text().partition("→")[2].split())
        torn = [found for found in types if "".join(found.split()).rstrip("…)]") not in arrow]
        if missing or torn:
            wrong[signature["id"]] = (dict(missing), torn)
    assert wrong == {}


_NOT_SHOWN = re.compile(
    r"^(?:Args|Returns|Raises|Yields|Attributes):$|<https?:[^>]*>`_", re.MULTILINE
)
"""What a docstring has and its page has not: names of sections, and the target of a link."""


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text)
