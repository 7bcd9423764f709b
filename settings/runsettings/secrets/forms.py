"""Finds secrets in plain text by their form: in assignments, flags and addresses.

The values of the secrets are not known here. A value is a secret if it follows a name that looks
like that of a secret (``db.password``), or if it is the user or password of an address. Each
function takes linear time: every pattern begins at a word, and words do not overlap.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import unquote_plus

MASK: Final = "***"
"""The text that replaces a secret."""

HIDDEN: Final = "hidden_value"
"""The type of an error of pydantic about a value that may be a secret and is not shown."""

# Strings, not compiled patterns: most programs use none of them, and `re` caches used ones.
_SENSITIVE: Final = (
    # The tokens of a text and its tokenizer are not secrets.
    r"(?i)api[_-]?key|secret|token(?!s|iz)|(?:access|auth|api)[_-]?tokens|passw(?:or)?d|passphrase|"
    r"credential|private[_-]?key|access[_-]?key|signature|bearer|authorization"
)
_AMBIGUOUS: Final = r"(?i)(?:^|[-_.])(?:k|key|auth|pat|pw|pwd|pass|psk|sas|jwt|cookie|creds?)$"
_LETTERS_AND_DIGITS: Final = r"(?=[^\W\d]*+\d)(?=[\d_-]*+[^\W\d_])[^\s/\\]{8,}+"
_NAME: Final = r"[\w.-]+"
_SEPARATOR: Final = r"[\"']?\s*[:=]\s*"
_VALUE: Final = r"[^&#\s\"']+"
# The user and the password in an address, up to the "@". If there is none, what follows the host
# is a password unless it is a port or a variable. A slash too many before the user is skipped.
_ADDRESS: Final = (
    r"://(?:/(?=[^/?#\s@:'\"]+:[^/?#\s@'\"]*@))?((?:[^/?#\s@'\"]*@)+|"
    r"[^/?#\s@:'\"\[,]*:(?!\d*(?:[/?#\s'\",;)\]]|\Z)|\$?\{)[^\s'\"@,]+@?)"
)
_WORD: Final = r"[^\s\"']+"
_HOST: Final = r"[^\W\d_]|\[|\d+\."
_REMOTE: Final = r"([^\s/:@]+)(@[\w.-]+:(?!//).*)"
_NAME_OF_SCHEME: Final = r"\w[\w+.-]*"
_USER: Final = r"[^:/?#=\s]*"
_PLACE: Final = r"(?:\[[^\]/?#@\s]*\]|[^:/?#@=&;\[\]\s]*)(?::(?:\d{1,5})?)?(?:/[^:?@=&;\s]*)?"
_NO_ADDRESS: Final = r"(?:sqlite:/{0,2})?[^:@=?&;\s]*"
_LOGIN_AS_PATH: Final = r"/[^/:@]+:[^/@]*@"
_OPTION: Final = r"[^:=;\s]*"
_PASSWORD_OPTIONS: Final = ("password", "sslpassword")
_FREE_OPTIONS: Final = ("host", "ssl", "options")
"""How the names of the options begin whose values have ports, paths or assignments."""


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
    """Return the passwords in the addresses of a text.

    Args:
        text: The text to search.
    """
    return [text[colon + 1 : end] for _, colon, end in _logins(text) if colon >= 0]


def _logins(text: str) -> list[tuple[int, int, int]]:
    """Find the logins of addresses, ``user:password`` or ``user``.

    An address has a scheme, or a login with a password and then a host, ``user:password@host``.

    Args:
        text: The text to search.

    Returns:
        The indexes of each login's start, of its colon (-1 if it has none), and of its end.
    """
    found: list[tuple[int, int, int]] = []
    if "://" in text:
        for address in re.finditer(_ADDRESS, text):
            start = address.start(1)
            end = address.end() - address[0].endswith("@")
            found.append((start, text.find(":", start, end), end))
    if "@" in text and ":" in text:
        for word in re.finditer(_WORD, text):
            login, _, host = word[0].partition("://")[0].rpartition("@")
            before, _, password = login.partition(":")
            user = before[max(before.rfind("="), before.rfind(",")) + 1 :]
            is_path = len(user) == 1 and password[:1] in ("/", "\\")
            if not password or is_path or user == "mailto" or "/" in user or "@" in user:
                continue
            if re.match(_HOST, host):
                colon = word.start() + len(before)
                found.append((colon - len(user), colon, word.start() + len(login)))
    return sorted(found)


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
    parts = [(start if colon < 0 else colon + 1, end) for start, colon, end in _logins(text)]
    return _mask_query(_mask_parts(text, parts))


def _mask_parts(text: str, parts: list[tuple[int, int]]) -> str:
    """Mask parts of a text, which do not overlap, from their starts to their ends."""
    masked: list[str] = []
    last = 0
    for start, end in parts:
        masked += (text[last:start], MASK)
        last = end
    return "".join((*masked, text[last:]))


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
    """Mask the passwords of an address, ``scheme://user:password@host:port/database?name=value``.

    Args:
        address: The address.

    Returns:
        The masked address; ``None`` if the text has another form, or options that may be secrets.
    """
    scheme, mark, rest = address.partition("://")
    if not mark or not re.fullmatch(_NAME_OF_SCHEME, scheme):
        return None
    if scheme.startswith("sqlite") and rest.startswith("/"):  # a path, with most characters
        shown, question, query = rest.partition("?")
        is_known = re.match(_LOGIN_AS_PATH, shown) is None
    else:
        # The password ends at the last "@", and may have "/" and "?".
        login, at, place = rest.rpartition("@")
        place, question, query = place.partition("?")
        user, colon, _ = login.partition(":")
        is_known = bool(re.fullmatch(_USER, user) and re.fullmatch(_PLACE, place))
        shown = f"{user}{colon}{MASK if colon else ''}{at}{place}"
    options = _masked_options(query)
    return f"{scheme}://{shown}{question}{options}" if is_known and options is not None else None


def _masked_options(query: str) -> str | None:
    """Mask the passwords in ``name=value&name=value``; ``None`` if others may be secrets."""
    options: list[str] = []
    for option in query.split("&") if query else ():
        written, equals, value = option.partition("=")
        name = unquote_plus(written)
        if name in _PASSWORD_OPTIONS and equals:
            value = MASK
        elif not equals or not re.fullmatch(_NAME, name) or _is_secret_option(name, value):
            return None
        options.append(f"{written}{equals}{value}")
    return "&".join(options)


def _is_secret_option(name: str, value: str) -> bool:
    """Whether an option has the name of a secret, or a password in its value."""
    if is_secret_name(name) or re.search(_AMBIGUOUS, name):
        return True
    value = unquote_plus(value)
    if name.startswith(_FREE_OPTIONS):
        return value_of_secret_name(value) is not None
    return re.fullmatch(_OPTION, value) is None


def mask_remote(remote: str) -> str:
    """Mask the secrets of a git remote or an argument; also ``user:password@host:path``.

    Args:
        remote: The remote or the argument.

    Returns:
        The masked text.
    """
    return _mask_query(_mask_users(remote))


def _mask_users(text: str) -> str:
    """Mask user and password in addresses and remotes."""
    logins = _logins(text)
    if logins:
        return _mask_parts(text, [(start, end) for start, _, end in logins])
    found = re.fullmatch(_REMOTE, text) if "@" in text and ":" in text else None
    return text if found is None or found[1] == "git" else f"{MASK}{found[2]}"


def may_be_secret(name: str, value: str) -> bool:
    """Whether a name may be that of a secret, and the value has letters and digits.

    Args:
        name: The name.
        value: The value.
    """
    return (
        re.search(_AMBIGUOUS, name) is not None
        and re.fullmatch(_LETTERS_AND_DIGITS, value) is not None
    )


def _mask_query(text: str) -> str:
    """Mask the values in the query of an address that are or may be secrets."""
    if "?" not in text:
        return text
    parts: list[tuple[int, int]] = []
    end = 0
    for name in re.finditer(_NAME, text):
        if name.start() <= end or text[name.start() - 1] not in "?&":
            continue
        if text[name.end() : name.end() + 1] == "=":
            value = re.compile(_VALUE).match(text, name.end() + 1)
            if value is not None and (
                is_secret_name(name[0])
                or may_be_secret(name[0], value[0])
                or (name[0] == "user" and ":" in value[0])
            ):
                parts.append(value.span())
                end = value.end()
    return _mask_parts(text, parts)


def mask_named(text: str) -> str:
    """Mask the text after a secret's name, up to the closing quote, the next ``&`` or the end.

    Args:
        text: The text.

    Returns:
        The masked text.
    """
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
