"""The code that made a run: the main script, the module behind ``-m``, or the notebook."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from runsettings.documents.temporary_files import mode_of_copy
from runsettings.runs.capture import notebook


class Code(NamedTuple):
    """One file of code and the name under which to keep it."""

    name: str
    """Relative, with forward slashes."""
    content: bytes
    mode: int | None = None
    """The mode of the copy; ``None`` for the usual one."""


def main_code(cwd: Path, environ: Mapping[str, str]) -> list[Code]:
    """The main program's code, or nothing where there is no file: ``python -c``, a prompt.

    Args:
        cwd: Files below it keep their relative name; others keep their last part.
        environ: The environment, which may name the notebook.
    """
    shell = notebook.shell()
    if shell is not None:
        return _notebook(shell.user_ns, cwd, environ)
    main = sys.modules.get("__main__")
    file = getattr(main, "__file__", None)
    if not isinstance(file, str):
        return []
    return _read(Path(file), cwd)


def _notebook(namespace: Mapping[str, object], cwd: Path, environ: Mapping[str, str]) -> list[Code]:
    file = notebook.notebook_file(environ, namespace)
    found = _read(file, cwd) if file is not None else []
    cells = namespace.get("In")
    if isinstance(cells, list):
        session = notebook.session_notebook([str(cell) for cell in cells if cell])
        found.append(Code("_session_history.ipynb", json.dumps(session, indent=1).encode()))
    return found


def _read(file: Path, cwd: Path) -> list[Code]:
    file = Path(os.path.abspath(cwd / file))  # noqa: PTH100 - without following symbolic links
    try:
        content, mode = file.read_bytes(), mode_of_copy(file.stat())
    except OSError:
        return []
    name = file.relative_to(cwd).as_posix() if file.is_relative_to(cwd) else file.name
    return [Code(name, content, mode)]
