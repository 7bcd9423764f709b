"""For CI servers: JUnit XML, a test case for each thing that was looked at."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from typing import Final

from runsettings.checks.reporters.positions import file_of
from runsettings.values.diagnostic import Diagnostic
from runsettings.values.rendering import headline, printable, render

_ILLEGAL: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 does not allow in a document, not even escaped."""


def report(diagnostics: Sequence[Diagnostic], checked: Sequence[str] = ()) -> str:
    """One suite; errors are failures, warnings and notes stand in a case's output."""
    cases: dict[str, list[Diagnostic]] = {name: [] for name in checked}
    for diagnostic in diagnostics:
        file = file_of(diagnostic.origin)
        name = file if file in cases else "settings"
        if file is not None and file not in cases and not checked:
            name = file
        cases.setdefault(name, []).append(diagnostic)
    failed = sum(any(diagnostic.is_error for diagnostic in found) for found in cases.values())
    counts = {"tests": str(len(cases)), "failures": str(failed), "errors": "0", "skipped": "0"}
    root = ET.Element("testsuites", counts)
    suite = ET.SubElement(root, "testsuite", {"name": "runsettings check", **counts})
    for name, found in cases.items():
        _add_case(suite, name, found)
    ET.indent(root)
    # Asked for text, it would declare the encoding of this machine's locale.
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return document.decode() + "\n"


def _add_case(suite: ET.Element, name: str, found: Sequence[Diagnostic]) -> None:
    shown = _legal(printable(name))
    case = ET.SubElement(suite, "testcase", {"classname": "runsettings", "name": shown})
    errors = [diagnostic for diagnostic in found if diagnostic.is_error]
    if errors:
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        failure = ET.SubElement(
            case,
            "failure",
            {"type": str(errors[0].rule), "message": _legal(headline(errors[0]) + more)},
        )
        failure.text = _legal("\n\n".join(map(render, errors)))
    others = [diagnostic for diagnostic in found if not diagnostic.is_error]
    if others:
        output = ET.SubElement(case, "system-out")
        output.text = _legal("\n\n".join(map(render, others)))


def _legal(text: str) -> str:
    return _ILLEGAL.sub("", text)
