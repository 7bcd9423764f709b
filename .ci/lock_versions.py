"""Print the versions that the gate is run with, as a constraints file for pip.

Installs the package with all its tools into a new environment, without constraints, and lists
what came: also for the benchmarks, so that measuring changes no version that the gate is run
with, for pydantic-settings' own tests, and for the type checkers. Nothing of this machine gets
in: names and versions only.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

HEADER = """\
# The versions that the gate is run with. Made by `make constraints`; not edited by hand.
# They bind this repository's own environment only: what the package itself accepts is said in
# pyproject.toml.
"""

BUILD_REQUIREMENTS = ("hatchling", "editables")
"""What building the package needs, in an environment that no listing shows."""

LEFT_OUT = frozenset({"pip", "setuptools", "runsettings"})


def main() -> None:
    """Print the constraints."""
    root = Path(__file__).parents[1]
    with tempfile.TemporaryDirectory() as directory:
        venv.create(directory, with_pip=True)
        pip = [str(Path(directory, "bin", "python")), "-m", "pip", "--disable-pip-version-check"]
        packages = [*BUILD_REQUIREMENTS, "--editable", f"{root}[dev,bench,compat,typing]"]
        subprocess.run([*pip, "install", "--quiet", *packages], check=True, stdout=sys.stderr)
        listing = subprocess.run([*pip, "list", "--format=json"], check=True, capture_output=True)
    installed = json.loads(listing.stdout)
    print(HEADER, end="")
    for package in sorted(installed, key=lambda package: package["name"].lower()):
        if package["name"] not in LEFT_OUT:
            print(f"{package['name']}=={package['version']}")


if __name__ == "__main__":
    main()
