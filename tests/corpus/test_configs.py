"""Configs that PyYAML, json and tomlkit write, read back as they were.

PyYAML writes YAML 1.1, and leaves some texts without quotes that are numbers to YAML 1.2. Those
are read as YAML 1.2 has them, and `check` warns of exactly them; in W&B's own form they are texts,
as the header says who wrote them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import pytest
import tomlkit
import yaml
from hypothesis import strategies as st

import runsettings

from .oracle import same
from .yaml12 import changed_paths, core, plain_texts, read_by_core

SHARE = 5
"""Configs are asked about more often than parsers, as there are few tests of them."""

Write = Callable[[Any], str]

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NUMBER_LIKE = st.from_regex(r"[-+]?[0-9_.]{1,4}([eE:xo][-+]?[0-9]{1,2})?", fullmatch=True)
WORDS = st.sampled_from(
    ["yes", "no", "on", "Off", "y", "~", "null", "=", "<<", "2020-01-01", "1e5", "089", "0o17", "-"]
)
LEAVES = st.one_of(
    st.booleans(), st.integers(), st.floats(allow_infinity=False, allow_nan=False), TEXTS
)
KEYS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters=".-_$"),
    min_size=1,
    max_size=6,
)


def configs(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Nested mappings and lists."""
    keys = KEYS.filter(lambda key: core(key) == key)
    values = st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
        max_leaves=8,
    )
    return st.dictionaries(keys, values, max_size=4)


def read(jail, name: str, text: str, **options: Any) -> dict[str, Any]:
    """What `Config.load` reads."""
    jail.write(name, text)
    return runsettings.Config.load(name, **options).as_dict()


def warned(jail, name: str, text: str) -> list[tuple[str, tuple[Any, ...]]]:
    """What `check` says of a file."""
    jail.write(name, text)
    # A key may be a setting's name, and a text may look like a variable.
    ignored = ("setting-in-config", "not-followed")
    found = runsettings.check(name, settings=False, environ={}, ignore=ignored)
    return [(str(fault.rule), fault.path) for fault in found]


def ordered(data: Any) -> Any:
    """Data with its keys in order, as PyYAML sorts them."""
    if isinstance(data, dict):
        return {key: ordered(data[key]) for key in sorted(data)}
    return list(map(ordered, data)) if isinstance(data, list) else data


def is_finite(text: str) -> bool:
    """Whether a text is no number that overflows."""
    value = core(text)
    return not isinstance(value, float) or math.isfinite(value)


@pytest.mark.parametrize(
    "write",
    [
        json.dumps,
        lambda data: json.dumps(data, ensure_ascii=False, indent=2),
        lambda data: json.dumps(data, separators=(",", ":"), sort_keys=True),
    ],
    ids=["plain", "indented", "compact"],
)
def test_json_is_read_back(write: Write, for_all, jail):
    """What ``json.dumps`` writes is what is read."""

    def hold(data: dict[str, Any]) -> None:
        text = write(data)
        assert same(read(jail, "a.json", text), json.loads(text))
        assert warned(jail, "a.json", text) == []

    for_all(configs(LEAVES | st.none()), hold, share=SHARE)


def test_toml_is_read_back(for_all, jail):
    """What tomlkit writes is what is read."""

    def hold(data: dict[str, Any]) -> None:
        text = tomlkit.dumps(data)
        assert same(read(jail, "a.toml", text), tomlkit.parse(text).unwrap())
        assert warned(jail, "a.toml", text) == []

    for_all(configs(LEAVES), hold, share=SHARE)


DUMPS = pytest.mark.parametrize(
    "options",
    [
        {},
        {"sort_keys": False, "allow_unicode": True},
        {"default_flow_style": True},
        {"default_style": '"'},
        {"width": 20, "indent": 4, "explicit_start": True},
    ],
    ids=["default", "unicode", "flow", "quoted", "narrow"],
)


@DUMPS
def test_yaml_is_read_back(options: dict[str, Any], for_all, jail):
    """What ``yaml.safe_dump`` writes is read; `check` warns of what YAML 1.2 reads otherwise."""

    def hold(data: dict[str, Any]) -> None:
        text = yaml.safe_dump(data, **options)
        expected = read_by_core(data, plain_texts(text))
        found = read(jail, "a.yaml", text)
        assert same(ordered(found), ordered(expected)), text
        changed = {("yaml-scalar", path) for path in changed_paths(data, expected)}
        assert set(warned(jail, "a.yaml", text)) == changed, text

    numbers = st.floats(allow_nan=True, allow_infinity=True)
    leaves = st.one_of(LEAVES, st.none(), WORDS, NUMBER_LIKE.filter(is_finite), numbers)
    # PyYAML's writer puts a next line character where its loaders read a line break.
    kept = configs(leaves).filter(lambda data: "\x85" not in yaml.safe_dump(data, **options))
    for_all(kept, hold, share=SHARE)


@pytest.mark.parametrize("text", ["\x85", "a\x85b", "a\x85\x85b", "\u2028", "a\u2029b"])
@pytest.mark.parametrize("style", ["'", '"', None])
def test_line_breaks_of_unicode_are_read_as_pyyaml_reads_them(text, style, jail):
    """A next line character is a line break, as it is to libyaml; in double quotes it is kept."""
    written = yaml.safe_dump({"a": text}, allow_unicode=True, default_style=style)
    found = read(jail, "a.yaml", written)
    assert same(found, yaml.safe_load(written))
    assert style != '"' or same(found, {"a": text})


def wrapped(data: dict[str, Any]) -> str:
    """W&B's own form, as its client writes it."""
    form = {key: {"desc": None, "value": value} for key, value in data.items()}
    return yaml.safe_dump({"wandb_version": 1, **form})


def test_the_form_of_wandb_is_read_back(for_all, jail):
    """Data without texts that the two versions of YAML read differently."""

    def hold(data: dict[str, Any]) -> None:
        found = read(jail, "config.yaml", wrapped(data))
        assert same(ordered(found), ordered(data))
        assert warned(jail, "config.yaml", wrapped(data)) == []

    texts = TEXTS.filter(lambda text: core(text) == text)
    numbers = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=True))
    for_all(configs(texts | numbers), hold, share=SHARE)


def test_the_form_of_wandb_is_read_by_its_writers_rules(for_all, jail):
    """A text that PyYAML wrote without quotes is that text again, and nobody is warned of it."""

    def hold(text: str) -> None:
        data = {"sha": text, "all": [text, {"inner": text}]}
        found = read(jail, "config.yaml", wrapped(data))
        assert same(ordered(found), ordered(data))
        assert warned(jail, "config.yaml", wrapped(data)) == []

    for_all(NUMBER_LIKE.filter(lambda text: core(text) != text), hold)


def test_yaml_11_is_read_where_it_is_asked_for(for_all, jail):
    """``yaml="1.1"`` reads what PyYAML reads."""

    def hold(text: str) -> None:
        written = f"a: {text}\nb: [{text}]\n"
        assert same(read(jail, "a.yaml", written, yaml="1.1"), yaml.safe_load(written))

    for_all(WORDS.filter(lambda word: word not in {"=", "<<", "-", "2020-01-01"}), hold)


def test_underscores_between_digits_make_no_text(for_all, jail):
    """``10_000`` is a number, as it is to PyYAML, ruamel and OmegaConf."""

    def hold(text: str) -> None:
        assert same(read(jail, "a.yaml", f"a: {text}\n"), {"a": int(text)})

    for_all(st.from_regex(r"[-+]?[1-9][0-9]{0,2}(_[0-9]{3}){1,2}", fullmatch=True), hold)


def test_a_number_that_overflows_is_told(for_all, jail):
    """``12e3456`` is no number that a machine has: `check` says so."""

    def hold(text: str) -> None:
        assert ("a",) in [path for _, path in warned(jail, "a.yaml", f"a: {text}\n")]

    for_all(st.from_regex(r"[1-9][0-9]?\.[0-9]e\+[4-9][0-9]{2}", fullmatch=True), hold)


def test_keys_that_are_no_texts_are_what_json_makes_of_them(for_all, jail):
    """A key that is a number, a boolean or null becomes JSON's text for it."""

    def hold(data: dict[Any, Any]) -> None:
        found = read(jail, "a.yaml", yaml.safe_dump({"names": data}, sort_keys=False))
        assert same(found, json.loads(json.dumps({"names": data})))

    keys = st.one_of(st.integers(), st.booleans(), st.none())
    for_all(
        st.dictionaries(keys, st.just("x"), min_size=1, max_size=3).filter(
            lambda data: len({json.dumps(key) for key in data}) == len(data)
        ),
        hold,
    )
