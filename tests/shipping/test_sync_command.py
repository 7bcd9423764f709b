"""`runsettings sync` and `--store`: what a person types, sees, and may not type."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import psycopg
import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner
from sqlalchemy import select, update

from runsettings.cli.main import cli
from runsettings.shipping import addresses
from runsettings.shipping.stores import tables
from runsettings.shipping.stores.opening import open_store
from runsettings.values.errors import RunError


@pytest.fixture
def run():
    """Runs a command line in this process."""
    return lambda *arguments, **more: CliRunner().invoke(
        cli, arguments, catch_exceptions=False, **more
    )


@pytest.fixture
def store(address, jail, monkeypatch):
    """A store that the setting names; the word for it on the command line."""
    monkeypatch.setenv("WANDB_STORE", address)
    return "setting"


def shown_as(result):
    """The JSON that a command printed, without the form of the directory's path."""
    data = json.loads(result.stdout)
    for each in data if isinstance(data, list) else [data]:
        each["directory"] = str(Path(each["directory"]).absolute())
    return data


def test_sync_ships_each_run_once(run, store, make_run):
    """A second time everything is up to date; a new run is shipped alone."""
    first, second = make_run(id="one", name="a"), make_run(id="two", name="b")
    result = run("sync", "--all")
    assert result.exit_code == 0
    assert f"shipped a (one), finished: {first.stat().st_size:,} bytes" in result.stdout
    assert f"shipped b (two), finished: {second.stat().st_size:,} bytes" in result.stdout
    assert "2 shipped, 0 up to date, 0 failed" in result.stdout
    make_run(id="three")
    assert "1 shipped, 2 up to date, 0 failed" in run("sync", "--all").stdout
    assert "0 shipped, 1 up to date, 0 failed" in run("sync", "two").stdout


def test_a_dry_run_ships_nothing(run, store, make_run):
    """It says how much the store does not have, also where there is no store yet."""
    journal = make_run(id="one", name="a")
    wanted = f"would ship a (one): {journal.stat().st_size:,} bytes\n"
    for _ in range(2):
        assert run("sync", "--all", "--dry-run").stdout == wanted
    run("sync", "one")
    assert run("sync", "one", "-n").stdout == ""


def test_a_run_that_fails_does_not_stop_the_others(run, store, make_run):
    """It is named, and the exit status is 1."""
    journal = make_run(id="one", name="a")
    run("sync", "one")
    journal.write_bytes(journal.read_bytes().replace(b'"code":0', b'"code":7'))
    make_run(id="two")
    result = run("sync", "--all")
    assert result.exit_code == 1
    assert "a (one) was not shipped: the run of" in result.stderr
    assert "1 shipped, 0 up to date, 1 failed" in result.stdout


def test_the_store_gives_the_same_json_as_the_directory(run, store, make_run):
    """`ls`, `show` and `diff`, with filters, sorting and columns."""
    make_run(rows=4, id="one", config={"lr": 0.1, "model": {"depth": 3}}, tags=["x"], group="g")
    make_run(rows=2, id="two", config={"lr": 1, "note": None})
    make_run(rows=2, id="two", config={"lr": 2, "note": None})
    run("sync", "--all")
    source = ("--store", store)
    assert shown_as(run("runs", "ls", "--json", *source)) == shown_as(run("runs", "ls", "--json"))
    asked = ("--where", "config.lr > 0.5", "--sort", "-summary.loss", "--columns", "id,config.lr")
    found = run("runs", "ls", "--json", *asked, *source)
    assert json.loads(found.stdout) == [{"id": "two", "config.lr": 2}]
    shown = shown_as(run("runs", "show", "one", "--json", *source))
    local = shown_as(run("runs", "show", "one", "--json"))
    assert shown | {"files": {}} == local | {"files": {}}
    diff = ("runs", "diff", "one", "two", "--json", "--summary", "--all")
    assert run(*diff, *source).stdout == run(*diff).stdout


def test_tags_change_in_a_store(run, store, make_run, begin):
    """As for a local run; whatever is shipped later keeps them, and the journal does not change."""
    make_run(id="one", tags=["a", "b"])
    writer = begin(id="live", tags=["a", "b"])
    run("sync", "--all")
    for name in ("one", "live"):
        tagged = run("runs", "tag", name, "+c", "-a", "--store", store)
        assert (tagged.stdout, tagged.stderr) == ("b\nc\n", "")
        assert run("runs", "tag", name, "-c", "+d", "--store", store).stdout == "b\nd\n"
        unknown = run("runs", "tag", name, "-x", "--store", store)
        assert (unknown.stdout, "no tag 'x'" in unknown.stderr) == ("b\nd\n", True)
        assert run("runs", "tag", name).stdout == "a\nb\n"
    writer.log({"loss": 1})
    writer.finish()
    run("sync", "--all")
    listed = run("runs", "ls", "--store", store, "--where", "tags = d", "--columns", "id,tags")
    assert sorted(listed.stdout.split()) == sorted(["live", "b,", "d", "one", "b,", "d"])
    bad = run("runs", "tag", "one", "+" + "x" * 65, "--store", store)
    assert (bad.exit_code, "each tag must have 1 to 64 characters" in bad.stderr) == (1, True)


def test_name_and_notes_change_in_a_store(run, store, make_run, begin):
    """As the tags do, also those of a run that is shipped on."""
    make_run(id="one", name="a", notes="b")
    writer = begin(id="live", name="a", notes="b")
    run("sync", "--all")
    for name in ("one", "live"):
        changed = run("runs", "tag", name, "--name", "c", "--notes", "", "+t", "--store", store)
        assert (changed.exit_code, changed.stdout) == (0, "t\n")
        run("runs", "tag", name, "--notes", "d", "--store", store)
    writer.log({"loss": 1})
    writer.finish()
    run("sync", "--all")
    where = ["--where", "name = c and notes = d", "--columns", "id,notes"]
    listed = run("runs", "ls", "--store", store, *where)
    assert sorted(listed.stdout.split()) == ["d", "d", "live", "one"]
    assert run("runs", "ls", "--where", "name = c").stdout == ""


def test_a_run_that_was_removed_from_a_store_stays_removed(run, store, address, make_run):
    """With what it overwrote; `sync --all` does not bring it back, and the journals stay."""
    first, second = make_run(id="one", name="a"), make_run(id="one", name="b")
    run("sync", str(first.parent), str(second.parent))
    make_run(id="two")
    run("sync", "two")
    refused = run("runs", "rm", "one", "--store", store)
    assert (refused.exit_code, "--yes" in refused.stderr) == (2, True)
    assert "would remove b (one)" in run("runs", "rm", "one", "--store", store, "-n").stdout
    assert "removed b (one), from " in run("runs", "rm", "one", "--store", store, "-y").stdout
    for _ in range(2):
        listed = shown_as(run("runs", "ls", "--json", "--store", store))
        assert [each["id"] for each in listed] == ["two"]
        result = run("sync", "--all")
        assert "was removed from the store" in result.stderr
        assert run("sync", str(first.parent)).exit_code == 1
    with open_store(address) as opened, opened._begin() as connection:
        assert {row.run for row in connection.execute(select(tables.events))} == {3}
    assert first.is_file()
    assert second.is_file()


def test_a_run_that_goes_on_is_shown_as_running(run, store, begin):
    """What it has logged so far is in the store, and the rest comes with the next `sync`."""
    started = begin(id="live")
    started.log({"loss": 1})
    assert "shipped" in run("sync", "live").stdout
    (listed,) = shown_as(run("runs", "ls", "--json", "--store", store))
    assert (listed["state"], listed["steps"]) == ("running", 1)
    started.log({"loss": 2})
    started.finish()
    run("sync", "live")
    (listed,) = shown_as(run("runs", "ls", "--json", "--store", store))
    assert (listed["state"], listed["summary"]) == ("finished", {"loss": 2})


def test_a_killed_run_is_shown_as_crashed(run, store, spawn):
    """Its records are there up to the last one."""
    process = spawn("""
        run = begin(id="dead")
        log({"loss": 1})
        print(flush=True)
        sys.stdin.read()
    """)
    process.stdout.readline()
    process.kill()
    process.wait()
    run("sync", "dead")
    (listed,) = shown_as(run("runs", "ls", "--json", "--store", store))
    assert (listed["state"], listed["summary"]) == ("crashed", {"loss": 1})


@pytest.mark.parametrize("command", [("sync", "--all", "--to"), ("runs", "ls", "--store")])
@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:s3cretword@h/d",
        "postgresql://me@group:s3cretword@h/d",
        "postgresql://me:with/s3cretword@h/d",
        "postgresql://me:with?s3cretword@h/d",
        "postgresql://me:with@s3cretword@h/d",
        "postgresql://me:with's3cretword@h/d",
        "postgresql://me:with s3cretword@h/d",
        "postgresql:/me:s3cretword@h/d",
        "postgresql://me:s3cretword",
        "postgresql://h:s3cretword/d",
        "postgresql:///me:s3cretword@h/d",
        "sqlite:///me:s3cretword@h/d",
        "postgresql://h/d?passwd=s3cretword",
        "postgresql://h/d?key=s3cretword",
        "postgresql://h/d?user=me:s3cretword",
        "postgresql://h/d?sslmode=require;password=s3cretword",
        "postgresql://h/d password=s3cretword",
        "host=h password=s3cretword",
        "me:s3cretword",
        "me:s3cretword@h/d",
        "postgresql://h/d?password=s3cretword",
        "postgresql://h/d?user=me&sslpassword=s3cretword",
    ],
)
def test_a_password_on_the_command_line_is_refused(run, jail, command, url):
    """It is not repeated, and the message says where it may be."""
    result = run(*command, url)
    assert result.exit_code == 2
    assert "~/.pgpass" in result.stderr
    assert "s3cretword" not in result.output
    assert "s3cretword" not in addresses.shown(url)


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///runs.db",
        "sqlite:////data/a:b@c/runs.db",
        "sqlite:///C:/a@b/runs.db",
        "postgresql://h:5432/d",
        "postgresql://me@h:5432/d?sslmode=verify-full",
        "postgresql:///d?host=/tmp",
    ],
)
def test_an_address_without_a_password_is_shown_whole(url):
    """A path with the same characters is not taken for a password."""
    assert addresses.shown(url) == url
    assert not addresses.may_have_password(url)


def test_pgpass_has_the_password(run, server, postgres, jail, make_run, monkeypatch):
    """The address on the command line needs none then."""
    password = jail.home / ".pgpass"
    password.write_text(f"127.0.0.1:{server.port}:*:tester:pg-s3cret-of-the-tests\n")
    password.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(password))
    make_run()
    url = postgres.replace(":pg-s3cret-of-the-tests", "")
    assert "1 shipped" in run("sync", "--all", "--to", url).stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("sync",), "name runs, or give --all"),
        (("sync", "x", "--all"), "name runs, or give --all"),
        (("sync", "--all"), "there is no store: give --to, or set WANDB_STORE"),
        (("runs", "ls", "--dir", ".", "--store", "sqlite:///x"), "exclude each other"),
    ],
)
def test_wrong_usage(run, jail, arguments, message):
    """Exit status 2, with what to do."""
    result = run(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr


def problem(jail, *arguments):
    """The message of a command that fails with status 1."""
    done = subprocess.run(
        [sys.executable, "-m", "runsettings", *arguments],
        cwd=jail.cwd,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done
    assert "Traceback" not in done.stderr
    return done.stderr


def test_a_store_that_is_not_there_is_said(jail, make_run, server):
    """Nothing is made by asking, and the password of the address is not shown."""
    make_run()
    assert "there is no such file" in problem(jail, "runs", "ls", "--store", "sqlite:///no.db")
    assert not (jail.cwd / "no.db").exists()
    jail.monkeypatch.setenv("WANDB_STORE", f"postgresql://me:s3cretword@127.0.0.1:{server.port}/d")
    message = problem(jail, "sync", "--all")
    assert "password authentication failed" in message
    assert "s3cretword" not in message


def test_an_error_of_a_store_says_what_to_do(jail, make_run, server):
    """The place, and the next step: a server, a password, a database, a file."""
    make_run()
    for address, step in {
        "postgresql://me@127.0.0.1:1/d": "check that the server runs and can be reached",
        f"postgresql://me:s3cretword@127.0.0.1:{server.port}/d": "the password in ~/.pgpass",
        server.address.removesuffix("postgres") + "none": "check the database in the address",
        server.address + "?sslmode=require": "check sslmode, sslrootcert and sslcert",
        f"sqlite:///{jail.home}": "name another file",
        "sqlite:////none/runs.db": "name another file",
    }.items():
        jail.monkeypatch.setenv("WANDB_STORE", address)
        message = problem(jail, "sync", "--all")
        assert addresses.shown(address) in message
        assert step in message
        assert message.endswith("    WANDB_STORE\n")  # the place of the address
        assert "runsettings sync --all" in message


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("mysql://h/d", "is not the address of a store"),
        ("postgresfoo://h/d", "is not the address of a store"),
        ("sqlite+aiosqlite:///runs.db", "is not the address of a store"),
        ("runs.db", "is not the address of a store"),
        ("sqlite:///:memory:", "names no file"),
        ("sqlite:///runs.db?timeout=long", "has options after the ?"),
    ],
)
def test_a_wrong_address_is_said_with_right_ones(jail, make_run, url, reason):
    """Not by a traceback of the database's driver; `sync --watch` ends as well."""
    make_run()
    for more in ([], ["--watch"]):
        message = problem(jail, "sync", "--all", "--to", url, *more)
        assert f"{url} {reason}" in message
        assert "write sqlite:///runs.db or postgresql://user@host/database" in message


@pytest.mark.parametrize("url", ["nope", "sqlite:////none/runs.db"])
@pytest.mark.parametrize(
    ("command", "option"),
    [
        (["sync", "--all", "--to"], "--to"),
        (["runs", "ls", "--store"], "--store"),
        (["store", "upgrade", "--to"], "--to"),
    ],
)
def test_an_error_of_a_store_names_the_option_with_its_address(
    jail, make_run, url, command, option
):
    """So that one of several addresses can be found."""
    make_run()
    assert problem(jail, *command, url).endswith(f"    {option} {url}\n")


@pytest.mark.parametrize("url", ["nope", "mysql://host/runs", "runs.db", ""])
def test_no_package_is_asked_for_an_address_that_no_store_has(monkeypatch, url):
    """Installing it would only lead to the next error."""
    monkeypatch.setattr(addresses, "is_installed", lambda _: False)
    with pytest.raises(RunError, match="is not the address of a store"):
        addresses.check_packages(url)
    with pytest.raises(RunError, match="needs the package sqlalchemy"):
        addresses.check_packages("sqlite:///runs.db")


def test_an_error_of_a_store_names_the_line_of_the_settings_file(jail, make_run):
    """The setting in a file, for each command that reads it."""
    make_run()
    jail.write("wandb/settings", "[default]\nstore = sqlite:////none/runs.db\n")
    for command in (["sync", "--all"], ["runs", "ls", "--store", "setting"], ["store", "upgrade"]):
        assert problem(jail, *command).endswith("    wandb/settings:2\n")


def test_a_store_of_a_later_version_is_left_alone(run, store, address, make_run, jail):
    """The message says which version it is."""
    with open_store(address) as opened, opened._begin() as connection:
        connection.execute(update(tables.version).values(version_num="9"))
    make_run()
    message = problem(jail, "sync", "--all")
    told = (
        f"its tables are of version 9; this is a version for {tables.VERSION} — upgrade runsettings"
    )
    assert told in message


def test_a_store_of_an_earlier_version_waits_for_its_owner(run, store, address, make_run, jail):
    """Shipping never changes tables."""
    with open_store(address) as opened, opened._begin() as connection:
        connection.execute(update(tables.version).values(version_num="0"))
    make_run()
    assert "its owner runs: runsettings store upgrade" in problem(jail, "sync", "--all")


def test_a_writer_needs_no_right_to_make_tables(run, postgres, server, make_run, jail):
    """Once the tables are there, a role that may read and write rows is enough."""
    role = f"writer{os.urandom(4).hex()}"
    weak = postgres.replace("tester:pg-s3cret-of-the-tests", f"{role}:another-s3cret")
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'another-s3cret'")
    make_run()
    jail.monkeypatch.setenv("WANDB_STORE", weak)
    message = problem(jail, "sync", "--all")
    assert "permission denied" in message
    assert "the owner of the tables makes them once, with: runsettings store upgrade" in message
    jail.monkeypatch.setenv("WANDB_STORE", postgres)
    run("sync", "--all")
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}"
        )
    make_run(id="new")
    jail.monkeypatch.setenv("WANDB_STORE", weak)
    assert "1 shipped, 1 up to date" in run("sync", "--all").stdout
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"DROP OWNED BY {role}")
        connection.execute(f"DROP ROLE {role}")


def test_the_owner_makes_the_tables_with_store_upgrade(run, store, address, make_run):
    """A second time changes nothing."""
    make_run()
    for _ in range(2):
        assert "has the tables of this version" in run("store", "upgrade").stdout
    assert run("runs", "ls", "--store", store, "--json").stdout == "[]\n"
    assert "1 shipped" in run("sync", "--all").stdout


@pytest.mark.parametrize(
    ("module", "url", "extra"),
    [
        ("sqlalchemy", "sqlite:///x.db", "store"),
        ("psycopg", "postgresql://h/d", "postgres"),
        ("sqlalchemy", "postgresql://h/d", "store"),
    ],
)
def test_a_missing_package_names_its_extra(jail, make_run, module, url, extra, monkeypatch):
    """Before anything is tried."""
    find = addresses.importlib.util.find_spec
    hidden = lambda name: None if name == module else find(name)  # noqa: E731
    monkeypatch.setattr(addresses.importlib.util, "find_spec", hidden)
    with pytest.raises(Exception, match=rf"pip install 'runsettings\[{extra}\]'"):
        addresses.check_packages(url)


def test_local_commands_load_no_database(jail):
    """Only the shipper and `--store` pay for SQLAlchemy."""
    code = """
        import sys
        from runsettings.cli.main import cli
        for line in (["runs", "ls"], ["sync", "--help"]):
            try:
                cli.main(line, standalone_mode=False)
            except SystemExit:
                pass
        print([name for name in ("sqlalchemy", "psycopg", "alembic") if name in sys.modules])
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=jail.cwd,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    "option", [("sync", "--to"), ("store", "upgrade", "--to"), ("runs", "ls", "--store")]
)
@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("", {"setting", "sqlite:///", "postgresql://"}),
        ("s", {"setting", "sqlite:///"}),
        ("sqlite:///", {"sqlite:///", "sqlite:///data/", "sqlite:///runs.db"}),
        ("sqlite:///data/", {"sqlite:///data/old.sqlite"}),
        ("sqlite:///no/", set()),
        ("x", set()),
    ],
)
def test_the_tab_key_completes_a_store(jail, option, typed, offered):
    """With the word for the setting, the kinds of addresses, and files of SQLite."""
    for name in ("runs.db", "notes.txt", "data/old.sqlite", "data/a.txt"):
        jail.write(name, "")
    found = ShellComplete(cli, {}, "runsettings", "_X").get_completions([*option], typed)
    words = {"wandb"} if option == ("sync", "--to") and not typed else set()
    assert {item.value for item in found} == offered | words


def test_many_commands_at_once_ship_each_run_once(store, address, make_run, jail):
    """All of them succeed, and the store has what one of them would have shipped."""
    journals = [make_run(rows=50, id=f"run{number}") for number in range(3)]
    command = [sys.executable, "-m", "runsettings", "sync", "--all"]
    started = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    for process in started:
        out, messages = process.communicate()
        assert process.returncode == 0, messages
        assert "0 failed" in out
    with open_store(address) as opened:
        found = opened.list_runs()
        assert {(run.id, run.rows, run.state) for run in found} == {
            (journal.stem.removeprefix("run-"), 50, "finished") for journal in journals
        }
        assert all(opened.read_metrics(run)["loss"].count == 50 for run in found)


@pytest.mark.parametrize("to", ["sqlite:///mine.db", "wandb"])
def test_a_store_that_the_site_locked_is_the_only_one(run, jail, make_run, to):
    """The option cannot send runs elsewhere; that store itself may be named."""
    make_run(id="one")
    site = jail.write_site("[default]\nstore = sqlite:///site.db\n[policy]\nlock = store\n")
    refused = run("sync", "one", "--to", to)
    assert refused.exit_code == 2
    assert f"the store is locked by {site}:2" in " ".join(refused.output.split())
    assert not (jail.cwd / "mine.db").exists()
    assert "1 shipped" in run("sync", "one", "--to", "sqlite:///site.db").output


@pytest.mark.parametrize(
    ("address", "step"),
    [
        ("postgresql://me@nowhere.invalid/runs", "check the host in the address"),
        ("postgresql://me@127.0.0.1:1/runs", "check that the server runs and can be reached at"),
    ],
)
def test_a_store_that_cannot_be_read_says_what_to_check(run, jail, address, step):
    """It speaks of no records to ship: the command ships none."""
    result = run("runs", "ls", "--store", address)
    assert result.exit_code == 1
    assert step in result.stderr
    assert "runsettings sync" not in result.stderr
