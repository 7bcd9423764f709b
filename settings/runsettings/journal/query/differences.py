"""Finds the differences between runs, leaf by leaf, with the origin of each value."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from runsettings.journal.query.recorded_values import (
    RecordedValue,
    config_values,
    metadata_values,
    settings_values,
    summary_values,
)
from runsettings.journal.replay import StoredRun
from runsettings.values.json_trees import same_value


class Difference(NamedTuple):
    """The values of one key in two runs; ``None`` where a run does not have the key."""

    section: str
    """``config``, ``settings`` or ``summary``."""
    key: str
    a: RecordedValue | None
    b: RecordedValue | None

    @property
    def differs(self) -> bool:
        """Whether the values differ; see `same_value`."""
        if self.a is None or self.b is None:
            return self.a is not self.b
        return not same_value(self.a.value, self.b.value)

    def to_json(self) -> dict[str, Any]:
        """Both values with their origins as a JSON object."""
        return {
            "section": self.section,
            "key": self.key,
            "differs": self.differs,
            "a": None if self.a is None else self.a.to_json(),
            "b": None if self.b is None else self.b.to_json(),
        }


class Row(NamedTuple):
    """The values of one key in several runs; ``None`` where a run does not have the key."""

    section: str
    """``config``, ``settings``, ``summary`` or ``metadata``."""
    key: str
    values: tuple[RecordedValue | None, ...]

    @property
    def differs(self) -> bool:
        """Whether the value of a run differs from that of the first."""
        first = self.values[0]
        return any(Difference("", "", first, other).differs for other in self.values[1:])


def compare_runs(
    a: StoredRun, b: StoredRun, *, summary: bool = False, equal: bool = False
) -> list[Difference]:
    """Compare the config and the settings of two runs.

    Args:
        a: One run.
        b: The other run.
        summary: Whether to compare the summaries too.
        equal: Whether to return keys with equal values too.

    Returns:
        The keys in the order of the first run, and then the keys that only the second run has.
    """
    sections = [CONFIG, SETTINGS, *([SUMMARY] if summary else [])]
    found = [Difference(row.section, row.key, *row.values) for row in rows_of([a, b], sections)]
    return [each for each in found if equal or each.differs]


def rows_of(runs: Sequence[StoredRun], sections: Sequence[Section]) -> list[Row]:
    """Make a row for each key of some runs.

    Args:
        runs: The runs, at least one.
        sections: The parts of the runs.

    Returns:
        The keys in the order of the first run that has them.
    """
    found = []
    for section, read in sections:
        columns = [read(run) for run in runs]
        keys = dict.fromkeys(key for column in columns for key in column)
        found += [Row(section, key, tuple(column.get(key) for column in columns)) for key in keys]
    return found


def _surroundings(run: StoredRun) -> dict[str, RecordedValue]:
    """The state of git, the command line and the version of Python, which have no origins."""
    return {
        key: RecordedValue(value, None)
        for key, value in metadata_values(run).items()
        if key.startswith("git.") or key in ("program", "args", "python", "host")
    }


Section = tuple[str, Callable[[StoredRun], Mapping[str, RecordedValue]]]
"""The name of a part of a run, and a function that reads its values by key."""

CONFIG: Final[Section] = ("config", config_values)
SETTINGS: Final[Section] = ("settings", settings_values)
SUMMARY: Final[Section] = ("summary", summary_values)
SURROUNDINGS: Final[Section] = ("metadata", _surroundings)
