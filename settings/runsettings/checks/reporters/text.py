"""For people: every diagnostic with its place and line, under a heading that counts them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from runsettings.values.diagnostic import Diagnostic, Rule, Severity
from runsettings.values.rendering import counted, headline, printable, render_problems

ONE_LINERS: Final = frozenset({Rule.LOCK_DRIFT, Rule.ENVIRONMENT_CHANGED})
"""Rules whose sentence tells the place as well."""


def report(diagnostics: Sequence[Diagnostic], checked: Sequence[str] = ()) -> str:
    """The report, ending with a line break; one line if nothing was found."""
    lines = [_line(diagnostic) for diagnostic in diagnostics if diagnostic.rule in ONE_LINERS]
    others = [diagnostic for diagnostic in diagnostics if diagnostic.rule not in ONE_LINERS]
    # Notes at the end: they are no reason to look up.
    others.sort(key=lambda diagnostic: diagnostic.severity is Severity.NOTE)
    blocks = ["\n".join(lines)] if lines else []
    if others:
        blocks.append(render_problems(others, _subject(checked)))
    elif not lines:
        blocks.append(f"no problems in {_subject(checked)}")
    return "\n\n".join(blocks) + "\n"


def _line(diagnostic: Diagnostic) -> str:
    if diagnostic.rule is Rule.ENVIRONMENT_CHANGED:
        return printable(diagnostic.message)
    return headline(diagnostic)


def _subject(checked: Sequence[str]) -> str:
    """``settings``, ``train.yaml`` or ``settings and 3 files``."""
    files = [name for name in checked if name != "settings"]
    parts = ["settings"] if len(files) < len(checked) else []
    if len(files) == 1:
        parts.append(printable(files[0]))
    elif files:
        parts.append(counted(len(files), "file"))
    return " and ".join(parts) or "nothing"
