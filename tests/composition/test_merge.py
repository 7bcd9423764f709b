"""Merging: one small table, associative, that changes no source and forgets no loser."""

from __future__ import annotations

import copy
import itertools
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from runsettings.composition.merge import appends, combine, merge, without_directives
from runsettings.values.directives import Append, Delete, Directive, Replace
from runsettings.values.key_paths import MISSING
from runsettings.values.origin import Layer, Origin
from runsettings.values.tree import Tree

KEYS = st.sampled_from("abc")
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(0, 3), st.sampled_from(["x", "y"]))
LISTS = st.lists(SCALARS, max_size=3)


def mappings(values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Small mappings whose keys meet."""
    return st.dictionaries(KEYS, values, max_size=3)


PLAIN = st.recursive(st.one_of(SCALARS, LISTS), mappings, max_leaves=8)
VALUES = st.recursive(
    st.one_of(SCALARS, LISTS, st.builds(Append, LISTS), st.just(Delete())),
    lambda inner: st.one_of(mappings(inner), st.builds(Replace, mappings(inner))),
    max_leaves=8,
)
DATA = mappings(VALUES)


def trees(*data: dict[str, Any]) -> list[Tree]:
    """Sources that say ``data``, lowest first."""
    return [Tree(Layer.FILE, f"{index}.yaml", each) for index, each in enumerate(data)]


TABLE: list[tuple[Any, Any, Any]] = [
    (1, 2, 2),
    (1, None, None),
    ([1], [2], [2]),
    ([1], 2, 2),
    ({"a": 1}, 2, 2),
    ({"a": 1}, {"b": 2}, {"a": 1, "b": 2}),
    ({"a": 1}, {"a": 2}, {"a": 2}),
    ({"a": {"b": 1}}, {"a": {"c": 2}}, {"a": {"b": 1, "c": 2}}),
    (1, {"a": 1}, {"a": 1}),
    ([1], {"a": 1}, {"a": 1}),
    ({"a": 1}, {}, {"a": 1}),
    ({"a": 1}, Replace({"b": 2}), {"b": 2}),
    (Replace({"a": 1}), {"b": 2}, {"a": 1, "b": 2}),
    ([1], Append([2]), [1, 2]),
    ((1,), Append([2]), [1, 2]),
    (Append([1]), Append([2]), [1, 2]),
    (1, Append([2]), [2]),
    (Delete(), Append([2]), [2]),
    (Delete(), {"a": 1}, {"a": 1}),
    (MISSING, Append([2]), [2]),
    (MISSING, {"a": Delete(), "b": [Delete(), 1]}, {"b": [1]}),
]


@pytest.mark.parametrize(("lower", "upper", "together"), TABLE)
def test_two_values(lower, upper, together):
    """Each line of the table that the merge promises."""
    assert without_directives(combine(lower, upper)) == together


@given(st.lists(DATA, max_size=3), DATA, PLAIN)
def test_one_more_source_is_merged_as_if_all_were_merged_again(lower, source, held):
    """Nothing else is looked at again: the values and the sources are the same."""
    assume(not appends(source))
    *below, new, top = trees(*lower, source, {"held": held})
    found = merge([*below, top]).with_above(new, (top,))
    expected = merge([*below, new, top])
    assert found.data == expected.data
    assert found.sources == expected.sources


def test_delete_removes_the_key():
    """A deleted key is as good as never set, until somebody above sets it again."""
    assert merge(trees({"a": 1, "b": 2}, {"a": Delete()})).data == {"b": 2}
    assert merge(trees({"a": {"b": 1}}, {"a": Delete()}, {"a": {"c": 2}})).data == {"a": {"c": 2}}


@given(st.lists(DATA, min_size=3, max_size=3))
def test_merging_is_associative(data):
    """Merging the two upper sources first gives what merging from below gives."""
    low, middle, high = data
    from_below = combine(combine(low, middle), high)
    from_above = combine(low, combine(middle, high))
    assert without_directives(from_below) == without_directives(from_above)


@given(st.lists(DATA, max_size=4))
def test_merge_folds_combine(data):
    """Merging many sources is combining them one after another."""
    expected: Any = {}
    for each in data:
        expected = combine(expected, each)
    assert merge(trees(*data)).data == without_directives(expected)


@given(st.lists(DATA, max_size=4))
def test_sources_are_not_changed(data):
    """Sources are kept as they were: histories and later merges read them again."""
    before = copy.deepcopy(data)
    sources = trees(*data)
    merged = merge(sources)
    assert data == before
    assert [source.data for source in sources] == before
    merged.data["a"] = "changed"
    assert data == before


@given(st.lists(DATA, max_size=4))
def test_result_is_plain(data):
    """No directive is left in what is handed on."""

    def holds_directive(node: Any) -> bool:
        if isinstance(node, dict):
            return any(map(holds_directive, node.values()))
        if isinstance(node, list):
            return any(map(holds_directive, node))
        return isinstance(node, Directive)

    assert not holds_directive(merge(trees(*data)).data)


@given(st.lists(mappings(PLAIN), min_size=1, max_size=4))
def test_every_leaf_has_exactly_one_origin(data):
    """Each winning leaf was said by the source that its origin names, and by none above it."""
    merged = merge(trees(*data))
    leaves = list(merged.leaves())
    assert len({leaf.path for leaf in leaves}) == len(leaves)
    for leaf in leaves:
        index = int(leaf.origin.where.removesuffix(".yaml"))
        said = merged.sources[index].get(leaf.path)
        assert said == leaf.value
        assert merged.origin(leaf.path) == leaf.origin
        assert all(s.get(leaf.path) is MISSING for s in merged.sources[index + 1 :])


@given(st.lists(mappings(PLAIN), min_size=1, max_size=4))
def test_history_begins_with_the_winner(data):
    """A history is in falling order of precedence, and its first leaf is what counts."""
    merged = merge(trees(*data))
    for leaf in merged.leaves():
        history = merged.history(leaf.path)
        assert history[0].origin == leaf.origin
        assert history[0].value == leaf.value
        ranks = [int(each.origin.where.removesuffix(".yaml")) for each in history]
        assert ranks == sorted(set(ranks), reverse=True)


def test_history_keeps_every_loser():
    """Also one that set the whole parent to something else."""
    merged = merge(trees({"a": {"b": 1}}, {"a": 5}, {"a": {"b": 3}}, {"a": {"c": 4}}))
    assert [(leaf.path, leaf.value) for leaf in merged.history(("a", "b"))] == [
        (("a", "b"), 3),
        (("a",), 5),
        (("a", "b"), 1),
    ]


def test_what_nobody_said_has_no_origin():
    """An empty answer, not an exception."""
    merged = merge(trees({"a": 1}))
    assert merged.origin(("b",)) is None
    assert merged.history(("b",)) == ()
    assert merged.get(("a", "b")) is MISSING


@pytest.mark.parametrize("lower", [1, {"a": 1}, "text", None])
def test_append_to_no_list_is_noted(lower):
    """An append that meets something else is told by its path."""
    assert merge(trees({"x": lower}, {"x": Append([1])})).bad_appends == (("x",),)
    assert merge(trees({"y": {"x": lower}}, {"y": {"x": Append([1])}})).bad_appends == (("y", "x"),)


@pytest.mark.parametrize("lower", [[1], (1,), Append([1]), Delete(), MISSING])
def test_append_to_a_list_or_nothing_is_right(lower):
    """A list, a deleted key and no key at all can be appended to."""
    data = {} if lower is MISSING else {"x": lower}
    assert merge(trees(data, {"x": Append([2])})).bad_appends == ()


def test_nothing_merges_to_nothing():
    """No sources, or empty ones, are an empty mapping of their own."""
    assert merge([]).data == {}
    source = Tree(Layer.FILE, "x", {"a": 1})
    assert merge([source]).data is not source.data


@pytest.mark.parametrize(
    ("one", "other"), list(itertools.combinations([Append([]), Replace({}), Delete(), [], {}], 2))
)
def test_directives_equal_their_own_kind_only(one, other):
    """A directive is no ordinary value."""
    assert one != other
    assert one == copy.deepcopy(one)


def test_origin_of_a_merged_list_is_its_last_source():
    """An appended list belongs to the source that completed it."""
    merged = merge(trees({"a": [1]}, {"a": Append([2])}))
    assert merged.get(("a",)) == [1, 2]
    assert merged.origin(("a",)) == Origin(Layer.FILE, "1.yaml")


@pytest.mark.parametrize("below", [None, "text", 3, [1]])
@pytest.mark.parametrize("directives", [False, True])
def test_a_mapping_over_something_else_is_plain_data(below, directives):
    """A reader that met no directive needs no search for what merging itself made."""
    sources = [
        Tree(Layer.USER, "low.json", {"a": {"b": below}}, directives=directives),
        Tree(Layer.FILE, "high.json", {"a": {"b": {"c": 1}}}, directives=directives),
        Tree(Layer.INIT, "train.py", {"a": {"b": {"d": 2}}}, directives=directives),
    ]
    assert merge(sources).data == {"a": {"b": {"c": 1, "d": 2}}}
    assert sources[1].data == {"a": {"b": {"c": 1}}}
