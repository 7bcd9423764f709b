"""Facts about the machine and the process: enough to tell where and how a run was made."""

from __future__ import annotations

import contextlib
import datetime as dt
import getpass
import os
import platform
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from runsettings.secrets.arguments import mask_arguments
from runsettings.secrets.masking import SecretMask


def process_facts(
    argv: Sequence[str], cwd: Path, mask: SecretMask, root: Path | None = None
) -> dict[str, Any]:
    """What is known at once: program, arguments without secrets, machine, Python.

    Args:
        argv: The command line, program first.
        cwd: The working directory.
        mask: Masks the secrets that are known.
        root: The directory that has the ``wandb`` directory.
    """
    return {
        "program": mask.text(argv[0]) if argv else None,
        "args": mask_arguments(argv[1:], mask.text),
        "cwd": mask.text(os.fspath(cwd)),
        "host": platform.node(),
        "os": f"{platform.system()}-{platform.release()}-{platform.machine()}",
        "python": platform.python_version(),
        "implementation": sys.implementation.name,
        "executable": sys.executable,
        "cpu_count": os.cpu_count(),
        "cpu_count_logical": os.cpu_count(),
        "username": _user_name(),
        "startedAt": dt.datetime.now(dt.UTC).isoformat().replace("+00:00", "Z"),
        "codePath": _code_path(cwd, mask),
        "root": mask.text(os.fspath(root or cwd)),
        "pid": os.getpid(),
    }


def machine_facts() -> dict[str, Any]:
    """Counts that take a moment to read: cores, graphics cards, bytes of memory.

    What a platform does not tell is left out.
    """
    facts: dict[str, Any] = {}
    cores = set()
    for package in Path("/sys/devices/system/cpu").glob("cpu[0-9]*/topology/physical_package_id"):
        core = package.with_name("core_id")
        with contextlib.suppress(OSError):  # a processor may be switched off meanwhile
            cores.add((package.read_text(), core.read_text()))
    if cores:
        facts["cpu_count"] = len(cores)
    cards = sum(1 for _ in Path("/proc/driver/nvidia/gpus").glob("*"))
    for card in Path("/sys/class/kfd/kfd/topology/nodes").glob("*/gpu_id"):
        with contextlib.suppress(OSError):
            cards += card.read_text().strip() not in ("", "0")  # a processor is a node as well
    facts["gpu_count"] = cards
    with contextlib.suppress(AttributeError, OSError, ValueError):  # not on every platform
        facts["memory"] = {"total": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")}
    return facts


def _user_name() -> str | None:
    """The name of the user, if it has one: a container's user may be a number alone."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return None


def _code_path(cwd: Path, mask: SecretMask) -> str | None:
    """The main program's file, relative to the working directory if it is below it."""
    file = getattr(sys.modules.get("__main__"), "__file__", None)
    if not isinstance(file, str):
        return None
    path = Path(os.path.abspath(cwd / file))  # noqa: PTH100 - without following symbolic links
    return mask.text((path.relative_to(cwd) if path.is_relative_to(cwd) else path).as_posix())
