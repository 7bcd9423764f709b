"""Makes the rows of a store's tables from a batch."""

from __future__ import annotations

import math
from typing import Any, Final

from runsettings.journal.writer import encode
from runsettings.shipping.batches import Batch, Series

DETAILS: Final = ("settings", "settings_origins", "config_origins", "files")
"""Members of a run that only one command reads, and that would make listings slow."""

_TEXTS: Final = ("name", "entity", "group", "job_type", "host")

_CHANGES_DETAILS: Final = frozenset({"settings", "config", "file", "metadata"})
"""Types of records after which the details of a run are stored anew."""


def chunk_row(key: int, number: int, start: int, series: Series) -> tuple[Any, ...]:
    """The row of one chunk, in the order of the columns.

    Args:
        key: The number of the run.
        number: The number of the series in the run.
        start: The byte of the journal at which the chunk's batch began.
        series: The numbers.
    """
    least, most = series.limits()
    return (
        *(key, number, start, len(series.values)),
        *(series.steps[0], series.steps[-1], least, most, series.values[-1], series.whole),
        *(series.steps, series.times, series.values),
    )


def run_values(batch: Batch) -> dict[str, Any]:
    """The columns of a run at the end of a batch."""
    run = batch.run
    record = run.to_json()
    details = {name: record.pop(name) for name in DETAILS}
    if "packages" in run.metadata:
        details["metadata"] = {"packages": run.metadata["packages"]}
        record["metadata"] = {**run.metadata, "packages": {}}  # in the place that it had
    values: dict[str, Any] = {
        **{name: plain_text(getattr(run, name)) for name in _TEXTS},
        **{name: getattr(run, name) for name in ("position", "created", "ended")},
        "tail": batch.tail,
        "state": batch.state,
        "tags": _filterable(run.tags),
        "summary": _filterable(run.summary),
        "record": encode(record).decode(),
    }
    if batch.start == 0 or any(each.type in _CHANGES_DETAILS for each in batch.events):
        values["config"] = _filterable(run.config)
        values["details"] = encode(details).decode()
    return values


def plain_text(value: str | None) -> str | None:
    """A text for a column: databases have neither NUL nor halves of surrogate pairs."""
    if value is None:
        return None
    return value.encode("utf-8", "replace").decode().replace("\0", "\ufffd")


def escaped_key(key: str) -> str:
    """A key as it is inside the quotes of a JSON string."""
    return encode(key).decode()[1:-2]


def _filterable(value: Any) -> Any:
    """JSON that the database's own type can hold; NaN and infinities become texts."""
    if isinstance(value, str):
        return plain_text(value)
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {plain_text(key): _filterable(item) for key, item in value.items()}
    return [_filterable(item) for item in value] if isinstance(value, list) else value
