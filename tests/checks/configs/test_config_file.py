"""One config file, checked."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

import pytest

from runsettings.checks.configs.config_file import ConfigChecks, check_config_file


@pytest.mark.parametrize(
    "text",
    ["lr: 1\n", "lr: [1\n", "lr.x: 1\n", "1: a\n", "key: hunter22-secret\n"],
    ids=["good", "syntax error", "period in key", "number as key", "secret"],
)
def test_a_file_is_read_once(text: str, jail: Any) -> None:
    """A file is read and converted once, whatever is wrong with it."""
    path = jail.write("train.yaml", text)
    reads: list[str] = []

    def count(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code.co_name == "read_file":
            reads.append(frame.f_locals["where"])

    checks = ConfigChecks(jail.cwd, secrets=frozenset({"hunter22-secret"}))
    sys.setprofile(count)
    try:
        check_config_file(path, checks)
    finally:
        sys.setprofile(None)
    assert reads == ["train.yaml"]
