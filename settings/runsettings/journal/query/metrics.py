"""Reads the metrics of a run: all logged numbers, in the order of the steps."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from runsettings.journal.aggregates import as_float, merge_summary
from runsettings.journal.replay import StoredRun, read_history


class Metric(NamedTuple):
    """All values of one metric, with the smallest and the largest."""

    values: Sequence[float]
    """All logged values, in order."""
    minimum: float | None
    """The smallest value that is not NaN; ``None`` if all are NaN."""
    maximum: float | None
    """The largest value that is not NaN; ``None`` if all are NaN."""

    @property
    def last(self) -> float:
        """The value that was logged last."""
        return self.values[-1]

    @classmethod
    def of(cls, values: Iterable[float]) -> Metric:
        """The metric with these values.

        Args:
            values: All logged values, in order; at least one.
        """
        logged = values if isinstance(values, array) else array("d", values)
        known = [value for value in logged if not math.isnan(value)]
        return cls(logged, min(known, default=None), max(known, default=None))


def read_metrics(run: StoredRun) -> dict[str, Metric]:
    """Read every metric of a run from its journal, by dotted key.

    Raises:
        OSError: The journal cannot be read.
    """
    logged: dict[str, array[float]] = {}
    for row in read_history(run.journal):
        flat: dict[str, Any] = {}
        merge_summary(flat, row)
        for key, value in flat.items():
            if key not in ("_step", "_timestamp") and type(value) in (int, float):
                logged.setdefault(key, array("d")).append(as_float(value))
    return {key: Metric.of(values) for key, values in logged.items()}
