"""The keys under which a person finds things in a run: ``state``, ``config.lr``, ``summary.loss``.

Filters, columns, sorting and grouping all mean the same keys, and this is where they are looked
up. What a run does not have is `MISSING`, which is less than ``null``: a config may hold that.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from runsettings.journal.replay import StoredRun
from runsettings.values.rendering import printable
from runsettings.values.tree import MISSING, leaves_of, value_at


class Kind(enum.Enum):
    """What an attribute holds, which decides how it is written, compared and shown."""

    VALUE = enum.auto()
    """Any JSON value, as in config and summary."""
    TIME = enum.auto()
    """Seconds since 1970."""
    DURATION = enum.auto()
    """Seconds."""
    STATE = enum.auto()
    """One of a few words."""
    LIST = enum.auto()
    """Several texts."""


class Attribute(NamedTuple):
    """Something that every run has or lacks under a name of its own."""

    kind: Kind
    get: Callable[[StoredRun], Any]
    help: str


def _named(name: str) -> Callable[[StoredRun], Any]:
    def get(run: StoredRun) -> Any:
        value = getattr(run, name)
        return MISSING if value is None or value == "" else value

    return get


def _moment(name: str) -> Callable[[StoredRun], Any]:
    def get(run: StoredRun) -> Any:
        return getattr(run, name) or MISSING

    return get


def _exit_code(run: StoredRun) -> Any:
    return MISSING if run.exit is None else run.exit.get("code", MISSING)


ATTRIBUTES: Final[Mapping[str, Attribute]] = {
    "id": Attribute(Kind.VALUE, _named("id"), "The run's id."),
    "name": Attribute(Kind.VALUE, _named("name"), "Its display name."),
    "project": Attribute(Kind.VALUE, _named("project"), "Its project."),
    "entity": Attribute(Kind.VALUE, _named("entity"), "The user or team."),
    "group": Attribute(Kind.VALUE, _named("group"), "The group that it belongs to."),
    "job_type": Attribute(Kind.VALUE, _named("job_type"), "The kind of run within its group."),
    "state": Attribute(Kind.STATE, _named("state"), "running, finished, failed, killed, crashed."),
    "created": Attribute(Kind.TIME, _moment("created"), "When it was first started."),
    "started": Attribute(Kind.TIME, _moment("started"), "When it was last started or resumed."),
    "ended": Attribute(Kind.TIME, _moment("ended"), "When its last process ended."),
    "runtime": Attribute(Kind.DURATION, _named("runtime"), "How long its last process ran."),
    "steps": Attribute(Kind.VALUE, _named("rows"), "How many steps have data."),
    "tags": Attribute(Kind.LIST, _named("tags"), "Its tags."),
    "notes": Attribute(Kind.VALUE, _named("notes"), "Its notes."),
    "mode": Attribute(Kind.VALUE, _named("mode"), "online or offline."),
    "host": Attribute(Kind.VALUE, _named("host"), "The machine of its last process."),
    "pid": Attribute(Kind.VALUE, _named("pid"), "The id of its last process."),
    "exit_code": Attribute(Kind.VALUE, _exit_code, "The exit code of its last process."),
    "directory": Attribute(
        Kind.VALUE, lambda run: str(Path(run.journal).parent), "The run's directory."
    ),
}
"""Every attribute by its key, in the order in which JSON and CSV have them."""

STATES: Final = ("running", "finished", "failed", "killed", "crashed")

SECTIONS: Final = ("config", "summary", "metadata")
"""What is looked up in a run's own values, by keys that differ from run to run."""


class UnknownKey(Exception):  # noqa: N818 - it is what its name says, told with a hint
    """No run has this key; the text says so and names one that was likely meant."""


class Key(NamedTuple):
    """A key that runs can be asked for."""

    text: str
    kind: Kind
    get: Callable[[StoredRun], Any]
    """The run's value, or `MISSING`."""


def find_key(text: str, runs: Iterable[StoredRun]) -> Key:
    """The key of this name.

    Args:
        text: An attribute's name, or ``config.``, ``summary.`` or ``metadata.`` and a key there.
        runs: The runs of which at least one must have it; if there are none, any key will do.

    Raises:
        UnknownKey: There is no such attribute, or no run has such a key.
    """
    attribute = ATTRIBUTES.get(text)
    if attribute is not None:
        return Key(text, attribute.kind, attribute.get)
    section, dot, name = text.partition(".")
    runs = list(runs)
    # An empty name may be in a journal: earlier versions let one be logged.
    if section in SECTIONS and dot:
        get = _getter(section, name)
        if not runs or any(get(run) is not MISSING for run in runs):
            return Key(text, Kind.VALUE, get)
        message = f"no run here has '{printable(text)}'"
    else:
        message = f"unknown key '{printable(text)}'"
    hint = _likely(text, name, runs)
    advice = hint or "use a run's attribute, config.KEY, summary.KEY or metadata.KEY"
    raise UnknownKey(f"{message} — {advice}")


def known_keys(runs: Iterable[StoredRun]) -> list[str]:
    """Every attribute, and every leaf of any run's config and summary, sorted within these."""
    config: set[str] = set()
    summary: set[str] = set()
    for run in runs:
        config.update(".".join(map(str, path)) for path, _ in leaves_of(run.config, ("config",)))
        summary.update("summary." + key for key in run.summary)
    return [*ATTRIBUTES, *sorted(config), *sorted(summary)]


def _likely(text: str, name: str, runs: list[StoredRun]) -> str | None:
    """What to say of the key that was likely meant."""
    from runsettings.values.did_you_mean import did_you_mean  # difflib, for slips alone

    known = known_keys(runs)
    # Whoever writes `lr` means `config.lr`, and `config.loss` may be in the summary.
    for bare in filter(None, (text, name)):
        for section in SECTIONS:
            if f"{section}.{bare}" in known:
                return f"did you mean '{printable(f'{section}.{bare}')}'?"
    hint = did_you_mean(text, known)
    return None if hint is None else printable(hint)


def _getter(section: str, name: str) -> Callable[[StoredRun], Any]:
    path = tuple(name.split("."))

    def from_tree(run: StoredRun) -> Any:
        return value_at(getattr(run, section), path)

    def from_summary(run: StoredRun) -> Any:
        return run.summary.get(name, MISSING)

    return from_summary if section == "summary" else from_tree
