"""Opens the store at an address."""

from __future__ import annotations

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from runsettings.shipping.addresses import check_packages, is_postgres, shown
from runsettings.shipping.stores.base import Store
from runsettings.shipping.stores.sql import SqlStore
from runsettings.values.diagnostic import Rule
from runsettings.values.errors import RunError


def open_store(url: str, *, writable: bool = True, upgrading: bool = False) -> Store:
    """Open the store at an address.

    Args:
        url: The address, ``sqlite:///runs.db`` or ``postgresql://user@host/database``.
        writable: Whether runs are shipped to it. Tables are made where there are none.
        upgrading: Whether tables of an earlier version are brought to this one.

    Raises:
        RunError: The address is wrong, a package is missing, or the store cannot be used.
    """
    check_packages(url)
    try:
        parsed = make_url(url.replace("postgres://", "postgresql://", 1))
        if not is_postgres(url) and parsed.get_backend_name() != "sqlite":
            raise ValueError("unknown kind")  # noqa: TRY301 - told like the other wrong addresses
    except (ArgumentError, ValueError):
        raise RunError.of(
            Rule.BAD_STORE,
            f"{shown(url)} is not the address of a store",
            path=("store",),
            hint="write sqlite:///runs.db or postgresql://user@host/database",
        ) from None
    if parsed.get_backend_name() == "sqlite" and parsed.database in (None, "", ":memory:"):
        message = f"{shown(url)} names no file"
        raise RunError.of(Rule.BAD_STORE, message, path=("store",))
    return SqlStore(parsed, shown(url), writable=writable, upgrading=upgrading)
