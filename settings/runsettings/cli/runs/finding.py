"""Which directory's runs a command is about, and which run a person means."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from runsettings.cli.printing import note
from runsettings.documents.paths import named_path
from runsettings.journal.directory import find_journals, wandb_directory
from runsettings.journal.index import Listing, find_runs, list_runs
from runsettings.journal.replay import StoredRun, load
from runsettings.values.errors import RunsettingsError, SettingsError
from runsettings.values.rendering import printable

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_Command = TypeVar("_Command", bound=Callable[..., Any])

LATEST: Final = "latest"
"""What stands for the run that was started last."""

_WORTH_A_BAR: Final = 1_000
"""Journals to read from which a person wants to see how far it is."""

_CANDIDATES: Final = 10
"""Runs that are named when several are meant."""


class RunNotFound(click.ClickException):
    """No run, or several, are what the person wrote."""


def directory_option(command: _Command) -> _Command:
    """The option ``--dir``, as the argument ``root``: its text, or ``None``."""
    return click.option(
        "--dir",
        "root",
        metavar="DIR",
        type=click.Path(),
        help="Where the runs are, as init(dir=); else what the settings say (WANDB_DIR, …).",
    )(command)


def runs_directory(root: str | None) -> Path:
    """The ``wandb`` directory.

    Args:
        root: The directory above it, or itself; without one, what the settings say.

    Raises:
        click.BadParameter: There is no such directory.
        SettingsError: The settings are wrong, and so it is not known which directory.
    """
    if root is None:
        return wandb_directory(_settled_root())
    given = named_path(root, Path())  # relative if it is written so
    if not given.is_dir():
        raise click.BadParameter(f"there is no directory {root!r}", param_hint="--dir")
    below = wandb_directory(given)
    if below.is_dir():
        return below
    itself = given.name in ("wandb", ".wandb") or next(find_journals(given), None) is not None
    return given if itself else below


def list_all(directory: Path) -> Listing:
    """All runs, with a bar on a terminal while many are read for the first time.

    Journals that cannot be read are told on the standard error.
    """
    with _bar() as tell:
        listing = list_runs(directory, tell)
    for journal, fault in listing.unreadable.items():
        note(f"{journal} cannot be read and is left out: {' '.join(fault.split())}")
    return listing


def find_run(directory: Path, name: str) -> StoredRun:
    """The one run that a person means, with all that its journal holds.

    Args:
        directory: The ``wandb`` directory.
        name: An id, the beginning of one, a name, a path, or ``latest``.

    Raises:
        RunNotFound: None is meant, or several are.
    """
    if not name.strip():
        raise RunNotFound("an empty name means no run")
    at_path = _at_path(name)
    if at_path is not None:
        return at_path
    found = find_runs(directory, name)
    if len(found) == 1:
        return load(found[0].journal)
    if found:
        raise RunNotFound(_ambiguous(name, found))
    runs = list_runs(directory).runs
    if name == LATEST and runs:
        return load(runs[0].journal)
    raise RunNotFound(_missing(name, directory, runs))


def complete_runs(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Ids and names of runs that begin with what is typed, newest first."""
    del param
    from click.shell_completion import CompletionItem

    items = []
    for run in completable(ctx):
        for text in (run.id, run.name):
            if text.startswith(incomplete) and text.isprintable() and " " not in text:
                told = run.name if text == run.id else run.id
                items.append(CompletionItem(text, help=printable(f"{told} {run.state}")))
                break
    return items


def completable(ctx: click.Context) -> list[StoredRun]:
    """The runs to complete from; none where anything is wrong, for there is nobody to tell."""
    try:
        return list_runs(runs_directory(ctx.params.get("root"))).runs
    except (OSError, RunsettingsError, click.ClickException):
        return []


def _settled_root() -> Path:
    # The models load pydantic, which the help of a command does not need.
    from runsettings.models.settings import Settings

    try:
        settings = Settings.resolve()
    except SettingsError:
        note("give --dir to see runs while the settings are wrong")
        raise
    return named_path(settings.root_dir or ".", Path())


def _at_path(name: str) -> StoredRun | None:
    """The run whose directory or journal is at this path, wherever it is."""
    path = Path(name)
    try:
        if path.is_dir():
            journals = sorted(path.glob("run-*.jsonl"))
        else:
            journals = [path] if path.name.endswith(".jsonl") and path.is_file() else []
    except (OSError, ValueError):
        return None  # no path at all: too long, or with a NUL
    if len(journals) != 1:
        return None
    run = load(journals[0])
    return run if run.started_run else None


def _ambiguous(name: str, found: list[StoredRun]) -> str:
    lines = [f"'{printable(name)}' may mean {len(found)} runs; give more of an id, or a path:"]
    lines += [f"  {_described(run)}" for run in found[:_CANDIDATES]]
    if len(found) > _CANDIDATES:
        lines.append(f"  … and {len(found) - _CANDIDATES} more")
    return "\n".join(lines)


def _missing(name: str, directory: Path, runs: list[StoredRun]) -> str:
    message = f"there is no run '{printable(name)}' in {printable(str(directory))}"
    if not runs:
        return message
    from runsettings.values.did_you_mean import did_you_mean  # difflib, for slips alone

    hint = did_you_mean(name, [text for run in runs for text in (run.id, run.name)])
    return f"{message} — {printable(hint) if hint else '`runsettings runs ls` lists them'}"


def _described(run: StoredRun) -> str:
    return printable(f"{run.id}  {run.name}  {run.project}  {run.directory}")


@contextlib.contextmanager
def _bar() -> Iterator[Callable[[int, int], None]]:
    """What to tell of progress; a terminal shows it once there is much to read."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    with contextlib.ExitStack() as stack:
        advance: list[Callable[[int], None]] = []

        def tell(done: int, total: int) -> None:
            if total < _WORTH_A_BAR:
                return
            if not advance:
                from rich.console import Console  # terminals alone are worth its time
                from rich.progress import Progress

                bar = stack.enter_context(Progress(console=Console(stderr=True), transient=True))
                task = bar.add_task("reading journals", total=total)
                advance.append(lambda done: bar.update(task, completed=done))
            if done % 100 == 0 or done == total:
                advance[0](done)

        yield tell
