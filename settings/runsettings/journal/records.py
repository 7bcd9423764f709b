"""The types of records in a run's journal, for readers and for the published JSON Schema.

A journal has one JSON object on each line, whose ``type`` is the type of the record. Readers skip
unknown types, so that a later version can add types. ``version`` in the header changes only if an
older reader would misread the types that it knows.

JSON has no NaN and no infinities; metrics do. They are written as Python's ``json`` writes and
reads them: ``NaN``, ``Infinity``, ``-Infinity``.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, NotRequired, TypeAlias

from pydantic import ConfigDict, Field, TypeAdapter, with_config
from typing_extensions import TypedDict

FORMAT: Final = "runsettings-journal"
VERSION: Final = 1
LARGEST_STEP: Final = (1 << 63) - 1
"""Rows with larger steps are not in the series of metrics."""

SCHEMA_ID: Final = "https://json-schema.org/draft/2020-12/schema"

State: TypeAlias = Literal["running", "finished", "failed", "killed", "crashed"]
"""The state of a run. Only the three in the middle are recorded. Without an ``exit`` record, a run
is ``running`` if a process holds the lock on its journal, and ``crashed`` otherwise."""

_CLOSED: Final = ConfigDict(extra="forbid")

Time = Annotated[float, Field(description="Seconds since 1970, UTC.")]
Losers = Annotated[
    dict[str, list[dict[str, Any]]],
    Field(
        description="What the value of each leaf beat, by its dotted path, the highest first: an "
        "origin, and the value, shortened if it is long; without a value, the key was removed."
    ),
]
Step = Annotated[int, Field(ge=0, description="Rows of one step belong together.")]


@with_config(_CLOSED)
class Header(TypedDict):
    """The first line: the format and its version."""

    type: Literal["header"]
    format: Literal["runsettings-journal"]
    version: Annotated[int, Field(ge=1, le=VERSION)]
    writer: Annotated[str, Field(description="The program that made the file.")]


@with_config(_CLOSED)
class RunRecord(TypedDict):
    """The names of the run. Later records change only the members that they have."""

    type: Literal["run"]
    time: Time
    id: NotRequired[str]
    name: NotRequired[str]
    project: NotRequired[str]
    entity: NotRequired[str | None]
    group: NotRequired[str | None]
    job_type: NotRequired[str | None]
    notes: NotRequired[str | None]
    mode: NotRequired[Literal["online", "offline"]]
    anonymous: NotRequired[bool]


@with_config(_CLOSED)
class Tags(TypedDict):
    """Tags added and removed; any process may append one, also after the end."""

    type: Literal["tags"]
    time: Time
    add: list[str]
    remove: list[str]


@with_config(_CLOSED)
class Start(TypedDict):
    """A process starts to record the run; a second one means that it was resumed."""

    type: Literal["start"]
    time: Time
    pid: int
    host: str
    step: Annotated[int, Field(ge=0, description="The first step of this process.")]
    resumed: bool


@with_config(_CLOSED)
class Continued(TypedDict):
    """The run began in another journal, on another machine, as a store has it."""

    type: Literal["continued"]
    time: Time
    generations: Annotated[
        dict[str, Step],
        Field(
            description="Each earlier journal by the generation that the store knows it by, with "
            "the first step that no longer counts there."
        ),
    ]
    run: Annotated[
        dict[str, Any],
        Field(
            description="The state of the run in the store: the members of `StoredRun`, such as "
            "`config`, `summary`, `tags`, `step` and `starts`."
        ),
    ]


@with_config(_CLOSED)
class SettingsRecord(TypedDict):
    """The settings of the process, secrets masked, and where each was set."""

    type: Literal["settings"]
    time: Time
    values: dict[str, Any]
    origins: dict[str, dict[str, str | int]]
    losers: NotRequired[Losers]


@with_config(_CLOSED)
class ConfigRecord(TypedDict):
    """Values of the run config that were set; a value replaces the earlier one of its key."""

    type: Literal["config"]
    time: Time
    values: Annotated[dict[str, Any], Field(description="Top-level keys with their values.")]
    origins: Annotated[
        dict[str, dict[str, str | int]],
        Field(
            description="Where each leaf was set, by its dotted path: layer, where, line, column, "
            "call, profile; used_by and targets are the places of a composed file, as text."
        ),
    ]
    losers: NotRequired[Losers]
    removed: NotRequired[list[str]]


@with_config(_CLOSED)
class Source(TypedDict):
    """The place from which another package's row comes."""

    file: Annotated[str, Field(description="A file's absolute path, or another name.")]
    offset: Annotated[
        int,
        Field(
            ge=0,
            description="The byte at which its record ends, or a number that grows with each "
            "record.",
        ),
    ]


@with_config(_CLOSED)
class History(TypedDict):
    """The data of one `log` call, or of one event of a file that is followed."""

    type: Literal["history"]
    step: Step
    time: Time
    data: dict[str, Any]
    source: NotRequired[
        Annotated[
            Source,
            Field(
                description="Of a row from a file. A row whose offset is not above that of an "
                "earlier row of the same file is a double: readers drop it. The step is the "
                "file's own, and may go back."
            ),
        ]
    ]


@with_config(_CLOSED)
class SummaryRecord(TypedDict):
    """Summary values that the script set; logged values are in the summary anyway."""

    type: Literal["summary"]
    time: Time
    values: Annotated[dict[str, Any], Field(description="Flat: nested keys are dotted.")]
    removed: NotRequired[list[str]]


@with_config(_CLOSED)
class MetricRecord(TypedDict):
    """How the rows after this record are summarized. It adds to an earlier one of the name."""

    type: Literal["metric"]
    time: Time
    name: Annotated[str, Field(description="A flat key, or the beginning of keys and ``*``.")]
    summary: NotRequired[
        Annotated[list[str], Field(description="min, max, mean, best, first, last, none or copy.")]
    ]
    goal: NotRequired[Annotated[str, Field(description="minimize or maximize, for best.")]]
    step_metric: NotRequired[Annotated[str, Field(description="The metric of the other axis.")]]
    step_sync: NotRequired[bool]
    hidden: NotRequired[bool]
    overwrite: NotRequired[Annotated[bool, Field(description="It replaces the earlier one.")]]


@with_config(_CLOSED)
class FileRecord(TypedDict):
    """A file below ``files/``."""

    type: Literal["file"]
    time: Time
    path: Annotated[str, Field(description="Relative to ``files/``, with forward slashes.")]
    size: Annotated[int, Field(ge=0, description="Bytes.")]


@with_config(_CLOSED)
class Metadata(TypedDict):
    """Facts about the process and its machine; members of a later record win."""

    type: Literal["metadata"]
    time: Time
    values: dict[str, Any]


@with_config(_CLOSED)
class Lost(TypedDict):
    """Records that could be neither written nor kept in memory, as on a full disk."""

    type: Literal["lost"]
    time: Time
    records: Annotated[int, Field(ge=1)]


@with_config(_CLOSED)
class Exit(TypedDict):
    """The process ended the run; of several such records the last counts."""

    type: Literal["exit"]
    time: Time
    state: Literal["finished", "failed", "killed"]
    code: Annotated[int, Field(description="0 is success; 128 + n is signal n.")]
    error: NotRequired[Annotated[str, Field(description="The exception's type.")]]
    signal: NotRequired[str]


Record: TypeAlias = Annotated[
    Header
    | RunRecord
    | Tags
    | Start
    | Continued
    | SettingsRecord
    | ConfigRecord
    | History
    | SummaryRecord
    | MetricRecord
    | FileRecord
    | Metadata
    | Lost
    | Exit,
    Field(discriminator="type"),
]

_BY_TYPE: Final[dict[str, Any]] = {
    "run": RunRecord,
    "tags": Tags,
    "start": Start,
    "continued": Continued,
    "settings": SettingsRecord,
    "config": ConfigRecord,
    "summary": SummaryRecord,
    "metric": MetricRecord,
    "file": FileRecord,
    "metadata": Metadata,
    "lost": Lost,
    "exit": Exit,
}
"""The record types that `checked` validates. `check_header` checks the header, and the faster
`is_row` checks rows, of which a journal has many."""


def is_row(record: dict[str, Any]) -> bool:
    """Whether a record of the type ``history`` has valid members."""
    step, time = record.get("step"), record.get("time")
    return (
        type(step) is int
        and step >= 0
        and type(time) in (int, float)
        and type(record.get("data")) is dict
        and ("source" not in record or _is_source(record["source"]))
    )


def _is_source(source: Any) -> bool:
    if type(source) is not dict:
        return False
    file, offset = source.get("file"), source.get("offset")
    return type(file) is str and type(offset) is int and offset >= 0


def is_double(row: Mapping[str, Any], sources: dict[str, int]) -> bool:
    """Whether a row from a file was read before; if not, it counts from now on.

    Several processes may follow one file. Each appends its rows in the order of the file, so that
    a row whose offset is not above the highest one is in the journal already.

    Args:
        row: A record for which `is_row` holds.
        sources: The highest offset of each file; changed if the row is new.
    """
    source = row.get("source")
    if source is None:
        return False
    file, offset = source["file"], source["offset"]
    if offset <= sources.get(file, -1):
        return True
    sources[file] = offset
    return False


def checked(record: dict[str, Any]) -> dict[str, Any] | None:
    """Check a record by the definition of its type.

    Returns:
        The record with its known members, or ``None`` for an unknown type.

    Raises:
        ValueError: Its members are not those of its type.
    """
    kind = record.get("type")
    if not isinstance(kind, str) or kind not in _BY_TYPE:
        return None
    found: dict[str, Any] = _adapter(kind).validate_python(record, extra="ignore")
    return found


@functools.cache
def _adapter(kind: str) -> TypeAdapter[Any]:
    return TypeAdapter(_BY_TYPE[kind])


def journal_schema() -> dict[str, Any]:
    """The JSON Schema of one line of a journal, as published in ``schema/``."""
    schema = TypeAdapter(Record).json_schema()
    return {
        "$schema": SCHEMA_ID,
        "title": "A record of a runsettings journal",
        "description": "One line of run-<id>.jsonl. Readers skip types that they do not know.",
        **schema,
    }
