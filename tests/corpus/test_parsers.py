"""Parsers of the kinds that public scripts have, held against argparse itself.

`parse_args` gives the namespace and the exit code of the parser's own, and its output where the
command line is right, and tells exactly what was given. What the parser returns, written down as
YAML, is accepted by ``check --parser`` and by the schema of ``schema --parser``, which is a valid
schema.

`make corpus` is the long form. To see the smallest counter-example of a kind that is not right
yet, run ``pytest tests/corpus --runxfail -k KIND``.
"""

from __future__ import annotations

import contextlib
import gc
import io
import json
import runpy
import sys
from collections.abc import Iterable
from typing import Any

import jsonschema
import pytest
import yaml

import runsettings

from .kinds import KINDS, programs
from .oracle import (
    close_files,
    config_of,
    ended_alike,
    flags_in,
    given_in,
    outcome_of,
    same,
    unclear_in,
)
from .programs import MODULE, Program

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # files that argparse opens

RED_PARSES: dict[str, str] = {}
"""Kinds whose parses are not equal to argparse's own yet, and what is known of it."""

RED_CHECKS: dict[str, str] = {}
"""Kinds of which `check` refuses what the parser returns, and what is known of it."""

RED_SCHEMAS: dict[str, str] = {}
"""Kinds whose schema is not valid or refuses what the parser returns, and what is known of it."""

RED_REFUSALS: dict[str, str] = {}
"""Kinds of which wrong configs pass or cannot be tried, and what is known of it."""

WIDER = {"boolean_functions", "checking_functions", "enums", "enum_choices"}
"""Kinds whose values a schema does not describe, as functions of the script make them."""


def every_kind(red: dict[str, str]) -> pytest.MarkDecorator:
    """Each kind as a test of its own; those that are not right yet have to fail."""
    assert red.keys() <= KINDS.keys()
    return pytest.mark.parametrize(
        "kind",
        [
            pytest.param(
                kind,
                marks=[pytest.mark.xfail(strict=True, reason=red[kind])] if kind in red else [],
            )
            for kind in KINDS
        ],
    )


@pytest.fixture(autouse=True)
def _files(jail) -> None:
    """What the command lines name."""
    jail.write("argument.txt", "--file-lr\n0.5\n")
    jail.write("lines.txt", "--file-lr 0.5\n")


class Quoting(yaml.SafeDumper):
    """Writes every text in quotes, so that it is one to all versions of YAML."""


Quoting.add_representer(
    str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')
)


def configs_of(program: Program) -> Iterable[dict[str, Any]]:
    """What the parser itself returns for the command lines that it takes, as plain data."""
    build = program.builder()
    for line in program.lines:
        outcome = outcome_of(lambda line=line: build().parse_args(line))
        if outcome.namespace is not None:
            yield config_of(outcome.namespace)
            close_files(outcome.namespace)


def write_yaml(jail, configs: Iterable[dict[str, Any]]) -> list[str]:
    """Files with the configs."""
    names = []
    for index, config in enumerate(configs):
        names.append(f"config-{index}.yaml")
        jail.write(names[-1], yaml.dump(config, Dumper=Quoting, sort_keys=False))
    return names


def checked(files: list[str], program: Program) -> tuple[runsettings.Diagnostic, ...]:
    """What ``check --parser`` says of files alone."""
    return runsettings.check(files, parser=program.builder(), settings=False, environ={})


def schema_of(program: Program) -> dict[str, Any]:
    """What ``runsettings schema --parser`` prints, which is strict JSON."""
    program.builder()
    code, text = command("schema", "--parser", f"{MODULE}:build")
    assert code == 0, text

    def refuse(name: str) -> Any:
        raise AssertionError(f"{name} is not JSON")

    schema: dict[str, Any] = json.loads(text, parse_constant=refuse)
    return schema


def command(*words: str) -> tuple[Any, str]:
    """Run the command line in this process: its exit code, and what it printed."""
    output = io.StringIO()
    before = sys.argv
    sys.argv = ["runsettings", *words]
    try:
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
            runpy.run_module("runsettings", run_name="__main__")
    except SystemExit as error:
        return error.code or 0, output.getvalue()
    finally:
        sys.argv = before
    return 0, output.getvalue()


def hold_parses(program: Program) -> None:
    """Parse each line twice, and compare."""
    build = program.builder()
    described = build()
    unclear, flags = unclear_in(described), flags_in(described)
    calls = [("parse_args", runsettings.parse_args, line) for line in program.lines]
    calls.append(("parse_known_args", runsettings.parse_known_args, program.lines[-1]))
    for name, ours, line in calls:
        expected = outcome_of(lambda name=name, line=line: getattr(build(), name)(line))
        found = outcome_of(lambda ours=ours, line=line: ours(build(), line))
        assert ended_alike(found, expected), (found, expected)
        if expected.ended != "exit 2":  # of a wrong command line we say more
            assert found.output == expected.output
        assert found.rest == expected.rest
        assert same(found.namespace, expected.namespace), (found, expected)
        if expected.namespace is not None:
            marks = found.parsed.given
            assert set(marks) - unclear == given_in(build(), line, name) - unclear
            assert set(marks.values()) <= flags
        close_files(expected.namespace or {})
        close_files(found.namespace or {})
    if "open" in program.source or "FileType" in program.source:
        gc.collect()  # argparse leaves files open where a later word is wrong


def hold_schema(program: Program) -> None:
    """Print the schema, and hold it against its own schema and what the parser returns."""
    schema = schema_of(program)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for config in configs_of(program):
        assert not list(validator.iter_errors(config)), config


@every_kind(RED_PARSES)
def test_parse_args_is_the_parsers_own(kind, for_all):
    """Namespace, exit and unknown words are the parser's own; given is what was given."""
    for_all(programs(kind), hold_parses)


def test_kinds_mix(for_all):
    """Kinds that are right alone are right together."""
    for_all(programs(*(kind for kind in KINDS if kind not in RED_PARSES)), hold_parses, share=5)


def test_parse_intermixed_args_is_the_parsers_own(for_all):
    """Positionals between options, as ``parser.parse_intermixed_args`` takes them."""

    def hold(program: Program) -> None:
        build = program.builder()
        for line in program.lines:
            expected = outcome_of(lambda line=line: build().parse_intermixed_args(line))
            found = outcome_of(lambda line=line: runsettings.parse_intermixed_args(build(), line))
            assert ended_alike(found, expected), (found, expected)
            assert same(found.namespace, expected.namespace), (found, expected)
            if expected.ended != "exit 2":
                assert found.output == expected.output
            if expected.namespace is not None:
                given = given_in(build(), line, "parse_intermixed_args")
                assert set(found.parsed.given) == given

    for_all(programs("mixed_positionals"), hold)


@every_kind(RED_CHECKS)
def test_check_accepts_what_the_parser_returns(kind, for_all, jail):
    """What the parser returns, written as YAML, is a config without a single diagnostic."""

    def hold(program: Program) -> None:
        files = write_yaml(jail, configs_of(program))
        (jail.cwd / "made.txt").unlink(missing_ok=True)
        before = sorted(jail.cwd.iterdir())
        found = checked(files, program)
        assert not found, [f"{fault.key}: {fault.message}" for fault in found]
        assert sorted(jail.cwd.iterdir()) == before

    for_all(programs(kind), hold)


def test_kinds_mix_in_check(for_all, jail):
    """Kinds that are right alone are right together, on the command line."""

    def hold(program: Program) -> None:
        files = write_yaml(jail, configs_of(program))
        program.builder()
        if files:
            words = ("check", "--no-settings", *files, "--parser", f"{MODULE}:build", "--strict")
            code, text = command(*words)
            assert code == 0, text

    for_all(programs(*(kind for kind in KINDS if kind not in RED_CHECKS)), hold, share=5)


@every_kind(RED_SCHEMAS)
def test_the_schema_accepts_what_the_parser_returns(kind, for_all):
    """The schema is valid, is strict JSON, and takes what the parser returns."""
    for_all(programs(kind), hold_schema)


def test_kinds_mix_in_the_schema(for_all):
    """Kinds that are right alone are right together."""
    green = (kind for kind in KINDS if kind not in RED_SCHEMAS)
    for_all(programs(*green), hold_schema, share=5)


@every_kind(RED_REFUSALS)
def test_what_no_command_line_gives_is_refused(kind, for_all, jail):
    """A wrong value and an unknown key are refused, by the check and by the schema alike."""

    def hold(program: Program) -> None:
        right = next(iter(configs_of(program)), {})
        schema = jsonschema.Draft202012Validator(schema_of(program))
        unknown = {"unknown_key": 1}
        for wrong in (*program.refused, unknown):
            config = {**right, **wrong}
            files = write_yaml(jail, [config])
            found = checked(files, program)
            assert any(diagnostic.is_error for diagnostic in found), config
            if wrong is unknown or kind not in WIDER:
                assert list(schema.iter_errors(config)), config

    for_all(programs(kind), hold)
