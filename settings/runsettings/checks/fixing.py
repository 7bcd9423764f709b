"""Rewrites what a check can fix: ambiguous YAML scalars, and old names of fields."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import BaseModel

from runsettings.checks.check import Request, project_rules
from runsettings.checks.settings_layers import (
    SettingsFileAlone,
    check_layers,
    check_settings_file,
    client_settings,
    is_settings_file,
)
from runsettings.checks.targets import find_files, matches_pattern
from runsettings.checks.yaml11.fixing import fixed_scalars
from runsettings.composition.profiles import Profiles
from runsettings.documents.atomic_write import rewrite
from runsettings.documents.editing.renaming import Rename, rename_keys
from runsettings.documents.files import Format, read_bytes, read_text
from runsettings.documents.paths import named_path, shown_path
from runsettings.layers.base import Inputs
from runsettings.models.layered import LayeredSettings
from runsettings.models.model_options import options
from runsettings.models.settings import Settings
from runsettings.resolution.normalizing.renamed_keys import old_names_in
from runsettings.secrets.forms import mask_addresses, written_secrets
from runsettings.secrets.masking import SecretMask
from runsettings.values.diagnostic import Diagnostic, Rule
from runsettings.values.errors import SettingsError
from runsettings.values.origin import Kind, Layer, Origin
from runsettings.values.rendering import counted


@dataclass(frozen=True, slots=True)
class Fix:
    """What fixing one file came to.

    Attributes:
        where: The file as the person would name it.
        before: Its text.
        after: The text to write.
        scalars: How many scalars were rewritten.
        keys: How many keys were renamed.
        secrets: Secrets of the settings that must not be shown.
    """

    where: str
    before: str
    after: str
    scalars: int
    keys: int
    secrets: frozenset[str] = frozenset()

    @property
    def what(self) -> str:
        """What was rewritten: ``2 scalars rewritten, 1 key renamed``."""
        counts = (("scalar", self.scalars, "rewritten"), ("key", self.keys, "renamed"))
        return ", ".join(f"{counted(count, noun)} {done}" for noun, count, done in counts if count)

    def diff(self) -> str:
        """The change as a unified diff, without the secrets in it and in the lines around it."""
        format_ = Format.of(Path(self.where)) or Format.INI
        data = read_text(self.before, Layer.FILE, self.where, format_).tree.data
        mask = SecretMask(self.secrets.union(written_secrets(data)))
        lines = difflib.unified_diff(
            self.before.splitlines(keepends=True),
            self.after.splitlines(keepends=True),
            self.where,
            self.where,
        )
        shown: list[str] = []
        for line in lines:
            shown.append(mask_addresses(mask.line(line.removesuffix("\n"))) + "\n")
            if not line.endswith("\n"):
                shown.append("\\ No newline at end of file\n")
        return "".join(shown)


def run_fixes(request: Request, *, write: bool) -> tuple[list[Fix], list[Diagnostic]]:
    """Rewrite the ambiguous scalars and the old names of keys in the files that are asked for.

    Keys are renamed in the files that a composed file uses as well.

    Args:
        request: Which files, and which rules count.
        write: Whether to write the files, or only to tell what would change.

    Returns:
        The changes, and why others could not be made.

    Raises:
        ValueError: The request selects or ignores something that is no rule.
    """
    inputs = request.inputs
    here = inputs.cwd
    selection, project, _ = project_rules(here, request)
    fixes: list[Fix] = []
    paths, found = find_files(request.files, here, (*project.exclude, *request.exclude))
    # What is shown of a file must hold no secret: neither a live one nor a settings file's own.
    secrets = frozenset() if write else check_layers(request.settings, inputs).secrets
    renames: dict[Path, dict[Rename, None]] = {path: {} for path in paths}
    is_own_model = not issubclass(request.settings, Settings)
    for path in paths:
        named = is_own_model and not matches_pattern(path, here, project.data)
        if named or is_settings_file(path, inputs.app_name):
            if not write:
                secrets |= check_settings_file(path, request.settings, inputs).secrets
            if selection.counts(Rule.RENAMED_KEY):
                for file, keys in _renames_of(path, request.settings, inputs).items():
                    renames.setdefault(file, {}).update(dict.fromkeys(keys))
    for path, keys in renames.items():
        # Of a file that only another one uses, nothing but the keys is asked for.
        scalars = path in paths and selection.counts(Rule.YAML_SCALAR)
        if not keys and not (scalars and Format.of(path) is Format.YAML):
            continue
        where = shown_path(path, here)
        fix, errors = fix_file(path, where, scalars=scalars, renames=keys, write=write)
        if fix is not None:
            fixes.append(replace(fix, secrets=secrets))
        found += errors
    return fixes, found


def _renames_of(
    path: Path, model: type[LayeredSettings], inputs: Inputs
) -> Mapping[Path, Collection[Rename]]:
    """The keys with old names in a settings file, and in the files that it uses.

    Args:
        path: The file.
        model: The settings class.
        inputs: What the layers read.

    Returns:
        The keys to rename, by their file. A key whose new name is there as well is left out.
    """
    models: list[type[BaseModel]] = [model] if options(model).renamed else []
    models += [client_settings()] if issubclass(model, Settings) else []
    if not models:
        return {}
    inputs = inputs.replace(directory=inputs.cwd)
    profiles = Profiles()
    SettingsFileAlone(path).read(inputs.replace(profiles=profiles, chosen=None))
    # All profiles of the files, whether they are chosen or not.
    profiles = Profiles([(name, Origin(Layer.FILE, "profiles")) for name in profiles.known])
    found: dict[Path, dict[Rename, None]] = {}
    for reading in SettingsFileAlone(path).read(inputs.replace(profiles=profiles, chosen=None)):
        tree = reading.tree
        is_ini = tree.kind is Kind.INI
        for kind in models:
            # The client reads INI files alone.
            uses = old_names_in(tree.data, kind, any_case=is_ini) if is_ini or kind is model else ()
            for each in uses:
                position = tree.position(each.path, key=True)
                if each.present is None and position is not None:
                    rename = Rename(position, str(each.path[-1]), each.now)
                    found.setdefault(named_path(tree.where, inputs.cwd), {})[rename] = None
    return found


def fix_file(
    path: Path,
    where: str,
    *,
    scalars: bool = True,
    renames: Collection[Rename] = (),
    write: bool = True,
) -> tuple[Fix | None, list[Diagnostic]]:
    """Fix a file in place.

    Args:
        path: The file; where it is a link, what it leads to is rewritten.
        where: Its name in reports.
        scalars: Whether to rewrite the scalars of a YAML file.
        renames: The keys to rename.
        write: Whether to write it, or only to tell what would be written.

    Returns:
        The change, or ``None`` if there is none; and why it could not be made.
    """
    content = read_bytes(path, Layer.FILE, where=where)
    if content.text is None:
        return None, list(content.diagnostics)
    fix: Fix | None = None

    def edit(text: str) -> str:
        nonlocal fix
        renamed, count = _with_renamed(text, Format.of(path), renames, where), 0
        after = renamed
        if scalars and Format.of(path) is Format.YAML:
            after, count = fixed_scalars(renamed, where)
        keys = len(renames) if renamed != text else 0
        fix = None if after == text else Fix(where, text, after, count, keys)
        return after

    try:
        if write:
            rewrite(path, edit, layer=Layer.FILE, where=where)
        else:
            edit(content.text)
    except SettingsError as error:
        return None, list(error.diagnostics)
    return fix, []


def _with_renamed(
    text: str, format_: Format | None, renames: Collection[Rename], where: str
) -> str:
    """The text with the new names of keys.

    Raises:
        SettingsError: Something else would change with it.
    """
    if not renames or format_ is None:
        return text
    try:
        return rename_keys(text, format_, renames)
    except ValueError as error:
        message = f"keys were not renamed: {error}"
        origin = Origin(Layer.FILE, where)
        raise SettingsError.of(Rule.RENAMED_KEY, message, origin=origin) from error
