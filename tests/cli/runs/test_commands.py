"""``runsettings runs``: help, completion, secrets, and what starting it costs."""

from __future__ import annotations

import subprocess
import sys

import pytest

PYTHON = sys.executable
CANARY = "c4n4ry" * 7


@pytest.fixture
def complete(run):
    """What bash is offered for the last word of a line, in this process.

    The tests of the whole command line ask a shell's process.
    """

    def complete(line):
        environment = {
            "_RUNSETTINGS_COMPLETE": "bash_complete",
            "COMP_WORDS": f"runsettings {line}",
            "COMP_CWORD": str(line.count(" ") + 1),
        }
        result = run(prog_name="runsettings", env=environment)
        assert (result.exit_code, result.stderr) == (0, "")
        return {item.split(",", 1)[1] for item in result.stdout.split()}

    return complete


@pytest.mark.parametrize("command", ["", "ls", "show", "diff", "tag", "rm"])
def test_help_tells_each_command(run, command):
    """Each has a sentence and its options."""
    result = run("runs", *command.split(), "--help")
    assert result.exit_code == 0
    assert f" runs {command}".rstrip() in result.stdout.splitlines()[0]


@pytest.mark.parametrize(
    ("group", "command", "hint"),
    [
        ("runs", "lst", "did you mean 'ls'?"),
        ("store", "upgrad", "did you mean 'upgrade'?"),
        ("store", "nope", "the commands are upgrade, pin"),
    ],
)
def test_misspelt_command_is_told(run, group, command, hint):
    """As at the first level."""
    result = run(group, command)
    assert result.exit_code == 2
    assert f"there is no command '{command}' — {hint}" in result.stderr


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
def test_shell_completes(three, complete, line, expected):
    """Runs, keys and the values that runs have."""
    assert complete(line) == expected


def test_shell_is_offered_nothing_that_it_would_run(record, complete):
    """Names, tags, keys and projects of runs may be any text."""
    evil = "a$(reboot)"
    record("run1", {f"k{evil}": 1, "ok": 1}, name=f"n{evil}", tags=[evil, "plain"], project=evil)
    assert complete("runs show n") == set()
    assert complete("runs ls --tag ") == {"plain"}
    assert complete("runs ls --project ") == set()
    assert complete("runs ls --where config.") == {"config.ok"}


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


def test_no_command_that_fails_again_is_proposed(run, three):
    """An address that is none is corrected first."""
    pytest.importorskip("sqlalchemy")
    result = run("sync", "--all", "--to", "nope")
    assert "not the address of a store — write sqlite:///runs.db" in result.stderr
    assert "later" not in result.stderr
