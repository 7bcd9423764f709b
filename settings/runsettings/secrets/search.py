"""Finds all occurrences of many strings in a text, in one pass."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

_FEW: Final = 16
"""Up to so many strings, one search for each is faster than the automaton, which is in Python."""


class _State(NamedTuple):
    """A state of the Aho-Corasick automaton."""

    following: dict[str, int]
    """The next state for each character."""
    fallback: int
    """The state of the longest proper suffix that is a prefix of one of the strings."""
    longest: int
    """The length of the longest string that ends here; 0 if none does."""


class TextSearch:
    """Finds all occurrences of some strings, in time linear in the length of the searched text.

    Args:
        texts: The strings to search for. Empty ones are ignored.

    Attributes:
        texts: The strings, each once.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self.texts = tuple(dict.fromkeys(text for text in texts if text))
        self._states: list[_State] | None = None

    def replace(self, text: str, substitute: Callable[[int], str]) -> str:
        """Replace every occurrence; occurrences that overlap are replaced as one.

        Args:
            text: The text to search.
            substitute: Makes the new text from the length of the replaced one, in characters.
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
        if self._states is None:
            self._states = _automaton(self.texts)
        states, state, found = self._states, 0, []
        for index, char in enumerate(text, 1):
            while state and char not in states[state].following:
                state = states[state].fallback
            state = states[state].following.get(char, 0)
            if states[state].longest:
                found.append((index - states[state].longest, index))
        return found


def _automaton(texts: Iterable[str]) -> list[_State]:
    states = [_State({}, 0, 0)]
    for text in texts:
        state = 0
        for char in text:
            following = states[state].following
            if char not in following:
                following[char] = len(states)
                states.append(_State({}, 0, 0))
            state = following[char]
        states[state] = states[state]._replace(longest=len(text))
    waiting = deque(states[0].following.values())
    while waiting:
        state = waiting.popleft()
        for char, after in states[state].following.items():
            waiting.append(after)
            fallback = states[state].fallback
            while fallback and char not in states[fallback].following:
                fallback = states[fallback].fallback
            fallback = states[fallback].following.get(char, 0)
            longest = max(states[after].longest, states[fallback].longest)
            states[after] = states[after]._replace(fallback=fallback, longest=longest)
    return states
