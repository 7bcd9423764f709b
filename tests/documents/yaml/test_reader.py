"""YAML: values of the 1.2 core schema, positions, and every error with its line."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

import pytest
import yaml as pyyaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runsettings.documents.yaml import building, events
from runsettings.documents.yaml.reader import ScalarToken, read, scan_scalars
from runsettings.values.diagnostic import Diagnostic, Rule
from runsettings.values.directives import Append, Delete, Replace
from runsettings.values.origin import Layer
from runsettings.values.positions import Position
from runsettings.values.reading import Reading
from runsettings.values.rendering import render_problems

RELAXED = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def yaml(text: str) -> Reading:
    """What `read` makes of a text."""
    return read(text, Layer.FILE, "x.yaml")


def values(text: str) -> dict:
    """The values of a text without errors."""
    reading = yaml(text)
    assert reading.diagnostics == ()
    return reading.tree.data


def diagnostic(text: str) -> Diagnostic:
    """The one diagnostic of a text."""
    (found,) = yaml(text).diagnostics
    return found


# --- values -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001),
        ("no", "no"),
        ("012", 12),
        ("0o14", 12),
        ("0x1F", 31),
        ("1:20", "1:20"),
        ("1_000", 1000),
        ("!!int 1_000", 1000),
        ("1.0_2020_04_16", "1.0_2020_04_16"),
        ("", None),
        ("~", None),
        ("'no'", "no"),
        ("'1'", "1"),
        ("2020-01-01", "2020-01-01"),
        ("!!str 1", "1"),
        ("!!str", ""),
        ("! 1", "1"),
        ("!!int '7'", 7),
        ("!!float 1", 1.0),
        ("!!bool true", True),
        ("!!null ''", None),
        ("!!map {a: 1}", {"a": 1}),
        ("!!seq [1]", [1]),
        ("|\n  a\n  b\n", "a\nb\n"),
        (">\n  a\n  b\n", "a b\n"),
        ('"a\\tb"', "a\tb"),
        ("[1, [a], {b: c}]", [1, ["a"], {"b": "c"}]),
    ],
)
def test_scalars_follow_the_core_schema(text, value):
    """A value is what YAML 1.2 says it is."""
    read_value = values(f"a: {text}\n")["a"]
    assert (read_value, type(read_value)) == (value, type(value))


@pytest.mark.parametrize("text", ["", "# only a comment\n", "---\n", "null\n", "~\n", "---\n...\n"])
def test_nothing_is_an_empty_tree(text):
    """A file without values is one that says nothing."""
    assert values(text) == {}


def test_keys_keep_their_type():
    """A key that is no string stays what it is, so that a rule can refuse it in place."""
    assert [type(key) for key in values("1: a\n~: c\n1.5: d\n'2': e\n")] == [
        int,
        type(None),
        float,
        str,
    ]


def test_alias_repeats_scalars_and_containers():
    """An alias brings the anchor's value, as a value and as a key."""
    assert values("a: &x [1]\nb: *x\nc: &k key\n*k : &n 3\nd: *n\n") == {
        "a": [1],
        "b": [1],
        "c": "key",
        "key": 3,
        "d": 3,
    }


def test_anchor_may_be_set_again():
    """An alias stands for the nearest anchor before it."""
    assert values("a: &x 1\nb: *x\nc: &x 2\nd: *x\n") == {"a": 1, "b": 1, "c": 2, "d": 2}


def test_merge_key_gives_way_to_own_keys():
    """What `<<` brings counts where the mapping says nothing itself, in whatever order."""
    text = "base: &b {p: 1, q: 2}\nuse:\n  p: 3\n  <<: *b\n  r: 4\n"
    assert values(text)["use"] == {"p": 3, "q": 2, "r": 4}


def test_first_of_several_merged_mappings_wins():
    """Of the mappings in a list behind `<<`, the earlier beats the later."""
    assert values("a: &a {p: 1}\nb: &b {p: 2, q: 2}\nc:\n  <<: [*a, *b]\n")["c"] == {"p": 1, "q": 2}


def test_quoted_merge_key_is_a_key():
    """Quotes make `<<` an ordinary key."""
    assert values("'<<': 1\n") == {"<<": 1}


def test_directives_are_built_from_tags():
    """The three tags become directives, and the tree says that it has some."""
    reading = yaml("a: !append [1]\nb: !replace {c: 1}\nd: !delete\n")
    assert reading.diagnostics == ()
    assert reading.tree.data == {"a": Append([1]), "b": Replace({"c": 1}), "d": Delete()}
    assert reading.tree.directives is True


def test_tree_without_directives_says_so():
    """Merging is spared a search where no tag asked for one."""
    assert yaml("a: [1]\n").tree.directives is False


@pytest.mark.parametrize("break_", ["\x85", "\u2028", "\u2029"])
def test_only_visible_breaks_count_as_lines(break_):
    """Characters that YAML 1.1 alone takes for line breaks move no position."""
    reading = yaml(f'a: "x{break_}y"\nb: 1\n')
    assert reading.tree.data["b"] == 1
    assert reading.tree.position(("b",)) == Position(2, 4)
    assert diagnostic(f'# {break_}\n"a": @b\n').line == 2


# --- positions --------------------------------------------------------------------------


def test_every_value_has_the_positions_of_itself_and_its_key():
    """Scalars, mappings, lists, items and nested values have line and column."""
    tree = yaml("a: 1\nb:\n  c: [x, {d: é}]\n  'e':   \"y\"\nf:\n").tree
    places = {
        ("a",): ((1, 4), (1, 1)),
        ("b",): ((3, 3), (2, 1)),
        ("b", "c"): ((3, 6), (3, 3)),
        ("b", "c", 0): ((3, 7), None),
        ("b", "c", 1): ((3, 10), None),
        ("b", "c", 1, "d"): ((3, 14), (3, 11)),
        ("b", "e"): ((4, 10), (4, 3)),
        ("f",): ((5, 3), (5, 1)),
    }
    for path, (value, key) in places.items():
        assert tree.position(path) == value, path
        assert tree.position(path, key=True) == (key or value), path


def test_alias_has_the_position_of_the_anchor():
    """What an alias brings was written where the anchor stands; its key where the alias is."""
    tree = yaml("a: &x {p: 1}\nb: *x\nc: &y 2\nd: *y\n").tree
    assert tree.position(("b", "p")) == Position(1, 11)
    assert tree.position(("b",)) == Position(1, 4)
    assert tree.position(("b",), key=True) == Position(2, 1)
    assert tree.position(("d",)) == Position(3, 4)
    assert tree.position(("d",), key=True) == Position(4, 1)
    assert tree.position(("a",), key=True) == Position(1, 1)


def test_merged_keys_have_the_position_of_the_anchor():
    """A key that `<<` brought points at the mapping it came from."""
    tree = yaml("a: &x {p: 1}\nb:\n  <<: *x\n  q: 2\n").tree
    assert tree.position(("b", "p")) == Position(1, 11)
    assert tree.position(("b", "q")) == Position(4, 6)


# --- errors -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "rule", "position", "message"),
    [
        ("- 1\n", Rule.SYNTAX, (1, 1), "the top level must be a mapping of keys to values; it is"),
        ("\nword\n", Rule.SYNTAX, (2, 1), "it is a single value"),
        ("a:\n\t- 1\n", Rule.SYNTAX, (2, 1), "a tab cannot indent YAML"),
        ("a: x\n\ty: 2\n", Rule.SYNTAX, (2, 1), "a tab cannot indent YAML"),
        ("a: [1, 12e3456]\n", Rule.BAD_VALUE, (1, 8), "the number is too large for a float"),
        ("1e999: 1\n", Rule.BAD_VALUE, (1, 1), "the number is too large for a float"),
        ("lr: {{ lr }}\n", Rule.SYNTAX, (1, 6), "a template, {{ … }}, is not a YAML value"),
        ("a: 1\n{% if x %}\n", Rule.SYNTAX, (2, 2), "a template, {% … %}, is not YAML"),
        ("p: *.py\n", Rule.SYNTAX, (1, 4), "a value cannot start with '*'"),
        ("p: [&, 1]\n", Rule.SYNTAX, (1, 5), "a value cannot start with '&'"),
        ("lr:\u00a00.1\n", Rule.SYNTAX, (1, 4), "U+00A0 follows the ':'"),
        ("a: 1\nlr:\u2003\u20030.1\nb: 2\n", Rule.SYNTAX, (2, 4), "U+2003 follows the ':'"),
        ("lr:0.1\n", Rule.SYNTAX, (1, 3), "no space follows the ':'"),
        ("a: 1\nlr:0.1\nb: 2\n", Rule.SYNTAX, (2, 3), "no space follows the ':'"),
        ("a: 1\nb c\nd: x\n", Rule.SYNTAX, (2, 1), "a ':' is missing after this key"),
        ("a: 1\nb c\n", Rule.SYNTAX, (2, 1), "a ':' is missing after this key"),
        ("a: [1, 2\nb: 3\n", Rule.SYNTAX, (1, 4), "the '[' that opens here is not closed"),
        ("a: {b: 1\n", Rule.SYNTAX, (1, 4), "the '{' that opens here is not closed"),
        ("a: 'x\n", Rule.SYNTAX, (1, 4), "the quote that opens here is not closed"),
        ("a: @b\n", Rule.SYNTAX, (1, 4), "a value cannot start with '@'"),
        ("a: b: c\n", Rule.SYNTAX, (1, 5), "a ':' is not allowed here"),
        ("a: 1\n---\nb: 2\n", Rule.SYNTAX, (2, 1), "a second YAML document begins here"),
        ("? [1]\n: 2\n", Rule.SYNTAX, (1, 3), "a mapping or list cannot be a key"),
        ("a: *b\n", Rule.SYNTAX, (1, 4), "the alias *b has no anchor"),
        ("a: &a [*a]\n", Rule.CYCLE, (1, 8), "the alias *a is inside of &a"),
        ("a: &a {b: {c: *a}}\n", Rule.CYCLE, (1, 15), "the alias *a is inside of &a"),
        ("a:\n  <<: 5\n", Rule.BAD_VALUE, (2, 3), "<< takes a mapping"),
        ("a:\n  <<: [{b: 1}, 5]\n", Rule.BAD_VALUE, (2, 3), "<< takes a mapping"),
        ("a: !!int x\n", Rule.BAD_VALUE, (1, 4), "this is not a value of the type !!int"),
        ("a: !!map [1]\n", Rule.BAD_VALUE, (1, 4), "!!map is followed by a list"),
        ("a: !append 1\n", Rule.SYNTAX, (1, 4), "!append must be followed by a list"),
        ("a: !append {b: 1}\n", Rule.SYNTAX, (1, 4), "!append must be followed by a list"),
        ("a: !replace [b]\n", Rule.SYNTAX, (1, 4), "!replace must be followed by a mapping"),
        ("a: !delete 1\n", Rule.SYNTAX, (1, 4), "!delete takes no value"),
        ("!delete : 1\n", Rule.SYNTAX, (1, 1), "!delete takes no value"),
        ("!replace {a: 1}\n", Rule.SYNTAX, (1, 1), "the top level"),
        (f"a: {'9' * 5000}\n", Rule.BAD_VALUE, (1, 4), "a number of 5,000 characters"),
        (f"a: 0x{'f' * 5000}\n", Rule.BAD_VALUE, (1, 4), "a number of 5,002 characters"),
        (f"a: !!int {'9' * 5000}\n", Rule.BAD_VALUE, (1, 4), "is not a value of the type !!int"),
        ("a: x\x01\n", Rule.SYNTAX, (1, 5), "the character U+0001 is not allowed in YAML"),
        ("%YAML 3.0\n---\na: 1\n", Rule.SYNTAX, (1, 1), "a YAML version"),
        ("a: !x!y 1\n", Rule.SYNTAX, (1, 4), "the handle of this tag is not defined"),
    ],
)
def test_diagnostic_has_rule_position_and_message(text, rule, position, message):
    """Each error is one diagnostic with its position and a message."""
    found = diagnostic(text)
    assert (found.rule, (found.line, found.column)) == (rule, position)
    assert message in found.message
    assert found.excerpt is not None


@pytest.mark.parametrize(
    "tag",
    [
        "!!python/object/apply:os.system",
        "!!timestamp",
        "!!binary",
        "!!set",
        "!mine",
        "!!python/none",
    ],
)
@pytest.mark.parametrize("value", ["x", "[x]", "{x: y}"])
def test_unsafe_tag_is_named_and_not_built(tag, value):
    """A tag outside of the safe ones is an error that names it; nothing is made of it."""
    found = diagnostic(f"a:\n  b: {tag} {value}\n")
    assert found.rule is Rule.UNSAFE_TAG
    assert (found.line, found.column, found.key) == (2, 6, "a.b")
    assert found.message == f"the tag {tag} is not one of the safe tags"
    assert found.excerpt is not None
    assert found.excerpt.width == len(tag)


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("!include other.yaml", "pass the files in a list"),
        ("!inc other.yaml", "pass the files in a list"),
        ("!import other.yaml", "pass the files in a list"),
        ("!env HOME", "`${env:NAME}` in a composed file"),
        ("!ENV ${HOME}", "`${env:NAME}` in a composed file"),
        ("!env_var HOME", "`${env:NAME}` in a composed file"),
        ("!reference [a, b]", "`${key.path}` in a composed file"),
        ("!!python/tuple [1, 2]", "write a list without the tag"),
        ("!!set {a}", "write a list without the tag"),
        ("!!omap [a: 1]", "write a mapping without the tag"),
        ("!!python/unicode x", "remove the tag"),
        ("!!timestamp 2020-01-01", "put the date in quotes"),
        ("!!binary aGk=", "decode it in the program"),
        ("!!python/name:torch.nn.ReLU", "write the name as a text"),
        ("!!python/object:a.B {x: 1}", "a file cannot make objects"),
        ("!!python/object/apply:os.system [x]", "a file cannot make objects"),
        ("!important", "quote it if it is a text that begins with '!'"),
        ("!Mine {a: 1}", "write the plain value that it stands for"),
    ],
)
def test_unsafe_tag_says_what_to_write_instead(written, hint):
    """A tag of another tool, or of Python, has its own advice, which keeps the meaning."""
    assert hint in str(diagnostic(f"a: {written}\n").hint)


def test_unsafe_tag_is_reported_once_with_its_number():
    """Some files have thousands of one tag; another tag is another problem."""
    text = "".join(f"k{n}: !!python/tuple [1]\n" for n in range(5000)) + "x: !!set {a}\n"
    first, other = yaml(text).diagnostics
    assert first.message.endswith("; it stands 5000 times in this file")
    assert (first.line, other.line) == (1, 5001)


def test_merge_of_an_unknown_alias_is_one_problem():
    """The alias is wrong, not what ``<<`` takes."""
    assert "the alias *base has no anchor" in diagnostic("a: 1\n<<: *base\n").message


@pytest.mark.parametrize(
    ("text", "position", "hint"),
    [
        ("lr = 1\n", (1, 4), "write it as `key: value`"),
        ("model.lr=1\nb=2\n", (1, 9), "write it as `key: value`"),
        ("lr\uff1a 1\n", (1, 3), "write it as `key: value`"),
        ("  a: 1\n b: 2\n", (2, 2), "begin all keys of a mapping in the same column"),
        ("a: 1\n  b: 2\n", (2, 4), "indent the key as the keys before it"),
    ],
)
def test_slip_of_writing_has_advice(text, position, hint):
    """The syntax of another format, and a wrong indentation, come with what to write."""
    found = diagnostic(text)
    assert (found.line, found.column) == position
    assert hint in str(found.hint)


def test_duplicate_key_shows_both_positions():
    """A key set twice is an error at the second place that shows the first; the last counts."""
    reading = yaml("a:\n  lr: 1\n  x: 2\n  lr: 3\n")
    assert reading.tree.data == {"a": {"lr": 3, "x": 2}}
    assert render_problems(reading.diagnostics, "x.yaml") == (
        "1 problem in x.yaml\n"
        "\n"
        "  a.lr: 'lr' is set twice in one mapping — keep one of them\n"
        "    x.yaml:4:3\n"
        "      4 │   lr: 3\n"
        "        │   ^^\n"
        "    x.yaml:2:3\n"
        "      2 │   lr: 1\n"
        "        │   ^^"
    )


@pytest.mark.parametrize("text", ["{a: 1, 'a': 2}", "1: a\n0x1: b\n", "a: {b: 1}\na: 2\n"])
def test_equal_keys_are_duplicates_however_written(text):
    """Quotes, notations and kinds of values do not make two keys of one."""
    assert diagnostic(text).rule is Rule.DUPLICATE_KEY


def test_second_merge_key_is_a_duplicate():
    """Two `<<` in one mapping are an error, and both still count."""
    reading = yaml("a: &a {p: 1}\nb: &b {q: 2}\nc:\n  <<: *a\n  <<: *b\n")
    assert [found.rule for found in reading.diagnostics] == [Rule.DUPLICATE_KEY]
    assert reading.tree.data["c"] == {"p": 1, "q": 2}


def test_all_errors_are_reported_in_order():
    """One error does not hide the next, and the good keys count."""
    reading = yaml("a: !bad 1\nb: *no\nc: 1\nc: 2\nd: good\n")
    assert [(found.rule, found.line) for found in reading.diagnostics] == [
        (Rule.UNSAFE_TAG, 1),
        (Rule.SYNTAX, 2),
        (Rule.DUPLICATE_KEY, 4),
    ]
    assert reading.tree.data["d"] == "good"


def test_keys_before_a_syntax_error_count():
    """Where the text breaks off, the key in the making is dropped and those before it stay."""
    assert yaml("a: 1\nb: {c: 2, d: [\n").tree.data == {"a": 1}


def test_bomb_ends_at_once_with_the_line():
    """Nine levels of nine aliases end in an error at the alias that breaks the budget."""
    names = "abcdefghi"
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    for before, name in pairwise(names):
        lines.append(f"{name}: &{name} [{', '.join(['*' + before] * 9)}]")
    found = diagnostic("\n".join(lines))
    assert (found.rule, found.line) == (Rule.ALIAS_BUDGET, 6)


def test_merge_bomb_ends_at_once():
    """Merging is counted as well: mappings that double with each level hit the budget."""
    lines = ["m0: &m0 {" + ", ".join(f"k{index}: 1" for index in range(1000)) + "}"]
    lines += [f"m{index}: {{<<: *m0, x: 1}}" for index in range(1, 2000)]
    assert Rule.ALIAS_BUDGET in [found.rule for found in yaml("\n".join(lines)).diagnostics]


@pytest.mark.parametrize(
    "text",
    [
        'a: &a "{long}"\nb: [{aliases}]\n',
        'a: &a [1, "{long}"]\nb: [{aliases}]\n',
        'a: &a {{k: "{long}"}}\nb: [{aliases}]\n',
        "a: &a |\n  {long}\nb: [{aliases}]\n",
    ],
)
def test_bomb_of_long_texts_ends_at_once(text):
    """The budget counts how long texts are: what a few values stand for can fill the memory."""
    reading = yaml(text.format(long="x" * 100_000, aliases=", ".join(["*a"] * 60_000)))
    (found,) = reading.diagnostics
    assert found.rule is Rule.ALIAS_BUDGET
    assert len(reading.tree.data["b"]) < 1000


def test_text_can_be_read_by_the_rules_of_yaml_11():
    """What PyYAML wrote comes back as it was, with the places of its values."""
    data = {"a": "1e-3", "b": ["no", "012", "0o17", "12e3456", "1:20"], "00008": {"c": 1.5}}
    data |= {"d": dt.date(2020, 1, 2), "e": "089", "f": None, "g": True, "h": "1_000", "=": "="}
    text = pyyaml.safe_dump(data, sort_keys=False)
    reading = read(text, Layer.FILE, "x.yaml", yaml11=True)
    assert reading.diagnostics == ()
    assert reading.tree.data == data
    assert reading.tree.position(("b", 1)) == Position(4, 3)


@pytest.mark.parametrize(
    ("text", "value"),
    [("no", False), ("On", True), ("012", 10), ("1:20", 80), ("!!int 010", 8), ("'no'", "no")],
)
def test_yaml_11_has_its_own_scalars(text, value):
    """Old words, octal and sexagesimal numbers are read, and quotes still make texts."""
    reading = read(f"a: {text}\n", Layer.FILE, "x.yaml", yaml11=True)
    assert (reading.tree.data, reading.diagnostics) == ({"a": value}, ())


def test_number_that_yaml_11_cannot_convert_is_told():
    """It matches a pattern of YAML 1.1 and is no number all the same."""
    (found,) = read("a: 0b_\n", Layer.FILE, "x.yaml", yaml11=True).diagnostics
    assert (found.rule, found.line, found.column) == (Rule.BAD_VALUE, 1, 4)


def test_honest_aliases_stay_within_the_budget():
    """A mapping of a hundred keys that a hundred others merge is no bomb."""
    lines = ["base: &b {" + ", ".join(f"k{index}: 1" for index in range(100)) + "}"]
    lines += [f"m{index}:\n  <<: *b" for index in range(100)]
    assert len(values("\n".join(lines))["m99"]) == 100


def test_depth_by_aliases_is_bounded():
    """Levels that only aliases build count as levels."""
    lines = ["a0: &a0 [x]"] + [f"a{i}: &a{i} [*a{i - 1}]" for i in range(1, 200)]
    found = diagnostic("\n".join(lines))
    assert (found.rule, found.line) == (Rule.TOO_DEEP, 100)


@pytest.mark.parametrize("depth", [100, 101])
def test_depth_is_bounded(depth):
    """A hundred levels are read, one more is an error."""
    reading = yaml("{a: " * depth + "1" + "}" * depth)
    assert [found.rule for found in reading.diagnostics] == ([Rule.TOO_DEEP] if depth > 100 else [])


# --- against PyYAML ---------------------------------------------------------------------

KEYS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=8)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(allow_nan=False).filter(lambda number: "e" not in repr(number)),
    KEYS,
    st.text(st.characters(codec="utf-8"), max_size=12),
)
TREES = st.dictionaries(
    KEYS,
    st.recursive(
        SCALARS,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
        max_leaves=12,
    ),
    max_size=5,
)


@RELAXED
@given(data=TREES, flow=st.booleans(), style=st.sampled_from([None, '"', "'"]))
def test_what_pyyaml_dumps_is_read_as_it_reads_it(data, flow, style):
    """A document whose strings are quoted means the same to PyYAML and to us."""
    text = pyyaml.safe_dump(
        data, default_flow_style=flow, allow_unicode=True, default_style=style or '"'
    )
    reading = yaml(text)
    assert reading.diagnostics == ()
    assert reading.tree.data == pyyaml.load(text, Loader=pyyaml.CSafeLoader)


@RELAXED
@given(data=TREES)
def test_every_leaf_of_a_dump_has_the_position_of_its_text(data):
    """The place of each leaf is where the scan finds a scalar with that text."""
    text = pyyaml.safe_dump(data, allow_unicode=True, default_style='"')
    starts = {(token.line, token.column) for token in scan_scalars(text)}
    tree = yaml(text).tree
    for leaf in tree.leaves():
        if not isinstance(leaf.value, (list, dict)):
            assert (leaf.origin.line, leaf.origin.column) in starts
            assert tree.position(leaf.path, key=True) in starts


@RELAXED
@given(data=TREES)
def test_pure_python_parser_reads_the_same(monkeypatch, data):
    """Where libyaml is missing, PyYAML's own parser gives the same values and places."""
    text = pyyaml.safe_dump(data, allow_unicode=True)
    fast = yaml(text)
    with monkeypatch.context() as patch:
        patch.setattr(
            building,
            "open_events",
            lambda diagnostics: events.open_events(diagnostics, pyyaml.SafeLoader),
        )
        slow = yaml(text)
    assert slow.diagnostics == fast.diagnostics == ()
    assert (slow.tree.data, slow.tree.marks) == (fast.tree.data, fast.tree.marks)


# --- the scan ---------------------------------------------------------------------------


def test_scan_lists_scalars_with_their_spans():
    """Each scalar comes with style, place, span in the text, and whether it is a key."""
    text = "a: no\nb: ['x', 2]\nc: !!str 1\n"
    tokens = list(scan_scalars(text))
    assert [(token.text, token.style, token.is_key) for token in tokens] == [
        ("a", "", True),
        ("no", "", False),
        ("b", "", True),
        ("x", "'", False),
        ("2", "", False),
        ("c", "", True),
        ("1", "", False),
    ]
    assert tokens[1] == ScalarToken("no", "", 1, 4, 1, 6, 3, 5, False)
    assert [text[token.index : token.end_index] for token in tokens[3:5]] == ["'x'", "2"]
    assert tokens[6].tag == "tag:yaml.org,2002:str"


def test_scan_tells_keys_after_nested_containers():
    """Whose turn it is, key or value, survives containers and aliases in either place."""
    text = "a: {b: [c, d]}\ne: &x f\n*x : g\nh: *x\n? [i]\n: j\n"
    keys = [token.text for token in scan_scalars(text) if token.is_key]
    assert keys == ["a", "b", "e", "h"]


def test_scan_ends_at_a_syntax_error():
    """The scan gives what stands before an error, and raises nothing."""
    assert [token.text for token in scan_scalars("a: b\nc: [d\n")][:3] == ["a", "b", "c"]
