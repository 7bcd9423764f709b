"""Objects of the user's own code, named on the command line: ``train:Settings``."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from runsettings.models.layered import LayeredSettings

_Command = TypeVar("_Command", bound=Callable[..., Any])


def load_object(reference: str) -> Any:
    """The object that ``module:name`` names, with the current directory on the module path.

    Args:
        reference: ``train:Settings``, ``package.module:Class.attribute``.

    Raises:
        click.BadParameter: It is not of this form, or there is no such module or object, or the
            module fails when it is imported.
    """
    module_name, separator, name = reference.partition(":")
    if not (separator and module_name and name):
        raise click.BadParameter(f"{reference!r} is not of the form module:name")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        found: Any = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is not None and (module_name + ".").startswith(error.name + "."):
            raise click.BadParameter(
                f"there is no module {module_name!r} here or among the installed packages"
            ) from error
        raise click.BadParameter(f"importing {module_name!r} failed: {error}") from error
    # The user's code can raise anything, and a script without `if __name__ == "__main__"` exits.
    except (Exception, SystemExit) as error:
        raise click.BadParameter(
            f"importing {module_name!r} failed: {type(error).__name__}: {error}"
        ) from error
    for part in name.split("."):
        if not hasattr(found, part):
            raise click.BadParameter(_no_attribute(found, part, reference))
        found = getattr(found, part)
    return found


def load_model(reference: str | None) -> type[LayeredSettings]:
    """The settings class that ``module:Class`` names; without one, `Settings`.

    Raises:
        click.BadParameter: There is no such class, or it is no `LayeredSettings`.
    """
    # The models load pydantic, which the help of a command does not need.
    from runsettings.models.layered import LayeredSettings

    if reference is None:
        from runsettings.models.settings import Settings

        return Settings
    found = load_object(reference)
    if not (isinstance(found, type) and issubclass(found, LayeredSettings)):
        raise click.BadParameter(f"{reference!r} is not a LayeredSettings class")
    return found


def model_option(command: _Command) -> _Command:
    """The option ``--model module:Class``, as the argument ``model``: its text, or ``None``."""
    return click.option(
        "--model",
        metavar="MODULE:CLASS",
        help="Another LayeredSettings class than the run's own Settings.",
    )(command)


def model_of(reference: str | None) -> type[LayeredSettings]:
    """`load_model` for the option ``--model``, which its errors then name.

    Raises:
        click.BadParameter: As `load_model`.
    """
    try:
        return load_model(reference)
    except click.BadParameter as error:
        error.param_hint = "--model"
        raise


def _no_attribute(found: Any, name: str, reference: str) -> str:
    from runsettings.values.did_you_mean import did_you_mean

    hint = did_you_mean(name, (known for known in dir(found) if not known.startswith("_")))
    return f"{reference!r}: there is no {name!r} in it" + (f" — {hint}" if hint else "")
