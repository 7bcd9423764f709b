"""Changes one key of an INI text and leaves every other character as it is."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from runsettings.documents.ini import Entry, Stray, scan, split_lines

_CONTINUED = "    "
"""The indentation of a value's further lines, added to the indentation of its key."""


def set_value(text: str, section: str, key: str, value: str) -> str:
    """Set a key; comments, order, blank lines, line breaks and other keys stay.

    An existing key keeps its line and its spelling; if it is set twice, one remains.
    A new key is added at the end of its section, a new section at the end of the text.

    Args:
        text: The whole text.
        section: The section's name, as it is written.
        key: The key, in whatever case.
        value: The value; it may have several lines.

    Returns:
        The text with the value set.

    Raises:
        ValueError: INI cannot hold this section, key or value: neither the value nor a line of it
            may begin or end with space, and no further line may look like a comment.
    """
    lines = split_lines(text)
    newline = _newline(lines)
    entries = list(scan(lines))
    same = _same(entries, section, key)
    if same:
        *doubles, last = same
        line = lines[last.line]
        start = line[: last.start] if last.parts[0] else line.rstrip() + " "
        _replace(lines, last, _written(start, value, last.indent, newline))
        for double in reversed(doubles):
            _replace(lines, double, [])
    else:
        at, indent, header = _room(entries, section, lines)
        _end_line(lines, at, newline)
        new = _written(f"{' ' * indent}{key} = ", value, indent, newline)
        if header:
            new = [*([newline] if lines else []), f"[{section}]{newline}", *new]
        lines[at:at] = new
    changed = "".join(lines)
    _check(text, changed, section, key, value)
    return changed


def remove_value(text: str, section: str, key: str) -> str:
    """Remove a key, each time that its section sets it; everything else stays, also comments.

    Args:
        text: The whole text.
        section: The section's name, as it is written.
        key: The key, in whatever case.

    Returns:
        The text without the key; the same text if it was not there.

    Raises:
        ValueError: Without the line of the key, the lines after it would mean something else.
    """
    lines = split_lines(text)
    for entry in reversed(_same(list(scan(lines)), section, key)):
        _replace(lines, entry, [])
    changed = "".join(lines)
    _check(text, changed, section, key, None)
    return changed


def _same(entries: list[Entry | Stray], section: str, key: str) -> list[Entry]:
    return [
        entry
        for entry in entries
        if isinstance(entry, Entry) and entry.section == section and entry.key == key.lower()
    ]


def _room(entries: list[Entry | Stray], section: str, lines: list[str]) -> tuple[int, int, bool]:
    """Where to add a new key: the line, its indentation, and whether a header must come first.

    A key that is indented deeper than the key before it would be a further line of that key's
    value. If it is indented less than the line after it, that line would continue its value.
    """
    found: tuple[int, int, bool] | None = None
    for entry, after in pairwise([*entries, None]):
        if isinstance(entry, Entry) and entry.section == section:
            if entry.key is None:
                found = entry.line + 1, after.indent if after is not None else 0, False
            else:
                found = entry.lines[-1] + 1, entry.indent, False
    return found or (len(lines), 0, True)


def _written(start: str, value: str, indent: int, newline: str) -> list[str]:
    first, *others = value.split("\n")
    written = [(start + first).rstrip() if not first else start + first]
    written += [" " * indent + _CONTINUED + other if other else "" for other in others]
    return [line + newline for line in written]


def _replace(lines: list[str], entry: Entry, new: list[str]) -> None:
    """Replace the lines of an entry by ``new``; comments between its lines stay, after them."""
    end = entry.lines[-1] + 1
    kept = [line for line in lines[entry.line : end] if line.lstrip().startswith(("#", ";"))]
    lines[entry.line : end] = [*new, *kept]


def _newline(lines: list[str]) -> str:
    counted = Counter(line[len(line.rstrip("\r\n")) :] for line in lines)
    del counted[""]
    return counted.most_common(1)[0][0] if counted else "\n"


def _end_line(lines: list[str], at: int, newline: str) -> None:
    if at and not lines[at - 1].endswith(("\r", "\n")):
        lines[at - 1] += newline


def _values(text: str) -> dict[tuple[str, str], str]:
    return {
        (entry.section, entry.key): entry.value
        for entry in list(scan(split_lines(text)))
        if isinstance(entry, Entry) and entry.key is not None
    }


def _check(before: str, after: str, section: str, key: str, value: str | None) -> None:
    """Check that the changed text has the new value and the old values of all other keys.

    Raises:
        ValueError: It has not.
    """
    expected = _values(before)
    expected.pop((section, key.lower()), None)
    if value is not None:
        expected[section, key.lower()] = value
    if _values(after) == expected:
        return
    if value is None:
        raise ValueError(f"the lines after {key!r} need it where it is; edit the file by hand")
    # The value may be secret: the message must not repeat it.
    raise ValueError(f"an INI file cannot hold this value of {key!r}{_why_not(value)}")


def _why_not(value: str) -> str:
    """Why an INI file cannot hold a value; an empty string if the reason is not known."""
    first, *others = value.split("\n")
    if value != value.strip():
        return ": space at its beginning or end would be lost"
    if any(line != line.strip() for line in (first, *others)):
        return ": space at the beginning or end of its lines would be lost"
    if any(line.startswith(("#", ";")) for line in others):
        return ": one of its further lines would be a comment"
    return ""
