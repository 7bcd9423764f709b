"""Writing settings files: whatever call fails, a file is old or new, and a failure is told."""

from __future__ import annotations

import re

import pytest

COMMANDS = """
from runsettings.cli.main import main
def command(line):
    main(line.split())
"""

WRITE_FILE = """
from pathlib import Path
from runsettings.documents.atomic_write import write_file
def write(content):
    try:
        write_file(Path("wandb/settings"), content)
    except OSError as error:
        raise SystemExit(f"error: {error}")
"""

SETTINGS = {"wandb/settings": "[default]\nentity = a\nproject = p\n"}
CONFIG = {"config.yaml": "debug: yes\nlr: 1e-3\n"}
NEXT = 'command("set base_url https://example.com")'
LOCK = {"settings.lock": "{}\n"}
FIX = "command('check --fix config.yaml')"

ACTIONS = {
    "write_file": (SETTINGS, WRITE_FILE, "write(b'new' * 50_000)", "write(b'last')"),
    "set": (SETTINGS, COMMANDS, "command('set entity b')", NEXT),
    "set a first value": ({}, COMMANDS, "command('set entity b')", NEXT),
    "unset": (SETTINGS, COMMANDS, "command('unset entity')", NEXT),
    "lock": (LOCK, COMMANDS, "command('lock')", "command('lock')"),
    "check --fix": (CONFIG, COMMANDS, FIX, FIX),
}


def text_of(files, target):
    """The text of a file, or ``None``; without the random key of a lock file."""
    return re.sub(r'"key": "\w{32}"', "", files[target]) if target in files else None


@pytest.mark.parametrize("action", ACTIONS)
def test_a_settings_file_is_old_or_new_and_a_failure_is_told(trials, action):
    """No call can fail without an error, leave half a file, or leave another file for good."""
    template, *codes = ACTIONS[action]
    whole, *others = trials(template, *codes)
    (target,) = {**template, **whole.end.files}.keys() & {
        "wandb/settings",
        "settings.lock",
        "config.yaml",
    }
    old, new = text_of(template, target), text_of(whole.end.files, target)
    assert whole.end.code == 0, whole.end.output
    assert old != new
    for trial in others:
        found = text_of(trial.end.files, target)
        assert found in (old, new), trial
        assert "Traceback" not in trial.end.output, trial
        if trial.killed:
            assert trial.end.code == -9, trial
        elif found == new:
            assert trial.end.code == 0, f"done, and told as an error: {trial}"
        else:
            assert trial.end.code in (1, 2), trial
            assert re.search("error|cannot be written", trial.end.output), trial
        if trial.killed:
            assert trial.later.code == whole.later.code, trial
            assert trial.later.files.keys() == whole.later.files.keys(), trial
        else:
            assert trial.end.files.keys() <= whole.end.files.keys(), trial
