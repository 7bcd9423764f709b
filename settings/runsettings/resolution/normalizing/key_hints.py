"""Hints for unknown keys: the place where a key belongs, and the keys that exist."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from pydantic import BaseModel
from pydantic_settings import BaseSettings

from runsettings.layers.text_values import types_of_key
from runsettings.resolution.options import OptionTable
from runsettings.values.diagnostic import Diagnostic, Rule
from runsettings.values.did_you_mean import did_you_mean
from runsettings.values.key_paths import KeyPath, format_path, nested_text
from runsettings.values.origin import Kind
from runsettings.values.tree import Tree

_ARGUMENTS: Final = (
    *("args", "cwd", "env_file", "environ", "files"),
    *("layers", "locked", "profiles", "strict"),
)
"""The arguments of `LayeredSettings.resolve` that are no settings."""


_FEW: Final = 8
"""The greatest number of keys that a hint names."""


def no_such_key(
    model: type[BaseModel], path: KeyPath, known: Iterable[str], hint: str | None = None
) -> Diagnostic:
    """The error for a key that somebody asks for, and that a model does not have.

    Args:
        model: The settings class.
        path: The key up to the part that does not exist.
        known: The keys that exist beside that part.
        hint: A hint that is better than one about these keys.
    """
    known = list(known)
    if not str(path[-1]).strip():
        message, hint = "the key has an empty part", "write key or outer.key"
        return Diagnostic.of(Rule.KEY_EMPTY, path[:-1], message, None, hint)
    hint = hint or did_you_mean(str(path[-1]), known) or list_of_keys([model], known, path[:-1])
    return Diagnostic.of(Rule.UNKNOWN_KEY, path, f"is not a key of {model.__name__}", None, hint)


def elsewhere(name: str, table: OptionTable, tree: Tree) -> str | None:
    """A hint for a key that exists elsewhere in the model, or that is close to one.

    Args:
        name: The key.
        table: The options of the model.
        tree: The source that has the key.
    """
    path = tuple(name.split("."))
    if len(path) > 1 and _has(table, path):
        if tree.kind is Kind.INI:  # a value of a nested key is JSON there
            return f"nest it as JSON: {path[0]} = {{{nested_text(path[1:], '.json')}}}"
        return f"nest it: {nested_text(path, tree.where)}"
    for option in table.leaves():
        if name == option.name:
            return f"it belongs under {format_path(option.path)!r}"
    of_call = _ARGUMENTS if (tree.call or "").endswith(".resolve") else ()
    return did_you_mean(name, [*(option.name for option in table.leaves()), *of_call])


def list_of_keys(
    models: Sequence[type[BaseModel]], known: Iterable[str], inside: KeyPath = ()
) -> str | None:
    """A hint that names the keys if they are few, or else the command that lists them.

    Args:
        models: The models that do not have a key.
        known: The keys that they have.
        inside: The key of the models that ``known`` is inside of.
    """
    names = sorted(known)
    if 0 < len(names) <= _FEW:
        whose, of = ("the", f" of {format_path(inside)}") if inside else ("its", "")
        if len(names) == 1:
            return f"{whose} only key{of} is {names[0]}"
        return f"{whose} keys{of} are {', '.join(names)}"
    if len(models) != 1 or not issubclass(models[0], BaseSettings):
        return None
    module, name = models[0].__module__, models[0].__qualname__
    if module.partition(".")[0] == __name__.partition(".")[0]:
        return "`runsettings show` lists the keys"
    can_import = module != "__main__" and "<" not in name
    return f"`runsettings show --model {module}:{name}` lists the keys" if can_import else None


def _has(table: OptionTable, path: KeyPath) -> bool:
    """Whether a model has a key, also inside a union, a dataclass, a typed dict or a mapping."""
    option = table.nearest(path)
    annotations = [] if option is None else [option.type]
    for key in () if option is None else path[len(option.path) :]:
        annotations = types_of_key(annotations, key)
    return bool(annotations)
