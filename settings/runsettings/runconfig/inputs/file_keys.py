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
        # Neither many keys nor many values are tested in a loop, which is slower.
        try:
            "".join(node)
        except TypeError:
            return False
        if SCALARS.issuperset(map(type, node.values())):
            return True
        node = node.values()
    elif isinstance(node, Replace):
        return all_strings(node.value)
    elif isinstance(node, Append):
        node = node.items
    elif not isinstance(node, list):
        return True
    return all(all_strings(item) for item in node if type(item) not in SCALARS)


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
