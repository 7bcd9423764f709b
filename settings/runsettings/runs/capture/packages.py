"""The installed packages, known from the names of their metadata directories.

Reading the metadata of each package takes a hundred times as long and gives the same: the
directory is named ``<name>-<version>.dist-info`` by the packaging standard.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

_SUFFIX = ".dist-info"


def installed_packages(path: Iterable[str]) -> dict[str, str]:
    """Name and version of each package on an import path; the first one found counts.

    Args:
        path: Directories, such as ``sys.path``. What is no directory is passed over.
    """
    found: dict[str, str] = {}
    for directory in path:
        try:
            names = os.listdir(directory or ".")  # noqa: PTH208 - names alone, and quickly
        except OSError:
            continue
        for name in names:
            if name.endswith(_SUFFIX):
                package, _, version = name.removesuffix(_SUFFIX).partition("-")
                found.setdefault(package.replace("_", "-").lower(), version)
    return dict(sorted(found.items()))
