"""One run-config file held against everything that it is checked for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

from runsettings.checks.configs.model_check import check_model
from runsettings.checks.parsers.options import ParserOptions
from runsettings.checks.parsers.parser_check import check_parser
from runsettings.checks.rule_selection import without_suppressed
from runsettings.checks.targets import matches_pattern
from runsettings.checks.yaml11.ambiguous_scalars import scalar_diagnostics
from runsettings.composition.profiles import Profiles
from runsettings.documents.files import Format, read_file, read_text
from runsettings.documents.paths import shown_path
from runsettings.layers.call_site import Caller
from runsettings.runconfig.inputs.wandb_form import VERSION_KEY, has_wandb_form
from runsettings.runconfig.loading import GatheredConfig, gather_config
from runsettings.secrets.masking import SecretMask
from runsettings.values.diagnostic import Diagnostic, Rule
from runsettings.values.origin import Kind, Layer, Origin, PlacedText
from runsettings.values.tree import Tree

CALLER: Final = Caller("runsettings check", None, None)
"""The caller of a check, which is no line of a program."""


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
        data: Patterns of files that are data, whose keys and values may be any.
        profiles: The profiles of composed files, with their origins.
    """

    cwd: Path
    schema: str | Path | Mapping[str, Any] | None = None
    parser: ParserOptions | None = None
    model: type[BaseModel] | None = None
    secrets: frozenset[str] = frozenset()
    setting_names: frozenset[str] = frozenset()
    data: tuple[str, ...] = ()
    profiles: tuple[tuple[str, Origin], ...] = ()

    def gathered(self, inputs: Any, profiles: Profiles | None = None) -> GatheredConfig:
        """The config of some inputs, held against the rules and the JSON Schema."""
        return gather_config(
            inputs,
            caller=CALLER,
            schema=self.schema,
            secrets=self.secrets,
            setting_names=self.setting_names,
            cwd=self.cwd,
            profiles=profiles,
        )


def check_config_file(
    path: Path, checks: ConfigChecks, named_by: Origin | None = None
) -> list[Diagnostic]:
    """Check one config file.

    Args:
        path: The file.
        checks: What to hold it against.
        named_by: The place that names the file; ``None`` if it was asked for.

    Returns:
        What is wrong, in the order of the file, with secrets masked.
    """
    if matches_pattern(path, checks.cwd, checks.data):
        return _check_data_file(path, checks, named_by)
    # A file without profiles need not have the one that is chosen.
    profiles = Profiles(checks.profiles, lenient=True) if checks.profiles else None
    gathered = checks.gathered(PlacedText(path, named_by) if named_by else path, profiles)
    found = list(gathered.diagnostics)
    # A composed file has the sources of the files that it uses below its own.
    own = shown_path(path, checks.cwd)
    tree = next((each for each in gathered.read if each.where == own), gathered.read[-1])
    further: list[Diagnostic] = []
    if Format.of(path) in {Format.YAML, Format.INI}:
        further += _ambiguous_scalars(tree)
    if gathered.is_whole or tree.data:
        further += _parser_and_model(gathered, checks)
    return _in_order([*found, *_masked(further, gathered)], tree)


def check_config_inputs(inputs: Any, checks: ConfigChecks) -> list[Diagnostic]:
    """Check the config that several inputs make.

    Args:
        inputs: Any inputs of a config.
        checks: What to hold it against.
    """
    gathered = checks.gathered(inputs)
    found = [*gathered.diagnostics, *_masked(_parser_and_model(gathered, checks), gathered)]
    texts = {tree.where: tree.text for tree in gathered.read if tree.kind is Kind.DOCUMENT}
    return list(without_suppressed(found, texts.get))


def _masked(further: Sequence[Diagnostic], gathered: GatheredConfig) -> list[Diagnostic]:
    """Further diagnostics, but for those that are known, with secrets masked."""
    known = {(each.rule, each.path) for each in gathered.diagnostics}
    new = [each for each in further if (each.rule, each.path) not in known]
    return list(gathered.secrets.diagnostics(new))


def _check_data_file(path: Path, checks: ConfigChecks, named_by: Origin | None) -> list[Diagnostic]:
    """Check whether a file can be read as its format, and alike by all tools."""
    reading = read_file(path, Layer.FILE, where=shown_path(path, checks.cwd))
    if named_by is not None:
        reading = reading.named_by(named_by)
    found = list(reading.diagnostics)
    if Format.of(path) is Format.YAML:
        found += scalar_diagnostics(reading.tree)
    return _in_order(SecretMask(checks.secrets).diagnostics(found), reading.tree)


def _in_order(found: Sequence[Diagnostic], tree: Tree) -> list[Diagnostic]:
    """The diagnostics in the order of the file, without those that a comment turns off."""
    if not found:
        return []
    found = sorted(found, key=lambda each: (each.line or 0, each.column or 0))
    text = tree.text if tree.kind is Kind.DOCUMENT else None
    return without_suppressed(found, lambda where: text if where == tree.where else None)


def _ambiguous_scalars(tree: Tree) -> list[Diagnostic]:
    """Warnings of scalars that YAML 1.1 tools read differently from us."""
    found = scalar_diagnostics(tree)
    text = tree.text or ""
    # Without either key it cannot have W&B's form; `value_0` is another key.
    if found and (VERSION_KEY in text or re.search(r"\bvalue\b", text)):
        as_written = read_text(text, tree.layer, tree.where, Format.YAML).tree.data
        if has_wandb_form(as_written):
            return []  # the client wrote it, and it is read by the rules of YAML 1.1
    return found


def _parser_and_model(gathered: GatheredConfig, checks: ConfigChecks) -> list[Diagnostic]:
    """What the parser and the model refuse in the config."""
    found: list[Diagnostic] = []
    if checks.parser is not None:
        found += check_parser(gathered.merged, checks.parser)
    if checks.model is not None:
        found += check_model(gathered.merged, checks.model)
    if not gathered.is_whole:
        # What could not be read is not missing.
        found = [each for each in found if each.rule is not Rule.MISSING_VALUE]
    return found
