"""A JSON tree as text."""

from __future__ import annotations

import json
from typing import Any


def dump_json(value: Any) -> str:
    """A JSON tree as one line of compact JSON, as the journal writes it.

    Characters beyond ASCII stay as they are; NaN and infinities are Python's tokens.
    """
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def canonical_json(value: Any) -> bytes:
    """A JSON tree as UTF-8 that is the same wherever and whenever it is made: keys sorted."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return text.encode()
