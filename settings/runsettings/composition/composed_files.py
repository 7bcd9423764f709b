"""Composed files: the files that each one uses, its profiles, and their precedence.

A composed file becomes a chain of sources, lowest precedence first: the files of its ``$use``, the
file itself, and its chosen profiles. Each source keeps its own positions. The sources are then
merged.
"""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, TypeAlias

from runsettings.composition.composed_text import UNKNOWN_NAME, ComposedText, Report, copied_marks
from runsettings.composition.profiles import Profiles
from runsettings.composition.used_files import (
    USE,
    Step,
    last_part,
    start_of_circle,
    used_path,
    uses,
)
from runsettings.documents.paths import shown_path
from runsettings.values.diagnostic import Diagnostic, Rule
from runsettings.values.did_you_mean import did_you_mean
from runsettings.values.excerpts import excerpt_of
from runsettings.values.key_paths import KeyPath
from runsettings.values.origin import Origin
from runsettings.values.positions import Branch
from runsettings.values.reading import Reading
from runsettings.values.tree import DeferredOrigin, Place, Tree, origin_of

ReadFile: TypeAlias = Callable[[str], Reading]
"""Reads one file alone. Its path is a text, because `Path` objects are slow for many files."""

CONFIG: Final = "$config"
_SCHEMA, _PROFILES = "$schema", "$profiles"
_HEADER: Final = (CONFIG, USE, _PROFILES, _SCHEMA)
_MAX_FILES: Final = 1_000
"""The largest number of sources of one chain: files can use the same files very often."""
_MAX_LEVELS: Final = 50
"""The largest depth of files that use each other."""
_ADDRESS: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


def is_composed(tree: Tree) -> bool:
    """Whether a file is composed: its first key is ``$config``, or the first after ``$schema``.

    Args:
        tree: The file as it was read alone.
    """
    for key in tree.data:
        if key != _SCHEMA:
            return bool(key == CONFIG)
    return False


class Composer:
    """Reads composed files with all the files that they use.

    Args:
        read: Reads one file alone.
        cwd: The directory to which paths in messages are relative.
        profiles: The chosen profiles. The names of all profiles in the files are added to it.
    """

    def __init__(self, read: ReadFile, cwd: Path, profiles: Profiles) -> None:
        self._read = read
        self._cwd = cwd
        self._profiles = profiles
        self._readings: dict[str, Reading] = {}
        self._chain: list[Reading] = []
        self._count = 0
        self._limit_reported = False

    def compose(
        self, path: str, reading: Reading, mount: KeyPath = (), used_by: Origin | None = None
    ) -> list[Reading]:
        """Read the chain of sources of a file.

        Args:
            path: The path of the file.
            reading: The file as it was read alone.
            mount: The path under which to mount the file; empty for the root.
            used_by: The origin that names the file, if it is not another file.

        Returns:
            The sources, lowest precedence first; only ``reading`` if the file is plain data.
        """
        if not mount and not is_composed(reading.tree):
            return [_as_plain(reading)]
        self._chain, self._count = [], 1
        self._add(path, reading, mount, used_by, [])
        return self._chain

    def _add(
        self,
        path: str,
        reading: Reading,
        mount: KeyPath,
        used_by: Place | None,
        way: Sequence[Step],
    ) -> None:
        """Add a file to the chain, above the files that it uses."""
        tree = reading.tree
        composed = is_composed(tree)
        if not composed:
            reading = _as_plain(reading)
        if reading.diagnostics:
            reading = _used_at(reading, origin_of(used_by))
        if not composed:
            mounted = _mounted(tree, tree.data, tree._marks, mount, used_by)
            self._chain.append(reading._replace(tree=mounted))
            return
        data = tree.data
        version = data[CONFIG]
        if version == 1 and version is not True and _has_plain_values(tree):
            values = data.copy()
            del values[CONFIG]
            mounted = _mounted(tree, values, tree._marks, mount, used_by)
            self._chain.append(Reading(mounted, reading.diagnostics))
            return
        found = list(reading.diagnostics)

        def report(rule: Rule, message: str, at: KeyPath, hint: str | None) -> None:
            key = rule is Rule.UNKNOWN_DIRECTIVE  # for other rules, the value is wrong
            origin = tree.origin(at, key=key)._replace(used_by=origin_of(used_by))
            excerpt = excerpt_of(tree, at, key=key)
            found.append(Diagnostic.of(rule, (*mount, *at), message, origin, hint, excerpt))

        if version != 1 or isinstance(version, bool):
            message = "takes 1, the version of composed files"
            report(Rule.BAD_COMPOSITION, message, (CONFIG,), f"write {CONFIG}: 1")
        if USE in data:
            self._add_used(tree, mount, [*way, Step(path, used_by)], report)
        profiles = data.get(_PROFILES, {})
        if not isinstance(profiles, dict):
            message = "must be a mapping of names to mappings"
            report(Rule.BAD_COMPOSITION, message, (_PROFILES,), "write name: {key: value}")
            profiles = {}
        own_data = data.copy()
        for key in [key for key in data if type(key) is str and key[:1] == "$"]:
            del own_data[key]
            if key not in _HEADER:
                hint = did_you_mean(key, _HEADER) or "allowed here: " + ", ".join(_HEADER)
                report(Rule.UNKNOWN_DIRECTIVE, UNKNOWN_NAME, (key,), hint)
        own = _part(tree, own_data, (), mount, used_by, report)
        parts = {}
        for name, values in profiles.items():
            self._profiles.known.add(name)
            at = (_PROFILES, name)
            if not isinstance(values, dict):
                report(Rule.BAD_COMPOSITION, "must be a mapping", at, "write {key: value}")
                continue
            parts[name] = _part(tree, values, at, mount, used_by, report)
            parts[name].profile = str(name)
        self._chain.append(Reading(own, tuple(found)))
        self._chain += [Reading(parts[name]) for name, _ in self._profiles.chosen if name in parts]

    def _add_used(self, tree: Tree, mount: KeyPath, way: Sequence[Step], report: Report) -> None:
        """Add the files that a file uses to the chain.

        Args:
            tree: The file as it was read alone.
            mount: The path under which it is mounted.
            way: The files that use each other down to this one, which is the last.
            report: Called for each problem in this file.
        """
        directory = os.path.join(os.path.dirname(way[-1].path), "")  # noqa: PTH118, PTH120 - many files
        names = {last_part(step.path) for step in way}
        for name, at, inner in uses(tree.data[USE], report):
            if "://" in name and _ADDRESS.match(name):
                message = "is an address; only files can be used"
                report(Rule.UNREADABLE_FILE, message, at, "download it, and name the file")
                continue
            path = used_path(name, directory)
            # If the names differ, links are not followed. A circle through a link with another name
            # is found one round later, when the names repeat.
            if last_part(path) in names and (start := start_of_circle(path, way)) is not None:
                places = [step.used_by for step in way[start + 1 :]] + [DeferredOrigin(tree, at)]
                steps = ", then ".join(str(origin_of(each)) for each in places)
                message = f"the files use each other in a circle: {steps}"
                report(Rule.CIRCULAR, message, at, "remove one of them")
                continue
            if self._count >= _MAX_FILES or len(way) > _MAX_LEVELS:
                if not self._limit_reported:
                    message = f"more than {_MAX_FILES:,} files, or {_MAX_LEVELS} levels of them"
                    report(Rule.COMPOSITION_LIMIT, message, at, "use fewer files")
                self._limit_reported = True
                continue
            self._count += 1
            reading = self._readings.get(path)
            if reading is None:
                reading = self._readings[path] = self._read(path)
            if reading.diagnostics:
                if reading.tree.text is None:
                    # The whole file cannot be read: the diagnostic shows the place that names it.
                    where = shown_path(path, self._cwd)
                    for each in reading.diagnostics:
                        report(each.rule, f"{where}: {each.message}", at, each.hint)
                    continue
                # The diagnostics of a file that is used twice are reported once.
                self._readings[path] = reading._replace(diagnostics=())
            self._add(path, reading, mount + inner, DeferredOrigin(tree, at), way)


def _used_at(reading: Reading, place: Origin | None) -> Reading:
    """A file whose diagnostics have the place that uses it."""
    found = [
        each if each.origin is None else replace(each, origin=each.origin._replace(used_by=place))
        for each in reading.diagnostics
    ]
    return reading._replace(diagnostics=tuple(found))


def _has_plain_values(tree: Tree) -> bool:
    """Whether a composed file has no ``$`` except in its first key.

    This is fast and true for most files. Their values are then not checked one by one.
    """
    text = tree.text
    return text is not None and text.count("$") == 1 and "\\" not in text and not tree.directives


def _as_plain(reading: Reading) -> Reading:
    """A file of plain data, with a warning if ``$config`` is not its first key."""
    tree = reading.tree
    if CONFIG not in tree.data:
        return reading
    late = Diagnostic.of(
        Rule.LATE_CONFIG,
        (CONFIG,),
        "must be the first key of a composed file; this file is read as plain data",
        tree.origin((CONFIG,), key=True),
        "move it to the top",
        excerpt_of(tree, (CONFIG,), key=True),
    )
    return reading._replace(diagnostics=(*reading.diagnostics, late))


def _part(
    tree: Tree,
    data: dict[str, Any],
    at: KeyPath,
    mount: KeyPath,
    used_by: Place | None,
    report: Report,
) -> Tree:
    """The values of a file, or of one of its profiles, as a separate source."""
    text = ComposedText(mount, report)
    values = text.mapping(data, at, ())
    marks: Any = tree._marks
    if at or text.references or text.replaced:
        marks = tree.marks
        for key in at:
            marks = marks.get(key) if isinstance(marks, dict) else None
        if text.references or text.replaced:
            marks = copied_marks(marks)
        for path in reversed(text.replaced):  # the innermost first
            _unwrap_replace(marks, path[len(at) :])
    part = _mounted(tree, values, marks, mount, used_by)
    part.directives = text.directives
    part.references = text.references
    return part


def _unwrap_replace(marks: Any, path: KeyPath) -> None:
    """Replace the marks of a ``$replace`` mapping by the marks of its value."""
    *around, last = path
    for key in around:
        marks = marks[key]
    inner = marks[last]["$replace"]
    inner.here = marks[last].here
    marks[last] = inner


def _mounted(
    tree: Tree, data: dict[str, Any], marks: Any, mount: KeyPath, used_by: Place | None
) -> Tree:
    """The values of a file under a path, as a separate source with the places that use it."""
    for key in reversed(mount):
        data = {str(key): data}
    # Not with `with_data` and the properties, because this is done for each of many files.
    part = tree.__copy__()
    part.data = data
    part._used_by = used_by
    part._marks = functools.partial(_mounted_marks, marks, mount, used_by) if mount else marks
    part.composed = True
    return part


def _mounted_marks(marks: Any, mount: KeyPath, used_by: Place | None) -> Any:
    """The marks of values under a path; computed when needed, as most files never need them."""
    if callable(marks):
        marks = marks()
    place = origin_of(used_by)
    for key in reversed(mount):
        branch = Branch(place)
        branch[str(key)] = marks
        marks = branch
    return marks
