"""Finds secrets in plain text by their form: in assignments, flags and addresses.

The values of the secrets are not known here. A value is a secret if it follows a name that looks
like that of a secret (``db.password``), or if it is the user or password of an address. Each
function takes linear time: every pattern begins at a word, and words do not overlap.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import unquote_plus

MASK: Final = "***"
"""The text that replaces a secret."""

# Strings, not compiled patterns: most programs use none of them, and `re` caches used ones.
_SENSITIVE: Final = (
    # The tokens of a text and its tokenizer are not secrets.
    r"(?i)api[_-]?key|secret|token(?!s|iz)|(?:access|auth|api)[_-]?tokens|passw(?:or)?d|passphrase|"
    r"credential|private[_-]?key|access[_-]?key|signature|bearer|authorization"
)
_AMBIGUOUS: Final = r"(?i)(?:^|[-_.])(?:k|key|auth|pat|pw|pwd|pass|psk|sas|jwt|cookie|creds?)$"
_LETTERS_AND_DIGITS: Final = r"(?=[^\W\d]*+\d)(?=[\d_-]*+[^\W\d_])[^\s/\\]{8,}+"
_LOGINS: Final = frozenset({"-u", "--user", "--userpwd", "--proxy-user"})
_NAME: Final = r"[\w.-]+"
_SEPARATOR: Final = r"[\"']?\s*[:=]\s*"
_VALUE: Final = r"[^&#\s\"']+"
_ADDRESS: Final = r"://[^/?#\s@'\"]*@"
_REMOTE: Final = r"([^\s/:@]+)(:[^\s/:@]*)?(@[\w.-]+:(?!//).*)"
_LONG_FLAG: Final = r"--[a-zA-Z]"
_NAME_OF_SCHEME: Final = r"\w[\w+.-]*"
_USER: Final = r"[^:/?#=\s]*"
_PLACE: Final = (
    r"(?s)(?:\[[^\]/?#@\s]*\]|[^:/?#@=&;\[\]\s]*)(?::(?:\d{1,5})?)?(?:/[^:?@=&;]*)?(?:\?.*)?"
)
_NO_ADDRESS: Final = r"(?:sqlite:/{0,2})?[^:@=?&;]*"
_WITH_COLON: Final = ("host", "ssl")
"""How the names of the options begin whose values may have a colon: ports and paths."""


def is_secret_name(name: str) -> bool:
    """Whether the name of a key, flag or variable looks like that of a secret.

    Args:
        name: The name.
    """
    return re.search(_SENSITIVE, name) is not None


def value_of_secret_name(text: str) -> int | None:
    """Find the value after the first name that looks like that of a secret.

    Args:
        text: The text to search.

    Returns:
        The index of the value in the text; ``None`` if there is no such name.
    """
    for name in re.finditer(_NAME, text):
        if is_secret_name(name[0]):
            separator = re.compile(_SEPARATOR).match(text, name.end())
            if separator is not None:
                return separator.end()
    return None


def passwords_in_addresses(text: str) -> list[str]:
    """Return the passwords in the addresses of a text, the parts between ``user:`` and ``@``.

    Args:
        text: The text to search.
    """
    if "://" not in text:
        return []
    users = [found[0][3:-1] for found in re.finditer(_ADDRESS, text)]
    return [user.partition(":")[2] for user in users if ":" in user]


def holds_written_secret(value: Any) -> bool:
    """Whether a value has a password in an address, or a text under a secret's name.

    Args:
        value: Any tree of mappings, lists and scalars.
    """
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
    """Find the texts under secrets' names in a value.

    Args:
        value: Any tree of mappings, lists and scalars.
        named: Whether the value itself is under such a name.

    Yields:
        The texts, line by line.
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

    In ``https://me:password@host``, only the password is masked. A user without a password may be
    a token and is masked. Values in the query are masked if their names look like those of secrets.

    Args:
        text: The text.

    Returns:
        The masked text.
    """
    if "://" not in text:
        return text

    def masked(found: re.Match[str]) -> str:
        user, colon, _ = found[0][3:-1].partition(":")
        return f"://{user}:{MASK}@" if colon else f"://{MASK}@"

    return _mask_query(re.sub(_ADDRESS, masked, text))


def mask_address(address: str) -> str:
    """Mask the secrets of a text that is, or should be, the address of a store.

    If the form of the address cannot be told, neither can the place of a password in it. Such an
    address is masked beyond its scheme. A text that has no sign of an address stays.

    Args:
        address: The address.

    Returns:
        The masked address.
    """
    masked = masked_if_address(address)
    if masked is not None:
        return masked
    if re.fullmatch(_NO_ADDRESS, address):
        return address
    scheme, mark, _ = address.partition("://")
    return f"{scheme}{mark}{MASK}" if mark and re.fullmatch(_NAME_OF_SCHEME, scheme) else MASK


def masked_if_address(address: str) -> str | None:
    """Mask the secrets of an address, ``scheme://user:password@host:port/database?name=value``.

    Args:
        address: The address.

    Returns:
        The masked address; ``None`` if the text has another form.
    """
    scheme, mark, rest = address.partition("://")
    if not mark or not re.fullmatch(_NAME_OF_SCHEME, scheme):
        return None
    if scheme.startswith("sqlite") and rest.startswith("/"):  # a path, with any characters
        path, question, query = rest.partition("?")
        return f"{scheme}://{path}{question}{_masked_options(query)}"
    # The password ends at the last "@", and may have "/" and "?". So may the query have an "@".
    before, question, after = rest.partition("?")
    masked = _masked_login(before)
    if masked is not None:
        return f"{scheme}://{masked}{question}{_masked_options(after)}"
    masked = _masked_login(rest)
    return None if masked is None else f"{scheme}://{masked}"


def _masked_login(rest: str) -> str | None:
    """Mask the password in ``user:password@host:port/database?name=value``."""
    login, at, place = rest.rpartition("@")
    user, colon, _ = login.partition(":")
    if not re.fullmatch(_USER, user) or not re.fullmatch(_PLACE, place):
        return None
    place, question, query = place.partition("?")
    password = MASK if colon else ""
    return f"{user}{colon}{password}{at}{place}{question}{_masked_options(query)}"


def _masked_options(query: str) -> str:
    """Mask the values in the query of a store's address that are or may be secrets."""
    options: list[str] = []
    for option in query.split("&") if query else ():
        written, equals, value = option.partition("=")
        name = unquote_plus(written)
        secret = is_secret_name(name) or re.search(_AMBIGUOUS, name) or not re.fullmatch(_NAME, name)
        if secret or not equals or (":" in value and not name.startswith(_WITH_COLON)):
            value = MASK
            written = written if equals else ""
        options.append(f"{written}{equals}{value}")
    return "&".join(options)


def mask_remote(remote: str) -> str:
    """Mask the secrets of a git remote, including the form ``user:password@host:path``.

    Args:
        remote: The address of the remote.

    Returns:
        The masked address.
    """
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

    A value after the name of a secret is masked: in the same argument, as in ``--api-key=x``,
    ``+db.password=x``, ``-e TOKEN=x``, ``{"token": "x"}`` and ``Authorization: x``, or in the next
    one, as after ``--password``. After an ambiguous name, such as ``--key``, a text of letters and
    digits is masked. User and password in addresses are masked, and the password of
    ``-u user:password``.

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
    """Whether a name may be that of a secret, and the value has letters and digits."""
    return (
        re.search(_AMBIGUOUS, name) is not None
        and re.fullmatch(_LETTERS_AND_DIGITS, value) is not None
    )


def _mask_named(text: str) -> str:
    """Mask the text after a secret's name, up to the closing quote, the next ``&`` or the end."""
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
    """Mask the values in the query of an address whose names look like those of secrets."""
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
