"""The TLS options of an address: a server with a certificate of the tests' own."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess

import psycopg
import pytest
from sqlalchemy import text

from runsettings.shipping.stores.opening import open_store
from runsettings.values.errors import RunError


def make_certificate(directory, name):
    """Make a certificate for 127.0.0.1 that has signed itself, and its key."""
    certificate, key = directory / f"{name}.crt", directory / f"{name}.key"
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1"
    more = ("-addext", "subjectAltName=IP:127.0.0.1", "-out", certificate, "-keyout", key)
    subprocess.run(
        [*command.split(), *more],
        check=True,
        capture_output=True,
    )
    key.chmod(0o600)
    return certificate, key


@pytest.fixture
def certificate(server, tmp_path):
    """The certificate of the server, which takes TLS during a test."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    made = make_certificate(tmp_path, "server")
    for file in made:
        copy = server.directory / "data" / file.name
        shutil.copy(file, copy)
        if os.geteuid() == 0:
            shutil.chown(copy, "nobody", "nogroup")
        copy.chmod(0o600)

    def switch(value):
        with psycopg.connect(server.address, autocommit=True) as connection:
            connection.execute(f"ALTER SYSTEM SET ssl = {value}")
            connection.execute("SELECT pg_reload_conf()")

    switch("on")
    for _ in range(1000):  # the server reads its settings soon
        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(server.address + "?sslmode=require").close()
            break
    yield made[0]
    switch("off")


def is_encrypted(address):
    """Whether a store's connection is encrypted."""
    query = text("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
    with open_store(address) as store, store._begin() as connection:
        return connection.execute(query).scalar_one()


def test_the_address_decides_about_tls(postgres, certificate):
    """Without, with, and with a certificate that is known and names the host."""
    assert not is_encrypted(f"{postgres}?sslmode=disable")
    assert is_encrypted(f"{postgres}?sslmode=require")
    assert is_encrypted(f"{postgres}?sslmode=verify-full&sslrootcert={certificate}")


def test_a_certificate_that_does_not_fit_is_refused(postgres, certificate, tmp_path):
    """One that nobody knows, and one of another host; nothing is sent then."""
    other, _ = make_certificate(tmp_path, "other")
    elsewhere = postgres.replace("127.0.0.1", "localhost")
    for address in (
        f"{postgres}?sslmode=verify-ca&sslrootcert={other}",
        f"{elsewhere}?sslmode=verify-full&sslrootcert={certificate}",
        f"{postgres}?sslmode=verify-full&sslrootcert={tmp_path}/none",
    ):
        with pytest.raises(RunError, match="check sslmode, sslrootcert and sslcert"):
            open_store(address)
