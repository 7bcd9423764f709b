"""Reads variables with pydantic-settings' own source, one field at a time."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from pydantic_core import PydanticUndefined
from pydantic_settings import EnvSettingsSource

from runsettings.values.key_paths import MISSING


class _Asked(dict[str, str | None]):
    """An empty environment that records the names that were looked up."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def get(self, key: str, default: Any = None) -> Any:
        self.names.append(key)
        return default


class VariableSource(EnvSettingsSource):
    """pydantic-settings' source, with an environment that the caller passes."""

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return {}

    def variables_of(self, name: str) -> list[str]:
        """The variables that can set the field ``name``, highest precedence first."""
        self.env_vars = asked = _Asked()
        self.get_field_value(self.settings_cls.model_fields[name], name)
        self.env_vars = {}
        return asked.names

    def value_of(self, name: str, variables: Mapping[str, str | None]) -> Any:
        """The value of one field, or `MISSING`.

        Args:
            name: The field.
            variables: Variables and their texts.

        Raises:
            pydantic_settings.SettingsError: The text cannot be decoded.
        """
        source = copy.copy(self)
        source.env_vars = variables
        # The source reads all fields of its class, so that it gets a class with only this field.
        field = self.settings_cls.model_fields[name]
        source.settings_cls = SimpleNamespace(model_fields={name: field})  # type: ignore[assignment]
        found = source()
        if not found:
            return MISSING
        alias = field.validation_alias
        for choice in getattr(alias, "choices", [alias]):
            if hasattr(choice, "search_dict_for_path"):  # an AliasPath names a part of the value
                part = choice.search_dict_for_path(found)
                if part is not PydanticUndefined:
                    return part
                found.pop(choice.path[0], None)  # the value has no such part
        return next(iter(found.values()), MISSING)
