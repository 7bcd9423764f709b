"""The code that the browser loads: the page's own, and uPlot, which the build fetches."""

from __future__ import annotations

import gzip
from pathlib import Path

import runsettings

STATIC = Path(runsettings.__file__).parent / "page" / "static"


def test_all_that_a_browser_loads_is_small(uplot):
    """Modules, styles and libraries have less than 120 kilobytes together, compressed."""
    loaded = [path for path in STATIC.rglob("*") if path.suffix in {".js", ".css", ".html", ".svg"}]
    assert uplot in loaded
    assert sum(len(gzip.compress(path.read_bytes())) for path in loaded) < 120_000
