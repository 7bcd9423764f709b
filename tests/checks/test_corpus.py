"""Wrong files and environments, each found where it is wrong; and their right counterparts."""

from __future__ import annotations

import importlib.util
import os
import sys
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from runsettings.checks.check import check
from runsettings.values.diagnostic import Diagnostic

CORPUS = Path(__file__).parent / "corpus"
CASES: dict[str, dict[str, Any]] = tomllib.loads((CORPUS / "cases.toml").read_text())


def load(name: str) -> ModuleType:
    """A module of the corpus."""
    spec = importlib.util.spec_from_file_location(f"corpus_{name}", CORPUS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where `inspect` looks for the source
    spec.loader.exec_module(module)
    return module


PROGRAMS = load("programs")
PARSERS = {
    ("argument_parser", "wrong"): PROGRAMS.argument_parser,
    ("argument_parser", "right"): PROGRAMS.argument_parser,
    ("program", "wrong"): load("program").build_parser,
    ("program", "right"): load("careful_program").build_parser,
}


def found_in(case: dict[str, Any], side: str, jail) -> tuple[tuple[Diagnostic, ...], str | None]:
    """What checking one side of a case finds, and the name of its file."""
    variables = {**case.get("variables", {}), **case.get(f"{side}_variables", {})}
    if "site" in case:
        jail.write_site(case["site"])
    files: list[str] = []
    where = None
    if "file" in case:
        source = CORPUS / side / case["file"]
        at = case.get("at")
        where = at or case["file"]
        target = jail.home / at[2:] if at and at.startswith("~/") else jail.cwd / where
        where = str(target) if at and at.startswith("~/") else where
        if source.exists():
            # What would be huge is filled up here.
            filling = b"x" * case.get("fill", 0)
            jail.write(target, source.read_bytes().replace(b"{X}", filling))
        for name, text in case.get("beside", {}).items():
            jail.write(name, text)
        if at is None:
            files.append(case["file"])
    options: dict[str, Any] = {}
    if "parser" in case:
        options["parser"] = PARSERS[case["parser"], side]
    if "model" in case:
        options["model"] = getattr(PROGRAMS, case["model"])
    if "schema" in case:
        options["schema"] = PROGRAMS.SCHEMA
    environ = {"HOME": str(jail.home), "PATH": os.environ["PATH"], **variables}
    found = check(files, environ=environ, env_file=case.get("env_file"), **options)
    return found, where


def test_the_corpus_is_as_large_as_it_is_said_to_be():
    """There are at least 60 wrong ones and as many right ones."""
    assert len(CASES) >= 60


@pytest.mark.parametrize("name", CASES)
def test_a_wrong_one_is_found_where_it_is_wrong(name, jail):
    """The fault is found, with its rule, file, line and column."""
    case = CASES[name]
    found, where = found_in(case, "wrong", jail)
    places = [(str(d.rule), d.origin and d.origin.where, d.line, d.column) for d in found]
    expected = (case["rule"], case.get("where", where), case.get("line"), case.get("column"))
    assert expected in places


@pytest.mark.parametrize("name", [name for name in CASES if name != "unknown-format"])
def test_a_right_one_is_clean(name, jail):
    """Nothing at all is found in the counterpart."""
    found, _ = found_in(CASES[name], "right", jail)
    assert found == ()
