"""The roles of a group's PostgreSQL, made by the SQL of the page on stores."""

from __future__ import annotations

import os
import re
from pathlib import Path

import psycopg
import pytest

from runsettings.journal.replay import load_run
from runsettings.shipping.shipper import Shipper
from runsettings.shipping.stores.opening import open_store
from runsettings.shipping.sync import sync_runs
from runsettings.values.errors import RunError

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "postgresql.md"
PASSWORD = "a-s3cret-of-roles"
ROLES = ("owner", "trainer", "curator", "viewer")


@pytest.fixture
def roles(server):
    """The address of a database for each role, after both blocks of SQL of the page."""
    mark = os.urandom(4).hex()
    page = PAGE.read_text()
    before, rights = re.findall(r"```sql\n(.*?)```", page, re.DOTALL)[:2]

    def named(text):
        # The names of roles and databases are those of the whole server.
        text = re.sub(rf"\b({'|'.join(ROLES)})\b(?!')", rf"\1_{mark}", text)
        return text.replace("DATABASE runs", f"DATABASE runs_{mark}").replace("…", PASSWORD)

    place = f"127.0.0.1:{server.port}/runs_{mark}"
    found = {role: f"postgresql://{role}_{mark}:{PASSWORD}@{place}" for role in ROLES}
    with psycopg.connect(server.address, autocommit=True) as connection:
        for statement in filter(str.strip, named(before).split(";")):
            connection.execute(statement)
        connection.execute(f"CREATE ROLE other_{mark} LOGIN PASSWORD '{PASSWORD}'")
    try:
        open_store(found["owner"], upgrading=True).close()
        with psycopg.connect(found["owner"]) as connection:
            connection.execute(named(rights))
        yield {**found, "other": f"postgresql://other_{mark}:{PASSWORD}@{place}"}
    finally:
        with psycopg.connect(server.address, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE runs_{mark} WITH (FORCE)")
            for role in (*ROLES, "other"):
                connection.execute(f"DROP ROLE {role}_{mark}")


def ship(address, journal):
    """Ship a run that grows in between, with a file that changes."""
    with open_store(address) as store:
        return Shipper(store, journal).ship()


def sync(address, run):
    """The result of `sync` for one run."""
    with open_store(address) as store:
        return sync_runs(store, [load_run(run.journal_path)], lambda *_: None)


def test_each_role_may_do_what_the_page_says(roles, begin, jail):
    """And nothing else."""
    run = begin()
    with open_store(roles["trainer"]) as store:
        shipper = Shipper(store, run.journal_path)
        for text in ("a", "b"):
            jail.write("a.txt", text)
            run.save("a.txt")
            run.log({"loss": 1})
            assert shipper.ship().bytes
        run.finish()
        assert shipper.ship().bytes  # joins the small chunks as well
        shipper.check_in()
    for role in ("viewer", "curator"):
        with pytest.raises(RunError, match="permission denied"):
            ship(roles[role], begin(id=f"of-{role}").journal_path)
        begin().finish()
        with open_store(roles[role], writable=False) as store:
            (found,) = store.list_runs()
            assert store.read_metrics(found)["loss"].count == 2
            assert b"".join(store.read_file(found, "a.txt")) == b"b"
    for role in ("viewer", "trainer"):
        with (
            pytest.raises(RunError, match="permission denied"),
            open_store(roles[role]) as store,
        ):
            store.remove_run(store.list_runs()[0])
    for role in ("viewer", "trainer", "curator"):
        for statement in ("DROP TABLE runsettings_runs", "CREATE TABLE mine (a int)"):
            with (
                pytest.raises(psycopg.errors.InsufficientPrivilege),
                psycopg.connect(roles[role]) as connection,
            ):
                connection.execute(statement)
    with open_store(roles["curator"]) as store:
        store.remove_run(store.list_runs()[0])
        assert store.list_runs() == []
    for role in ("viewer", "curator"):
        (refused,) = sync(roles[role], begin(id=f"synced-by-{role}"))
        assert "permission denied" in refused.error
        assert "the owner of the tables grants the role SELECT, INSERT" in refused.error
    with pytest.raises(RunError, match="permission denied for database"):
        open_store(roles["other"])
