"""Facts about the machine and the process: enough to tell where and how a run was made."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from runsettings.secrets.forms import mask_arguments
from runsettings.secrets.masking import SecretMask


def process_facts(argv: Sequence[str], cwd: Path, mask: SecretMask) -> dict[str, Any]:
    """What is known at once: program, arguments without secrets, machine, Python.

    Args:
        argv: The command line, program first.
        cwd: The working directory.
        mask: Masks the secrets that are known.
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
        "pid": os.getpid(),
    }
