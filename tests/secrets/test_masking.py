"""Secrets are masked in values without harm, and in messages wherever they stand."""

from __future__ import annotations

import json

import pytest

from runsettings.secrets.masking import SecretMask, mask_excerpt_from_column
from runsettings.values.diagnostic import Beaten, Diagnostic, Excerpt, Rule, Severity
from runsettings.values.directives import Append, Replace
from runsettings.values.origin import Layer, Origin

KEY = "s3cret-api-key-0123456789"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (KEY, "***"),
        (f"https://h/?k={KEY}&x", "https://h/?k=***&x"),
        ([KEY, 1, None], ["***", 1, None]),
        ((KEY, "x"), ("***", "x")),
        ({"a": {KEY: 1}}, {"a": {"***": 1}}),
        ({KEY, "x"}, {"***", "x"}),
        (Append([KEY]), Append(["***"])),
        (Replace({"a": KEY}), Replace({"a": "***"})),
        ("pin", "***"),
        ("spinning", "spinning"),
        (1234, "***"),
        (12345, 12345),
        (True, True),
    ],
)
def test_a_secret_is_masked_in_any_value(value, expected):
    """A long one inside of any text; a short one only where it is the whole value."""
    assert SecretMask([KEY, "pin", "1234"]).value(value)[0] == expected


@pytest.mark.parametrize(
    "secret", ["kéy-with-ünicode", 'quo"te-and-\\slash', "line\nbreak-inside", "tab\tand-more"]
)
def test_a_secret_is_found_in_its_escaped_forms(secret):
    """As Python and JSON write it."""
    mask = SecretMask([secret])
    for text in (repr(secret), json.dumps(secret), f"got {secret!r}"):
        assert "***" in mask.message(text)
        assert secret[:4] not in mask.message(text).replace("***", "")


def test_both_ends_of_a_long_secret_are_masked():
    """Messages show both ends of a long value."""
    secret = "abcdefghij" * 20
    text = f"got '{secret[:37]}...{secret[-37:]}'"
    assert "abcdefghij" not in SecretMask([secret]).message(text)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("got 'hunter2'", "got '***'"),
        ("hunter2 is weak", "*** is weak"),
        ("got 'pin'", "got ***"),
        ("spinning", "spinning"),
    ],
)
def test_a_short_secret_is_masked_in_messages(message, expected):
    """From four characters anywhere, a shorter one where it stands in quotes."""
    assert SecretMask(["hunter2", "pin"]).message(message) == expected


def test_every_text_of_a_diagnostic_is_masked():
    """Path, message, hint, origin, excerpt, losers and related places."""
    origin = Origin(Layer.FILE, f"{KEY}.yaml", 1, 1, f"f({KEY}=)")
    excerpt = Excerpt(f"a: {KEY}", 1, 4, len(KEY))
    diagnostic = Diagnostic(
        *(Rule.BAD_VALUE, Severity.ERROR, ("a", KEY), f"got {KEY}", origin, f"not {KEY}", excerpt),
        over=(Beaten(origin, KEY),),
        related=((origin, excerpt),),
    )
    (masked,) = SecretMask([KEY]).diagnostics([diagnostic])
    assert KEY not in repr(masked)
    assert masked.excerpt == Excerpt("a: ***", 1, 4, 3)  # the mask does not tell the length


@pytest.mark.parametrize(
    "line",
    [
        "api_key: x9y8z7 # mine",
        '{"db": {"password": "x9y8z7"}}',
        "WANDB_API_KEY=x9y8z7",
        "my-token = x9y8z7",
    ],
)
def test_a_line_with_the_name_of_a_secret_is_covered(line):
    """What follows the name is masked in an excerpt, whether or not anybody knows the value."""
    diagnostic = Diagnostic(
        Rule.SYNTAX, Severity.ERROR, (), "is wrong", excerpt=Excerpt(line, 1, 1, 1)
    )
    (masked,) = SecretMask().diagnostics([diagnostic])
    assert "x9y8z7" not in masked.excerpt.text


def test_an_excerpt_is_kept_up_to_its_column():
    """The key stays readable."""
    assert mask_excerpt_from_column(Excerpt("key: x9y8z7", 1, 6, 6)) == Excerpt("key: ***", 1, 6, 3)
    assert mask_excerpt_from_column(None) is None


def test_a_mask_shows_no_secret_of_its_own():
    """Its repr counts them."""
    assert repr(SecretMask([KEY])) == "<1 secrets>"
