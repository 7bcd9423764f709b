"""The documentation is true: its code blocks run, and print what the pages say they print.

Each page is a story in a directory of its own. Its fenced blocks are taken in order:

* ``python`` runs; names live on until the end of the page.
* ``console`` runs each line after ``$`` in a shell; the lines below must be what it prints.
* ``pycon`` is a doctest.

A block that stands for a file shows its name, and is written to that file, whatever its language:

* in the documentation, ``{code-block} yaml`` with ``:caption: train.yaml``;
* in the README, whose readers have no captions, the line ``**`train.yaml`**`` above the block.

A comment on the line above a block, which readers do not see, says what else it is:

* ``<!-- raises -->`` the Python raises an error of ours, whose text counts as printed.
* ``<!-- output -->`` the block is what the last Python printed.
* ``<!-- skip: reason -->`` the block is not run.

``…`` alone on a line of an output stands for any lines, and inside a line for any text. An output
has `PROJECT` for the page's directory, and `SITE` for the site's.
"""

from __future__ import annotations

import contextlib
import doctest
import inspect
import io
import os
import re
import runpy
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from sybil import Document, Example, Region, Sybil
from sybil.parsers.markdown.lexers import FencedCodeBlockLexer
from sybil.parsers.myst.lexers import DirectiveLexer

import runsettings
from runsettings import Rule, RunsettingsError

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    [ROOT / "README.md", *(p for p in (ROOT / "docs").rglob("*.md") if "_build" not in p.parts)]
)
PROJECT = "/home/me/project"
SITE = "/etc/xdg"
LONGEST = 60
"""Seconds that a command of a page may take."""

_BLOCKS = FencedCodeBlockLexer(r"[\w+-]+")
_CAPTIONED = DirectiveLexer("code-block")
_NOTE = re.compile(r"<!-- (?P<kind>raises|output|skip)(?:: [^\n]*?)? -->\n\Z")
_NAME = re.compile(r"^\*\*`(?P<name>[^`\n]+)`\*\*\n\n?\Z", re.MULTILINE)

_PLAIN = re.compile(
    r"(?P<variables>(?:[A-Z_]+=[\w./:-]* )*)(?P<words>runsettings [^|&;<>()$`*?\n]*)"
)
"""A command that needs no shell."""


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_page_is_true(page: Path, jail, warm) -> None:
    """Every block of the page runs, and what the page shows as output is the output."""
    story = Story(jail.cwd, jail.site, warm)
    document = Sybil([story.regions], path=str(ROOT)).parse(page)
    with mock.patch.dict(os.environ):
        for example in document.examples():
            example.evaluate()


class Story:
    """What has happened on a page so far.

    Args:
        directory: Where the page's files are, and its commands run.
        site: The directory that the page calls `SITE`.
        warm: Runs the commands that need no shell.
    """

    def __init__(self, directory: Path, site: Path, warm: Any) -> None:
        self._directory = directory
        self._site = site
        self._warm = warm
        self._printed = ""
        bin_directory = str(Path(sys.executable).parent)
        self._variables = {
            "PATH": f"{bin_directory}{os.pathsep}{os.environ['PATH']}",
            "COLUMNS": "100",  # tables on a page are as wide as the page
            "NO_COLOR": "1",
            "EMAIL": "me@example.com",  # git commits nothing of nobody
        }

    def regions(self, document: Document) -> Iterator[Region]:
        """The blocks of a document that have something to prove."""
        evaluators = {"python": self._python, "console": self._console, "pycon": self._pycon}
        blocks = [*_BLOCKS(document), *_CAPTIONED(document)]
        for region in sorted(blocks, key=lambda block: block.start):
            above = document.text[: region.start]
            note = _NOTE.search(above)
            kind = note["kind"] if note is not None else None
            name = region.lexemes.get("options", {}).get("caption")
            if name is None and (heading := _NAME.search(above)):
                name = heading["name"]
            region.parsed = (region.lexemes["source"], name)
            if name is not None and kind != "skip":
                region.evaluator = self._file
            elif kind == "output":
                region.evaluator = self._output
            elif kind == "raises":
                region.evaluator = self._raises
            elif kind != "skip":
                language = region.lexemes.get("language") or region.lexemes["arguments"]
                region.evaluator = evaluators.get(language)
            if region.evaluator is not None:
                yield region

    def _file(self, example: Example) -> None:
        source, name = example.parsed
        path = self._directory / name.replace(SITE, str(self._site))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)

    def _python(self, example: Example) -> None:
        source, _ = example.parsed
        # Whoever copies the block has it in a file, and so do the origins it prints.
        code = compile(source, str(self._directory / "example.py"), "exec", dont_inherit=True)
        example.namespace.setdefault("__name__", "example")
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(code, example.namespace)
        self._printed = printed.getvalue()

    def _raises(self, example: Example) -> str | None:
        try:
            self._python(example)
        except RunsettingsError as error:
            self._printed = self._shown(str(error))
            return None
        return "no error was raised"

    def _output(self, example: Example) -> str | None:
        source, _ = example.parsed
        return _difference(source, self._printed)

    def _console(self, example: Example) -> str | None:
        source, _ = example.parsed
        for command, expected in _commands(source):
            printed = self._shown(self._run(command))
            difference = _difference(expected, printed)
            if difference is not None:
                return f"$ {command}\n{difference}"
        return None

    def _shown(self, printed: str) -> str:
        """What was printed, with the directories as the pages name them."""
        for directory, name in ((self._directory, PROJECT), (self._site, SITE)):
            printed = printed.replace(str(directory), name)
        return printed

    def _run(self, command: str) -> str:
        variables = {**os.environ, **self._variables}
        plain = _PLAIN.fullmatch(command.strip())
        if plain is None:
            return subprocess.run(
                ["sh", "-c", command],
                check=False,
                cwd=self._directory,
                env=variables,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=LONGEST,
            ).stdout
        given = dict(text.split("=", 1) for text in plain["variables"].split())
        words = shlex.split(plain["words"])
        return self._warm.run(words, self._directory, {**variables, **given}).printed

    def _pycon(self, example: Example) -> str | None:
        source, _ = example.parsed
        test = doctest.DocTestParser().get_doctest(
            source, example.namespace, "page", example.path, example.line
        )
        test.globs = example.namespace  # names live on
        report: list[str] = []
        runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS, verbose=False)
        failed = runner.run(test, out=report.append, clear_globs=False).failed
        return "".join(report) if failed else None


def _commands(source: str) -> Iterator[tuple[str, str]]:
    """The commands of a console block, each with the output below it."""
    first, *rest = re.split(r"^\$ ", source, flags=re.MULTILINE)
    assert not first.strip(), "a console block begins with a command"
    for part in rest:
        # A backslash at the end continues the command, as in a shell.
        command, _, expected = re.sub(r"\\\n>? *", "", part).partition("\n")
        yield command, expected


def _difference(expected: str, printed: str) -> str | None:
    pattern = "".join(
        r"(?:.*\n)*?"
        if line.strip() == "…"
        else ".*".join(map(re.escape, line.split("…"))) + r"[ \t]*\n"
        for line in expected.rstrip().splitlines()
    )
    if re.fullmatch(pattern, printed.rstrip() + "\n" if printed.strip() else ""):
        return None
    return f"expected:\n{expected.rstrip()}\n\nprinted:\n{printed.rstrip()}"


_NAMED_BEFORE = re.compile(
    r"^(?P<sentence>[^\n]*`[^`\n]*(?:\.(?:py|ya?ml|toml|ini|json)|/settings)`[^\n]*:)\n\n"
    r"(?:<!-- [^\n]* -->\n)?```(?:python|yaml|toml|ini|json)\n",
    re.MULTILINE,
)
"""A block without a name, after a sentence that ends in a colon and names a file."""


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page.parent != ROOT], ids=lambda page: page.stem
)
def test_a_block_that_stands_for_a_file_shows_its_name(page: Path) -> None:
    """No block is a file whose name only the sentence before it has."""
    text = page.read_text(encoding="utf-8")
    assert [found["sentence"] for found in _NAMED_BEFORE.finditer(text)] == []


def test_reference_tells_of_every_public_name() -> None:
    """Each public name of the package has its place on the reference page."""
    reference = (ROOT / "docs" / "api.md").read_text()
    missing = [name for name in runsettings.__all__ if f"runsettings.{name}" not in reference]
    assert missing == []


def headings(name: str) -> list[str]:
    """The headings of the second level of a page."""
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    return re.findall(r"^## (.+)$", text, re.MULTILINE)


def test_every_rule_has_an_example() -> None:
    """The page has each rule in the order of the code, its message as printed, and a fix."""
    assert headings("reference/rules.md") == [rule.value for rule in Rule]
    _, *sections = (ROOT / "docs/reference/rules.md").read_text(encoding="utf-8").split("\n## ")
    shown = re.compile(r"<!-- output -->\n```text\n.|```console\n\$ [^`]*\n(?!\$ )[^`]", re.DOTALL)
    assert [s.partition("\n")[0] for s in sections if not shown.search(s)] == []
    assert [s.partition("\n")[0] for s in sections if "\n**Fix.** " not in s] == []


def test_every_argument_of_init_has_its_section() -> None:
    """The page of `init` has each argument, and none that does not exist."""
    found = [name for heading in headings("reference/init.md") for name in heading.split(", ")]
    arguments = list(inspect.signature(runsettings.init).parameters)
    assert sorted(found) == sorted([*arguments, "What it raises"])


@pytest.mark.parametrize(
    ("english", "japanese"),
    [("README.md", "README.md"), ("docs/reference/init.md", "init.md")],
)
def test_a_japanese_page_follows_its_original(english: str, japanese: str) -> None:
    """It has as many headings, of the same levels, and the same code blocks with the same names."""

    def skeleton(path: Path) -> list[str]:
        text = path.read_text(encoding="utf-8")
        code = r"(?:^\*\*`[^`\n]*`\*\*\n)?^```.*?^```$"
        parts = re.findall(rf"{code}|^#+(?= )", text, re.MULTILINE | re.DOTALL)
        return [*parts, *re.findall(r"^#+ `?[a-z_, ]+`?$", text, re.MULTILINE)]

    assert skeleton(ROOT / "docs" / "ja" / japanese) == skeleton(ROOT / english)


def test_tables_are_as_the_code_has_them() -> None:
    """The tables that stand in the pages are what the code would write into them now."""
    with_tables = runpy.run_path(str(ROOT / "docs" / "_ext" / "generated_tables.py"))["with_tables"]
    texts = {page: page.read_text(encoding="utf-8") for page in PAGES}
    filled = [page for page, text in texts.items() if "<!-- generated: " in text]
    stale = [page for page in filled if with_tables(texts[page]) != texts[page]]
    assert filled, "no page has a place for a table"
    assert stale == [], "the code has changed: run `make tables`"
