"""Facts about the machine and the process: enough to tell where and how a run was made."""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from runsettings.resolution.secrets import MASK, mask

_SECRET_FLAG: Final = re.compile(
    r"(?i)(-{1,2}[\w.-]*(?:api[_-]?key|secret|token|passw(?:or)?d|credential)[\w.-]*)(=.*)?",
    re.DOTALL,
)


def process_facts(argv: Sequence[str], cwd: Path, secrets: Iterable[str]) -> dict[str, Any]:
    """What is known at once: program, arguments without secrets, machine, Python.

    Args:
        argv: The command line, program first.
        cwd: The working directory.
        secrets: Values that must not appear.
    """
    secrets = tuple(secrets)
    return {
        "program": mask(argv[0], secrets) if argv else None,
        "args": masked_arguments(argv[1:], secrets),
        "cwd": mask(os.fspath(cwd), secrets),
        "host": platform.node(),
        "os": f"{platform.system()}-{platform.release()}-{platform.machine()}",
        "python": platform.python_version(),
        "implementation": sys.implementation.name,
        "executable": sys.executable,
        "cpu_count": os.cpu_count(),
        "pid": os.getpid(),
    }


def masked_arguments(arguments: Sequence[str], secrets: Sequence[str]) -> list[str]:
    """Arguments without live secrets, and without the values of flags that name one."""
    masked = []
    hide_next = False
    for argument in arguments:
        match = _SECRET_FLAG.fullmatch(argument)
        if hide_next and not argument.startswith("-"):
            masked.append(MASK)
        elif match is not None and match[2]:
            masked.append(f"{match[1]}={MASK}")
        else:
            masked.append(without_password(mask(argument, secrets)))
        hide_next = match is not None and not match[2]
    return masked


def without_password(text: str) -> str:
    """A URL without user name and password; any other text as it is."""
    if "://" not in text or "@" not in text:
        return text
    parts = urlsplit(text)
    if "@" not in parts.netloc:
        return text
    return urlunsplit(parts._replace(netloc=f"{MASK}@{parts.netloc.rpartition('@')[2]}"))
