"""For code scanning: SARIF 2.1.0, the exchange format of static analysis.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any, Final
from urllib.parse import quote

from runsettings._version import __version__
from runsettings.checks.reporters.positions import end_column, file_of
from runsettings.values.diagnostic import Diagnostic, Rule, Severity
from runsettings.values.origin import Origin
from runsettings.values.rendering import headline, printable

_SCHEMA: Final = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_LEVELS: Final = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.NOTE: "note",
}


def report(diagnostics: Sequence[Diagnostic], checked: Sequence[str] = ()) -> str:
    """A SARIF log of one run."""
    rules = list(dict.fromkeys(diagnostic.rule for diagnostic in diagnostics))
    log = {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "runsettings",
                        "semanticVersion": __version__,
                        "rules": [_rule(rule) for rule in rules],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "artifacts": [
                    {"location": {"uri": _uri(name)}} for name in checked if name != "settings"
                ],
                "results": [
                    _result(diagnostic, rules.index(diagnostic.rule)) for diagnostic in diagnostics
                ],
            }
        ],
    }
    return json.dumps(log, indent=2) + "\n"


def _rule(rule: Rule) -> dict[str, Any]:
    return {"id": str(rule), "shortDescription": {"text": rule.meaning}}


def _result(diagnostic: Diagnostic, index: int) -> dict[str, Any]:
    message = headline(diagnostic)
    for prefix in ("warning: ", "note: "):
        message = message.removeprefix(prefix)
    result: dict[str, Any] = {
        "ruleId": str(diagnostic.rule),
        "ruleIndex": index,
        "level": _LEVELS[diagnostic.severity],
        "message": {"text": message},
    }
    if diagnostic.origin is not None:
        result["locations"] = [_location(diagnostic.origin, diagnostic)]
    related = [_location(origin) for origin, _ in diagnostic.related]
    related += [_location(beaten.origin) for beaten in diagnostic.over]
    if related:
        result["relatedLocations"] = related
    return result


def _location(origin: Origin, diagnostic: Diagnostic | None = None) -> dict[str, Any]:
    file = file_of(origin)
    if file is None:
        # A variable or a flag is no place in a file.
        return {"logicalLocations": [{"name": printable(str(origin)), "kind": origin.layer.label}]}
    physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(file)}}
    line = origin.line if diagnostic is None else diagnostic.line
    column = origin.column if diagnostic is None else diagnostic.column
    if line is not None:
        region: dict[str, Any] = {"startLine": line}
        if column is not None:
            region["startColumn"] = column
            end = end_column(diagnostic) if diagnostic is not None else None
            if end is not None:
                region["endColumn"] = end
        physical["region"] = region
    return {"physicalLocation": physical}


def _uri(file: str) -> str:
    """A path as a URI reference; whatever is not plain in a name is percent-encoded."""
    path = PurePath(file)
    text = quote(path.as_posix().encode(errors="surrogatepass"))
    if path.is_absolute():
        return f"file://{text}" if text.startswith("/") else f"file:///{text}"
    return text
