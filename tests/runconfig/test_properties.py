"""What must hold for every config, whatever is in it."""

from __future__ import annotations

import json
import warnings
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runsettings.composition.merge import combine, merge
from runsettings.documents.files import Format, read_text
from runsettings.runconfig.config import Config
from runsettings.runconfig.inputs.json_values import to_jsonable
from runsettings.runconfig.inputs.wandb_form import unwrap, write_config
from runsettings.runconfig.rules.key_rules import check_rules
from runsettings.values.directives import Append, Delete, Replace
from runsettings.values.errors import ConfigError, SettingsWarning
from runsettings.values.json_trees import same_value
from runsettings.values.key_paths import MISSING
from runsettings.values.origin import Layer
from runsettings.values.tree import Tree

relaxed = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

texts = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["no", "Yes", "~", "null", "0o7", "012", "1e-3", "1:20", "=", "<<", "", " a", "a ", "- a",
         "a: b", "#", "---", "...", "2026-01-02", ".inf", "0x1F", "1_000", "\x85", "\u2028", "é",
         "\ufeff", "\ud7ff", "\U0001f600", "*a", "&a", "!a", "%a", "@", "`", "a\nb", "{}", "[]",
         "wandb_version", "value", "desc", "_x"]
    ),
)  # fmt: skip
keys = texts.filter(lambda key: key and "." not in key and "-" not in key and key != "_wandb")
leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.sampled_from([1e-5, 1e16, 1e22, 5e-324, -0.0, 1.5e300]),
    texts,
)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)
configs = st.dictionaries(keys, values, max_size=5)

directed = st.recursive(
    leaves | st.just(Delete()) | st.lists(leaves, max_size=3).map(Append),
    lambda inner: (
        st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
        | st.dictionaries(st.sampled_from("abc"), inner, max_size=3).map(Replace)
    ),
    max_leaves=8,
)
layers = st.dictionaries(st.sampled_from("abc"), directed, max_size=3)

anything = st.recursive(
    leaves | st.sampled_from([b"", 1j, object(), "\ud800", {1}, {1: 2}])
    # Made when drawn: Python refuses to print the larger one.
    | st.sampled_from([4299, 4300]).map(lambda digits: 10**digits),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        texts | st.integers() | st.none(), inner, max_size=3
    ),
    max_leaves=6,
)  # fmt: skip


@relaxed
@given(configs)
def test_what_is_written_reads_back(config: dict[str, Any]) -> None:
    """A config written as YAML is the same config when we read it, in value and in type."""
    text = write_config(config)
    reading = read_text(text, Layer.FILE, "config.yaml", Format.YAML)
    assert reading.diagnostics == ()
    read = unwrap(reading.tree).data
    assert same_value(read, config)
    assert json.dumps(read) == json.dumps(config)


@relaxed
@given(configs)
def test_what_is_written_is_the_same_to_others(config: dict[str, Any]) -> None:
    """PyYAML, and with it the W&B client, reads what we wrote as the same data."""
    read = yaml.load(write_config(config), yaml.CSafeLoader)
    if "wandb_version" not in config:
        assert read.pop("wandb_version") == 1
    assert json.dumps({key: entry["value"] for key, entry in read.items()}) == json.dumps(config)


@relaxed
@given(configs)
def test_loading_a_mapping_keeps_it(config: dict[str, Any]) -> None:
    """A mapping of plain values that breaks no rule is loaded as it is."""
    try:
        loaded = Config.load(config)
    except ConfigError as error:
        # The rules that the strategy cannot see: keys that meet after dashes.
        assert {fault.rule for fault in error.diagnostics} <= {"key-collision"}  # noqa: PT017
        return
    assert same_value(loaded.as_dict(), config)


@relaxed
@given(layers, layers, layers)
def test_merging_is_associative(
    low: dict[str, Any], middle: dict[str, Any], high: dict[str, Any]
) -> None:
    """It does not matter which two neighbouring inputs are merged first."""
    trees = [
        Tree(Layer.FILE, name, data) for name, data in zip("abc", (low, middle, high), strict=True)
    ]
    at_once = merge(trees).data
    from_below = merge([Tree(Layer.FILE, "ab", merge(trees[:2]).data), trees[2]]).data
    from_above = merge([trees[0], Tree(Layer.FILE, "bc", combine(middle, high))]).data
    assert same_value(from_below, at_once)
    assert same_value(from_above, at_once)


@relaxed
@given(st.lists(configs, min_size=1, max_size=3))
def test_every_leaf_has_exactly_one_origin(inputs: list[dict[str, Any]]) -> None:
    """Each leaf comes from the highest input that has it, and from no other."""
    trees = [Tree(Layer.FILE, f"{index}.yaml", data) for index, data in enumerate(inputs)]
    merged = merge(trees)
    for leaf in merged.leaves():
        having = [tree for tree in trees if tree.get(leaf.path) is not MISSING]
        assert leaf.origin == having[-1].origin(leaf.path) == merged.origin(leaf.path)
        assert same_value(having[-1].get(leaf.path), leaf.value)
        assert merged.history(leaf.path)[0].origin == leaf.origin


@relaxed
@given(st.dictionaries(texts | st.integers(), anything, max_size=4))
def test_the_rules_accept_exactly_what_the_journal_can_hold(value: dict[Any, Any]) -> None:
    """What passes is plain JSON that survives the journal; what does not is refused."""
    try:
        with warnings.catch_warnings():
            # What JSON has no form for is kept as a text, with a warning.
            warnings.simplefilter("ignore", SettingsWarning)
            loaded = Config.load(value)
    except ConfigError as error:
        str(error).encode()  # which a half surrogate pair in a key must not break
        return
    text = json.dumps(loaded.as_dict())
    text.encode()
    assert same_value(json.loads(text), loaded.as_dict())
    assert write_config(loaded.as_dict()).encode()


@relaxed
@given(st.dictionaries(texts | st.integers(), anything, max_size=4))
def test_a_config_that_json_and_the_key_rules_allow_is_accepted(value: dict[Any, Any]) -> None:
    """Nothing is refused that is plain JSON with keys that keep the rules."""
    diagnostics: list[Any] = []
    plain = to_jsonable(value, diagnostics=diagnostics)
    tree = Tree(Layer.INIT, "train.py", plain)
    if diagnostics or check_rules(merge([tree])):
        return
    value.pop("_wandb", None)
    plain.pop("_wandb", None)
    assert same_value(Config.load(value).as_dict(), plain)


@relaxed
@given(configs)
def test_digest_does_not_depend_on_the_order_of_keys(config: dict[str, Any]) -> None:
    """Two configs of the same values have one digest, whatever order they were written in."""
    turned = dict(reversed(list(config.items())))
    assert _digest(config) == _digest(turned)


def _digest(config: dict[str, Any]) -> str:
    try:
        return Config.load(config).digest
    except ConfigError as error:
        return ",".join(sorted(fault.rule for fault in error.diagnostics))
