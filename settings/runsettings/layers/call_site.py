"""The line of the user's program that called us.

A value that code passed came from a line of code, and that line is what its author looks for.
"""

from __future__ import annotations

import os
import sys
from types import FrameType
from typing import Final, NamedTuple

from runsettings.documents.paths import shown_path

_OURS: Final = "runsettings"

_BETWEEN: Final = frozenset({"collections.abc", "pydantic.main", "pydantic.type_adapter"})
"""Modules that call us for the user: ``MutableMapping.pop``, ``BaseModel.model_validate``."""


class Caller(NamedTuple):
    """A place in a program."""

    where: str
    """The file, relative to the working directory if it is below it."""
    line: int | None
    """1-based line number."""
    call: str | None
    """What was called there, without parentheses: ``init``, ``Settings.resolve``."""


def find_caller(call: str | None = None, skip: str = _OURS) -> Caller:
    """The innermost place on the stack that is outside of the package ``skip``.

    Methods that our classes inherit from others (`_BETWEEN`) are passed over as well.

    Args:
        call: What to say was called; without it, the name of the function of ``skip`` that
            the place called.
        skip: The import package whose own frames are passed over.
    """
    frame: FrameType | None = sys._getframe(1)
    called = frame
    inside = skip + "."
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if module != skip and module not in _BETWEEN and not module.startswith(inside):
            break
        called, frame = frame, frame.f_back
    if call is None and called is not None:
        call = called.f_code.co_qualname.removesuffix(".__init__")
    if frame is None:
        # The package runs as a program, and nobody's code called it.
        return Caller(skip, None, call)
    return Caller(_shown(frame.f_code.co_filename), frame.f_lineno, call)


def _shown(file: str) -> str:
    try:
        return shown_path(file, os.getcwd())  # noqa: PTH109 - runs at each change of a config
    except OSError:
        return file  # the working directory was deleted
