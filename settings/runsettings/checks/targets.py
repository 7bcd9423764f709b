"""Finds the files that names, directories and patterns stand for, and those that are missing."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path, PurePath
from typing import Final

from runsettings.documents.files import read_bytes
from runsettings.documents.paths import named_path, several_files, shown_path
from runsettings.values.diagnostic import Diagnostic, Rule, Severity
from runsettings.values.origin import Layer, Origin, origin_of_text
from runsettings.values.reading import Reading
from runsettings.values.tree import Tree

_SUFFIXES: Final = frozenset({".yaml", ".yml", ".json", ".toml"})
"""Suffixes of configs, where a directory is named."""

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
        Absolute paths, and a diagnostic for each pattern or directory without a file. The name of
        a file that does not exist is among the paths: reading it tells what is wrong.
    """
    paths: dict[tuple[str, str], Path] = {}
    found: list[Diagnostic] = []
    for target in targets:
        path = cwd / Path(target).expanduser()
        if os.path.isdir(path):  # noqa: PTH112 - false for what can be no name
            matches: Iterable[Path] = list(_in_directory(path, cwd, exclude, found))
            if not matches:
                origin = Origin(Layer.FILE, shown_path(path, cwd))
                message = "has no YAML, JSON or TOML file that could be a config"
                hint = "files of tools and runs, and hidden ones, do not count"
                found.append(
                    Diagnostic.of(
                        Rule.UNREADABLE_FILE, (), message, origin, hint, severity=Severity.WARNING
                    )
                )
        elif glob.has_magic(str(target)) and not os.path.lexists(path):
            matches = [
                Path(match)
                for match in sorted(glob.glob(str(path), recursive=True))  # noqa: PTH207 - may be absolute
                if not os.path.isdir(match) and not matches_pattern(Path(match), cwd, exclude)  # noqa: PTH112
            ]
            # A link that leads back gives a file many names, of which the shortest tells most.
            shortest = sorted(matches, key=lambda match: len(match.parts))
            named = set({_identity(match): match for match in reversed(shortest)}.values())
            matches = [match for match in matches if match in named]
            if not matches:
                origin = Origin(Layer.FILE, str(target))
                hint = "patterns start at the current directory; `**` stands for any directories"
                found.append(
                    Diagnostic.of(Rule.UNREADABLE_FILE, (), "matches no file", origin, hint)
                )
        else:
            matches = [path]
        for match in matches:
            paths.setdefault(_identity(match), match)
    return list(paths.values()), found


def _identity(path: Path) -> tuple[str, str]:
    """What makes two paths one; a link to a file is a file of its own."""
    return os.path.realpath(path.parent), path.name


def _in_directory(
    root: Path, cwd: Path, exclude: Sequence[str], found: list[Diagnostic]
) -> Iterator[Path]:
    def tell(error: OSError) -> None:
        where = Origin(Layer.FILE, shown_path(Path(error.filename), cwd))
        message = f"cannot be searched: {error.strerror or error}"
        found.append(Diagnostic.of(Rule.UNREADABLE_FILE, (), message, where))

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
                and not matches_pattern(path, cwd, exclude)
            ):
                yield path


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatch(name, pattern) for pattern in patterns)


def matches_pattern(path: Path, cwd: Path, patterns: Iterable[str]) -> bool:
    """Whether a file's name, or its path as named from ``cwd``, matches one of the patterns."""
    name = PurePath(shown_path(path, cwd)).as_posix()
    return any(fnmatch(name, pattern) or fnmatch(path.name, pattern) for pattern in patterns)


def missing_env_files(
    named: str | Path | Sequence[str | Path] | None, cwd: Path, call: Origin | None = None
) -> list[Diagnostic]:
    """An error for each named ``.env`` file that is not there, which no start would miss.

    Args:
        named: The files; a `PlacedText` has the place that names it.
        cwd: The directory that relative paths start from.
        call: The place that names the others.
    """
    found: list[Diagnostic] = []
    for file in several_files(named):
        path = named_path(file, cwd)
        if not path.exists():
            where, origin = shown_path(path, cwd), origin_of_text(file) or call
            _, diagnostics, _ = read_bytes(path, Layer.DOTENV, where=where)
            reading = Reading(Tree(Layer.DOTENV, where), diagnostics)
            found += (reading if origin is None else reading.named_by(origin)).diagnostics
    return found
