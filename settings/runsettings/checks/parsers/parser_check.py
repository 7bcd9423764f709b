"""A run config held against an argparse parser."""

from __future__ import annotations

from typing import Any

from runsettings.checks.parsers.options import ParserOption, ParserOptions
from runsettings.checks.parsers.values import converted, value_fault
from runsettings.resolution.merge import Merged
from runsettings.resolution.validation_errors import show_value
from runsettings.runconfig.rules.key_rules import place_of
from runsettings.values.diagnostic import Diagnostic, Rule, Severity
from runsettings.values.did_you_mean import did_you_mean
from runsettings.values.origin import Layer, Origin
from runsettings.values.tree import KeyPath


def check_parser(merged: Merged, parser: ParserOptions) -> list[Diagnostic]:
    """Everything in a config that the parser would not take.

    Args:
        merged: The config.
        parser: The arguments of the parser.
    """
    check = _Check(merged, parser.for_config(merged.data), parser)
    check.mapping(merged.data, ())
    check.whole()
    return check.found


class _Check:
    def __init__(self, merged: Merged, parser: ParserOptions, whole: ParserOptions) -> None:
        self._merged = merged
        self._parser = parser
        self._whole = whole
        self._set: dict[str, KeyPath] = {}
        self._values: dict[str, Any] = {}
        self.found: list[Diagnostic] = []

    def mapping(self, node: dict[Any, Any], path: KeyPath) -> None:
        """Check the keys below ``path``; nested ones are dotted names."""
        for key, value in node.items():
            here = (*path, key)
            name = ".".join(str(part).replace("-", "_") for part in here)
            option = self._parser.options.get(name) or self._parser.options.get(
                ".".join(map(str, here))
            )
            if option is not None:
                self._set[option.name] = here
                self._values[option.name] = value
                self._value(option, value, here)
            elif isinstance(value, dict) and self._parser.below(name):
                self.mapping(value, here)
            elif "." not in str(key):  # which is a fault of its own
                self._unknown(name, here)

    def whole(self) -> None:
        """Check what no single key can tell."""
        for option in self._parser.options.values():
            if option.required and option.name not in self._set:
                self._missing((option.name,), f"is required by the parser ({option.flag})")
        for group in self._parser.exclusive:
            # As argparse has it: what is left at its default excludes nothing. A text that would
            # be converted to the default was written by somebody, and is no default.
            given = [
                option
                for option in group
                if (value := self._values.get(option.name)) is not None
                and value not in (option.default, converted(option, option.default))
            ]
            for option in given[1:]:
                first = given[0]
                message = f"cannot be set together with {first.name} ({first.flag})"
                self._add(Rule.BAD_VALUE, self._set[option.name], message)
        for group in self._parser.demanded:
            if not any(self._is_given(option) for option in group):
                flags = ", ".join(option.flag for option in group)
                self._missing((), f"one of {flags} is required by the parser")

    def _is_given(self, option: ParserOption) -> bool:
        value = self._values.get(option.name)
        return value is not None and not (option.switch and value == option.default)

    def _missing(self, path: KeyPath, message: str) -> None:
        where = self._merged.sources[-1].where if self._merged.sources else "config"
        message = f"{message}, and the config does not set it"
        self._add(Rule.MISSING_VALUE, path, message, origin=Origin(Layer.FILE, where))

    def _value(self, option: ParserOption, value: Any, path: KeyPath) -> None:
        fault = value_fault(option, value)
        if fault is not None:
            got = "" if isinstance(value, dict) else f"; got {show_value(value)}"
            hint = None
            if isinstance(value, str):
                choices = option.action.choices or ()
                known = [choice for choice in choices if isinstance(choice, str)]
                hint = did_you_mean(value, known)
            self._add(Rule.BAD_VALUE, path, fault + got, hint)
        elif self._parser.defaults_count and option.default is not None and _differs(option, value):
            self._add(
                Rule.SHADOWED_VALUE,
                path,
                f"loses to the default of {option.flag}, {show_value(option.default)}: "
                "parser.parse_args() does not tell defaults from flags that were given",
                "parse with runsettings.parse_args(parser)",
                severity=Severity.WARNING,
            )

    def _unknown(self, name: str, path: KeyPath) -> None:
        message, hint = "is not an argument of the parser", None
        if name in self._whole.options:
            message = "is an argument of another command than the config names"
        else:
            hint = did_you_mean(name, self._parser.options)
        self._add(Rule.UNKNOWN_KEY, path, message, hint, key=True)

    def _add(
        self,
        rule: Rule,
        path: KeyPath,
        message: str,
        hint: str | None = None,
        *,
        severity: Severity = Severity.ERROR,
        key: bool = False,
        origin: Origin | None = None,
    ) -> None:
        excerpt = None
        if origin is None:
            origin, excerpt = place_of(self._merged, path, key=key)
        self.found.append(Diagnostic(rule, severity, path, message, origin, hint, excerpt))


def _differs(option: ParserOption, value: Any) -> bool:
    """Whether a value is not the default, which argparse converts if it is a text."""
    return bool(converted(option, option.default) != converted(option, value))
