"""How a run is shipped: the rules of `mode`, `force` and `anonymous`, and the login."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, NamedTuple
from urllib.parse import SplitResult, urlsplit

from runsettings.models import provenance
from runsettings.models.settings import Settings
from runsettings.shipping.addresses import check_packages
from runsettings.values.diagnostic import Rule
from runsettings.values.errors import RunError


class Login(NamedTuple):
    """The login for the server."""

    key: str | None
    """The API key, wherever it was found. Never shown."""
    client: bool
    """Whether the official client, which sends runs, is installed."""

    @property
    def complete(self) -> bool:
        """Whether a run can be sent to the server."""
        return self.key is not None and self.client


class Shipping(NamedTuple):
    """How the records of a run are shipped."""

    mode: Literal["online", "offline"]
    """``"offline"`` keeps them on this machine."""
    notice: str | None
    """A sentence for the user, if this is not what the settings asked for."""
    store: str | None = None
    """The address of the store, for a run that is online."""


def find_login(settings: Settings, environ: Mapping[str, str]) -> Login:
    """Find the login for the server of the settings.

    Args:
        settings: The settings, for ``api_key`` and ``base_url``.
        environ: The environment, for ``NETRC`` and ``HOME``.
    """
    if settings.api_key is not None:
        key: str | None = settings.api_key.get_secret_value()
    else:
        key = _netrc_password(urlsplit(settings.base_url), environ)
    return Login(key, importlib.util.find_spec("wandb") is not None)


def decide_shipping(settings: Settings, login: Login) -> Shipping:
    """Decide how the records of a run are shipped.

    A store is used before a login. This version cannot send to the server of a login, and records
    such runs offline.

    Raises:
        RunError: A package for the store is missing; or the settings demand to be online
            (``force``), and there is no store.
    """
    if settings.mode != "online":
        return Shipping("offline", None)
    if settings.store is not None:
        url = settings.store.get_secret_value()
        check_packages(url)
        both = f"the run goes to the store, not to {settings.base_url}" if login.complete else None
        return Shipping("online", both, url)
    if not login.complete and settings.anonymous == "never":
        missing = (
            f"no API key for {settings.base_url} was found"
            if login.key is None
            else "the wandb package, which sends runs, is not installed"
        )
        reason, rule = f"not logged in: {missing}", Rule.NOT_LOGGED_IN
        hint = 'set WANDB_API_KEY, or mode="offline"'
    else:
        reason = "this version records runs, but cannot send them yet"
        rule, hint = Rule.NOT_AVAILABLE, 'set mode="offline"'
    if settings.force:
        raise RunError.of(
            rule,
            f"{reason}, and force=True demands to be online",
            hint=hint,
            origin=provenance.origin(settings, "force"),
        )
    return Shipping("offline", f"{reason}; the run is recorded offline")


def is_anonymous(settings: Settings, login: Login) -> bool:
    """Whether the run belongs to no account."""
    if settings.anonymous == "must":
        return True
    logged_in = settings.store is not None or login.complete
    return settings.anonymous == "allow" and not logged_in


def _netrc_password(url: SplitResult, environ: Mapping[str, str]) -> str | None:
    """The password for the address, whose machine the client writes with the port."""
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
