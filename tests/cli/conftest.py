"""How the tests of the command line run it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner, Result

from runsettings.cli.main import cli

Run = Callable[..., Result]

_MODEL = """
from pydantic import BaseModel, SecretStr, field_validator, model_validator
from runsettings import LayeredSettings

class Optim(BaseModel):
    lr: float = 0.1
    betas: list[float] = []

class Training(LayeredSettings):
    model_config = dict(app_name="train", pyproject_table=("tool", "train"), env_prefix="TRAIN_")
    name: str
    optim: Optim = Optim()
    steps: int = 1
    low: int = 0
    high: int = 10
    sizes: list[int] = []
    camelCase: int = 0
    token: SecretStr | None = None

    @model_validator(mode="after")
    def ordered(self):
        if self.low > self.high:
            raise ValueError("low must not exceed high")
        return self

class Variables(LayeredSettings):
    model_config = dict(env_prefix="ONLY_")
    size: int = 1
"""


@pytest.fixture
def run() -> Run:
    """Runs a command line in this process, with its exit status, output and messages."""

    def run(*arguments: str, input: str | bytes | None = None, **options: Any) -> Result:  # noqa: A002
        return CliRunner().invoke(cli, arguments, input=input, catch_exceptions=False, **options)

    return run


@pytest.fixture
def training(jail, run):
    """Runs a command for a model in a module of the test's directory."""
    name = f"training_{jail.cwd.parent.name.replace('-', '_')}".replace("[", "_")
    jail.write(f"{name}.py", _MODEL)
    jail.write("pyproject.toml", "")
    jail.monkeypatch.setattr(sys, "path", list(sys.path))
    jail.setenv(TRAIN_NAME="t")
    return lambda *arguments, **more: run(
        *arguments, "--model", f"{name}:{more.pop('cls', 'Training')}", **more
    )


@pytest.fixture
def on_terminal() -> Callable[..., str]:
    """Runs a command line on a terminal of its own, and gives what is seen there."""
    pty = pytest.importorskip("pty", reason="terminals of POSIX")

    def on_terminal(*arguments: str, typed: str = "", status: int = 0, **variables: str) -> str:
        controller, terminal = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, "-m", "runsettings", *arguments],
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            env={**os.environ, "TERM": "xterm", **variables},
            start_new_session=True,
        )
        os.close(terminal)
        printed = b""
        pending = typed.encode()
        while True:
            try:
                chunk = os.read(controller, 4096)
            except OSError:  # how Linux says that the other side is closed
                break
            if not chunk:
                break
            printed += chunk
            if pending and printed.endswith(b": "):  # typed once the echo is off
                os.write(controller, pending)
                pending = b""
        os.close(controller)
        assert process.wait(timeout=60) == status
        return printed.decode()

    return on_terminal
