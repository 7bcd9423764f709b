"""A PostgreSQL server of a benchmark's own, in a temporary directory on a free loopback port."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


class Server:
    """A running server.

    Args:
        directory: The directory with its files.
        port: Its port.
    """

    def __init__(self, directory: Path, port: int) -> None:
        self.directory = directory
        self.address = f"postgresql://benchmark@127.0.0.1:{port}/postgres"
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=''"
        names = ("-U", "benchmark", "--auth=trust", "-E", "UTF8", "--locale=C")
        self.run("initdb", "-D", "data", "--no-sync", *names)
        self.run("pg_ctl", "start", "-w", "-D", "data", "-l", "server.log", "-o", options)
        self.process = (directory / "data" / "postmaster.pid").read_text().split()[0]

    def run(self, name: str, *options: str) -> None:
        """Run one of PostgreSQL's programs; it refuses root, and Debian has it not on ``PATH``."""
        places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
        program = shutil.which(name, path=os.pathsep.join([*map(str, places), os.environ["PATH"]]))
        if program is None:
            raise SystemExit("PostgreSQL is not installed (Debian: apt-get install postgresql)")
        subprocess.run(
            [program, *options],
            cwd=self.directory,
            check=True,
            stdout=subprocess.DEVNULL,
            user="nobody" if os.geteuid() == 0 else None,
        )

    def processor(self) -> float:
        """The processor time that all its processes have taken so far, in milliseconds."""
        total = 0
        for status in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = status.read_text().rpartition(")")[2].split()
            except OSError:
                continue  # the process has ended
            if status.parent.name == self.process:
                total += sum(map(int, fields[11:15]))  # with the processes that have ended
            elif fields[1] == self.process:
                total += int(fields[11]) + int(fields[12])
        return total * 1000 / TICKS


@contextmanager
def own_postgres() -> Iterator[Server]:
    """Start a server with an empty database, and stop it afterwards."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="runsettings-pg-") as root:
        if os.geteuid() == 0:
            shutil.chown(root, "nobody")
        server = Server(Path(root), port)
        try:
            yield server
        finally:
            server.run("pg_ctl", "stop", "-w", "-D", "data", "-m", "fast")
