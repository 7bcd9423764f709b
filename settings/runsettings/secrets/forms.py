"""Finds secrets in plain text by their form: in assignments, flags and addresses.

The value of a secret is not known here. A value is a secret if the name before it sounds like one
(``db.password``), or if it is in the place of a user or password in an address. Each function takes
linear time: every pattern begins at a word, and words do not overlap.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

MASK: Final = "***"
"""What is shown instead of a secret."""

# Strings, not compiled patterns: `re` caches those that are used, and most programs need none.
_SENSITIVE: Final = (
    r"(?i)api[_-]?key|secret|token|passw(?:or)?d|passphrase|credential|private[_-]?key|"
    r"access[_-]?key|signature|bearer"
)
_NAME: Final = r"[\w.-]+"
_SEPARATOR: Final = r"[\"']?\s*[:=]\s*"
_VALUE: Final = r"[^&#\s\"']+"
_ADDRESS: Final = r"://[^/?#\s@'\"]*@"
_REMOTE: Final = r"([^\s/:@]+)(:[^\s/:@]*)?(@[\w.-]+:(?!//).*)"
_LONG_FLAG: Final = r"--[a-zA-Z]"


def is_secret_name(name: str) -> bool:
    """Whether the name of a key, flag or variable sounds like that of a secret."""
    return re.search(_SENSITIVE, name) is not None


def value_of_secret_name(text: str) -> int | None:
    """The index of the value after the first name that sounds like a secret, or ``None``."""
    for name in re.finditer(_NAME, text):
        if is_secret_name(name[0]):
            separator = re.compile(_SEPARATOR).match(text, name.end())
            if separator is not None:
                return separator.end()
    return None


def passwords_in_addresses(text: str) -> list[str]:
    """The passwords in the addresses of a text: the parts between ``user:`` and ``@``."""
    if "://" not in text:
        return []
    users = [found[0][3:-1] for found in re.finditer(_ADDRESS, text)]
    return [user.partition(":")[2] for user in users if ":" in user]


def mask_addresses(text: str) -> str:
    """Mask the secrets in the addresses of a text.

    ``https://me:password@host`` keeps its user. A user without a password can be a token, and is
    masked. So are values in the query whose names sound like secrets.
    """
    if "://" not in text:
        return text

    def masked(found: re.Match[str]) -> str:
        user, colon, _ = found[0][3:-1].partition(":")
        return f"://{user}:{MASK}@" if colon else f"://{MASK}@"

    return _mask_query(re.sub(_ADDRESS, masked, text))


def mask_remote(remote: str) -> str:
    """Mask user and password of a git remote, also of the form ``user:password@host:path``."""
    if "://" in remote:
        return _mask_query(re.sub(_ADDRESS, f"://{MASK}@", remote))
    found = re.fullmatch(_REMOTE, remote)
    if found is None or (found[1] == "git" and not found[2]):
        return remote
    return f"{MASK}{found[3]}"


def mask_arguments(arguments: Sequence[str], mask: Callable[[str], str]) -> list[str]:
    """Mask the secrets of a command line.

    Args:
        arguments: The arguments, without the program.
        mask: Masks the secrets that are known by their values.

    Returns:
        As many arguments. The text after the equals sign is masked in ``--api-key=x``,
        ``api_key=x``, ``+db.password=x`` and ``-e TOKEN=x``, the next argument after
        ``--password``, and the user and password in addresses.
    """
    masked: list[str] = []
    hides_next = False
    for argument in arguments:
        name, equals, value = argument.partition("=")
        secret = is_secret_name(name) and re.fullmatch(r"[+~-]*+[\w./@:-]++", name) is not None
        if hides_next and re.match(_LONG_FLAG, argument) is None:
            masked.append(MASK)
            hides_next = False
            continue
        if secret and equals and value:
            masked.append(f"{name}={MASK}")
        elif "://" in argument or ("@" in argument and ":" in argument):
            masked.append(mask(mask_remote(argument)))
        else:
            masked.append(mask(argument))
        hides_next = secret and not equals and argument.startswith("-")
    return masked


def _mask_query(text: str) -> str:
    """Mask the values in the query of an address whose names sound like secrets."""
    if "?" not in text:
        return text
    parts: list[str] = []
    end = 0
    for name in re.finditer(_NAME, text):
        if name.start() == 0 or text[name.start() - 1] not in "?&" or not is_secret_name(name[0]):
            continue
        if text[name.end() : name.end() + 1] == "=":
            value = re.compile(_VALUE).match(text, name.end() + 1)
            if value is not None:
                parts += (text[end : value.start()], MASK)
                end = value.end()
    return "".join([*parts, text[end:]])
