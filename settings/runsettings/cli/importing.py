"""Imports objects of the user's code that the command line names: ``train:Settings``."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from runsettings.documents.paths import working_directory
from runsettings.values.did_you_mean import did_you_mean

if TYPE_CHECKING:
    from runsettings.models.layered import LayeredSettings


def load_object(reference: str, option: str, directory: Path | None = None) -> Any:
    """Import the object that ``module:name`` names; ``directory`` is on the path.

    Args:
        reference: ``train:Settings``, ``package.module:Class.attribute``, ``train.py:main``.
        option: The option that names it, for errors.
        directory: The directory that has its module; the current one if left out.

    Raises:
        click.BadParameter: The reference does not have this form, there is no such module or
            object, or importing the module fails.
    """

    def refused(message: str) -> click.BadParameter:
        return click.BadParameter(message, param_hint=option)

    module_name, separator, name = reference.partition(":")
    if not (separator and module_name and name):
        message = f"{reference!r} is not of the form module:name"
        module_name, period, name = reference.rpartition(".")
        if period and module_name and name.isidentifier() and name != "py":
            message += f" — did you mean '{module_name}:{name}'?"
        else:
            message += " — the class Train of train.py is train:Train"
        raise refused(message)
    # A script may be named by its file. It imports modules from its own directory.
    script = Path(module_name)
    directory = working_directory() if directory is None else directory
    here = str(directory)
    if script.suffix == ".py":
        here, module_name = str(directory / script.parent), script.stem
        if not (directory / script).is_file():  # a module of this name may be installed
            hint = did_you_mean(script.name, (path.name for path in Path(here).glob("*.py")))
            message = f"there is no file {os.fspath(script)!r}"
            raise refused(f"{message} — {hint}" if hint else message)
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        with contextlib.redirect_stdout(sys.stderr):  # what it prints is no part of a report
            found: Any = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is not None and (module_name + ".").startswith(error.name + "."):
            message = f"there is no module {module_name!r} here or among the installed packages"
            hint = did_you_mean(module_name, (path.stem for path in Path(here).glob("*.py")))
            raise refused(f"{message} — {hint}" if hint else message) from error
        raise refused(f"importing {module_name!r} failed: {error}") from error
    except SystemExit as error:  # its parser has met our arguments
        message = (
            f"importing {module_name!r} ran the script, which exited; put what is not to run on "
            'import below `if __name__ == "__main__":`'
        )
        raise refused(message) from error
    except Exception as error:  # the user's code can raise anything
        message = f"importing {module_name!r} failed: {type(error).__name__}: {error}"
        raise refused(message) from error
    for part in name.split("."):
        if not hasattr(found, part):
            hint = did_you_mean(part, (known for known in dir(found) if known[0] != "_"))
            message = f"{reference!r}: there is no {part!r} in it"
            raise refused(f"{message} — {hint}" if hint else message)
        found = getattr(found, part)
    return found


def model_of(
    reference: str | None, directory: Path | None = None, named_by: str = "--model"
) -> type[LayeredSettings]:
    """The settings class that ``--model`` names; without the option, `Settings`.

    Args:
        reference: The option.
        directory: The directory that has its module; the current one if left out.
        named_by: What names the class, for errors.

    Raises:
        click.BadParameter: There is no such class, or it is not a `LayeredSettings`.
    """
    from runsettings.models.layered import LayeredSettings  # pydantic: help does not need it
    from runsettings.models.settings import Settings  # pydantic, as above

    found = Settings if reference is None else load_object(reference, named_by, directory)
    if not (isinstance(found, type) and issubclass(found, LayeredSettings)):
        message = f"{reference!r} is not a LayeredSettings class"
        raise click.BadParameter(message, param_hint=named_by)
    return found
