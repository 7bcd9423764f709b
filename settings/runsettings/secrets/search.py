"""Finds all occurrences of many strings in a text, in one pass."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

_FEW: Final = 16
"""Up to this number of strings, `str.find` for each is faster than the automaton in Python."""


class _Automaton(NamedTuple):
    """The Aho-Corasick automaton of some strings. State 0 is the start."""

    following: dict[int, int]
    """The next state, by a number that combines state and character; see `_KEY`."""
    fallback: list[int]
    """For each state, the state of its longest proper suffix that is a prefix of a string."""
    longest: list[int]
    """For each state, the length of the longest string that ends there; 0 if none does."""


_KEY: Final = 21
"""The number of bits for the character in a key of `_Automaton.following`. One dictionary with
numbers as keys needs much less memory than a dictionary for each state."""


class TextSearch:
    """Finds all occurrences of some strings, in time linear in the length of the searched text.

    Args:
        texts: The strings to search for. Empty ones are ignored.

    Attributes:
        texts: The strings, each once.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self.texts = tuple(dict.fromkeys(text for text in texts if text))
        self._automaton: _Automaton | None = None

    def replace(self, text: str, substitute: Callable[[int], str]) -> str:
        """Replace every occurrence; occurrences that overlap are replaced as one.

        Args:
            text: The text to search.
            substitute: Returns the new text, from the length of the replaced text in characters.

        Returns:
            The new text.
        """
        if len(self.texts) <= _FEW and not any(found in text for found in self.texts):
            return text
        parts: list[str] = []
        end = 0
        for start, stop in self._places(text):
            parts += (text[end:start], substitute(stop - start))
            end = stop
        return "".join([*parts, text[end:]]) if parts else text

    def _places(self, text: str) -> list[tuple[int, int]]:
        """Start and end of each occurrence, in order; occurrences that overlap are joined."""
        found = self._found_by_few(text) if len(self.texts) <= _FEW else self._found_by_many(text)
        places: list[tuple[int, int]] = []
        for start, stop in sorted(found):
            if places and start < places[-1][1]:
                places[-1] = (places[-1][0], max(stop, places[-1][1]))
            else:
                places.append((start, stop))
        return places

    def _found_by_few(self, text: str) -> list[tuple[int, int]]:
        found = []
        for wanted in self.texts:
            start = text.find(wanted)
            while start >= 0:
                found.append((start, start + len(wanted)))
                start = text.find(wanted, start + 1)
        return found

    def _found_by_many(self, text: str) -> list[tuple[int, int]]:
        if self._automaton is None:
            self._automaton = _automaton(self.texts)
        following, fallback, longest = self._automaton
        state, found = 0, []
        for index, char in enumerate(map(ord, text), 1):
            while state and state << _KEY | char not in following:
                state = fallback[state]
            state = following.get(state << _KEY | char, 0)
            if longest[state]:
                found.append((index - longest[state], index))
        return found


def _automaton(texts: Iterable[str]) -> _Automaton:
    following: dict[int, int] = {}
    longest = [0]
    levels: dict[int, list[int]] = {}
    for text in texts:
        state = 0
        for depth, char in enumerate(map(ord, text)):
            key = state << _KEY | char
            if key not in following:
                following[key] = len(longest)
                longest.append(0)
                levels.setdefault(depth, []).append(key)
            state = following[key]
        longest[state] = len(text)
    fallback = [0] * len(longest)
    # Breadth first: the fallback of a state is in a level above it.
    for depth in range(1, len(levels)):
        for key in levels[depth]:
            state, char = fallback[key >> _KEY], key & (1 << _KEY) - 1
            while state and state << _KEY | char not in following:
                state = fallback[state]
            after, back = following[key], following.get(state << _KEY | char, 0)
            fallback[after] = back
            longest[after] = max(longest[after], longest[back])
    return _Automaton(following, fallback, longest)
