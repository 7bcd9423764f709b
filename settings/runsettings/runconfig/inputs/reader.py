"""Reads the inputs that ``config=`` accepts, and turns them into trees.

======================================  ==========================================  =========
input                                   becomes                                     layer
======================================  ==========================================  =========
mapping; dataclass, attrs, pydantic,    one tree whose origin is the call           INIT
OmegaConf, ml_collections object
`LayeredSettings`                       the defaults, lowest of all; and its        unchanged
                                        sources, each with its origins
path                                    one tree with lines and columns             FILE
`parse_args`'s namespace, absl flags    the defaults, lowest of all; and the given  DEFAULT,
                                        flags, at their position in the list        FLAG
any other argparse namespace            one tree whose origin is the call           INIT
`Config`                                its sources, each with its origins          unchanged
list or tuple                           its items, lowest first
======================================  ==========================================  =========
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runsettings.composition.composed_files import Composer
from runsettings.composition.overrides import Overrides
from runsettings.composition.profiles import Profiles
from runsettings.composition.references import resolve_references
from runsettings.documents.paths import named_path
from runsettings.layers.flags.absl import UNPARSED, UNPARSED_HINT, absl_trees, is_absl
from runsettings.layers.flags.namespace import (
    GivenNamespace,
    argument_trees,
    overrides_of,
    source_trees,
    take_overrides,
)
from runsettings.layers.flags.nesting import nested_trees
from runsettings.runconfig.inputs.config_files import FileReader, JsonForm, drop_own_key
from runsettings.runconfig.inputs.flag_nesting import nested_below_values
from runsettings.runconfig.inputs.json_values import DEEPEST
from runsettings.runconfig.inputs.objects import Sourced, fields_of, is_config, not_a_config
from runsettings.runconfig.inputs.overriding import override_trees, profiles_in
from runsettings.runconfig.inputs.settings_models import is_settings, settings_trees
from runsettings.runconfig.inputs.wandb_form import OWN_KEY
from runsettings.values.diagnostic import Diagnostic, Rule, Severity
from runsettings.values.key_paths import MISSING, KeyPath, value_at
from runsettings.values.origin import Layer, Origin, PlacedText, origin_of_text
from runsettings.values.positions import Branch
from runsettings.values.tree import Tree

if TYPE_CHECKING:
    from pydantic_settings import BaseSettings


class InputReader:
    """Reads inputs one after the other and collects their trees and diagnostics.

    Args:
        cwd: The directory that relative paths start from.
        origin: The place in the program that passed the inputs.
        every_flag: Take the absl flags of installed packages as well.
        strict: Reject what has no form in JSON.
        yaml11: Read YAML by the rules of version 1.1, as PyYAML does.
        profiles: The profiles of composed files; by default those of flags in ``inputs``,
            and then of ``RUNSETTINGS_PROFILE``.
        inputs: What will be read, in which profiles are searched.
        below: A config that the inputs update, for overrides of its keys.

    Attributes:
        defaults: Trees of flags' defaults, lowest first; all other trees beat them.
        trees: All other trees, lowest first.
        overrides: Those of the trees that overrides made.
        diagnostics: The diagnostics about the inputs.
        typed: The class and the values of each `RunConfig`.
    """

    def __init__(
        self,
        cwd: Path,
        origin: Origin,
        *,
        every_flag: bool = False,
        strict: bool = False,
        yaml11: bool = False,
        profiles: Profiles | Sequence[str] | str | None = None,
        inputs: Any = None,
        below: Mapping[str, Any] | None = None,
    ) -> None:
        self._cwd = cwd
        if not isinstance(profiles, Profiles):
            of_flags = profiles_in(inputs, DEEPEST)
            profiles = Profiles.of(profiles, os.environ, origin, of_flags)
        self._profiles = profiles
        self._form = JsonForm(origin, strict=strict)
        self._files = FileReader(cwd, self._form, yaml11=yaml11)
        self._composer = Composer(self._files.read, cwd, profiles)
        self._origin = origin
        self._every_flag = every_flag
        self._open: set[int] = set()
        self._below = [] if below is None else [Tree(Layer.DEFAULT, "config", dict(below))]
        self.defaults: list[Tree] = []
        self.trees: list[Tree] = []
        self.overrides: list[Tree] = []
        self.diagnostics: list[Diagnostic] = []
        self.typed: list[tuple[type[BaseSettings], dict[str, Any]]] = []

    def read(self, value: Any) -> None:
        """Read one input, or a list of them. Bad input never raises."""
        if value is None:
            return
        if isinstance(value, (list, tuple)):
            self._read_list(value)
        elif isinstance(value, Tree):
            self.trees.append(value)
        elif is_config(value):
            self._read_config(value)
        elif isinstance(value, (str, os.PathLike)):
            if self._origin.line and not isinstance(value, PlacedText):
                value = PlacedText(value, self._origin)
            self.read_path(value)
        elif isinstance(value, Overrides):
            self._read_files(value)
            self.add_overrides(value, ())
        elif isinstance(value, GivenNamespace):
            words = Overrides(overrides_of(value))
            self._read_files(words)
            for tree in source_trees(value, settings=False):
                self.trees += [self._converted(nested) for nested in nested_trees(tree)]
            flags = self._add_flags(argument_trees(value, settings=False))
            self.add_overrides(words, flags)
        elif isinstance(value, argparse.Namespace):
            # It does not tell which of its values were given as flags: their origin is the call.
            words = Overrides(overrides_of(value))
            self._read_files(words)
            given = dict(vars(value))
            take_overrides(given)
            marks = dict.fromkeys(given, self._origin)
            values = Tree(Layer.INIT, self._origin.where, given, marks)
            self._add_flags((Tree(Layer.DEFAULT, self._origin.where), values))
            self.add_overrides(words, ())
        elif is_absl(value):
            self._read_absl(value)
        elif is_settings(value):
            self._read_settings(value)
        else:
            self._read_object(value)

    def _read_list(self, items: Sequence[Any]) -> None:
        if id(items) in self._open:
            message = "the list of inputs contains itself"
            self._add(Rule.CYCLE, message, self._origin, None)
            return
        if len(self._open) >= DEEPEST:
            message = f"the list of inputs is nested deeper than {DEEPEST} levels"
            self._add(Rule.TOO_DEEP, message, self._origin, None)
            return
        self._open.add(id(items))
        for item in items:
            self.read(item)
        self._open.discard(id(items))

    def read_path(self, path: str | os.PathLike[str], layer: Layer = Layer.FILE) -> None:
        """Read a YAML, JSON or TOML file, with the files that it uses. Adds one tree or more.

        Args:
            path: The file; a relative path starts from ``cwd``. A `PlacedText` says where it is
                named if it cannot be read.
            layer: The layer of its values.
        """
        self.trees += self._chain(path, layer)

    def _chain(
        self,
        path: str | os.PathLike[str],
        layer: Layer,
        mount: KeyPath = (),
        used_by: Origin | None = None,
    ) -> list[Tree]:
        """The trees of a file under a key, with the files that it uses, lowest first."""
        named = os.fspath(named_path(path, self._cwd))
        reading = self._files.read(named, layer)
        if (origin := used_by or origin_of_text(path)) is not None:
            reading = reading.named_by(origin)
        chain = self._composer.compose(named, reading, mount, used_by)
        self.diagnostics += [found for each in chain for found in each.diagnostics]
        return [each.tree for each in chain]

    def finish(self) -> None:
        """Look up the references, after all inputs are read."""
        self.diagnostics += self._profiles.unknown()
        trees = [*self.defaults, *self.trees]
        if any(tree.references for tree in trees):
            self.diagnostics += resolve_references(trees, os.environ)

    def _read_config(self, config: Sourced) -> None:
        trees = config._trees()
        if trees is None:
            self._read_object(config.as_dict())
        else:
            self.trees += trees

    def _read_object(self, value: Any) -> None:
        if not isinstance(value, Mapping) and fields_of(value) is None:
            self.diagnostics.append(not_a_config(value, self._origin))
            return
        data = self._form.of_value(value, self.diagnostics)
        if not isinstance(data, dict):
            return  # the whole mapping could not be read, which was reported
        # The origin of an object is the call that passed it.
        tree = Tree(Layer.INIT, self._origin.where, data, Branch(self._origin))
        if OWN_KEY in data:
            self.diagnostics.append(drop_own_key(tree))
        self.trees.append(tree)

    def _read_settings(self, settings: BaseSettings) -> None:
        found: list[Diagnostic] = []
        data = self._form.of_value(settings, found)
        if isinstance(data, dict):
            defaults, trees = settings_trees(settings, data, self._profiles)
            self.defaults += defaults
            self.trees += trees
            if type(settings).model_config.get("check_values") is not None:
                self.typed.append((type(settings), data))
        # The model says itself which fields are secret: nobody has to be told.
        self.diagnostics += (each for each in found if each.rule is not Rule.SECRET_IN_CONFIG)

    def _read_absl(self, flags: Any) -> None:
        values = getattr(flags, "FLAGS", flags)
        if not values.is_parsed():
            self._add(Rule.BAD_INPUT, UNPARSED, self._origin, UNPARSED_HINT)
        defaults, given = absl_trees(flags, every=self._every_flag)
        first = len(self.defaults)
        self._add_flags((defaults, given))
        for name in given.data:
            if "." in name:
                # ml_collections also writes the given values into the default.
                for tree in self.defaults[first:]:
                    _forget(tree.data, tuple(name.split(".")))

    def _read_files(self, overrides: Overrides) -> None:
        for file in overrides.files:
            self.read_path(file)

    def add_overrides(self, overrides: Overrides, flags: Sequence[Tree]) -> None:
        """Add the trees of overrides, from which the flags that were given must not differ."""
        read, found = overrides.read()
        below = [*self._below, *self.defaults, *self.trees]
        trees, more = override_trees(read, below, flags, self._chain)
        self.diagnostics += [*found, *more]
        trees = [self._converted(tree) for tree in trees]
        self.trees += trees
        self.overrides += trees

    def _add_flags(self, flags: tuple[Tree, Tree]) -> list[Tree]:
        """Add the defaults of flags, and those that were given, which it returns."""
        for tree, known in zip(flags, (self.defaults, self.trees), strict=True):
            self.diagnostics += nested_below_values(tree)
            # `--optim.lr`, and what ml_collections defines for the fields of a `--config`.
            added = [self._converted(nested) for nested in nested_trees(tree)]
            known.extend(added)
        return added

    def _converted(self, tree: Tree) -> Tree:
        return self._form.of_tree(tree, self.diagnostics)

    def _add(self, rule: Rule, message: str, origin: Origin, hint: str | None) -> None:
        self.diagnostics.append(Diagnostic(rule, Severity.ERROR, (), message, origin, hint))


def _forget(data: dict[str, Any], path: KeyPath) -> None:
    if value_at(data, path) is not MISSING:
        del value_at(data, path[:-1])[path[-1]]
