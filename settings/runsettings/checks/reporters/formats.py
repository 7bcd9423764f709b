"""The formats of a report, by name. A new format is one module in this room and one line here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Final, NamedTuple

from runsettings.values.diagnostic import Diagnostic

Reporter = Callable[[Sequence[Diagnostic], Sequence[str]], str]
"""Makes a text of what was found and the names of what was looked at."""


class ReportFormat(NamedTuple):
    """One format of a report."""

    module: str
    """The module of this room whose function ``report`` writes it."""
    suffix: str | None
    """The suffix of a file that is meant for it, such as ``.sarif``."""

    def reporter(self) -> Reporter:
        """The function that writes it; its module is loaded now."""
        module = import_module(f"runsettings.checks.reporters.{self.module}")
        report: Reporter = module.report
        return report


REPORT_FORMATS: Final = {
    "text": ReportFormat("text", ".txt"),
    "json": ReportFormat("json", ".json"),
    "github": ReportFormat("github", None),
    "sarif": ReportFormat("sarif", ".sarif"),
    "junit": ReportFormat("junit", ".xml"),
}
