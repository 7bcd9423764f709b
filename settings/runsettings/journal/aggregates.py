"""Computes the summary of a run from its rows: last values, or what `define_metric` asks for.

A metric without a definition has its last value as its summary. With one, the summary has a key
for each aggregate: ``loss.min``. The totals behind the aggregates are plain JSON values, because
the index stores them with the run and continues from there.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from pydantic_core import core_schema

AGGREGATES: Final = ("min", "max", "mean", "best", "first", "last")
"""Words for the summary of a metric that each become a key below the metric's own."""

WORDS: Final = (*AGGREGATES, "none", "copy")
"""All words: ``none`` leaves the metric out of the summary, and ``copy`` is the last value."""

Totals = dict[str, dict[str, Any]]
"""What the rows so far add up to, by the flat key of the metric."""


class Definitions(dict[str, dict[str, Any]]):
    """The members of `metric` records, by the name of the metric or by a glob such as ``val/*``.

    Finding the definition of a key takes the same time however many definitions there are.
    """

    def __init__(self, known: Mapping[str, dict[str, Any]] | None = None) -> None:
        super().__init__()
        self._prefixes: dict[str, int] = {}
        self._lengths: dict[int, None] = {}
        self._axes: dict[str, int] = {}
        for name, definition in (known or {}).items():
            self[name] = definition

    def __reduce__(self) -> tuple[Any, ...]:
        # Otherwise, a copy or a pickle gets its items before the members that they need.
        return type(self), (dict(self),)

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, handler: Any) -> Any:
        """Check stored definitions as a plain dict."""
        schema = handler(dict[str, dict[str, Any]])
        return core_schema.no_info_after_validator_function(cls, schema)

    def __setitem__(self, name: str, definition: dict[str, Any]) -> None:
        if axis := self.get(name, {}).get("step_metric"):
            self._axes[axis] -= 1
        if axis := definition.get("step_metric"):
            if not isinstance(axis, str):
                raise ValueError("the step metric is not a text")  # of a stored definition
            self._axes[axis] = self._axes.get(axis, 0) + 1
        if name.endswith("*"):
            self._prefixes.setdefault(name[:-1], len(self))
            self._lengths[len(name) - 1] = None
        super().__setitem__(name, definition)

    def of(self, key: str) -> dict[str, Any]:
        """The definition of a metric: that of its name, or else of the first glob that matches."""
        if key in self and not key.endswith("*"):
            return self[key]
        prefixes = self._prefixes
        matching = [start for n in self._lengths if (start := key[:n]) in prefixes]
        return self[f"{min(matching, key=prefixes.__getitem__)}*"] if matching else {}

    def words_of(self, key: str) -> list[str]:
        """The words for the summary of a metric."""
        words: list[str] = self.of(key).get("summary", [])
        return words

    def is_axis(self, key: str) -> bool:
        """Whether a metric is the step metric of another one."""
        return self._axes.get(key, 0) > 0


def merge_summary(summary: dict[str, Any], data: Mapping[str, Any], prefix: str = "") -> None:
    """Put logged values into a flat summary.

    Args:
        summary: The summary to change.
        data: The values; a nested value gets a dotted key.
        prefix: The beginning of each key.
    """
    for key, value in data.items():
        if type(value) is dict:
            merge_summary(summary, value, f"{prefix}{key}.")
        else:
            summary[prefix + key] = value


def define(definitions: Definitions, summary: dict[str, Any], record: Mapping[str, Any]) -> None:
    """Apply a `metric` record: it adds to an earlier definition, or replaces it.

    Args:
        definitions: The definitions to change.
        summary: The summary, from which metrics are removed that are to have none.
        record: The record.
    """
    name = record["name"]
    new = {key: value for key, value in record.items() if key not in ("type", "time", "name")}
    overwrite = new.pop("overwrite", False)
    earlier = {} if overwrite else definitions.get(name, {})
    words = [*earlier.get("summary", ()), *new.get("summary", ())]
    definitions[name] = {**earlier, **new, "summary": list(dict.fromkeys(words))}
    if "none" in words:
        start = name.removesuffix("*")
        meant = [name] if start == name else [key for key in summary if key.startswith(start)]
        for key in meant:
            if "none" in definitions.words_of(key):
                summary.pop(key, None)


def summarize(
    summary: dict[str, Any],
    data: Mapping[str, Any],
    step: int,
    definitions: Definitions,
    totals: Totals,
) -> None:
    """Put logged values into a flat summary, as the definitions of the metrics ask for.

    Args:
        summary: The summary to change.
        data: The values; a nested value gets a dotted key.
        step: Their step. Of several values in one step, the last one counts.
        definitions: The definitions.
        totals: The totals of the earlier rows, to change.
    """
    flat: dict[str, Any] = {}
    merge_summary(flat, data)
    for key, value in flat.items():
        if definitions.is_axis(key):
            totals.setdefault(key, {})["axis"] = value
        words = definitions.words_of(key)
        if "none" in words:
            continue
        wanted = [word for word in words if word in AGGREGATES]
        if not wanted:
            summary[key] = value
            continue
        found = _add(totals.setdefault(key, {}), value, step)
        goal = definitions.of(key).get("goal")
        found["best"] = found.get("max" if goal == "maximize" else "min")
        # An undefined metric of this name, or a value that the script set, would hide the others.
        summary.pop(key, None)
        for word in wanted:
            if found.get(word) is not None:
                summary[f"{key}.{word}"] = found[word]


def with_step_metrics(
    data: Mapping[str, Any], definitions: Definitions, totals: Totals
) -> dict[str, Any]:
    """Logged values with the last value of each step metric that they need and do not have.

    Args:
        data: The values.
        definitions: The definitions.
        totals: The totals of the earlier rows.
    """
    flat: dict[str, Any] = {}
    merge_summary(flat, data)
    added: dict[str, Any] = {}
    for key in flat:
        definition = definitions.of(key)
        axis = definition.get("step_metric")
        if (
            axis is not None
            and axis not in flat
            and definition.get("step_sync", True)
            and "axis" in (known := totals.get(axis, {}))
        ):
            added[axis] = known["axis"]
    return {**data, **added}


def _add(totals: dict[str, Any], value: Any, step: int) -> dict[str, Any]:
    """Add a value to the totals of its metric.

    Only the totals before the current step are final: a later value of the same step replaces
    the one that was added for it.

    Args:
        totals: The totals to change.
        value: The value. What is not a number counts as the first and the last value only.
        step: Its step.

    Returns:
        The aggregates by their words; those that no value has yet are missing or ``None``.
    """
    if totals.get("step") != step:
        totals["step"], totals["before"] = step, totals.get("now", {})
    totals["now"] = now = {"first": value, **totals["before"]}
    if isinstance(value, (int, float)):
        now["count"] = now.get("count", 0) + 1
        now["sum"] = now.get("sum", 0.0) + as_float(value)
        if value == value:  # noqa: PLR0124 - NaN is neither the smallest nor the largest
            now["min"] = min(now.get("min", value), value)
            now["max"] = max(now.get("max", value), value)
    return {**now, "mean": now["sum"] / now["count"] if "count" in now else None, "last": value}


def as_float(value: float) -> float:
    """The float for a number; an infinity for an integer beyond the largest float."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def are_totals(totals: Totals) -> bool:
    """Whether stored totals are such as `summarize` makes."""
    for total in totals.values():
        parts = [total.get("before"), total.get("now")] if "step" in total else []
        for part in parts:
            if not isinstance(part, dict) or not all(
                type(part.get(word, 0)) in (int, float) for word in ("count", "sum", "min", "max")
            ):
                return False
    return True
