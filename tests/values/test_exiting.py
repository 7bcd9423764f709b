"""A script can end with the message alone, as a program on the command line does."""

from __future__ import annotations

import subprocess
import sys

import pytest

import runsettings

WITH = """
import runsettings
with runsettings.exit_on_error():
    {line}
"""

DECORATED = """
import runsettings
@runsettings.exit_on_error()
def main():
    {line}
main()
"""


def run(jail, text: str) -> subprocess.CompletedProcess[str]:
    """Run a script as a process of its own."""
    script = jail.write("train.py", text)
    return subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("form", [WITH, DECORATED], ids=["with", "decorator"])
@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("runsettings.Settings(projct=1)", "projct is not a key of Settings"),
        ("runsettings.Config.load([{'a.b': 1}])", "has a period"),
        ("runsettings.Settings().replace(mode='x')", "mode: must be one of"),
    ],
    ids=["settings", "config", "replace"],
)
def test_an_error_ends_the_script_with_its_message_alone(jail, form, line, message):
    """The message stands on the standard error, without a traceback, and the code is 2."""
    done = run(jail, form.format(line=line))
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.startswith("1 problem in ")
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "run = runsettings.init(mode='offline'); run.log(0.5)",
            "  log() takes a mapping of names to values; got 0.5\n    train.py:4\n",
        ),
        (
            "runsettings.Settings().mode = 'offline'",
            "settings.replace(key=value)\n    train.py:4\n",
        ),
        ("runsettings.stored_run('none')", "\n    train.py:4\n"),
    ],
    ids=["log", "immutable", "run"],
)
def test_an_error_without_a_place_gets_the_line_of_the_script(jail, line, message):
    """Which the traceback would show, also for a call deep inside of the library."""
    done = run(jail, WITH.format(line=line))
    assert done.returncode == 2
    assert message in done.stderr


def test_a_mistake_of_the_script_keeps_its_traceback(jail):
    """Errors that are not ours pass as they are."""
    done = run(jail, WITH.format(line="1 / 0"))
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert "ZeroDivisionError" in done.stderr


def test_what_is_right_is_not_touched(jail):
    """The body runs to its end, and a decorated function returns what it returns."""

    @runsettings.exit_on_error()
    def main(number: int) -> int:
        return number + 1

    assert main(1) == main(1) == 2
    done = run(jail, WITH.format(line="print('done')"))
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")


def test_the_run_that_was_open_failed(jail):
    """A run that the error ended is recorded with the exit code that the shell sees."""
    line = "run = runsettings.init(mode='offline'); run.config.update({'a.b': 1})"
    done = run(jail, WITH.format(line=line))
    assert done.returncode == 2
    (journal,) = jail.cwd.glob("wandb/offline-run-*/*.jsonl")
    stored = runsettings.load_run(journal)
    assert stored.exit is not None
    assert (stored.exit["state"], stored.exit["code"]) == ("failed", 2)


def test_the_error_can_still_be_looked_at():
    """Whoever catches the exit finds the error as its cause."""
    with pytest.raises(SystemExit) as caught, runsettings.exit_on_error():
        runsettings.Settings(projct=1)
    assert caught.value.code == 2
    assert isinstance(caught.value.__cause__, runsettings.SettingsError)
