"""Reads variables with pydantic-settings' own source, one field at a time.

Also has the diagnostic for a text that cannot be decoded.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from pydantic_core import PydanticUndefined
from pydantic_settings import EnvSettingsSource

from runsettings._deferred import deferred
from runsettings.values.key_paths import MISSING, KeyPath

if TYPE_CHECKING:
    from runsettings.values.diagnostic import Diagnostic, Excerpt, Rule, Severity
    from runsettings.values.origin import Origin
else:
    Diagnostic = deferred("runsettings.values.diagnostic", "Diagnostic")
    Rule = deferred("runsettings.values.diagnostic", "Rule")
    Severity = deferred("runsettings.values.diagnostic", "Severity")


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


def not_decodable(
    path: KeyPath, origin: Origin, cause: BaseException | None, excerpt: Excerpt | None = None
) -> Diagnostic:
    """The diagnostic for a text at ``origin`` that must be JSON, and is not."""
    detail = ""
    if isinstance(cause, json.JSONDecodeError):
        detail = f": {cause.msg} at character {cause.pos + 1}"
    elif isinstance(cause, RecursionError):
        detail = " that is nested less deep"
    return Diagnostic(
        Rule.BAD_VALUE,
        Severity.ERROR,
        path,
        f"must be JSON{detail}",
        origin,
        hint='write lists as ["a", "b"] and mappings as {"key": 1}',
        excerpt=excerpt,
    )
