"""Recording a run: whatever call fails, no acknowledged record is lost, and a failure is told."""

from __future__ import annotations

import json

import pytest

from .conftest import FAULTS, LONG

SETUP = """
import os, tempfile
from runsettings.runs.starting.start import init
tempfile.tempdir = os.getcwd()  # where a run goes that finds no room in its place
def train(strict=False, durability="kernel", **given):
    settings = {
        "quiet": True, "disable_git": True, "strict": strict, "durability": durability
    }
    run = init(mode="offline", project="p", settings=settings, config={"lr": 0.1}, **given)
    run._files.wait_for_facts()
    print("started", run.step, flush=True)
    for number in range(run.step, run.step + 3):
        run.log({"n": number})
        print("logged", number, flush=True)
    run.tags += ("good",)
    print("tagged good", flush=True)
    run.config["depth"] = 3
    print("configured depth", flush=True)
    run.summary["best"] = 7
    print("summarized best", flush=True)
    for name in run.save("model.*"):
        print("saved", os.path.basename(name), flush=True)
    run.finish()
    print("finished", flush=True)
"""

STARTED = """\
{"type":"header","format":"runsettings-journal","version":1,"writer":"runsettings 0.1.0"}
{"type":"run","time":1738330205.0,"id":"one","project":"p"}
{"type":"start","time":1738330205.0,"pid":1,"host":"elsewhere","step":0,"resumed":false}
{"type":"history","time":1738330206.0,"step":0,"data":{"n":0}}
{"type":"history","time":1738330206.0,"step":1,"data":{"n":1}}
"""
HOME = "wandb/offline-run-20250131_143005-one"
MODEL = {"model.bin": "weights"}
CRASHED = {**MODEL, f"{HOME}/run-one.jsonl": f'{STARTED}{{"type":"hist', f"{HOME}/files/a": "a"}

ACTIONS = {
    "init, log, save, finish": (MODEL, "train({}, id='one')"),
    "resume": (CRASHED, "train({}, id='one', resume='must')"),
    "with durability": (MODEL, "train({}, 'power')"),
}
SYNCS = ("fsync", "fdatasync")
CHECKPOINTS = """
import runsettings.journal.checkpoint
import runsettings.runs.recording.metrics
runsettings.journal.checkpoint.SMALLEST = 1
runsettings.runs.recording.metrics.CHECKPOINT_BYTES = 1
train({}, id='one', resume='must')
"""
if LONG:
    ACTIONS["resume with checkpoints"] = (CRASHED, CHECKPOINTS)
    ACTIONS["init without an id"] = (MODEL, "train({})")
NEXT = "train(id='one', resume='allow')"

ELSEWHERE = "runs go to "
DISK = ("EIO", "ENOSPC", "EDQUOT")
RESUMED = "started 2\n"


def records_of(end):
    """The records of all journals that a process left, without torn lines."""
    found = []
    text = "\n".join(text for name, text in end.files.items() if name.endswith(".jsonl"))
    for line in text.splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return found


def missing(end):
    """What a process said was recorded, and its files do not have."""
    records = records_of(end)
    kinds = {record["type"] for record in records}
    rows = {
        record["step"]: record["data"]["n"] for record in records if record["type"] == "history"
    }
    tags = {tag for record in records if record["type"] == "tags" for tag in record["add"]}
    values = {
        kind: {key for record in records if record["type"] == kind for key in record["values"]}
        for kind in ("config", "summary")
    }
    files = {record["path"] for record in records if record["type"] == "file"}
    recorded = {
        "logged": {f"{step}" for step, value in rows.items() if step == value},
        "tagged": tags,
        "configured": values["config"],
        "summarized": values["summary"],
        "saved": {
            name.partition("/files/")[2]
            for name in end.files
            if name.partition("/files/")[2] in files
        },
        "finished": {""} if "exit" in kinds else set(),
    }
    told = [line.partition(" ") for line in end.output.splitlines()]
    return [(verb, what) for verb, _, what in told if what not in recorded.get(verb, {what})]


def stray(end):
    """Files that no reader reads."""
    return [
        name
        for name, text in end.files.items()
        if ".tmp" in name or ".removed" in name or (name.endswith(".jsonl") and not text)
    ]


def contents(end):
    """The types of the records, of which a short write repeats some, and the number of files.

    Checkpoints and the link to the latest run are not counted: nothing is only there.
    """
    files = [name for name in end.files if not name.endswith((".checkpoint", "/latest-run"))]
    return {record["type"] for record in records_of(end)}, len(files)


def wrong_after_kill(trial):
    """What is wrong with the files of a killed process and of the next start, if anything."""
    if trial.end.code != -9 and "no call" not in trial.name:
        yield "was not killed"
    if missing(trial.end) or missing(trial.later):
        yield "lost a record"
    if trial.later.code:
        yield "the next start fails"
    if stray(trial.later):
        yield "the next start leaves a stray file"


def wrong_after_error(trial, whole):
    """What is wrong with a script that lived on, if anything."""
    # `resume="must"` cannot go on elsewhere.
    refused = "RunError: " in trial.end.output and RESUMED not in trial.end.output
    if trial.end.code and not (refused and f"{HOME}/" in whole.files):
        yield "the script is stopped"
    if stray(trial.end):
        yield "a stray file is left"
    if missing(trial.end) and "warning: " not in trial.end.output:
        yield "a record is lost in silence"
    if " fdatasync " in trial.name and trial.fault in DISK and "warning: " not in trial.end.output:
        yield "an error of the disk is not reported"


def wrong_when_strict(trial, whole):
    """What is wrong with a strict script, if anything."""
    if ELSEWHERE in trial.end.output:
        yield "the run goes elsewhere without an error"
    if missing(trial.end):
        yield "a call returned without a record"
    if trial.end.code and "RunError: " not in trial.end.output:
        yield "the error is not ours"
    if not trial.end.code and " fdatasync " in trial.name and trial.fault in DISK:
        yield "a record that is not on the disk is no error"
    if not trial.end.code and contents(trial.end) != contents(whole):
        yield "something else is missing without an error"


CHECKS = {"False": wrong_after_error, "True": wrong_when_strict}


@pytest.mark.parametrize("strict", CHECKS)
@pytest.mark.parametrize("action", ACTIONS)
def test_a_failing_disk_loses_no_acknowledged_record(trials, action, strict):
    """What a call returned from is in the journal, or it is told; with strict, the call raises."""
    template, code = ACTIONS[action]
    # A kill leaves the same files with strict and with syncs: the short form tries it without.
    kills = LONG or (strict == "False" and action != "with durability")
    faults = FAULTS if kills else tuple(fault for fault in FAULTS if fault != "kill")
    # The other calls with durability are those of the first action.
    calls = SYNCS if action == "with durability" and not LONG else ()
    whole, *others = trials(template, SETUP, code.format(strict), NEXT, faults, calls)
    assert whole.end.code == 0, whole.end.output
    assert not missing(whole.end)
    assert not stray(whole.end)
    found = []
    for trial in others:
        wrong = wrong_after_kill(trial) if trial.killed else CHECKS[strict](trial, whole.end)
        found += [f"{trial.name}: {what}\n{trial.end.output}" for what in wrong]
    assert not found, "\n\n".join(found)
