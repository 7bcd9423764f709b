"""`login`: returns whether an API key for the server is known."""

from __future__ import annotations

import os
from typing import Any

from runsettings.journal.notices import Notices
from runsettings.layers.call_site import find_caller
from runsettings.layers.known_arguments import known_arguments
from runsettings.runs.starting.arguments import resolve_settings
from runsettings.runs.starting.login import find_login


@known_arguments()
def login(
    anonymous: str | None = None,
    key: str | None = None,
    relogin: bool | None = None,  # noqa: ARG001 - the client's arguments
    host: str | None = None,
    force: bool | None = None,
    timeout: int | None = None,  # noqa: ARG001
    verify: bool = False,  # noqa: ARG001
    referrer: str | None = None,  # noqa: ARG001
) -> bool:
    """Return whether an API key for the server is known. Nothing is stored or sent.

    Args:
        anonymous: The setting ``anonymous``.
        key: An API key. It is checked but not stored. To use it, set ``WANDB_API_KEY``.
        relogin: Has no effect.
        host: The URL of the server, the setting ``base_url``.
        force: The setting ``force``.
        timeout: Has no effect.
        verify: Has no effect.
        referrer: Has no effect.

    Returns:
        Whether a key is known.

    Raises:
        SettingsError: A setting of any layer is wrong.
    """
    arguments: dict[str, Any] = {
        "anonymous": anonymous,
        "key": key,
        "host": host,
        "force": force,
    }
    given = {name: value for name, value in arguments.items() if value is not None}
    settings = resolve_settings(given, None, find_caller("login"))
    notices = Notices(quiet=settings.quiet, silent=settings.silent)
    known = find_login(settings, os.environ).key is not None
    if key is not None:
        notices.warn("login() keeps no key; set WANDB_API_KEY")
    elif known:
        notices.tell(f"a key for {settings.base_url} is known")
    else:
        notices.warn(f"no API key for {settings.base_url} was found; set WANDB_API_KEY")
    return known
