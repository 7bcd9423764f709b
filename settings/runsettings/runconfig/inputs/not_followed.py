"""Notes about references in the syntax of other tools, which are plain data here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from runsettings.values.diagnostic import Diagnostic, Rule
from runsettings.values.excerpts import excerpt_of
from runsettings.values.key_paths import KeyPath, leaves_of
from runsettings.values.tree import Tree

_OTHER_FILES: Final = ("defaults", "_BASE_", "_base_", "include", "includes")
"""Top-level keys by which Hydra, Detectron2, MMEngine and others name files to read first."""

_REFERENCE: Final = re.compile(r"\$\{[^}]")
_VARIABLE: Final = re.compile(r"(?:^|(?<=[/:= ]))\$[A-Z_][A-Z0-9_]*(?=$|[/: ])")
_COMPOSED: Final = "of a composed file"


def not_followed(tree: Tree) -> list[Diagnostic]:
    """Notes about the values that another tool would have replaced.

    Args:
        tree: The values of a file.
    """
    found = []
    for key in _OTHER_FILES:
        if _names_files(tree.data.get(key)):
            message = "names other files; they are not read, and the key is kept as a value"
            hint = f"pass the files in a list, lowest first, or name them in `$use` {_COMPOSED}"
            found.append(_note(tree, (key,), message, hint, of_key=True))
    if tree.text is None or "$" not in tree.text:
        return found
    texts = [(path, text) for path, text in _texts(tree.data) if "$" in text]
    for paths, what, hint in (
        (
            [path for path, text in texts if _has_reference(text)],
            "a reference in ${…}",
            "write the value, compose the file, or pass what OmegaConf makes of it",
        ),
        (
            [path for path, text in texts if _VARIABLE.search(text)],
            "a variable, $NAME",
            f"write the value, or `${{env:NAME}}` {_COMPOSED}",
        ),
    ):
        if paths:
            more = f"; so are {len(paths) - 1} more in this file" if len(paths) > 1 else ""
            message = f"has {what}, which is kept as text{more}"
            found.append(_note(tree, paths[0], message, hint))
    return found


def _names_files(value: Any) -> bool:
    if isinstance(value, list):
        return bool(value) and all(item and isinstance(item, (str, dict)) for item in value)
    return isinstance(value, str) and bool(value)


def _has_reference(text: str) -> bool:
    """Whether a text has ``${…}``, in time linear in its length."""
    begun = _REFERENCE.search(text)
    return begun is not None and "}" in text[begun.end() :]


def _texts(data: dict[str, Any]) -> Iterator[tuple[KeyPath, str]]:
    for path, value in leaves_of(data):
        if isinstance(value, str):
            yield path, value
        elif isinstance(value, list):
            yield from _texts_of_list(value, path)


def _texts_of_list(items: list[Any], path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    for at, item in enumerate(items):
        for inner, text in _texts({at: item}):  # type: ignore[dict-item]
            yield (*path, *inner), text


def _note(
    tree: Tree, path: KeyPath, message: str, hint: str, *, of_key: bool = False
) -> Diagnostic:
    origin = tree.origin(path, key=of_key)
    excerpt = excerpt_of(tree, path, key=of_key)
    return Diagnostic.of(Rule.NOT_FOLLOWED, path, message, origin, hint, excerpt)
