"""Finds the differences between two runs, leaf by leaf, with the origin of each value."""

from __future__ import annotations

from typing import Any, NamedTuple

from runsettings.journal.query.recorded_values import (
    RecordedValue,
    config_values,
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
    sections = [
        ("config", config_values(a), config_values(b)),
        ("settings", settings_values(a), settings_values(b)),
    ]
    if summary:
        sections.append(("summary", summary_values(a), summary_values(b)))
    found = [
        Difference(section, key, first.get(key), second.get(key))
        for section, first, second in sections
        for key in {**first, **second}
    ]
    return [each for each in found if equal or each.differs]
