"""Programs whose parsers have arguments of the kinds that parsers of the field have."""

from __future__ import annotations

from hypothesis import strategies as st

from . import combinations, odd_defaults, own_types, spellings, usual_arguments
from .drawing import KINDS, NAMES, Draw, one_of
from .programs import Piece, Program

REGISTERED = (usual_arguments, odd_defaults, own_types, combinations, spellings)
"""The modules that add their kinds to `KINDS`, in the order of the tests."""

_OWN_PARSER = "parser = "
"""A piece with a parser of its own comes first, and there is one of them at most."""

ALONE = {
    *("subparsers", "subparsers_with_functions", "parents", "argument_files", "abbreviations"),
    *("prefix_characters", "ways_to_leave", "replaced_arguments", "numbers_as_flags"),
    *("positionals", "mixed_positionals", "the_rest", "dotted_names"),
}
"""Kinds of which one is enough for a parser."""


@st.composite
def programs(draw: Draw, *names: str) -> Program:
    """Programs whose parsers have arguments of the kinds ``names``, and plain ones."""
    free = draw(st.permutations(NAMES))
    chosen = [one_of(draw, *names)]
    if chosen[0] not in ALONE:
        more = [each for each in names if each not in ALONE]
        chosen += draw(st.lists(st.sampled_from(more), max_size=2))
    chosen += ["plain"] * draw(st.integers(0, 1))
    pieces = [KINDS[each](draw, name) for each, name in zip(chosen, free, strict=False)]
    pieces.sort(key=lambda piece: _OWN_PARSER not in piece.source)
    source = "\n".join(piece.source for piece in pieces)
    if _OWN_PARSER not in source:
        source = f"{_OWN_PARSER}ArgumentParser()\n{source}"
    count = draw(st.integers(1, 2))
    lines = [_line(draw, pieces, good=draw(st.integers(0, 3)) < 3) for _ in range(count)]
    always = tuple(word for piece in pieces for word in piece.always)
    refused = tuple(piece.refused for piece in pieces if piece.refused)
    return Program(source, (always, *lines), refused)


def _line(draw: Draw, pieces: list[Piece], *, good: bool) -> tuple[str, ...]:
    chosen = [one_of(draw, *piece.right) for piece in pieces if piece.right]
    parts = list(draw(st.permutations([*(piece.always for piece in pieces), *chosen])))
    if not good:
        wrong = [words for piece in pieces for words in piece.wrong] or [("--unknown",)]
        place = draw(st.integers(0, len(parts)))
        parts.insert(place, one_of(draw, *wrong, ("--unknown", "3"), ("stray",)))
    return tuple(word for part in parts for word in part)
