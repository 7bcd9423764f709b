"""Scalars that YAML 1.1 tools read differently."""

from __future__ import annotations

import pytest

from runsettings.checks.yaml11.ambiguous_scalars import (
    MOST_TOLD,
    find_ambiguous,
    reading_of_others,
    scalar_diagnostics,
)
from runsettings.documents.yaml.reader import read
from runsettings.values.origin import Layer


def tree_of(text: str):
    """The tree of a text."""
    return read(text, Layer.FILE, "train.yaml").tree


@pytest.mark.parametrize(
    "text", ["0.1", "3", "true", "null", "adam", "1.0e-3", "0x1f", "on-off", "noon", ".inf", "yes!"]
)
def test_what_both_read_alike_is_not_ambiguous(text):
    """An ordinary scalar is passed over."""
    assert reading_of_others(text) is None


def test_quoted_and_commented_texts_are_no_ambiguous_scalars():
    """Quotes and comments make a text safe."""
    text = "a: 'no' # no\nb: \"012\"\n# c: 1e-3\nd: |\n  off\n"
    assert find_ambiguous(tree_of(text)) == []


def test_a_tag_of_an_integer_does_not_make_an_octal_safe():
    """``!!int 012`` is ten to YAML 1.1 and twelve here."""
    assert [h.text for h in find_ambiguous(tree_of("a: !!int 012\nb: !!str 012\n"))] == ["012"]


def test_the_merge_key_is_not_ambiguous():
    """``<<`` as a key means the same to all."""
    assert find_ambiguous(tree_of("base: &b {lr: 1}\nrun:\n  <<: *b\n")) == []


def test_the_diagnostic_says_both_readings_and_what_to_write():
    """The warning's words, whole."""
    (found,) = scalar_diagnostics(tree_of("optim:\n  lr: 1e-3 # small\n"))
    assert (found.key, str(found.origin)) == ("optim.lr", "train.yaml:2:7")
    assert found.message == "1e-3 is 0.001 here, and the string '1e-3' to YAML 1.1 tools"
    assert found.hint == "write 1.0e-3"
    assert found.excerpt is not None
    assert (found.excerpt.text, found.excerpt.width) == ("  lr: 1e-3 # small", 4)


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("x: &a 1e-3\ny: *a\n", [("x",)]),
        ("a: {b: {c: &a 1e-3}}\nz: *a\n", [("a", "b", "c")]),
        ("base: &b {on: no}\nm:\n  <<: *b\n", [("base", "on"), ("base", "on")]),
        ("base: &b {on: 1}\nm: *b\n", [("base", "on")]),
    ],
)
def test_a_scalar_is_told_where_it_is_written_not_where_an_alias_repeats_it(text, paths):
    """The key is that of the anchor, whose line is shown."""
    assert [scalar.path for scalar in find_ambiguous(tree_of(text))] == paths


@pytest.mark.parametrize("key", ["1e3", "012", "0o14"])
def test_a_scalar_at_a_key_that_is_no_text_has_a_sentence(key):
    """Such a key is a fault as well, and both are told."""
    for found in scalar_diagnostics(tree_of(f"outer:\n  {key}: no\n{key}: no\n")):
        assert found.key


def test_many_ambiguous_scalars_are_counted():
    """A file of data does not flood a report."""
    found = scalar_diagnostics(tree_of("".join(f"k{i}: no\n" for i in range(5000))))
    assert len(found) == MOST_TOLD + 1
    assert (found[-1].message, found[-1].line) == (
        "4,900 more scalars that YAML 1.1 tools read differently",
        MOST_TOLD + 1,
    )


@pytest.mark.parametrize("text", ["0x_1", "x", "0b_1", "1:20"])
def test_what_is_no_integer_is_not_ambiguous_as_one(text):
    """The reader refuses it; a warning beside the error would say that it means something."""
    assert find_ambiguous(tree_of(f"a: !!int {text}\n")) == []


def test_an_octal_integer_is_ambiguous_with_its_tag_too():
    """PyYAML cannot read ``0o17`` as an integer."""
    (found,) = find_ambiguous(tree_of("a: !!int 0o17\n"))
    assert found.text == "0o17"
