"""What an argparse parser would take, read off its actions; the parser is never run.

A config that is loaded instead of a command line has to be one that the command line could
have given: known names, values of the right type, among the choices, nothing required missing.
"""

from __future__ import annotations

import argparse
import ast
import inspect
import json
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final


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
    """

    name: str
    flag: str
    action: argparse.Action
    many: bool
    switch: bool
    required: bool

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
    """All arguments of a parser, by their names in the namespace."""

    options: Mapping[str, ParserOption]
    exclusive: tuple[tuple[ParserOption, ...], ...]
    prog: str
    description: str | None
    defaults_count: bool
    """Whether the program parses in a way that makes defaults look like given flags."""

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
    parser = load_parser(made)
    options: dict[str, ParserOption] = {}
    exclusive: list[tuple[ParserOption, ...]] = []
    for inner, is_sub in _parsers(parser):
        for action in inner._actions:
            option = _option(action, always=not is_sub)
            if option is not None:
                options.setdefault(option.name, option)
        for group in inner._mutually_exclusive_groups:
            names = [action.dest for action in group._group_actions]
            exclusive.append(tuple(options[name] for name in names if name in options))
    return ParserOptions(
        options,
        tuple(exclusive),
        parser.prog,
        parser.description,
        _counts_defaults(made),
    )


def _parsers(root: argparse.ArgumentParser) -> Iterator[tuple[argparse.ArgumentParser, bool]]:
    yield root, False
    for action in root._actions:
        if isinstance(action, argparse._SubParsersAction):
            for inner in dict.fromkeys(action.choices.values()):
                for parser, _ in _parsers(inner):
                    yield parser, True


def _option(action: argparse.Action, *, always: bool) -> ParserOption | None:
    name = action.dest
    is_help = isinstance(action, (argparse._HelpAction, argparse._VersionAction))
    if is_help or name == argparse.SUPPRESS:
        return None
    switch = isinstance(
        action,
        (argparse._StoreTrueAction, argparse._StoreFalseAction, argparse.BooleanOptionalAction),
    )
    appends = isinstance(action, (argparse._AppendAction, argparse._AppendConstAction))
    many = appends or action.nargs in {"*", "+"} or type(action.nargs) is int
    flags = sorted(action.option_strings, key=len, reverse=True)
    return ParserOption(
        name=name,
        flag=flags[0] if flags else name,
        action=action,
        many=many,
        switch=switch,
        required=action.required and always,
    )


# --- values ----------------------------------------------------------------------------------


def value_fault(option: ParserOption, value: Any) -> str | None:
    """Why the parser would not take ``value``, as a sentence without a subject; else ``None``."""
    if value is None:
        return "must have a value" if option.required else None
    if option.switch:
        return None if isinstance(value, bool) else "must be true or false"
    action = option.action
    if isinstance(action, argparse._CountAction):
        is_count = type(value) is int and value >= 0
        return None if is_count else "must be a whole number from 0"
    if isinstance(action, argparse._StoreConstAction):
        return None if value in (action.const, action.default) else f"must be {action.const!r}"
    if isinstance(action, argparse._SubParsersAction):
        return _choice_fault(action.choices, value)
    if not option.many:
        return _item_fault(option, value)
    if not isinstance(value, list):
        return "must be a list"
    if type(action.nargs) is int and len(value) != action.nargs and not _appends(action):
        return f"must have {action.nargs} items, not {len(value)}"
    if action.nargs == "+" and not value:
        return "must have at least one item"
    for item in value:
        inner = item if _appends(action) and action.nargs not in {None, "?"} else [item]
        for part in inner if isinstance(inner, list) else [inner]:
            fault = _item_fault(option, part)
            if fault is not None:
                return f"each item {fault}"
    return None


def _appends(action: argparse.Action) -> bool:
    return isinstance(action, (argparse._AppendAction, argparse._AppendConstAction))


def _item_fault(option: ParserOption, value: Any) -> str | None:
    kind = option.kind
    if isinstance(value, (dict, list)) and kind in {str, int, float}:
        return f"must be {_NAMES[kind]}, not {_a(value)}"
    if kind is str:
        # A default of another type says that the program takes that type too.
        if not isinstance(value, str) and type(value) is not type(option.default):
            return f"must be a string, not {_a(value)}"
        converted = value
    else:
        try:
            converted = _convert(kind, value)
        except (argparse.ArgumentTypeError, TypeError, ValueError) as error:
            return _refusal(kind, error)
        except Exception as error:  # noqa: BLE001 - the type is the user's own function
            return f"must be what {_name(kind)} takes; it raised {type(error).__name__}"
    choices = option.action.choices
    return None if choices is None else _choice_fault(choices, converted)


def _convert(kind: Callable[[str], Any], value: Any) -> Any:
    if isinstance(kind, type) and type(value) is kind:
        return value
    if isinstance(value, str):
        return kind(value)
    if isinstance(value, bool) or (kind is int and not isinstance(value, int)):
        raise TypeError("no number")
    # A type of the user's own gets what the command line would have held.
    text = json.dumps(value) if isinstance(value, (dict, list)) else str(value)
    return kind(text)


def _choice_fault(choices: Any, value: Any) -> str | None:
    if value in choices:
        return None
    return f"must be one of {', '.join(map(repr, choices))}"


def _refusal(kind: Any, error: Exception) -> str:
    if kind in _NAMES:
        return f"must be {_NAMES[kind]}"
    detail = f": {error}" if isinstance(error, argparse.ArgumentTypeError) else ""
    return f"must be what {_name(kind)} takes{detail}"


_NAMES: Final[dict[Any, str]] = {int: "a whole number", float: "a number", str: "a string"}


def _name(kind: Any) -> str:
    return getattr(kind, "__name__", type(kind).__name__)


def _a(value: Any) -> str:
    names = {
        dict: "a mapping",
        list: "a list",
        bool: "a boolean",
        int: "a whole number",
        float: "a number",
    }
    return names.get(type(value), f"a {type(value).__name__}")


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
