"""What a shell is offered when a person presses the tab key."""

from __future__ import annotations

from collections.abc import Iterable

from click.shell_completion import CompletionItem

_SAFE = frozenset("_-+@:,./")
"""Characters beside letters and digits that no shell gives a meaning inside a word."""


def offered(
    words: Iterable[str | tuple[str, str | None]], typed: str, before: str = ""
) -> list[CompletionItem]:
    """The words that begin with what is typed, each once.

    Shells insert a word as it is. A word that a shell would not take as plain text is left out:
    accepting the name ``a$(reboot)`` must not run it.

    Args:
        words: The words, each alone or with its help.
        typed: What has been typed of the word.
        before: What has been typed before it in the same argument, as ``id,`` of ``id,na``.
    """
    items: dict[str, CompletionItem] = {}
    for each in words:
        word, help_ = each if isinstance(each, tuple) else (each, None)
        if word.startswith(typed) and all(char.isalnum() or char in _SAFE for char in word):
            items.setdefault(word, CompletionItem(before + word, help=help_))
    return list(items.values())
