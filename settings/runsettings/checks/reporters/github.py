"""For GitHub Actions: workflow commands that annotate lines of a pull request.

Escapes as the runner undoes them: in a message ``%``, CR and LF, in a property also ``:`` and
``,``. https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import Final

from runsettings.checks.reporters.positions import end_column, file_of
from runsettings.values.diagnostic import Diagnostic, Severity
from runsettings.values.rendering import headline

_COMMANDS: Final = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.NOTE: "notice",
}


def report(diagnostics: Sequence[Diagnostic], checked: Sequence[str] = ()) -> str:
    """One command a line."""
    del checked  # a file without diagnostics needs no annotation
    return "".join(f"{_annotation(diagnostic)}\n" for diagnostic in diagnostics)


def _annotation(diagnostic: Diagnostic) -> str:
    file = file_of(diagnostic.origin)
    properties: list[tuple[str, object]] = []
    message = headline(diagnostic)
    for prefix in ("warning: ", "note: "):
        message = message.removeprefix(prefix)
    if file is not None:
        properties.append(("file", PurePath(file).as_posix()))
        if diagnostic.line is not None:
            properties.append(("line", diagnostic.line))
            if diagnostic.column is not None:
                properties.append(("col", diagnostic.column))
                end = end_column(diagnostic)
                if end is not None:
                    properties.append(("endColumn", end))
    elif diagnostic.origin is not None:
        message = f"{diagnostic.origin}: {message}"
    properties.append(("title", f"runsettings {diagnostic.rule}"))
    written = ",".join(f"{name}={_property(str(value))}" for name, value in properties)
    return f"::{_COMMANDS[diagnostic.severity]} {written}::{_message(message)}"


def _message(text: str) -> str:
    text = text.encode(errors="replace").decode()  # a name may hold what is no character
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
