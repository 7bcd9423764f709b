"""Many texts are found in one pass, and few texts are found alike."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from runsettings.secrets import search
from runsettings.secrets.search import TextSearch

WORDS = st.text("ab", min_size=1, max_size=4)


def replaced(texts: list[str], text: str) -> str:
    """The text with each character of a place as a star."""
    return TextSearch(texts).replace(text, lambda length: "*" * length)


@given(st.lists(WORDS, min_size=1, max_size=6), st.text("abc", max_size=30))
def test_few_and_many_texts_are_found_alike(texts, text):
    """Looking for one after the other and the automaton mark the same characters.

    Every occurrence counts, also those that overlap, so an independent scan is the oracle.
    """
    marked = set()
    for wanted in texts:
        for start in range(len(text)):
            if text.startswith(wanted, start):
                marked.update(range(start, start + len(wanted)))
    expected = "".join("*" if index in marked else char for index, char in enumerate(text))
    many = [*texts, *(f"z{number}" for number in range(search._FEW + 1))]
    assert replaced(texts, text) == expected
    assert replaced(many, text) == expected


def test_places_that_overlap_are_replaced_as_one():
    """The end of the longer text does not stay behind."""
    search_ = TextSearch(["key-0123", "0123-tail"])
    assert search_.replace("x key-0123-tail y", lambda _: "***") == "x *** y"


def test_empty_texts_are_passed_over():
    """An empty secret is in every text, and none."""
    assert replaced([""], "abc") == "abc"


def test_many_texts_in_a_long_text_cost_one_pass():
    """10,000 texts in 100,000 characters that begin all of them; CPU time, not the clock's."""
    texts = [f"aaaaaaaa{number:05}" for number in range(10_000)]
    search_ = TextSearch(texts)
    start = time.process_time()
    search_.replace("a" * 100_000, lambda _: "***")
    assert time.process_time() - start < 1
