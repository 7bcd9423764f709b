"""The house: imports run downwards, rooms say what they are for, and names say what is inside."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import cache
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
    """A path in the package, as a failure tells it."""
    return str(path.relative_to(PACKAGE))


@cache
def parsed(path: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(path.read_text())


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


def test_every_room_says_what_it_is_for():
    """The folder's ``__init__.py`` tells in a sentence or more what may enter it."""
    said = {named(room): ast.get_docstring(parsed(room / "__init__.py")) or "" for room in ROOMS}
    assert [room for room, text in said.items() if len(text.split()) < 12] == []


def test_every_module_says_why_it_exists():
    """A module begins with its docstring."""
    assert [named(module) for module in MODULES if not ast.get_docstring(parsed(module))] == []


def test_names_say_what_is_inside():
    """No folder or module is called by a word that would fit any other."""
    paths = [*ROOMS, *MODULES]
    assert [named(path) for path in paths if NO_NAMES & set(path.stem.split("_"))] == []


@pytest.mark.skipif(not (ROOT / "CONTRIBUTING.md").is_file(), reason="needs the source tree")
def test_recipes_name_what_exists():
    """Each name that a recipe gives together with its module is in that module."""
    text = " ".join((ROOT / "CONTRIBUTING.md").read_text().split())
    found = re.findall(r"`([\w.]+)`(?: of| in) `([\w/]+\.py)`", text)
    assert len(found) >= 6
    for name, module in found:
        code = (PACKAGE / module).read_text()
        for part in name.split("."):
            assert re.search(rf"(?m)^ *(?:def|class) {part}\b|^{part}\b", code), (name, module)


def test_no_module_shadows_a_public_name():
    """Importing ``runsettings.config`` as a module would replace the object of that name."""
    names = {path.stem for path in [*PACKAGE.glob("*.py"), *PACKAGE.glob("*/")]}
    assert names & set(dir(runsettings)) == set()


LINES = 350
LONGER = {
    "models/settings.py",  # a list of fields
}
"""Modules that may have more lines."""

MODULES_OF_A_ROOM = 14


def test_modules_do_one_thing():
    """A module is readable in one sitting; a longer one should be two."""
    lines = {named(module): len(module.read_text().splitlines()) for module in MODULES}
    assert {name for name, count in lines.items() if count > LINES} <= LONGER


def test_rooms_have_few_modules():
    """A newcomer finds the right module by its name; a larger room should have sub-rooms."""
    modules = Counter(named(module.parent) for module in MODULES)
    assert {room: n for room, n in modules.items() if n > MODULES_OF_A_ROOM} == {}


HEAVY = {
    "PyYAML": "yaml",
    "absl": "absl",
    "alembic": "alembic",
    "jsonschema": "jsonschema",
    "keras": "keras",
    "pydantic": "pydantic",
    "psycopg": "psycopg",
    "rich": "rich",
    "sqlalchemy": "sqlalchemy",
    "tomlkit": "tomlkit",
    "wandb": "wandb",
    "uvicorn": "uvicorn",
    "tomllib": "tomllib",  # of the standard library, and as slow to import as the others
}
"""Packages that are worth an import inside a function, and the modules that they install."""


def imports(tree: ast.AST) -> Iterator[tuple[ast.Import | ast.ImportFrom, list[str]]]:
    """Each import of a syntax tree, with the full names that may be modules."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield node, [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            inside = [f"{node.module}.{alias.name}" for alias in node.names]
            yield node, [node.module or "", *inside]


@cache
def loaded_first(module: str) -> list[str]:
    """What a module imports at its top, by full names; nothing if it is not one of ours."""
    path = PACKAGE.parent / module.replace(".", "/")
    file = path.with_suffix(".py") if path.with_suffix(".py").is_file() else path / "__init__.py"
    if not module.startswith("runsettings") or not file.is_file():
        return []
    # Imports for type checkers stand in an `if`, and those that are deferred in a function.
    return [
        name
        for statement in parsed(file).body
        if isinstance(statement, (ast.Import, ast.ImportFrom))
        for _, names in imports(statement)
        for name in names
    ]


def loaded_with(module: str) -> set[str]:
    """The top-level packages that importing one of our modules imports, directly or not."""
    seen: set[str] = set()
    waiting = [module]
    while waiting:
        names = set(loaded_first(waiting.pop())) - seen
        seen |= names
        waiting += names
    return {name.partition(".")[0] for name in seen}


def imported_inside(module: Path) -> Iterator[str]:
    """What is wrong with the imports inside the functions of a module."""
    lines = module.read_text().splitlines()
    functions = [
        node
        for node in ast.walk(parsed(module))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
    ]
    for node, names in {each[0].lineno: each for f in functions for each in imports(f)}.values():
        own = [name for name in names if name.partition(".")[0] == "runsettings"]
        if not own:
            continue
        _, _, comment = lines[node.lineno - 1].partition("#")
        named_packages = {HEAVY[word] for word in re.findall(r"\w+", comment) if word in HEAVY}
        loaded = set().union(*(loaded_with(name) for name in own))
        place = f"{named(module)}:{node.lineno}"
        if not named_packages:
            yield f"{place} names no heavy package that it defers"
        if not named_packages <= loaded:
            yield f"{place} does not load {named_packages}"


def test_own_modules_are_imported_at_the_top():
    """Inside a function, they are imported only to defer a heavy package, which the line names.

    The package has to be one that the imported module really loads. The public face and the
    command line's group of commands are lazy by name, with `importlib`.
    """
    assert [wrong for module in MODULES for wrong in imported_inside(module)] == []


DEFERRED = [
    (module, name)
    for module in MODULES
    if module.stem != "_deferred"  # its docstring has an example
    for name in re.findall(r'= deferred\("([\w.]+)"', module.read_text())
]


@pytest.mark.skipif(not (ROOT / "pyproject.toml").is_file(), reason="needs the source tree")
def test_deferred_modules_are_below_those_that_defer_them():
    """import-linter does not see `deferred`, whose modules run down the house all the same."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    rooms = [layer.rpartition(".")[2] for layer in contracts["contracts"][0]["layers"]]
    assert DEFERRED
    for module, name in DEFERRED:
        here, there = module.relative_to(PACKAGE).parts[0], name.split(".")[1]
        assert rooms.index(here) <= rooms.index(there), (named(module), name)
        assert (PACKAGE.parent / (name.replace(".", "/") + ".py")).is_file(), (named(module), name)


WRITERS = {
    "documents/atomic_write.py",  # replaces whole files
    "documents/temporary_files.py",  # creates what replaces them
    "journal/writer.py",  # appends to journals
}
"""The modules that write files."""

OTHER_OPENS = {
    "cli/main.py": "the null device, where a closed standard output was",
    "journal/index.py": "SQLite writes the index, which is a cache",
    "layers/flags/conversion.py": "it names the flags of what no type of an argument may open",
    "journal/lock.py": "a lock file, which has no content",
    "shipping/launch.py": "the log that the background process inherits",
    "shipping/stores/wandb_client/position.py": "the file that is locked, which stays empty",
}
"""Modules that open something else for writing, and what it is."""

WRITING_FLAGS = {"O_WRONLY", "O_RDWR", "O_CREAT", "O_APPEND", "O_TRUNC", "O_TMPFILE"}
WRITING_METHODS = {"write_bytes", "write_text", "touch", "truncate", "ftruncate"}
WRITING_PACKAGES = {
    "shutil": {"copy", "copy2", "copyfile", "copyfileobj", "copytree", "move"},
    "tempfile": {"mkstemp", "NamedTemporaryFile", "TemporaryFile", "SpooledTemporaryFile"},
    "sqlite3": {"connect"},
}
"""Functions that write or open a file for writing, by their package."""


def writes_a_file(node: ast.AST) -> bool:
    """Whether a node of a syntax tree opens a file for writing, or writes one by its path."""
    if isinstance(node, ast.Constant):
        return node.value in WRITING_FLAGS
    if isinstance(node, ast.Attribute):
        package = node.value.id if isinstance(node.value, ast.Name) else ""
        names = WRITING_PACKAGES.get(package, WRITING_METHODS | WRITING_FLAGS)
        return node.attr in names
    if not isinstance(node, ast.Call):
        return False
    function = node.func
    if isinstance(function, ast.Name) and function.id == "open":
        modes = node.args[1:2]
    elif isinstance(function, ast.Attribute) and function.attr in {"open", "fdopen"}:
        owner = function.value.id if isinstance(function.value, ast.Name) else ""
        if (owner, function.attr) == ("os", "open"):
            return False  # its flags tell
        modes = node.args[1:2] if owner in {"os", "io"} else node.args[:1]
    else:
        return False
    modes += [keyword.value for keyword in node.keywords if keyword.arg == "mode"]
    return any(
        not isinstance(mode, ast.Constant) or bool(set("wax+") & set(str(mode.value)))
        for mode in modes
    )


def test_two_modules_write_files():
    """Whole files are replaced in one module, lines appended in another, and no third one writes.

    An exception has its reason, and is still needed.
    """
    lines = {
        named(module): [
            getattr(node, "lineno", 0) for node in ast.walk(parsed(module)) if writes_a_file(node)
        ]
        for module in MODULES
    }
    writing = {name: found for name, found in lines.items() if found}
    assert writing.keys() == WRITERS | OTHER_OPENS.keys(), writing


@pytest.mark.parametrize(
    "code",
    [
        "open(path, 'w')",
        "open(path, mode='ab')",
        "open(path, mode)",
        "path.open('r+')",
        "os.fdopen(fd, 'wb')",
        "os.open(path, os.O_RDWR)",
        "getattr(os, 'O_CREAT', 0)",
        "path.write_text('')",
        "path.touch()",
        "shutil.copyfile(a, b)",
        "tempfile.mkstemp()",
        "sqlite3.connect(path)",
    ],
)
def test_what_writes_a_file_is_recognized(code):
    """Each of the ways to write a file that the house would otherwise let pass."""
    assert any(map(writes_a_file, ast.walk(ast.parse(code))))


@pytest.mark.parametrize(
    "code", ["open(path)", "open(path, 'rb')", "path.open()", "os.open(path, os.O_RDONLY)"]
)
def test_what_reads_a_file_is_not_taken_for_writing(code):
    """Readers are free."""
    assert not any(map(writes_a_file, ast.walk(ast.parse(code))))
