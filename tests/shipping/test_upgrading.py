"""The tables: made by alembic's steps, and by one process at a time."""

from __future__ import annotations

import subprocess
import sys

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from runsettings.shipping.stores import tables
from runsettings.shipping.stores.opening import open_store
from runsettings.shipping.stores.upgrading import steps


def test_the_steps_make_the_tables_of_this_version(address):
    """Columns, types, indices and keys; the last step is the version of the code."""
    assert steps().get_current_head() == tables.VERSION
    with open_store(address) as store, store._begin() as connection:
        options = {
            "compare_type": True,
            "version_table": tables.version.name,
            "include_name": lambda name, kind, _: kind != "table" or name != tables.version.name,
        }
        context = MigrationContext.configure(connection, opts=options)
        found = compare_metadata(context, tables.metadata)
    assert [each for each in found if each[1] is not tables.version] == []


def test_many_processes_make_the_tables_once(address, jail):
    """All of them find the store usable."""
    code = (
        "import sys\n"
        "from runsettings.shipping.stores.opening import open_store\n"
        "sys.stdin.read()\n"
        "with open_store(sys.argv[1]) as store:\n"
        "    print(store.list_runs())\n"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code, address],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(5)
    ]
    for process in started:
        process.stdin.close()
    for process in started:
        assert process.stdout.read() == "[]\n", process.stderr.read()
        assert process.wait() == 0
        process.stdout.close()
        process.stderr.close()
