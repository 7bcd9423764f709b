"""Opens what runs are shipped to, and loads the packages of that kind alone."""

from __future__ import annotations

from runsettings.shipping.addresses import Server, check_packages, is_wandb
from runsettings.shipping.stores.base import Destination


def open_destination(url: str, *, writable: bool = True) -> Destination:
    """Open what is at an address: a store, or a W&B server.

    Args:
        url: The address: one that `opening.open_store` takes, or of `Server.address`'s form.
        writable: As for `opening.open_store`.

    Raises:
        RunError: As for `opening.open_store`.
    """
    check_packages(url)
    if is_wandb(url):
        from runsettings.shipping.stores.wandb_client.client import WandbClient  # wandb

        return WandbClient(Server.of(url))
    from runsettings.shipping.stores.opening import open_store  # sqlalchemy

    return open_store(url, writable=writable)
