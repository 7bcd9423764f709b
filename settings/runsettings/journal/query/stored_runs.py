"""`stored_run`: a recorded run by its name, for a program.

Apart from `finding`, because it asks the settings for the directory: a listing loads no models.
"""

from __future__ import annotations

import os
from pathlib import Path

from runsettings.documents.paths import named_path
from runsettings.journal.directory import wandb_directory
from runsettings.journal.query.errors import RunNotFoundError
from runsettings.journal.query.finding import find_run
from runsettings.journal.replay import StoredRun
from runsettings.layers.known_arguments import known_arguments
from runsettings.models.settings import Settings
from runsettings.values.diagnostic import Rule
from runsettings.values.errors import RunError
from runsettings.values.rendering import printable


@known_arguments()
def stored_run(
    name: str | os.PathLike[str],
    dir: str | os.PathLike[str] | None = None,  # noqa: A002 - the name in init()
) -> StoredRun:
    """Find one recorded run, and read all of its journal.

    Args:
        name: An id, a display name, the beginning of an id, ``latest``, or the path of a run's
            directory or journal anywhere.
        dir: The directory above ``wandb``, as in ``init(dir=)``; the settings' own by default.

    Raises:
        SettingsError: The settings have errors, so that the directory is unknown.
        RunError: There is no such run, or its journal cannot be read.
    """
    root = Settings.resolve().root_dir if dir is None else dir
    try:
        return find_run(wandb_directory(named_path(root or ".", Path())), os.fspath(name))
    except RunNotFoundError as error:
        raise RunError.of(Rule.RUN_MISSING, str(error)) from None
    except OSError as error:
        message = f"the journal of {printable(str(name))} cannot be read: {error.strerror or error}"
        raise RunError.of(Rule.UNREADABLE_FILE, message) from error
