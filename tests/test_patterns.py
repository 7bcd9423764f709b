"""Every regular expression of the package takes linear time for its own worst case.

A new one fails here until its worst case is in `WORST`: a text on which it could go back, or begin
again at each character. CPU time counts, not the clock's.
"""

from __future__ import annotations

import ast
import collections
import contextlib
import importlib
import re
import signal
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import runsettings

HOME = Path(runsettings.__file__).parent
LENGTH = 100_000
METHODS = ("match", "fullmatch", "search", "findall", "finditer", "split", "sub", "subn")

WORST: dict[str, list[tuple[str, str, str]]] = {
    "checks.configs.config_file:'\\\\bvalue\\\\b'": [("", "value_", ""), ("", "valu", "")],
    "checks.reporters.junit:_ILLEGAL": [("", "\0", ""), ("", "a", "")],
    "checks.rule_selection:_COMMENT": [
        ("", " ", ""),
        ("", " #", ""),
        (" # runsettings:", " ", "x"),
        (" # runsettings: ignore", " ", "x"),
        ("", " # runsettings: ignore[", ""),
        ("", " # runsettings: ignore", "x"),
        (" # runsettings: ignore #", "#", "\n"),
    ],
    "checks.rule_selection:'[\\\\s,]+'": [("", " ", ""), ("", ", a", "")],
    "checks.yaml11.ambiguous_scalars:_CANDIDATE": [
        ("", " ", "x"),
        ("", "- ", ""),
        ("", "&a ", ""),
        ("", "[", ""),
        ("a: ", "1", "x"),
        ("a: ", "1_", "x"),
        ("a: ", "1:", "x"),
        ("a: ", ",", ""),
        ("", "? ", ""),
        ("a: 1", " ", "x"),
    ],
    "checks.yaml11.ambiguous_scalars:_BREAK": [("", "\r", ""), ("", "\r\n", "")],
    "cli.printing:_HEADING": [("", "1", ""), ("", ",", ""), ("", "1 problem in \n", "")],
    "cli.printing:_SEVERITY": [("", " ", ""), ("", "  warning\n", "")],
    "cli.printing:_CARETS": [("", " ", ""), (" ", "│ ", ""), (" │ ", "^", "x"), ("", " │\n", "")],
    "cli.settings.editing_options:_NEGATIVE": [("-", "1", ""), ("", "-", "")],
    "composition.composed_files:_ADDRESS": [("", "a", ""), ("", "a+", ""), ("", "a:/", "")],
    "composition.composed_text:_REFERENCE": [("", "${", ""), ("", "$", ""), ("${", "a", "")],
    "composition.composed_text:_INDEX": [("", "[", ""), ("", "[1", ""), ("[", "1", "")],
    "composition.overrides:_OVERRIDE": [
        ("", "+", ""),
        ("++", "+", "x"),
        ("", "a", ""),
        ("", "+=", "\n"),
    ],
    "documents.temporary_files:TEMPORARY": [(".runsettings-", "0", ".tmp"), ("", ".", "")],
    "documents.editing.annotating:_OPENED": [("", " ", "x"), ("{", " ", "x")],
    "documents.editing.annotating:_TOML": [
        ("", "#:schema \n", ""),
        ("", "#", ""),
        ("#:schema ", " ", ""),
    ],
    "documents.editing.annotating:_YAML": [
        ("#", " ", "x"),
        ("", "# yaml-language-server:\n", ""),
        ("", "#", ""),
    ],
    "documents.editing.renaming:_TOKEN": [
        ('"', '\\"', ""),
        ('"', "\\", ""),
        ("", '"', ""),
        ("", "'", ""),
        ("'", "''", ""),
        ("", "a", ":"),
        ("", "\\\"'", ""),
    ],
    "documents.editing.renaming:_BARE": [("a", "-", "!")],
    "documents.file_systems:_ESCAPED": [("", "\\", ""), ("", "\\04", ""), ("", "\\040", "")],
    "documents.ini:_LINE": [("", "\r", ""), ("", "a", ""), ("", "a\r", "")],
    "documents.ini:_DELIMITER": [("", "a", "")],
    "documents.json:_OUTLINE": [("", '"', ""), ('"', "\\", ""), ("", '\\"', ""), ("", '"\\', "")],
    "documents.json:_WORD": [("", "a", "!"), ("", "-", "")],
    "documents.json_positions:_MEMBER": [
        ("", ",", ""),
        ("", ", ", '"'),
        ('"a"', " ", "x"),
        ('"', "\\", ""),
    ],
    "documents.json_positions:_ITEM": [
        ("", ",", ""),
        ("", " ", '"'),
        ('"', "\\", ""),
        ('"', '\\"', ""),
    ],
    "documents.json_positions:_END": [("", ",", ""), ("", " ", "x")],
    "documents.json_positions:_SEPARATOR": [("", ",", ""), (",", " ", "x"), (",\n", " ", "")],
    "documents.json_positions:_LINES": [
        ("", "1,\n", ""),
        ("", "1", "x,"),
        ("1,", " ", "x"),
        ("", '"', ""),
        ("", '"\\"', ""),
        ("", '"",\n ', "]"),
    ],
    "documents.toml:_LEADING_ZERO": [
        ("", "0", ""),
        ("-", "0", "x"),
        ("", "+0", ""),
        ("00", "1_", ""),
    ],
    "documents.toml:_PLACE": [
        ("", " (at line ", ""),
        (" (at line ", "1", ""),
        ("", " (at line 1", ""),
    ],
    "documents.toml:_WORD": [("a", "1", "!")],
    "documents.toml_positions:_BLANKS": [("", " ", "x")],
    "documents.toml_positions:_LINES": [("", " ", "x"), ("", "#\n", "x"), ("", "#", "\n")],
    "documents.toml_positions:_BARE_KEY": [("", "a", "!")],
    "documents.toml_positions:_BASIC": [('"', "\\", ""), ('"', '\\"', ""), ('"', "a", "\n")],
    "documents.toml_positions:_LITERAL": [("'", "a", "\n")],
    "documents.toml_positions:_LONG_BASIC": [
        ('"""', '"', ""),
        ('"""', '\\"', ""),
        ('"""', '""a', ""),
        ('"""', "\\", ""),
    ],
    "documents.toml_positions:_LONG_LITERAL": [("'''", "'", ""), ("'''", "''a", "")],
    "documents.toml_positions:_BARE_VALUE": [("", "a", ","), ("", " ", "")],
    "documents.toml_positions:_FLOAT": [
        ("", "1", "x"),
        ("", "1_", "x"),
        ("1.", "1_", "x"),
        ("1e", "1", "x"),
    ],
    "documents.toml_positions:_PLAIN_PAIR": [
        ("", "#\n", "x"),
        ("a", " ", "x"),
        ("a = ", "1", "x"),
        ("a = '", "b", ""),
        ('a = "', "b", '""'),
    ],
    "documents.yaml.scalars:_NUMBER": [
        ("", "1", "x"),
        ("1", "_1", "x"),
        ("1", "11_11", "x"),
        ("1.", "1", "x"),
        ("1e", "1", "x"),
        ("0x", "f", "x"),
    ],
    "documents.yaml.syntax_errors:_OTHER_SEPARATOR": [
        ("", " ", ""),
        ("", "a", ""),
        ("a", " ", "x"),
        ("", "a =", ""),
    ],
    "documents.yaml.syntax_errors:_UNPRINTABLE": [("", "a", ""), ("", "\0", "")],
    "documents.yaml.syntax_errors:_NO_SPACE": [
        ("", " ", ""),
        ("", "- ", ""),
        ("", "a", ""),
        ("a", ":", ""),
    ],
    "documents.yaml.tags:pattern": [
        ("!", "a", "\n"),
        ("!env", "a", "\n"),
        ("!!python/", ":", "\n"),
    ],
    "documents.yaml.writing:_PLAIN": [("a", " ", "!"), ("a", ".", ""), ("a", "a ", "")],
    "documents.yaml.writing:_ODD": [("", "a", ""), ("", '"', "")],
    "journal.directory:_NAME": [("run-20250101_000000-", "\n", ""), ("", "offline-run-", "")],
    "journal.query.comparisons:_NUMBER": [
        ("", "1", "x"),
        ("1.", "1", "e"),
        (".", "1", "x"),
        ("1e", "1", "x"),
    ],
    "journal.query.filters:_TOKEN": [
        ("", " ", ""),
        ('"', '\\"', ""),
        ('"', "\\", ""),
        ("", "'", ""),
        ("", "`", ""),
        ("`", "a", ""),
        ("", "a", "("),
        ("", "<", ""),
    ],
    "journal.query.filters:'\\\\\\\\(.)'": [("", "\\", ""), ("", "\\a", "")],
    "journal.query.reproduction:_COMMIT": [("", "a", ""), ("", "a", "x")],
    "journal.query.reproduction:_FLAG": [("--a", "b", "="), ("", "-", ""), ("--a", "-", "")],
    "journal.query.reproduction:_VARIABLE": [("", "a", "-"), ("", "_", "")],
    "journal.query.reproduction:'\\\\W'": [("", "-", ""), ("", "a", "")],
    "journal.query.times:_DURATION": [
        ("", "1", "x"),
        ("", "1w", "x"),
        ("", "1.1", "x"),
        ("", "1.1w", "1"),
    ],
    "journal.query.times:_PART": [("", "1", ""), ("", ".", ""), ("", "1w", "")],
    "layers.environment.dotenv:_BLANKS": [("", " ", ""), ("", " " * 199 + "a", "")],
    "resolution.secrets:_WORDS": [("", "a", ""), ("", "{", ""), ("", " a", "")],
    "resolution.secrets:_KEY": [
        ("", "{", ""),
        ("", "\n", ""),
        ("{", " ", ""),
        ("", "{          ", ""),
        ("{", "a", ""),
        ("", "{a", ""),
        ("", ",a ", ""),
    ],
    "resolution.secrets:_BEGINS_KEY": [("", " ", ""), ("", "a", ""), ("a", " ", ""), ("", '"', "")],
    "resolution.secrets:key": [
        ("", "api_key", ""),
        ("api_key", " ", ""),
        ("api_key", "]", "x"),
        ("", "-", ""),
    ],
    "models.settings:_VARIABLE": [
        ("", "$", ""),
        ("$", "A", "x"),
        ("${", "a", ""),
        ("", "${a", ""),
    ],
    "runconfig.inputs.not_followed:_VARIABLE": [
        ("", "$", ""),
        ("$", "A", "x"),
        ("", "/$A", "x"),
    ],
    "runconfig.inputs.not_followed:_REFERENCE": [("", "${", ""), ("", "$", ""), ("", "${}", "")],
    "runconfig.rules.bounded_validation:'\\\\)[*+{]'": [("", ")", ""), ("", "a", "")],
    "secrets.forms:_SENSITIVE": [("", "api_", ""), ("", "privat", ""), ("", "passw", "")],
    "secrets.forms:_AMBIGUOUS": [("", "-", ""), ("", "-key", "-"), ("", "pw", "")],
    "secrets.forms:_LETTERS_AND_DIGITS": [
        ("", "a", ""),
        ("", "1", ""),
        ("", "-", "1"),
        ("a1", "-", " "),
    ],
    "secrets.forms:_NAME": [("", "a", "!"), ("", "a ", "")],
    "secrets.forms:_SEPARATOR": [("", " ", "x"), ('"', " ", "x"), (":", " ", "")],
    "secrets.forms:_ADDRESS": [
        ("", "://", ""),
        ("://", "a", ""),
        ("", "://a:", ""),
        ("://", ":", ""),
        ("", "://a:x", ""),
        ("://a:", "1", ","),
        ("", "://a:1", ""),
        ("", "://a:${", ""),
        ("://", "a@", ""),
        ("", ":///a:", ""),
    ],
    "secrets.forms:_WORD": [("", "a", ""), ("", "a ", "")],
    "secrets.forms:_HOST": [("", "1", ""), ("", "a", "")],
    "secrets.forms:_NAME_OF_SCHEME": [("", "a", ":"), ("", "+", "")],
    "secrets.forms:_USER": [("", "a", ":"), ("", "a", "")],
    "secrets.forms:_PLACE": [
        ("[", "a", ""),
        ("", "a", "["),
        ("a:", "1", ""),
        ("a/", "b", ":"),
        ("", "/", "?"),
    ],
    "secrets.forms:_NO_ADDRESS": [("sqlite:", "/", ""), ("", "a", ":")],
    "secrets.forms:_LOGIN_AS_PATH": [("/", "a", ""), ("/a:", "a", ""), ("", "/", "")],
    "secrets.forms:_OPTION": [("", "a", ":")],
    "secrets.forms:_REMOTE": [
        ("", "a", ""),
        ("", ":", ""),
        ("a:", "@", ""),
        ("a", "@a:", "//"),
        ("a@", "a", ""),
    ],
    "secrets.arguments:_LONG_FLAG": [("", "-", "")],
    "secrets.arguments:_LOGIN": [("", "-u", ""), ("-u", "a", ""), ("-u", "a:", "//")],
    "models.settings:BYTES": [("", "1", "x")],
    "models.settings:SECONDS": [("", "1", "x"), ("1.", "1", "x")],
    "secrets.forms:_VALUE": [("", "a", " ")],
    "secrets.masking:_ENCODED": [("", " ", "x"), ("", "a", "!"), ("a" * 40, " ", "x")],
    "secrets.masking:_WORD": [("", "a", ""), ("", "{", ""), ("", " a", "")],
    "values.excerpts:_BREAK": [("", "\r", ""), ("", "a", "")],
    "values.excerpts:_KEY": [('"', "\\\\", ""), ("", "a", " "), ("'", "''", "")],
    "values.excerpts:_QUOTED": [
        ('"', "\\\\", ""),
        ('"', "\\", ""),
        ("'", "''", ""),
        ("", "'", "x"),
    ],
    "values.excerpts:_PLAIN": [
        ("", " ", "x"),
        ("", ", ", "x"),
        ("", "]", "x"),
        ("", " #", ""),
        ("", "a ", "#"),
    ],
    "values.key_paths:_WORD_OF_TOML": [("", "a", "!"), ("", "-", "!")],
    "values.key_paths:_WORD": [("a", "/", "!"), ("a", "-", "!")],
}
"""Beginning, piece and end of the worst texts, by the pattern's module and its name or text."""

MADE: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "documents.yaml.tags:pattern": lambda module: {
        "pattern": "|".join(f"(?:{pattern})" for pattern, _ in module["_INSTEAD"])
    },
    "resolution.secrets:key": lambda _module: {"names": ["api_key", "token"]},
}
"""The local names of patterns that a function makes, from the names of its module."""

OTHERS = {"runconfig.rules.json_schema:pattern"}
"""Patterns of other people. `bounded_validation` holds them to a budget before they are used."""


def _patterns() -> dict[str, tuple[re.Pattern[str] | None, set[str]]]:
    """Every regular expression in the package with the methods that are called on it."""
    found: dict[str, tuple[re.Pattern[str] | None, set[str]]] = {}
    for path in sorted(HOME.rglob("*.py")):
        name = ".".join(path.relative_to(HOME).with_suffix("").parts)
        tree = ast.parse(path.read_text())
        called: dict[str, set[str]] = defaultdict(set)
        targets: dict[ast.AST, str] = {}
        calls: list[ast.Call] = []
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                assert node.module != "re", f"{path}: write re.compile, so that this test sees it"
            if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
                target = node.targets[0] if isinstance(node, ast.Assign) else node.target
                targets[node.value] = ast.unparse(target)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                owner = ast.unparse(node.func.value)
                if owner == "re" and node.func.attr in (*METHODS, "compile"):
                    calls.append(node)
                elif node.func.attr in METHODS:
                    called[owner].add(node.func.attr)
        for call in calls:
            assert isinstance(call.func, ast.Attribute)
            written, method = ast.unparse(call.args[0]), call.func.attr
            label = targets.get(call, written) if method == "compile" else written
            if method == "compile" and written.isidentifier():
                label = written
            methods = called[targets.get(call, "")] | called[ast.unparse(call)]
            methods |= {method} - {"compile"}
            # What is handed to a function is matched there.
            methods = methods or {"match"}
            key = f"{name}:{label}"
            pattern, earlier = found.get(key, (None, set()))
            found[key] = (pattern or _made(key, name, call, written), earlier | methods)
    return found


def _made(key: str, module: str, call: ast.Call, written: str) -> re.Pattern[str] | None:
    """The pattern of a call of `re`, made from the names of its module."""
    if key in OTHERS:
        return None
    names = vars(importlib.import_module(f"runsettings.{module}"))
    flags = [word.value for word in call.keywords if word.arg == "flags"]
    local = MADE[key](names) if key in MADE else {}
    assert isinstance(call.func, ast.Attribute)
    at = 1 if call.func.attr == "compile" else 2
    flags += [] if call.func.attr in {"sub", "subn", "split"} else call.args[at : at + 1]
    values: list[Any] = [eval(ast.unparse(each), names | local) for each in (call.args[0], *flags)]
    return re.compile(*values)


PATTERNS = _patterns()


def test_every_pattern_has_its_worst_case():
    """A new pattern is not in the table, and one that is gone still is."""
    assert PATTERNS.keys() - OTHERS == WORST.keys()


@contextlib.contextmanager
def limited_time(said: str) -> Iterator[None]:
    """Fail if a block takes a second of CPU time; a search is interrupted."""

    def fail(*_: object) -> None:
        pytest.fail(said)

    before = signal.signal(signal.SIGVTALRM, fail)
    signal.setitimer(signal.ITIMER_VIRTUAL, 1)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no timer of CPU time")
@pytest.mark.parametrize("key", WORST)
def test_a_pattern_takes_linear_time(key):
    """100,000 characters of its worst case take less than a second of CPU time."""
    pattern, methods = PATTERNS[key]
    assert pattern is not None
    assert methods
    # Beside its own: each character that the pattern names, repeated.
    plain = [("", char, "") for char in sorted({*pattern.pattern, " ", "a", "1", "\n"})]
    for start, piece, end in WORST[key] + plain:
        text = start + piece * (LENGTH // len(piece)) + end
        for method in sorted(methods):
            arguments = ("x", text) if method in {"sub", "subn"} else (text,)
            with limited_time(f"{method} of {start!r} + {piece!r} * n + {end!r}"):
                result = getattr(pattern, method)(*arguments)
                if method == "finditer":
                    collections.deque(result, maxlen=0)
