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
from runsettings.runconfig.loading import GatheredConfig, gather_config
from runsettings.values.diagnostic import Diagnostic, Rule
from runsettings.values.tree import Kind, Tree

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
    gathered = gather_config(
        path,
        caller=CALLER,
        schema=checks.schema,
        secrets=checks.secrets,
        setting_names=checks.setting_names,
        cwd=checks.cwd,
    )
    found = list(gathered.diagnostics)
    tree = gathered.read[0]
    further = _hazards(path, tree)
    if gathered.is_whole or tree.data:
        further += _against(gathered, checks)
    if further:
        known = {(fault.rule, fault.path) for fault in found}
        further = [fault for fault in further if (fault.rule, fault.path) not in known]
        found += gathered.secrets.diagnostics(further)
    return _without_suppressed(found, tree) if found else found


def _against(gathered: GatheredConfig, checks: ConfigChecks) -> list[Diagnostic]:
    """What the parser and the model refuse in the config."""
    found: list[Diagnostic] = []
    if checks.parser is not None:
        found += check_parser(gathered.merged, checks.parser)
    if checks.model is not None:
        found += check_model(gathered.merged, checks.model)
    if not gathered.is_whole:
        # What could not be read is not missing.
        found = [fault for fault in found if fault.rule is not Rule.MISSING_VALUE]
    return found


def _hazards(path: Path, tree: Tree) -> list[Diagnostic]:
    if Format.of(path) not in {Format.YAML, Format.INI} or tree.text is None:
        return []
    return hazard_diagnostics(tree)


def _without_suppressed(found: list[Diagnostic], tree: Tree) -> list[Diagnostic]:
    """What is left, in the order of the file."""
    found.sort(key=lambda fault: (fault.line or 0, fault.column or 0))
    text = tree.text if tree.kind is Kind.DOCUMENT else None
    return without_suppressed(found, lambda where: text if where == tree.where else None)
