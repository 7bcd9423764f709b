"""The schema of a file, named in the file."""

from __future__ import annotations

import pytest

from runsettings.documents.editing.annotating import annotate
from runsettings.documents.files import Format


@pytest.mark.parametrize(
    ("format_", "before", "after"),
    [
        (Format.YAML, "a: 1\n", "# yaml-language-server: $schema=s.json\na: 1\n"),
        (Format.YAML, "", "# yaml-language-server: $schema=s.json\n"),
        (Format.YAML, "a: 1\r\n", "# yaml-language-server: $schema=s.json\r\na: 1\r\n"),
        (
            Format.YAML,
            "# mine\n# yaml-language-server: $schema=old.json\na: 1\n",
            "# mine\n# yaml-language-server: $schema=s.json\na: 1\n",
        ),
        (
            Format.YAML,
            "%YAML 1.2\n---\na: 1\n",
            "# yaml-language-server: $schema=s.json\n%YAML 1.2\n---\na: 1\n",
        ),
        (Format.TOML, "a = 1\n", "#:schema s.json\na = 1\n"),
        (Format.TOML, "#:schema old.json\na = 1\n", "#:schema s.json\na = 1\n"),
        (Format.JSON, '{\n  "a": 1\n}\n', '{\n  "$schema": "s.json",\n  "a": 1\n}\n'),
        (Format.JSON, '{"a": 1}', '{"$schema": "s.json", "a": 1}'),
        (Format.JSON, "{}", '{"$schema": "s.json"}'),
        (Format.JSON, '{"a": 1,\n "$schema" : "old"}', '{"a": 1,\n "$schema" : "s.json"}'),
    ],
)
def test_each_format(format_, before, after):
    """What editors read is added, or replaced; doing it twice changes nothing."""
    assert annotate(before, format_, "s.json") == after
    assert annotate(after, format_, "s.json") == after


@pytest.mark.parametrize(
    ("format_", "text", "why"),
    [
        (Format.INI, "[a]\n", "no schema for INI"),
        (Format.YAML, "a: [\n", "line"),
        (Format.JSON, "[1]", "object"),
    ],
)
def test_what_cannot_be_annotated(format_, text, why):
    """It says why, and nothing is written."""
    with pytest.raises(ValueError, match=why):
        annotate(text, format_, "s.json")


def test_a_comment_in_a_text_stays():
    """What looks like the comment is a part of a value here."""
    text = "a: |\n # yaml-language-server: $schema=old\nb: 1\n"
    after = annotate(text, Format.YAML, "s.json")
    assert after == f"# yaml-language-server: $schema=s.json\n{text}"
