"""Decides how a run is shipped, by `mode`, `force`, `anonymous` and the login."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, NamedTuple
from urllib.parse import SplitResult, urlsplit

from runsettings.models import provenance
from runsettings.models.settings import Settings
from runsettings.shipping.addresses import Server, check_packages, is_installed
from runsettings.values.diagnostic import Rule
from runsettings.values.errors import RunError


class Login(NamedTuple):
    """The login for the server."""

    key: str | None
    """The API key from the settings or from netrc; never show it. ``None`` if there is none."""
    client: bool
    """Whether the official client, which sends runs, is installed."""

    @property
    def complete(self) -> bool:
        """Whether a run can be sent to the server."""
        return self.key is not None and self.client


class Shipping(NamedTuple):
    """How the records of a run are shipped."""

    mode: Literal["online", "offline"]
    """``"offline"`` keeps the records on this machine."""
    notice: str | None
    """A message for the user if this differs from the settings; otherwise ``None``."""
    store: str | None = None
    """The address of the store or of W&B, with its secrets; ``None`` for an offline run."""


def find_login(settings: Settings, environ: Mapping[str, str]) -> Login:
    """Find the login for the server of the settings.

    Args:
        settings: The settings, for ``api_key`` and ``base_url``.
        environ: The environment, for ``NETRC`` and ``HOME``.

    Returns:
        The login, which may be incomplete.
    """
    if settings.api_key is not None:
        key: str | None = settings.api_key.get_secret_value()
    else:
        key = _netrc_password(urlsplit(settings.base_url), environ)
    return Login(key, is_installed("wandb"))


def decide_shipping(settings: Settings, login: Login) -> Shipping:
    """Decide how the records of a run are shipped.

    A store has precedence over a login. The client no longer sends anonymous runs.

    Args:
        settings: The settings, for ``mode``, ``store``, ``force`` and ``anonymous``.
        login: The login.

    Returns:
        The mode, a message and the address.

    Raises:
        RunError: A package for the store is missing; or the settings demand to be online
            (``force``), and there is neither a store nor a login.
    """
    if settings.mode != "online":
        return Shipping("offline", None)
    if settings.store is not None:
        url = settings.store.get_secret_value()
        check_packages(url)
        both = f"the run goes to the store, not to {settings.base_url}" if login.complete else None
        return Shipping("online", both, url)
    if settings.anonymous == "must":
        reason = "the wandb client sends no anonymous runs any more"
        hint = 'leave anonymous="must" out, or set mode="offline"'
    elif login.key is None:
        reason = f"not logged in: no API key for {settings.base_url} was found"
        hint = 'set WANDB_API_KEY, or mode="offline"'
    elif not login.client:
        reason = "not logged in: the wandb package, which sends runs, is not installed"
        hint = "pip install 'runsettings[wandb]'"
    else:
        return Shipping("online", None, Server(settings.base_url, login.key).address)
    if settings.force:
        raise RunError.of(
            Rule.NOT_LOGGED_IN,
            f"{reason}, and force=True demands to be online",
            hint=hint,
            origin=provenance.origin(settings, "force"),
        )
    if login.key is not None:
        reason += f" ({hint})"
    return Shipping("offline", f"{reason}; the run is recorded offline")


def is_anonymous(settings: Settings, login: Login) -> bool:
    """Whether the run belongs to no account.

    Args:
        settings: The settings, for ``anonymous`` and ``store``.
        login: The login.
    """
    if settings.anonymous == "must":
        return True
    logged_in = settings.store is not None or login.complete
    return settings.anonymous == "allow" and not logged_in


def _netrc_password(url: SplitResult, environ: Mapping[str, str]) -> str | None:
    """The password for an address in netrc; the client writes the machine's name with the port."""
    home = environ.get("HOME") or environ.get("USERPROFILE") or ""
    path = Path(environ.get("NETRC") or Path(home) / ".netrc")
    if not path.is_file():
        return None
    # Imported only if there is such a file.
    import netrc

    try:
        content = netrc.netrc(path)
    except (OSError, netrc.NetrcParseError, UnicodeDecodeError):
        return None
    found = content.hosts.get(url.netloc) or content.authenticators(url.hostname or "")
    return found[2] if found is not None and found[2] else None
