"""``runs ls``: which runs are listed, in which order and columns."""

from __future__ import annotations

import io
import math
import re
from pathlib import Path

import pytest
from rich.cells import cell_len

from runsettings.cli.printing import print_table
from runsettings.runs.recording import active
from runsettings.runs.starting import start

QUIET = {"quiet": True, "disable_git": True}


def test_ls_lists_newest_first(run, three, masked):
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
def test_ls_has_a_line_for_each_run_on_a_narrow_terminal(record, name, on_terminal):
    """A long name is cut, the time is short, and the line is no wider than the terminal."""
    for run_id in ("aaaa1111", "bbbb2222"):
        record(run_id, name=name, project="capsules", group="night", job_type="train", tags=["t"])
    printed = on_terminal("runs", "ls", NO_COLOR="1", COLUMNS="80")
    heading, *lines = re.sub(r"\x1b\[[0-9;]*m", "", printed).splitlines()
    assert heading.split()[:2] == ["id", "name"]
    assert [line[:8] for line in lines] == ["bbbb2222", "aaaa1111"]
    assert all(re.search(r"…  .*finished  \d\d-\d\d \d\d:\d\d ", line) for line in lines)
    assert all(cell_len(line.rstrip()) <= 80 for line in lines)


def test_ls_shows_headings_on_a_terminal_and_no_empty_columns(three, on_terminal):
    """A person sees names over columns, and none for what no run has."""
    printed = on_terminal("runs", "ls", "--tag", "small", NO_COLOR="1", COLUMNS="140")
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


@pytest.fixture
def shown(monkeypatch):
    """What a table looks like on a terminal of 8 columns, if 2 rows are many."""

    def shown(*arguments, **options):
        monkeypatch.setattr("runsettings.cli.printing._LARGE_TABLE", 2)
        monkeypatch.setenv("COLUMNS", "8")
        terminal = io.StringIO()
        terminal.isatty = lambda: True
        monkeypatch.setattr("sys.stdout", terminal)
        print_table(*arguments, **options)
        return terminal.getvalue()

    return shown


def test_very_many_rows_get_plain_columns_on_a_terminal(shown):
    """Layout by rich would take seconds; the headings stay."""
    text = shown(["id", "name"], [["a", "1" * 9], ["b", "2"], ["c", "3"]])
    assert text == "id  name\na   111111111\nb   2\nc   3\n"


def test_very_many_rows_to_cut_are_a_line_each(shown):
    """A line is no wider than the terminal, with letters of two columns as well."""
    text = shown(["id", "name"], [["a", "1" * 9], ["b", "长名字"], ["c", "3"]], cut={"name"})
    assert text == "id  name\na   1111\nb   长名\nc   3\n"


def test_a_name_is_no_markup(record, on_terminal):
    """What rich would take for styles is shown as it is."""
    names = ["[bold]x[/bold]", "[link=x]", ":smile:", "[/]"]
    for number, name in enumerate(names):
        record(f"a{number}", name=name)
    shown = on_terminal("runs", "ls", COLUMNS="140", NO_COLOR="1")
    chosen = on_terminal("runs", "ls", "--columns", "name", COLUMNS="140")
    for name in names:
        assert name in shown
        assert name in chosen


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
        (["-tags", "id"], "ab22 aa11 cc33"),
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
        ("--sort", "adam", "unknown key 'adam' — use a run's attribute"),
        ("--sort", "-summary.los", "no run here has 'summary.los' — did you mean 'summary.loss'?"),
        ("--group-by", "grup", "unknown key 'grup' — did you mean 'group'?"),
        ("--since", "soon", "'soon' is not a time — write a date or time as 2025-01-31"),
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


def test_settings_that_are_wrong_are_told_with_a_way_out(jail, three, run_status):
    """Where the runs are is not known then, unless --dir tells."""
    jail.setenv(WANDB_MODE="offlin")
    told = run_status("runs", "ls")
    assert told.returncode == 1
    assert "give --dir to see runs although the settings have errors" in told.stderr
    assert "did you mean 'offline'?" in told.stderr
    assert run_status("runs", "ls", "--dir", ".").returncode == 0


def test_running_run_is_seen(ids, record):
    """A run whose process holds it is running."""
    start.init(id="live", mode="offline", settings=QUIET)
    assert ids("--state", "running") == ["live"]
    active.finish()
    assert ids("--state", "running") == []


def test_the_last_part_of_a_key_leads_to_the_whole_key(run, record):
    """Nobody knows by heart where a value is nested."""
    record("a1", {"optim": {"lr": 0.1, "beta": 1}, "sched": {"beta": 2}})
    result = run("runs", "ls", "--sort", "lr")
    assert "unknown key 'lr' — did you mean 'config.optim.lr'?" in result.stderr
    result = run("runs", "ls", "--sort", "config.beta")
    assert "did you mean 'config.optim.beta' or 'config.sched.beta'?" in result.stderr
    result = run("runs", "ls", "--where", "beta > 1")
    assert "did you mean 'config.optim.beta' or 'config.sched.beta'?" in result.stderr
