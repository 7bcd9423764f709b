"""Takes a parser from a program: built by a function, or at its first ``parse_args`` call."""

from __future__ import annotations

import argparse
import ast
import contextlib
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

_PARSING: Final = ("parse_args", "parse_known_args")
"""The methods that parse a command line; those for intermixed arguments call one of them."""


class LoadedParser(NamedTuple):
    """A parser, and what the program around it does with it.

    Attributes:
        parser: The parser.
        parses: Whether the program parses its command line.
        defaults_count: Whether it parses in a way that makes defaults look like given flags: a
            plain namespace does not tell them apart, so that in a list such as
            ``config=["train.yaml", args]`` every default beats the file.
    """

    parser: argparse.ArgumentParser
    parses: bool = False
    defaults_count: bool = False


class _Reached(BaseException):
    """The program is about to parse; no ``except Exception`` of its own catches this."""


def load_parser(made: Any) -> LoadedParser:
    """The parser that an object is, or that calling it makes.

    A function that parses is called up to its first ``parse_args``, and the parser taken there.

    Args:
        made: A parser, or a function that returns one or parses with one, or what this function
            returned. An argument that it must have, as in ``main(argv)``, is an empty list.

    Raises:
        TypeError: It is neither. The function can raise anything else.
    """
    if isinstance(made, LoadedParser):
        return made
    if isinstance(made, argparse.ArgumentParser):
        return LoadedParser(made)
    parser = made
    if callable(made):
        reached: list[argparse.ArgumentParser] = []
        try:
            with _stopped_at_parse(reached), _as_program(made):
                parser = made(*_arguments(made))
        except (_Reached, Exception, SystemExit):
            if not reached:
                raise
        # Whatever a program did that caught even this.
        parser = reached[0] if reached else parser
    if not isinstance(parser, argparse.ArgumentParser):
        kind = type(parser).__name__
        message = "expected an argparse parser, or a function that makes one or parses with one"
        raise TypeError(f"{message}; got {kind}")
    return LoadedParser(parser, *_parsing_in(made))


@contextlib.contextmanager
def _stopped_at_parse(reached: list[argparse.ArgumentParser]) -> Iterator[None]:
    """Let every parser raise `_Reached` where it would parse, and be among ``reached``."""

    def reach(self: argparse.ArgumentParser, *_args: Any, **_keywords: Any) -> Any:
        reached.append(self)
        raise _Reached

    replaced = [
        (each, name, vars(each)[name])
        for each in _with_subclasses(argparse.ArgumentParser)
        for name in _PARSING
        if name in vars(each)
    ]
    for each, name, _ in replaced:
        setattr(each, name, reach)
    try:
        yield
    finally:
        for each, name, method in replaced:
            setattr(each, name, method)


def _arguments(made: Callable[..., Any]) -> list[Any]:
    """An empty command line for each argument that a function must have: ``main(argv)``."""
    try:
        parameters = inspect.signature(made).parameters.values()
    except (TypeError, ValueError):
        return []
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [[] for each in parameters if each.kind in positional and each.default is each.empty]


@contextlib.contextmanager
def _as_program(made: Any) -> Iterator[None]:
    """Let a function see a command line of its own program, and print to the standard error."""
    module = inspect.getmodule(made)
    before = sys.argv
    sys.argv = [getattr(module, "__file__", None) or before[0]]
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        sys.argv = before


def _with_subclasses(parent: type[Any]) -> Iterator[type[Any]]:
    yield parent
    for child in parent.__subclasses__():
        yield from _with_subclasses(child)


def _parsing_in(made: Any) -> tuple[bool, bool]:
    """Whether the module that makes the parser parses, and whether without `runsettings`.

    The source is read, not run.
    """
    module = inspect.getmodule(made)
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(module))) if module else None
    except (OSError, TypeError, SyntaxError):
        tree = None
    if tree is None:
        return False, False
    ours = {"runsettings"}
    imported: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            ours |= {a.asname for a in node.names if a.name == "runsettings" and a.asname}
        elif isinstance(node, ast.ImportFrom) and node.module == "runsettings":
            imported |= {a.asname or a.name for a in node.names if a.name in _PARSING}
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    by_method = [
        isinstance(call.value, ast.Name) and call.value.id in ours
        for call in calls
        if isinstance(call, ast.Attribute) and call.attr in _PARSING
    ]
    by_name = any(isinstance(call, ast.Name) and call.id in imported for call in calls)
    return bool(by_method) or by_name, not all(by_method)
