"""W&B's form of a config file, ``files/config.yaml``: each value wrapped with a description.

::

    wandb_version: 1
    lr:
      desc: null
      value: 0.1

The client writes files with the header and files without. Its own entries are under ``_wandb``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from runsettings.documents.yaml.writing import yaml_text
from runsettings.values.diagnostic import Diagnostic, Rule, Severity
from runsettings.values.origin import Origin
from runsettings.values.positions import Branch
from runsettings.values.tree import Tree

VERSION_KEY: Final = "wandb_version"
OWN_KEY: Final = "_wandb"
_WRAPPING: Final = frozenset({"value", "desc"})


def has_wandb_form(data: Mapping[str, Any]) -> bool:
    """Whether all top-level values are wrapped, or the header says that they are.

    Keys that begin with an underscore are the client's and need not be wrapped.
    """
    if type(data.get(VERSION_KEY)) is int:
        return True
    wrapped = [value for key, value in data.items() if not str(key).startswith("_")]
    return bool(wrapped or data) and all(map(_is_wrapped, wrapped or data.values()))


def unwrap(tree: Tree) -> Tree:
    """The tree with its values unwrapped if it has W&B's form; otherwise the tree itself.

    Marks move with their values, so that each value keeps its line and column.
    """
    if not has_wandb_form(tree.data):
        return tree
    data: dict[str, Any] = {}
    marks = Branch(getattr(tree.marks, "here", None))
    for key, value in tree.data.items():
        if key == OWN_KEY or (key == VERSION_KEY and type(value) is int):
            continue
        mark = tree.marks.get(key) if tree.marks is not None else None
        if _is_wrapped(value):
            data[key] = value["value"]
            marks[key] = mark.get("value") if isinstance(mark, Mapping) else mark
        else:
            data[key] = value
            marks[key] = mark
    return tree.with_data(data, marks)


def write_config(config: Mapping[str, Any]) -> str:
    """A config as the text of a YAML file in W&B's form.

    It reads back as the same data in this library (YAML 1.2), in PyYAML and in the W&B client
    (YAML 1.1).

    Args:
        config: Plain JSON data, as ``Config.as_dict()`` returns it.
    """
    # If the config has a key with the header's name, the header would be a duplicate.
    header = {} if VERSION_KEY in config else {VERSION_KEY: 1}
    return yaml_text(
        header | {key: {"desc": None, "value": value} for key, value in config.items()}
    )


def own_key_diagnostic(origin: Origin, severity: Severity) -> Diagnostic:
    """The diagnostic about the key that the W&B client uses for itself.

    Args:
        origin: Where the key was set.
        severity: How much it matters.
    """
    message = "is the W&B client's own bookkeeping, and no part of a run config"
    return Diagnostic(Rule.MISPLACED_KEY, severity, (OWN_KEY,), message, origin)


def _is_wrapped(value: Any) -> bool:
    return isinstance(value, dict) and "value" in value and value.keys() <= _WRAPPING
