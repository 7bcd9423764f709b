"""Reads config files, each one alone, as values that JSON can hold.

W&B's form is unwrapped, and keys that are not strings, such as ``0`` and ``true`` in YAML, become
text.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from runsettings.composition.composed_files import is_composed
from runsettings.documents.files import Format, read_file, read_text, suffix_of
from runsettings.documents.paths import shown_path
from runsettings.runconfig.inputs.json_values import as_strict, key_as_text, text_key, to_jsonable
from runsettings.runconfig.inputs.not_followed import not_followed
from runsettings.runconfig.inputs.wandb_form import (
    OWN_KEY,
    has_wandb_form,
    own_key_diagnostic,
    unwrap,
)
from runsettings.values.diagnostic import Diagnostic, Rule, Severity
from runsettings.values.directives import Append, Replace
from runsettings.values.excerpts import excerpt_of
from runsettings.values.json_trees import SCALARS
from runsettings.values.origin import Layer, Origin
from runsettings.values.positions import Branch, SequenceMarks
from runsettings.values.reading import Reading
from runsettings.values.tree import Tree


class JsonForm:
    """Converts the values of inputs to what JSON can hold.

    Args:
        origin: The place in the program that passed the inputs.
        strict: Reject what has no form in JSON.
    """

    def __init__(self, origin: Origin, *, strict: bool) -> None:
        self._origin = origin
        self._strict = strict

    def of_value(self, value: Any, found: list[Diagnostic]) -> Any:
        """Convert a value.

        Args:
            value: The value.
            found: Receives a diagnostic for each value that JSON has no form for.
        """
        told: list[Diagnostic] = []
        plain = to_jsonable(
            value, diagnostics=told, origin=lambda _: self._origin, directives=True, names=True
        )
        found += map(as_strict, told) if self._strict else told
        return plain

    def of_tree(self, tree: Tree, found: list[Diagnostic]) -> Tree:
        """Convert a source. The diagnostics have its origins.

        Args:
            tree: The source, which is not changed.
            found: As in `of_value`.
        """
        if not all_strings(tree.data):
            tree = tree.with_data(tree.data, with_text_keys(tree.marks))
        told: list[Diagnostic] = []
        data = self.of_value(tree.data, told)
        for diagnostic in told:
            of_key = diagnostic.rule in (Rule.KEY_TYPE, Rule.KEY_COLLISION)
            origin = tree.origin(diagnostic.path, key=of_key)
            excerpt = excerpt_of(tree, diagnostic.path, key=of_key)
            found.append(replace(diagnostic, origin=origin, excerpt=excerpt))
        return tree.with_data(data)


class FileReader:
    """Reads YAML, JSON and TOML files.

    Args:
        cwd: The directory to which names in origins are relative.
        form: Converts the values that JSON cannot hold.
        yaml11: Read YAML by the rules of version 1.1, as PyYAML does.
    """

    def __init__(self, cwd: Path, form: JsonForm, *, yaml11: bool) -> None:
        self._cwd = cwd
        self._form = form
        self._yaml11 = yaml11

    def read(self, path: str, layer: Layer = Layer.FILE) -> Reading:
        """Read one file, without the files that it uses. Never raises for what it holds.

        Args:
            path: The file.
            layer: The layer of its values.
        """
        where = shown_path(path, self._cwd)
        format_ = Format.of(path)
        if format_ is Format.INI:
            if suffix_of(path):
                message = "is an INI file, which a run config is not read from"
                hint = "write it as YAML, JSON or TOML"
                found = Diagnostic.of(Rule.BAD_INPUT, (), message, Origin(layer, where), hint)
                return Reading(Tree(layer, where), (found,))
            format_ = Format.YAML  # the usual format of configs
        reading = read_file(path, layer, where=where, format=format_)
        data = reading.tree.data
        composed = is_composed(reading.tree)
        plain = composed and format_ is Format.YAML and not self._yaml11
        if plain and OWN_KEY not in data and all_strings(data):
            return reading  # most composed files
        wandb = not composed and has_wandb_form(data)
        return self._converted(reading, format_, composed=composed, wandb=wandb)

    def _converted(
        self, reading: Reading, format_: Format | None, *, composed: bool, wandb: bool
    ) -> Reading:
        text, layer, where = reading.tree.text, reading.tree.layer, reading.tree.where
        # The wandb client writes its configs with PyYAML, by YAML 1.1: 1e-3 has no quotes there.
        yaml11 = format_ is Format.YAML and (self._yaml11 or wandb)
        if yaml11 and text is not None:
            reading = read_text(text, layer, where, Format.YAML, yaml11=True)
        tree, found = reading.tree, list(reading.diagnostics)
        if not composed:
            found += not_followed(tree)
        tree = unwrap(tree) if wandb else tree
        # TOML and YAML 1.1 have dates.
        if format_ is Format.TOML or yaml11 or not all_strings(tree.data):
            tree = self._form.of_tree(tree, found)
        if OWN_KEY in tree.data:
            found.append(drop_own_key(tree))
        return Reading(tree, tuple(found))


def drop_own_key(tree: Tree) -> Diagnostic:
    """Remove the key that the W&B client uses for itself.

    Args:
        tree: A source with the key.

    Returns:
        A warning with the key's origin.
    """
    origin = tree.origin((OWN_KEY,), key=True)
    del tree.data[OWN_KEY]
    return own_key_diagnostic(origin, Severity.WARNING)


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
