"""Gathers the inputs of a config: read, mask, select, merge and check them, without raising."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from runsettings._deferred import deferred
from runsettings.composition.merge import Merged, merge
from runsettings.composition.profiles import Profiles
from runsettings.documents.paths import working_directory
from runsettings.layers.call_site import Caller, call_origin, placed_by_call
from runsettings.runconfig.changes.sweep_locks import check_locks
from runsettings.runconfig.inputs.overriding import override_secrets
from runsettings.runconfig.inputs.reader import InputReader
from runsettings.runconfig.rules.json_schema import check_schema
from runsettings.runconfig.rules.key_rules import check_rules
from runsettings.runconfig.rules.key_selection import Selection
from runsettings.secrets import live
from runsettings.secrets.masking import SecretMask
from runsettings.values.diagnostic import Diagnostic, Rule
from runsettings.values.errors import ConfigError
from runsettings.values.json_trees import same_value
from runsettings.values.key_paths import leaves_of
from runsettings.values.origin import Layer
from runsettings.values.reading import Reading
from runsettings.values.rendering import shown
from runsettings.values.tree import Tree

if TYPE_CHECKING:
    from pydantic_settings import BaseSettings

    from runsettings.models.model_options import options
    from runsettings.resolution.normalizing.renamed_keys import with_current_names
else:
    # pydantic: a config without a model does not need it.
    options = deferred("runsettings.models.model_options", "options")
    with_current_names = deferred(
        "runsettings.resolution.normalizing.renamed_keys", "with_current_names"
    )


@dataclass(frozen=True, slots=True)
class GatheredConfig:
    """The inputs of a config merged, and everything that is wrong with them.

    Attributes:
        merged: The selected inputs, merged, with secrets masked. After an error, the part that
            could be read.
        diagnostics: Errors, warnings and notes, with secrets masked.
        read: The inputs as they were read, with all keys and with secrets that are not masked.
        is_whole: Whether everything could be read. If not, a key may be missing in ``merged``
            only because its value could not be read.
        secrets: The live secrets.
        sweep: The input whose keys are locked, which is the highest one.
    """

    merged: Merged
    diagnostics: list[Diagnostic]
    read: tuple[Tree, ...]
    is_whole: bool
    secrets: SecretMask
    sweep: Tree | None

    def raise_errors(self) -> None:
        """Raise all diagnostics if one of them is an error.

        Raises:
            ConfigError: With all diagnostics.
        """
        if any(diagnostic.is_error for diagnostic in self.diagnostics):
            raise ConfigError(self.diagnostics)


def gather_config(
    inputs: Any,
    *,
    caller: Caller,
    include_keys: Iterable[str] | None = None,
    exclude_keys: Iterable[str] | None = None,
    schema: str | os.PathLike[str] | Mapping[str, Any] | None = None,
    config_paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] = (),
    defaults_file: str | os.PathLike[str] | None = None,
    sweep_file: str | os.PathLike[str] | None = None,
    secrets: Iterable[str] | SecretMask = (),
    setting_names: Collection[str] = frozenset(),
    every_flag: bool = False,
    strict: bool = False,
    yaml: Literal["1.1", "1.2"] = "1.2",
    cwd: str | os.PathLike[str] | None = None,
    profiles: Profiles | Sequence[str] | str | None = None,
) -> GatheredConfig:
    """Read, merge and check the inputs of a config.

    Bad input never raises. `Config.load` describes the arguments.

    Returns:
        The merged config and all diagnostics.
    """
    here = working_directory() if cwd is None else Path(cwd)
    reader = InputReader(
        here,
        call_origin(caller, "config"),
        every_flag=every_flag,
        strict=strict,
        yaml11=yaml == "1.1",
        profiles=profiles,
        inputs=inputs,
    )
    if defaults_file is not None and os.path.exists(here / defaults_file):  # noqa: PTH110 - raises for no directory
        reader.read_path(defaults_file)
    # A single path is one file, not a list of its letters.
    if isinstance(config_paths, (str, os.PathLike)):
        config_paths = [config_paths]
    for path in config_paths:
        reader.read_path(placed_by_call(path, caller, "config_paths"))
    own = [*reader.trees]
    reader.read(inputs)
    if sweep_file is not None:
        reader.read_path(placed_by_call(sweep_file, caller, "sweep_file"), Layer.SWEEP)
        own.append(reader.trees[-1])
    reader.finish()
    read = (*reader.defaults, *(_with_current_names(each, reader, own) for each in reader.trees))

    # The mask of a run learns of more secrets.
    mask = secrets if isinstance(secrets, SecretMask) else SecretMask(secrets)
    diagnostics = reader.diagnostics
    trees = list(read)
    if mask:
        masked = [mask.tree(tree) for tree in trees]
        trees = [tree for tree, _ in masked]
        diagnostics += [diagnostic for _, warned in masked for diagnostic in warned]
        diagnostics += override_secrets(reader.overrides, lambda tree: bool(mask.tree(tree)[1]))
    selection = Selection(include_keys, exclude_keys)
    # A key with a bad value is in no tree, and can be excluded too.
    known: set[Any] = {key for tree in trees for key in tree.data}
    known |= {diagnostic.path[0] for diagnostic in diagnostics if diagnostic.path}
    diagnostics = [
        diagnostic
        for diagnostic in diagnostics
        if not diagnostic.path or selection.keeps(diagnostic.path[0])
    ]
    diagnostics += selection.diagnostics(known)
    trees = selection.kept(trees)
    sweep = trees[-1] if sweep_file is not None else None

    is_whole = not any(diagnostic.is_error for diagnostic in diagnostics)
    merged = merge(trees)
    known_deep = {each.path for each in diagnostics if each.rule is Rule.TOO_DEEP}
    broken = [
        each
        for each in check_rules(merged, setting_names)
        # The reader has reported these already.
        if each.rule is not Rule.TOO_DEEP or each.path not in known_deep
    ]
    diagnostics += broken
    if sweep is not None:
        diagnostics += check_locks(trees, sweep)
    diagnostics += _changed_by_run(merged, reader.typed, {tree.where for tree in own})
    if schema is not None:
        # The schema would report each key that is missing because it could not be read.
        fits = is_whole and all(diagnostic.rule is not Rule.TOO_DEEP for diagnostic in broken)
        diagnostics += check_schema(
            merged if fits else None, placed_by_call(schema, caller, "schema"), here
        )
    diagnostics = list(live.masked(diagnostics, mask))
    return GatheredConfig(merged, diagnostics, read, is_whole, mask, sweep)


def _with_current_names(tree: Tree, reader: InputReader, own: Sequence[Tree]) -> Tree:
    """A file of the run itself with the current names of a typed run config's fields.

    Making the typed run config has warned of the old names: it reads the same files.
    """
    for model, _ in reader.typed:
        if options(model).renamed and any(tree is each for each in own):
            tree = with_current_names(Reading(tree), model).tree
    return tree


def _changed_by_run(
    merged: Merged,
    typed: Sequence[tuple[type[BaseSettings], Mapping[str, Any]]],
    own: Collection[str],
) -> Iterator[Diagnostic]:
    """An error for each value of a typed run config that the files of the run itself change.

    The program trains with the value of the model, so the run must not record another one.

    Args:
        merged: The config.
        typed: The class and the values of each typed run config among the inputs.
        own: The names of the files that the run reads besides the inputs.
    """
    for _, values in typed if own else ():
        for path, value in leaves_of(values):
            origin = merged.origin(path)
            now = merged.get(path)
            if origin is not None and origin.where in own and not same_value(now, value):
                yield Diagnostic.of(
                    Rule.CHANGED_BY_RUN,
                    path,
                    f"is {shown(value)} in the model and would be {shown(now)} in the run",
                    origin,
                    "make the model where the run is started: it reads the same files",
                )
