"""The recorded values of a run, leaf by leaf, each with its origin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from runsettings.journal.replay import StoredRun
from runsettings.values.key_paths import MISSING, format_path, leaves_of
from runsettings.values.origin import Layer, Origin


class RecordedValue(NamedTuple):
    """A value and its origin, as a run recorded them."""

    value: Any
    origin: Mapping[str, Any] | None
    """The JSON object of `Origin.to_json`, or ``None`` if none was recorded."""
    losers: Sequence[Mapping[str, Any]] = ()
    """The values that it overrode, highest precedence first, each an origin with a value. The value
    is missing if the key was removed."""

    @property
    def layer(self) -> str:
        """The name of the layer, or an empty string."""
        return str(self.origin.get("layer", "")) if self.origin is not None else ""

    @property
    def origin_text(self) -> str:
        """The origin as text: ``--lr``, or ``train.yaml:7:7`` and the file that uses it."""
        return "" if self.origin is None else Origin.from_json(self.origin).place

    @property
    def is_default(self) -> bool:
        """Whether the value is the model's default."""
        return self.layer == Layer.DEFAULT.label

    @property
    def beaten(self) -> list[RecordedValue]:
        """The values that it overrode, without defaults, highest precedence first."""
        found = [RecordedValue(loser.get("value", MISSING), loser) for loser in self.losers]
        return [each for each in found if not each.is_default]

    def to_json(self) -> dict[str, Any]:
        """Value, origin and losers as a JSON object."""
        losers = {"losers": self.losers} if self.losers else {}
        return {"value": self.value, "origin": self.origin, **losers}


def config_values(run: StoredRun) -> dict[str, RecordedValue]:
    """Return the leaves of a run's config by key path; a list is one leaf.

    Args:
        run: The run.
    """
    values = {format_path(path): value for path, value in leaves_of(run.config)}
    origins, losers = run.config_origins, run.config_losers
    return {
        key: RecordedValue(value, origins.get(key), losers.get(key, ()))
        for key, value in values.items()
    }


def settings_values(run: StoredRun) -> dict[str, RecordedValue]:
    """Return a run's settings by key; secrets were masked when they were recorded.

    Args:
        run: The run.
    """
    return {
        key: RecordedValue(value, run.settings_origins.get(key), run.settings_losers.get(key, ()))
        for key, value in run.settings.items()
    }


def summary_values(run: StoredRun) -> dict[str, RecordedValue]:
    """Return a run's summary by key; it has no origins.

    Args:
        run: The run.
    """
    return {key: RecordedValue(value, None) for key, value in run.summary.items()}


def metadata_values(run: StoredRun) -> dict[str, Any]:
    """Return a run's metadata by key path, without its packages.

    Args:
        run: The run.
    """
    facts = {key: value for key, value in run.metadata.items() if key != "packages"}
    return {format_path(path): value for path, value in leaves_of(facts)}
