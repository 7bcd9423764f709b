"""What one watched parse has seen: which flag set which argument."""

from __future__ import annotations

import argparse
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from runsettings.layers.flags.parser_subclasses import SnapshotRecord

THREAD: Final = threading.local()
"""``record`` is this thread's watch. Another thread's plain parse is not recorded."""


class Record:
    """What one watched parse has seen.

    Args:
        namespace: The namespace that is written to. Its writes are watched from the first flag
            on: before it, argparse writes all defaults.
    """

    __slots__ = ("action", "converting", "flag", "given", "namespace", "strict", "words", "wrote")

    def __init__(self, namespace: argparse.Namespace) -> None:
        self.given: dict[str, str] = {}
        self.namespace = namespace
        self.action: argparse.Action | None = None
        self.flag = ""
        self.wrote = False
        self.converting = False
        self.strict = True
        self.words: list[str] | None = None

    def begin(self, action: argparse.Action, flag: str) -> None:
        """From here on, what is written is what this flag sets."""
        self.end()
        self.action, self.flag, self.wrote = action, flag, False
        if type(self.namespace) is RecordedNamespace:
            self.namespace.__class__ = _WatchedNamespace

    def end(self) -> None:
        """No flag is being acted on any more."""
        if self.action is None:
            return
        if not self.wrote:
            # It changed a value in place, or went around `setattr`.
            self.given[self.action.dest] = self.flag
        self.action = None

    def has(self, name: str, arguments: Mapping[str, Any]) -> bool:
        """Whether the argument is among those that the parser returned."""
        return name in arguments

    @contextmanager
    def inside(
        self, _parser: argparse.ArgumentParser, namespace: argparse.Namespace
    ) -> Iterator[None]:
        """A pass over words is made, of which an intermixed parse makes two."""
        if self.namespace is namespace:
            self.end()
        yield


class RecordedNamespace(argparse.Namespace):
    """The namespace that a watched parser writes to."""


class _WatchedNamespace(RecordedNamespace):
    """The same from the first flag on."""

    def __setattr__(self, name: str, value: Any) -> None:
        record: Record | None = getattr(THREAD, "record", None)
        if record is not None and record.action is not None:
            record.given[name] = record.flag
            record.wrote = True
        super().__setattr__(name, value)


@contextmanager
def own_words() -> Iterator[None]:
    """Let parsers of this thread say themselves what is wrong, as they do without us."""
    THREAD.plain = True
    try:
        yield
    finally:
        THREAD.plain = False


@contextmanager
def recording(record: Record | SnapshotRecord) -> Iterator[None]:
    """Let parsers of this thread report to the record."""
    outer = getattr(THREAD, "record", None)
    THREAD.record = record
    try:
        yield
    finally:
        # An action may run a parse of its own.
        THREAD.record = outer
