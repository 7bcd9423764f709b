"""Names of the wandb client: what a run has under them, and what a script does instead."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec
from typing import Any, Final

from runsettings.values.did_you_mean import did_you_mean

_SAVE_FILE: Final = "write it to a file below `run.dir`, or `save()` the file; `log()` the numbers"
_SAVE_FILES: Final = "`save()` the files; versions and lineage are left to other tools"
_READ_FILES: Final = "read the files where `runsettings runs show` says that they are"
_START_SCRIPT: Final = (
    "start the script once for each set of values, with flags; give the runs one `group`"
)
_OWN_CALLBACK: Final = "call `log()` in a callback of your own"
_NO_NEED: Final = "leave it out; nothing needs it here"

MISSING: Final = {
    ("Image", "Audio", "Video", "Html", "Object3D", "Molecule", "Classes"): _SAVE_FILE,
    ("Plotly", "Graph", "plot", "plots", "plot_table", "Bokeh"): _SAVE_FILE,
    ("Histogram",): "`log()` its counts as a list, or its mean and quantiles",
    ("Table", "JoinedTable"): "write a CSV file, and `save()` it; `log()` the numbers",
    ("Artifact", "log_artifact", "log_model", "link_model", "link_artifact"): _SAVE_FILES,
    ("upsert_artifact", "finish_artifact"): _SAVE_FILES,
    ("use_artifact", "use_model", "restore"): _READ_FILES,
    ("log_code",): "give `init(save_code=True)`, or `save()` the files",
    ("Api", "InternalApi", "apis"): (
        "read runs with `read_runs()`, or on the command line with `runsettings runs ls`"
    ),
    ("sweep", "agent", "controller", "launch"): _START_SCRIPT,
    ("watch", "unwatch", "watch_called"): "`log()` the norms of the gradients",
    ("sklearn", "keras", "lightgbm", "xgboost", "fastai", "integration"): _OWN_CALLBACK,
    ("alert",): "send the message from the script",
    ("join",): "call `finish()`",
    ("display", "to_html", "status", "config_static", "pin_config_keys"): _NO_NEED,
    ("mark_preempting",): 'give `init(resume="allow", id=…)`, and start the script again',
    ("setup", "teardown", "require", "ensure_configured", "load_ipython_extension"): _NO_NEED,
    ("termlog", "termwarn", "termerror", "write_logs"): "use `print()` or `logging`",
    ("util", "sdk", "wandb_sdk", "data_types", "env", "wandb_run", "docker", "proto"): (
        "it is the client's own code; a script that needs it goes on using wandb for it"
    ),
}
"""What to do instead, by names of the module or of its run."""

_INSTEAD: Final = {name: text for names, text in MISSING.items() for name in names}


class ClientNames:
    """What a run has under names of the wandb client alone."""

    sweep_id = sweep_url = project_url = None
    """There are no sweeps, and a project has no page."""

    @property
    def offline(self: Any) -> bool:
        """Whether the run stays on this machine."""
        return bool(self.mode == "offline")

    @property
    def sync_dir(self: Any) -> str:
        """The run's own directory, as a text."""
        return str(self.path)

    def project_name(self: Any) -> str:
        """Return the project."""
        return str(self.project)

    def get_url(self: Any) -> str | None:
        """Return where the run can be seen; see `Run.url`."""
        return self.url  # type: ignore[no-any-return]

    def get_project_url(self) -> None:
        """Return nothing: there is no page of the project and of a sweep."""

    get_sweep_url = get_project_url


def missing_attribute(owner: str, name: str, known: Iterable[str]) -> AttributeError:
    """The error for an attribute that is not there.

    Args:
        owner: What lacks it, for the message.
        name: The attribute.
        known: The attributes that are there, one of which may be meant.
    """
    return AttributeError(f"{owner} has no attribute {name!r}{_advice(name, known)}")


def refuse_import(module: str, name: str, known: Iterable[str]) -> None:
    """Raise the error for ``from module import name``, unless the name is a submodule.

    Args:
        module: The module.
        name: The name that it lacks.
        known: The names that are there, one of which may be meant.

    Raises:
        ImportError: There is no such name.
    """
    if find_spec(f"{module}.{name}") is None:
        text = f"cannot import name {name!r} from {module!r}{_advice(name, known)}"
        raise ImportError(text, name=module)


def _advice(name: str, known: Iterable[str]) -> str:
    if name.startswith("_"):
        return ""
    instead = _INSTEAD.get(name)
    if instead is not None:
        return f", which the wandb client has. Instead: {instead.replace('`', '')}"
    hint = did_you_mean(name, [one for one in known if not one.startswith("_")])
    return "" if hint is None else f"; {hint}"
