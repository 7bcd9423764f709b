"""Trees: values with their places, made on demand."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runsettings.values.directives import Replace
from runsettings.values.key_paths import MISSING, format_path, leaves_of, put_at, value_at
from runsettings.values.origin import Kind, Layer, Origin
from runsettings.values.positions import Branch, Position, SequenceMarks, pack, unpack
from runsettings.values.tree import Leaf, Tree

NATIVE = Origin(Layer.EXTERNAL, "vault/key")


@pytest.fixture
def tree() -> Tree:
    """A file with marks of every kind."""
    optim = Branch(pack(2, 3, 2, 1))
    optim["lr"] = pack(3, 7, 3, 3)
    layers = SequenceMarks(pack(5, 9, 5, 1))
    layers.extend([pack(6, 3), Branch(pack(7, 3))])
    marks = Branch(pack(1, 1))
    marks.update({"optim": optim, "layers": layers, "name": "NAME", "key": NATIVE})
    data = {
        "optim": {"lr": 0.1, "beta": 0.9},
        "layers": [1, {"size": 2}],
        "name": "x",
        "key": "y",
        "other": None,
        "whole": Replace({"a": 1}),
    }
    return Tree(Layer.FILE, "train.yaml", data, marks, text="a\nb\n")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ((), ""),
        (("a",), "a"),
        (("optim", "lr"), "optim.lr"),
        (("layers", 3, "size"), "layers[3].size"),
        ((0, "a"), "[0].a"),
        (("a", 0, 1), "a[0][1]"),
    ],
)
def test_paths_as_people_write_them(path, text):
    """Keys are joined by dots, indices stand in brackets."""
    assert format_path(path) == text


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(*[st.integers(1, 2**31)] * 4)
def test_packing_loses_nothing(line, column, key_line, key_column):
    """A place in an integer is the same place when it comes out."""
    mark = pack(line, column, key_line, key_column)
    assert unpack(mark) == (Position(line, column), Position(key_line, key_column))
    assert unpack(pack(line, column)) == (Position(line, column), None)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("optim", "lr"), 0.1),
        (("layers", 1, "size"), 2),
        (("other",), None),
        (("whole", "a"), 1),
        (("no",), MISSING),
        (("optim", "no"), MISSING),
        (("layers", 2), MISSING),
        (("layers", -1), MISSING),
        (("layers", "size"), MISSING),
        (("name", "x"), MISSING),
    ],
)
def test_get(tree, path, value):
    """A value is found by its path; what is not there is `MISSING`, which is not ``None``."""
    assert tree.get(path) is value or tree.get(path) == value


@pytest.mark.parametrize(
    ("path", "origin"),
    [
        (("optim", "lr"), "train.yaml:3:7"),
        (("optim", "beta"), "train.yaml:2:3"),
        (("optim",), "train.yaml:2:3"),
        (("layers",), "train.yaml:5:9"),
        (("layers", 0), "train.yaml:6:3"),
        (("layers", 1, "size"), "train.yaml:7:3"),
        (("layers", 9), "train.yaml:5:9"),
        (("name",), "NAME"),
        (("name", "inside", 0), "NAME"),
        (("key",), "vault/key"),
        (("other",), "train.yaml:1:1"),
    ],
)
def test_origin_is_the_nearest_mark(tree, path, origin):
    """A value without a mark of its own is where the closest enclosing value is."""
    assert str(tree.origin(path)) == origin


def test_origin_of_a_key(tree):
    """A key has a place of its own, where it was recorded."""
    assert str(tree.origin(("optim", "lr"), key=True)) == "train.yaml:3:3"
    assert str(tree.origin(("layers", 0), key=True)) == "train.yaml:6:3"


def test_origin_without_columns(tree):
    """In formats with one value a line the column is left out; an excerpt still knows it."""
    ini = Tree(Layer.USER, "settings", {"a": "b"}, {"a": pack(2, 5, 2, 1)}, kind=Kind.INI)
    assert str(ini.origin(("a",))) == "settings:2"
    assert ini.position(("a",)) == (2, 5)
    assert ini.position(("a",), key=True) == (2, 1)
    assert tree.position(("name",)) is None


def test_origin_of_a_call():
    """A keyword is named with its call, whatever is asked about inside of it."""
    call = Tree(Layer.INIT, "train.py", {"optim": {"lr": 1}}, line=12, call="init")
    assert str(call.origin(("optim", "lr"))) == "train.py:12 init(optim=)"
    assert str(call.origin(())) == "train.py:12 init"


def test_leaves_are_in_order(tree):
    """Mappings are walked; lists, empty mappings and directives' insides are leaves."""
    assert [(leaf.path, leaf.value) for leaf in tree.leaves()] == [
        (("optim", "lr"), 0.1),
        (("optim", "beta"), 0.9),
        (("layers",), [1, {"size": 2}]),
        (("name",), "x"),
        (("key",), "y"),
        (("other",), None),
        (("whole", "a"), 1),
    ]
    assert list(Tree(Layer.INIT, "x", {"a": {}}).leaves()) == [
        Leaf(("a",), {}, Origin(Layer.INIT, "x"))
    ]


def test_pickled_tree_has_all_but_its_text(tree):
    """Origins survive; whole files are not carried along."""
    again = pickle.loads(pickle.dumps(tree))
    assert again.data == tree.data
    assert again.text is None
    assert list(again.leaves()) == list(tree.leaves())
    assert again.position(("optim", "lr"), key=True) == (3, 3)


def test_repr_shows_no_values(tree):
    """Values may be secret."""
    assert repr(tree) == "<Tree file train.yaml with 6 keys>"


def test_missing_is_false_and_alone():
    """`MISSING` stays the one object through a pickle, and is false."""
    assert pickle.loads(pickle.dumps(MISSING)) is MISSING
    assert not MISSING
    assert repr(MISSING) == "MISSING"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ((), {"a": {"b": [1, {"c": None}]}, "whole": Replace({"x": 2})}),
        (("a", "b", 1, "c"), None),
        (("whole", "x"), 2),
        (("a", "d"), MISSING),
        (("a", "b", 2), MISSING),
        (("a", "b", -1), MISSING),
        (("a", "b", "0"), MISSING),
        (("a", "b", 0, "c"), MISSING),
    ],
)
def test_a_path_leads_to_a_value_or_to_nothing(path, value):
    """Mappings, sequences and replacements are walked; nothing else has an inside."""
    assert value_at({"a": {"b": [1, {"c": None}]}, "whole": Replace({"x": 2})}, path) == value


def test_a_value_is_put_where_its_path_leads():
    """Mappings are made on the way, also in place of what has no inside."""
    node = {"a": 1, "b": {"c": 2}}
    put_at(node, ("a", "x"), 3)
    put_at(node, ("b", "d", "e"), 4)
    put_at(node, ("f",), 5)
    assert node == {"a": {"x": 3}, "b": {"c": 2, "d": {"e": 4}}, "f": 5}


def test_leaves_are_what_merges_whole():
    """Sequences and empty mappings are leaves; a replacement of a mapping has leaves inside."""
    node = {"a": {"b": [{"c": 1}], "d": {}}, "e": Replace({"f": 2})}
    expected = [(("r", "a", "b"), [{"c": 1}]), (("r", "a", "d"), {}), (("r", "e", "f"), 2)]
    assert list(leaves_of(node, ("r",))) == expected


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind not in (Kind.INI, Kind.DOTENV)])
def test_only_formats_of_one_value_a_line_leave_columns_out(kind):
    """A column helps nobody where the line has one value alone."""
    tree = Tree(Layer.FILE, "x", {"a": 1}, {"a": pack(2, 5)}, kind=kind)
    assert tree.origin(("a",)).column == 5


def test_marks_that_a_function_makes_are_made_once_when_asked_for():
    """Values cost no marks; the first position asked for makes them, and a pickle has them."""
    made = []

    def marks() -> dict[str, int]:
        made.append(1)
        return {"a": pack(3, 5)}

    lazy = Tree(Layer.FILE, "x.json", {"a": 1}, marks)
    assert lazy.get(("a",)) == 1
    assert not made
    assert lazy.position(("a",)) == lazy.position(("a",)) == Position(3, 5)
    assert made == [1]
    fresh = Tree(Layer.FILE, "x.json", {"a": 1}, marks)
    assert pickle.loads(pickle.dumps(fresh)).position(("a",)) == Position(3, 5)
