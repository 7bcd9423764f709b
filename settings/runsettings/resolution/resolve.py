"""One resolution: reads every layer, renames keys to field names, enforces locks, merges.

Nothing is raised here: all diagnostics are collected, so that a person sees them at once.
`Resolver` computes what depends on the class alone at the first resolution, and keeps it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from pydantic import TypeAdapter, ValidationError
from pydantic_settings import BaseSettings

from runsettings._deferred import deferred
from runsettings.composition.merge import append_diagnostics, appends, merge
from runsettings.layers.base import Inputs, LayerSource
from runsettings.layers.environment.variables import EnvironmentVariables, set_by_nobody
from runsettings.layers.program_inputs import (
    has_default_models,
    has_own_sources,
    unknown_profiles,
)
from runsettings.layers.settings_files.layers import POLICY, WorkspaceLayer
from runsettings.layers.settings_files.locations import root_of
from runsettings.resolution.normalize import Normalizer
from runsettings.resolution.options import OptionTable, option_table, value_type
from runsettings.resolution.reading_order import (
    Layers,
    made_sources,
    read_sources,
    readers_of,
    sources_of,
)
from runsettings.resolution.resolution import Resolution
from runsettings.values.origin import Layer
from runsettings.values.reading import Reading
from runsettings.values.tree import Tree

if TYPE_CHECKING:
    from runsettings.layers import class_sources, copying
    from runsettings.resolution import default_models, locked_keys, reference_targets, secrets
    from runsettings.resolution.normalizing import union_kinds, unknown_keys
    from runsettings.values.diagnostic import Diagnostic, Rule, Severity
    from runsettings.values.excerpts import excerpt_of
else:
    class_sources = deferred("runsettings.layers.class_sources")
    default_models = deferred("runsettings.resolution.default_models")
    locked_keys = deferred("runsettings.resolution.locked_keys")
    reference_targets = deferred("runsettings.resolution.reference_targets")
    secrets = deferred("runsettings.resolution.secrets")
    union_kinds = deferred("runsettings.resolution.normalizing.union_kinds")
    unknown_keys = deferred("runsettings.resolution.normalizing.unknown_keys")
    Diagnostic = deferred("runsettings.values.diagnostic", "Diagnostic")
    Rule = deferred("runsettings.values.diagnostic", "Rule")
    Severity = deferred("runsettings.values.diagnostic", "Severity")
    excerpt_of = deferred("runsettings.values.excerpts", "excerpt_of")
    copying = deferred("runsettings.layers.copying")

SETTINGS_LAYERS: Final = tuple(layer for layer in Layer if layer is not Layer.SWEEP)
"""The layers of settings, lowest first. A sweep's parameters are the run config's."""


class Resolver:
    """Reads and merges the layers of one model. There is one for each class.

    Args:
        model: The settings class.
        known_elsewhere: Names that another program reads from the same files and variables.
        root_field: The field with the directory of the workspace; its value is decided before
            the workspace is read.
        overrides: Options of pydantic-settings that replace the model's own.
    """

    def __init__(
        self,
        model: type[BaseSettings],
        *,
        known_elsewhere: frozenset[str] = frozenset(),
        root_field: str | None = None,
        overrides: Mapping[str, Any] | None = None,
    ) -> None:
        self.model = model
        self._made_for = dict(model.model_config), model.__pydantic_validator__
        overrides = overrides or {}
        self.variables = EnvironmentVariables(model, **_variable_options(overrides))
        names = {name: self.variables.names_of(name) for name in model.model_fields}
        self.table: OptionTable = option_table(model, names)
        self._normalizer = Normalizer(model, self.table, known_elsewhere)
        self._known_elsewhere = known_elsewhere
        self._root_field = root_field if root_field in model.model_fields else None
        self._adapters: dict[str, TypeAdapter[Any]] = {}
        self._readers = readers_of(self.variables, overrides)
        self._site = self._readers[Layer.SITE]
        self._usual: tuple[LayerSource | None, ...] = tuple(
            self._readers.get(layer) for layer in SETTINGS_LAYERS
        )
        self._default_models = (
            default_models.DefaultModels(model, self.table, overrides)
            if has_default_models(model, overrides)
            else None
        )
        own = has_own_sources(model, overrides)
        if not own:
            # Warns of options whose source is not there, such as ``yaml_file``.
            listed: Any = model.model_config.get("layers", ())
            model._settings_warn_unused_config_keys(made_sources(listed), model.model_config)
        self._class_sources = (
            class_sources.ClassSources(model, self.variables, overrides) if own else None
        )
        # A class with an `app_name` of its own also obeys the locks of its parents' site files.
        config = model.model_config
        inherited = (vars(base).get("model_config", {}).get("app_name") for base in model.__mro__)
        self._inherited_apps = tuple({*inherited} - {None, config.get("app_name")})

    def is_current(self) -> bool:
        """Whether the model's options and fields are those that the resolver was made for."""
        config, validator = self._made_for
        return validator is self.model.__pydantic_validator__ and config == self.model.model_config

    def merge_layers(self, inputs: Inputs, layers: Layers) -> Resolution:
        """Read and merge layers. Nothing is validated.

        Args:
            inputs: What the layers read.
            layers: The layers, lowest first.
        """
        sources: Sequence[LayerSource | None]
        if layers is not SETTINGS_LAYERS:
            sources = sources_of(layers, self._readers, self.model)
        elif self._class_sources is not None:
            sources = self._class_sources.layers(inputs, self._readers)
        else:
            sources = self._usual
        readings = read_sources(sources, inputs, self.table)
        # Only the site's own files lock keys, not another source that claims the layer SITE.
        listed = sources.index(self._site) if self._site in sources else None
        site = () if listed is None else readings[listed]
        others = self._other_site_files(inputs, own_too=listed is None)
        policies = [reading.tree for reading in (*site, *others)]
        locks, found = locked_keys.locks_of(policies, POLICY) if policies else ((), [])
        normalized = [[self._normalizer.normalize(r) for r in read] for read in readings]
        for index, source in enumerate(sources):
            if isinstance(source, WorkspaceLayer) and inputs.app_name is not None:
                normalized[index] = self._workspace(source, inputs, normalized)
        locked, useless = (
            locked_keys.locked_names(locks, self.table) if locks else (frozenset(), [])
        )
        held: list[Tree] = []
        if locked and listed is not None:
            normalized[listed] = [
                locked_keys.without_locked(reading, locked, held) for reading in normalized[listed]
            ]
        found += useless
        if others:
            found += locked_keys.hold(others, locked, held, self.table, self._normalizer)
        if inputs.files or inputs.chosen is not None or inputs.profiles is not None:
            found += unknown_profiles(inputs)
        flat = [reading for read in normalized for reading in read]
        return self._merged(flat, found, locks, locked, held, inputs.environ)

    def add(self, resolution: Resolution, tree: Tree, index: int | None = None) -> Resolution:
        """Add one source to a resolution, under the same locks. Nothing is validated.

        Args:
            resolution: The resolution, which is not changed.
            tree: The source, with any spelling of its keys.
            index: Its index in `Resolution.unlocked`; above all of them if left out.
        """
        added = self._normalizer.normalize(Reading(tree, copying.copy_containers(tree)))
        if index is None and self._stands_alone(added, resolution):
            return resolution.with_above(added.tree)
        readings = [Reading(source) for source in resolution.unlocked]
        readings.insert(len(readings) if index is None else index, added)
        return self._merged(readings, (), resolution.locks, resolution.locked, resolution.held)

    def _stands_alone(self, added: Reading, resolution: Resolution) -> bool:
        """Whether a source can be put above others that need not be looked at again."""
        tree, defaults = added.tree, self._default_models
        return not (
            added.diagnostics
            or resolution.referring
            or any(held.directives for held in resolution.held)
            or any(option.path[0] in tree.data for option in self.table.containing)
            or (defaults is not None and defaults.concern(tree))
            or (tree.directives and appends(tree.data))
            or locked_keys.refused_values(
                resolution.locks, resolution.held, [tree], self.table, self.same
            )
        )

    def add_locks(self, resolution: Resolution, inputs: Inputs) -> Resolution:
        """Add the locks of this machine's site files to a resolution.

        Settings may come from another machine, or from a constructor that reads nothing.

        Args:
            resolution: The resolution, which is not changed.
            inputs: Where the site's files are.

        Returns:
            ``resolution`` itself if it has these locks already.
        """
        files = self._other_site_files(inputs, own_too=True)
        locks, found = locked_keys.locks_of([reading.tree for reading in files], POLICY)
        locked, useless = locked_keys.locked_names(locks, self.table)
        held: list[Tree] = []
        found += locked_keys.hold(files, locked, held, self.table, self._normalizer)
        known = [(tree.where, tree.data) for tree in resolution.held]
        same = all((tree.where, tree.data) in known for tree in held)
        if same and not found and {*locks} <= {*resolution.locks}:
            return resolution
        return self._merged(
            [Reading(source) for source in resolution.unlocked],
            [*found, *useless],
            (*resolution.locks, *locks),
            resolution.locked | locked,
            (*resolution.held, *held),
        )

    def secrets(self, sources: Iterable[Tree], settings: object = None) -> frozenset[str]:
        """Every secret value that sources set, and those that the settings have by default."""
        found = secrets.live_secrets(sources, self.table)
        return found.union(secrets.effective_secrets(settings, self.table)) - {""}

    def same(self, name: str, left: Any, right: Any) -> bool:
        """Whether two raw values of a field mean the same, such as ``"yes"`` and ``True``.

        Args:
            name: The field.
            left: A value that is not validated.
            right: Another one.
        """
        if left == right:
            return True
        adapter = self._adapters.get(name)
        if adapter is None:
            adapter = TypeAdapter(value_type(self.model.model_fields[name]))
            self._adapters[name] = adapter
        try:
            return bool(adapter.validate_python(left) == adapter.validate_python(right))
        except ValidationError:
            return False

    def normalized(self, tree: Tree) -> Tree:
        """One source with the model's field names and decoded texts."""
        return self._normalizer.normalize(Reading(tree)).tree

    def _other_site_files(self, inputs: Inputs, *, own_too: bool) -> list[Reading]:
        """Read the site's files whose locks apply, but whose other values do not.

        A program may leave out the site's layer. The locks apply all the same.

        Args:
            inputs: Where the files are.
            own_too: Whether to read the file of the class's own ``app_name``, besides those of
                its parents' names.
        """
        apps = (*self._inherited_apps, inputs.app_name) if own_too else self._inherited_apps
        return [
            reading for app in apps for reading in self._site.read(inputs.replace(app_name=app))
        ]

    def _workspace(
        self, source: WorkspaceLayer, inputs: Inputs, normalized: Sequence[Sequence[Reading]]
    ) -> list[Reading]:
        """Read the workspace, whose location the other layers decide."""
        root = inputs.cwd
        name = self._root_field
        if name is not None:
            values = [r.tree.data.get(name) for read in normalized for r in read]
            default = self.model.model_fields[name].get_default(call_default_factory=False)
            roots = (root_of(inputs, value) for value in (*reversed(values), default))
            root = next((each for each in roots if each is not None), root)
        readings = [
            self._normalizer.normalize(reading) for reading in source.read_below(root, inputs)
        ]
        return [self._without_root(reading) for reading in readings]

    def _without_root(self, reading: Reading) -> Reading:
        """A workspace file without the root field, because it cannot set its own location."""
        name, tree = self._root_field, reading.tree
        if name is None or name not in tree.data:
            return reading
        found = Diagnostic.of(
            Rule.MISPLACED_KEY,
            (name,),
            "a workspace's file cannot say where the workspace is; it was passed over",
            tree.origin((name,)),
            "set it in the user's file, in a variable, with a flag or in the call",
            excerpt_of(tree, (name,)),
            severity=Severity.WARNING,
        )
        del tree.data[name]
        return reading._replace(diagnostics=(*reading.diagnostics, found))

    def _merged(
        self,
        readings: Sequence[Reading],
        found: Sequence[Diagnostic],
        locks: tuple[locked_keys.LockedKey, ...],
        locked: frozenset[str],
        held: Sequence[Tree],
        environ: Mapping[str, str] = os.environ,
    ) -> Resolution:
        """Merge readings, and collect all diagnostics."""
        trees = [r.tree for r in readings if r.tree.data or r.tree.composed]
        diagnostics = [*found, *(d for reading in readings for d in reading.diagnostics)]
        for reading in readings:
            if reading.unknown:
                diagnostics += unknown_keys.unknown_variable_diagnostics(
                    set_by_nobody(reading.unknown),
                    self.variables.known(),
                    self._known_elsewhere,
                )
        referring = any(tree.references for tree in trees)
        if referring:
            every = [*trees, *held]
            diagnostics += reference_targets.look_up(every, self.table, environ, self._root_field)
        if locks:
            diagnostics += locked_keys.refused_values(locks, held, trees, self.table, self.same)
        if self._default_models is not None:
            trees = self._default_models.below(trees)
        if any(tree.directives for tree in trees):
            trees = default_models.on_default_lists(trees, self.table)
        trees = [*trees, *held]
        kinds = self.table.containing
        merged = union_kinds.merge_kinds(trees, self.table) if kinds else merge(trees)
        if kinds and len(trees) > 1:
            diagnostics += unknown_keys.keys_of_other_kinds(merged, self.table, diagnostics)
        diagnostics += append_diagnostics(merged)
        if diagnostics:
            texts = [reading.tree.text for reading in readings if reading.tree.text is not None]
            # A file that cannot be decoded has no text; only the quoted lines are known.
            lines = [d.excerpt.text for d in diagnostics if d.excerpt is not None]
            diagnostics = secrets.mask_written(diagnostics, [*texts, *lines], self.table)
        return Resolution(
            merged, tuple(diagnostics), locks, locked, tuple(held), referring=referring
        )


def _variable_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a call that decide how variables are read."""
    names = ("case_sensitive", *(name for name in options if name.startswith("env_")))
    return {
        name: options[name] for name in names if name in options and not name.startswith("env_file")
    }
