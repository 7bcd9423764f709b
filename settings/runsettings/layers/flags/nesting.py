"""Turns flags with periods in their names, such as ``--optim.lr``, into nested mappings."""

from __future__ import annotations

from typing import Any

from runsettings.values.key_paths import put_at
from runsettings.values.positions import Branch
from runsettings.values.tree import Tree


def nested_trees(tree: Tree) -> list[Tree]:
    """The values of flags as nested trees, lowest precedence first.

    A flag for a whole mapping (``--optim``) is in a lower tree than a flag for a key in it
    (``--optim.lr``), in any order on the command line, so that merging keeps both. A ``None`` of
    a mapping is left out if there is a flag for a key in it.

    Args:
        tree: Values and marks by the names of the flags.
    """
    if not any("." in name for name in tree.data):
        return [tree]
    data: dict[int, dict[str, Any]] = {}
    marks: dict[int, Branch] = {}
    reached = {name[:end] for name in tree.data for end, char in enumerate(name) if char == "."}
    for name, value in tree.data.items():
        if value is None and name in reached:
            continue
        path = tuple(name.split("."))
        depth = len(path)
        put_at(data.setdefault(depth, {}), path, value)
        branch = marks.setdefault(depth, Branch())
        mark = (tree.marks or {}).get(name)
        for key in path[:-1]:
            branch = branch.setdefault(key, Branch(mark))  # the first flag stands for the whole
        branch[path[-1]] = mark
    return [tree.with_data(data[depth], marks[depth]) for depth in sorted(data)]
