"""Finds in the client's messages and in its log what it did not upload; it raises no error."""

from __future__ import annotations

import os

import wandb

from runsettings.journal.reader import open_regular


class Messages:
    """Collects the messages of the client, so that it does not print them."""

    def __init__(self) -> None:
        self._texts: list[str] = []

    def listen(self) -> None:
        """Start to collect messages, and drop the earlier ones."""
        self._texts.clear()
        silent = wandb.Settings(silent=True)
        wandb.setup(silent)
        wandb.termsetup(silent, self)

    def info(self, text: str) -> None:
        """Ignore a message."""

    def warning(self, text: str) -> None:
        """Take a warning."""
        self._texts.append(text)

    error = warning

    @property
    def report_loss(self) -> bool:
        """Whether a message reports data that was not uploaded; the client has no other report."""
        return any("not be synced" in text for text in self._texts)


def has_failed_uploads(log: str) -> bool:
    """Whether the client's log reports an upload that it gave up; it has no other report.

    Args:
        log: The path of the log.
    """
    try:
        with os.fdopen(open_regular(log), "rb") as lines:
            return any(
                b"failed to upload" in line
                or b"runfiles: CreateRunFiles" in line
                or (b'"level":"ERROR"' in line and b'"task":' in line)
                for line in lines
            )
    except OSError:
        return False
