"""One resolution: read every layer, bring it to the model's names, hold the policy, merge.

Nothing is raised here: what is wrong is collected, because a person wants all of it at once.
Whatever can be known about a class is known after its first resolution (`Resolver`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from pydantic import TypeAdapter, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from runsettings.layers.base import Inputs, LayerSource
from runsettings.layers.copying import own
from runsettings.layers.environment.dotenv import DotenvLayer
from runsettings.layers.environment.variables import EnvironmentLayer, EnvironmentVariables
from runsettings.layers.external import ExternalLayer, SecretsLayer
from runsettings.layers.flags.layer import FlagLayer
from runsettings.layers.program_inputs import FileLayer, InitLayer
from runsettings.layers.settings_files.layers import (
    POLICY,
    PyprojectLayer,
    SiteLayer,
    UserLayer,
    WorkspaceLayer,
)
from runsettings.resolution.locked_keys import (
    Lock,
    LockedTree,
    lock_diagnostics,
    locked_on_top,
    locks_of,
)
from runsettings.resolution.merge import Merged, merge
from runsettings.resolution.normalize import Canonicalizer
from runsettings.resolution.options import OptionTable, option_table, value_type
from runsettings.resolution.secrets import live_secrets, redact, written_secrets
from runsettings.resolution.unknown_keys import strangers_diagnostics
from runsettings.values.diagnostic import Diagnostic, Rule, Severity
from runsettings.values.directives import Append
from runsettings.values.excerpts import excerpt_of
from runsettings.values.origin import Layer
from runsettings.values.reading import Reading
from runsettings.values.tree import Tree, put_at

SETTINGS_LAYERS: Final = tuple(layer for layer in Layer if layer is not Layer.SWEEP)
"""The layers of settings, lowest first. A sweep's parameters are the run config's."""


class Gathered(NamedTuple):
    """What all layers say together, and what was wrong on the way.

    Attributes:
        merged: The sources and their winners.
        diagnostics: Faults and warnings, in the order of the layers.
        locks: The keys that the site's file locks.
        locked: Their names in the model.
    """

    merged: Merged
    diagnostics: tuple[Diagnostic, ...]
    locks: tuple[Lock, ...] = ()
    locked: frozenset[str] = frozenset()


class Resolver:
    """Resolves one model. Made once per class.

    Args:
        model: The settings class.
        known_elsewhere: Names that another program reads from the same files and variables.
        root_field: The field that says where the workspace is, settled before it is read.
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
        self.variables = EnvironmentVariables(model, **(overrides or {}))
        names = {name: self.variables.names_of(name) for name in model.model_fields}
        self.table: OptionTable = option_table(model, names)
        self.canonicalizer = Canonicalizer(model, self.table)
        self._known_elsewhere = known_elsewhere
        self._root_field = root_field if root_field in model.model_fields else None
        self._adapters: dict[str, TypeAdapter[Any]] = {}
        self._readers: dict[Layer, LayerSource] = {
            Layer.SITE: SiteLayer(),
            Layer.USER: UserLayer(),
            Layer.PYPROJECT: PyprojectLayer(),
            Layer.WORKSPACE: WorkspaceLayer(),
            Layer.EXTERNAL: SecretsLayer(),
            Layer.DOTENV: DotenvLayer(self.variables),
            Layer.ENV: EnvironmentLayer(self.variables),
            Layer.FLAG: FlagLayer(),
            Layer.FILE: FileLayer(),
            Layer.INIT: InitLayer(),
        }

        self._usual: tuple[LayerSource | None, ...] = tuple(
            self._readers.get(layer) for layer in SETTINGS_LAYERS
        )

    def gather(
        self, inputs: Inputs, layers: Sequence[Layer | LayerSource | PydanticBaseSettingsSource]
    ) -> Gathered:
        """Read ``layers``, lowest first, and merge them."""
        if layers is SETTINGS_LAYERS:
            sources: Sequence[LayerSource | None] = self._usual
        else:
            sources = [self._source(layer) for layer in layers]
        site_left_out = not any(s is not None and s.layer is Layer.SITE for s in sources)
        if site_left_out:
            # A program may do without the site's values, but nobody gets round its locks.
            sources = [self._readers[Layer.SITE], *sources]
        # DEFAULT has nothing to read: what no source sets is the model's own business.
        readings: list[Sequence[Reading]] = [
            source.read(inputs)
            if source is not None and not isinstance(source, WorkspaceLayer)
            else ()
            for source in sources
        ]
        locks: tuple[Lock, ...] = ()
        bad_policy: tuple[Diagnostic, ...] = ()
        for source, read in zip(sources, readings, strict=True):
            if source is not None and source.layer is Layer.SITE:
                found, faults = locks_of([reading.tree for reading in read], POLICY)
                locks += found
                bad_policy += faults
        canonical = [[self.canonicalizer.canonical(r) for r in read] for read in readings]
        if site_left_out:
            spelled = (self.table.spelled.get(lock.name) for lock in locks)
            held = frozenset(option.name for option in spelled if option is not None)
            canonical[0] = [_only(reading, held) for reading in canonical[0]]
        for index, source in enumerate(sources):
            if isinstance(source, WorkspaceLayer) and inputs.app_name is not None:
                canonical[index] = self._workspace(source, inputs, canonical)
        flat = [reading for read in canonical for reading in read]
        return self._settle(flat, locks, bad_policy)

    def rebase(self, gathered: Gathered, tree: Tree) -> Gathered:
        """The same resolution with one more source on top, held to the same locks."""
        reading = self.canonicalizer.canonical(Reading(tree, own(tree)))
        # The locked part of the site's tree stands on top; it goes below to be raised again.
        sources = sorted(gathered.merged.sources, key=lambda s: not isinstance(s, LockedTree))
        return self._settle([*map(Reading, sources), reading], gathered.locks)

    def secrets(self, gathered: Gathered) -> frozenset[str]:
        """Every secret value that any layer sets."""
        return live_secrets(gathered.merged.sources, self.table)

    def same(self, name: str, left: Any, right: Any) -> bool:
        """Whether two raw values of a field mean the same, such as ``"yes"`` and ``True``."""
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

    def _source(
        self, layer: Layer | LayerSource | PydanticBaseSettingsSource
    ) -> LayerSource | None:
        if isinstance(layer, Layer):
            return self._readers.get(layer)
        if isinstance(layer, PydanticBaseSettingsSource):
            return ExternalLayer(layer)
        if not isinstance(layer, LayerSource):
            raise TypeError(
                f"layers takes members of Layer, layer sources and pydantic-settings sources, "
                f"not {layer!r}"
            )
        return layer

    def _workspace(
        self, source: WorkspaceLayer, inputs: Inputs, canonical: Sequence[Sequence[Reading]]
    ) -> list[Reading]:
        """Read the workspace, whose place the other layers decide."""
        root = inputs.cwd
        name = self._root_field
        if name is not None:
            said = [r.tree.data.get(name) for read in canonical for r in read]
            default = self.model.model_fields[name].get_default(call_default_factory=False)
            for value in (*reversed(said), default):
                if isinstance(value, (str, Path)) and str(value) and "\0" not in str(value):
                    root = inputs.cwd / value
                    break
        readings = [
            self.canonicalizer.canonical(reading)
            for reading in source.read(dataclasses.replace(inputs, root_dir=root))
        ]
        return [self._without_root(reading) for reading in readings]

    def _without_root(self, reading: Reading) -> Reading:
        """A workspace's file without its own place, which it cannot decide."""
        name, tree = self._root_field, reading.tree
        if name is None or name not in tree.data:
            return reading
        fault = Diagnostic(
            Rule.MISPLACED_KEY,
            Severity.WARNING,
            (name,),
            "a workspace's file cannot say where the workspace is; it was passed over",
            tree.origin((name,)),
            hint="set it in the user's file, in a variable, with a flag or in the call",
            excerpt=excerpt_of(tree, (name,)),
        )
        del tree.data[name]
        return reading._replace(diagnostics=(*reading.diagnostics, fault))

    def _settle(
        self,
        readings: Sequence[Reading],
        locks: tuple[Lock, ...],
        faults: Sequence[Diagnostic] = (),
    ) -> Gathered:
        trees = [reading.tree for reading in readings if reading.tree.data]
        diagnostics = [*faults, *(d for reading in readings for d in reading.diagnostics)]
        for reading in readings:
            if reading.strangers:
                diagnostics += strangers_diagnostics(
                    reading, self.table, self.variables.known(), self._known_elsewhere
                )
        locked: frozenset[str] = frozenset()
        if locks:
            found, locked = lock_diagnostics(locks, trees, self.table, self.same)
            diagnostics += found
            trees = locked_on_top(trees, locked)
        merged = merge(_on_defaults(trees, self.table))
        for path in merged.misfits:
            source = merged.winner(path)
            diagnostics.append(
                Diagnostic(
                    Rule.BAD_VALUE,
                    Severity.ERROR,
                    path,
                    "cannot append to a value that is not a list",
                    merged.origin(path),
                    hint="replace the value instead",
                    excerpt=None if source is None else excerpt_of(source, path),
                )
            )
        if diagnostics:
            diagnostics = [*redact(diagnostics, self._written(readings, diagnostics))]
        return Gathered(merged, tuple(diagnostics), locks, locked)

    def _written(
        self, readings: Sequence[Reading], diagnostics: Sequence[Diagnostic]
    ) -> frozenset[str]:
        """What the files set secrets to, also where a fault kept it from becoming a value."""
        texts = [reading.tree.text for reading in readings if reading.tree.text is not None]
        # A file that cannot be decoded leaves no text but that of the lines it is quoted in.
        lines = [d.excerpt.text for d in diagnostics if d.excerpt is not None]
        return written_secrets([*texts, *lines], self.table)


def _on_defaults(trees: list[Tree], table: OptionTable) -> list[Tree]:
    """The trees, above the model's own lists where some of them append to a list."""
    if not any(tree.directives for tree in trees):
        return trees
    data: dict[str, Any] = {}
    for option in table.leaves():
        if any(isinstance(tree.get(option.path), Append) for tree in trees):
            default = option.info.get_default(call_default_factory=False)
            if isinstance(default, (list, tuple)):
                put_at(data, option.path, list(default))
    if not data:
        return trees
    return [Tree(Layer.DEFAULT, table.model.__name__, data, directives=False), *trees]


def _only(reading: Reading, names: frozenset[str]) -> Reading:
    """The part of a reading that sets ``names``."""
    data = {name: value for name, value in reading.tree.data.items() if name in names}
    return reading._replace(tree=reading.tree.with_data(data), strangers=())
