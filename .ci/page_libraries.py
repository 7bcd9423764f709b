"""The build hook that brings uPlot into the page of runs; hatchling runs it for each build.

uPlot draws the charts. No code of others is in the repository: npm fetches the version in the lock
file, and checks it against the hash there. The sdist and the wheel hold the files. A build without
npm uses the files that are there, as those in an sdist. If there are none, it succeeds, and the
page says what its charts lack. This only fetches the files::

    python -m hatchling build --target wheel --hooks-only
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PAGE = Path("settings/runsettings/page")
COPIED = {
    "package.json": "package.json",  # the version
    "LICENSE": "LICENSE",
    "dist/uPlot.esm.js": "uPlot.esm.js",
    "dist/uPlot.d.ts": "uPlot.esm.d.ts",  # its types, by the name that TypeScript looks for
    "dist/uPlot.min.css": "uPlot.min.css",
}
"""The files of uPlot's package, and their names beside the page's own."""


class PageLibraries(BuildHookInterface):  # type: ignore[type-arg] # of which configuration is not said
    """Fetches uPlot before a build."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Fetch uPlot, unless the version in the lock file is there."""
        del version, build_data
        fetch_uplot(Path(self.root, PAGE))


def fetch_uplot(page: Path) -> None:
    """Put uPlot's files into ``static/vendor/uplot``.

    Args:
        page: The directory of the page, which has the lock file.
    """
    place = page / "static" / "vendor" / "uplot"
    if version_of(place) == locked_version(page):
        return
    npm = shutil.which("npm")
    if npm is None:
        found = "the page has an older uPlot" if version_of(place) else "the page shows no charts"
        print(f"npm is missing: {found}", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory() as directory:
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(page / name, directory)
        done = subprocess.run(
            [npm, "ci", "--omit=dev", "--ignore-scripts"],
            cwd=directory,
            check=False,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        if done.returncode:
            print(f"{done.stdout}\nnpm failed: the page shows no charts", file=sys.stderr)
            return
        place.mkdir(parents=True, exist_ok=True)
        package = Path(directory, "node_modules", "uplot")
        # The version comes last: what is not complete is fetched again.
        for source, name in reversed(COPIED.items()):
            shutil.copyfile(package / source, place / name)


def version_of(place: Path) -> str | None:
    """The version of a package of npm; ``None`` if it is not there."""
    package = place / "package.json"
    return json.loads(package.read_bytes())["version"] if package.is_file() else None


def locked_version(page: Path) -> str:
    """The version of uPlot in the lock file."""
    lock = json.loads((page / "package-lock.json").read_bytes())
    return str(lock["packages"]["node_modules/uplot"]["version"])
