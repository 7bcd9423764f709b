"""What plain YAML scalars are to the core schema of YAML 1.2 and to PyYAML, for the judge.

The tables are those of the specification (1.2.2, chapter 10.3.2), with one addition: a plain whole
number may have underscores between its digits, as YAML 1.1 has it, unless it begins with a zero.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

import yaml

_READINGS: tuple[tuple[str, Any], ...] = (
    (r"null|Null|NULL|~|", lambda text: None),
    (r"true|True|TRUE", lambda text: True),
    (r"false|False|FALSE", lambda text: False),
    (r"[-+]?([0-9]+|[1-9][0-9]*(_[0-9]+)+)", int),
    (r"0o[0-7]+", lambda text: int(text, 0)),
    (r"0x[0-9a-fA-F]+", lambda text: int(text, 0)),
    (r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", float),
    (r"[-+]?\.(inf|Inf|INF)", lambda text: -math.inf if text[0] == "-" else math.inf),
    (r"\.(nan|NaN|NAN)", lambda text: math.nan),
)


def core(text: str) -> Any:
    """The value of a plain scalar."""
    for pattern, value_of in _READINGS:
        if re.fullmatch(pattern, text):
            return value_of(text)
    return text


def plain_texts(text: str) -> set[str]:
    """The scalars of a YAML text that have no quotes and are texts to PyYAML."""
    resolver = yaml.resolver.Resolver()
    return {
        event.value
        for event in yaml.parse(text, Loader=yaml.SafeLoader)
        if isinstance(event, yaml.ScalarEvent)
        and event.implicit[0]
        and resolver.resolve(yaml.ScalarNode, event.value, (True, False)).endswith(":str")
    }


def read_by_core(data: Any, plain: set[str]) -> Any:
    """Data whose texts ``plain`` were written without quotes, as YAML 1.2 reads it."""
    if isinstance(data, dict):
        return {key: read_by_core(value, plain) for key, value in data.items()}
    if isinstance(data, list):
        return [read_by_core(item, plain) for item in data]
    return core(data) if isinstance(data, str) and data in plain else data


def changed_paths(data: Any, read: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The places of the texts that were read as something else."""
    if isinstance(data, (dict, list)):
        for key, value in data.items() if isinstance(data, dict) else enumerate(data):
            yield from changed_paths(value, read[key], (*path, key))
    elif type(data) is not type(read):
        yield path
