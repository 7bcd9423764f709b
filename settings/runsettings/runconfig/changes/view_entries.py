"""The entries of the dicts that views are, kept up to date with the data of the config."""

from __future__ import annotations

from typing import Any, Protocol

from runsettings.values.json_trees import copy_tree
from runsettings.values.key_paths import MISSING, KeyPath, value_at


class View(Protocol):
    """A dict that shows a mapping of the config."""

    def _show(self, entries: dict[str, Any]) -> None: ...

    def _show_key(self, key: str, value: Any) -> None: ...


class ViewEntries:
    """A copy of a config's data, for code that reads a dict without calling its methods.

    A program may change the copy: ``dict(config)`` contains its nested values. The caller holds
    the config's lock.

    Args:
        data: The first value of the attribute.

    Attributes:
        data: The data of the config.
        views: Each view, by the path of its mapping.
    """

    def __init__(self, data: dict[str, Any]) -> None:
        self.data = data
        self._copy: dict[str, Any] = copy_tree(data)
        self.views: dict[KeyPath, View] = {}

    def add(self, path: KeyPath, view: View) -> None:
        """Keep ``view`` up to date from now on.

        Args:
            path: The path of its mapping.
            view: The view.
        """
        self.views[path] = view
        entries = value_at(self._copy, path)
        view._show(entries if isinstance(entries, dict) else {})

    def put(self, path: KeyPath, value: Any) -> None:
        """Show a new value.

        Args:
            path: The path of the value.
            value: The new value; `MISSING` if the key was removed.
        """
        parent = value_at(self._copy, path[:-1])
        if not isinstance(parent, dict):  # a program changed the copy
            path = path[:1]
            parent, value = self._copy, value_at(self.data, path)
        old, new = parent.get(path[-1]), copy_tree(value)
        if value is MISSING:
            parent.pop(path[-1], None)
        else:
            parent[path[-1]] = new
        if (view := self.views.get(path[:-1])) is not None:
            view._show_key(str(path[-1]), new)
        if isinstance(old, (dict, list)) or isinstance(new, (dict, list)):
            for at, view in list(self.views.items()):
                if at[: len(path)] == path:
                    self.add(at, view)
