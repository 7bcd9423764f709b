"""For the tests of a project: its settings and configs are right, or the test fails and says why.

::

    from runsettings import assert_valid

    def test_configs():
        assert_valid("configs", parser=build_parser, settings=False)
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from runsettings.checks.check import check
from runsettings.values.diagnostic import Severity
from runsettings.values.rendering import render_problems


def assert_valid(files: str | Path | Iterable[str | Path] = (), **options: Any) -> None:
    """Fail if `check` finds an error; warnings pass unless ``strict``.

    Args:
        files: Config files, settings files, directories and glob patterns.
        **options: Those of `runsettings.checks.check.check`.

    Raises:
        AssertionError: With the whole report, as the command line shows it.
    """
    __tracebackhide__ = True  # pytest shows the caller's line
    found = [each for each in check(files, **options) if each.severity is not Severity.NOTE]
    if any(each.is_error for each in found):
        raise AssertionError(render_problems(found, "settings and configs"))
