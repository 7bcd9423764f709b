"""The shipper: sends the part of one run's journal that a store does not have yet."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final, NamedTuple

from runsettings.journal.reader import parse
from runsettings.journal.records import State
from runsettings.journal.replay import StoredRun
from runsettings.shipping.batches import BYTES, Batch, read_batch, read_identity, tail_digest
from runsettings.shipping.saved_files import LARGEST_FILE, open_saved, read_parts
from runsettings.shipping.stores.base import Destination, Store
from runsettings.values.diagnostic import Rule
from runsettings.values.errors import RunError

_MERGE_AFTER: Final = 100
"""The number of batches after which the small chunks of a run in the store are merged."""


class Shipped(NamedTuple):
    """The result of `Shipper.ship`."""

    run: StoredRun
    """The run as the store has it now."""
    bytes: int
    """The number of bytes of the journal that were shipped."""


class Shipper:
    """Ships one journal. Each call ships the records that were added since the last one.

    Any number of shippers may ship one journal at the same time, because a batch is committed
    only if it begins at the position that the store has.

    Args:
        store: The store.
        journal: The path of the journal.
        most: The number of bytes after which a batch ends.
        largest: The size in bytes of the largest saved file that is shipped.
    """

    def __init__(
        self,
        store: Destination,
        journal: Path | str,
        most: int = BYTES,
        largest: int = LARGEST_FILE,
    ) -> None:
        self.store = store
        self.most = most
        self.largest = largest
        # Absolute, because programs in other directories read this path from the store.
        self.journal = str(Path(journal).absolute())
        self.alive: Callable[[], bool] | None = None
        """Whether the process that records the run is alive; by default, the lock is checked."""
        self.position = 0
        """The byte offset in the journal up to which all records were shipped."""
        self.files: dict[str, int] = {}
        """The saved files to ship, each with the byte offset of its record in the journal."""
        self.left_out: list[str] = []
        """A message for each saved file that was not shipped."""
        self._key = -1
        self._batches = 0
        self._run: StoredRun | None = None
        self._ahead: Future[Batch | None] | None = None
        """The next batch, if it was read while the last one was committed."""

    def ship(
        self, tell: Callable[[int], None] = lambda _bytes: None, promise: float | None = None
    ) -> Shipped | None:
        """Ship all records and files that the store does not have yet.

        Args:
            tell: Called after each batch with its number of bytes.
            promise: As for `Store.check_in`.

        Returns:
            What was shipped; ``None`` if the journal does not have the identity of its run yet.

        Raises:
            OSError: The journal cannot be read.
            RunError: The store failed, or the journal differs from what was shipped.
        """
        shipped = 0
        while (count := self.ship_batch(promise)) is not None:
            shipped += count
            tell(count)
        self.ship_files()
        if shipped:
            self.complete()
        return None if self._run is None else Shipped(self._run, shipped)

    def ship_batch(self, promise: float | None = None) -> int | None:
        """Ship the next batch of the journal.

        Args:
            promise: As for `Store.check_in`.

        Returns:
            The number of bytes; 0 if another process has just shipped them; ``None`` if there is
            nothing to ship.

        Raises:
            OSError: The journal cannot be read.
            RunError: The store failed, or the journal differs from what was shipped.
        """
        run = self._run if self._run is not None else self._open()
        # The new state is kept only after a successful commit. After an error, it is unknown
        # whether the commit took effect, so the next call asks the store for the position.
        self._run, ahead, self._ahead = None, self._ahead, None
        if run is not None:
            self.position = run.position
        batch = None if ahead is None else ahead.result()
        if batch is None and run is not None:
            batch = read_batch(run, self.most)
        if batch is None:
            self._run = run
            return None
        batch.state = self._state(batch.run)
        if not self._commit(batch, promise):
            return 0
        self._run, self.position = batch.run, batch.end
        for event in batch.events:
            if event.type == "file" and isinstance(self.store, Store):
                path = str((parse(event.text.encode()) or {}).get("path"))
                self.files.pop(path, None)
                self.files[path] = event.position
        self._batches += 1
        if self._batches % _MERGE_AFTER == 0:
            self.store.merge(self._key, _MERGE_AFTER // 2)
        return batch.end - batch.start

    def _commit(self, batch: Batch, promise: float | None) -> bool:
        """Commit a batch. If it is full, the next one is read while the store works.

        Returns:
            As for `Store.commit`.
        """
        if batch.end - batch.start < self.most:
            return self.store.commit(self._key, batch, promise)
        run = copy.deepcopy(batch.run)  # reading changes it, and the commit stores it
        with ThreadPoolExecutor(1) as reader:
            ahead = reader.submit(read_batch, run, self.most)
            committed = self.store.commit(self._key, batch, promise)
        self._ahead = ahead if committed else None
        return committed

    def ship_files(self) -> None:
        """Ship the saved files whose records were shipped; skip files that are too large.

        Raises:
            RunError: The store failed.
        """
        while self.files and isinstance(self.store, Store):
            path, position = next(iter(self.files.items()))
            reason = None
            try:
                with open_saved(self.journal, path) as file:
                    size = os.fstat(file.fileno()).st_size
                    parts = read_parts(file, size) if size <= self.largest else ()
                    if size > self.largest:
                        reason = f"({size:,} bytes) is larger than store_file_limit"
                    self.store.put_file(self._key, position, path, size, parts)
            except OSError as error:  # also while it is read
                reason = f"cannot be read: {error.strerror or error}"
                self.store.put_file(self._key, position, path, 0, ())
            if reason is not None:
                self.left_out.append(f"{path} {reason}")
            del self.files[path]

    def check_in(self, promise: float | None = None) -> None:
        """Record the state of the run in the store.

        Args:
            promise: As for `Store.check_in`.

        Raises:
            RunError: The store failed.
        """
        if self._run is not None:
            self.store.check_in(self._key, self._state(self._run), promise)

    def complete(self) -> None:
        """Wait until everything has arrived; merge the run's small chunks if it has ended.

        Raises:
            RunError: The store failed.
        """
        if self._run is not None:
            self.store.flush(self._key)
        if self.has_ended:
            self.store.merge(self._key)

    @property
    def refused_rows(self) -> str | None:
        """A message about rows that the destination does not take; ``None`` if there are none."""
        return self.store.refused_rows(self._key)

    @property
    def run(self) -> StoredRun | None:
        """The run at the position; ``None`` before the first batch."""
        return self._run

    @property
    def has_ended(self) -> bool:
        """Whether the end of the run was shipped."""
        return self._run is not None and self._run.exit is not None

    def _state(self, run: StoredRun) -> State:
        if run.exit is not None or self.alive is None:
            return run.state
        return "running" if self.alive() else "crashed"

    def _open(self) -> StoredRun | None:
        """The run as the store has it."""
        identity = read_identity(self.journal)
        if identity is None:
            return None
        committed = self.store.open_run(identity, self.journal)
        if committed.removed:
            raise self._refused("was removed from the store, which does not take it again")
        self._key = committed.key
        if isinstance(self.store, Store):
            self.files = self.store.files_to_ship(committed.key)
        position = committed.position
        if position and tail_digest(self.journal, position) != committed.tail:
            raise self._refused("is not what was shipped: its journal was changed or replaced")
        if committed.state is not None:
            try:
                return StoredRun.from_json({**committed.state, "journal": self.journal})
            except (ValueError, TypeError):
                pass  # another version stored other members; the journal has them all
        run = StoredRun(self.journal)
        if position:
            read_batch(run, position)
        return run

    def _refused(self, reason: str) -> RunError:
        message = f"the run of {self.journal} {reason}; nothing was shipped"
        return RunError.of(Rule.BAD_STORE, message, path=("store",))
