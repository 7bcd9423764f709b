"""Completion: which words a shell is offered."""

from __future__ import annotations

import pytest

from runsettings.cli.completing import offered


@pytest.mark.parametrize(
    "word",
    [
        *("a$(reboot)", "`reboot`", "$HOME", "a;b", "a|b", "a&b", "a>b", "a<b", "a b", "a\nb"),
        *("a'b", 'a"b', "a\\b", "a*", "a?", "a[b]", "a{b,c}", "~x", "a!b", "#a", "=ls", "a\x1b"),
    ],
)
def test_a_word_that_a_shell_would_change_or_run_is_not_offered(word):
    """A shell inserts words as they are."""
    assert offered([word], "") == []


@pytest.mark.parametrize("word", ["größe", "长名字", "a.b-c_d", "x@y:z", "v1+2", "a/b"])
def test_plain_words_of_any_script_are_offered(word):
    """Letters, digits and the punctuation that shells leave alone."""
    assert [item.value for item in offered([word], word[0])] == [word]


def test_only_words_that_begin_with_what_is_typed_are_offered_and_each_once():
    """What was typed before stays in front."""
    items = offered(["name", "notes", "id", ("name", "help")], "n", "id,")
    assert [item.value for item in items] == ["id,name", "id,notes"]
