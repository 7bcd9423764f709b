"""What YAML tags mean here: directives, and what to write instead of a tag that is not safe."""

from __future__ import annotations

import re
from typing import Final

from runsettings.documents.yaml.scalars import PREFIX

DIRECTIVES: Final = {
    "!append": "!append must be followed by a list: `!append [a, b]`",
    "!replace": "!replace must be followed by a mapping: `!replace {a: 1}`",
    "!delete": "!delete takes no value: `key: !delete`",
}
"""The tags that make directives, each with the message about a wrong use."""

_PLAIN: Final = "write the plain value that it stands for"

_INSTEAD: Final = (
    (
        r"!(include|inc|import|extends?|inherit|file)\b.*",
        "no tag reads a file: pass the files in a list, lowest first, or compose them with `$use`",
    ),
    (
        r"!((get)?env|env_?var|environ(ment)?)\b.*",
        "no tag reads a variable: write the value, or `${env:NAME}` in a composed file",
    ),
    (
        r"!(ref|reference|get|cfg)\b.*",
        "no tag looks a value up: write the value, or `${key.path}` in a composed file",
    ),
    (r"!!(python/)?(tuple|set|frozenset)|!tuple", "write a list without the tag"),
    (r"!!(omap|pairs)", "write a mapping without the tag"),
    (r"!!python/(unicode|str|int|long|float|bool|none|dict|list)", "remove the tag"),
    (r"!!timestamp", "put the date in quotes, without the tag"),
    (r"!!(binary|python/bytes)", "write the text in quotes, and decode it in the program"),
    (
        r"!!python/(name|module):.*",
        "write the name as a text, and look it up in the program",
    ),
    (
        r"!!python/.*",
        "a file cannot make objects: write a mapping, and make the object of it in the program",
    ),
)
"""Tags of other tools, by pattern, and what to do."""


def shown_tag(tag: str) -> str:
    """A tag as it is usually written: ``!!int``."""
    return "!!" + tag.removeprefix(PREFIX) if tag.startswith(PREFIX) else tag


def instead_of(shown: str, *, is_scalar: bool) -> str:
    """What to write instead of a tag that is not safe.

    Args:
        shown: The tag as it is written.
        is_scalar: Whether it stands before a single value.
    """
    for pattern, hint in _INSTEAD:
        if re.fullmatch(pattern, shown, re.IGNORECASE):
            return hint
    return f"{_PLAIN}, or quote it if it is a text that begins with '!'" if is_scalar else _PLAIN
