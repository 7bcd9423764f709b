"""The web application: the routes of the page and their responses."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import unquote

from pydantic_core import to_json
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from runsettings.journal.query.errors import QueryError, RunNotFoundError
from runsettings.journal.replay import StoredRun
from runsettings.page.curves import curves_as_csv, curves_as_json, drawn_curves
from runsettings.page.guard import Guard
from runsettings.page.run_edits import CHANGES, LARGEST, Editing
from runsettings.page.run_files import read_content, read_text
from runsettings.page.run_views import load_run, read_difference, read_run
from runsettings.page.runs_table import (
    read_keys,
    read_rows,
    read_table,
    table_as_csv,
    table_as_json,
)
from runsettings.page.value_tables import differences_as_csv, run_as_csv
from runsettings.recorded.sources import RunSource
from runsettings.values.errors import RunError, SettingsError

STATIC: Final = Path(__file__).parent / "static"
"""What the browser loads."""

_MOST: Final = 20
"""The largest number of runs in one comparison."""

_Asked = TypeVar("_Asked")

Answer = Callable[[RunSource, Mapping[str, str]], Any]


def make_application(source: RunSource, editing: Editing, token: str, port: int) -> Guard:
    """Make the application.

    Args:
        source: The source of the runs. Several threads use it.
        editing: Opens the source for a change.
        token: The token that a browser needs for access.
        port: The port of the page.

    Returns:
        The application.
    """
    routes = [
        Route("/", lambda _request: FileResponse(STATIC / "index.html")),
        *(Route(f"/api/{name}", _endpoint(source, answer)) for name, answer in _ANSWERS.items()),
        *(
            Route(f"/api/{name}", _change_endpoint(source, editing, change), methods=["POST"])
            for name, change in CHANGES.items()
        ),
        Route("/file", _file_endpoint(source)),
        *(
            Route(f"/{name}.{form}", _endpoint(source, answer))
            for name, forms in _DOWNLOADS.items()
            for form, answer in forms.items()
        ),
        Mount("/static", StaticFiles(directory=STATIC)),
    ]
    return Guard(Starlette(routes=routes), token, port)


def _endpoint(source: RunSource, answer: Answer) -> Callable[[Request], Response]:
    """A function that responds to a request with JSON or CSV. Starlette calls it in a thread."""

    def respond(request: Request) -> Response:
        found = answer(source, request.query_params)
        if isinstance(found, str):
            return Response(found, media_type="text/csv")
        return _json(found)

    return _with_errors(respond)


def _file_endpoint(source: RunSource) -> Callable[[Request], Response]:
    """A function that responds with the content of a file of a run."""

    def respond(request: Request) -> Response:
        asked = request.query_params
        headers, parts = read_content(source, _run_of(source, asked), asked.get("path", ""))
        return StreamingResponse(parts, headers=headers)

    return _with_errors(respond)


def _change_endpoint(
    source: RunSource, editing: Editing, change: Callable[[RunSource, Editing, bytes], Any]
) -> Callable[[Request], Awaitable[Response]]:
    """A function that changes runs by a request with a JSON body."""

    def answer(body: bytes) -> Response:
        return _json(change(source, editing, body))

    changed = _with_errors(answer)

    async def respond(request: Request) -> Response:
        # A form of another site cannot send this type. `Guard` has checked the origin too.
        if request.headers.get("content-type") != "application/json":
            return _json({"error": "a change is sent as application/json"}, 415)
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > LARGEST:
                return _json({"error": f"a change has at most {LARGEST:,} bytes"}, 413)
        return await run_in_threadpool(changed, body)

    return respond


def _with_errors(respond: Callable[[_Asked], Response]) -> Callable[[_Asked], Response]:
    """The function, with a response for each error of a question, a disk or a store."""

    def guarded(asked: _Asked) -> Response:
        try:
            return respond(asked)
        except RunNotFoundError as error:
            return _json({"error": str(error)}, 404)
        except QueryError as error:
            return _json({"error": str(error), "part": error.part}, 400)
        except SettingsError as error:
            return _json({"error": error.diagnostics[0].message}, 400)
        except RunError as error:
            return _json({"error": error.diagnostics[0].message}, 502)
        except OSError as error:
            return _json({"error": error.strerror or str(error)}, 500)

    return guarded


def _json(data: Any, status: int = 200) -> Response:
    """A JSON response. JSON has no NaN and no infinities, so they become texts."""
    content = to_json(data, inf_nan_mode="strings", fallback=str)
    return Response(content, status, media_type="application/json")


def _about(source: RunSource, _asked: Mapping[str, str]) -> Any:
    # A build without npm has no library for the charts.
    charts = (STATIC / "vendor" / "uplot" / "uPlot.esm.js").is_file()
    return {"place": source.place, "charts": charts}


def _run_of(source: RunSource, asked: Mapping[str, str]) -> StoredRun:
    return load_run(source, asked.get("project", ""), asked.get("id", ""))


def _run(source: RunSource, asked: Mapping[str, str]) -> Any:
    return read_run(source, _run_of(source, asked))


def _text(source: RunSource, asked: Mapping[str, str]) -> Any:
    return read_text(source, _run_of(source, asked), asked.get("path", ""))


def _difference(source: RunSource, asked: Mapping[str, str]) -> Any:
    return read_difference(source, _compared_runs(source, asked))


def _compared_runs(source: RunSource, asked: Mapping[str, str]) -> list[StoredRun]:
    names = [each.partition("/") for each in asked.get("runs", "").split(",")]
    if not 2 <= len(names) <= _MOST:
        raise QueryError(f"2 to {_MOST} runs can be compared")
    return [load_run(source, unquote(project), unquote(run_id)) for project, _, run_id in names]


_ANSWERS: Final[Mapping[str, Answer]] = {
    "about": _about,
    "table": read_table,
    "keys": lambda source, _asked: read_keys(source),
    "run": _run,
    "text": _text,
    "curves": drawn_curves,
    "rows": read_rows,
    "diff": _difference,
}
"""By the last part of the URL path, the function that makes the response."""

_DOWNLOADS: Final[Mapping[str, Mapping[str, Answer]]] = {
    "table": {"csv": table_as_csv, "json": table_as_json},
    "curves": {"csv": curves_as_csv, "json": curves_as_json},
    "run": {
        "csv": lambda source, asked: run_as_csv(source, _run_of(source, asked)),
        "json": _run,
    },
    "diff": {
        "csv": lambda source, asked: differences_as_csv(_compared_runs(source, asked)),
        "json": _difference,
    },
}
"""By the name and the form of a file that the user can download, the function that makes it."""
