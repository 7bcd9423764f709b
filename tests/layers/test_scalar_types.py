"""Which types take texts as they are."""

import enum
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from annotated_types import Gt
from pydantic import SecretStr, Strict

from runsettings.layers.scalar_types import has_fixed_types
from runsettings.layers.text_values import needs_typing


class Level(enum.IntEnum):
    LOW = 1


FIXED = [
    int,
    str | None,
    Annotated[float, Gt(0)],
    Annotated[str, {"a": "note without a hash"}],
    list[Annotated[int, ["another"]]],
    tuple[int, ...],
    dict[str, Any],
    Mapping[str, Sequence[Path]],
    Literal["a", "b"],
    SecretStr | None,
]
NOT_FIXED = [
    Level,
    Literal[1, "a"],
    list[Literal[1, 2]],
    Annotated[int, Strict()],
    int | Level,
    dict[str, Level],
]


@pytest.mark.parametrize("annotation", FIXED, ids=str)
def test_scalars_and_their_containers_have_fixed_types(annotation):
    """They are told quickly, and need no conversion of ours."""
    assert has_fixed_types(annotation)
    assert not needs_typing(annotation)


@pytest.mark.parametrize("annotation", NOT_FIXED, ids=str)
def test_types_that_need_conversion_have_no_fixed_types(annotation):
    """The quick answer never hides that a text must be converted."""
    assert needs_typing(annotation)
    assert not has_fixed_types(annotation)
