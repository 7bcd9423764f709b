"""Readers of foreign text raise only errors of ours, and stay within their time and memory.

This is the short form. ``make fuzz`` is the long one, guided by coverage.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from .targets import TARGETS, inputs


@pytest.mark.parametrize("name", TARGETS)
def test_a_reader_holds_whatever_it_reads(jail, name):
    """Words of its language in any order, and its own texts cut anywhere."""
    target = TARGETS[name]
    for seed in target.seeds:
        target.hold(seed)

    # The directory is the same for all examples: each of them writes its own files.
    @settings(
        suppress_health_check=[HealthCheck.function_scoped_fixture],
        phases=[phase for phase in Phase if phase is not Phase.explain],
    )
    @given(inputs(target))
    def hold(data):
        target.hold(data)

    hold()


@pytest.mark.parametrize("name", TARGETS)
def test_a_reader_holds_one_piece_that_is_repeated(jail, name):
    """10,000 bytes of one word or a pair of words, after the beginning of a text."""
    target = TARGETS[name]
    start = target.seeds[0][: len(target.seeds[0]) // 2]
    for number, word in enumerate(target.words):
        pair = word + target.words[number * 7 % len(target.words)]
        for piece in (word, pair):
            target.hold(start + piece * (10_000 // max(len(piece), 1)))
