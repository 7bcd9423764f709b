"""Compare the tag of a release with the version of the package and with the changelog.

A release with a tag that says something else than the package, or without a section in
CHANGELOG.md, ends here, before anything is built.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def main(tag: str) -> str | None:
    """Compare the tag.

    Args:
        tag: The name of the tag, such as ``v1.2.3``.

    Returns:
        What is wrong, or ``None``.
    """
    text = (ROOT / "settings" / "runsettings" / "_version.py").read_text(encoding="utf-8")
    version = re.findall(r'__version__ = "(.+)"', text)[0]
    if tag != f"v{version}":
        return f"the tag is {tag}, and the package is version {version}"
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    if not re.search(rf"^## \[?{re.escape(version)}\b", changelog, re.MULTILINE):
        return f"CHANGELOG.md has no section for {version}"
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    if f"\nversion: {version}\n" not in citation:
        return f"CITATION.cff is not of version {version}"
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
