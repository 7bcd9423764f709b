"""The leaves of what a run recorded, each with what set it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from runsettings.journal.replay import StoredRun
from runsettings.values.origin import Layer, Origin
from runsettings.values.tree import format_path, leaves_of

Origins = Mapping[str, Mapping[str, Any]]


class Sourced(NamedTuple):
    """A value as a run recorded it."""

    value: Any
    origin: Mapping[str, Any] | None
    """What `Origin.to_json` made, or ``None`` where nobody recorded it."""

    @property
    def layer(self) -> str:
        """The layer's name, or nothing."""
        return str(self.origin.get("layer", "")) if self.origin is not None else ""

    @property
    def place(self) -> str:
        """The name to search for: ``--lr``, ``train.yaml:7:7``."""
        if self.origin is None:
            return ""
        line, column, call = map(self.origin.get, ("line", "column", "call"))
        # The layer says nothing here: a later version may have recorded one that we do not know.
        return str(Origin(Layer.DEFAULT, str(self.origin.get("where", "")), line, column, call))

    @property
    def is_default(self) -> bool:
        """Whether nobody set it."""
        return self.layer == Layer.DEFAULT.label

    def to_json(self) -> dict[str, Any]:
        """Value and origin for JSON."""
        return {"value": self.value, "origin": self.origin}


def config_leaves(run: StoredRun) -> dict[str, Sourced]:
    """The leaves of a run's config by dotted path; a list is a leaf."""
    return {
        format_path(path): Sourced(value, run.config_origins.get(format_path(path)))
        for path, value in leaves_of(run.config)
    }


def settings_leaves(run: StoredRun) -> dict[str, Sourced]:
    """A run's settings by key, secrets masked as they were recorded."""
    return {
        key: Sourced(value, run.settings_origins.get(key)) for key, value in run.settings.items()
    }


def summary_leaves(run: StoredRun) -> dict[str, Sourced]:
    """A run's summary by key; what it has was logged, and nothing more is known of its origin."""
    return {key: Sourced(value, None) for key, value in run.summary.items()}


def metadata_leaves(run: StoredRun) -> dict[str, Any]:
    """The facts about a run's surroundings by dotted path, without the list of packages."""
    facts = {key: value for key, value in run.metadata.items() if key != "packages"}
    return {format_path(path): value for path, value in leaves_of(facts)}
