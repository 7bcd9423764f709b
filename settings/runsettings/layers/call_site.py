"""Finds the line of the user's program that called this package: the origin of its values."""

from __future__ import annotations

import os
import sys
from types import FrameType
from typing import Any, Final

from runsettings.documents.paths import shown_path
from runsettings.values.origin import Layer, Origin, PlacedText

_OURS: Final = "runsettings"

_BETWEEN: Final = frozenset({"collections.abc", "pydantic.main", "pydantic.type_adapter"})
"""Modules whose methods call this package: ``MutableMapping.pop``, ``BaseModel.model_validate``."""


class Caller:
    """A place in a program.

    Attributes:
        where: The file, relative to the working directory if it is inside it.
        line: The line number, from 1.
        call: The function that was called there, without parentheses: ``Settings.resolve``.
    """

    __slots__ = ("call", "line", "where")

    # Not a named tuple: making one takes time at every start.
    def __init__(self, where: str, line: int | None, call: str | None) -> None:
        self.where = where
        self.line = line
        self.call = call


def find_caller(call: str | None = None) -> Caller:
    """Find the innermost place on the stack that is outside this package.

    Frames of methods that our classes inherit (`_BETWEEN`) are skipped as well.

    Args:
        call: The name of the called function; by default that of our function that the place
            called.
    """
    frame: FrameType | None = sys._getframe(1)
    called = frame
    inside, module = _OURS + ".", ""
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if module != _OURS and module not in _BETWEEN and not module.startswith(inside):
            break
        called, frame = frame, frame.f_back
    if call is None and called is not None:
        call = called.f_code.co_qualname.removesuffix(".__init__")
    if frame is None or module.startswith("click."):
        # The package runs as a program; no user code called it.
        return Caller(_OURS, None, call)
    return Caller(_shown(frame.f_code.co_filename), frame.f_lineno, call)


def call_origin(caller: Caller, argument: str | None = None) -> Origin:
    """The origin of the argument of a call: ``train.py:12 init(config=)``.

    Args:
        caller: The place of the call; if it has only a name, the call is ``name(argument=)``.
        argument: The argument that was passed.
    """
    call = caller.call
    if call is not None and call.replace(".", "").isidentifier():
        call = f"{call}({argument}=)" if argument else f"{call}()"
    return Origin(Layer.INIT, caller.where, caller.line, None, call)


def placed_by_call(given: Any, caller: Caller, argument: str) -> Any:
    """What an argument of a call names, with the place of the call if it is the path of a file.

    Args:
        given: The argument; a `PlacedText`, and what is no path, stays as it is.
        caller: The place of the call; a caller without a line is no place.
        argument: The name of the argument.
    """
    is_path = isinstance(given, (str, os.PathLike)) and not isinstance(given, PlacedText)
    if not is_path or caller.line is None:
        return given
    call = None if caller.call is None else caller.call.removesuffix("()")
    return PlacedText(given, call_origin(Caller(caller.where, caller.line, call), argument))


def _shown(file: str) -> str:
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    # IPython writes the code of a cell to a temporary file, and knows the cell's number.
    named = getattr(getattr(shell, "compile", None), "format_code_name", None)
    if named is not None and (cell := named(file)) is not None:
        return f"cell {cell[1]}"
    try:
        return shown_path(file, os.getcwd())  # noqa: PTH109 - runs at each change of a config
    except OSError:
        return file  # the working directory was deleted
