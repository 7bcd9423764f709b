"""The addresses of stores: their passwords, and the packages that they need.

Apart from `stores`: `init` and the command line check an address without loading SQLAlchemy.
"""

from __future__ import annotations

import importlib.util
import re
from typing import Final

from runsettings.secrets.forms import mask_addresses, passwords_in_addresses
from runsettings.values.diagnostic import Rule
from runsettings.values.errors import RunError

_EXTRAS: Final = (("store", "sqlalchemy"), ("postgres", "psycopg"))
"""Each extra with the module that it brings; an address of PostgreSQL needs both."""


def is_postgres(url: str) -> bool:
    """Whether an address is one of PostgreSQL."""
    return url.startswith("postgres")


def has_password(url: str) -> bool:
    """Whether an address has a password, which the command line must not have."""
    return any(passwords_in_addresses(url)) or re.search(r"[?&]password=", url) is not None


def shown(url: str) -> str:
    """An address for messages, without its password."""
    return mask_addresses(url) if has_password(url) else url


def check_packages(url: str) -> None:
    """Check that the packages which ship to an address are installed.

    Args:
        url: The address of the store.

    Raises:
        RunError: One of them is missing; the hint names the extra.
    """
    wanted = _EXTRAS if is_postgres(url) else _EXTRAS[:1]
    for extra, module in reversed(wanted):
        if importlib.util.find_spec(module) is None:
            raise RunError.of(
                Rule.MISSING_PACKAGE,
                f"the store {shown(url)} needs the package {module}, which is not installed",
                path=("store",),
                hint=f"pip install 'runsettings[{extra}]'",
            )
