"""The formats of a report, by name."""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
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


REPORTERS: Final[dict[ReportFormat, Reporter]] = {
    ReportFormat.TEXT: text.report,
    ReportFormat.JSON: json.report,
    ReportFormat.GITHUB: github.report,
    ReportFormat.SARIF: sarif.report,
    ReportFormat.JUNIT: junit.report,
}
