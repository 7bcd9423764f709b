"""Turns diagnostics and explanations into plain text, for exceptions, logs and terminals.

The command line adds colours to it.
"""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from runsettings.values.diagnostic import Diagnostic, Excerpt, Rule, Severity
from runsettings.values.directives import Delete
from runsettings.values.origin import Layer

if TYPE_CHECKING:
    from runsettings.values.tree import Leaf

LONGEST_SHOWN: Final = 80
"""Characters of a value that messages show; of a longer value they show both ends."""

_LONGEST_LINE: Final = 160
"""Characters of a source line that are shown: a line of a minified file can be very long."""

_shorten = reprlib.Repr()
_shorten.maxstring = _shorten.maxother = LONGEST_SHOWN
_shorten.maxlist = _shorten.maxtuple = _shorten.maxset = _shorten.maxdict = 6

_LAYER_WIDTH: Final = max(len(layer.label) for layer in Layer) + 2
_PLACE_WIDTH: Final = 31


def render_problems(diagnostics: Sequence[Diagnostic], subject: str) -> str:
    """All diagnostics under one heading, which counts the errors, or all if there are no errors.

    Args:
        diagnostics: What is wrong.
        subject: What it is about: ``settings``, ``train.yaml``, ``run config``.
    """
    errors = sum(1 for diagnostic in diagnostics if diagnostic.is_error)
    notes = all(diagnostic.severity is Severity.NOTE for diagnostic in diagnostics)
    noun = "problem" if errors else "note" if notes else "warning"
    count = errors or len(diagnostics)
    heading = f"{counted(count, noun)} in {subject}"
    blocks = [_indent(render(diagnostic)) for diagnostic in diagnostics]
    return "\n\n".join([heading, *blocks])


def render(diagnostic: Diagnostic) -> str:
    """One diagnostic on several lines: the sentence, the origin, the excerpt, what it beat."""
    lines = [headline(diagnostic)]
    if diagnostic.origin is not None:
        lines.append(f"  {printable(diagnostic.origin.place)}")
    if diagnostic.excerpt is not None:
        lines.extend(_excerpt(diagnostic.excerpt))
    for origin, excerpt in diagnostic.related:
        lines.append(f"  {printable(str(origin))}")
        if excerpt is not None:
            lines.extend(_excerpt(excerpt))
    lines.extend(
        f"  over  {printable(str(beaten.origin))} = {printable(beaten.shown)}"
        for beaten in diagnostic.over
    )
    return "\n".join(lines)


def headline(diagnostic: Diagnostic) -> str:
    """The diagnostic's sentence: key, message and advice, on one line."""
    text = diagnostic.message
    if diagnostic.path and diagnostic.rule is not Rule.ENVIRONMENT_CHANGED:
        # The message about a change begins with its environment, and then names the key.
        # "base_url is locked by …" is a sentence; "mode: must be one of …" names its subject.
        separator = " " if text.startswith(("is ", "changed: ")) else ": "
        text = f"{diagnostic.key}{separator}{text}"
    if diagnostic.severity is not Severity.ERROR:
        text = f"{diagnostic.severity}: {text}"
    return printable(with_hint(text, diagnostic.hint))


def with_hint(message: str, hint: str | None) -> str:
    """A message, followed by the hint if there is one."""
    return f"{message} — {hint}" if hint else message


def counted(count: int, noun: str) -> str:
    """A number with its noun: ``1 file``, ``2,000 files``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def shown(value: Any) -> str:
    """A value on one line as Python writes it; of a long value, both ends or the first items."""
    return _shorten.repr(value)


def printable(text: str) -> str:
    """Text with control characters escaped, so that no value can forge lines or colours."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii")
        for char in text
    )


def explain_history(
    name: str, shown: str, leaves: Sequence[Leaf], show: Callable[[Any], str] = repr
) -> str:
    """The value of ``name`` with its history, one line for each source.

    Args:
        name: The key as a person writes it: ``optim.lr``.
        shown: The winning value, as text.
        leaves: The history, winner first.
        show: Turns a leaf's value into text, with secrets masked.
    """
    lines = [f"{name} = {shown}"]
    places = [printable(leaf.origin.place) for leaf in leaves]
    width = max([_PLACE_WIDTH, *(len(place) + 2 for place in places)])
    for index, (leaf, place) in enumerate(zip(leaves, places, strict=True)):
        mark = "▸" if index == 0 else " "
        value = "(removed)" if isinstance(leaf.value, Delete) else show(leaf.value)
        lines.append(f"  {mark} {leaf.origin.layer.label:<{_LAYER_WIDTH}}{place:<{width}}{value}")
    return "\n".join(lines)


def _excerpt(excerpt: Excerpt) -> list[str]:
    number = str(excerpt.line)
    start = max(excerpt.column - 1, 0)
    # Of a very long line, the part around the marked column is shown.
    offset = max(start - _LONGEST_LINE // 2, 0) if len(excerpt.text) > _LONGEST_LINE else 0
    shown = excerpt.text[offset : offset + _LONGEST_LINE]
    # One character for each character: otherwise the caret would point to the wrong column.
    shown = "".join(char if char.isprintable() else " " for char in shown)
    carets = "^" * max(min(excerpt.width, len(shown) - (start - offset)), 1)
    gutter = " " * len(number)
    return [f"    {number} │ {shown}", f"    {gutter} │ {' ' * (start - offset)}{carets}"]


def _indent(block: str) -> str:
    return "\n".join(f"  {line}" if line else line for line in block.splitlines())
