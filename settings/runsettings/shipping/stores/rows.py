"""Makes the rows of a store's tables from a batch, and JSON that a database can filter.

A database's JSON type has no NaN and no infinities, and its texts have no NUL and no unpaired
surrogates. These characters are replaced by U+FFFD, so that a query can recognize altered texts.
Other columns of the store have the exact values that were logged.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from runsettings.journal.query.keys import ATTRIBUTES, SECTIONS
from runsettings.journal.query.metrics import Bucket, last_of_each
from runsettings.journal.writer import encode
from runsettings.shipping.batches import Batch
from runsettings.shipping.series import Series
from runsettings.values.key_paths import MISSING

DETAILS: Final = (
    *("settings", "settings_origins", "settings_losers", "config_origins", "config_losers"),
    "files",
)
"""Members of a run that listings do not need; they are large and stored apart."""

SECTION_TEXTS: Final = tuple(f"{name}_text" for name in SECTIONS)
"""The columns with the exact sections of a run."""

SIZE: Final = 1024
"""The largest number of values in a chunk; small chunks make it fast to read part of a series."""

NOT_FINITE: Final = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
"""The texts that represent the numbers that JSON does not have."""

REPLACED: Final = "\ufffd"
"""The replacement for a character that a database's text cannot hold."""

INTEGRAL_FLOATS: Final = float(1 << 53)
"""All floats of at least this size are integers."""

_CHANGES_DETAILS: Final = frozenset({"settings", "config", "file", "metadata"})
"""Types of records after which the details of a run are stored again."""


def chunk_rows(key: int, number: int, start: int, series: Series) -> Iterator[tuple[Any, ...]]:
    """Make the chunks of one series of a batch, with at most `SIZE` values each.

    Args:
        key: The number of the run in the store.
        number: The number of the series in the run.
        start: The byte offset in the journal at which the batch begins.
        series: The numbers.

    Yields:
        Rows with a value for each column of `tables.chunks`.
    """
    for at in range(0, len(series.values), SIZE):
        part = slice(at, at + SIZE)
        steps, times, values = series.steps[part], series.times[part], series.values[part]
        summary = Bucket.of(*last_of_each(steps, values))
        yield (
            # Each number takes more than one byte of the journal, so these starts are unique.
            *(key, number, start + at, len(values), summary.first_step, summary.last_step),
            *(summary.minimum, summary.maximum, summary.last, summary.mean, summary.known),
            *(series.whole, steps, times, values),
        )


def run_values(
    batch: Batch, edit: Callable[[Mapping[str, Any]], Mapping[str, Any]] = lambda _record: {}
) -> dict[str, Any]:
    """Make the columns of a run at the end of a batch.

    Args:
        batch: The batch.
        edit: Returns the members of the run that were edited in the store, by name, for the run as
            JSON.

    Returns:
        The values by column name.
    """
    run = batch.run
    record = run.to_json()
    details = {name: record.pop(name) for name in DETAILS}
    sections = {name: record.pop(name) for name in SECTIONS}
    if "packages" in run.metadata:
        details["metadata"] = {"packages": run.metadata["packages"]}
        sections["metadata"] = {**run.metadata, "packages": {}}  # keeps the order of the keys
    texts = {f"{name}_text": json_text(section) for name, section in sections.items()}
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
        "summary_text": texts.pop("summary_text"),
        **edited_values(record, attributes, edit(record)),
    }
    if batch.start == 0 or any(each.type in _CHANGES_DETAILS for each in batch.events):
        values["config"] = run.config
        values["metadata"] = {
            key: value for key, value in run.metadata.items() if key != "packages"
        }
        values["details"] = json_text(details)
        values |= texts
    return values


def edited_values(
    record: dict[str, Any], attributes: dict[str, Any], members: Mapping[str, Any]
) -> dict[str, Any]:
    """Make the columns of a run that contain the members that can be edited.

    Args:
        record: The run as JSON, without the sections and the details; changed in place.
        attributes: The attributes that a database filters; changed in place.
        members: The edited members by name.

    Returns:
        The values by column name.
    """
    record.update(members)
    for name, value in members.items():
        if value in (None, ""):
            attributes.pop(name, None)
        else:
            attributes[name] = value
    return {"attributes": attributes, "record": json_text(record)}


def json_text(value: Mapping[str, Any]) -> str:
    """The JSON of an object, as a journal has it, with all values exact."""
    return encode(value).decode()


def plain_text(value: str) -> str:
    """Replace NUL and unpaired surrogates in a text by `REPLACED`."""
    if value.isascii() and "\0" not in value:
        return value
    return "".join(
        REPLACED if char == "\0" or "\ud800" <= char <= "\udfff" else char for char in value
    )


def escaped_key(key: str) -> str:
    """Escape a key as in a JSON string, without the quotes."""
    return encode(key).decode()[1:-2]


def filterable(value: Any, *, exact: bool) -> Any:
    """Convert a JSON value to one that a database can hold.

    Args:
        value: The JSON value.
        exact: Whether the database has decimal numbers of any size. Large floats then get all
            their digits, so that they compare with integers as in Python.

    Returns:
        The converted value.
    """
    if isinstance(value, str):
        return REPLACED + value if value in NOT_FINITE else plain_text(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
        return int(value) if exact and abs(value) >= INTEGRAL_FLOATS else value
    if isinstance(value, dict):
        return {plain_text(key): filterable(item, exact=exact) for key, item in value.items()}
    if isinstance(value, list):
        return [filterable(item, exact=exact) for item in value]
    return value
