"""Masks the secrets of a command line by their form."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from runsettings.secrets.forms import (
    MASK,
    is_secret_name,
    mask_named,
    mask_remote,
    may_be_secret,
)

_LOGINS: Final = frozenset({"-u", "--user", "--userpwd", "--proxy-user"})
_LOGIN: Final = r"(?:-u|--(?:user|userpwd|proxy-user)=)[^-:][^:]*:(?!//)"
_LONG_FLAG: Final = r"--[a-zA-Z]"


def mask_arguments(arguments: Sequence[str], mask: Callable[[str], str]) -> list[str]:
    """Mask the secrets of a command line.

    A value after the name of a secret is masked: in the same argument, as in ``--api-key=x``,
    ``+db.password=x``, ``-e TOKEN=x``, ``{"token": "x"}`` and ``Authorization: x``, or in the next
    one, as after ``--password``. After an ambiguous name, such as ``--key``, a text of letters and
    digits is masked. User and password in addresses are masked, and the password of
    ``-u user:password``, ``-uuser:password`` and ``--user=user:password``.

    Args:
        arguments: The arguments, without the program.
        mask: Masks the secrets whose values are known.

    Returns:
        The masked arguments, in the same number.
    """
    masked: list[str] = []
    before = ""
    for argument in arguments:
        name, equals, value = argument.partition("=")
        login = re.match(_LOGIN, argument)
        if before and is_secret_name(before) and re.match(_LONG_FLAG, argument) is None:
            masked.append(MASK)
        elif login is not None or (before in _LOGINS and ":" in argument):
            masked.append(f"{mask(argument.partition(':')[0])}:{MASK}")
        elif before and may_be_secret(before, argument):
            masked.append(MASK)
        elif equals and may_be_secret(name, value):
            masked.append(f"{name}={MASK}")
        else:
            masked.append(mask(mask_named(mask_remote(argument))))
        before = "" if equals or masked[-1] == MASK or not argument.startswith("-") else argument
    return masked
