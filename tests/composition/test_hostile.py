"""Composed files that nobody should write: each ends in a diagnostic, in bounded memory."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runsettings import Config, ConfigError, Diagnostic, LayeredSettings, Rule, SettingsError


class Model(LayeredSettings):
    """Settings whose files may be composed as well."""

    model_config = {"extra": "allow"}

    a: Any = None


def of_config(name: str) -> tuple[Diagnostic, ...]:
    """What a run config of the file reports."""
    with pytest.raises(ConfigError) as caught:
        Config.load(name)
    return caught.value.diagnostics


def of_settings(name: str) -> tuple[Diagnostic, ...]:
    """What settings with the file report."""
    with pytest.raises(SettingsError) as caught:
        Model.resolve(files=name)
    return caught.value.diagnostics


@pytest.fixture(params=[of_config, of_settings], ids=["config", "settings"])
def diagnostics(request: pytest.FixtureRequest, jail: Any) -> Callable[[str], Any]:
    """Loads a file as a run config, or as the file of settings."""
    found: Callable[[str], Any] = request.param
    return found


def write(name: str, text: str) -> None:
    """Write a file below the working directory."""
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    "used",
    [
        "https://example.com/base.yaml",
        "file:///etc/passwd",
        "s3://bucket/base.yaml",
        "/dev/zero",
        "/dev/stdin",
        "pipe.yaml",
        "socket/..",
        "folder.yaml",
        ".",
        "/",
        "gone.yaml",
        "loop.yaml",
        "nul\\0byte.yaml",
        "~nobody-has-this-name/base.yaml",
        "x" * 5000 + ".yaml",
        "base.exe",
    ],
)
def test_what_is_no_file(diagnostics: Callable[[str], Any], used: str) -> None:
    """One error, at the line that names it; no pipe or device is waited for."""
    os.mkfifo("pipe.yaml")
    Path("folder.yaml").mkdir()
    Path("loop.yaml").symlink_to("loop.yaml")
    write("train.yaml", f'$config: 1\na: 1\n$use: ["{used}"]\n')
    (found,) = diagnostics("train.yaml")
    assert found.rule in {Rule.UNREADABLE_FILE, Rule.BAD_INPUT, Rule.FILE_TOO_LARGE}
    assert (found.origin.where, found.line) == ("train.yaml", 3)


@pytest.mark.parametrize("length", [1, 2, 10])
def test_circles(diagnostics: Callable[[str], Any], length: int) -> None:
    """A circle of any length is one error, which shows each step."""
    for n in range(length):
        write(f"f{n}.yaml", f"$config: 1\n$use: f{(n + 1) % length}.yaml\n")
    (found,) = diagnostics("f0.yaml")
    assert found.rule is Rule.CIRCULAR
    assert found.message.count(", then ") == length - 1


def test_a_circle_under_keys(diagnostics: Callable[[str], Any]) -> None:
    """A file that puts itself under a key would never end."""
    write("train.yaml", "$config: 1\n$use: {a: train.yaml}\n")
    assert [each.rule for each in diagnostics("train.yaml")] == [Rule.CIRCULAR]


def test_ten_thousand_files(diagnostics: Callable[[str], Any]) -> None:
    """One error says what the limit is, and the files beyond it are not opened."""
    write("base.yaml", "x: 1\n")
    names = []
    for n in range(10_000):
        names.append(f"f{n}.yaml")
        os.link("base.yaml", names[-1])
    write("train.yaml", "$config: 1\n$use: [" + ", ".join(names) + "]\n")
    opened: list[str] = []

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if watching and event == "open" and str(arguments[0]).endswith(".yaml"):
            opened.append(str(arguments[0]))

    watching = True
    sys.addaudithook(hook)
    try:
        (found,) = diagnostics("train.yaml")
    finally:
        watching = False
    assert found.rule is Rule.COMPOSITION_LIMIT
    assert "1,000" in found.message
    assert len(opened) <= 1_001


def test_a_tree_of_files_that_doubles(diagnostics: Callable[[str], Any]) -> None:
    """40 levels of which each uses the next twice end in one error."""
    for n in range(40):
        write(f"f{n}.yaml", f"$config: 1\n$use: [f{n + 1}.yaml, f{n + 1}.yaml]\n")
    write("f40.yaml", "x: 1\n")
    assert [each.rule for each in diagnostics("f0.yaml")] == [Rule.COMPOSITION_LIMIT]


def test_a_long_row_of_files(diagnostics: Callable[[str], Any]) -> None:
    """Files of which each uses the next may stand in a row of 50."""
    for n in range(2_000):
        write(f"f{n}.yaml", f"$config: 1\n$use: f{n + 1}.yaml\n")
    write("f2000.yaml", "x: 1\n")
    assert [each.rule for each in diagnostics("f0.yaml")] == [Rule.COMPOSITION_LIMIT]


BOMBS = {
    "texts": "a{up}: ${{a{n}}}${{a{n}}}",
    "lists": "a{up}: ['${{a{n}}}', '${{a{n}}}']",
    "mappings": "a{up}: {{x: '${{a{n}}}', y: '${{a{n}}}'}}",
}


@pytest.mark.parametrize("form", BOMBS.values(), ids=BOMBS)
def test_reference_bombs(
    diagnostics: Callable[[str], Any], form: str, counted_calls: Callable[[], Any]
) -> None:
    """A value that is doubled 40 times ends in an error before it fills memory and time."""
    lines = [form.format(up=n + 1, n=n) for n in range(40)]
    write("train.yaml", "\n".join(["$config: 1", "a0: xxxxxxxxxxxxxxxx", *lines]))
    with counted_calls() as calls:
        found = diagnostics("train.yaml")
    assert {each.rule for each in found} == {Rule.COMPOSITION_LIMIT}
    assert calls.total() < 1_500_000


LIMITED = """
import resource, sys
import runsettings
limit = 512 * 1024 * 1024
resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
try:
    runsettings.Config.load("train.yaml")
except runsettings.ConfigError as error:
    print({each.rule.value for each in error.diagnostics})
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the limit of memory is Linux's")
def test_reference_bombs_do_not_fill_the_memory(jail: Any) -> None:
    """A process that may have half a gigabyte reports all three kinds of them."""
    lines = [
        form.format(up=n + 1, n=n).replace("a", f"{kind}_")
        for kind, form in BOMBS.items()
        for n in range(40)
    ]
    first = [f"{kind}_0: xxxxxxxxxxxxxxxx" for kind in BOMBS]
    write("train.yaml", "\n".join(["$config: 1", *first, *lines]))
    done = subprocess.run(
        [sys.executable, "-c", LIMITED], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("{'composition-limit'}\n", "")


def test_a_long_row_of_references(diagnostics: Callable[[str], Any]) -> None:
    """References of which each leads to the next may stand in a row of 100."""
    lines = [f"a{n}: ${{a{n + 1}}}" for n in range(1_000)]
    write("train.yaml", "\n".join(["$config: 1", *lines, "a1000: 1\n"]))
    assert {each.rule for each in diagnostics("train.yaml")} == {Rule.COMPOSITION_LIMIT}


def test_paths_out_of_the_project(jail: Any, tmp_path: Path) -> None:
    """They are allowed: a lab keeps its base files in one place."""
    outside = tmp_path / "lab"
    write(str(outside / "base.yaml"), "a: 1\n")
    up = os.path.relpath(outside, jail.cwd)
    write("train.yaml", f"$config: 1\n$use: [{up}/base.yaml, {outside}/base.yaml]\n")
    config = Config.load("train.yaml")
    assert Path(config.origin("a").where).name == "base.yaml"
    assert [leaf.value for leaf in config.history("a")] == [1, 1]
