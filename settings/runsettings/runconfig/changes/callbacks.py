"""Those who hear of each accepted change, such as a run's journal."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from runsettings.runconfig.changes.change import Change, Observer


class Observers:
    """Observers of one config. Whoever calls holds the config's lock."""

    def __init__(self) -> None:
        self._observers: list[Observer] = []
        self._waiting: deque[Change] = deque()
        self._telling = False

    def add(self, observer: Observer) -> None:
        """From now on, tell ``observer``, after those that are here."""
        self._observers.append(observer)

    def remove(self, observer: Observer) -> None:
        """Tell ``observer`` nothing any more, if it is here."""
        if observer in self._observers:
            self._observers.remove(observer)

    def announce(self, changes: Iterable[Change]) -> None:
        """Tell everyone of each change, in the order in which the changes happened.

        An observer may change the config: that change is told when all have heard of the one
        before it. One that raises keeps no other from hearing.

        Raises:
            Exception: The first one that an observer raised, after everything was told.
        """
        self._waiting.extend(changes)
        if self._telling:
            return
        raised: Exception | None = None
        self._telling = True
        try:
            while self._waiting:
                change = self._waiting.popleft()
                for observer in list(self._observers):
                    try:
                        observer(change)
                    except Exception as error:  # noqa: BLE001 - raised below
                        raised = raised or error
        finally:
            self._telling = False
        if raised is not None:
            raise raised
