"""The secrets that this process knows: those of any model, and those that were passed to a run.

Each run's mask learns them as they turn up. Settings are looked through only where a run is there,
or once one starts: resolving them costs no more than a note.
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

_WAITING_AT_MOST: Final = 64

_known: set[str] = set()
_waiting: list[Callable[[], Iterable[str]]] = []
_masks: weakref.WeakSet[masking.SecretMask] = weakref.WeakSet()


def remember(texts: Iterable[str]) -> None:
    """Let every run mask these texts from now on.

    A short one or a single word is passed over: a run that has nothing to do with it can have it.
    """
    with _LOCK:
        new = {text for text in texts if masking.is_distinct(text)} - _known
        if new:
            _known.update(new)
            for mask in list(_masks):
                mask.add(new)


def remember_value(secret: object) -> None:
    """Let every run mask what stands inside a secret object, such as pydantic's ``SecretStr``."""
    remember([secret.decode(errors="replace") if isinstance(secret, bytes) else str(secret)])


def remember_later(find: Callable[[], Iterable[str]]) -> None:
    """Remember the secrets that ``find`` returns, at once only if there is a run."""
    with _LOCK:
        _waiting.append(find)
        if _masks or len(_waiting) > _WAITING_AT_MOST:
            _find_waiting()


def follow(mask: masking.SecretMask) -> None:
    """Let a mask have all secrets that are known, and those that turn up while it lives."""
    with _LOCK:
        _find_waiting()
        mask.add(_known)
        _masks.add(mask)


def mask() -> masking.SecretMask:
    """A mask of all secrets that are known now, for a message."""
    with _LOCK:
        _find_waiting()
        return masking.SecretMask(_known)


def masked(diagnostics: Iterable[Diagnostic], own: masking.SecretMask) -> Sequence[Diagnostic]:
    """Mask all secrets that are known now in diagnostics.

    Args:
        diagnostics: The diagnostics.
        own: A mask of more secrets. That of a run knows all of them.
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
    """Forget what is known, such as between the tests of one process."""
    with _LOCK:
        _known.clear()
        _waiting.clear()
