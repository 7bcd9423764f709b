"""The house: imports run downwards, rooms say what they are for, and names say what is inside."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import runsettings

PACKAGE = Path(runsettings.__file__).parent
ROOT = PACKAGE.parent.parent
ROOMS = sorted(path for path in PACKAGE.rglob("*") if (path / "__init__.py").is_file())
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.name != "__init__.py")

NO_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "tools", "shared"}
"""Words that do not say what is in a module."""


def named(path: Path) -> str:
    """A path as a test's id."""
    return str(path.relative_to(PACKAGE))


@pytest.mark.skipif(not (ROOT / "pyproject.toml").is_file(), reason="needs the source tree")
def test_imports_run_down_the_house():
    """import-linter's contract in ``pyproject.toml`` is kept."""
    command = shutil.which("lint-imports", path=str(Path(sys.executable).parent))
    assert command is not None
    environ = {**os.environ, "PYTHONPATH": str(PACKAGE.parent)}
    done = subprocess.run(
        [command, "--no-cache"], cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("room", ROOMS, ids=named)
def test_every_room_says_what_it_is_for(room):
    """The folder's ``__init__.py`` tells in a sentence or more what may enter it."""
    text = ast.get_docstring(ast.parse((room / "__init__.py").read_text()))
    assert text is not None
    assert len(text.split()) >= 12


@pytest.mark.parametrize("module", MODULES, ids=named)
def test_every_module_says_why_it_exists(module):
    """A module begins with its docstring."""
    assert ast.get_docstring(ast.parse(module.read_text()))


@pytest.mark.parametrize("path", [*ROOMS, *MODULES], ids=named)
def test_names_say_what_is_inside(path):
    """No folder or module is called by a word that would fit any other."""
    assert not NO_NAMES & set(path.stem.split("_"))


@pytest.mark.parametrize("path", [*PACKAGE.glob("*.py"), *PACKAGE.glob("*/")], ids=named)
def test_no_module_shadows_a_public_name(path):
    """Importing ``runsettings.config`` as a module would replace the object of that name."""
    assert path.stem not in dir(runsettings)


@pytest.mark.parametrize("module", MODULES, ids=named)
def test_modules_do_one_thing(module):
    """A module is readable in one sitting; a longer one is asked to be two."""
    assert len(module.read_text().splitlines()) <= 500


# The command line loads each command when it is called, which is what makes `--help` quick.
BELOW_THE_DOOR = [module for module in MODULES if "cli" not in module.parts]


@pytest.mark.parametrize("module", BELOW_THE_DOOR, ids=named)
def test_own_modules_are_imported_at_the_top(module):
    """Our own modules are imported inside functions only to defer a heavy package, and say so."""
    lines = module.read_text().splitlines()
    for node in ast.walk(ast.parse("\n".join(lines))):
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        for inner in ast.walk(node):
            if isinstance(inner, ast.ImportFrom) and (inner.module or "").startswith("runsettings"):
                around = lines[node.lineno - 1 : inner.lineno]
                assert any("#" in line for line in around), f"line {inner.lineno} gives no reason"
