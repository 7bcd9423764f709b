"""The formats of a report, by name and by the files that they are written to."""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from pathlib import PurePath
from typing import Final

from runsettings.checks.reporters import github, json, junit, sarif, text
from runsettings.values.diagnostic import Diagnostic

Reporter = Callable[[Sequence[Diagnostic], Sequence[str]], str]


class ReportFormat(enum.StrEnum):
    """The formats of a report."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"
    SARIF = "sarif"
    JUNIT = "junit"

    @classmethod
    def of(cls, path: PurePath) -> ReportFormat | None:
        """The format that a file's name tells, or ``None``."""
        return _SUFFIXES.get(path.suffix.lower())


_SUFFIXES: Final = {
    ".txt": ReportFormat.TEXT,
    ".json": ReportFormat.JSON,
    ".sarif": ReportFormat.SARIF,
    ".xml": ReportFormat.JUNIT,
}

REPORTERS: Final[dict[ReportFormat, Reporter]] = {
    ReportFormat.TEXT: text.report,
    ReportFormat.JSON: json.report,
    ReportFormat.GITHUB: github.report,
    ReportFormat.SARIF: sarif.report,
    ReportFormat.JUNIT: junit.report,
}
