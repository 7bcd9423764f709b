"""``runsettings runs``: the group of commands about recorded runs."""

from __future__ import annotations

from typing import Final

import click

from runsettings.cli.lazy_group import LazyGroup

_COMMANDS: Final = {
    "ls": ("runs.ls_command", "List runs, newest first."),
    "show": ("runs.show_command", "Everything that RUN recorded."),
    "diff": ("runs.diff_command", "The differences of config and settings of two runs."),
    "files": ("runs.files_command", "List the files of RUN, or fetch them."),
    "export": ("runs.export_command", "Write what runs logged as CSV, JSON or Parquet."),
    "tag": ("runs.tag_command", "Change the tags, name and notes of RUN."),
    "rm": ("runs.rm_command", "Remove each RUN with its directory."),
}


@click.group("runs", cls=LazyGroup, table=_COMMANDS)
def runs_command() -> None:
    """List, show, compare, export, tag and remove runs.

    RUN is a run's id, the beginning of one, a name, the path of its directory, or "latest".
    """
