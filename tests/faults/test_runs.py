"""Recording and removing runs: whatever call fails, no record is lost, and no run is half."""

from __future__ import annotations

import pytest

RUNS = """
from runsettings.cli.main import main
def command(line):
    main(line.split())
"""

ONE = """\
{"type":"header","format":"runsettings-journal","version":1,"writer":"runsettings 0.1.0"}
{"type":"run","time":1738330205.0,"id":"one","project":"p"}
{"type":"start","time":1738330205.0,"pid":1,"host":"elsewhere","step":0,"resumed":false}
{"type":"history","time":1738330206.0,"step":0,"values":{"a":1}}
{"type":"exit","time":1738330207.0,"code":0}
"""
TWO = ONE.replace('"one"', '"two"')
HOME = "wandb/offline-run-20250131_143005-"
TEMPLATE = {
    f"{HOME}one/run-one.jsonl": ONE,
    f"{HOME}one/files/config.yaml": "a: 1\n",
    f"{HOME}two/run-two.jsonl": TWO,
    f"{HOME}two/files/config.yaml": "a: 1\n",
}


def test_a_removed_run_is_gone_or_whole(trials):
    """A stopped removal leaves no half run, and the next one deletes what it left."""
    whole, *others = trials(
        TEMPLATE, RUNS, "command('runs rm --yes one')", "command('runs rm --yes two')"
    )
    assert whole.end.code == 0, whole.end.output
    before = TEMPLATE.keys()
    for trial in others:
        assert "Traceback" not in trial.end.output, trial
        listed = f"{HOME}one/run-one.jsonl" in trial.end.files
        if trial.killed:
            assert trial.later.code == 0, trial
            assert not any("two" in name or ".removed" in name for name in trial.later.files), trial
            complete = before <= trial.end.files.keys()
            assert complete if listed else f"{HOME}one/" not in trial.end.files, trial
        elif trial.end.code == 0:
            assert not listed, trial
        else:
            assert "error" in trial.end.output.lower(), trial


@pytest.mark.parametrize("torn", ["", '{"type":"hist'], ids=["whole", "torn"])
def test_a_tag_is_recorded_or_its_error_is_told(trials, torn):
    """A half line harms neither the records before it nor those after it."""
    journal = f"{HOME}one/run-one.jsonl"
    template = {**TEMPLATE, journal: ONE + torn}
    whole, *others = trials(
        template, RUNS, "command('runs tag one good')", "command('runs tag one next')"
    )
    assert whole.end.output == "good\n"
    for trial in others:
        assert "Traceback" not in trial.end.output, trial
        assert trial.end.files[journal].startswith(ONE + torn), trial
        if trial.killed:
            assert trial.later.output.splitlines()[-1] == "next", trial
        elif trial.end.code == 0:
            assert trial.end.output == "good\n", trial
        else:
            assert "error" in trial.end.output.lower(), trial
