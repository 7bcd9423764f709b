"""Keys of a file that are not strings, such as ``0`` and ``true`` in YAML."""

from __future__ import annotations

from typing import Any

from runsettings.runconfig.inputs.json_values import key_as_text, text_key
from runsettings.values.directives import Append, Replace
from runsettings.values.json_trees import SCALARS
from runsettings.values.positions import Branch, SequenceMarks


def all_strings(node: Any) -> bool:
    """Whether all keys at any depth are strings."""
    if isinstance(node, dict):
        try:
            "\n".join(node)  # much faster than testing each key of a large file
        except TypeError:
            return False
        node = list(node.values())
    if isinstance(node, list):
        for item in node:  # noqa: SIM110 - a generator is a call more for each container
            if item.__class__ not in SCALARS and not all_strings(item):
                return False
        return True
    if isinstance(node, Replace):
        return all_strings(node.value)
    return all_strings(node.items) if isinstance(node, Append) else True


def with_text_keys(marks: Any) -> Any:
    """Copy the marks of a file's values, with keys as text."""
    if isinstance(marks, dict):
        renamed = Branch(getattr(marks, "here", None))
        for key, mark in marks.items():
            text = text_key(key)
            renamed[key_as_text(key) if text is None else text] = with_text_keys(mark)
        return renamed
    if isinstance(marks, list):
        items = SequenceMarks(getattr(marks, "here", None))
        items.extend(map(with_text_keys, marks))
        return items
    return marks
