"""The code that the browser loads: the page's own, and uPlot, which the build fetches."""

from __future__ import annotations

import gzip
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import runsettings

STATIC = Path(runsettings.__file__).parent / "page" / "static"


def test_all_that_a_browser_loads_is_small(uplot):
    """Modules, styles and libraries have less than 120 kilobytes together, compressed."""
    loaded = [path for path in STATIC.rglob("*") if path.suffix in {".js", ".css", ".html", ".svg"}]
    assert uplot in loaded
    assert sum(len(gzip.compress(path.read_bytes())) for path in loaded) < 120_000


def packages_of(name: str, extra: str, known: set[str]) -> set[str]:
    """Add the names of all packages that an installation with an extra needs."""
    for text in requires(name) or ():
        wanted = Requirement(text)
        package = wanted.name.lower().replace("_", "-")
        if package in known or (wanted.marker and not wanted.marker.evaluate({"extra": extra})):
            continue
        known.add(package)
        packages_of(package, "", known)
    return known


def test_the_extra_installs_few_packages():
    """At most eight beside those that every installation has."""
    pytest.importorskip("starlette")
    added = packages_of("runsettings", "ui", set()) - packages_of("runsettings", "", set())
    assert {"starlette", "uvicorn"} < added
    assert len(added) <= 8
