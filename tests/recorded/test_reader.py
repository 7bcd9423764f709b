"""`read_runs`: runs with their configs, origins, summaries and rows, for programs."""

from __future__ import annotations

import csv
import itertools
import math
import subprocess
import sys
import tracemalloc

import pytest

import runsettings
from runsettings import Config, Layer, RunError, read_runs
from runsettings.journal.writer import encode


def test_a_run_has_what_it_recorded(jail, begin):
    """Names, config with origins, summary, settings, files, times and state."""
    jail.write("train.yaml", "lr: 0.1\noptim: {name: adam}\n")
    config = ["train.yaml", {"lr": 0.5}]
    with begin(id="a", name="first", project="p", tags=["x"], notes="n", config=config) as run:
        run.log({"val": {"acc": 1}})
    (found,) = read_runs()
    assert (found.id, found.name, found.project, found.tags) == ("a", "first", "p", ("x",))
    assert (found.notes, found.state, found.exit_code, found.steps) == ("n", "finished", 0, 1)
    assert found.config == {"lr": 0.5, "optim": {"name": "adam"}}
    assert found.summary == {"val.acc": 1}
    assert str(found.origins["optim.name"]) == "train.yaml:2:15"
    assert found.settings["project"] == "p"
    assert "config.yaml" in found.files
    assert found.created <= found.started <= found.ended
    assert found.directory.resolve() == run.journal_path.parent.resolve()


def test_a_run_is_an_input_of_a_config(jail, begin):
    """`Config.load` and `init` keep the origins of the values, and what they beat."""
    jail.write("train.yaml", "lr: 0.1\n")
    begin(id="a", config=["train.yaml", {"lr": 0.5}]).finish()
    (found,) = read_runs()
    for config in (Config.load(found), Config.load(found.stored), begin(config=found).config):
        winner, beaten = config.history("lr")
        assert (winner.value, winner.origin.layer) == (0.5, Layer.INIT)
        assert (beaten.value, str(beaten.origin)) == (0.1, "train.yaml:1:5")


def test_runs_are_filtered_sorted_and_limited(begin):
    """In the language of `runs ls`; newest first by default."""
    for number in range(4):
        begin(id=f"r{number}", config={"lr": number / 10}).finish()
    assert [run.id for run in read_runs()] == ["r3", "r2", "r1", "r0"]
    assert [run.id for run in read_runs("config.lr < 0.2")] == ["r1", "r0"]
    assert [run.id for run in read_runs(["config.lr < 0.3", "id != r1"])] == ["r2", "r0"]
    assert [run.id for run in read_runs(sort="config.lr", limit=2)] == ["r0", "r1"]
    assert next(read_runs(sort=["-config.lr"])).id == "r3"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"where": "config.lrr < 1"}, "did you mean 'config.lr'?"),
        (
            {"where": "config.lr <"},
            "value after '<'\n      1 │ config.lr <\n        │            ^",
        ),
        ({"sort": "nope"}, "unknown key 'nope'"),
        ({"limit": -1}, "the limit must be 0 or more; got -1"),
        ({"dir": "nope"}, "there is no directory 'nope'"),
        ({"dir": ".", "store": "sqlite:///x.db"}, "dir and store exclude each other"),
        ({"store": "sqlite:///x.db"}, "there is no such file"),
        ({"store": "setting"}, "there is no store"),
        ({"where": 3}, "where: must be a text, or a list of texts; got 3"),
        ({"sort": ["name", 3]}, "sort: must be a text, or a list of texts; got ['name', 3]"),
        ({"limit": "x"}, "the limit must be 0 or more; got 'x'"),
        ({"dir": 3}, "dir: must be the path of a directory; got 3"),
        ({"store": 3}, "store: must be the address of a store; got 3"),
    ],
)
def test_a_wrong_question_is_an_error_of_the_call(jail, begin, given, message):
    """Before the first run is asked for."""
    begin(config={"lr": 1}).finish()
    with pytest.raises(RunError) as error:
        read_runs(**given)
    assert message in str(error.value)


def test_a_table_that_cannot_be_written(begin):
    """The error says what is missing, and not a number of the system."""
    begin().finish()
    (run,) = read_runs()
    with pytest.raises(RunError, match=r"no/x.csv cannot be written: there is no directory 'no'"):
        run.history.to_csv("no/x.csv")


def test_rows_have_dotted_keys_and_what_was_logged(make_run):
    """Also NaN, null, large integers and lists; of two values in a step the last."""
    make_run()
    (run,) = read_runs()
    first, second, third, fourth = run.history
    assert [*first][:2] == ["_step", "_timestamp"]
    assert (first["_step"], first["loss"], first["val.acc"]) == (0, 1.0, 0.5)
    assert math.isnan(second["loss"])
    assert (third["n"], third["list"], "loss" in third) == (2**60, [1, "a"], False)
    assert (fourth["loss"], fourth["text"]) == (0.25, "a,b\nc")


def test_chosen_keys_leave_out_other_rows(make_run):
    """A row that has none of them is not there; a missing key is missing in the others."""
    make_run()
    (run,) = read_runs()
    rows = [
        {key: value for key, value in row.items() if key != "_timestamp"}
        for row in run.history.select("list", "text", "nope")
    ]
    assert rows == [
        {"_step": 1, "text": "=2+3"},
        {"_step": 2, "list": [1, "a"]},
        {"_step": 3, "text": "a,b\nc"},
    ]


def test_a_running_run_can_be_read(begin):
    """Each reading has what was logged up to then."""
    writer = begin(id="live")
    writer.log({"loss": 1})
    (run,) = read_runs("state = running")
    assert [row["loss"] for row in run.history] == [1]
    writer.log({"loss": 2})
    assert [row["loss"] for row in run.history] == [1, 2]


def test_a_csv_file_has_a_line_for_each_row(jail, make_run):
    """Texts that a spreadsheet would run get an apostrophe, also headings; one row is one line."""
    make_run()
    (run,) = read_runs()
    run.history.select("n", "loss", "text", '=1+1,\n"x"').to_csv("out.csv")
    with (jail.cwd / "out.csv").open(newline="") as file:
        heading, *rows = csv.reader(file)
    assert heading == ["_step", "_timestamp", "n", "loss", "text", '\'=1+1,\\n"x"']
    assert [[row[0], *row[2:]] for row in rows] == [
        ["0", "1", "1.0", "", ""],
        ["1", "", "nan", "'=2+3", "inf"],
        ["2", str(2**60), "", "", ""],
        ["3", "", "0.25", "a,b\\nc", ""],
    ]


def test_an_arrow_table_has_types_and_nulls(make_run, optional):
    """Numbers are numbers, a missing value is null and not NaN, mixed values are their JSON."""
    optional("pyarrow")
    make_run()
    (run,) = read_runs()
    table = run.history.to_arrow()
    assert table.column_names[:2] == ["_step", "_timestamp"]
    assert {name: str(table.schema.field(name).type) for name in ("loss", "n", "text", "list")} == {
        "loss": "double",
        "n": "int64",
        "text": "string",
        "list": "string",
    }
    loss = table["loss"].to_pylist()
    assert (loss[0], math.isnan(loss[1]), loss[2:]) == (1.0, True, [None, 0.25])
    assert table["list"].to_pylist() == [None, None, '[1, "a"]', None]


def test_a_column_whose_type_changes_later_is_one_column(begin, optional):
    """Integers and floats become floats, and anything else its JSON."""
    optional("pyarrow")
    from runsettings.recorded import columns

    rows = [{"a": 1, "b": 1, "c": None}] * columns._ROWS
    rows += [{"a": 0.5, "b": "x", "c": True, "d": 2**70}]
    table = columns.to_arrow(rows)
    types = {name: str(table.schema.field(name).type) for name in "abcd"}
    assert types == {"a": "double", "b": "string", "c": "bool", "d": "string"}
    assert [table[name][-1].as_py() for name in "abcd"] == [0.5, "x", True, str(2**70)]
    assert (table["b"][0].as_py(), table["d"][0].as_py()) == ("1", None)


def test_a_data_frame_has_a_row_for_each_step(make_run, optional):
    """Pandas alone is needed."""
    optional("pandas")
    make_run()
    (run,) = read_runs()
    frame = run.history.select("loss").to_pandas()
    assert list(frame.columns) == ["_step", "_timestamp", "loss"]
    assert frame["_step"].tolist() == [0, 1, 3]


@pytest.mark.parametrize("name", ["pyarrow", "pandas"])
def test_a_missing_package_is_named(make_run, monkeypatch, name):
    """With the command that installs it."""
    make_run()
    (run,) = read_runs()
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(RunError, match=f"needs the package {name}.*\n?.*pip install"):
        run.history.to_arrow() if name == "pyarrow" else run.history.to_pandas()


def test_a_long_history_is_not_held_in_memory(jail, begin):
    """Reading a journal of 20 MB needs less than 3 MB, also as CSV."""
    journal = begin(id="long").journal_path
    runsettings.finish()
    line = {"type": "history", "time": 1.0, "data": {"loss": 0.5, "text": "x" * 1900}}
    with journal.open("ab") as file:
        for step in range(10_000):
            file.write(encode({**line, "step": step}))
    (run,) = read_runs()
    assert sum(1 for _ in itertools.islice(run.history, 10)) == 10
    tracemalloc.start()
    try:
        assert sum(1 for _ in run.history) == 10_000
        run.history.to_csv("long.csv")
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 3 << 20


def test_reading_loads_no_store(jail, begin):
    """Who reads a directory needs no database, and no package for tables."""
    begin(id="a").finish()
    code = (
        "import sys, runsettings; print([list(run.history) for run in runsettings.read_runs()], "
        "{'sqlalchemy', 'pyarrow', 'pandas', 'numpy'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[[]] set()\n"
