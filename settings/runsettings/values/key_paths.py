"""Key paths, and how to read, set and list values by their paths in nested mappings and lists."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

from runsettings.values.directives import Replace

KeyPath: TypeAlias = tuple[str | int, ...]
"""Keys from the root to a value; integers are the indexes of list items."""


class _Missing:
    """The type of `MISSING`, which means "no value" where ``None`` is a value."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False

    def __reduce__(self) -> str:
        return "MISSING"


MISSING: Final = _Missing()

_WORD: Final = r"[A-Za-z_/][\w/@-]*"
_WORD_OF_TOML: Final = r"[A-Za-z0-9_-]+"
# Not compiled here: only hints need them, and every program imports this module.

_NO_TEXTS: Final = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
"""Words that YAML, of one version or the other, does not read as texts."""


def format_path(path: KeyPath) -> str:
    """``("optim", "lr")`` as ``optim.lr`` and ``("layers", 3, "size")`` as ``layers[3].size``."""
    text = ""
    for key in path:
        if isinstance(key, int):
            text += f"[{key}]"
        else:
            # A key may be no string, such as 1.5 in YAML: a diagnostic about it shows its path.
            text += f".{key}" if text else str(key)
    return text


def nested_text(path: Sequence[str], file: str = "") -> str:
    """Where to write a value whose keys were joined by periods: ``optim: {lr: …}``.

    Args:
        path: The keys.
        file: The file to write it in: a name that ends in ``.json`` or ``.toml``, or else YAML.
    """
    if file.endswith(".toml"):
        words = (k if re.fullmatch(_WORD_OF_TOML, k) else json.dumps(k) for k in path)
        return f"{'.'.join(words)} = …"
    text = "…"
    for at in range(len(path) - 1, -1, -1):
        word = re.fullmatch(_WORD, path[at]) and path[at].lower() not in _NO_TEXTS
        bare = word and not file.endswith(".json")
        text = f"{path[at] if bare else json.dumps(path[at])}: {text}"
        text = f"{{{text}}}" if at else text
    return text


def value_at(node: Any, path: KeyPath) -> Any:
    """The value at ``path`` in nested mappings and lists, or `MISSING`.

    Args:
        node: A mapping, a list or tuple, or a `Replace` of a mapping.
        path: Keys, and indexes that are not negative.
    """
    for key in path:
        if type(node) is dict:  # nearly always
            if key not in node:
                return MISSING
            node = node[key]
            continue
        if isinstance(node, Replace):
            node = node.value
        if isinstance(node, (dict, Mapping)):
            if key not in node:
                return MISSING
        elif not (
            isinstance(node, (list, tuple)) and isinstance(key, int) and 0 <= key < len(node)
        ):
            return MISSING
        node = node[key]
    return node


def put_at(node: dict[Any, Any], path: KeyPath, value: Any) -> None:
    """Set the value at ``path`` in nested dicts.

    Args:
        node: The outermost dict, which is changed.
        path: At least one key. What is not a dict on the way is replaced by an empty one.
        value: The new value.
    """
    for key in path[:-1]:
        inner = node.get(key)
        if not isinstance(inner, dict):
            inner = node[key] = {}
        node = inner
    node[path[-1]] = value


def leaves_of(node: Mapping[Any, Any], path: KeyPath = ()) -> Iterator[tuple[KeyPath, Any]]:
    """Every leaf below ``node`` with its path, in order.

    Lists and empty mappings are leaves, because a higher layer replaces them whole.

    Args:
        node: A mapping of nested dicts.
        path: The path of ``node``.
    """
    for key, value in node.items():
        here = (*path, key)
        inner = value.value if isinstance(value, Replace) else value
        if type(inner) is dict and inner:
            yield from leaves_of(inner, here)
        else:
            yield here, value
