"""Checks a run config against an argparse parser."""

from __future__ import annotations

from typing import Any

from runsettings.checks.parsers.options import ParserOption, ParserOptions
from runsettings.checks.parsers.values import reason_against
from runsettings.composition.merge import Merged
from runsettings.resolution.validation_errors import show_value
from runsettings.runconfig.rules.key_rules import place_of
from runsettings.values.diagnostic import Diagnostic, Rule, Severity
from runsettings.values.did_you_mean import did_you_mean
from runsettings.values.key_paths import KeyPath
from runsettings.values.origin import Layer, Origin


def check_parser(merged: Merged, parser: ParserOptions) -> list[Diagnostic]:
    """Find what the parser would not take in a config.

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
        self._paths: dict[str, KeyPath] = {}
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
                self._paths[option.name] = here
                self._values[option.name] = value
                self._value(option, value, here)
            elif isinstance(value, dict) and self._parser.below(name):
                self.mapping(value, here)
            elif "." not in str(key):  # which has a rule of its own
                self._unknown(name, here)

    def whole(self) -> None:
        """Check what no single key can tell."""
        for option in self._parser.options.values():
            if not option.required:
                continue
            if option.name not in self._paths:
                self._missing((option.name,), f"is required by the parser ({option.flag})")
            elif self._parser.parses:
                self._required_on_the_command_line(option.flag, self._paths[option.name])
        for group in self._parser.exclusive:
            # As argparse has it: what is left at its default excludes nothing.
            given = [
                option
                for option in group
                if (value := self._values.get(option.name)) is not None
                and not option.is_default(value)
            ]
            for option in given[1:]:
                message = f"cannot be set together with {given[0].name} ({given[0].flag})"
                self._add(Rule.BAD_VALUE, self._paths[option.name], message)
        for group in self._parser.demanded:
            flags = ", ".join(option.flag for option in group)
            given = [option for option in group if self._is_given(option)]
            if not given:
                self._missing((), f"one of {flags} is required by the parser")
            elif self._parser.parses:
                self._required_on_the_command_line(f"one of {flags}", self._paths[given[0].name])

    def _is_given(self, option: ParserOption) -> bool:
        value = self._values.get(option.name)
        if value is None:
            return False
        # Of two switches with one name, one may have been given to set the default.
        return bool(option.others) or not (option.switch and option.is_default(value))

    def _required_on_the_command_line(self, flags: str, path: KeyPath) -> None:
        self._add(
            Rule.MISSING_VALUE,
            path,
            f"does not stand in for a flag: the program exits with status 2 without {flags}",
            "give it on the command line, or leave out required=True",
            severity=Severity.WARNING,
        )

    def _missing(self, path: KeyPath, message: str) -> None:
        where = self._merged.sources[-1].where if self._merged.sources else "config"
        message = f"{message}, and the config does not set it"
        self.found.append(
            Diagnostic.of(Rule.MISSING_VALUE, path, message, Origin(Layer.FILE, where))
        )

    def _value(self, option: ParserOption, value: Any, path: KeyPath) -> None:
        reason = reason_against(option, value)
        if reason is not None:
            got = "" if isinstance(value, dict) else f"; got {show_value(value)}"
            hint = None
            if isinstance(value, str):
                choices = option.action.choices or ()
                known = [choice for choice in choices if isinstance(choice, str)]
                hint = did_you_mean(value, known)
            self._add(Rule.BAD_VALUE, path, reason + got, hint)
        elif self._parser.defaults_count and option.defaults and not option.is_default(value):
            self._add(
                Rule.SHADOWED_VALUE,
                path,
                f"loses to the default of {option.flag}, {show_value(option.defaults[0])}: "
                "parser.parse_args() does not tell defaults from flags that were given",
                "parse with runsettings.parse_args(parser)",
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
        key: bool = False,
        severity: Severity | None = None,
    ) -> None:
        origin, excerpt = place_of(self._merged, path, key=key)
        self.found.append(
            Diagnostic.of(rule, path, message, origin, hint, excerpt, severity=severity)
        )
