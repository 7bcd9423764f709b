"""Opens the store at an address."""

from __future__ import annotations

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from runsettings.secrets.forms import masked_if_address
from runsettings.shipping.addresses import check_packages, shown, wrong_address
from runsettings.shipping.stores.base import Store
from runsettings.shipping.stores.sql import SqlStore
from runsettings.values.origin import PlacedText, origin_of_text


def open_store(url: str, *, writable: bool = True, upgrading: bool = False) -> Store:
    """Open the store at an address.

    Args:
        url: The address, ``sqlite:///runs.db`` or ``postgresql://user@host/database``. Errors name
            the place of a `PlacedText`.
        writable: Whether to open the store for writing. Missing tables are created.
        upgrading: Whether to upgrade tables of an earlier version.

    Returns:
        The open store.

    Raises:
        RunError: The address is wrong, a package is missing, or the store cannot be used.
    """
    check_packages(url)
    if masked_if_address(url) is None:
        raise wrong_address(url, "is not the address of a store")
    try:
        parsed = make_url(url.replace("postgres://", "postgresql://", 1))
    except (ArgumentError, ValueError):
        raise wrong_address(url, "is not the address of a store") from None
    if parsed.drivername in ("sqlite", "sqlite+pysqlite"):
        if parsed.database in (None, "", ":memory:"):
            raise wrong_address(url, "names no file")
        if parsed.query:
            raise wrong_address(url, "has options after the ?, but only PostgreSQL takes some")
    elif parsed.get_backend_name() != "postgresql":
        raise wrong_address(url, "is not the address of a store")
    origin = origin_of_text(url)
    text = shown(url) if origin is None else PlacedText(shown(url), origin)
    return SqlStore(parsed, text, writable=writable, upgrading=upgrading)
