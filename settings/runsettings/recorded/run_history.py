"""The rows that a run logged: read one after the other, or made into a table."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from runsettings.documents.atomic_write import write_file
from runsettings.recorded.columns import columns_of, package, to_arrow
from runsettings.recorded.csv_files import as_text, write_csv

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

STEP_COLUMNS: Final = ("_step", "_timestamp")
"""What every row has: the step, and the time in seconds since 1970."""

Row = dict[str, Any]
"""A row by dotted key."""


class RunHistory:
    """The rows of a run, one for each step.

    Iterating reads them again each time, one after the other, so that a long run needs little
    memory and a running run shows what it has logged meanwhile::

        for row in run.history:
            print(row["_step"], row.get("loss"))

    Args:
        read: Returns an iterator over all rows; keys are dotted.
        keys: The keys of the rows to have; ``None`` for all.
    """

    def __init__(
        self, read: Callable[[], Iterator[Row]], keys: tuple[str, ...] | None = None
    ) -> None:
        self._read = read
        self._keys = keys

    def select(self, *keys: str) -> RunHistory:
        """Select the rows that have at least one of some keys, with these keys alone.

        Args:
            keys: Dotted keys, such as ``loss`` and ``val.acc``.

        Returns:
            A history. Its rows have ``_step`` and ``_timestamp`` as well.
        """
        return RunHistory(self._read, keys)

    def __iter__(self) -> Iterator[Row]:
        """Read the rows.

        Yields:
            The logged values by dotted key, with ``_step``, and with ``_timestamp`` in seconds
            since 1970. A value that is no number or text is as JSON has it.

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
        """The keys of the columns of a table: the selected ones, or else all that are found.

        Finding them reads all rows. ``_step`` and ``_timestamp`` come first.
        """
        if self._keys is not None:
            found = dict.fromkeys(self._keys)
        else:
            found = {key: None for row in self._read() for key in row}
        return list(dict.fromkeys([*STEP_COLUMNS, *found]))

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Write the rows as a CSV file with a line of headings, in the form of `runs export`.

        The rows are read twice, and never held in memory.

        Args:
            path: The file, which has all rows or stays as it was.

        Raises:
            OSError: The file cannot be written.
            RunError: The journal or the store cannot be read.
        """
        keys = self.keys

        def write(file: BinaryIO) -> None:
            with as_text(file) as text:
                write_csv(text, keys, ([row.get(key) for key in keys] for row in self))

        write_file(Path(path), write, durable=False)

    def to_arrow(self) -> pa.Table:
        """The rows as an Arrow table; a missing value is null.

        A column of numbers has 64 bits. A column with values of several kinds has their JSON.

        Raises:
            RunError: pyarrow is not installed, or the rows cannot be read.
        """
        return to_arrow(self)

    def to_pandas(self) -> pd.DataFrame:
        """The rows as a pandas data frame; a missing value is NaN or None.

        Raises:
            RunError: pandas is not installed, or the rows cannot be read.
        """
        pandas: Any = package("pandas", "RunHistory.to_pandas()", extra=None)
        return pandas.DataFrame(columns_of(self))
