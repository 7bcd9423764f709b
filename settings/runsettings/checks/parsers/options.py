"""The arguments of an argparse parser, as what a config can set.

A config that is loaded instead of a command line has to be one that the command line could
have given: known names, values of the right type, among the choices, nothing required missing.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from runsettings.checks.parsers.loading import load_parser
from runsettings.checks.parsers.yaml_values import is_form
from runsettings.layers.flags.conversion import UnknownConversionError, convert
from runsettings.layers.flags.settings_flags import SETTINGS_FLAG

BUILT_IN: Mapping[Any, str] = {str: "a string", int: "a whole number", float: "a number"}
"""Types whose values are known, and what they are called."""


@dataclass(frozen=True, slots=True, eq=False)
class ParserOption:
    """One name in a parser's namespace, which is a key in a config.

    Attributes:
        name: The name.
        flag: What a person writes: ``--lr``, or the name of a positional.
        action: argparse's own description.
        required: Whether a command line without it is refused.
        defaults: What the program gets where the argument is not given, as it is in the parser
            and as argparse converts it; empty if that is nothing.
        any_value: Whether it may have any value: the script's own action class sets it, or
            ``set_defaults`` alone.
        setting: The type of the setting whose flag it is, if it is one.
        others: Further arguments of the same name, of this parser or of other commands.
    """

    name: str
    flag: str
    action: argparse.Action
    required: bool = False
    defaults: tuple[Any, ...] = ()
    any_value: bool = False
    setting: Any = None
    others: tuple[ParserOption, ...] = ()

    @property
    def kind(self) -> Callable[[str], Any]:
        """The callable that turns a text into a value; ``str`` where the parser names none."""
        registered = self.action.type
        if registered is None or isinstance(registered, (str, argparse.FileType)):
            return str  # opening files is not a check's business
        return registered

    @property
    def switch(self) -> bool:
        """Whether its value is true or false."""
        switches = (argparse._StoreTrueAction, argparse._StoreFalseAction)
        return isinstance(self.action, (*switches, argparse.BooleanOptionalAction))

    @property
    def appends(self) -> bool:
        """Whether each time that it is given adds to its value."""
        return isinstance(self.action, (argparse._AppendAction, argparse._AppendConstAction))

    @property
    def many(self) -> bool:
        """Whether its value is a list."""
        nargs = self.action.nargs
        lists = nargs in {"*", "+", argparse.REMAINDER} or type(nargs) is int
        return self.appends or lists

    @property
    def nullable(self) -> bool:
        """Whether it can be null: it is not given, or its type makes that of a text."""
        return not self.required or self.kind not in BUILT_IN or self.action.nargs == "?"

    @property
    def items_by_default(self) -> tuple[Any, ...]:
        """The items of its default, to which an argument that appends adds."""
        lists = (value for value in self.defaults if isinstance(value, (list, tuple)))
        return tuple(item for value in lists for item in value) if self.appends else ()

    def all_of_its_name(self) -> tuple[ParserOption, ...]:
        """It and all others of its name."""
        return (self, *self.others)

    def is_default(self, value: Any) -> bool:
        """Whether a value from YAML is what the program gets without the argument."""
        return is_form(value, *self.defaults)


@dataclass(frozen=True, slots=True, eq=False)
class ParserOptions:
    """All arguments of a parser, by their names in the namespace.

    Attributes:
        options: The arguments, those of all commands (subparsers) among them.
        own: The arguments that it has whatever the command.
        commands: For the argument that names a command, what each of its commands takes.
        exclusive: Groups of which at most one is given.
        demanded: Groups of which at least one has to be given.
        prog: The program.
        description: What it does.
        parses: Whether the program is known to parse its command line.
        defaults_count: Whether the program parses in a way that makes defaults look like given
            flags.
    """

    options: Mapping[str, ParserOption]
    own: Mapping[str, ParserOption]
    commands: Mapping[str, Mapping[str, ParserOptions]]
    exclusive: tuple[tuple[ParserOption, ...], ...]
    demanded: tuple[tuple[ParserOption, ...], ...]
    prog: str
    description: str | None
    parses: bool = False
    defaults_count: bool = False

    def for_config(self, data: Mapping[Any, Any]) -> ParserOptions:
        """What counts for a config: if it names a command, the other commands do not."""
        for name, commands in self.commands.items():
            value = data.get(name)
            if isinstance(value, str) and value in commands:
                inner = commands[value].for_config(data)
                own_groups = (
                    group
                    for group in self.exclusive
                    if all(self.own.get(member.name) is member for member in group)
                )
                return replace(
                    self,
                    options=_joined(self.own, inner.options.values()),
                    exclusive=(*own_groups, *inner.exclusive),
                    demanded=self.demanded + inner.demanded,
                )
        return self

    def below(self, prefix: str) -> bool:
        """Whether any name reaches below ``prefix``, as ``optim.lr`` does below ``optim``."""
        return any(name.startswith(f"{prefix}.") for name in self.options)


def parser_options(made: Any) -> ParserOptions:
    """The arguments of a parser, with those of its subparsers.

    Args:
        made: What `load_parser` takes.

    Raises:
        TypeError: It is no parser, and makes none.
    """
    loaded = load_parser(made)
    options = _options(loaded.parser)
    return replace(options, parses=loaded.parses, defaults_count=loaded.defaults_count)


def _options(parser: argparse.ArgumentParser) -> ParserOptions:
    actions = [action for action in parser._actions if _sets_something(action)]
    own = _joined({}, map(_option, actions))
    for name, default in parser._defaults.items():
        if name not in own:
            action = argparse.Action([], name, default=default)
            own[name] = ParserOption(name, name, action, any_value=True)
    commands: dict[str, Mapping[str, ParserOptions]] = {}
    inner: list[ParserOptions] = []
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            made = {id(sub): _options(sub) for sub in action.choices.values()}
            commands[action.dest] = {name: made[id(sub)] for name, sub in action.choices.items()}
            inner += made.values()
    # Which command counts is not known here, so that none of theirs is required.
    free = [replace(option, required=False) for each in inner for option in each.options.values()]
    groups = [
        (group.required, tuple(own[name] for name in _names(group) if name in own))
        for group in parser._mutually_exclusive_groups
    ]
    return ParserOptions(
        options=_joined(own, free),
        own=own,
        commands=commands,
        exclusive=(
            *(members for _, members in groups),
            *(group for each in inner for group in each.exclusive),
        ),
        demanded=tuple(members for required, members in groups if required and members),
        prog=parser.prog,
        description=parser.description if isinstance(parser.description, str) else None,
    )


def _names(group: argparse._MutuallyExclusiveGroup) -> Iterable[str]:
    """The names of a group's arguments, each once: two flags of one name can share it."""
    return dict.fromkeys(action.dest for action in group._group_actions)


def _joined(
    known: Mapping[str, ParserOption], more: Iterable[ParserOption]
) -> dict[str, ParserOption]:
    """Options by name; those that have one name become one option."""
    joined = dict(known)
    for option in more:
        first = joined.get(option.name)
        if first is None:
            joined[option.name] = option
        else:
            others = (*first.others, replace(option, others=()), *option.others)
            required = first.required or option.required
            joined[option.name] = replace(first, others=others, required=required)
    return joined


def _sets_something(action: argparse.Action) -> bool:
    is_help = isinstance(action, (argparse._HelpAction, argparse._VersionAction))
    return not is_help and action.dest != argparse.SUPPRESS


def _option(action: argparse.Action) -> ParserOption:
    # A positional that may stand for nothing is never missed, whatever argparse notes of it.
    can_be_empty = not action.option_strings and action.nargs in {"?", "*", argparse.REMAINDER}
    flags = sorted(action.option_strings, key=len, reverse=True)
    setting = getattr(action, SETTINGS_FLAG, True)
    option = ParserOption(
        name=action.dest,
        flag=flags[0] if flags else action.dest,
        action=action,
        required=action.required and not can_be_empty,
        any_value=setting is True and type(action).__module__ != "argparse",
        setting=None if setting is True else setting,
    )
    return replace(option, defaults=_defaults(option))


def _defaults(option: ParserOption) -> tuple[Any, ...]:
    default = option.action.default
    if default is None or default is argparse.SUPPRESS:
        return ()
    if not isinstance(default, str) or option.kind is str:
        return (default,)
    try:
        return default, convert(option.kind, default)
    except (UnknownConversionError, Exception):  # noqa: BLE001 - the program would fail without it
        return (default,)
