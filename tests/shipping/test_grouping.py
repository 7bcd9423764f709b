"""Groups of runs: a database makes the same as Python does with local runs."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runsettings.journal.query.errors import QueryError
from runsettings.journal.query.groups import group_listing, members_of
from runsettings.journal.query.keys import find_key
from runsettings.journal.query.listing import Question, answer
from runsettings.shipping.stores.queries import grouping, selecting

from .test_selecting import NOW, both, examples, filters, keys, told

__all__ = ["both"]  # a fixture

METRICS = [find_key(name, ()) for name in ("summary.loss", "config.a", "runtime", "created", "pid")]
names = st.lists(keys.map(lambda key: key.strip("`")), min_size=1, max_size=2, unique=True)
orders = st.tuples(st.sampled_from(["", "-"]), keys.map(lambda key: key.strip("`"))).map("".join)


def known(listing) -> list:
    """The groups in their order; means to the last digits that databases agree on."""
    return [
        (row.member, repr(row.values), row.size, [numbers(each) for each in row.ranges])
        for row in listing.rows
    ]


def numbers(found) -> object:
    """The mean, the smallest and the largest number of a group."""
    if found is None:
        return None
    return [repr(float(f"{each:.12g}")) for each in map(float, found)]


def grouped(runs, question, metrics=METRICS) -> tuple[object, object]:
    """The groups of the store and of the directory, or the messages of their errors."""

    def local():
        return group_listing(question, answer(question.whole, runs.local), metrics)

    found = []
    for make in (lambda: runs.store.group_runs(question, metrics), local):
        try:
            listing = make()
            found.append((known(listing), listing.total))
        except QueryError as error:
            found.append((error.part, str(error)))
    return found[0], found[1]


@examples
@given(
    question=st.builds(
        Question,
        where=st.lists(filters, max_size=1),
        sort=st.lists(orders, max_size=1),
        group_by=names.map(",".join),
        limit=st.sampled_from([None, 2]),
        offset=st.sampled_from([0, 0, 1]),
        now=st.just(NOW + 1000),
    )
)
def test_a_store_groups_as_the_directory(both, question):
    """Any keys, filters and orders; mixed types, NaN, lost characters and missing values too."""
    store, local = grouped(both, question)
    assert store == local


USUAL = [
    Question(group_by="project,state"),
    Question(group_by="group", sort=["-pid"]),
    Question(group_by="host,exit_code", limit=3),
    Question(['name != "x"'], group_by="project,exit_code", sort=["-runtime"], limit=3),
]


@pytest.mark.parametrize("question", USUAL)
def test_the_database_groups_alone(both, question, monkeypatch):
    """Usual questions read no run; only the runs whose numbers no float can hold are read."""
    metrics = METRICS[2:]
    expected = grouped(both, question, metrics)[1]
    monkeypatch.setattr(selecting, "run_of", lambda row: pytest.fail(f"read {row}"))
    monkeypatch.setattr(grouping, "group_listing", lambda *given: pytest.fail(f"grouped {given}"))
    listing = both.store.group_runs(question, metrics)
    assert (known(listing), listing.total) == expected


@pytest.mark.parametrize(
    "keys_of_groups", ["project,state", "tags", "config.a", "config.b,exit_code", "summary.val.acc"]
)
def test_the_runs_of_each_group_are_those_of_the_directory(both, keys_of_groups):
    """In the order of the question, and only those of the range."""
    question = Question(group_by=keys_of_groups, sort=["-pid"], offset=1, limit=2)
    runs = answer(question.whole, both.local)
    for row in group_listing(question.whole, runs, ()).rows:
        local = members_of(question, runs, row.member)
        store = both.store.select_members(question, row.member)
        assert told(lambda found=store: found.runs) == told(lambda found=local: found.runs)
        assert store.total == local.total == row.size
    assert both.store.select_members(question, '["str gone"]').total == 0


def test_a_mean_loses_no_digits_and_does_not_overflow():
    """Numbers that cancel, and numbers whose sum no float can hold."""
    from runsettings.journal.query.groups import mean

    assert mean([1e300, 1.0, -1e300, 1.0]) == 0.5
    assert mean([1e308, 1e308]) == 1e308
    assert math.isnan(mean([math.inf, -math.inf]))
    assert mean([math.inf, 1.0]) == math.inf
