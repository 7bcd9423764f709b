"""Opens the destination of runs, and loads only the packages that this destination needs."""

from __future__ import annotations

from runsettings.shipping.addresses import Server, check_packages, is_wandb
from runsettings.shipping.stores.base import Destination


def open_destination(url: str, *, writable: bool = True) -> Destination:
    """Open the store or the W&B server at an address.

    Args:
        url: An address for `opening.open_store`, or one from `Server.address`.
        writable: As for `opening.open_store`.

    Returns:
        The open destination.

    Raises:
        RunError: As for `opening.open_store`.
    """
    check_packages(url)
    if is_wandb(url):
        from runsettings.shipping.stores.wandb_client.client import WandbClient  # wandb

        return WandbClient(Server.of(url))
    from runsettings.shipping.stores.opening import open_store  # sqlalchemy

    return open_store(url, writable=writable)
