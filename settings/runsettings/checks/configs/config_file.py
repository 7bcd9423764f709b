"""One run-config file held against everything that it is checked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

from runsettings.checks.configs.model_check import check_model
from runsettings.checks.parsers.options import ParserOptions
from runsettings.checks.parsers.parser_check import check_parser
from runsettings.checks.rule_selection import without_suppressed
from runsettings.checks.yaml11.ambiguous_scalars import hazard_diagnostics
from runsettings.documents.files import Format
from runsettings.layers.call_site import Caller
from runsettings.resolution.merge import Merged, merge
from runsettings.runconfig.inputs.reader import InputReader, call_origin
from runsettings.runconfig.loading import load_sources
from runsettings.runconfig.rules.secrets import Secrets
from runsettings.values.diagnostic import Diagnostic, Rule
from runsettings.values.errors import ConfigError
from runsettings.values.tree import Tree

CALLER: Final = Caller("runsettings check", None, None)
"""Who asks, where no line of a program does."""


@dataclass(frozen=True, slots=True)
class ConfigChecks:
    """What a run config is checked for, besides the rules of keys and values.

    Attributes:
        cwd: Where relative paths start.
        schema: A JSON Schema, or the path of one.
        parser: The arguments of an argparse parser.
        model: A pydantic model.
        secrets: Live secrets, which must not be in a config.
        setting_names: Names of settings, whose place is not in a config.
    """

    cwd: Path
    schema: str | Path | Mapping[str, Any] | None = None
    parser: ParserOptions | None = None
    model: type[BaseModel] | None = None
    secrets: frozenset[str] = frozenset()
    setting_names: frozenset[str] = frozenset()


def check_config_file(path: Path, checks: ConfigChecks) -> list[Diagnostic]:
    """Everything that is wrong with a config file, with secrets masked.

    Args:
        path: The file.
        checks: What to hold it against.
    """
    try:
        store = load_sources(
            path,
            caller=CALLER,
            schema=checks.schema,
            secrets=checks.secrets,
            setting_names=checks.setting_names,
            cwd=checks.cwd,
        )
    except ConfigError as error:
        return _rest(path, checks, list(error.diagnostics))
    with store.reading() as merged:
        tree = merged.sources[0]
        found = list(store.diagnostics)
        if tree.text is None:  # a secret stood in it
            return _rest(path, checks, found)
        found += _against(merged, checks)
    found += _hazards(path, tree, checks)
    return _without_suppressed(found, tree) if found else found


def _rest(path: Path, checks: ConfigChecks, found: list[Diagnostic]) -> list[Diagnostic]:
    """What loading did not come to, because something else was wrong."""
    reader = InputReader(checks.cwd, call_origin(CALLER, "config"))
    reader.read_path(path)
    tree = reader.trees[-1]
    keeper = Secrets(checks.secrets)
    merged = merge([keeper.mask_tree(tree)[0]])
    rest = _against(merged, checks) if tree.data else []
    if any(fault.is_error for fault in reader.diagnostics):
        # What could not be read is not missing.
        rest = [fault for fault in rest if fault.rule is not Rule.MISSING_VALUE]
    rest += _hazards(path, tree, checks)
    known = {(fault.rule, fault.path) for fault in found}
    found += keeper.mask_diagnostics(
        [fault for fault in rest if (fault.rule, fault.path) not in known]
    )
    return _without_suppressed(found, tree)


def _against(merged: Merged, checks: ConfigChecks) -> list[Diagnostic]:
    found: list[Diagnostic] = []
    if checks.parser is not None:
        found += check_parser(merged, checks.parser)
    if checks.model is not None:
        found += check_model(merged, checks.model)
    return found


def _hazards(path: Path, tree: Tree, checks: ConfigChecks) -> list[Diagnostic]:
    if Format.of(path) not in {Format.YAML, Format.INI} or tree.text is None:
        return []
    found = hazard_diagnostics(tree)
    return Secrets(checks.secrets).mask_diagnostics(found) if found else found


def _without_suppressed(found: list[Diagnostic], tree: Tree) -> list[Diagnostic]:
    """What is left, in the order of the file."""
    found.sort(key=lambda fault: (fault.line or 0, fault.column or 0))
    return without_suppressed(
        found, lambda where: tree.text if where == tree.where and tree.columns else None
    )
