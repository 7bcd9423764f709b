"""Changes and deletes runs for the page, as `runs tag` and `runs rm` do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Annotated, Any, Final, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from runsettings.journal.edits import Edit
from runsettings.journal.query.errors import QueryError
from runsettings.page.run_views import load_run
from runsettings.recorded.sources import RunSource
from runsettings.values.diagnostic import Rule
from runsettings.values.errors import RunError

LARGEST: Final = 1 << 20
"""The largest number of bytes of a request."""

Editing: TypeAlias = Callable[[], AbstractContextManager[RunSource]]
"""Opens the source for a change. It has the same runs as the source that is read."""

_T = TypeVar("_T", bound=BaseModel)

_Tags = Annotated[list[str], Field(max_length=1000)]


class _RunName(BaseModel):
    """A request to delete a run."""

    model_config = ConfigDict(extra="forbid", strict=True)

    project: str
    id: str


class _EditRequest(_RunName):
    """A request to change a run; what is left out stays as it is."""

    add: _Tags = []
    remove: _Tags = []
    name: str | None = None
    notes: str | None = None


def edit_run(source: RunSource, editing: Editing, body: bytes) -> dict[str, Any]:
    """Change the name, the notes and the tags of a run.

    Args:
        source: The source of the runs.
        editing: Opens it for the change.
        body: The request as JSON: ``project`` and ``id``, and any of ``add``, ``remove``, ``name``
            and ``notes``.

    Returns:
        The ``name``, ``notes`` and ``tags`` after the change.

    Raises:
        QueryError: The request is wrong.
        RunNotFoundError: There is no such run.
        SettingsError: A tag or the name does not keep the rules of its setting.
        RunError: The name is empty, or the store cannot be changed.
        OSError: The journal cannot be written.
    """
    asked = _parsed(_EditRequest, body)
    run = load_run(source, asked.project, asked.id)
    with editing() as target:
        target.edit(run, Edit(asked.add, asked.remove, asked.name, asked.notes))
    return {"name": run.name, "notes": run.notes, "tags": run.tags}


def delete_run(source: RunSource, editing: Editing, body: bytes) -> dict[str, Any]:
    """Delete a run, and earlier runs that it overwrote. A running run is refused.

    Args:
        source: The source of the runs.
        editing: Opens it for the change.
        body: The request as JSON: ``project`` and ``id``.

    Returns:
        The ids of the deleted runs.

    Raises:
        QueryError: The request is wrong.
        RunNotFoundError: There is no such run.
        RunError: It is running, or cannot be removed.
        OSError: It cannot be deleted.
    """
    asked = _parsed(_RunName, body)
    family = source.family(load_run(source, asked.project, asked.id))
    for run in family:
        if run.state == "running":
            message = f"{run.name} is running: process {run.pid} on {run.host}"
            raise RunError.of(Rule.RUN_OWNED, f"{message}; nothing was deleted")
    with editing() as target:
        for run in family:
            target.remove(run, force=False)
    return {"deleted": [run.id for run in family]}


CHANGES: Final[Mapping[str, Callable[[RunSource, Editing, bytes], dict[str, Any]]]] = {
    "edit": edit_run,
    "delete": delete_run,
}
"""By the last part of the URL path, the function that makes the change."""


def _parsed(model: type[_T], body: bytes) -> _T:
    """Parse a request.

    Raises:
        QueryError: It is wrong.
    """
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        key = ".".join(map(str, first["loc"]))
        raise QueryError(f"the request is wrong: {key}: {first['msg']}") from None
