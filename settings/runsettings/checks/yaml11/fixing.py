"""Rewrites the scalars that YAML 1.1 tools read differently, and nothing else of a file."""

from __future__ import annotations

import difflib
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from runsettings.checks.rule_selection import is_suppressed_on
from runsettings.checks.yaml11.ambiguous_scalars import for_both, hazardous_tokens
from runsettings.documents.files import Format, read_bytes, read_text
from runsettings.resolution.secrets import mask
from runsettings.runconfig.changes.equality import same_value
from runsettings.values.diagnostic import Diagnostic, Rule, Severity
from runsettings.values.excerpts import line_of
from runsettings.values.origin import Layer, Origin

_BOM = "\ufeff"


@dataclass(frozen=True, slots=True)
class Fix:
    """What fixing one file came to.

    Attributes:
        where: The file as the person would name it.
        before: Its text.
        after: The text that every YAML tool reads alike.
        count: How many scalars were rewritten.
    """

    where: str
    before: str
    after: str
    count: int

    def masked(self, secrets: Iterable[str]) -> Fix:
        """The same for showing: a difference is surrounded by lines that may hold a secret."""
        known = frozenset(secrets)
        return replace(self, before=mask(self.before, known), after=mask(self.after, known))

    def diff(self) -> str:
        """The change as a unified diff."""
        lines = difflib.unified_diff(
            self.before.splitlines(keepends=True),
            self.after.splitlines(keepends=True),
            self.where,
            self.where,
        )
        return "".join(
            line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
            for line in lines
        )


def fix_text(text: str) -> tuple[str, int]:
    """The text with every hazardous scalar written so that YAML 1.1 and 1.2 agree.

    Comments, layout, line breaks and all other scalars stay as they are, and so does every
    value as it is read here. Fixing a second time changes nothing. Lines whose comment turns
    the rule off are left alone.

    Returns:
        The text, and how many scalars were rewritten.
    """
    pieces: list[str] = []
    end = count = 0
    for token in hazardous_tokens(text):
        # A token may begin with a tag or an anchor; what is rewritten is its last part.
        start = token.end_index - len(token.text)
        if text[start : token.end_index] != token.text:
            continue  # written over several lines, which no hazard is; never guess
        if is_suppressed_on(line_of(text, token.line), Rule.YAML_SCALAR):
            continue
        pieces += [text[end:start], for_both(token.text)]
        end = token.end_index
        count += 1
    return "".join([*pieces, text[end:]]), count


def fix_file(path: Path, where: str, *, write: bool = True) -> tuple[Fix | None, list[Diagnostic]]:
    """Fix a YAML file in place.

    Args:
        path: The file; where it is a link, what it leads to is rewritten.
        where: Its name in reports.
        write: Whether to write it, or only to tell what would be written.

    Returns:
        The change, or ``None`` if there is none; and why it could not be made.
    """
    text, faults = read_bytes(path, Layer.FILE, where=where)
    if text is None:
        return None, list(faults)
    after, count = fix_text(text)
    if not count:
        return None, []
    old, new = (read_text(each, Layer.FILE, where, Format.YAML) for each in (text, after))
    if any(fault.rule is Rule.SYNTAX for fault in old.diagnostics):
        return None, []  # its scalars cannot be told; checking it tells why
    if not same_value(old.tree.data, new.tree.data):
        message = "was not fixed: a value would have changed with it"
        return None, [_fault(Rule.YAML_SCALAR, message, where)]
    fix = Fix(where, text, after, count)
    if write:
        try:
            _replace(path, after)
        except OSError as error:
            message = f"cannot be written: {error.strerror or error}"
            return None, [_fault(Rule.UNWRITABLE_FILE, message, where)]
    return fix, []


def _fault(rule: Rule, message: str, where: str) -> Diagnostic:
    return Diagnostic(rule, Severity.ERROR, (), message, Origin(Layer.FILE, where))


def _replace(path: Path, text: str) -> None:
    """Write the file as a whole or not at all, with its permissions and byte order mark."""
    target = path.resolve()
    with target.open("rb") as file:
        mark = _BOM if file.read(3) == _BOM.encode() else ""
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write((mark + text).encode())
        Path(name).chmod(target.stat().st_mode & 0o7777)
        Path(name).replace(target)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
