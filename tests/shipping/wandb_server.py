"""A W&B server for the tests: it answers the real client, and keeps what the client sends."""

from __future__ import annotations

import base64
import gzip
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY = "0123456789abcdef0123456789abcdef01234567"

HISTORY = "wandb-history.jsonl"
SUMMARY = "wandb-summary.json"


class Run:
    """A run as the server has it."""

    def __init__(self) -> None:
        self.names = {}
        """The variables of its mutations."""
        self.lines = {}
        """The lines of each stream by their number."""
        self.ends = []
        """The exit codes that were told."""

    @property
    def rows(self):
        """The rows of the history in the order of their lines."""
        lines = self.lines.get(HISTORY, {})
        return [json.loads(lines[number]) for number in sorted(lines)]

    @property
    def summary(self):
        """The summary that was sent last."""
        return json.loads(self.lines.get(SUMMARY, {}).get(0, "{}"))

    @property
    def config(self):
        """The values of the config."""
        return {key: value for key, value in self._config.items() if key != "_wandb"}

    @property
    def own(self):
        """What the client has told of itself."""
        return self._config.get("_wandb", {})

    @property
    def _config(self):
        config = json.loads(self.names.get("config", "{}"))
        return {key: each["value"] for key, each in config.items()}

    def bucket(self, name):
        """The run in the form of the answers."""
        tail = [json.dumps(row) for row in self.rows[-1:]]
        entity = {"id": "RQ==", "name": self.names.get("entity", "me")}
        project = {"id": "UA==", "name": self.names.get("project"), "entity": entity}
        counts = {"historyLineCount": len(self.rows), "eventsLineCount": 0, "logLineCount": 0}
        return {
            **counts,
            "id": "Qg==",
            "name": name,
            "displayName": self.names.get("displayName"),
            "config": self.names.get("config", "{}"),
            "historyTail": json.dumps(tail),
            "eventsTail": "[]",
            "summaryMetrics": json.dumps(self.summary),
            # With what the client has told of itself; a run without it was never started.
            "wandbConfig": json.dumps({"t": self.own.get("t")} if "t" in self.own else {}),
            "tags": self.names.get("tags", []),
            "project": project,
        }


class WandbServer(ThreadingHTTPServer):
    """The server, on a free port of the loopback address."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.runs: dict[str, Run] = {}
        self.files: dict[str, bytes] = {}
        self.refused = ""
        """What is refused: the beginning or end of the path of a request, or its operation."""
        self.status = 403
        """The status of the answer to a request that is refused."""
        self.requests: list[str] = []
        """The path of each request that was refused."""
        self.unknown: list[str] = []
        """Requests that it has no answer for."""
        self.thread = threading.Thread(target=self.serve_forever, daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, *_: object) -> None:
        """Say nothing of a client that was killed."""

    def stop(self) -> None:
        """Stop it."""
        self.shutdown()
        self.server_close()
        self.thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: WandbServer

    def log_message(self, *_: object) -> None:
        """Print nothing."""

    def do_POST(self) -> None:
        """Answer a request."""
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        status, answer = self._answer(body)
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_PUT = do_GET = do_POST

    def _answer(self, body: bytes):
        if self.path.startswith("/sdk/otel/"):
            return 200, {}  # figures about the client itself
        refused = self.server.refused
        if refused and (
            self.path.startswith(refused)
            or self.path.endswith(refused)
            or refused.encode() in body[:100]
        ):
            self.server.requests.append(self.path)
            return self.server.status, {"error": "no room"}
        if self.path.startswith("/upload/"):
            self.server.files[self.path.removeprefix("/upload/")] = body
            return 200, {}
        login = base64.b64encode(f"api:{KEY}".encode()).decode()
        if self.headers.get("authorization") != f"Basic {login}":
            return 401, {"errors": [{"message": "invalid API key"}]}
        data = json.loads(body)
        if self.path.endswith("/file_stream"):
            run = self.server.runs[self.path.split("/")[-2]]
            for name, chunk in (data.get("files") or {}).items():
                lines = enumerate(chunk["content"], chunk["offset"])
                run.lines.setdefault(name, {}).update(lines)
            if data.get("complete"):
                run.ends.append(data["exitcode"])
            return 200, {}
        return 200, {"data": self._data(data["operationName"], data["variables"])}

    def _data(self, operation: str, given):
        if operation == "UpsertBucket":
            run = self.server.runs.setdefault(given["name"], Run())
            is_new = not run.names
            run.names.update({key: value for key, value in given.items() if value is not None})
            return {"upsertBucket": {"inserted": is_new, "bucket": run.bucket(given["name"])}}
        if operation == "RunResumeStatus":
            run = self.server.runs.get(given["name"])
            bucket = None if run is None else run.bucket(given["name"])
            entity = {"id": "RQ==", "name": "me"}
            return {"model": {"id": "UA==", "name": "p", "entity": entity, "bucket": bucket}}
        if operation == "CreateRunFiles":
            url = f"{self.server.url}/upload"
            files = [{"name": name, "uploadUrl": f"{url}/{name}"} for name in given["files"]]
            return {"createRunFiles": {"runID": "Qg==", "uploadHeaders": [], "files": files}}
        if operation == "OrganizationCoreWeaveOrganizationID":
            return {"entity": {"organization": None}}
        self.server.unknown.append(operation)
        return {}
