"""Annotations for GitHub Actions."""

from __future__ import annotations

import re

from runsettings.checks.reporters.github import report

COMMAND = re.compile(r"::(?P<name>error|warning|notice) (?P<properties>[^:\r\n]*)::(?P<data>.*)")


def runner_reads(text: str) -> list[tuple[str, dict[str, str], str]]:
    """What the runner makes of an output: its commands, unescaped as it does."""
    found = []
    for line in re.split(r"\r\n|\r|\n", text):
        match = COMMAND.fullmatch(line)
        if match is None:
            continue
        properties = dict(part.split("=", 1) for part in match["properties"].split(","))
        found.append(
            (
                match["name"],
                {name: unescaped(value, property_=True) for name, value in properties.items()},
                unescaped(match["data"]),
            )
        )
    return found


def unescaped(text: str, *, property_: bool = False) -> str:
    """The runner's own unescaping."""
    pairs = [("%0D", "\r"), ("%0A", "\n")]
    pairs += [("%3A", ":"), ("%2C", ",")] if property_ else []
    for escaped, char in [*pairs, ("%25", "%")]:
        text = text.replace(escaped, char)
    return text


def test_annotations_have_file_line_and_column(ordinary):
    """The commands, whole."""
    first, second, third = report(ordinary).splitlines()
    assert first == (
        "::error file=train.yaml,line=7,col=7,endColumn=13,title=runsettings bad-value::"
        "mode: must be one of 'online', 'offline', 'disabled'; got 'offlin' — "
        "did you mean 'offline'?"
    )
    assert second == (
        "::warning title=runsettings unknown-key::WANDB_PROJCT: WANDB_PROJCT is not a variable "
        "that sets anything — did you mean 'WANDB_PROJECT'?"
    )
    assert third == (
        "::notice file=my configs/a b.yaml,line=1,col=10,title=runsettings setting-in-config::"
        "project is the name of a setting"
    )


def test_hostile_texts_stay_inside_of_their_command(attacks):
    """As many commands as diagnostics, each with our title."""
    commands = runner_reads(report(attacks))
    assert len(commands) == len(attacks)
    assert {properties["title"] for _, properties, _ in commands} == {"runsettings bad-value"}


def test_no_line_is_anything_but_a_command(attacks):
    """There is nothing between the commands that could be one."""
    lines = [line for line in re.split(r"\r\n|\r|\n", report(attacks)) if line]
    assert all(COMMAND.fullmatch(line) for line in lines)


def test_a_file_name_comes_through(attacks, hostile):
    """The runner unescapes the very name, but for half characters."""
    files = {properties.get("file") for _, properties, _ in runner_reads(report(attacks))}
    assert hostile.replace("\ud800", "?") in files
