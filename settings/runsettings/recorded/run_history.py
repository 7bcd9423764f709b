"""The history of a run: its rows, read one by one or as a table."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from runsettings.documents.atomic_write import cannot_write, write_file
from runsettings.recorded.columns import columns_of, package, to_arrow
from runsettings.recorded.csv_files import as_text, write_csv
from runsettings.values.diagnostic import Rule
from runsettings.values.errors import RunError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

STEP_COLUMNS: Final = ("_step", "_timestamp")
"""The keys that every row has: the step, and the time in seconds since 1970."""

Row = dict[str, Any]
"""A row by dotted key."""


class RunHistory:
    """The rows of a run, one for each step.

    Each iteration reads the rows again, one by one. So a long run needs little memory, and a
    running run shows its new rows::

        for row in run.history:
            print(row["_step"], row.get("loss"))

    Args:
        read: Returns an iterator over all rows; keys are dotted.
        keys: The keys to read; ``None`` for all.
    """

    def __init__(
        self, read: Callable[[], Iterator[Row]], keys: tuple[str, ...] | None = None
    ) -> None:
        self._read = read
        self._keys = keys

    def select(self, *keys: str) -> RunHistory:
        """Select some keys, and the rows that have at least one of them.

        Args:
            keys: Dotted keys, such as ``loss`` and ``val.acc``.

        Returns:
            A history whose rows have only these keys, and ``_step`` and ``_timestamp``.
        """
        return RunHistory(self._read, keys)

    def __iter__(self) -> Iterator[Row]:
        """Read the rows.

        Yields:
            The logged values by dotted key, with ``_step``, and with ``_timestamp`` in seconds
            since 1970. Values that are neither numbers nor texts are the parsed JSON values.

        Raises:
            RunError: The journal or the store cannot be read.
        """
        if self._keys is None:
            yield from self._read()
            return
        wanted = {*self._keys}
        for row in self._read():
            if not wanted.isdisjoint(row):
                yield {key: row[key] for key in (*STEP_COLUMNS, *self._keys) if key in row}

    @property
    def keys(self) -> list[str]:
        """The keys of the columns, which are the selected keys, or all keys of all rows.

        Without selected keys, this reads all rows. ``_step`` and ``_timestamp`` come first.
        """
        if self._keys is not None:
            found = dict.fromkeys(self._keys)
        else:
            found = {key: None for row in self._read() for key in row}
        return list(dict.fromkeys([*STEP_COLUMNS, *found]))

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Write the rows as a CSV file with a header line, in the format of `runs export`.

        The rows are read twice, so that they need not fit into memory.

        Args:
            path: The path of the file. After an error, the file is unchanged.

        Raises:
            RunError: The file cannot be written, or the journal or the store cannot be read.
        """
        keys = self.keys

        def write(file: BinaryIO) -> None:
            with as_text(file) as text:
                write_csv(text, keys, ([row.get(key) for key in keys] for row in self))

        try:
            write_file(Path(path), write, durable=False)
        except OSError as error:
            raise RunError.of(Rule.UNWRITABLE_FILE, cannot_write(path, error)) from error

    def to_arrow(self) -> pa.Table:
        """Convert the rows to an Arrow table; a missing value is null.

        A column of numbers has a 64-bit type. A column with values of several types has texts with
        their JSON.

        Returns:
            The table.

        Raises:
            RunError: pyarrow is not installed, or the rows cannot be read.
        """
        return to_arrow(self)

    def to_pandas(self) -> pd.DataFrame:
        """Convert the rows to a pandas data frame; a missing value is NaN or None.

        Returns:
            The data frame.

        Raises:
            RunError: pandas is not installed, or the rows cannot be read.
        """
        pandas: Any = package("pandas", "RunHistory.to_pandas()", extra=None)
        return pandas.DataFrame(columns_of(self))
