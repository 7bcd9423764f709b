"""Any pydantic-settings source as a layer: secrets directories, secret managers, one's own."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import AliasPath
from pydantic.fields import FieldInfo
from pydantic_settings import PydanticBaseSettingsSource, SecretsSettingsSource
from pydantic_settings.exceptions import SettingsError as SourceError

from runsettings._deferred import deferred
from runsettings.documents.paths import named_path, shown_path
from runsettings.layers.base import Inputs
from runsettings.layers.copying import copy_containers
from runsettings.values.diagnostic import Diagnostic, Rule, Severity
from runsettings.values.origin import Kind, Layer, Origin
from runsettings.values.reading import Reading
from runsettings.values.tree import Tree

if TYPE_CHECKING:
    from runsettings.layers import source_positions
else:
    source_positions = deferred("runsettings.layers.source_positions")


class ExternalLayer:
    """A pydantic-settings source, as it is.

    Args:
        source: The source, made for the model that is resolved, or a function that returns
            what a source would return.
        layer: The layer that its values report; where it stands in the order is decided by
            the ``layers`` it is put among.
        name: What to call it in origins; by default its class's name.
        kind: What it is written in.
    """

    sees_others = True
    """Whether the source may look at the values of the sources above it."""

    def __init__(
        self,
        source: PydanticBaseSettingsSource | Callable[[], Mapping[str, Any]],
        layer: Layer = Layer.EXTERNAL,
        name: str | None = None,
        kind: Kind = Kind.OBJECT,
    ) -> None:
        self.layer = layer
        self._source = source
        self.name: str = name or getattr(source, "__name__", None) or type(source).__name__
        self._kind = kind

    def tell(self, state: dict[str, Any], states: dict[str, dict[str, Any]]) -> None:
        """Tell the source what those above it say: all together, and each under its name."""
        if isinstance(self._source, PydanticBaseSettingsSource):
            self._source._set_current_state(state)
            self._source._set_settings_sources_data(states)

    def read(self, inputs: Inputs) -> Sequence[Reading]:
        """What the source returns; a source that fails is a diagnostic with its own words."""
        tree = Tree(self.layer, self.name, kind=self._kind, directives=False)
        try:
            data: dict[str, Any] = dict(self._source())
        # A source may talk to a cloud and fail in any way it likes; each is reported the same.
        except Exception as error:  # noqa: BLE001
            cause = error.__cause__ if isinstance(error, SourceError) else None
            # The text of a foreign error can hold the very secret that could not be read.
            kind = type(cause if cause is not None else error).__name__
            diagnostic = Diagnostic(
                Rule.EXTERNAL_SOURCE,
                Severity.ERROR,
                (),
                f"the source {self.name} failed with {kind}",
                Origin(self.layer, self.name),
                hint="call the source alone to see its own message",
            )
            return (Reading(tree, (diagnostic,)),)
        tree.data = data
        tree.marks = source_positions.places_of(self._source, data, self.layer, inputs)
        return (Reading(tree, copy_containers(tree)),)


class _SecretTexts(SecretsSettingsSource):
    """pydantic-settings' source, whose texts are decoded where those of all layers are."""

    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> Any:
        alias = field.validation_alias
        if any(isinstance(each, AliasPath) for each in getattr(alias, "choices", [alias])):
            return super().decode_complex_value(field_name, field, value)  # a part of it counts
        return value


class SecretsLayer:
    """Files in a secrets directory, one a field: the model's ``secrets_dir``.

    Args:
        options: Arguments for `SecretsSettingsSource` that replace the model's own.
    """

    layer = Layer.EXTERNAL

    def __init__(self, options: Mapping[str, Any] | None = None) -> None:
        names = ("case_sensitive", "env_prefix", "env_prefix_target")
        self._options = {name: value for name, value in (options or {}).items() if name in names}

    def read(self, inputs: Inputs) -> Sequence[Reading]:
        """What the files hold; the mark of each value is its file."""
        directories = [named_path(name, inputs.cwd) for name in inputs.secrets_dirs]
        present = [d for d in directories if os.path.isdir(d)]  # noqa: PTH112 - Path's may raise
        readings = [_no_directory(d, inputs.cwd) for d in directories if d not in present]
        if not present:
            return readings
        source = _SecretTexts(inputs.model, secrets_dir=present, **self._options)
        for reading in ExternalLayer(source, name="secrets_dir", kind=Kind.SECRETS).read(inputs):
            if reading.tree.data:
                reading.tree.marks = _files(source, present, inputs)
            readings.append(reading)
        return readings


def _files(
    source: SecretsSettingsSource, directories: Sequence[Path], inputs: Inputs
) -> dict[str, str]:
    """The file that sets each field; of several directories, the last one that has it."""
    files: dict[str, str] = {}
    for name, info in inputs.model.model_fields.items():
        spellings = source._extract_field_info(info, name)
        # The reverse of the order in which pydantic-settings looks: what it finds first stays.
        for _, file, _ in reversed(spellings):
            for directory in directories:
                path = source.find_case_path(directory, file, source.case_sensitive)
                if path is not None:
                    place = shown_path(path, inputs.cwd)
                    files.update((key, place) for key in (name, *(key for key, *_ in spellings)))
    return files


def _no_directory(path: Path, cwd: Path) -> Reading:
    """A secrets directory that is missing, a warning, or that is something else, an error."""
    where = shown_path(path, cwd)
    missing = not os.path.lexists(path)
    wrong = "does not exist" if missing else "is not a directory"
    diagnostic = Diagnostic(
        Rule.UNREADABLE_FILE,
        Severity.WARNING if missing else Severity.ERROR,
        (),
        f'the secrets directory "{where}" {wrong}',
        Origin(Layer.EXTERNAL, where),
    )
    return Reading(Tree(Layer.EXTERNAL, where, directives=False), (diagnostic,))
