"""The addresses of stores: their passwords, and the packages that they need.

Apart from `stores`: `init` and the command line check an address without loading SQLAlchemy.
"""

from __future__ import annotations

import importlib.util
import re
from typing import Final

from runsettings.secrets.forms import MASK, mask_addresses
from runsettings.values.diagnostic import Rule
from runsettings.values.errors import RunError

_EXTRAS: Final = (("store", "sqlalchemy"), ("postgres", "psycopg"))
"""Each extra with the module that it brings; an address of PostgreSQL needs both."""

# SQLAlchemy takes for the password all up to the last "@", also "/" and "?". The scheme is optional
# here, because an address that was mistyped is shown as well.
_LOGIN: Final = r"(?s)^((?:\w[\w+.-]*:/{0,2})?[^:/]*:(?!//)).+@"
_LOGIN_OPTION: Final = r"[?&](?:ssl)?password="


def is_postgres(url: str) -> bool:
    """Whether an address is one of PostgreSQL."""
    return url.startswith("postgres")


def has_password(url: str) -> bool:
    """Whether an address has a password, which the command line must not have."""
    return bool(re.search(_LOGIN, url) or re.search(_LOGIN_OPTION, url))


def shown(url: str) -> str:
    """An address for messages, without its password."""
    if not has_password(url):
        return url
    return mask_addresses(re.sub(_LOGIN, rf"\1{MASK}@", url))


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
