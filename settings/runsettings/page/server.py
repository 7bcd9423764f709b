"""Serves the page on the loopback address of this machine."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Callable
from typing import Final

import uvicorn

from runsettings.page.application import make_application
from runsettings.page.run_edits import Editing
from runsettings.recorded.sources import RunSource

HOST: Final = "127.0.0.1"


def open_port(port: int) -> socket.socket:
    """Open a port of the loopback address.

    Args:
        port: The number of the port; 0 for any free port.

    Returns:
        The socket, bound to the port.

    Raises:
        OSError: The port is in use, or not allowed.
    """
    # Not `SO_REUSEPORT`: two pages must not share one port.
    # With the protocol named, asyncio sends each part of a response at once. Without it, the second
    # part waits 40 ms for the browser to confirm the first.
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((HOST, port))
        found.listen(128)
    except OSError:
        found.close()
        raise
    return found


def serve(
    source: RunSource, editing: Editing, opened: socket.socket, ready: Callable[[str], None]
) -> None:
    """Serve the page until Ctrl-C.

    Args:
        source: The source of the runs.
        editing: Opens the source for a change.
        opened: The socket, from `open_port`; it is closed at the end.
        ready: Called with the URL, as soon as a browser can open it.
    """
    token = secrets.token_urlsafe(32)
    port = opened.getsockname()[1]
    config = uvicorn.Config(
        make_application(source, editing, token, port),
        log_level="warning",
        access_log=False,
        lifespan="off",
        ws="none",
        http="h11",
        loop="asyncio",
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=1,
    )
    # The kernel queues connections until the server accepts them.
    ready(f"http://{HOST}:{port}/?token={token}")
    uvicorn.Server(config).run(sockets=[opened])
