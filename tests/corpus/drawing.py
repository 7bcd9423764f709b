"""How a kind of argument is registered and drawn, and what all kinds share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from .programs import Piece

Draw = Callable[[st.SearchStrategy[Any]], Any]

KINDS: dict[str, Callable[[Draw, str], Piece]] = {}
"""Each kind by its name: what it draws becomes one piece of a parser, for an argument's name."""

NAMES = (
    "lr",
    "epochs",
    "batch-size",
    "seed",
    "data_dir",
    "name",
    "warm-up",
    "tags",
    "model",
    "opt",
)
WORDS: dict[str, tuple[str, ...]] = {
    "int": ("3", "-5", "0", "007", "1_000", "+2"),
    "float": ("0.1", "-1e-3", "1e5", "3", ".5", "inf"),
    "str": ("adam", "a b", "", "1e-3", "yes", "naïve", "None", "3"),
}
"""Words for the types that parsers have most; short ones come first, as examples shrink to them."""

WRONG: dict[str, str | None] = {"int": "1.5", "float": "fast", "str": None}
DEFAULTS: dict[str, tuple[Any, ...]] = {
    "int": (1, None, -1, 0),
    "float": (0.1, None, 1e-5, 3.0),
    "str": ("adam", None, "", "1e-3"),
}
HELPS = (None, "what it is", "default: %(default)s", "100 %% of %(dest)s", "", "SUPPRESS")


def kind(function: Callable[[Draw, str], Piece]) -> Callable[[Draw, str], Piece]:
    """Register a kind by the name of its function."""
    KINDS[function.__name__] = function
    return function


def one_of(draw: Draw, *values: Any) -> Any:
    """One of the values; examples shrink to the first."""
    return draw(st.sampled_from(values))


def added(*flags: str, parser: str = "parser", **keywords: Any) -> str:
    """The statement that adds an argument; a keyword whose value begins with ``=`` is source."""
    words = [repr(flag) for flag in flags]
    for name, value in keywords.items():
        is_source = isinstance(value, str) and value.startswith("=")
        words.append(f"{name}={value[1:] if is_source else repr(value)}")
    return f"{parser}.add_argument({', '.join(words)})"


def spelt(draw: Draw, flag: str, word: str) -> tuple[str, ...]:
    """A flag with its word, as one or as two."""
    return (f"{flag}={word}",) if draw(st.booleans()) or word[:1] == "-" else (flag, word)


def dest_of(flag: str) -> str:
    """The argument's name in the namespace."""
    return flag.lstrip("-").replace("-", "_")


def several(draw: Draw, words: tuple[str, ...], least: int = 0, most: int = 3) -> tuple[str, ...]:
    """Some of the words, in any order, also twice."""
    return tuple(draw(st.lists(st.sampled_from(words), min_size=least, max_size=most)))
