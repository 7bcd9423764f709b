"""``runs diff``: what differs between two runs, and why."""

from __future__ import annotations

import json
import math
import re

import pytest

from runsettings.runs.starting import start

QUIET = {"quiet": True, "disable_git": True}


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
    """Under each key, the layer and place that set it on either side, and what it beat."""
    jail.write("train.yaml", "lr: 0.1\n")
    first = start.init(id="a1", name="n", mode="offline", config="train.yaml", settings=QUIET)
    first.finish()
    jail.setenv(WANDB_RUN_ID="b2")
    second = start.init(name="n", mode="offline", config="train.yaml", settings=QUIET)
    second.config.update({"lr": 0.2}, allow_val_change=True)
    second.finish()
    output = run("runs", "diff", "a1", "b2", "--why").stdout
    output = re.sub(r"\S*test_\w+\.py:\d+", "<file>", output)
    assert output == (
        "config.lr\n"
        "  a1  0.1  file  train.yaml:1:5\n"
        "  b2  0.2  init  <file> config.update()\n"
        "      0.1  file  train.yaml:1:5\n"
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
    assert (result.exit_code, result.stdout) == (0, "")


@pytest.mark.parametrize("why", [(), ("--why",), ("--all",)])
def test_diff_of_a_run_with_itself_says_so(run, three, why):
    """It is one run, not two that are equal."""
    result = run("runs", "diff", "aa11", "first", *why)
    assert result.stderr == "note: A and B are the same run, aa11\n"


@pytest.mark.parametrize(
    ("options", "compared"),
    [((), "config and settings"), (("--summary",), "config, settings and summary")],
)
def test_diff_of_equal_runs_says_so(run, record, options, compared):
    """And what was compared."""
    old = record("same", {"lr": 1}, name="n")
    record("same", {"lr": 1.0}, name="n")
    result = run("runs", "diff", str(old.directory), "same", *options)
    assert (result.stdout, result.stderr) == ("", f"note: the runs are equal in {compared}\n")


def test_diff_of_two_with_one_id_tells_directories(run, record, masked):
    """What heads the columns must tell them apart."""
    old = record("same", {"lr": 1}, name="n")
    record("same", {"lr": 2}, name="n")
    output = masked(run("runs", "diff", str(old.directory), "same").stdout)
    assert output.splitlines()[0].split() == ["key"] + ["offline-run-<stamp>-same"] * 2
