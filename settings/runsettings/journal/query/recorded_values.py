"""The recorded values of a run, leaf by leaf, each with its origin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from runsettings.journal.replay import StoredRun
from runsettings.values.key_paths import format_path, leaves_of
from runsettings.values.origin import Layer, Origin


class RecordedValue(NamedTuple):
    """A value and its origin, as a run recorded them."""

    value: Any
    origin: Mapping[str, Any] | None
    """The JSON object of `Origin.to_json`, or ``None`` if none was recorded."""

    @property
    def layer(self) -> str:
        """The name of the layer, or an empty string."""
        return str(self.origin.get("layer", "")) if self.origin is not None else ""

    @property
    def origin_text(self) -> str:
        """The name to search for: ``--lr``, ``train.yaml:7:7``."""
        return "" if self.origin is None else str(Origin.from_json(self.origin))

    @property
    def is_default(self) -> bool:
        """Whether the value is the model's default."""
        return self.layer == Layer.DEFAULT.label

    def to_json(self) -> dict[str, Any]:
        """Value and origin as a JSON object."""
        return {"value": self.value, "origin": self.origin}


def config_values(run: StoredRun) -> dict[str, RecordedValue]:
    """The leaves of a run's config by dotted path; a list is one leaf."""
    values = {format_path(path): value for path, value in leaves_of(run.config)}
    return {key: RecordedValue(value, run.config_origins.get(key)) for key, value in values.items()}


def settings_values(run: StoredRun) -> dict[str, RecordedValue]:
    """A run's settings by key; secrets were masked when they were recorded."""
    return {
        key: RecordedValue(value, run.settings_origins.get(key))
        for key, value in run.settings.items()
    }


def summary_values(run: StoredRun) -> dict[str, RecordedValue]:
    """A run's summary by key; no origins are recorded for it."""
    return {key: RecordedValue(value, None) for key, value in run.summary.items()}


def metadata_values(run: StoredRun) -> dict[str, Any]:
    """The facts about a run's machine and program by dotted path, without its packages."""
    facts = {key: value for key, value in run.metadata.items() if key != "packages"}
    return {format_path(path): value for path, value in leaves_of(facts)}
