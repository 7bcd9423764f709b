"""Rewrites the scalars that YAML 1.1 tools read differently, and nothing else of a file."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from runsettings.checks.rule_selection import is_suppressed_on
from runsettings.checks.yaml11.ambiguous_scalars import ambiguous_tokens, for_both
from runsettings.documents.atomic_write import rewrite
from runsettings.documents.files import Format, read_bytes, read_text
from runsettings.runconfig.inputs.wandb_form import has_wandb_form
from runsettings.secrets.masking import SecretMask
from runsettings.values.diagnostic import Diagnostic, Rule
from runsettings.values.errors import SettingsError
from runsettings.values.excerpts import line_of
from runsettings.values.json_trees import same_value
from runsettings.values.origin import Layer, Origin


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
        mask = SecretMask(secrets)
        return replace(self, before=mask.message(self.before), after=mask.message(self.after))

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
    """The text with every ambiguous scalar written so that YAML 1.1 and 1.2 agree.

    Comments, layout, line breaks and all other scalars stay as they are, and so does every
    value as it is read here. Fixing a second time changes nothing. Lines whose comment turns
    the rule off are left alone.

    Returns:
        The text, and how many scalars were rewritten.
    """
    pieces: list[str] = []
    end = count = 0
    for token in ambiguous_tokens(text):
        # A token may begin with a tag or an anchor; what is rewritten is its last part.
        start = token.end_index - len(token.text)
        if text[start : token.end_index] != token.text:
            continue  # written over several lines, which no ambiguous scalar is; never guess
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
    content = read_bytes(path, Layer.FILE, where=where)
    if content.text is None:
        return None, list(content.diagnostics)
    fix: Fix | None = None

    def edit(text: str) -> str:
        nonlocal fix
        fix = _fix(text, where)
        return text if fix is None else fix.after

    try:
        if write:
            rewrite(path, edit, layer=Layer.FILE, where=where)
        else:
            edit(content.text)
    except SettingsError as error:
        return None, list(error.diagnostics)
    return fix, []


def _fix(text: str, where: str) -> Fix | None:
    """The change that a text needs, if any.

    Raises:
        SettingsError: A value would change with it.
    """
    after, count = fix_text(text)
    if not count:
        return None
    old, new = (read_text(each, Layer.FILE, where, Format.YAML) for each in (text, after))
    if any(found.rule is Rule.SYNTAX for found in old.diagnostics):
        return None  # its scalars cannot be told; checking it tells why
    if has_wandb_form(old.tree.data):
        return None  # it is read by the rules of YAML 1.1 already
    if not same_value(old.tree.data, new.tree.data):
        message = "was not fixed: a value would have changed with it"
        raise SettingsError.of(Rule.YAML_SCALAR, message, origin=Origin(Layer.FILE, where))
    return Fix(where, text, after, count)
