"""What an argparse parser would take, read off its actions; the parser is never run.

A config that is loaded instead of a command line has to be one that the command line could
have given: known names, values of the right type, among the choices, nothing required missing.
"""

from __future__ import annotations

import argparse
import ast
import inspect
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True, eq=False)
class ParserOption:
    """One argument of a parser.

    Attributes:
        name: Its name in the namespace, which is its key in a config.
        flag: What a person writes: ``--lr``, or the name of a positional.
        action: argparse's own description.
        many: Whether its value is a list.
        switch: Whether its value is true or false.
        required: Whether a command line without it is refused.
        others: Arguments of other commands that have the same name.
    """

    name: str
    flag: str
    action: argparse.Action
    many: bool
    switch: bool
    required: bool
    others: tuple[ParserOption, ...] = ()

    @property
    def kind(self) -> Any:
        """The callable that turns a text into a value; ``str`` where the parser names none."""
        registered = self.action.type
        if registered is None or isinstance(registered, (str, argparse.FileType)):
            return str  # opening files is not a check's business
        return registered

    @property
    def default(self) -> Any:
        """The default, or ``None``."""
        return None if self.action.default is argparse.SUPPRESS else self.action.default


@dataclass(frozen=True, slots=True, eq=False)
class ParserOptions:
    """All arguments of a parser, by their names in the namespace.

    Attributes:
        options: The arguments, those of all commands (subparsers) among them.
        exclusive: Groups of which at most one is given.
        demanded: Groups of which at least one has to be given.
        prog: The program.
        description: What it does.
        own: The arguments that it has whatever the command.
        commands: For the argument that names a command, what each of its commands takes.
        defaults_count: Whether the program parses in a way that makes defaults look like given
            flags.
    """

    options: Mapping[str, ParserOption]
    exclusive: tuple[tuple[ParserOption, ...], ...]
    demanded: tuple[tuple[ParserOption, ...], ...]
    prog: str
    description: str | None
    own: Mapping[str, ParserOption]
    commands: Mapping[str, Mapping[str, ParserOptions]]
    defaults_count: bool = False

    def for_config(self, data: Mapping[Any, Any]) -> ParserOptions:
        """What counts for a config: if it names a command, the other commands do not."""
        for name, commands in self.commands.items():
            value = data.get(name)
            if isinstance(value, str) and value in commands:
                inner = commands[value].for_config(data)
                return replace(
                    self,
                    options={**self.own, **inner.options},
                    exclusive=_groups(self.own, self.exclusive) + inner.exclusive,
                    demanded=self.demanded + inner.demanded,
                )
        return self

    def below(self, prefix: str) -> bool:
        """Whether any name reaches below ``prefix``, as ``optim.lr`` does below ``optim``."""
        return any(name.startswith(f"{prefix}.") for name in self.options)


def load_parser(made: Any) -> argparse.ArgumentParser:
    """The parser that an object is, or that calling it without arguments makes.

    Raises:
        TypeError: It is neither a parser nor makes one.
    """
    parser = made
    if not isinstance(made, argparse.ArgumentParser) and callable(made):
        parser = made()
    if not isinstance(parser, argparse.ArgumentParser):
        kind = type(parser).__name__
        raise TypeError(f"expected an argparse parser, or a function that makes one; got {kind}")
    return parser


def parser_options(made: Any) -> ParserOptions:
    """The arguments of a parser, with those of its subparsers.

    Args:
        made: A parser, or a function without arguments that makes one.

    Raises:
        TypeError: It is neither.
    """
    return replace(_options(load_parser(made)), defaults_count=_counts_defaults(made))


def _options(parser: argparse.ArgumentParser) -> ParserOptions:
    own: dict[str, ParserOption] = {}
    commands: dict[str, Mapping[str, ParserOptions]] = {}
    inner: list[ParserOptions] = []
    for action in parser._actions:
        option = _option(action)
        if option is not None:
            own.setdefault(option.name, option)
        if isinstance(action, argparse._SubParsersAction):
            made = {id(sub): _options(sub) for sub in action.choices.values()}
            commands[action.dest] = {name: made[id(sub)] for name, sub in action.choices.items()}
            inner += made.values()
    options = dict(own)
    for other in (option for each in inner for option in each.options.values()):
        # Which command counts is not known here, so that none of theirs is required.
        known = options.get(other.name)
        free = replace(other, required=False)
        options[other.name] = free if known is None else _joined(known, free)
    exclusive: list[tuple[ParserOption, ...]] = []
    demanded: list[tuple[ParserOption, ...]] = []
    for group in parser._mutually_exclusive_groups:
        dests = (action.dest for action in group._group_actions)
        members = tuple(own[name] for name in dests if name in own)
        exclusive.append(members)
        if group.required and members:
            demanded.append(members)
    return ParserOptions(
        options,
        (*exclusive, *(group for each in inner for group in each.exclusive)),
        tuple(demanded),
        parser.prog,
        parser.description,
        own,
        commands,
    )


def _joined(option: ParserOption, other: ParserOption) -> ParserOption:
    return replace(option, others=(*option.others, replace(other, others=()), *other.others))


def _groups(
    own: Mapping[str, ParserOption], groups: tuple[tuple[ParserOption, ...], ...]
) -> tuple[tuple[ParserOption, ...], ...]:
    """The groups whose members are all among ``own``."""
    return tuple(
        group for group in groups if all(own.get(member.name) is member for member in group)
    )


def _option(action: argparse.Action) -> ParserOption | None:
    name = action.dest
    is_help = isinstance(action, (argparse._HelpAction, argparse._VersionAction))
    if is_help or name == argparse.SUPPRESS:
        return None
    switch = isinstance(
        action,
        (argparse._StoreTrueAction, argparse._StoreFalseAction, argparse.BooleanOptionalAction),
    )
    appends = isinstance(action, (argparse._AppendAction, argparse._AppendConstAction))
    many = appends or action.nargs in {"*", "+", argparse.REMAINDER} or type(action.nargs) is int
    # A positional that may stand for nothing is never missed, whatever argparse notes of it.
    can_be_empty = not action.option_strings and action.nargs in {"?", "*", argparse.REMAINDER}
    flags = sorted(action.option_strings, key=len, reverse=True)
    return ParserOption(
        name=name,
        flag=flags[0] if flags else name,
        action=action,
        many=many,
        switch=switch,
        required=action.required and not can_be_empty,
    )


# --- the program around the parser -------------------------------------------------------------


def _counts_defaults(made: Any) -> bool:
    """Whether the module that makes the parser calls ``parser.parse_args()`` itself.

    A plain namespace does not tell given flags from defaults, so that in a list such as
    ``config=["train.yaml", args]`` every default beats the file. `runsettings.parse_args` does.
    The source is read, not run.
    """
    module = inspect.getmodule(made) if not isinstance(made, argparse.ArgumentParser) else None
    if module is None:
        return False
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(module)))
    except (OSError, TypeError, SyntaxError):
        return False
    ours = {"runsettings"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            ours |= {a.asname for a in node.names if a.name == "runsettings" and a.asname}
    return any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"parse_args", "parse_known_args"}
        and not (isinstance(node.func.value, ast.Name) and node.func.value.id in ours)
        for node in ast.walk(tree)
    )
