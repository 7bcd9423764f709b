"""Selects the rules that count: for a project, for one call, or for one line of a file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Final

from pydantic import BeforeValidator, Field
from pydantic_settings import SettingsConfigDict

from runsettings.models.layered import LayeredSettings
from runsettings.models.model_options import LayeredConfigDict
from runsettings.values.diagnostic import Diagnostic, Rule
from runsettings.values.did_you_mean import did_you_mean
from runsettings.values.excerpts import line_of
from runsettings.values.origin import Layer

_MARK: Final = "runsettings:"
_COMMENT: Final = re.compile(r"(?:^|\s)#\s*runsettings:\s*ignore(?:\[([^\[\]]*+)\])?\s*(?:#.*)?$")


_ALWAYS: Final = frozenset({Rule.UNREADABLE_FILE, Rule.SYNTAX})


def rule_named(name: Any) -> Rule:
    """The rule with this id.

    Raises:
        ValueError: There is none; the message suggests one.
    """
    try:
        return Rule(name)
    except ValueError:
        hint = did_you_mean(str(name), map(str, Rule))
        raise ValueError(f"{name!r} is not a rule" + (f" — {hint}" if hint else "")) from None


class CheckSettings(LayeredSettings):
    """What a project says about its checks, in ``[tool.runsettings.check]``."""

    model_config: ClassVar[SettingsConfigDict] = LayeredConfigDict(
        pyproject_table=("tool", "runsettings", "check"),
        layers=(Layer.PYPROJECT, Layer.INIT),
    )

    select: tuple[Annotated[Rule, BeforeValidator(rule_named)], ...] = ()
    """The only rules that count; all of them if none is named."""

    ignore: tuple[Annotated[Rule, BeforeValidator(rule_named)], ...] = ()
    """Rules that do not count."""

    exclude: tuple[str, ...] = ()
    """Patterns of files that are not looked for in directories, such as ``old/**``."""

    data: tuple[str, ...] = ()
    """Patterns of files that are data and no run configs: keys and values may be any."""

    allow: dict[str, tuple[Annotated[Rule, BeforeValidator(rule_named)], ...]] = Field(default={})
    """For patterns of files, the rules that do not count in them."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The rules that count.

    Attributes:
        select: The only ones; all if empty.
        ignore: Those that do not count.
    """

    select: frozenset[Rule] = frozenset()
    ignore: frozenset[Rule] = frozenset()

    @classmethod
    def of(cls, select: Iterable[Rule | str], ignore: Iterable[Rule | str]) -> Selection:
        """The selection of these rules.

        Raises:
            ValueError: One of them is no rule.
        """
        return cls(frozenset(map(rule_named, select)), frozenset(map(rule_named, ignore)))

    def counts(self, rule: Rule) -> bool:
        """Whether a rule counts. Rules of files that cannot be read always do, unless ignored."""
        chosen = not self.select or rule in self.select or rule in _ALWAYS
        return chosen and rule not in self.ignore


def without_suppressed(
    diagnostics: Sequence[Diagnostic], text_of: Callable[[str], str | None]
) -> list[Diagnostic]:
    """Leave out the diagnostics that a comment on their line turns off.

    ``# runsettings: ignore`` turns off every rule on its line, and
    ``# runsettings: ignore[yaml-scalar, key-period]`` those that it names.

    Args:
        diagnostics: What was found.
        text_of: The text of a source by its name in origins, or ``None``.
    """
    commented: dict[str, str | None] = {}

    def is_suppressed(found: Diagnostic) -> bool:
        origin, line = found.origin, found.line
        if origin is None or line is None:
            return False
        if origin.where not in commented:
            text = text_of(origin.where)
            commented[origin.where] = text if text and _MARK in text else None
        text = commented[origin.where]
        return text is not None and is_suppressed_on(line_of(text, line), found.rule)

    return [found for found in diagnostics if not is_suppressed(found)]


def is_suppressed_on(line: str, rule: Rule) -> bool:
    """Whether a comment on a line of text turns a rule off there."""
    if _MARK not in line:
        return False
    comment = _COMMENT.search(line)
    if comment is None:
        return False
    names = comment[1]
    return names is None or str(rule) in re.split(r"[\s,]+", names.strip())
