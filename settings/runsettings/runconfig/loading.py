"""From inputs to a config: gather, mask, select, merge, check, and raise once."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from runsettings.layers.call_site import Caller
from runsettings.layers.settings_files.locations import working_directory
from runsettings.resolution.merge import merge
from runsettings.runconfig.changes.state import ConfigStore
from runsettings.runconfig.changes.sweep_locks import check_locks
from runsettings.runconfig.inputs.reader import InputReader, call_origin
from runsettings.runconfig.rules.json_schema import check_schema
from runsettings.runconfig.rules.key_rules import check_rules
from runsettings.runconfig.rules.key_selection import Selection
from runsettings.runconfig.rules.secrets import Secrets
from runsettings.values.diagnostic import Rule
from runsettings.values.errors import ConfigError
from runsettings.values.origin import Layer

_NO_JSON: Final = frozenset({Rule.KEY_TYPE, Rule.TOO_DEEP})
"""The rules without which a config is no JSON tree that a schema could be held against."""


def load_sources(
    inputs: Any,
    *,
    caller: Caller,
    include_keys: Iterable[str] | None = None,
    exclude_keys: Iterable[str] | None = None,
    schema: str | os.PathLike[str] | Mapping[str, Any] | None = None,
    config_paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] = (),
    defaults_file: str | os.PathLike[str] | None = None,
    sweep_file: str | os.PathLike[str] | None = None,
    secrets: Iterable[str] = (),
    setting_names: Collection[str] = frozenset(),
    allow_val_change: bool = False,
    every_flag: bool = False,
    cwd: Path | None = None,
) -> ConfigStore:
    """The state of a new config. The arguments are those of `Config.load`.

    Raises:
        ConfigError: With everything that is wrong in any of the inputs.
    """
    here = working_directory() if cwd is None else cwd
    reader = InputReader(here, call_origin(caller, "config"), every_flag=every_flag)
    if defaults_file is not None and (here / defaults_file).exists():
        reader.read_path(defaults_file)
    # A lone path would be taken apart into its letters.
    if isinstance(config_paths, (str, os.PathLike)):
        config_paths = [config_paths]
    for path in config_paths:
        reader.read_path(path)
    reader.read(inputs)
    if sweep_file is not None:
        reader.read_path(sweep_file, Layer.SWEEP)
    trees = [*reader.defaults, *reader.trees]

    keeper = Secrets(secrets)
    diagnostics = reader.diagnostics
    if keeper:
        masked = [keeper.mask_tree(tree) for tree in trees]
        trees = [tree for tree, _ in masked]
        diagnostics += [fault for _, faults in masked for fault in faults]
    selection = Selection(include_keys, exclude_keys)
    # A key whose value is at fault is in no tree, and can be excluded all the same.
    known: set[Any] = {key for tree in trees for key in tree.data}
    known |= {fault.path[0] for fault in diagnostics if fault.path}
    diagnostics = [
        fault for fault in diagnostics if not fault.path or selection.keeps(fault.path[0])
    ]
    diagnostics += selection.faults(known)
    trees = selection.kept(trees)
    sweep = trees[-1] if sweep_file is not None else None

    # What could not be read is missing, and a schema would complain about that, too.
    is_whole = not any(fault.is_error for fault in diagnostics)
    merged = merge(trees)
    broken = check_rules(merged, setting_names)
    diagnostics += broken
    if sweep is not None:
        diagnostics += check_locks(trees, sweep)
    if schema is not None:
        is_whole = is_whole and all(fault.rule not in _NO_JSON for fault in broken)
        diagnostics += check_schema(merged if is_whole else None, schema, here)
    diagnostics = keeper.mask_diagnostics(diagnostics)
    if any(fault.is_error for fault in diagnostics):
        raise ConfigError(diagnostics)
    return ConfigStore(
        merged,
        secrets=keeper,
        sweep=sweep,
        allow_val_change=allow_val_change,
        diagnostics=diagnostics,
    )
