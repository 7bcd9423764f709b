"""Listing, showing, comparing, tagging and removing runs, through journals that runs wrote."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from runsettings.cli.runs.cells import print_rows
from runsettings.journal.query.filters import BadFilter, parse_filter
from runsettings.journal.replay import StoredRun, load
from runsettings.runs.recording import active
from runsettings.runs.starting import start

PYTHON = sys.executable
CANARY = "c4n4ry" * 7

QUIET = {"quiet": True, "disable_git": True}

_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
_STAMP = re.compile(r"\d{8}_\d{6}")


@pytest.fixture
def record():
    """Records a whole run with the real writer: its config, rows of data, and arguments."""

    def record(run_id, config=None, rows=(), *, exit_code=0, settings=QUIET, **arguments):
        run = start.init(
            id=run_id,
            name=arguments.pop("name", f"name-{run_id}"),
            mode="offline",
            config=config,
            settings=settings,
            **arguments,
        )
        for row in rows:
            run.log(row)
        run.finish(exit_code=exit_code)
        return load(run.journal_path)

    yield record
    active.finish()


@pytest.fixture
def three(record):
    """Three runs that differ in everything that a listing tells apart."""
    return [
        record(
            "aa11",
            {"lr": 0.1, "layers": [64, 64], "optim": {"name": "adam"}},
            [{"loss": 1.0}, {"loss": 0.5}],
            project="p",
            group="g",
            tags=["baseline", "small"],
            name="first",
        ),
        record(
            "ab22",
            {"lr": 1, "deep": True, "note": None},
            [{"loss": 2.5, "acc": 0.5}],
            project="p",
            tags=["baseline"],
            job_type="eval",
            name="Second One",
        ),
        record("cc33", {"lr": "auto", "version": "1.0"}, project="q", exit_code=3, name="third"),
    ]


@pytest.fixture
def ids(run):
    """The ids that a listing has, oldest first."""

    def ids(*arguments):
        result = run("runs", "ls", "--columns", "id", *arguments)
        assert result.exit_code == 0, result.output
        return list(reversed(result.stdout.split()))

    return ids


def masked(text):
    """An output without what is never the same twice."""
    text = _STAMP.sub("<stamp>", _TIME.sub("<the time of day>", text))
    return re.sub(r"\d+\.\ds", "0.0s", text)


def on_terminal(*arguments, typed="", env=None):
    """What a command prints on a terminal of its own, and its status."""
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        [PYTHON, "-m", "runsettings", *arguments],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "140", **(env or {})},
        start_new_session=True,
    )
    os.close(terminal)
    printed = b""
    while True:
        try:
            chunk = os.read(controller, 4096)
        except OSError:  # how Linux says that the other side is closed
            break
        if not chunk:
            break
        printed += chunk
        if typed and printed.endswith(b": "):
            os.write(controller, typed.encode())
            typed = ""
    os.close(controller)
    return process.wait(timeout=60), printed.decode()


def run_status(*arguments, env=None):
    """The command line as a process, whose errors are told as a person sees them."""
    return subprocess.run(
        [PYTHON, "-m", "runsettings", *arguments],
        capture_output=True,
        check=False,
        timeout=60,
        env={**os.environ, **(env or {})},
        encoding="utf-8",
        errors="replace",
    )


# --- ls --------------------------------------------------------------------------------------


def test_ls_lists_newest_first(run, three):
    """The whole listing, as a pipe gets it."""
    result = run("runs", "ls")
    assert masked(result.stdout) == (
        "cc33  third       q  -  -     failed    <the time of day>  0.0s  0  -\n"
        "ab22  Second One  p  -  eval  finished  <the time of day>  0.0s  1  baseline\n"
        "aa11  first       p  g  -     finished  <the time of day>  0.0s  2  baseline, small\n"
    )
    assert (result.exit_code, result.stderr) == (0, "")


@pytest.mark.parametrize("key", ["", "a."])
@pytest.mark.parametrize("arguments", [["--csv"], ["--group-by", "project"]])
def test_ls_survives_an_empty_key_in_an_old_journal(run, record, key, arguments):
    """Journals of earlier versions may hold what `log` refuses now."""
    found = record("aa11", rows=[{"loss": 1}])
    journal = Path(found.journal)
    journal.write_text(journal.read_text().replace('"loss"', f'"{key}"'))
    result = run("runs", "ls", *arguments)
    assert (result.exit_code, result.stderr) == (0, "")
    assert f"summary.{key}" in result.stdout.splitlines()[0]


def test_a_home_of_nobody_is_a_directory_that_is_not_there(run):
    """`~name` of an unknown user is a plain name, and no traceback."""
    result = run("runs", "ls", "--dir", "~nosuchuser/runs")
    assert result.exit_code == 2
    assert "there is no directory '~nosuchuser/runs'" in result.stderr


def test_settings_that_name_a_home_of_nobody_list_no_runs(run, jail):
    """The same where the settings say where runs are."""
    jail.setenv(WANDB_DIR="~nosuchuser/runs")
    result = run("runs", "ls")
    assert (result.exit_code, result.stdout) == (0, "")


@pytest.mark.parametrize(("torn", "said"), [(1, "1 line of"), (2, "2 lines of")])
def test_show_counts_torn_lines(run, record, torn, said):
    """One line is not several."""
    found = record("aa11")
    with Path(found.journal).open("a") as journal:
        journal.write('{"type": "his\n' * torn)
    assert f"torn       {said} the journal cannot be read\n" in run("runs", "show", "aa11").stdout


def test_ls_without_runs_says_so(run):
    """An empty listing is no failure, and a note beside the result."""
    result = run("runs", "ls")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "note: no runs in wandb\n")


@pytest.mark.parametrize("more", [[], ["--columns", "id"], ["--group-by", "project"]])
def test_ls_says_that_no_run_matches(run, three, more):
    """Nothing at all would leave a person in doubt."""
    result = run("runs", "ls", "--project", "none", *more)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "note: no runs match\n")


def test_ls_of_nothing_for_programs_is_an_empty_array_or_a_heading(run, three):
    """What reads the output needs no other case for it, nor a note."""
    as_json = run("runs", "ls", "--project", "none", "--json")
    assert (as_json.stdout, as_json.stderr) == ("[]\n", "")
    as_csv = run("runs", "ls", "--project", "none", "--csv", "--columns", "id,name")
    assert (as_csv.stdout, as_csv.stderr) == ("id,name\n", "")


@pytest.mark.parametrize("name", ["a-name-of-many-words-" * 5, "长名字" * 30])
def test_ls_has_a_line_for_each_run_on_a_narrow_terminal(record, name):
    """A long name is cut, the time is short, and the line is no wider than the terminal."""
    for run_id in ("aaaa1111", "bbbb2222"):
        record(run_id, name=name, project="capsules", group="night", job_type="train", tags=["t"])
    status, printed = on_terminal("runs", "ls", env={"NO_COLOR": "1", "COLUMNS": "80"})
    heading, *lines = re.sub(r"\x1b\[[0-9;]*m", "", printed).splitlines()
    assert (status, heading.split()[:2]) == (0, ["id", "name"])
    assert [line[:8] for line in lines] == ["bbbb2222", "aaaa1111"]
    assert all(re.search(r"…  .*finished  \d\d-\d\d \d\d:\d\d ", line) for line in lines)
    assert all(cell_len(line.rstrip()) <= 80 for line in lines)


def test_ls_shows_headings_on_a_terminal_and_no_empty_columns(three):
    """A person sees names over columns, and none for what no run has."""
    status, printed = on_terminal("runs", "ls", "--tag", "small", env={"NO_COLOR": "1"})
    heading = re.sub(r"\x1b\[[0-9;]*m", "", printed).splitlines()[0].split()
    assert heading == [
        "id",
        "name",
        "project",
        "group",
        "state",
        "created",
        "runtime",
        "steps",
        "tags",
    ]
    assert status == 0


def test_very_many_rows_get_plain_columns_on_a_terminal(monkeypatch):
    """Layout by rich would take seconds; the headings stay."""
    monkeypatch.setattr("runsettings.cli.runs.cells._MANY", 2)
    terminal = io.StringIO()
    terminal.isatty = lambda: True
    monkeypatch.setattr("sys.stdout", terminal)
    print_rows(["id", "x"], [["a", "1"], ["b", "2"], ["c", "3"]])
    assert terminal.getvalue() == "id  x\na   1\nb   2\nc   3\n"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--project", "p"], "aa11 ab22"),
        (["--group", "g"], "aa11"),
        (["--job-type", "eval"], "ab22"),
        (["--tag", "baseline"], "aa11 ab22"),
        (["--tag", "baseline", "--tag", "small"], "aa11"),
        (["--tag", "base"], ""),
        (["--state", "failed"], "cc33"),
        (["--state", "failed", "--state", "finished"], "aa11 ab22 cc33"),
        (["--state", "crashed"], ""),
        (["--since", "1h"], "aa11 ab22 cc33"),
        (["--since", "yesterday"], "aa11 ab22 cc33"),
        (["--before", "1h"], ""),
        (["--before", "2999-01-01"], "aa11 ab22 cc33"),
        (["--limit", "1"], "cc33"),
    ],
    ids=" ".join,
)
def test_ls_conditions(ids, three, arguments, expected):
    """Each option chooses what its help says."""
    assert " ".join(ids(*arguments)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("config.lr < 0.5", "aa11"),
        ("config.lr<=1", "aa11 ab22"),
        ("config.lr > .5", "ab22"),
        ("config.lr >= 1e-1", "aa11 ab22"),
        ("config.lr = 1.0", "ab22"),
        ("config.lr == 1", "ab22"),
        ("config.lr != 1", "aa11 cc33"),
        ("config.lr = auto", "cc33"),
        ("config.lr = 'auto'", "cc33"),
        ("config.lr = '1'", ""),
        ("config.lr = true", ""),
        ("config.deep = true", "ab22"),
        ("config.deep = 1", ""),
        ("config.note = null", "ab22"),
        ("config.note", "ab22"),
        ("config.note != 5", "ab22"),
        ("not config.note = 5", "aa11 ab22 cc33"),
        ("config.version = 1.0", "cc33"),
        ("config.optim.name = adam", "aa11"),
        ("config.optim.name != sgd", "aa11"),
        ("config.layers = 64", "aa11"),
        ("config.layers != 64", ""),
        ("summary.loss <= 2", "aa11"),
        ("summary.loss > -1e3", "aa11 ab22"),
        ("not summary.loss > 1", "aa11 cc33"),
        ("name ~ SECOND", "ab22"),
        ("name !~ i", "ab22"),
        ("name = 'Second One'", "ab22"),
        ('name = "Second\\ One"', "ab22"),
        ("name < g", "aa11 ab22"),
        ("tags = small", "aa11"),
        ("tags ~ base", "aa11 ab22"),
        ("not tags = small", "ab22 cc33"),
        ("state = failed", "cc33"),
        ("exit_code = 3", "cc33"),
        ("steps > 0", "aa11 ab22"),
        ("created > 1h", "aa11 ab22 cc33"),
        ("created < 1h", ""),
        ("runtime < 1h30m", "aa11 ab22 cc33"),
        ("runtime > 3600", ""),
        ("id = aa11 or id = cc33", "aa11 cc33"),
        ("id = aa11 and project = q", ""),
        ("project = q or project = p and steps = 1", "ab22 cc33"),
        ("(project = q or project = p) and steps = 1", "ab22"),
        ("NOT (id = aa11 OR id = ab22)", "cc33"),
        ("not not id = aa11", "aa11"),
        ("summary.acc > 0 or config.lr = auto", "ab22 cc33"),
        ("`config.lr` = auto", "cc33"),
    ],
)
def test_where(ids, three, text, expected):
    """What each form of a filter chooses."""
    assert " ".join(ids("--where", text)) == expected


def test_every_where_must_hold(ids, three):
    """Repeated filters narrow the listing."""
    assert ids("--where", "project = p", "--where", "config.lr < 0.5") == ["aa11"]


def test_key_with_a_space_is_written_in_backquotes(ids, record):
    """A config may have any key, and a filter can name it."""
    record("a1", {"learning rate": 0.1})
    record("a2", {"learning rate": 0.2})
    assert ids("--where", "`config.learning rate` > 0.15") == ["a2"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lr < 1", "unknown key 'lr' — did you mean 'config.lr'?\n  lr < 1\n  ^"),
        ("  stat = x", "unknown key 'stat' — did you mean 'state'?\n    stat = x\n    ^"),
        ("config.lrr = 1", "no run here has 'config.lrr' — did you mean 'config.lr'?"),
        ("config.loss = 1", "no run here has 'config.loss' — did you mean 'summary.loss'?"),
        ("zzzzzz = 1", "use a run's attribute, config.KEY, summary.KEY or metadata.KEY"),
        ("config.lr <", "expected a value after '<'\n  config.lr <\n             ^"),
        ("config.lr < < 1", "expected a value after '<'\n  config.lr < < 1\n              ^"),
        ("config.lr 1", "unexpected '1' — join comparisons with 'and' or 'or'"),
        ("name = Second One", "unexpected 'One' — join comparisons with 'and' or 'or', and quote"),
        ("(state = failed", "expected ')'\n  (state = failed\n                 ^"),
        ("", "expected a key, such as config.lr or state"),
        ("'a' = 1", "expected a key"),
        ("name = 'a", "this quote has no end\n  name = 'a\n         ^"),
        ("state = fnished", "state is one of running, finished, failed, killed, crashed"),
        ("created > soon", "created is a time — write a date or time as 2025-01-31"),
        ("runtime > long", "runtime is a duration — write seconds, or a duration as 90s"),
        ("name > 3", "name holds a text, which '>' cannot compare with a number"),
        ("config.deep > 3", "config.deep holds true or false, which '>' cannot compare"),
        ("steps > many", "steps holds a number, which '>' cannot compare with a text"),
        ("name = a !", "unexpected '!'"),
        ("not " * 60 + "state = failed", "nested deeper than 50"),
        ("(" * 60 + "state = failed", "nested deeper than 50"),
        ("lr\x1b[31m = 1", "unknown key 'lr\\x1b[31m'"),
    ],
)
def test_bad_filter_is_wrong_usage(run, three, text, message):
    """Each fault is told with its place, and no listing is printed."""
    result = run("runs", "ls", "--where", text)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""
    assert "\x1b" not in result.stderr


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text("ab.()<>=!~'\"` notrd\\1e-\n", max_size=40))
def test_any_text_is_a_filter_or_a_fault(text):
    """No text makes the parser fail in another way."""
    stored = StoredRun("x/run-a.jsonl", id="a", config={"a": 1, "b": {"c": "x"}})
    try:
        answer = parse_filter(text, [stored], 0.0)(stored)
    except BadFilter:
        return
    assert answer in (True, False)


def test_filter_without_any_run_chooses_nothing(ids):
    """Where nothing is recorded yet, no key can be called unknown."""
    assert ids("--where", "config.lr < 1") == []


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        (["created"], "aa11 ab22 cc33"),
        (["-created"], "cc33 ab22 aa11"),
        (["name"], "ab22 aa11 cc33"),
        (["summary.loss"], "aa11 ab22 cc33"),
        (["-summary.loss"], "ab22 aa11 cc33"),
        (["config.lr"], "aa11 ab22 cc33"),
        (["-project", "steps"], "cc33 ab22 aa11"),
        (["tags", "id"], "aa11 ab22 cc33"),
    ],
    ids=" ".join,
)
def test_sort(run, three, sort, expected):
    """By several keys, either way, numbers before texts, and last what has no value."""
    options = [part for key in sort for part in ("--sort", key)]
    assert run("runs", "ls", "--columns", "id", *options).stdout.split() == expected.split()


def test_nan_sorts_last_both_ways(run, record):
    """NaN is neither the best nor the worst."""
    for number, loss in enumerate([1.0, math.nan, 2.0]):
        record(f"r{number}", rows=[{"loss": loss}])
    up = run("runs", "ls", "--columns", "id", "--sort", "summary.loss").stdout.split()
    down = run("runs", "ls", "--columns", "id", "--sort", "-summary.loss").stdout.split()
    assert (up, down) == (["r0", "r2", "r1"], ["r2", "r0", "r1"])


def test_columns_are_those_asked_for(run, three):
    """Attributes and values of the run, in the order asked for."""
    columns = "name,config.lr,summary.loss,config.optim"
    assert run("runs", "ls", "--columns", columns).stdout == (
        "third       auto  -    -\n"
        "Second One  1     2.5  -\n"
        'first       0.1   0.5  {"name": "adam"}\n'
    )


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--columns", "id,nmae", "unknown key 'nmae' — did you mean 'name'?"),
        ("--columns", ",", "names no key"),
        ("--sort", "-summary.los", "no run here has 'summary.los' — did you mean 'summary.loss'?"),
        ("--group-by", "grup", "unknown key 'grup' — did you mean 'group'?"),
        ("--since", "soon", "'soon' is no time — write a date or time as 2025-01-31"),
        ("--state", "done", "is not one of"),
        ("--limit", "0", "0 is not in the range"),
        ("--dir", "nowhere", "there is no directory 'nowhere'"),
    ],
)
def test_bad_option_is_wrong_usage(run, three, option, value, message):
    """Each option says what is wrong with its value."""
    result = run("runs", "ls", option, value)
    assert result.exit_code == 2
    assert message in result.stderr


def test_group_by_counts_and_means(run, three):
    """One row a group, with the means of what its runs have."""
    assert run("runs", "ls", "--group-by", "project").stdout == (
        "project  runs  mean summary.acc  mean summary.loss\n"
        "q        1     -                 -\n"
        "p        2     0.5               1.5\n"
    )


def test_group_by_tags_counts_a_run_under_each(run, three):
    """And several keys make a row for each combination; columns choose what is averaged."""
    options = ("--group-by", "tags,project", "--columns", "steps", "--csv", "--sort", "created")
    assert run("runs", "ls", *options).stdout == (
        "tags,project,runs,mean steps\nbaseline,p,2,1.5\nsmall,p,1,2.0\n,q,1,0.0\n"
    )


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


def test_journal_that_cannot_be_read_is_told(run, jail, three):
    """The others are listed all the same."""
    home = jail.cwd / "wandb/offline-run-20260101_000000-zz99"
    home.mkdir()
    (home / "run-zz99.jsonl").write_text('{"type":"header","format":"other","version":1}\n')
    result = run("runs", "ls", "--columns", "id")
    assert result.stdout.split() == ["cc33", "ab22", "aa11"]
    assert "run-zz99.jsonl cannot be read and is left out" in result.stderr
    assert result.exit_code == 0


def test_runs_are_found_where_the_settings_say(run, jail, record):
    """``WANDB_DIR`` moves runs and their listing alike."""
    jail.setenv(WANDB_DIR=str(jail.home / "elsewhere"))
    record("a1")
    assert run("runs", "ls", "--columns", "id").stdout == "a1\n"
    jail.monkeypatch.delenv("WANDB_DIR")
    assert run("runs", "ls", "--columns", "id").stdout == ""
    for place in ("elsewhere", "elsewhere/wandb"):
        found = run("runs", "ls", "--columns", "id", "--dir", str(jail.home / place))
        assert found.stdout == "a1\n"


def test_settings_that_are_wrong_are_told_with_a_way_out(jail, three):
    """Where the runs are is not known then, unless --dir tells."""
    jail.setenv(WANDB_MODE="offlin")
    told = run_status("runs", "ls")
    assert told.returncode == 1
    assert "give --dir to see runs while the settings are wrong" in told.stderr
    assert "did you mean 'offline'?" in told.stderr
    assert run_status("runs", "ls", "--dir", ".").returncode == 0


def test_running_run_is_seen(ids, record):
    """A run whose process holds it is running."""
    start.init(id="live", mode="offline", settings=QUIET)
    assert ids("--state", "running") == ["live"]
    active.finish()
    assert ids("--state", "running") == []


# --- show ------------------------------------------------------------------------------------


def test_show_tells_everything(run, jail, record):
    """The whole page, but for what is another on each machine."""
    jail.write("train.yaml", "optim:\n  lr: 0.1\n")
    jail.setenv(WANDB_ENTITY="me")
    jail.write("notes.txt", "hello")
    made = start.init(
        id="aa11",
        name="first",
        project="p",
        tags=["x", "y"],
        mode="offline",
        config="train.yaml",
        settings={"quiet": True, "disable_git": True},
    )
    for step in range(4):
        made.log({"loss": 4.0 - step, "deep": {"acc": math.nan if step else 1}})
    made.summary["best"] = "yes"
    made.save("notes.txt")
    made.finish()
    page = masked(run("runs", "show", "aa11").stdout).partition("\nfiles\n")[0]
    page = re.sub(r"\S*test_commands\.py:\d+", "<file>", page)
    assert page == (
        "first (aa11)\n"
        "  project    p\n"
        "  entity     me\n"
        "  tags       x, y\n"
        "  mode       offline\n"
        "  state      finished (exit code 0)\n"
        "  created    <the time of day>\n"
        "  runtime    0.0s\n"
        "  steps      4\n"
        "  directory  wandb/offline-run-<stamp>-aa11\n"
        "\n"
        "config\n"
        "  optim.lr  0.1  file  train.yaml:2:7\n"
        "\n"
        "settings\n"
        '  project      "p"         init  <file> init(project=)\n'
        '  entity       "me"        env   WANDB_ENTITY\n'
        '  run_id       "aa11"      init  <file> init(id=)\n'
        '  run_name     "first"     init  <file> init(name=)\n'
        '  run_tags     ["x", "y"]  init  <file> init(tags=)\n'
        '  mode         "offline"   init  <file> init(mode=)\n'
        "  disable_git  true        init  <file> init(settings=)\n"
        "  quiet        true        init  <file> init(settings=)\n"
        "\n"
        "metrics\n"
        "  key       course  min  max  last  count\n"
        "  loss      █▆▃▁    1    4    1     4 values\n"
        "  deep.acc  ▄       1    1    nan   4 values\n"
        "\n"
        "summary\n"
        '  best  "yes"\n'
    )


def test_show_lists_files_and_surroundings(run, jail, record):
    """What is in ``files/``, what should be there, and the facts of the process."""
    made = record("a1")
    (made.directory / "files/extra.txt").write_text("12345")
    (made.directory / "files/link").symlink_to("/etc")
    output = run("runs", "show", "a1").stdout
    assert re.search(r"\n  extra\.txt +5 bytes\n", output)
    assert "passwd" not in output
    assert re.search(r"\n  python +\d\.\d+", output)


def test_show_has_settings_at_their_defaults_if_asked(run, record):
    """``--all`` leaves nothing out."""
    record("a1")
    assert "base_url" not in run("runs", "show", "a1").stdout
    assert "base_url" in run("runs", "show", "a1", "--all").stdout


def test_show_as_json(run, three):
    """Values with origins, metrics as numbers."""
    found = json.loads(run("runs", "show", "aa11", "--json").stdout)
    lr = found["config"]["lr"]
    assert lr["value"] == 0.1
    assert lr["origin"]["layer"] == "init"
    assert found["metrics"] == {"loss": {"count": 2, "min": 0.5, "max": 1.0, "last": 0.5}}
    assert found["settings"]["project"]["value"] == "p"
    assert "config.yaml" in found["files"]


@pytest.mark.parametrize("name", ["aa11", "aa", "first", "wandb/RUN", "wandb/RUN/run-aa11.jsonl"])
def test_run_is_found_by_each_of_its_names(run, three, name):
    """Id, the beginning of one, name, directory, journal."""
    name = name.replace("RUN", three[0].directory.name)
    assert run("runs", "show", name).stdout.startswith("first (aa11)\n")


def test_latest_is_the_newest_run(run, three):
    """One word for the commonest wish."""
    assert run("runs", "show", "latest").stdout.startswith("third (cc33)\n")


def test_ambiguous_name_lists_candidates(run, three):
    """And is no success."""
    result = run("runs", "show", "a")
    assert result.exit_code == 1
    assert masked(result.stderr) == (
        "Error: 'a' may mean 2 runs; give more of an id, or a path:\n"
        "  ab22  Second One  p  wandb/offline-run-<stamp>-ab22\n"
        "  aa11  first  p  wandb/offline-run-<stamp>-aa11\n"
    )


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("frist", "there is no run 'frist' in wandb — did you mean 'first'?"),
        ("qqqqqq", "there is no run 'qqqqqq' in wandb — `runsettings runs ls` lists them"),
        ("", "an empty name means no run"),
        (" ", "an empty name means no run"),
        (".", "there is no run '.' in wandb"),
        ("\x1b[31m", "there is no run '\\x1b[31m' in wandb"),
        ("x" * 5000, "there is no run 'xxxxx"),
    ],
)
def test_unknown_run_is_told(run, three, name, message):
    """With what was likely meant."""
    for command in (["show"], ["tag"], ["rm", "--yes"]):
        result = run("runs", *command, name)
        assert result.exit_code == 1
        assert message in result.stderr


def test_overwritten_run_is_shown_by_its_path(run, record):
    """An id means the latest run, a path means the one there."""
    old = record("same", {"lr": 1})
    record("same", {"lr": 2})
    assert "  lr  2" in run("runs", "show", "same").stdout
    assert "  lr  1" in run("runs", "show", str(old.directory)).stdout


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_output_without_unicode_still_works(jail, record, encoding):
    """A terminal's encoding is no reason to fail."""
    record("a1", {"name": "Ångström €"}, [{"x": 1}, {"x": 2}], name="größe €")
    for command in ("ls", "ls --json", "ls --csv", "show a1", "show a1 --json"):
        done = run_status("runs", *command.split(), env={"PYTHONIOENCODING": encoding})
        assert (done.returncode, done.stderr) == (0, "")


# --- diff ------------------------------------------------------------------------------------


def test_diff_shows_differing_leaves(run, record):
    """Values side by side; what is alike on both sides is left out."""
    record("a1", {"lr": 0.1, "same": 1, "o": {"x": 1, "y": 2}, "only": [1, 2]}, name="n")
    record("b2", {"lr": 0.2, "same": 1.0, "o": {"x": True, "y": 2}}, name="n", project="q")
    assert run("runs", "diff", "a1", "b2").stdout == (
        "key               a1      b2\n"
        "config.lr         0.1     0.2\n"
        "config.o.x        1       true\n"
        "config.only       [1, 2]  -\n"
        'settings.project  null    "q"\n'
        'settings.run_id   "a1"    "b2"\n'
    )


def test_diff_tells_why(run, jail, record):
    """Under each key, the layer and place that set it on either side."""
    jail.write("train.yaml", "lr: 0.1\n")
    first = start.init(id="a1", name="n", mode="offline", config="train.yaml", settings=QUIET)
    first.finish()
    jail.setenv(WANDB_RUN_ID="b2")
    second = start.init(name="n", mode="offline", config="train.yaml", settings=QUIET)
    second.config.update({"lr": 0.2}, allow_val_change=True)
    second.finish()
    output = run("runs", "diff", "a1", "b2", "--why").stdout
    output = re.sub(r"\S*test_commands\.py:\d+", "<file>", output)
    assert output == (
        "config.lr\n"
        "  a1  0.1  file  train.yaml:1:5\n"
        "  b2  0.2  init  <file> config.update()\n"
        "\n"
        "settings.run_id\n"
        '  a1  "a1"  init  <file> init(id=)\n'
        '  b2  "b2"  env   WANDB_RUN_ID\n'
    )


def test_diff_compares_summaries_if_asked(run, record):
    """What was logged differs nearly always."""
    record("a1", rows=[{"loss": 1, "nan": math.nan}])
    record("b2", rows=[{"loss": 2, "nan": math.nan}])
    assert "summary" not in run("runs", "diff", "a1", "b2").stdout
    output = run("runs", "diff", "a1", "b2", "--summary").stdout
    assert re.search(r"^summary\.loss +1 +2$", output, re.MULTILINE)
    assert "summary.nan" not in output


def test_diff_shows_all_if_asked(run, record):
    """Also what is alike."""
    record("a1", {"same": 1})
    record("b2", {"same": 1})
    assert "config.same" in run("runs", "diff", "a1", "b2", "--all").stdout


def test_diff_as_json(run, record):
    """Both sides with value and origin, and nothing where a side has none."""
    record("a1", {"lr": 0.1}, name="n")
    record("b2", {}, name="n")
    found = json.loads(run("runs", "diff", "a1", "b2", "--json").stdout)
    (lr, run_id) = found["differences"]
    assert (lr["section"], lr["key"], lr["a"]["value"], lr["b"]) == ("config", "lr", 0.1, None)
    assert run_id["b"]["origin"]["call"] == "init(id=)"


def test_diff_status_tells_only_if_asked(run, three):
    """As git has it: a difference is an answer, not a failure."""
    assert run("runs", "diff", "aa11", "ab22").exit_code == 0
    assert run("runs", "diff", "aa11", "ab22", "--exit-code").exit_code == 1
    result = run("runs", "diff", "aa11", "aa11", "--exit-code")
    assert (result.exit_code, result.output) == (0, "")


def test_diff_of_two_with_one_id_tells_directories(run, record):
    """What heads the columns must tell them apart."""
    old = record("same", {"lr": 1}, name="n")
    record("same", {"lr": 2}, name="n")
    output = masked(run("runs", "diff", str(old.directory), "same").stdout)
    assert output.splitlines()[0].split() == ["key"] + ["offline-run-<stamp>-same"] * 2


# --- tag -------------------------------------------------------------------------------------


def test_tag_adds_and_removes(run, three):
    """The tags that result are printed, and found again."""
    result = run("runs", "tag", "first", "+good", "-small", "final run")
    assert (result.stdout, result.stderr) == ("baseline\ngood\nfinal run\n", "")
    assert run("runs", "tag", "first").stdout == "baseline\ngood\nfinal run\n"


@pytest.mark.parametrize("tag", ["the", "h", "n-dir", "1", "y"])
def test_tag_that_looks_like_an_option_is_removed(run, record, tag):
    """A dash takes a tag off, whatever letters follow."""
    record("a1", tags=[tag, "x"])
    assert run("runs", "tag", "a1", f"-{tag}").stdout == "x\n"


def test_tag_that_is_there_or_not_changes_nothing(run, three):
    """No record is written for nothing."""
    before = Path(three[0].journal).stat().st_size
    result = run("runs", "tag", "first", "+small", "-nope")
    assert result.stderr == "note: the run has no tag 'nope'\n"
    assert Path(three[0].journal).stat().st_size == before


@pytest.mark.parametrize(
    ("changes", "status", "message"),
    [
        (["+" + "x" * 65], 1, "each tag must have 1 to 64 characters"),
        (["+"], 2, "'+' names no tag"),
        (["-"], 2, "'-' names no tag"),
        (["+a", "-a"], 2, "'a' is to be both added and removed"),
        (["--force"], 2, "No such option"),
    ],
)
def test_bad_tags_are_refused(run, three, changes, status, message):
    """And the run keeps those that it had."""
    result = run("runs", "tag", "first", *changes)
    assert result.exit_code == status
    assert message in result.stderr
    assert run("runs", "tag", "first").stdout == "baseline\nsmall\n"


def test_running_run_can_be_tagged(run, record):
    """From outside, while it goes on logging."""
    made = start.init(id="live", mode="offline", settings=QUIET)
    made.log({"a": 1})
    assert run("runs", "tag", "live", "watched").stdout == "watched\n"
    made.log({"a": 2})
    active.finish()
    stored = load(made.journal_path)
    assert (stored.tags, stored.rows, stored.torn) == (["watched"], 2, 0)


# --- rm --------------------------------------------------------------------------------------


def test_rm_removes_runs_and_tells(run, jail, three):
    """Just these, with their directories."""
    result = run("runs", "rm", "first", "cc33", "--yes")
    output = re.sub(r"[\d,]+ bytes", "N bytes", masked(result.stdout))
    assert output == (
        "removed first (aa11), N bytes: wandb/offline-run-<stamp>-aa11\n"
        "removed third (cc33), N bytes: wandb/offline-run-<stamp>-cc33\n"
    )
    assert [path.name[-4:] for path in jail.cwd.glob("wandb/*run-*")] == ["ab22"]
    assert run("runs", "ls", "--columns", "id").stdout == "ab22\n"


def test_rm_dry_run_removes_nothing(run, jail, three):
    """It only tells."""
    result = run("runs", "rm", "first", "--dry-run")
    assert result.stdout.startswith("would remove first (aa11), ")
    assert len(list(jail.cwd.glob("wandb/*run-*"))) == 3


def test_rm_where_nobody_can_be_asked_wants_yes(run, jail, three):
    """A script says so, or nothing happens."""
    result = run("runs", "rm", "first", input="y\n")
    assert result.exit_code == 2
    assert "give --yes to remove runs" in result.stderr
    assert len(list(jail.cwd.glob("wandb/*run-*"))) == 3


@pytest.mark.parametrize(("typed", "status", "left"), [("n\n", 1, 3), ("\n", 1, 3), ("y\n", 0, 2)])
def test_rm_asks_on_a_terminal(jail, three, typed, status, left):
    """And an empty answer is no."""
    told = on_terminal("runs", "rm", "first", typed=typed)
    assert told[0] == status
    assert "remove this run? [y/N]: " in told[1]
    assert len(list(jail.cwd.glob("wandb/*run-*"))) == left


def test_rm_removes_what_a_run_overwrote(run, jail, record):
    """Or an older run would show up in its place."""
    record("same", {"lr": 1})
    record("same", {"lr": 2})
    record("same", {"lr": 3}, project="other")
    result = run("runs", "rm", "wandb/" + load_newest(jail, "uncategorized"), "--yes")
    assert len(result.stdout.splitlines()) == 2
    assert run("runs", "ls", "--columns", "project").stdout == "other\n"


def test_rm_of_an_overwritten_run_keeps_the_later_one(run, record):
    """Its path means just it."""
    old = record("same", {"lr": 1})
    record("same", {"lr": 2})
    assert len(run("runs", "rm", str(old.directory), "--yes").stdout.splitlines()) == 1
    assert run("runs", "ls", "--columns", "config.lr").stdout == "2\n"


def load_newest(jail, project):
    """The directory's name of a project's last run."""
    found = [load(path) for path in sorted(jail.cwd.glob("wandb/*/run-*.jsonl"))]
    return [stored for stored in found if stored.project == project][-1].directory.name


def test_rm_refuses_a_running_run_and_all_with_it(run, jail, three):
    """Nothing is removed by halves."""
    start.init(id="live", name="live", mode="offline", settings=QUIET)
    result = run("runs", "rm", "first", "live", "--yes")
    assert result.exit_code == 1
    assert f"live (live) is going on: process {os.getpid()}" in result.stderr
    assert len(list(jail.cwd.glob("wandb/*run-*"))) == 4


def test_rm_by_force_leaves_the_process_alone(run, jail):
    """The run's directory goes, its process goes on."""
    code = """
import runsettings
settings = {"quiet": True, "disable_git": True}
run = runsettings.init(id="live", mode="offline", settings=settings)
print(flush=True)
input()
run.log({"a": 1})
print("on", flush=True)
"""
    process = subprocess.Popen(
        [PYTHON, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        process.stdout.readline()
        assert run("runs", "rm", "live", "--yes").exit_code == 1
        assert run("runs", "rm", "live", "--yes", "--force").exit_code == 0
        assert process.poll() is None
        rest, _ = process.communicate("\n", timeout=60)
    assert rest == "on\n"


def test_rm_follows_no_link(run, jail, three):
    """A run's directory that is a link is refused, and what it points to stays."""
    home = three[0].directory
    outside = jail.home / "kept"
    home.rename(outside)
    home.symlink_to(outside)
    result = run_status("runs", "rm", "aa11", "--yes")
    assert result.returncode == 1
    assert "symbolic link" in result.stderr
    assert "nothing was deleted" in result.stderr
    assert (outside / "run-aa11.jsonl").exists()


def test_rm_keeps_what_links_in_a_run_point_to(run, jail, three):
    """The link goes, its target stays."""
    precious = jail.write(jail.home / "data/weights.bin", "precious")
    (three[0].directory / "files/data").symlink_to(precious.parent)
    assert run("runs", "rm", "aa11", "--yes").exit_code == 0
    assert not three[0].directory.exists()
    assert precious.read_text() == "precious"


def test_rm_removes_only_inside_of_the_directory(jail, three, record):
    """The path of a run elsewhere is refused."""
    other = record("zz99", dir=str(jail.home))
    result = run_status("runs", "rm", str(other.directory), "--yes", "--dir", str(jail.cwd))
    assert result.returncode == 1
    assert "is not in" in result.stderr
    assert other.directory.exists()


def test_rm_refuses_a_directory_whose_journal_is_of_another_run(jail, three):
    """A copied journal does not make a directory that run's."""
    home = jail.cwd / "wandb/offline-run-20260101_000000-precious"
    home.mkdir()
    text = Path(three[0].journal).read_text()
    (home / "run-precious.jsonl").write_text(text)
    result = run_status("runs", "rm", str(home), "--yes")
    assert result.returncode == 1
    assert "is not that of run" in result.stderr
    assert home.exists()


def test_rm_mends_the_link_to_the_latest_run(run, jail, three):
    """It points to the newest run left, and goes with the last."""
    link = jail.cwd / "wandb/latest-run"
    newest = max(path.name for path in jail.cwd.glob("wandb/offline-run-*"))
    link.symlink_to(newest)
    run("runs", "rm", newest[-4:], "--yes")
    assert link.resolve().name == max(path.name for path in jail.cwd.glob("wandb/offline-run-*"))
    run("runs", "rm", "--yes", *(path.name[-4:] for path in jail.cwd.glob("wandb/offline-run-*")))
    assert not link.is_symlink()


# --- the commands as a whole -----------------------------------------------------------------


@pytest.mark.parametrize("command", ["", "ls", "show", "diff", "tag", "rm"])
def test_help_tells_each_command(run, command):
    """Each has a sentence and its options."""
    result = run("runs", *command.split(), "--help")
    assert result.exit_code == 0
    assert f" runs {command}".rstrip() in result.stdout.splitlines()[0]


def test_misspelt_command_is_told(run):
    """As at the first level."""
    result = run("runs", "lst")
    assert result.exit_code == 2
    assert "there is no command 'lst' — did you mean 'ls'?" in result.stderr


def test_reader_that_has_seen_enough_is_no_failure(three):
    """``runs ls | head`` ends quietly."""
    command = f"{PYTHON} -m runsettings runs ls --json | true"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("runs show a", {"ab22", "aa11"}),
        ("runs show fir", {"first"}),
        ("runs diff aa11 c", {"cc33"}),
        ("runs rm aa", {"aa11"}),
        ("runs ls --sort config.l", {"config.lr", "config.layers"}),
        ("runs ls --columns id,summary.", {"id,summary.acc", "id,summary.loss"}),
        ("runs ls --tag ", {"baseline", "small"}),
        ("runs ls --project ", {"p", "q"}),
        ("runs ls --state f", {"finished", "failed"}),
    ],
)
def test_shell_completes(jail, three, line, expected):
    """Runs, keys and the values that runs have."""
    environment = {
        **os.environ,
        "_RUNSETTINGS_COMPLETE": "bash_complete",
        "COMP_WORDS": f"runsettings {line}",
        "COMP_CWORD": str(line.count(" ") + 1),
    }
    code = "from runsettings.cli.main import main; main()"
    done = subprocess.run(
        [PYTHON, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert {item.split(",", 1)[1] for item in done.stdout.splitlines()} == expected
    assert done.stderr == ""


@pytest.mark.parametrize(
    "command",
    ["ls", "ls --json", "ls --csv", "show a1 --all", "show a1 --json", "diff a1 b2 --why --all"],
)
def test_canary_appears_in_no_output(run, jail, record, command):
    """A secret that was set while a run was made is in nothing that is told of it."""
    jail.setenv(WANDB_API_KEY=CANARY)
    jail.monkeypatch.setattr(sys, "argv", ["train.py", "--api-key", CANARY])
    record("a1", {"k": 1}, notes=f"key {CANARY}")
    record("b2", {"k": 2}, [{"text": CANARY}])
    result = run("runs", *command.split())
    assert result.exit_code == 0
    assert "c4n4ry" not in result.output


def test_listing_loads_neither_rich_nor_models(jail, three):
    """What a pipe does not need is not imported."""
    code = (
        "import sys\n"
        "from runsettings.cli.main import main\n"
        "try:\n    main(['runs', 'ls', '--dir', '.'])\n"
        "finally:\n    sys.exit('rich' in sys.modules or 'runsettings.models' in sys.modules)\n"
    )
    subprocess.run([PYTHON, "-c", code], capture_output=True, check=True)
