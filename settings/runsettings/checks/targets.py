"""Which files are meant: names, directories and patterns become a list of files."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path, PurePath
from typing import Final

from runsettings.documents.paths import shown_path
from runsettings.values.diagnostic import Diagnostic, Rule, Severity
from runsettings.values.origin import Layer, Origin

_SUFFIXES: Final = frozenset({".yaml", ".yml", ".json", ".toml"})
"""What is taken for a config in a directory that somebody names."""

_NOT_CONFIGS: Final = ("pyproject.toml", "package.json", "package-lock.json", "tsconfig*.json")
_NOT_ENTERED: Final = (
    *(".*", "__pycache__", "node_modules"),
    *("run-*-*", "offline-run-*", "latest-run"),
)
"""Directories of tools, and of runs, whose files nobody wrote by hand."""


def find_files(
    targets: Iterable[str | Path], cwd: Path, exclude: Sequence[str] = ()
) -> tuple[list[Path], list[Diagnostic]]:
    """The files that ``targets`` name, each once, in order.

    Args:
        targets: Files, directories (searched for YAML, JSON and TOML files) and glob patterns
            (``configs/**/*.yaml``).
        cwd: Where relative names start.
        exclude: Patterns of paths that are not looked for; a file named outright counts.

    Returns:
        Absolute paths, and a fault for each pattern or directory without a file. A name of no
        file is among the paths: reading it tells what is wrong.
    """
    found: dict[tuple[str, str], Path] = {}
    faults: list[Diagnostic] = []
    for target in targets:
        path = cwd / Path(target).expanduser()
        if os.path.isdir(path):  # noqa: PTH112 - false for what can be no name
            matches: Iterable[Path] = list(_in_directory(path, cwd, exclude, faults))
            if not matches:
                faults.append(_empty(shown_path(path, cwd)))
        elif glob.has_magic(str(target)) and not os.path.lexists(path):
            matches = [
                inner
                for match in sorted(glob.glob(str(path), recursive=True))  # noqa: PTH207 - may be absolute
                for inner in _matched(Path(match), cwd, exclude)
            ]
            # A link that leads back gives a file many names, of which the shortest tells most.
            shortest = sorted(matches, key=lambda match: len(match.parts))
            named = set({_identity(match): match for match in reversed(shortest)}.values())
            matches = [match for match in matches if match in named]
            if not matches:
                faults.append(_nothing(str(target)))
        else:
            matches = [path]
        for match in matches:
            found.setdefault(_identity(match), match)
    return list(found.values()), faults


def _identity(path: Path) -> tuple[str, str]:
    """What makes two paths one; a link to a file is a file of its own."""
    return os.path.realpath(path.parent), path.name


def _matched(path: Path, cwd: Path, exclude: Sequence[str]) -> Iterator[Path]:
    if path.is_dir():
        return
    if not _is_excluded(path, cwd, exclude):
        yield path


def _in_directory(
    root: Path, cwd: Path, exclude: Sequence[str], faults: list[Diagnostic]
) -> Iterator[Path]:
    def tell(error: OSError) -> None:
        where = Origin(Layer.FILE, shown_path(Path(error.filename), cwd))
        message = f"cannot be searched: {error.strerror or error}"
        faults.append(Diagnostic(Rule.UNREADABLE_FILE, Severity.ERROR, (), message, where))

    seen: set[tuple[int, int]] = set()
    for directory, names, files in os.walk(root, onerror=tell, followlinks=True):
        status = os.stat(directory)  # noqa: PTH116 - once for each directory
        if (status.st_dev, status.st_ino) in seen:
            names.clear()  # a link that leads back to where we were
            continue
        seen.add((status.st_dev, status.st_ino))
        names[:] = sorted(name for name in names if not _matches(name, _NOT_ENTERED))
        for name in sorted(files):
            path = Path(directory, name)
            if (
                path.suffix.lower() in _SUFFIXES
                and not name.startswith(".")
                and not _matches(name, _NOT_CONFIGS)
                and not _is_excluded(path, cwd, exclude)
            ):
                yield path


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatch(name, pattern) for pattern in patterns)


def _is_excluded(path: Path, cwd: Path, exclude: Sequence[str]) -> bool:
    if not exclude:
        return False
    name = PurePath(shown_path(path, cwd)).as_posix()
    return any(fnmatch(name, pattern) or fnmatch(path.name, pattern) for pattern in exclude)


def _nothing(pattern: str) -> Diagnostic:
    return Diagnostic(
        Rule.UNREADABLE_FILE,
        Severity.ERROR,
        (),
        "matches no file",
        Origin(Layer.FILE, pattern),
        hint="patterns start at the current directory; `**` stands for any directories",
    )


def _empty(directory: str) -> Diagnostic:
    return Diagnostic(
        Rule.UNREADABLE_FILE,
        Severity.WARNING,
        (),
        "holds no config that is looked for",
        Origin(Layer.FILE, directory),
        hint="YAML, JSON and TOML files are, but for those of tools and runs",
    )
