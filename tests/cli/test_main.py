"""The command line's door: help, statuses, completion, and what starting it costs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from runsettings.shipping.addresses import may_have_password, shown

PYTHON = sys.executable
COMMAND = (PYTHON, "-m", "runsettings")


def shell(*arguments: str, **options) -> subprocess.CompletedProcess:
    """Run the command line as a process of its own."""
    options.setdefault("timeout", 60)
    return subprocess.run(
        [*COMMAND, *arguments], check=False, capture_output=True, text=True, **options
    )


def test_help_lists_every_command_with_a_sentence(run):
    """The overview names each command of the table."""
    result = run("--help")
    assert result.exit_code == 0
    for name in ("show", "explain", "get", "set", "unset", "check", "schema", "lock", "runs"):
        assert f"\n  {name} " in result.stdout


def test_help_loads_no_pydantic():
    """Asking for help costs a fraction of what settling costs."""
    code = (
        "import sys\n"
        "from runsettings.cli.main import main\n"
        "try:\n    main(['--help'])\n"
        "finally:\n    sys.exit('pydantic' in sys.modules or 'rich' in sys.modules)\n"
    )
    assert subprocess.run([PYTHON, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "rooms"),
    [
        (["get", "mode"], ["yaml", "runsettings.runconfig", "runsettings.checks"]),
        (["show"], ["yaml", "runsettings.runconfig", "runsettings.checks"]),
        (["explain"], ["yaml", "runsettings.runconfig", "runsettings.checks"]),
        (
            ["check", "train.yaml"],
            [
                "runsettings.journal",
                "runsettings.checks.schemas",
                "runsettings.checks.environments",
                "runsettings.checks.fixing",
            ],
        ),
    ],
)
def test_a_command_loads_only_what_it_needs(jail, arguments, rooms):
    """Scripts and hooks of editors call these commands often."""
    jail.write("train.yaml", "lr: 0.1\n")
    code = (
        "import sys\n"
        "from runsettings.cli.main import main\n"
        f"try:\n    main({arguments})\n"
        f"finally:\n    print(*(set({rooms}) & sys.modules.keys()), file=sys.stderr)\n"
    )
    done = subprocess.run([PYTHON, "-c", code], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "\n")


def test_module_runs_as_a_program(jail):
    """``python -m runsettings`` is the command."""
    jail.setenv(WANDB_PROJECT="capsules")
    result = shell("get", "project")
    assert (result.returncode, result.stdout, result.stderr) == (0, "capsules\n", "")


def test_version_is_told(run):
    """``--version`` names the program and its version."""
    assert run("--version").stdout.startswith("runsettings, version ")


def test_misspelt_command_is_told_apart(run):
    """A slip of a command's name is wrong usage, with the name that was meant."""
    result = run("shwo")
    assert result.exit_code == 2
    assert "there is no command 'shwo' — did you mean 'show'?" in result.stderr


def test_unknown_command_without_a_likeness_is_wrong_usage(run):
    """A name like none of ours gets no guess."""
    result = run("xyzzy")
    assert result.exit_code == 2
    assert "did you mean" not in result.stderr


def test_unknown_option_is_wrong_usage(run):
    """Status 2 is for wrong usage."""
    assert run("show", "--nonsense").exit_code == 2


def test_reader_that_leaves_early_is_no_error(jail):
    """``runsettings explain | head -0`` says nothing of a broken pipe."""
    read, write = os.pipe()
    os.close(read)
    process = subprocess.Popen(
        [*COMMAND, "explain"], stdout=write, stderr=subprocess.PIPE, text=True
    )
    os.close(write)
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_interrupt_ends_with_130(jail):
    """An interrupt while waiting for input is reported as shells report it."""
    process = subprocess.Popen(
        [*COMMAND, "set", "project", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": _announcing(jail)},
        text=True,
    )
    # The line says that the process is about to read, so that the signal cannot come too early.
    assert process.stderr.readline() == "reading\n"
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert (process.returncode, output) == (130, "")
    assert errors.strip() == "aborted"


def _announcing(jail) -> str:
    """A module path on which standard input says when it is read."""
    jail.write(
        "site/sitecustomize.py",
        "import sys\n"
        "class Input:\n"
        "    def __init__(self, inner): self.inner = inner\n"
        "    def __getattr__(self, name): return getattr(self.inner, name)\n"
        "    def read(self, *args):\n"
        "        print('reading', file=sys.stderr, flush=True)\n"
        "        return self.inner.read(*args)\n"
        "sys.stdin = Input(sys.stdin)\n",
    )
    return str(jail.cwd / "site")


@pytest.mark.parametrize("command", ["get", "explain"])
def test_warnings_are_told_as_text(jail, run, command):
    """A warning of the settings reads like an error, without Python's decoration."""
    jail.write_workspace("[default]\nprojct = x\n")
    result = run(command, "project")
    assert result.exit_code == 0
    assert result.stderr.startswith("1 warning in settings\n\n  warning: projct is not a key")
    assert "SettingsWarning" not in result.stderr


@pytest.fixture
def gone(jail):
    """The working directory was deleted."""
    gone = jail.cwd / "gone"
    gone.mkdir()
    jail.monkeypatch.chdir(gone)
    gone.rmdir()


@pytest.mark.parametrize("command", ["show", "get project", "explain", "explain project", "check"])
def test_vanished_directory_is_warned_of(gone, run, command):
    """The layers that do not need it are read all the same."""
    result = run(*command.split())
    assert result.exit_code == 0
    assert "warning: the working directory was deleted" in result.stderr


@pytest.mark.parametrize("command", ["lock", "set project x", "unset project"])
def test_nothing_is_written_in_a_vanished_directory(gone, run, command):
    """A command says so, without a traceback."""
    result = run(*command.split())
    assert result.exit_code == 1
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("runsettings s", {"show", "set", "schema", "store", "sync"}),
        ("runsettings set mo", {"mode", "monitor_gym"}),
        ("runsettings set mode ", {"online", "offline", "disabled"}),
        ("runsettings set quiet ", {"true", "false"}),
        ("runsettings set run-n", {"run_name", "run_notes"}),
        ("runsettings set project ", set()),
        ("runsettings get --model nowhere:X pro", set()),
    ],
)
def test_shell_is_offered_what_fits(jail, words, offered):
    """Commands, keys and choices are completed."""
    place = str(words.count(" "))
    jail.setenv(_RUNSETTINGS_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=place)
    lines = shell().stdout.split()
    assert {line.removeprefix("plain,") for line in lines} == offered


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_completion_script_is_printed(run, name):
    """Each shell gets a script that asks this program."""
    result = run("completion", name)
    assert result.exit_code == 0
    assert "_RUNSETTINGS_COMPLETE=" + name in result.stdout


@pytest.mark.parametrize(
    ("variables", "coloured"),
    [({}, False), ({"FORCE_COLOR": "1"}, True), ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False)],
)
def test_colours_are_for_terminals_unless_told_otherwise(jail, variables, coloured):
    """A pipe gets no colours; FORCE_COLOR gives them, and NO_COLOR beats it."""
    jail.setenv(WANDB_MODE="offlin", **variables)
    assert ("\x1b[" in shell("show").stderr) is coloured


@pytest.mark.parametrize(
    ("command", "meant"), [("diff", "runs diff"), ("rm", "runs rm"), ("upgrade", "store upgrade")]
)
def test_a_command_of_a_group_is_found(run, command, meant):
    """A person remembers the command, but not its group."""
    result = run(command, "x")
    assert result.exit_code == 2
    assert f"there is no command '{command}' — did you mean '{meant}'?" in result.stderr


@pytest.mark.parametrize(
    ("address", "text"),
    [
        ("postgresql://u:1234", "postgresql://u:***"),
        ("postgresql+psycopg://u:1234/", "postgresql+psycopg://u:***"),
        ("postgresql://h:5432/runs", "postgresql://h:5432/runs"),
        ("postgresql://u@h:5432", "postgresql://u@h:5432"),
        ("sqlite:///a:1", "sqlite:///a:1"),
    ],
)
def test_a_number_that_may_be_a_password_is_not_repeated(run, address, text):
    """Without a database behind it, a port and a password without a host look alike."""
    assert shown(address) == text
    assert not may_have_password(address)
    stderr = run("runs", "ls", address).stderr
    assert ("1234" in stderr) == ("1234" in text)
