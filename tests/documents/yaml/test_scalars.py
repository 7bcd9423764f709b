"""Plain scalars under YAML 1.2, and where YAML 1.1 reads something else."""

from __future__ import annotations

import math

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runsettings.documents.yaml.scalars import (
    YAML11,
    YAML12,
    differs_in_yaml11,
    resolve_plain,
    resolve_plain_11,
    resolve_tagged,
)

PLAIN = st.one_of(
    st.text(st.sampled_from("0123456789abexoEXO+-._:~nulltrueyesinfNO"), max_size=8),
    st.sampled_from(
        ["yes", "off", "012", "1:20", "1e-3", "0b1", "0b", "1_0", ".inf", "2020-01-01"]
    ),
    st.floats().map(repr),
    st.integers().map(str),
    st.text(max_size=5),
)
RELAXED = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *[(text, None) for text in ("", "~", "null", "Null", "NULL")],
        *[(text, True) for text in ("true", "True", "TRUE")],
        *[(text, False) for text in ("false", "False", "FALSE")],
        *[("0", 0), ("-19", -19), ("+12", 12), ("012", 12), ("0o14", 12), ("0x1F", 31)],
        *[("10_000", 10000), ("-1_0", -10), ("+2_048_000", 2048000), ("1_00_0", 1000)],
        *[("1.", 1.0), (".5", 0.5), ("-2E+05", -2e5), ("1e3", 1000.0), ("+1.5", 1.5)],
        *[(".inf", math.inf), ("-.INF", -math.inf), ("+.Inf", math.inf)],
    ],
)
def test_core_schema(text, value):
    """The notations of the specification's chapter 10.3 have its values, and its types."""
    resolved = resolve_plain(text)
    assert (resolved, type(resolved)) == (value, type(value))


@pytest.mark.parametrize("text", [".nan", ".NaN", ".NAN"])
def test_not_a_number(text):
    """The three notations of NaN."""
    assert math.isnan(resolve_plain(text))


@pytest.mark.parametrize(
    "text",
    [
        *(
            "no",
            "Yes",
            "on",
            "y",
            "1:20",
            "1_000_",
            "_1",
            "1__0",
            "0_1",
            "0b1",
            "-0x1F",
            "-0o7",
            "0o8",
            "nULL",
            "tRUE",
        ),
        *("2020-01-01", "1e", "e5", ".", "-", "+", "..5", "1.2.3", "inf", "nan", "٣", "1e٣", "²"),
        *("1.0_2020_04_16", "0x1_0", "1_0.5", "0x", "1 2", "+.nan", "<<", "=", "1\n"),
    ],
)
def test_everything_else_is_a_string(text):
    """What the core schema does not name is text, whatever Python or YAML 1.1 make of it."""
    assert resolve_plain(text) == text


@pytest.mark.parametrize("text", ["12e3456", "1e999", "-1.5E+400", ".1e310", "9" * 3600])
def test_number_that_python_cannot_hold_is_an_error(text):
    """It becomes neither infinity nor a text without a word."""
    with pytest.raises(ValueError, match="too l"):
        resolve_plain(text)


@RELAXED
@given(text=PLAIN)
def test_yaml_11_is_what_pyyaml_reads(text):
    """By the rules of YAML 1.1, a plain scalar is what PyYAML's SafeLoader makes of it."""
    node = yaml.ScalarNode(yaml.SafeLoader("").resolve(yaml.ScalarNode, text, (True, False)), text)
    if node.tag.endswith((":merge", ":value", ":yaml")):
        assert resolve_plain_11(text) == text
        return
    try:
        theirs = yaml.SafeLoader("").construct_object(node)
    except ValueError:
        with pytest.raises(ValueError, match=""):
            resolve_plain_11(text)
    else:
        assert repr(resolve_plain_11(text)) == repr(theirs)
        assert text[:1] in YAML11.telling or resolve_plain_11(text) == text


@RELAXED
@given(text=PLAIN)
def test_only_telling_characters_begin_other_values(text):
    """The reader may skip resolving a scalar whose first character is not among those."""
    assert text[:1] in YAML12.telling or resolve_plain(text) == text


@pytest.mark.parametrize("kind", ["timestamp", "python/object", "binary"])
def test_unknown_tag_is_a_lookup_error(kind):
    """A tag outside of the core schema is refused before anything is made of it."""
    with pytest.raises(LookupError):
        resolve_tagged(f"tag:yaml.org,2002:{kind}", "x", plain=True)


@pytest.mark.parametrize(("kind", "text"), [("int", "1.5"), ("int", "true"), ("bool", "yes")])
def test_text_that_does_not_fit_its_tag_is_a_value_error(kind, text):
    """A tag converts notations, not types."""
    with pytest.raises(ValueError, match=text):
        resolve_tagged(f"tag:yaml.org,2002:{kind}", text, plain=True)


@pytest.mark.parametrize(
    ("text", "theirs"),
    [
        ("no", "false"),
        ("On", "true"),
        ("012", "the integer 10"),
        ("1:20", "the integer 80"),
        ("1:20.5", "the number 80.5"),
        ("1_000", None),
        ("1__0", "the integer 10"),
        ("1.0_2020_04_16", "the number 1.020200416"),
        ("0b11", "the integer 3"),
        ("1e-3", "the string '1e-3'"),
        ("0o14", "the string '0o14'"),
        ("2020-01-01", "a timestamp"),
        ("1.5", None),
        ("12", None),
        ("true", None),
        ("~", None),
        ("text", None),
        (".nan", None),
        ("<<", None),
        ("&", None),
    ],
)
def test_readings_of_yaml_11_are_described(text, theirs):
    """Where PyYAML makes something else of a scalar, that is told in words."""
    assert differs_in_yaml11(text) == theirs


@RELAXED
@given(text=PLAIN)
def test_difference_is_told_exactly_where_pyyaml_differs(text):
    """PyYAML's own loader is the judge of what YAML 1.1 tools read."""
    node = yaml.ScalarNode(None, text)
    node.tag = yaml.SafeLoader("").resolve(yaml.ScalarNode, text, (True, False))
    if node.tag.endswith((":merge", ":value", ":yaml")):
        return
    try:
        theirs = yaml.SafeLoader("").construct_object(node)
    except ValueError:
        theirs = ValueError
    ours = resolve_plain(text)
    same = type(theirs) is type(ours) and (theirs == ours or theirs != theirs)
    assert (differs_in_yaml11(text) is None) == same
