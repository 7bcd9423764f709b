"""How far the readers follow a text. Honest files stay far below each of these."""

from __future__ import annotations

from typing import Final

MAX_BYTES: Final = 32 * 1024 * 1024
"""The largest file that is read, in bytes. Beyond it stands data, not settings."""

MAX_DEPTH: Final = 100
"""How deep values may be nested: merging and freezing them are recursive."""

ALIAS_BUDGET: Final = 100_000
"""How many values the aliases of a YAML text may stand for, besides one for each of its
characters. A bomb of nine levels stands for a billion."""

MAX_DIGITS: Final = 3_500
"""The most characters of a number. Python refuses to turn an integer of more than 4,300
decimal digits into text or back, and 3,500 hexadecimal digits are nearly as many."""

MAX_FAULTS: Final = 1_000
"""How many faults of one text are listed. Nobody reads more, and a hostile text has millions."""
