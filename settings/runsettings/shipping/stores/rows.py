"""Makes the rows of a store's tables from a batch, and JSON that a database can filter.

A database's own JSON type has neither NaN nor infinities, and its texts have neither NUL nor
halves of surrogate pairs. A text that it cannot hold has U+FFFD in it, so that a query sees which
texts may stand for others. Other columns of the store have everything as it was logged.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Final

from runsettings.journal.query.keys import ATTRIBUTES
from runsettings.journal.query.metrics import Bucket, last_of_each
from runsettings.journal.writer import encode
from runsettings.shipping.batches import Batch, Series
from runsettings.values.key_paths import MISSING

DETAILS: Final = (
    *("settings", "settings_origins", "settings_losers", "config_origins", "config_losers"),
    "files",
)
"""Members of a run that only one command reads, and that would make listings slow."""

SIZE: Final = 1024
"""The largest number of values in a chunk, so that a part of a long series is read quickly."""

NOT_FINITE: Final = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
"""The texts that stand for the numbers that JSON does not have."""

REPLACED: Final = "\ufffd"
"""The character in the place of what a database's text cannot hold."""

_WHOLE: Final = float(1 << 53)
"""Floats from this on are integers."""

_CHANGES_DETAILS: Final = frozenset({"settings", "config", "file", "metadata"})
"""Types of records after which the details of a run are stored anew."""


def chunk_rows(key: int, number: int, start: int, series: Series) -> Iterator[tuple[Any, ...]]:
    """The rows of one series of a batch, in the order of the columns, of `SIZE` values each.

    Args:
        key: The number of the run.
        number: The number of the series in the run.
        start: The byte of the journal at which the batch began.
        series: The numbers.
    """
    for at in range(0, len(series.values), SIZE):
        part = slice(at, at + SIZE)
        steps, times, values = series.steps[part], series.times[part], series.values[part]
        summary = Bucket.of(*last_of_each(steps, values))
        yield (
            # Each number takes more than a byte, so that no batch begins at the same place.
            *(key, number, start + at, len(values), summary.first_step, summary.last_step),
            *(summary.minimum, summary.maximum, summary.last, summary.mean, summary.known),
            *(series.whole, steps, times, values),
        )


def run_values(batch: Batch, tags: list[str]) -> dict[str, Any]:
    """The columns of a run at the end of a batch.

    Args:
        batch: The batch.
        tags: The tags of the run.
    """
    run = batch.run
    record = run.to_json()
    details = {name: record.pop(name) for name in DETAILS}
    if "packages" in run.metadata:
        details["metadata"] = {"packages": run.metadata["packages"]}
        record["metadata"] = {**run.metadata, "packages": {}}  # in the place that it had
    attributes = {
        name: value
        for name, key in ATTRIBUTES.items()
        if name != "state" and (value := key.get(run)) is not MISSING
    }
    values: dict[str, Any] = {
        "position": run.position,
        "created": run.created,
        "tail": batch.tail,
        "state": batch.state,
        "summary": run.summary,
        **tag_values(record, attributes, tags),
    }
    if batch.start == 0 or any(each.type in _CHANGES_DETAILS for each in batch.events):
        values["config"] = run.config
        values["metadata"] = {
            key: value for key, value in run.metadata.items() if key != "packages"
        }
        values["details"] = encode(details).decode()
    return values


def tag_values(
    record: dict[str, Any], attributes: dict[str, Any], tags: list[str]
) -> dict[str, Any]:
    """The columns of a run that its tags are in.

    Args:
        record: The run as JSON, without the details; its tags are set.
        attributes: The attributes that a database filters; the tags are set.
        tags: The tags.
    """
    record["tags"] = attributes["tags"] = tags
    return {"attributes": attributes, "record": encode(record).decode()}


def plain_text(value: str) -> str:
    """A text for a column, with `REPLACED` for NUL and for halves of surrogate pairs."""
    if value.isascii() and "\0" not in value:
        return value
    return "".join(
        REPLACED if char == "\0" or "\ud800" <= char <= "\udfff" else char for char in value
    )


def escaped_key(key: str) -> str:
    """A key as it is inside the quotes of a JSON string."""
    return encode(key).decode()[1:-2]


def filterable(value: Any, *, exact: bool) -> Any:
    """JSON that a database can hold.

    Args:
        value: A JSON value.
        exact: Whether the database has decimal numbers of any size. Large floats get all their
            digits then, so that they compare with integers as in Python.
    """
    if isinstance(value, str):
        return REPLACED + value if value in NOT_FINITE else plain_text(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
        return int(value) if exact and abs(value) >= _WHOLE else value
    if isinstance(value, dict):
        return {plain_text(key): filterable(item, exact=exact) for key, item in value.items()}
    if isinstance(value, list):
        return [filterable(item, exact=exact) for item in value]
    return value
