"""Ids and names nobody chose."""

from __future__ import annotations

import random
import re

from runsettings.runs.starting.naming import new_id, new_name


def test_ids_are_eight_lower_case_characters():
    """And all different."""
    ids = [new_id() for _ in range(1000)]
    assert len(set(ids)) == 1000
    assert all(re.fullmatch("[a-z0-9]{8}", one) for one in ids)


def test_names_are_two_words_and_a_number():
    """They tell runs apart in a listing."""
    names = [new_name() for _ in range(1000)]
    assert all(re.fullmatch(r"[a-z]+-[a-z]+-\d{1,3}", one) for one in names)
    assert len(set(names)) > 990


def test_a_seed_does_not_repeat_them():
    """Scripts seed `random`, and their runs are still different ones."""
    found = []
    for _ in range(2):
        random.seed(0)
        found += [new_id(), new_name()]
    assert len(set(found)) == 4
