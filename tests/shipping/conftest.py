"""Stores for the tests: a SQLite file, and a PostgreSQL server of the tests' own."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest

PASSWORD = "pg-s3cret-of-the-tests"


def binary(name: str) -> str | None:
    """A program of PostgreSQL, which Debian does not put on ``PATH``."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return shutil.which(name, path=os.pathsep.join([*map(str, places), os.environ["PATH"]]))


class Server(NamedTuple):
    """A PostgreSQL server that the tests started."""

    directory: Path
    port: int

    @property
    def address(self) -> str:
        """The address of its first database, with the password."""
        return f"postgresql://tester:{PASSWORD}@127.0.0.1:{self.port}/postgres"

    def run(self, *command: str, input: str | None = None) -> None:  # noqa: A002
        """Run one of PostgreSQL's programs, as ``nobody`` if the tests run as root."""
        other = {"user": "nobody", "group": "nogroup", "extra_groups": []}
        program = binary(command[0])
        assert program is not None
        # Not captured by pipes, which the server would inherit and keep open.
        with (self.directory / "log").open("a") as log:
            subprocess.run(
                [program, *command[1:]],
                cwd=self.directory,
                input=input,
                text=True,
                check=True,
                stdout=log,
                stderr=log,
                **(other if os.geteuid() == 0 else {}),
            )

    def make(self) -> None:
        """Make the files of the server."""
        words = self.directory / "password"
        words.write_text(PASSWORD)
        if os.geteuid() == 0:
            shutil.chown(self.directory, "nobody", "nogroup")
            shutil.chown(words, "nobody", "nogroup")
        self.run(
            *("initdb", "--pgdata=data", "--username=tester", "--auth=scram-sha-256"),
            *("--pwfile=password", "--no-sync", "--encoding=UTF8", "--locale=C"),
        )

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=''"
        self.run("pg_ctl", "start", "-w", "-D", "data", "-l", "server.log", "-o", options)

    def stop(self) -> None:
        """Stop the server, and drop its connections."""
        self.run("pg_ctl", "stop", "-w", "-D", "data", "-m", "fast")


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A PostgreSQL server on a free port of the loopback address."""
    if binary("initdb") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("PostgreSQL is not installed: apt-get install postgresql")
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # Not below pytest's directory, which only the user who runs the tests may enter.
    with tempfile.TemporaryDirectory(prefix="runsettings-pg-") as directory:
        found = Server(Path(directory), port)
        found.make()
        found.start()
        try:
            yield found
        finally:
            found.stop()


@pytest.fixture
def postgres(server) -> Iterator[str]:
    """The address of an empty database in PostgreSQL."""
    name = f"d{os.urandom(6).hex()}"
    with psycopg.connect(server.address, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    yield server.address.removesuffix("postgres") + name
    with psycopg.connect(server.address, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgres"])
def address(request, jail) -> str:
    """The address of an empty store, of each kind."""
    if request.param == "postgres":
        return request.getfixturevalue("postgres")
    return f"sqlite:///{jail.cwd}/runs.db"


@pytest.fixture
def make_run(begin) -> Callable[..., Path]:
    """Records a run with some rows and finishes it; its journal."""

    def make(rows: int = 3, **given) -> Path:
        with begin(**given) as run:
            for step in range(rows):
                run.log({"loss": 1 / (step + 1), "val": {"acc": step}})
        return run.journal_path

    return make


@pytest.fixture
def online(address, jail):
    """A store that the setting names."""
    jail.setenv(WANDB_STORE=address)
    return address


@pytest.fixture
def silent_server():
    """The address of a server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"postgresql://me:s3cretword@127.0.0.1:{server.getsockname()[1]}/d"


@pytest.fixture
def refusing_server():
    """An address where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    return f"postgresql://me:s3cretword@127.0.0.1:{port}/d"


class Proxy:
    """A server between a client and the PostgreSQL server, which can become slow or go away."""

    def __init__(self, server: Server, address: str) -> None:
        self.server = server
        self.listener = socket.create_server(("127.0.0.1", 0))
        port = self.listener.getsockname()[1]
        self.address = address.replace(f":{server.port}/", f":{port}/")
        self.how = "open"
        self.ended = threading.Event()
        self.pairs: list[tuple[socket.socket, socket.socket]] = []
        self.threads = [threading.Thread(target=self._accept, daemon=True)]
        self.threads[0].start()

    def become(self, how: str) -> None:
        """Answer from now on as this word says: open, hang, drip or refuse."""
        self.how = how
        if how == "refuse":
            self._cut()

    def close(self) -> None:
        """End every connection."""
        self.ended.set()
        self._cut()
        self.threads[0].join()
        self._cut()  # also what it accepted meanwhile
        for thread in self.threads:
            thread.join()
        for each in (self.listener, *itertools.chain(*self.pairs)):
            each.close()

    def _cut(self) -> None:
        # To shut a listening socket down wakes the thread that waits for a connection.
        for each in (self.listener, *itertools.chain(*self.pairs)):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                there = socket.create_connection(("127.0.0.1", self.server.port))
                self.pairs.append((client, there))
                for pair in ((client, there, False), (there, client, True)):
                    thread = threading.Thread(target=self._pass_on, args=pair, daemon=True)
                    self.threads.append(thread)
                    thread.start()

    def _pass_on(self, source: socket.socket, target: socket.socket, answers: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                if not answers or self.how == "open":
                    target.sendall(data)
                    continue
                for byte in data if self.how == "drip" else ():
                    if self.ended.wait(1):
                        return
                    target.sendall(bytes([byte]))
        for each in (source, target):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def proxy(server, postgres) -> Iterator[Proxy]:
    """A proxy before an empty database in PostgreSQL."""
    found = Proxy(server, postgres)
    yield found
    found.close()


@pytest.fixture
def on_machine() -> Callable[[str], list[str]]:
    """Begins the command line of a script with another host name, in a namespace of its own."""
    user = [] if os.geteuid() == 0 else ["--map-root-user"]
    line = ["unshare", *user, "--uts", "sh", "-c"]
    try:
        subprocess.run([*line, "hostname other"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no namespace with a host name of its own can be made")
    return lambda name: [*line, f'hostname {name} && exec "$0" "$@"']
