"""Whether this is a notebook, and which: asked of IPython only where it is already loaded."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def shell() -> Any:
    """The notebook's IPython shell, or ``None`` outside of a notebook.

    A terminal running IPython is no notebook: its cells are not run again.
    """
    ipython = sys.modules.get("IPython")
    if ipython is None:
        return None
    found = ipython.get_ipython()
    names = (cls.__name__ for cls in type(found).__mro__)
    return found if "ZMQInteractiveShell" in names else None


def notebook_file(environ: Mapping[str, str], namespace: Mapping[str, Any]) -> Path | None:
    """The notebook's file, where the front end tells it.

    Args:
        environ: The environment; ``WANDB_NOTEBOOK_NAME`` is the user's own word, and
            ``JPY_SESSION_NAME`` Jupyter's.
        namespace: The user's names, in which VS Code leaves the path.
    """
    for name in (
        environ.get("WANDB_NOTEBOOK_NAME"),
        namespace.get("__vsc_ipynb_file__"),
        environ.get("JPY_SESSION_NAME"),
    ):
        if isinstance(name, str) and name and Path(name).is_file():
            return Path(name)
    return None


def session_notebook(cells: list[str]) -> dict[str, Any]:
    """The cells that were run, in order, as a notebook (nbformat 4.5)."""
    return {
        "cells": [
            {
                "cell_type": "code",
                "execution_count": number,
                "id": f"cell-{number}",
                "metadata": {},
                "outputs": [],
                "source": source,
            }
            for number, source in enumerate(cells, 1)
        ],
        "metadata": {"language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
