"""Files that were made to do harm end in a diagnostic."""

from __future__ import annotations

import os
import time

import pytest

from runsettings.checks.check import check
from runsettings.checks.reporters.formats import REPORT_FORMATS
from runsettings.checks.yaml11.ambiguous_scalars import MOST_TOLD
from runsettings.checks.yaml11.fixing import fix_text
from runsettings.values.diagnostic import Rule


def rules(found) -> set[Rule]:
    """The rules of what was found."""
    return {fault.rule for fault in found}


def test_a_bomb_is_refused_before_it_expands(jail):
    """Nine levels of aliases stand for a billion values."""
    lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    lines += [
        f"{inner}: &{inner} [{', '.join([f'*{outer}'] * 10)}]"
        for outer, inner in zip("abcdefgh", "bcdefghi", strict=True)
    ]
    jail.write("bomb.yaml", "\n".join(lines))
    assert Rule.ALIAS_BUDGET in rules(check("bomb.yaml"))


def test_fifty_megabytes_are_not_read(jail):
    """The size is told before anything is read."""
    with (jail.cwd / "big.yaml").open("wb") as file:
        file.truncate(50 * 1024 * 1024)
    assert rules(check("big.yaml")) == {Rule.FILE_TOO_LARGE}


def test_a_value_of_eleven_megabytes_is_found_in_its_place(jail):
    """With line and column, and without the value."""
    jail.write("large.yaml", f"lr: 0.1\nweights: {'x' * 11_000_000}\n")
    (found,) = check("large.yaml")
    assert (found.rule, str(found.origin)) == (Rule.VALUE_TOO_LARGE, "large.yaml:2:10")
    assert len(REPORT_FORMATS["text"].reporter()([found], ["large.yaml"])) < 1_000


@pytest.mark.parametrize(
    "content",
    [bytes(range(256)) * 10, b"\x7fELF\x02\x01\x01" + b"\0" * 500, b"\x89PNG\r\n\x1a\n" * 50],
)
@pytest.mark.parametrize("name", ["x.yaml", "x.json", "x.toml"])
def test_a_binary_file_is_told_as_one(jail, name, content):
    """It is neither text nor a config."""
    jail.write(name, content)
    assert rules(check(name)) & {Rule.UNREADABLE_FILE, Rule.SYNTAX}


def test_a_link_to_itself_is_told(jail):
    """It leads nowhere."""
    (jail.cwd / "loop.yaml").symlink_to("loop.yaml")
    assert rules(check("loop.yaml")) == {Rule.UNREADABLE_FILE}


def test_a_loop_of_directories_ends(jail):
    """And the files in it are checked once."""
    jail.write("c/a.yaml", "a.b: 1\n")
    (jail.cwd / "c" / "d").symlink_to("..")
    assert [fault.rule for fault in check("c")] == [Rule.KEY_PERIOD]


def test_a_pipe_is_not_waited_for(jail):
    """Nobody writes to it."""
    os.mkfifo(jail.cwd / "pipe.yaml")
    assert rules(check("pipe.yaml")) == {Rule.UNREADABLE_FILE}


def test_a_name_with_line_breaks_forges_nothing(jail):
    """In no format does it begin a line."""
    name = "a\n::error file=x::forged\n.yaml"
    jail.write(name, "a.b: 1\n")
    (found,) = check(name)
    for reporter in (each.reporter() for each in REPORT_FORMATS.values()):
        assert "\n::error file=x" not in reporter([found], [name])


def test_a_name_that_is_no_text_is_told(jail):
    """Bytes that are not UTF-8 come through every report."""
    name = os.fsdecode(b"caf\xe9.yaml")
    jail.write(name, "a.b: 1\n")
    (found,) = check(name)
    assert found.rule is Rule.KEY_PERIOD
    for reporter in (each.reporter() for each in REPORT_FORMATS.values()):
        reporter([found], [name]).encode()


@pytest.mark.parametrize("name", ["x\0y.yaml", "x" * 5000 + ".yaml"])
def test_a_name_that_no_file_can_have_is_told(jail, name):
    """Neither raises."""
    assert rules(check(name)) == {Rule.UNREADABLE_FILE}


def test_deep_nesting_is_told(jail):
    """Neither reader nor rules recurse into it."""
    for name, text in (
        ("d.yaml", "a: " + "[" * 50_000),
        ("d.json", '{"a": ' + "[" * 50_000),
        ("d.toml", "a = " + "[" * 50_000),
    ):
        jail.write(name, text)
        assert rules(check(name)) & {Rule.TOO_DEEP, Rule.SYNTAX}


def test_many_keys_that_need_a_close_look_are_counted(jail):
    """Neither ten thousand misspelt keys nor as many ambiguous scalars flood a report."""
    jail.write("many.yaml", "".join(f"some-key.{n}: no\n" for n in range(10_000)))
    found = check("many.yaml")
    assert rules(found) == {Rule.KEY_PERIOD, Rule.YAML_SCALAR}
    assert len([each for each in found if each.rule is Rule.YAML_SCALAR]) == MOST_TOLD + 1


def test_what_is_nested_too_deep_is_told_once(jail):
    """Whichever of the reader and the rules of a config finds it."""
    for depth in (99, 100, 101, 150):
        jail.write("deep.yaml", "a: " + "[" * depth + "]" * depth)
        assert [str(each.rule) for each in check("deep.yaml")] == ["too-deep"]


@pytest.mark.parametrize(
    "text",
    [
        "a: " + "- " * 50_000,
        "a: [" + ",&" * 50_000,
        "a.b: 1 " + "# runsettings: ignore[" * 5_000,
        "a: '" + "${" * 50_000 + "'",
        "a: {" + ",1" * 30_000 + "}",
        "a: " + " " * 100_000 + "x: y",
        "a: " + "[" * 60_000,
    ],
    ids=["dashes", "anchors", "comments", "references", "duplicates", "spaces", "brackets"],
)
def test_a_check_takes_linear_time(jail, text):
    """100,000 characters of a worst case take less than a few seconds of CPU time."""
    jail.write("worst.yaml", text)
    start = time.process_time()
    check("worst.yaml", settings=False)
    assert time.process_time() - start < 3


def test_nested_brackets_are_not_scanned_for_a_fix():
    """The parser takes quadratic time for them."""
    start = time.process_time()
    assert fix_text("[" * 60_000) == ("[" * 60_000, 0)
    assert time.process_time() - start < 1
