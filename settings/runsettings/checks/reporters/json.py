"""For programs: one JSON object."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from runsettings.checks.reporters.positions import end_column, file_of
from runsettings.values.diagnostic import Diagnostic, Severity


def report(diagnostics: Sequence[Diagnostic], checked: Sequence[str] = ()) -> str:
    """The report.

    ``{"version": 1, "checked": […], "errors": 2, "warnings": 0, "diagnostics": […]}``; members
    that are not known are ``null``. The version rises when a member changes its meaning.
    """
    counts = [fault.severity for fault in diagnostics]
    document = {
        "version": 1,
        "checked": list(checked),
        "errors": counts.count(Severity.ERROR),
        "warnings": counts.count(Severity.WARNING),
        "diagnostics": [_diagnostic(fault) for fault in diagnostics],
    }
    # As ASCII: half a surrogate in a file's name cannot be written otherwise.
    return json.dumps(document, indent=2) + "\n"


def _diagnostic(fault: Diagnostic) -> dict[str, Any]:
    return {
        "rule": str(fault.rule),
        "severity": str(fault.severity),
        "key": fault.key,
        "path": list(fault.path),
        "message": fault.message,
        "hint": fault.hint,
        "file": file_of(fault.origin),
        "line": fault.line,
        "column": fault.column,
        "end_column": end_column(fault),
        "origin": None if fault.origin is None else fault.origin.to_json(),
        "over": [{**beaten.origin.to_json(), "shown": beaten.shown} for beaten in fault.over],
        "related": [origin.to_json() for origin, _ in fault.related],
    }
