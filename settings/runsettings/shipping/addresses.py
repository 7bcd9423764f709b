"""The addresses that runs are shipped to: their passwords, and the packages that they need.

This module is not in `stores`, so that `init` and the command line can check an address without
loading SQLAlchemy.
"""

from __future__ import annotations

import importlib.util
from typing import Final, NamedTuple
from urllib.parse import quote, unquote, urlsplit

from runsettings.secrets.forms import MASK, mask_address
from runsettings.values.diagnostic import Rule
from runsettings.values.errors import RunError
from runsettings.values.origin import origin_of_text

_EXTRAS: Final = (("store", "sqlalchemy"), ("postgres", "psycopg"))
"""Each extra with the module that it installs; a PostgreSQL address needs both."""

WANDB: Final = "wandb+"
"""The prefix of the address of a W&B server, before ``https``. Its password is the API key."""


class Server(NamedTuple):
    """A W&B server with the login."""

    base_url: str
    key: str
    """The API key. Never shown."""
    offline: bool = False
    """Whether the client only writes its own files, for tests."""

    @property
    def address(self) -> str:
        """The server as an address. It has the API key, so do not show it."""
        scheme, _, rest = self.base_url.partition("://")
        return f"{WANDB}{scheme}://:{quote(self.key, safe='')}@{rest}" + (
            "?offline" if self.offline else ""
        )

    def page(self, entity: str | None, project: str, run_id: str) -> str | None:
        """The URL of a run's page.

        Args:
            entity: The entity; ``None`` if the server chooses it.
            project: The project.
            run_id: The id of the run.

        Returns:
            The URL; ``None`` if the entity is unknown.
        """
        if entity is None:
            return None
        site = "https://wandb.ai" if self.base_url == "https://api.wandb.ai" else self.base_url
        parts = quote(entity, safe=""), quote(project, safe=""), "runs", quote(run_id, safe="")
        return "/".join((site.rstrip("/"), *parts))

    @classmethod
    def of(cls, address: str) -> Server:
        """Parse an address that `address` made."""
        url = urlsplit(address.removeprefix(WANDB))
        host = url.netloc.rpartition("@")[2]
        key = unquote(url.password or "")
        return cls(f"{url.scheme}://{host}{url.path}", key, url.query == "offline")


def is_wandb(url: str) -> bool:
    """Whether an address is that of a W&B server."""
    return url.startswith(WANDB)


def is_postgres(url: str) -> bool:
    """Whether an address is that of a PostgreSQL store."""
    return url.startswith("postgres")


def may_have_password(url: str) -> bool:
    """Whether an address has a password, or a form that does not tell.

    Such an address must not be on the command line.
    """
    return is_wandb(url) or mask_address(url) != url


def shown(url: str) -> str:
    """Mask the password of an address, for messages; all of it if its form cannot be told.

    In ``postgresql://me:1234``, the number may be a port, or a password before a missing host.
    """
    scheme, _, place = url.partition("://")
    host, _, port = place.partition(":")
    if is_postgres(url) and "@" not in host and port.rstrip("/").isdigit():
        return f"{scheme}://{host}:{MASK}"
    return Server.of(url).base_url if is_wandb(url) else mask_address(url)


def is_installed(module: str) -> bool:
    """Whether a module is installed; a plain directory with its name, such as ``wandb/``, is not.

    Args:
        module: The name of the module.
    """
    spec = importlib.util.find_spec(module)
    return spec is not None and spec.origin is not None


def check_packages(url: str) -> None:
    """Check that the packages that shipping to an address needs are installed.

    Args:
        url: The address of the store.

    Raises:
        RunError: A package is missing; the hint names the extra. Or no store has such an address,
            so that no package would help.
    """
    if not (is_wandb(url) or is_postgres(url) or url.startswith("sqlite")):
        raise wrong_address(url, "is not the address of a store")
    wanted = _EXTRAS if is_postgres(url) else _EXTRAS[:1]
    for extra, module in [("wandb", "wandb")] if is_wandb(url) else reversed(wanted):
        if not is_installed(module):
            raise RunError.of(
                Rule.MISSING_PACKAGE,
                f"{shown(url)} needs the package {module}, which is not installed",
                path=("store",),
                origin=origin_of_text(url),
                hint=f"pip install 'runsettings[{extra}]'",
            )


def wrong_address(url: str, reason: str) -> RunError:
    """The error for an address that no store can have.

    Args:
        url: The address.
        reason: What is wrong with it, as the rest of a sentence.
    """
    return RunError.of(
        Rule.BAD_STORE,
        f"{shown(url)} {reason}",
        path=("store",),
        origin=origin_of_text(url),
        hint="write sqlite:///runs.db or postgresql://user@host/database",
    )
