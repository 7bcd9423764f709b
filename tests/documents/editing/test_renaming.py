"""Renaming keys of texts: nothing else changes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runsettings.documents.editing.renaming import Rename, rename_keys
from runsettings.documents.files import Format, read_text
from runsettings.documents.yaml.writing import yaml_text
from runsettings.values.origin import Layer
from runsettings.values.positions import Position


def renamed(text: str, format_: Format, *renames: tuple[tuple[str | int, ...], str]) -> str:
    """The text with the keys at paths renamed."""
    tree = read_text(text, Layer.FILE, "text", format_).tree
    found = []
    for path, new in renames:
        position = tree.position(path, key=True)
        assert position is not None
        found.append(Rename(position, str(path[-1]), new))
    return rename_keys(text, format_, found)


@pytest.mark.parametrize(
    ("format_", "before", "after"),
    [
        (Format.YAML, "# a\nold: 1 # old: 2\n", "# a\nnew: 1 # old: 2\n"),
        (Format.YAML, 'x: 1\n"old": {a: old}\n', 'x: 1\n"new": {a: old}\n'),
        (Format.YAML, "'old' : [1]\r\n", "'new' : [1]\r\n"),
        (Format.YAML, "? old\n: 1\n", "? new\n: 1\n"),
        (Format.YAML, "{x: old, old: 2}", "{x: old, new: 2}"),
        (Format.JSON, '{"x": "old",\n "old" : 2}', '{"x": "old",\n "new" : 2}'),
        (Format.TOML, "# a\nold = 1 # old\n", "# a\nnew = 1 # old\n"),
        (Format.TOML, "'old' = 1\n", "'new' = 1\n"),
        (Format.TOML, "old.a = 1\nx = 1\nold.b = 2\n", "new.a = 1\nx = 1\nnew.b = 2\n"),
        (Format.TOML, "[old]\na = 1\n[ old . b]\n", "[new]\na = 1\n[ new . b]\n"),
        (Format.TOML, "[old.a]\n[x.old]\n[old.b]\n", "[new.a]\n[x.old]\n[new.b]\n"),
        (Format.TOML, "[[old]]\na = 1\n[[old]]\na = 2\n", "[[new]]\na = 1\n[[new]]\na = 2\n"),
    ],
)
def test_each_format(format_, before, after):
    """Comments, layout, line breaks, quotes and equal texts stay."""
    assert renamed(before, format_, (("old",), "new")) == after


def test_an_ini_file():
    """In whatever case the key is written."""
    before = "; a\n[default]\nOld : 1\n  old\nx = old\n"
    assert renamed(before, Format.INI, (("default", "old"), "new")) == before.replace("Old", "new")


def test_keys_inside_of_renamed_keys():
    """The outer and the inner one, in one pass."""
    text = "old: {old: {old: 1}}\nlist: [{old: 2}, {x: 3}]\n"
    paths = [("old",), ("old", "old"), ("list", 0, "old")]
    after = renamed(text, Format.YAML, *((path, "new") for path in paths))
    assert after == "new: {new: {old: 1}}\nlist: [{new: 2}, {x: 3}]\n"


def test_a_new_name_that_needs_quotes():
    """It is quoted where a bare key could not have it."""
    assert renamed("old = 1\n", Format.TOML, (("old",), "a b")) == '"a b" = 1\n'


def test_a_merged_mapping_that_has_the_new_name_is_refused():
    """Where the key is merged into a mapping that has the new name, a value would be lost."""
    text = "a: &a {old: 1}\nb: {list: [*a]}\n"
    with pytest.raises(ValueError, match="'new' is there already"):
        renamed(f"{text}c: {{<<: *a, new: 1}}\n", Format.YAML, (("a", "old"), "new"))


def test_a_name_that_is_there_already_is_refused():
    """One of the values would be lost."""
    with pytest.raises(ValueError, match="'new' is there already"):
        renamed("old: 1\nnew: 2\n", Format.YAML, (("old",), "new"))


def test_a_key_that_is_elsewhere_by_now_is_left_alone():
    """Another program may have changed the file."""
    text = "x: 1\nold: 2\n"
    assert rename_keys(text, Format.YAML, [Rename(Position(1, 1), "old", "new")]) == text


KEYS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=5)
TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(KEYS, TREES, min_size=1, max_size=4), st.data())
def test_only_the_key_changes(data, draw):
    """In JSON and in YAML, whatever the names are."""
    old = draw.draw(st.sampled_from(sorted(data)))
    new = draw.draw(KEYS.filter(lambda name: name not in data))
    expected = {new if key == old else key: value for key, value in data.items()}
    for format_, text in ((Format.JSON, json.dumps(data)), (Format.YAML, yaml_text(data))):
        after = renamed(text, format_, ((old,), new))
        assert read_text(after, Layer.FILE, "text", format_).tree.data == expected
