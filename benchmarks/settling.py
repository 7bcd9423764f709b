"""How long settling takes: warm and cold, beside pydantic-settings, wandb and code by hand.

Run it with ``make bench`` or ``python benchmarks/settling.py``. Every pair of figures comes from
one run, in turn, and medians are compared: absolute times differ from machine to machine.
"""

from __future__ import annotations

import argparse
import configparser
import os
import statistics
import subprocess
import sys
import tempfile
import time
import types
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, create_model
from pydantic_settings import BaseSettings, SettingsConfigDict

import runsettings
from runsettings import LayeredConfigDict, LayeredSettings

FIELDS: dict[str, Any] = {
    **{f"number_{i}": (int, 0) for i in range(60)},
    **{f"text_{i}": (str | None, None) for i in range(60)},
}
ARGUMENTS = {f"text_{i}": "given" for i in range(50, 60)}


class _Layered(LayeredSettings):
    model_config = LayeredConfigDict(
        env_prefix="BENCH_", app_name="bench", pyproject_table=("tool", "bench")
    )


class _Alone(LayeredSettings):
    model_config = LayeredConfigDict(env_prefix="BENCH_")


class _WithSources(_Alone):
    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], **sources: Any
    ) -> tuple[Any, ...]:
        del settings_cls
        return tuple(sources.values())


class _Plain(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="BENCH_")


Layered: Any = create_model("Layered", __base__=_Layered, **FIELDS)
Alone: Any = create_model("Alone", __base__=_Alone, **FIELDS)
WithSources: Any = create_model("WithSources", __base__=_WithSources, **FIELDS)
Plain: Any = create_model("Plain", __base__=_Plain, **FIELDS)
ByHand: Any = create_model("ByHand", __base__=BaseModel, **FIELDS)


def side_by_side(
    first: Callable[[], object], second: Callable[[], object], number: int, rounds: int = 15
) -> tuple[float, float]:
    """Median microseconds of one call of each, measured in turn."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for call, taken in zip((first, second), times, strict=True):
            start = time.perf_counter()
            for _ in range(number):
                call()
            taken.append((time.perf_counter() - start) / number * 1e6)
    return statistics.median(times[0]), statistics.median(times[1])


def processes(first: list[str], second: list[str], rounds: int = 15) -> tuple[float, float]:
    """Median milliseconds of two whole processes, run in turn after one warm-up each."""
    times: tuple[list[float], list[float]] = ([], [])
    for round_ in range(rounds + 1):
        for command, taken in zip((first, second), times, strict=True):
            start = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            if round_:
                taken.append((time.perf_counter() - start) * 1e3)
    return statistics.median(times[0]), statistics.median(times[1])


def report(name: str, ours: float, theirs: float, unit: str, demand: str) -> None:
    """One line: both figures, the ratio, and what was promised."""
    print(f"{name:<58}{ours:>9.1f}{theirs:>9.1f} {unit}{ours / theirs:>8.3f}   {demand}")


def gather(
    values: dict[str, Any], parser: argparse.ArgumentParser, argv: list[str], path: str
) -> None:
    """Put the values of a file, of variables, flags and keyword arguments over others."""
    file = configparser.ConfigParser(interpolation=None)
    file.read(path)
    if file.has_section("default"):
        values.update(file["default"])
    for name in FIELDS:
        text = os.environ.get(f"BENCH_{name.upper()}")
        if text is not None:
            values[name] = text
    values.update(vars(parser.parse_args(argv)))
    values.update(ARGUMENTS)


def by_hand(parser: argparse.ArgumentParser, argv: list[str], path: str) -> Any:
    """The same job as a careful person writes it, without origins."""
    values: dict[str, Any] = {}
    gather(values, parser, argv, path)
    return ByHand(**values)


def without_a_model(parser: argparse.ArgumentParser, argv: list[str], path: str) -> dict[str, Any]:
    """The least that a careful person writes: nothing but dicts and ``int``."""
    values: dict[str, Any] = dict.fromkeys(FIELDS)
    gather(values, parser, argv, path)
    for name, (annotation, default) in FIELDS.items():
        if values[name] is None:
            values[name] = default
        elif annotation is int:
            values[name] = int(values[name])
    unknown = values.keys() - FIELDS.keys()
    if unknown:
        raise ValueError(f"unknown keys: {unknown}")
    return values


def warm(directory: Path) -> None:
    """Resolving again in a running process."""
    alone, plain = side_by_side(lambda: Alone(**ARGUMENTS), lambda: Plain(**ARGUMENTS), number=20)
    assert Alone(**ARGUMENTS).model_dump() == Plain(**ARGUMENTS).model_dump()
    report("20 variables, 10 kwargs: ours / BaseSettings", alone, plain, "µs", "≤ 0.025")
    assert "runsettings.layers.class_sources" not in sys.modules  # no class has sources yet
    report(
        "the same: without settings_customise_sources / with it",
        *side_by_side(lambda: Alone(**ARGUMENTS), lambda: WithSources(**ARGUMENTS), number=20),
        "µs",
        "",
    )

    path = directory / "bench" / "settings"
    path.parent.mkdir()
    lines = [f"number_{i} = {i}" for i in range(20, 40)]
    path.write_text("[default]\n" + "\n".join(lines) + "\n")
    parser = argparse.ArgumentParser(argument_default=argparse.SUPPRESS)
    for i in range(40, 50):
        parser.add_argument(f"--text-{i}")
    argv = [word for i in range(40, 50) for word in (f"--text-{i}", "flag")]

    time.sleep(2.1)  # a file that has just changed is not remembered

    def ours() -> Any:
        return Layered.resolve(args=runsettings.parse_args(parser, argv), **ARGUMENTS)

    def hand() -> Any:
        return by_hand(parser, argv, str(path))

    assert ours().model_dump() == hand().model_dump()
    report(
        "file, 20 variables, 10 flags, 10 kwargs: ours / by hand",
        *side_by_side(ours, hand, number=50),
        "µs",
        "≤ 1",
    )

    every_flag = argparse.ArgumentParser(argument_default=argparse.SUPPRESS)
    for name in FIELDS:
        every_flag.add_argument(f"--{name.replace('_', '-')}")

    def many() -> Any:
        return Layered.resolve(args=runsettings.parse_args(every_flag, argv), **ARGUMENTS)

    def least() -> dict[str, Any]:
        return without_a_model(every_flag, argv, str(path))

    assert many().model_dump() == least()
    report(
        "the same, parser of 120 flags: ours / by hand, no model",
        *side_by_side(many, least, number=50),
        "µs",
        "≤ 1",
    )

    def changed(job: Callable[[], Any]) -> Callable[[], Any]:
        def run() -> Any:
            os.utime(path)
            return job()

        return run

    report(
        "the same, with a file that changes each time",
        *side_by_side(changed(ours), changed(hand), number=50),
        "µs",
        "",
    )


def plain_annotation(annotation: Any) -> str:
    """The source text of an annotation, without validators."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return plain_annotation(arguments[0])
    if origin in (Union, types.UnionType):
        return " | ".join(plain_annotation(argument) for argument in arguments)
    if origin is Literal:
        return f"Literal[{', '.join(map(repr, arguments))}]"
    if annotation is types.NoneType:
        return "None"
    if annotation is ...:
        return "..."
    inner = ", ".join(plain_annotation(argument) for argument in arguments)
    name = (origin or annotation).__name__
    return f"{name}[{inner}]" if inner else name


def cold() -> None:
    """Whole processes."""
    python = sys.executable
    report(
        "import runsettings / python -c pass",
        *processes([python, "-c", "import runsettings"], [python, "-c", "pass"], rounds=25),
        "ms",
        "≤ 1.3",
    )
    base = (
        "from __future__ import annotations\n"
        "from typing import *\n"
        "from collections.abc import Mapping\n"
        "from pydantic import *\n"
        "from pydantic_settings import *\n"
        "class Settings(BaseSettings):\n"
        "    model_config = SettingsConfigDict(env_prefix='WANDB_')\n"
    )
    for name, info in runsettings.Settings.model_fields.items():
        base += f"    {name}: {plain_annotation(info.annotation)} = {info.default!r}\n"
    # As a module, so that it has its bytecode as we have ours.
    Path("base_settings.py").write_text(base)
    report(
        "Settings() / BaseSettings with the same fields",
        *processes(
            [python, "-c", "import runsettings; runsettings.Settings()"],
            [python, "-c", "import base_settings; base_settings.Settings()"],
            rounds=25,
        ),
        "ms",
        "≤ 1.1",
    )
    try:
        import wandb  # noqa: F401 - whether it is there
    except ImportError:
        return
    report(
        "Settings() / wandb.Settings()",
        *processes(
            [python, "-c", "import runsettings; runsettings.Settings()"],
            [python, "-c", "import wandb; wandb.Settings()"],
        ),
        "ms",
        "≤ 0.5",
    )


def main() -> None:
    """Print all figures."""
    # An installed package has its bytecode; a checkout must be allowed to write it as well.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    print(f"{'':<58}{'ours':>9}{'theirs':>9}   {'ratio':>8}   promised")
    with tempfile.TemporaryDirectory() as name:
        os.chdir(name)
        os.environ.update(HOME=name, **{f"BENCH_NUMBER_{i}": str(i) for i in range(20)})
        warm(Path(name))
        cold()


if __name__ == "__main__":
    main()
