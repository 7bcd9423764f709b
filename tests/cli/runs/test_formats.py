"""``runs ls --json`` and ``--csv``, and values that could break a listing."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from pathlib import Path

import pytest


def test_json_is_an_array_of_whole_runs(run, three):
    """Everything that the index knows, as types of JSON."""
    found = json.loads(run("runs", "ls", "--json", "--where", "id = aa11").stdout)
    (one,) = found
    assert one["config"] == {"lr": 0.1, "layers": [64, 64], "optim": {"name": "adam"}}
    assert one["summary"] == {"loss": 0.5}
    assert (one["state"], one["exit_code"], one["tags"]) == ("finished", 0, ["baseline", "small"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", one["created"])
    assert one["job_type"] is None


def test_json_has_columns_if_asked_for(run, three):
    """Flat objects with just these keys."""
    result = run("runs", "ls", "--json", "--columns", "id,config.lr", "--sort", "id")
    assert json.loads(result.stdout) == [
        {"id": "aa11", "config.lr": 0.1},
        {"id": "ab22", "config.lr": 1},
        {"id": "cc33", "config.lr": "auto"},
    ]


def test_json_is_valid_for_every_number(run, record):
    """JSON has no NaN, and readers stumble over it."""
    record("a1", rows=[{"a": math.nan, "b": math.inf, "c": -math.inf, "d": 10**300}])
    result = run("runs", "ls", "--json")

    def refuse(constant):
        raise AssertionError(constant)

    (one,) = json.loads(result.stdout, parse_constant=refuse)
    assert one["summary"] == {"a": "NaN", "b": "Infinity", "c": "-Infinity", "d": 10**300}


def test_json_without_runs_is_an_empty_array(run):
    """A program gets the same type always."""
    assert run("runs", "ls", "--json").stdout == "[]\n"


def test_csv_has_every_key_unless_told(run, three):
    """Attributes, then every key of any run's config and summary."""
    rows = list(csv.DictReader(io.StringIO(run("runs", "ls", "--csv", "--sort", "id").stdout)))
    assert [row["id"] for row in rows] == ["aa11", "ab22", "cc33"]
    assert (rows[0]["config.lr"], rows[0]["config.optim.name"]) == ("0.1", "adam")
    assert (rows[0]["summary.loss"], rows[2]["summary.loss"]) == ("0.5", "")
    assert rows[0]["tags"] == "baseline,small"


def test_csv_texts_cannot_be_formulas(run, record):
    """What a spreadsheet would run gets an apostrophe; numbers stay numbers."""
    config = {"a": "=cmd|'/c calc'!A0", "b": "+1", "c": "-1+2", "d": "@x", "e": -0.5, "f": '"=x"'}
    record("a1", config, notes="\t=1,2\n=3")
    columns = ",".join(f"config.{key}" for key in config) + ",notes"
    (_, row) = csv.reader(io.StringIO(run("runs", "ls", "--csv", "--columns", columns).stdout))
    assert row == ["'=cmd|'/c calc'!A0", "'+1", "'-1+2", "'@x", "-0.5", '"=x"', "\\t=1,2\\n=3"]


def test_json_and_csv_exclude_each_other(run):
    """One output has one form."""
    assert run("runs", "ls", "--json", "--csv").exit_code == 2


@pytest.mark.parametrize("form", [(), ("--csv",), ("--json",), ("--group-by", "name")])
def test_no_value_breaks_a_listing(run, record, form):
    """Control characters, line breaks, reversed and endless texts stay in their cells."""
    evil = "x\x1b[2J\r\n\u202eevil\u2028\x00"
    long = "y" * 100_000
    record("a1", {"k": evil, "l": long}, [{"t": evil}], name=evil[:-1] + long[:100], notes=evil)
    record("a2", name="z")
    keys = "id,name,notes,config.k,config.l,summary.t"
    columns = () if "--group-by" in form else ("--columns", keys)
    output = run("runs", "ls", *columns, *form).stdout
    assert not set("\x1b\r\u202e\u2028\x00") & set(output)
    if not form:
        assert len(output.splitlines()) == 2
        assert len(output) < 3_000
    if form == ("--csv",):
        assert len(output.splitlines()) == 3
    if form == ("--json",):
        assert json.loads(output)[1]["config.k"] == evil


def test_half_a_surrogate_pair_is_listed(run, record):
    """Another writer may record a file name that is no UTF-8, which must not end a listing."""
    with Path(record("a1").journal).open("a") as journal:
        journal.write('{"type":"summary","time":1.0,"values":{"file":"\\udc80"}}\n')
    for _ in ("first", "from the index"):
        listed = run("runs", "ls", "--columns", "id,summary.file")
        assert listed.stdout == "a1  \\udc80\n"
        assert json.loads(run("runs", "ls", "--json").stdout)[0]["summary"] == {"file": "\udc80"}
