"""Converts rows to columns, for Arrow, Parquet and pandas. These packages are optional."""

from __future__ import annotations

import importlib
import itertools
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from runsettings.recorded.csv_files import json_text
from runsettings.values.diagnostic import Rule
from runsettings.values.errors import RunError

if TYPE_CHECKING:
    import pyarrow as pa

_ROWS: Final = 10_000
"""The number of rows that are converted at once: Python objects need much more memory."""


def package(name: str, call: str, extra: str | None = "arrow") -> Any:
    """Import an optional package.

    Args:
        name: The name of the package.
        call: The call that needs it, for the error.
        extra: The extra of this package that installs it; ``None`` if there is no extra.

    Returns:
        The module.

    Raises:
        RunError: The package is not installed.
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        hint = f"pip install {name}" if extra is None else f"pip install 'runsettings[{extra}]'"
        message = f"{call} needs the package {name}, which is not installed"
        raise RunError.of(Rule.MISSING_PACKAGE, message, hint=hint) from None


def columns_of(rows: Iterable[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Convert rows to columns.

    Args:
        rows: The rows.

    Returns:
        The values of all rows by key; ``None`` where a row has no value.
    """
    columns: dict[str, list[Any]] = {}
    count = 0
    for count, row in enumerate(rows, 1):
        for key, value in row.items():
            column = columns.get(key)
            if column is None:
                column = columns[key] = []
            column.extend([None] * (count - 1 - len(column)))
            column.append(value)
    for column in columns.values():
        column.extend([None] * (count - len(column)))
    return columns


def to_arrow(rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Convert rows to an Arrow table, in parts.

    Args:
        rows: The rows. Where a row does not have a key, the table has null.

    Returns:
        The table.

    Raises:
        RunError: pyarrow is not installed.
    """
    arrow: Any = package("pyarrow", "RunHistory.to_arrow()")
    parts: list[dict[str, Any]] = []
    counts: list[int] = []
    iterator = iter(rows)
    while batch := list(itertools.islice(iterator, _ROWS)):
        parts.append({key: _array(arrow, values) for key, values in columns_of(batch).items()})
        counts.append(len(batch))
    names = list(dict.fromkeys(name for part in parts for name in part))
    columns = [
        _joined(
            arrow,
            [
                part[name] if name in part else arrow.nulls(count)
                for part, count in zip(parts, counts, strict=True)
            ],
        )
        for name in names
    ]
    return arrow.table(columns, names=names)


def _array(arrow: Any, values: list[Any]) -> Any:
    """An array of values; texts with their JSON if they have no common type."""
    try:
        return arrow.array(values)
    except (arrow.ArrowException, OverflowError, TypeError, ValueError):
        # A bool among numbers, an integer of more than 64 bits, or an unpaired surrogate.
        return arrow.array([None if value is None else _safe_json(value) for value in values])


def _safe_json(value: Any) -> str:
    """The JSON of a value; unpaired surrogates are replaced."""
    text = value if isinstance(value, str) else json_text(value)
    return text.encode("utf-8", "replace").decode()


def _joined(arrow: Any, arrays: list[Any]) -> Any:
    """Join arrays, whose types may differ, to one column."""
    types = {array.type for array in arrays if not arrow.types.is_null(array.type)}
    if len(types) > 1:
        numbers = all(
            arrow.types.is_integer(each) or arrow.types.is_floating(each) for each in types
        )
        if numbers:
            arrays = [array.cast(arrow.float64(), safe=False) for array in arrays]
        else:
            arrays = [
                array
                if arrow.types.is_string(array.type)
                else arrow.array(
                    [None if value is None else _safe_json(value) for value in array.to_pylist()],
                    arrow.string(),
                )
                for array in arrays
            ]
    elif types:
        (only,) = types
        arrays = [array.cast(only) if array.type != only else array for array in arrays]
    return arrow.chunked_array(arrays)
