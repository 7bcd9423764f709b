"""Questions about runs: a database selects and sorts as Python does with local runs."""

from __future__ import annotations

import math
import os
import random
from dataclasses import replace

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import column, event, insert, select, table

from runsettings.cli.main import cli
from runsettings.journal.directory import create
from runsettings.journal.index import list_runs
from runsettings.journal.query.errors import QueryError
from runsettings.journal.query.listing import Question, answer
from runsettings.journal.query.run_objects import run_object
from runsettings.journal.writer import encode
from runsettings.shipping.shipper import Shipper
from runsettings.shipping.stores.opening import open_store
from runsettings.shipping.stores.queries import selecting
from runsettings.shipping.stores.tables import runs

examples = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    deadline=None,
    max_examples=2000 if "RUNSETTINGS_LONG" in os.environ else 60,
)
NOW = 1_700_000_000.0

NUMBERS = [
    *(0, 1, -1, 7, 0.1, 1e-5, -2.5, 1e16, 1e23, 10**23, 2**53, 2**53 + 1, float(2**53)),
    *(2**63 - 1, 2**63, -(2**63) - 1, 10**400, -(10**400), 1e300, 5e-324),
    *(math.nan, math.inf, -math.inf),
]
TEXTS = [
    *("adam", "Adam", "SGD", "", "a b", "0.1", "1", "true", "null", "NaN", "Infinity", "-Infinity"),
    *(
        "é",
        "É",
        "straße",
        "STRASSE",
        "\u212aelvin",
        "日本",
        "\U0001f600",
        "\uffee",
        "a\0b",
        "a\ufffdb",
    ),
    *("half\udcff", "100%", "a_b", 'q"uote', "back\\slash", "'", "İ", "[]", "{}"),
]
OTHERS = [
    True,
    False,
    None,
    [],
    {},
    [1, 2],
    ["adam", "x"],
    [[1]],
    [None, 2**63],
    {"c": 1},
    ["a\0b"],
]
VALUES = [*NUMBERS, *TEXTS, *OTHERS]
KEYS = ["a", "b", "c.d", "0", "list.0", "é", 'q"', "x y", "$", "nul\0", "gone"]


def records(number: int, chance: random.Random) -> list[dict]:
    """The records of one run with some of the values at some of the keys."""
    config: dict = {}
    for key in KEYS[:-1]:
        if chance.random() < 0.7:
            first, dot, rest = key.partition(".")
            value = chance.choice(VALUES)
            config[first] = {rest: value} if dot else value
    if chance.random() < 0.3:
        config["list"] = [5]
    summary = {"loss": chance.choice(NUMBERS), "val.acc": chance.choice(VALUES)}
    start = NOW + 60 * number
    names = {"id": f"r{number % 45}", "project": f"p{number % 3}", "name": chance.choice(TEXTS)}
    found = [
        {"type": "header", "format": "runsettings-journal", "version": 1, "writer": "test"},
        {"type": "run", "time": start, **names, "group": chance.choice([None, "g", "É"])},
        {"type": "start", "time": start, "pid": number, "host": "h", "step": 0, "resumed": False},
        {"type": "config", "time": start, "values": config, "origins": {}},
        {"type": "tags", "time": start, "add": chance.sample(["s", "t", "É"], 2), "remove": []},
        {"type": "metadata", "time": start, "values": {"gpu": chance.choice(VALUES)}},
        {"type": "summary", "time": start, "values": summary},
    ]
    state = chance.choice(["finished", "failed", None])
    end = {"type": "exit", "time": start + number, "state": state, "code": number % 3}
    return [*found, end] if state else found


class Both:
    """The same runs in a directory and in a store; its text in reports is short."""

    def __init__(self, local, store):
        self.local, self.store = local, store


@pytest.fixture
def both(address, jail):
    """Local runs, and a store with the same; some were overwritten, some crashed."""
    chance = random.Random(1)
    jail.cwd.joinpath("wandb").mkdir()
    with open_store(address) as store:
        for number in range(60):
            lines = b"".join(map(encode, records(number, chance)))
            id_, now = f"r{number % 45}", NOW + number
            journal = create(jail.cwd / "wandb", id_, lines, offline=True, now=now)
            journal.close()
            Shipper(store, journal.path).ship()
        local = list_runs(jail.cwd / "wandb").runs
        assert 30 < len(local) < 60
        yield Both(local, store)


def quoted(text: str) -> str:
    """A text in the quotes of a filter."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


SECTION_KEYS = [f"`config.{key}`" for key in KEYS] + [
    *("summary.loss", "summary.val.acc", "metadata.gpu", "config", "config.c", "summary.gone"),
]
ATTRIBUTE_KEYS = [
    *("id", "name", "project", "group", "state", "created", "ended", "runtime", "steps", "tags"),
    *("notes", "mode", "pid", "exit_code", "host", "started", "entity", "job_type"),
]
keys = st.sampled_from([*SECTION_KEYS, *SECTION_KEYS, *ATTRIBUTE_KEYS])
words = st.one_of(
    st.sampled_from([quoted(text) for text in TEXTS]),
    st.sampled_from([quoted(text[1:3]) for text in TEXTS]),
    st.sampled_from(["adam", "0.1", "1", "true", "null", "nan", "inf", "-inf", "finished", "2d"]),
    st.sampled_from(
        [repr(number) for number in NUMBERS if number == number and abs(number) < 1e308]
    ),
    st.floats(allow_nan=False).map(repr),
    st.integers(-(2**70), 2**70).map(str),
)
signs = st.sampled_from(["=", "!=", "~", "!~", "<", "<=", ">", ">="])
atoms = st.one_of(keys, st.tuples(keys, signs, words).map(" ".join))
parts = st.one_of(atoms, atoms.map("not ({})".format))
pairs = st.tuples(parts, st.sampled_from([" and ", " or "]), parts).map("".join)
filters = st.one_of(parts, pairs, pairs.map("not ({})".format))
orders = st.tuples(st.sampled_from(["", "-"]), keys.map(lambda key: key.strip("`"))).map("".join)


def told(select) -> object:
    """What a selection gives: the whole runs in their order, or the message of its error."""
    try:
        return [repr(run_object(run)) for run in select()]  # NaN differs from itself
    except QueryError as error:
        return error.part, str(error)


def counted(count) -> object:
    """A number of runs, or the message of the error."""
    try:
        return count()
    except QueryError as error:
        return error.part, str(error)


@examples
@given(
    question=st.builds(
        Question,
        where=st.lists(filters, max_size=2),
        sort=st.lists(orders, max_size=2),
        limit=st.sampled_from([None, 1, 5]),
        offset=st.sampled_from([0, 0, 1, 7, 100]),
        now=st.just(NOW + 1000),
    )
)
def test_a_store_answers_as_the_directory(both, question):
    """Any filters, orders and ranges; errors and their hints as well."""
    found = told(lambda: both.store.select_runs(question).runs)
    assert found == told(lambda: answer(question, both.local))
    count = counted(lambda: both.store.select_runs(replace(question, with_total=True)).total)
    assert count == counted(lambda: len(answer(question.whole, both.local)))


CHOSEN = [
    Question(["config.a < 2 and summary.loss > -5"], ["-created"], limit=3),
    Question(['name = "adam"', '`config.b` != "x"'], limit=3),
    Question(["tags = s or not config.a = 1"], ["exit_code", "-pid"], limit=3),
    Question(["state = finished and created > 1d"], limit=3, now=NOW + 1000),
    Question(["`config.c.d` or config.0"], ["state", "project"], limit=3),
    Question(["config.a < 2"], ["-created"], limit=3, offset=2),
]


def test_the_database_answers_alone(both, monkeypatch):
    """Usual questions read no run that is not in the answer."""
    made = selecting.run_of
    for question in CHOSEN:
        expected = told(lambda asked=question: answer(asked, both.local))
        read = []
        monkeypatch.setattr(selecting, "run_of", lambda row, to=read: to.append(row) or made(row))
        listing = both.store.select_runs(replace(question, with_total=True))
        assert told(lambda found=listing.runs: found) == expected
        assert len(read) == len(expected)
        assert listing.total == len(answer(question.whole, both.local))


@pytest.mark.parametrize(("word", "count"), [("and", 200), ("or", 1500)])
def test_a_filter_may_have_any_number_of_conditions(both, word, count):
    """Such as the ids of many runs; a database takes some hundreds."""
    question = Question([f" {word} ".join(f"config.a != {number}" for number in range(count))])
    assert told(lambda: both.store.select_runs(question).runs) == told(
        lambda: answer(question, both.local)
    )


def test_a_pinned_key_has_indices_that_filters_use(postgres, make_run, monkeypatch):
    """By order and by equality; pinning twice is pinning once, and it can be taken back."""
    journal = make_run(config={"lr": 0.1, "name": "adam", "it's": [1, "x" * 10_000]})
    command = ["store", "pin", "config.lr", "config.name", "config.it's"]
    monkeypatch.setenv("WANDB_STORE", postgres)
    queries = []
    with open_store(postgres) as store:
        for _ in range(2):
            assert CliRunner().invoke(cli, command).exit_code == 0
        Shipper(store, journal).ship()
        event.listen(store._engine, "before_cursor_execute", lambda *given: queries.append(given))
        question = Question(["config.lr < 1 and config.name = adam"])
        assert len(store.select_runs(question).runs) == 1
        asked, values = queries[-1][2:4]
        with store._begin() as connection:
            others = [
                {"project": "p", "id": f"r{number}", "generation": "", "position": 0, "tail": ""}
                | {"created": number, "config": {"lr": 5, "name": "sgd"}, "record": "{}"}
                for number in range(3000)
            ]
            connection.execute(insert(runs), others)
            connection.exec_driver_sql("ANALYZE")
            lines = connection.exec_driver_sql(f"EXPLAIN {asked}", values).scalars()
            plan = "\n".join(lines)
            assert "runsettings_pin_" in plan, plan
        assert CliRunner().invoke(cli, [*command, "--remove"]).exit_code == 0
        with store._begin() as connection:
            names = connection.execute(select(column("indexname")).select_from(table("pg_indexes")))
            assert not [name for name in names.scalars() if name.startswith("runsettings_pin_")]


@pytest.mark.parametrize("key", ["lr", "config.", "name", "attributes.x"])
def test_only_keys_of_sections_are_pinned(jail, key):
    """Exit status 2, before any store is opened."""
    result = CliRunner().invoke(cli, ["store", "pin", key])
    assert result.exit_code == 2
    assert "is none of config.KEY, summary.KEY, metadata.KEY" in result.stderr
