"""Makes the words that a shell offers when a person presses the tab key."""

from __future__ import annotations

from collections.abc import Iterable

from click.shell_completion import CompletionItem

_SAFE = frozenset("_-+@:,./")
"""Characters, besides letters and digits, without a special meaning for shells inside a word."""


def offered(
    words: Iterable[str | tuple[str, str | None]], typed: str, before: str = ""
) -> list[CompletionItem]:
    """The words that begin with the typed text, each once.

    Shells insert a word as it is. Words that are not plain text for a shell are left out:
    accepting the name ``a$(reboot)`` must not run it.

    Args:
        words: The words, each alone or with its help.
        typed: The typed part of the word.
        before: The text before it in the same argument, such as ``id,`` in ``id,na``.
    """
    items: dict[str, CompletionItem] = {}
    for each in words:
        word, help_ = each if isinstance(each, tuple) else (each, None)
        if word.startswith(typed) and all(char.isalnum() or char in _SAFE for char in word):
            items.setdefault(word, CompletionItem(before + word, help=help_))
    return list(items.values())
