"""Callbacks that run for each accepted change, such as that of a run's journal."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from runsettings.runconfig.changes.change import Change, Observer


class Observers:
    """The observers of one config. The caller holds the config's lock."""

    def __init__(self) -> None:
        self._observers: list[Observer] = []
        self._waiting: deque[Change] = deque()
        self._is_announcing = False

    def add(self, observer: Observer) -> None:
        """Call ``observer`` for each change from now on, after the earlier observers."""
        self._observers.append(observer)

    def remove(self, observer: Observer) -> None:
        """Do not call ``observer`` any more."""
        if observer in self._observers:
            self._observers.remove(observer)

    def announce(self, changes: Iterable[Change]) -> None:
        """Call every observer for each change, in the order of the changes.

        If an observer changes the config, all observers are called for the current change first.
        If an observer raises, the others are called all the same.

        Raises:
            Exception: The first exception of an observer, after all calls.
        """
        self._waiting.extend(changes)
        if self._is_announcing:
            return
        raised: Exception | None = None
        self._is_announcing = True
        try:
            while self._waiting:
                change = self._waiting.popleft()
                for observer in list(self._observers):
                    try:
                        observer(change)
                    except Exception as error:  # noqa: BLE001 - raised below
                        raised = raised or error
        finally:
            self._is_announcing = False
        if raised is not None:
            raise raised
