"""Every test lives in a jail: its own directory, home, site directory and a clean environment.

Below the jail: fixtures that make runs, in this process and in scripts of their own.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import signal
import subprocess
import sys
import textwrap
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import pytest
from hypothesis import settings

from runsettings.journal.reader import read_records
from runsettings.journal.replay import StoredRun, load_run
from runsettings.runs.recording import active
from runsettings.runs.recording.run import Run
from runsettings.runs.starting import start
from runsettings.secrets.live import forget_all

# The gate asks the same questions each time; the long form (`make long`) looks for new ones. No
# test sets a number of its own, which would count in the long form as well.
settings.register_profile("gate", derandomize=True, deadline=None, max_examples=60)
settings.register_profile("long", deadline=None, max_examples=2000)
settings.load_profile("long" if os.environ.get("RUNSETTINGS_LONG") else "gate")

# Started in the background or by nohup, a process ignores these signals, and so do its children.
for _number, _handler in (
    (signal.SIGINT, signal.default_int_handler),
    (signal.SIGHUP, signal.SIG_DFL),
):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, _handler)

KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "TMPDIR", "PYTHONPATH", "VIRTUAL_ENV", "SYSTEMROOT")


@dataclasses.dataclass(frozen=True)
class Jail:
    """The surroundings of one test.

    Attributes:
        cwd: The working directory.
        home: The home directory; the user's settings are under ``.config``.
        site: Stands for the platform's site directory.
        monkeypatch: Undoes what `setenv` does.
    """

    cwd: Path
    home: Path
    site: Path
    monkeypatch: pytest.MonkeyPatch

    def write(self, name: str | Path, text: str | bytes) -> Path:
        """Write a file below the working directory, with its parents, exactly as given."""
        path = self.cwd / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def write_user(self, text: str) -> Path:
        """Write the user's settings file."""
        return self.write(self.home / ".config" / "wandb" / "settings", text)

    def write_site(self, text: str) -> Path:
        """Write the site's settings file."""
        return self.write(self.site / "wandb" / "settings", text)

    def write_workspace(self, text: str) -> Path:
        """Write the workspace's settings file."""
        return self.write("wandb/settings", text)

    def setenv(self, **variables: str) -> None:
        """Set environment variables."""
        for name, value in variables.items():
            self.monkeypatch.setenv(name, value)


@pytest.fixture(autouse=True)
def jail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Jail:
    """Put the test into directories and an environment of its own."""
    cwd, home, site = (tmp_path / name for name in ("project", "home", "site"))
    for directory in (cwd, home, site):
        directory.mkdir()
    for name in list(os.environ):
        if name not in KEPT_VARIABLES and not name.startswith(("PYTEST_", "HYPOTHESIS_", "COV_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    # A pyproject.toml above the temporary directory must not reach into a test.
    monkeypatch.chdir(cwd)
    monkeypatch.setattr("runsettings.layers.settings_files.locations.site_directory", lambda: site)
    forget_all()  # a secret of another test is no secret here
    return Jail(cwd, home, site, monkeypatch)


PRELUDE = """
import os, signal, sys
from runsettings.runs.recording import active
from runsettings.runs.recording.active import finish, log, save
from runsettings.runs.starting.start import init
def begin(**given):
    return init(**{"mode": "offline", "settings": {"quiet": True, "disable_git": True}, **given})
"""


@pytest.fixture
def counted_calls() -> Callable[[], contextlib.AbstractContextManager[Counter[str]]]:
    """Counts the Python calls of this thread inside a ``with``, by the function's name."""

    @contextlib.contextmanager
    def count() -> Iterator[Counter[str]]:
        calls: Counter[str] = Counter()

        def note(frame: FrameType, event: str, _argument: object) -> None:
            if event == "call":
                calls[frame.f_code.co_qualname] += 1

        sys.setprofile(note)
        try:
            yield calls
        finally:
            sys.setprofile(None)

    return count


@pytest.fixture
def begin() -> Iterator[Callable[..., Any]]:
    """`init` in offline mode and quietly; whatever is active at the end is finished."""
    try:
        yield lambda **given: start.init(
            **{"mode": "offline", "settings": {"quiet": True, "disable_git": True}, **given}
        )
    finally:
        active.finish()
        active._early = None


def command(cwd: Path, code: str, *args: str) -> list[str]:
    """The command line for a script of these lines."""
    path, text = cwd / "train.py", PRELUDE + textwrap.dedent(code)
    # Another process may be reading the same script just now.
    if not path.exists() or path.read_text() != text:
        path.write_text(text)
    return [sys.executable, "train.py", *args]


@pytest.fixture
def script(jail) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a script, with `PRELUDE` before it, in a process of its own in the jail.

    ``before`` are words that the command line begins with.
    """

    def run(
        code: str, *args: str, cwd: Path | None = None, before: Iterable[str] = ()
    ) -> subprocess.CompletedProcess[str]:
        home = cwd or jail.cwd
        line = [*before, *command(home, code, *args)]
        return subprocess.run(line, cwd=home, capture_output=True, text=True, check=False)

    return run


FORKS = """
import json
# A shell lets the commands that it runs in the background ignore these two, perhaps the tests.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGQUIT, signal.SIG_DFL)
statuses = []
for number, code in enumerate(json.load(sys.stdin)):
    os.mkdir(str(number))
    child = os.fork()
    if not child:
        os.chdir(str(number))
        for stream in (1, 2):
            os.dup2(os.open(str(stream), os.O_CREAT | os.O_WRONLY), stream)
        exec(code)
        break
    statuses.append(os.waitpid(child, 0)[1])
else:
    print(json.dumps(statuses))
"""


class Forked(NamedTuple):
    """A process of `forked` that has ended."""

    returncode: int
    directory: Path
    """Its working directory."""
    stderr: str


@pytest.fixture(scope="session")
def forked(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Iterable[str]], list[Forked]]:
    """Run lines, with `PRELUDE` before them, each as the rest of a process of its own.

    The processes share the imports, which take longer than all else.
    """

    def run(codes: Iterable[str]) -> list[Forked]:
        directory = tmp_path_factory.mktemp("forked")
        environment = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
        (directory / "train.py").write_text(PRELUDE + FORKS)
        done = subprocess.run(
            [sys.executable, "train.py"],
            cwd=directory,
            env={**environment, "HOME": str(directory)},
            input=json.dumps(list(codes)),
            capture_output=True,
            text=True,
            check=True,
        )
        statuses = json.loads(done.stdout)
        homes = [directory / str(number) for number in range(len(statuses))]
        return [
            Forked(os.waitstatus_to_exitcode(status), home, (home / "2").read_text())
            for status, home in zip(statuses, homes, strict=True)
        ]

    return run


@pytest.fixture
def spawn(jail) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start a script and go on; it is killed at the end of the test if it lives.

    ``before`` are words that the command line begins with.
    """
    started: list[subprocess.Popen[str]] = []

    def launch(
        code: str, *args: str, cwd: Path | None = None, before: Iterable[str] = ()
    ) -> subprocess.Popen[str]:
        home = cwd or jail.cwd
        process = subprocess.Popen(
            [*before, *command(home, code, *args)],
            cwd=home,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield launch
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def journals(jail) -> Callable[[], list[Path]]:
    """Finds all journals below the working directory, oldest first."""
    return lambda: sorted(jail.cwd.glob("wandb/*run-*/run-*.jsonl"))


@pytest.fixture
def records() -> Callable[..., list[dict[str, Any]]]:
    """Reads the records of a run or journal, all or those of one type."""

    def read(source: Run | Path, kind: str | None = None) -> list[dict[str, Any]]:
        path = source.journal_path if isinstance(source, Run) else source
        return [record for record in read_records(path) if kind in (None, record["type"])]

    return read


@pytest.fixture
def stored(journals) -> Callable[[], StoredRun]:
    """Reads the one run below the working directory."""

    def read() -> StoredRun:
        (journal,) = journals()
        return load_run(journal)

    return read


@pytest.fixture
def full_disk() -> Callable[[], AbstractContextManager[None]]:
    """Makes a context in which no file can grow beyond 100 bytes."""
    resource = pytest.importorskip("resource")

    @contextlib.contextmanager
    def full() -> Iterator[None]:
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    return full


WARM = """
import json, os, runpy, sys
import numpy
from runsettings import Config, LayeredSettings, RunConfig, Settings, check, init
from runsettings.cli.main import main
Settings()
for line in sys.stdin:
    request = json.loads(line)
    child = os.fork()
    if not child:
        for stream, path in enumerate([os.devnull, request["output"], request["output"]]):
            os.dup2(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND), stream)
        os.chdir(request["cwd"])
        os.environ.clear()
        os.environ.update(request["env"])
        sys.argv = request["words"]
        break
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
else:
    sys.exit()
if sys.argv[0] == "python":
    del sys.argv[0]
    sys.path.insert(0, request["cwd"])
    sys.exit(runpy.run_path(sys.argv[0], run_name="__main__") and None)
sys.exit(main())
"""
"""Runs commands in processes of their own, which share the imports: they take longest."""


class Ran(NamedTuple):
    """A command that ended."""

    code: int
    printed: str


class Warm:
    """Runs ``runsettings …`` and ``python script.py …`` without a new interpreter.

    Args:
        directory: A directory of its own.
    """

    def __init__(self, directory: Path) -> None:
        self._output = directory / "printed"
        self.process = subprocess.Popen(
            [sys.executable, "-c", WARM],
            cwd=directory,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, words: list[str], cwd: Path, env: dict[str, str]) -> Ran:
        """Run a command, and return when it has ended."""
        self._output.unlink(missing_ok=True)
        request = {"words": words, "cwd": str(cwd), "env": env, "output": str(self._output)}
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer, "the process that runs commands has ended"
        return Ran(int(answer), self._output.read_text())


@pytest.fixture(scope="module")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warm]:
    """Runs the commands of a page or of a person."""
    warm = Warm(tmp_path_factory.mktemp("warm"))
    with warm.process:
        yield warm
        assert warm.process.stdin is not None
        warm.process.stdin.close()
