"""The secrets that this process knows: those of all models, and those that were passed to a run.

Each new secret is added to the mask of every run. While there is no run, the search for secrets in
resolved settings is deferred, so that resolving settings stays fast.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Final

from runsettings._deferred import deferred

if TYPE_CHECKING:
    from runsettings.secrets import masking
    from runsettings.values.diagnostic import Diagnostic
else:
    masking = deferred("runsettings.secrets.masking")


_LOCK: Final = threading.RLock()

_MAX_WAITING: Final = 64

_known: set[str] = set()
_waiting: list[Callable[[], Iterable[str]]] = []
_masks: weakref.WeakSet[masking.SecretMask] = weakref.WeakSet()


def remember(texts: Iterable[str]) -> None:
    """Mask these texts in every run from now on.

    Short texts and single words are ignored, because unrelated runs may use them.

    Args:
        texts: The secrets.
    """
    with _LOCK:
        new = {text for text in texts if masking.is_distinct(text)} - _known
        if new:
            _known.update(new)
            for mask in list(_masks):
                mask.add(new)


def remember_value(secret: object) -> None:
    """Mask the value of a secret object in every run from now on.

    Args:
        secret: The object, such as pydantic's ``SecretStr``.
    """
    remember([secret.decode(errors="replace") if isinstance(secret, bytes) else str(secret)])


def remember_later(find: Callable[[], Iterable[str]]) -> None:
    """Remember the secrets that a function returns; call it only when there is a run.

    Args:
        find: Returns the secrets.
    """
    with _LOCK:
        _waiting.append(find)
        if _masks or len(_waiting) > _MAX_WAITING:
            _find_waiting()


def follow(mask: masking.SecretMask) -> None:
    """Add all known secrets to a mask, and later also each new one.

    Args:
        mask: The mask of a run.
    """
    with _LOCK:
        _find_waiting()
        mask.add(_known)
        _masks.add(mask)


def mask() -> masking.SecretMask:
    """A mask with all secrets that are known now, for a message."""
    with _LOCK:
        _find_waiting()
        return masking.SecretMask(_known)


def masked(diagnostics: Iterable[Diagnostic], own: masking.SecretMask) -> Sequence[Diagnostic]:
    """Mask all secrets that are known now in diagnostics.

    Args:
        diagnostics: The diagnostics.
        own: A mask with further secrets. The mask of a run has all of them.

    Returns:
        The masked diagnostics.
    """
    found = list(diagnostics)
    if not found:
        return found
    with _LOCK:
        _find_waiting()
        if not own.secrets >= _known:
            own = masking.SecretMask(own.secrets | _known)
    return own.diagnostics(found)


def _find_waiting() -> None:
    found = [text for find in _waiting for text in find()]
    _waiting.clear()
    remember(found)


def forget_all() -> None:
    """Forget all known secrets, for example between tests."""
    with _LOCK:
        _known.clear()
        _waiting.clear()
