"""``runs export``: rows and summaries of many runs as CSV, JSON and Parquet."""

from __future__ import annotations

import csv
import importlib.util
import io
import json
import math
import os
from pathlib import Path

import pytest

ODD = 'odd, "key"\nof two lines'


@pytest.fixture
def two(record):
    """Two runs with keys and values that formats have to escape."""
    rows = [{"loss": 1.0, "val": {"acc": 1}}, {"loss": math.nan, "text": "=cmd()", ODD: "a,b"}]
    record("one", {"lr": 0.1, "o": {"k": [1]}}, rows, tags=["x", "y"])
    record("two", {"lr": 0.2}, [{"name": "@x", "+up": math.inf, "none": None}], name="-second")


def table_of(result):
    """The rows of CSV, with the heading first, without the times."""
    assert result.exit_code == 0, result.output
    rows = list(csv.reader(io.StringIO(result.stdout)))
    times = [at for at, name in enumerate(rows[0]) if name == "_timestamp"]
    return [[cell for at, cell in enumerate(row) if at not in times] for row in rows]


def test_csv_has_a_row_for_each_step(run, two):
    """Newest run first; a formula gets an apostrophe, a line break is escaped, nothing is empty."""
    assert table_of(run("runs", "export")) == [
        *[
            [
                "id",
                "name",
                "_step",
                "history.name",
                "'+up",
                "none",
                "loss",
                "val.acc",
                "text",
                'odd, "key"\\nof two lines',
            ]
        ],
        ["two", "'-second", "0", "'@x", "inf", "", "", "", "", ""],
        ["one", "name-one", "0", "", "", "", "1.0", "1", "", ""],
        ["one", "name-one", "1", "", "", "", "nan", "", "'=cmd()", "a,b"],
    ]


def test_keys_columns_and_runs_are_chosen(run, two):
    """Rows without any of the keys are left out; a name, a path and a filter choose runs."""
    chosen = ("--keys", "val.acc, nope", "--columns", "tags,config.o.k,state")
    expected = [["tags", "config.o.k", "state", "_step", "val.acc", "nope"]]
    expected += [["x,y", "[1]", "finished", "0", "1", ""]]
    for which in (("one",), ("--where", "config.lr < 0.2"), ("name-one", "--where", "tags = x")):
        assert table_of(run("runs", "export", *which, *chosen)) == expected
    assert "no run here has 'config.lrr'" in run("runs", "export", "--where", "config.lrr").stderr
    assert "unknown key 'nope'" in run("runs", "export", "--columns", "nope").stderr


def test_json_has_exact_values(run, two):
    """A missing key is missing, null is null, and NaN and infinities are texts, as in `--json`."""
    last, first, second = json.loads(run("runs", "export", "--format", "json").stdout)
    for row in (last, first, second):
        assert row.pop("_timestamp") > 0
    about = {"id": "two", "name": "-second", "_step": 0}
    assert last == {**about, "history.name": "@x", "+up": "Infinity", "none": None}
    assert first == {"id": "one", "name": "name-one", "_step": 0, "loss": 1.0, "val.acc": 1}
    assert (second["loss"], second["text"], second[ODD]) == ("NaN", "=cmd()", "a,b")


def test_summaries_are_those_of_the_listing(run, two):
    """A row for each run."""
    listed = run("runs", "ls", "--csv").stdout
    assert run("runs", "export", "--summary").stdout == listed
    as_json = run("runs", "export", "--summary", "--format", "json").stdout
    assert json.loads(as_json) == json.loads(run("runs", "ls", "--json").stdout)
    chosen = ("--columns", "id,created")
    as_json = run("runs", "export", "--summary", *chosen, "--format", "json").stdout
    assert json.loads(as_json) == json.loads(run("runs", "ls", "--json", *chosen).stdout)


def test_parquet_has_types_and_nulls(run, two, jail):
    """Columns of numbers are numbers, and NaN is no null."""
    if importlib.util.find_spec("pyarrow") is None and os.environ.get("CI") != "true":
        pytest.skip("pyarrow is not installed")
    import pyarrow.parquet

    result = run("runs", "export", "--format", "parquet", "--output", "runs.parquet")
    assert (result.exit_code, result.output) == (0, "")
    table = pyarrow.parquet.read_table(jail.cwd / "runs.parquet")
    loss = table["loss"].to_pylist()
    assert (loss[:2], math.isnan(loss[2])) == ([None, 1.0], True)
    assert (str(table.schema.field("_step").type), ODD in table.column_names) == ("int64", True)


def test_a_file_is_complete_or_not_there(run, two, jail):
    """Its old content stays if the command fails, and no other file is left."""
    output = jail.write("out.csv", "old")
    before = sorted(jail.cwd.iterdir())
    assert run("runs", "export", "nope", "--output", "out.csv").exit_code == 1
    assert output.read_text() == "old"
    assert run("runs", "export", "two", "--output", "out.csv").exit_code == 0
    assert output.read_text().startswith("id,name,_step,")
    assert sorted(jail.cwd.iterdir()) == before


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--format", "parquet"), "needs --output FILE"),
        (("--summary", "--keys", "loss"), "exclude each other"),
        (("--format", "xlsx"), "'xlsx' is not one of"),
        (("--dir", ".", "--store", "sqlite:///x.db"), "exclude each other"),
        (("--keys", " , "), "names no key"),
        (("--output", "."), "Invalid value for '--output' / '-o'"),
    ],
)
def test_wrong_options_are_refused(run, two, options, message):
    """Before anything is written."""
    result = run("runs", "export", *options)
    assert (result.exit_code, result.stdout, message in result.stderr) == (2, "", True)


def test_a_key_that_no_run_logged_is_told(run, two):
    """With the one that was meant; the others are exported."""
    result = run("runs", "export", "one", "--keys", "los,text", "--columns", "id")
    assert table_of(result) == [["id", "_step", "los", "text"], ["one", "1", "", "'=cmd()"]]
    assert "no exported run logged 'los' — did you mean 'loss'?" in result.stderr


def test_an_output_in_a_missing_directory_is_an_error_that_names_it(run, two):
    """Not a temporary file in it, of which nobody knows."""
    result = run("runs", "export", "--output", "nowhere/x.csv")
    message = "Error: nowhere/x.csv cannot be written: there is no directory 'nowhere'\n"
    assert (result.exit_code, result.stderr) == (1, message)


def test_without_runs_there_is_an_empty_table(run, jail):
    """And a note that says where runs were looked for."""
    Path("wandb").mkdir()
    result = run("runs", "export", "--format", "json")
    assert (result.exit_code, result.stdout) == (0, "[]\n")
    assert "no runs to export from" in result.stderr
    assert run("runs", "export").stdout == "id,name\n"
