"""Masks secrets in the errors of the command line, which repeat what a person typed."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from runsettings._deferred import deferred
from runsettings.secrets import live
from runsettings.secrets.arguments import mask_arguments
from runsettings.secrets.forms import MASK, passwords_in_addresses
from runsettings.secrets.masking import SecretMask
from runsettings.shipping.addresses import shown
from runsettings.values.errors import RunsettingsError

if TYPE_CHECKING:
    from runsettings.checks import settings_layers
    from runsettings.models import settings
    from runsettings.runs.starting import login
else:  # pydantic: only errors need them
    settings_layers = deferred("runsettings.checks.settings_layers")
    settings = deferred("runsettings.models.settings")
    login = deferred("runsettings.runs.starting.login")


def error_mask(arguments: Sequence[str], *, misplaced: bool = False) -> SecretMask:
    """A mask for the texts of errors: it has the secrets of the settings and of the arguments.

    Args:
        arguments: The arguments of the command.
        misplaced: Whether the error is about an argument that no command expects, so that it may
            be any part of an address.
    """
    mask = SecretMask({*live.mask().secrets, *_settings_secrets()})
    secrets = set(mask.secrets)
    masked = mask_arguments(arguments, mask.message)
    for argument, written in zip(arguments, masked, strict=True):
        for password in passwords_in_addresses(argument):  # a path ends at each slash
            secrets |= {password, password.partition("/")[0]}
        if written != argument or (misplaced and shown(argument) != argument):
            value = argument.partition("=")[2]
            secrets |= {value} if argument.startswith("-") else {argument, value}
    return SecretMask(text for text in secrets if not _is_open_store(text))


def _is_open_store(text: str) -> bool:
    """Whether a text is the address of a store that has no secret but its password.

    An error may name such an address: the password is masked by itself.
    """
    for password in passwords_in_addresses(text):
        text = text.replace(f":{password}@", f":{MASK}@")
    return text.startswith(("sqlite", "postgres")) and shown(text) == text


def _settings_secrets() -> Iterator[str]:
    """The secrets of the settings of this directory and environment, and the key in netrc."""
    model = settings.Settings
    # The error that is printed matters more than one of the settings, whose secrets are unknown.
    with contextlib.suppress(RunsettingsError, OSError):
        checked = settings_layers.check_layers(model, settings_layers.inputs_for(model))
        yield from checked.secrets
        if isinstance(checked.settings, model):
            yield login.find_login(checked.settings, os.environ).key or ""
