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
    counts = [each.severity for each in diagnostics]
    document = {
        "version": 1,
        "checked": list(checked),
        "errors": counts.count(Severity.ERROR),
        "warnings": counts.count(Severity.WARNING),
        "diagnostics": [_diagnostic(each) for each in diagnostics],
    }
    # As ASCII: half a surrogate in a file's name cannot be written otherwise.
    return json.dumps(document, indent=2) + "\n"


def _diagnostic(each: Diagnostic) -> dict[str, Any]:
    return {
        "rule": str(each.rule),
        "severity": str(each.severity),
        "key": each.key,
        "path": list(each.path),
        "message": each.message,
        "hint": each.hint,
        "file": file_of(each.origin),
        "line": each.line,
        "column": each.column,
        "end_column": end_column(each),
        "origin": None if each.origin is None else each.origin.to_json(),
        "over": [{**beaten.origin.to_json(), "shown": beaten.shown} for beaten in each.over],
        "related": [origin.to_json() for origin, _ in each.related],
    }
