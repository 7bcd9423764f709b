"""Finds secrets in plain text by their form: in assignments, flags and addresses.

The value of a secret is not known here. A value is a secret if the name before it sounds like one
(``db.password``), or if it is in the place of a user or password in an address. Each function takes
linear time: every pattern begins at a word, and words do not overlap.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

MASK: Final = "***"
"""What is shown instead of a secret."""

# Strings, not compiled patterns: `re` caches those that are used, and most programs need none.
_SENSITIVE: Final = (
    # The tokens of a text and its tokenizer are no secrets.
    r"(?i)api[_-]?key|secret|token(?!s|iz)|(?:access|auth|api)[_-]?tokens|passw(?:or)?d|passphrase|"
    r"credential|private[_-]?key|access[_-]?key|signature|bearer|authorization"
)
_MAYBE: Final = r"(?i)(?:^|[-_.])(?:k|key|auth|pat|pw|pwd|pass|psk|sas|jwt|cookie|creds?)$"
_LOOKS_SO: Final = r"(?=[^\W\d]*+\d)(?=[\d_-]*+[^\W\d_])[^\s/\\]{8,}+"
_LOGINS: Final = frozenset({"-u", "--user", "--userpwd", "--proxy-user"})
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


def holds_written_secret(value: Any) -> bool:
    """Whether a value has a password in an address, or a text under the name of a secret."""
    if isinstance(value, str):
        return any(passwords_in_addresses(value))
    if isinstance(value, Mapping):
        return any(
            (isinstance(item, str) and item != "" and is_secret_name(str(key)))
            or holds_written_secret(item)
            for key, item in value.items()
        )
    return isinstance(value, (list, tuple)) and any(map(holds_written_secret, value))


def written_secrets(value: Any, *, named: bool = False) -> Iterator[str]:
    """The texts that a value has under names of secrets, line by line.

    Args:
        value: Any tree of mappings, lists and scalars.
        named: Whether the value itself stands under such a name.
    """
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from written_secrets(item, named=named or is_secret_name(str(key)))
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from written_secrets(item, named=named)
    elif named and isinstance(value, str):
        yield from (line.strip() for line in value.splitlines())


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
    """Mask the secrets of a git remote, also of one of the form ``user:password@host:path``."""
    return _mask_query(_mask_users(remote))


def _mask_users(text: str) -> str:
    """Mask user and password in addresses and remotes."""
    if "://" in text:
        return re.sub(_ADDRESS, f"://{MASK}@", text)
    found = re.fullmatch(_REMOTE, text) if "@" in text and ":" in text else None
    if found is None or (found[1] == "git" and not found[2]):
        return text
    return f"{MASK}{found[3]}"


def mask_arguments(arguments: Sequence[str], mask: Callable[[str], str]) -> list[str]:
    """Mask the secrets of a command line.

    Args:
        arguments: The arguments, without the program.
        mask: Masks the secrets that are known by their values.

    Returns:
        As many arguments. What follows the name of a secret is masked, in the same argument as in
        ``--api-key=x``, ``+db.password=x``, ``-e TOKEN=x``, ``{"token": "x"}`` and
        ``Authorization: x``, or in the next one, as after ``--password``. After names that need not
        be secret, such as ``--key``, a text of letters and digits is masked. So are user and
        password in addresses, and the password of ``-u user:password``.
    """
    masked: list[str] = []
    before = ""
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if before and is_secret_name(before) and re.match(_LONG_FLAG, argument) is None:
            masked.append(MASK)
        elif before in _LOGINS and ":" in argument:
            masked.append(f"{mask(argument.partition(':')[0])}:{MASK}")
        elif before and _may_be_secret(before, argument):
            masked.append(MASK)
        elif equals and _may_be_secret(name, value):
            masked.append(f"{name}={MASK}")
        else:
            masked.append(mask(_mask_named(_mask_users(argument))))
        before = "" if equals or masked[-1] == MASK or not argument.startswith("-") else argument
    return masked


def _may_be_secret(name: str, value: str) -> bool:
    """Whether a name can be that of a secret, and the value has letters and digits as one has."""
    return re.search(_MAYBE, name) is not None and re.fullmatch(_LOOKS_SO, value) is not None


def _mask_named(text: str) -> str:
    """Mask what follows the name of a secret: to the closing quote, the next ``&``, or the end."""
    parts: list[str] = []
    end = 0
    for name in re.finditer(_NAME, text):
        if name.start() < end or not is_secret_name(name[0]):
            continue
        separator = re.compile(_SEPARATOR).match(text, name.end())
        if separator is None:
            continue
        start = separator.end()
        quote = text[start : start + 1]
        if quote and quote in "\"'":
            start += 1
            stop = text.find(quote, start)
        else:
            stop = text.find("&", start)
        stop = len(text) if stop < 0 else stop
        if start < stop:
            parts += (text[end:start], MASK)
            end = stop
    return "".join([*parts, text[end:]])


def _mask_query(text: str) -> str:
    """Mask the values in the query of an address whose names sound like secrets."""
    if "?" not in text:
        return text
    parts: list[str] = []
    end = 0
    for name in re.finditer(_NAME, text):
        if name.start() <= end or text[name.start() - 1] not in "?&" or not is_secret_name(name[0]):
            continue
        if text[name.end() : name.end() + 1] == "=":
            value = re.compile(_VALUE).match(text, name.end() + 1)
            if value is not None:
                parts += (text[end : value.start()], MASK)
                end = value.end()
    return "".join([*parts, text[end:]])
