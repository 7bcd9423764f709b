"""Settle the settings of a training run: layered, validated, immutable, with every value's origin.

Names are handed on lazily (PEP 562): importing this package costs next to nothing, and each
name loads what it needs when it is first used.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # as type checkers read it; `typing` alone costs as much as all of this
if TYPE_CHECKING:
    from typing import Any

    from runsettings._version import __version__ as __version__
    from runsettings.checks.check import check as check
    from runsettings.checks.testing import assert_valid as assert_valid
    from runsettings.errors import Error as Error
    from runsettings.journal.reader import read_history as read_history
    from runsettings.journal.reader import read_records as read_records
    from runsettings.journal.replay import StoredRun as StoredRun
    from runsettings.journal.replay import load_run as load_run
    from runsettings.layers.base import Inputs as Inputs
    from runsettings.layers.base import LayerSource as LayerSource
    from runsettings.layers.flags.config_arguments import (
        add_config_arguments as add_config_arguments,
    )
    from runsettings.layers.flags.parsing import parse_args as parse_args
    from runsettings.layers.flags.parsing import parse_intermixed_args as parse_intermixed_args
    from runsettings.layers.flags.parsing import parse_known_args as parse_known_args
    from runsettings.layers.flags.parsing import (
        parse_known_intermixed_args as parse_known_intermixed_args,
    )
    from runsettings.layers.renamed import Renamed as Renamed
    from runsettings.models.flag_definitions import add_arguments as add_arguments
    from runsettings.models.flag_definitions import define_flags as define_flags
    from runsettings.models.layered import LayeredSettings as LayeredSettings
    from runsettings.models.model_options import LayeredConfigDict as LayeredConfigDict
    from runsettings.models.model_options import options as options
    from runsettings.models.provenance import digest as digest
    from runsettings.models.provenance import explain as explain
    from runsettings.models.provenance import get as get
    from runsettings.models.provenance import hide as hide
    from runsettings.models.provenance import history as history
    from runsettings.models.provenance import locate as locate
    from runsettings.models.provenance import origin as origin
    from runsettings.models.provenance import shadowed as shadowed
    from runsettings.models.provenance import to_dict as to_dict
    from runsettings.models.resolving import diagnostics as diagnostics
    from runsettings.models.resolving import locked as locked
    from runsettings.models.resolving import replace as replace
    from runsettings.models.resolving import resolve as resolve
    from runsettings.models.resolving import sources as sources
    from runsettings.models.settings import Settings as Settings
    from runsettings.recorded.reader import RecordedRun as RecordedRun
    from runsettings.recorded.reader import read_runs as read_runs
    from runsettings.recorded.run_history import RunHistory as RunHistory
    from runsettings.recorded.stored_runs import stored_run as stored_run
    from runsettings.runconfig.config import Config as Config
    from runsettings.runconfig.inputs.overriding import overrides as overrides
    from runsettings.runconfig.typed import RunConfig as RunConfig
    from runsettings.runs.recording.active import define_metric as define_metric
    from runsettings.runs.recording.active import finish as finish
    from runsettings.runs.recording.active import log as log
    from runsettings.runs.recording.active import save as save
    from runsettings.runs.recording.disabled import RunDisabled as RunDisabled
    from runsettings.runs.recording.run import Run as Run
    from runsettings.runs.recording.summary import Summary
    from runsettings.runs.starting.login_call import login as login
    from runsettings.runs.starting.start import init as init
    from runsettings.values.diagnostic import Diagnostic as Diagnostic
    from runsettings.values.diagnostic import Rule as Rule
    from runsettings.values.diagnostic import Severity as Severity
    from runsettings.values.directives import Append as Append
    from runsettings.values.directives import Delete as Delete
    from runsettings.values.directives import Replace as Replace
    from runsettings.values.errors import ArgumentError as ArgumentError
    from runsettings.values.errors import ConfigError as ConfigError
    from runsettings.values.errors import ImmutableError as ImmutableError
    from runsettings.values.errors import RunError as RunError
    from runsettings.values.errors import RunsettingsError as RunsettingsError
    from runsettings.values.errors import SettingsError as SettingsError
    from runsettings.values.errors import SettingsWarning as SettingsWarning
    from runsettings.values.exiting import exit_on_error as exit_on_error
    from runsettings.values.origin import Layer as Layer
    from runsettings.values.origin import Origin as Origin
    from runsettings.values.reading import Reading as Reading
    from runsettings.values.tree import Tree as Tree

    run: Run | RunDisabled | None
    config: Config
    summary: Summary
    CommError: type[RunError]
    UsageError: type[RunsettingsError]

_HOMES = {
    "Append": "values.directives",
    "ArgumentError": "values.errors",
    "Config": "runconfig.config",
    "ConfigError": "values.errors",
    "Delete": "values.directives",
    "Diagnostic": "values.diagnostic",
    "Error": "errors",
    "ImmutableError": "values.errors",
    "Inputs": "layers.base",
    "Layer": "values.origin",
    "LayerSource": "layers.base",
    "LayeredConfigDict": "models.model_options",
    "LayeredSettings": "models.layered",
    "Origin": "values.origin",
    "Reading": "values.reading",
    "RecordedRun": "recorded.reader",
    "Renamed": "layers.renamed",
    "Replace": "values.directives",
    "Rule": "values.diagnostic",
    "Run": "runs.recording.run",
    "RunConfig": "runconfig.typed",
    "RunDisabled": "runs.recording.disabled",
    "RunError": "values.errors",
    "RunHistory": "recorded.run_history",
    "RunsettingsError": "values.errors",
    "Settings": "models.settings",
    "SettingsError": "values.errors",
    "SettingsWarning": "values.errors",
    "Severity": "values.diagnostic",
    "StoredRun": "journal.replay",
    "Tree": "values.tree",
    "__version__": "_version",
    "add_arguments": "models.flag_definitions",
    "add_config_arguments": "layers.flags.config_arguments",
    "assert_valid": "checks.testing",
    "check": "checks.check",
    "define_metric": "runs.recording.active",
    "define_flags": "models.flag_definitions",
    "diagnostics": "models.resolving",
    "digest": "models.provenance",
    "exit_on_error": "values.exiting",
    "explain": "models.provenance",
    "finish": "runs.recording.active",
    "get": "models.provenance",
    "hide": "models.provenance",
    "history": "models.provenance",
    "init": "runs.starting.start",
    "load_run": "journal.replay",
    "locate": "models.provenance",
    "locked": "models.resolving",
    "log": "runs.recording.active",
    "login": "runs.starting.login_call",
    "options": "models.model_options",
    "origin": "models.provenance",
    "overrides": "runconfig.inputs.overriding",
    "parse_args": "layers.flags.parsing",
    "parse_intermixed_args": "layers.flags.parsing",
    "parse_known_args": "layers.flags.parsing",
    "parse_known_intermixed_args": "layers.flags.parsing",
    "read_history": "journal.reader",
    "read_records": "journal.reader",
    "read_runs": "recorded.reader",
    "replace": "models.resolving",
    "resolve": "models.resolving",
    "save": "runs.recording.active",
    "shadowed": "models.provenance",
    "sources": "models.resolving",
    "stored_run": "recorded.stored_runs",
    "to_dict": "models.provenance",
}
"""Public names and the modules they live in."""

_CURRENT = ("config", "run")
"""Names that stand for the current run: they are asked for anew each time."""

__all__ = [  # noqa: PLE0604 - one list of names, not two that could differ
    *_HOMES,
    *_CURRENT,
]


if sys.version_info < (3, 12):

    def _exit(status: Any = None, /) -> None:
        raise SystemExit(status)

    # It does what the built-in function does, and makes the exception object that tells a run the
    # exit code. A script looks `sys.exit` up before it starts a run: `sys.exit(main())`. The places
    # are `sys` itself, modules that imported it by its name, and in the script any name.
    # `ExitWatch` puts the built-in function back once the run is over.
    if type(sys.exit) is type(len):
        _exit.built_in = sys.exit  # type: ignore[attr-defined]
        _exit.places = [  # type: ignore[attr-defined]
            (names, name)
            for key, module in list(sys.modules.items())
            if isinstance(module, type(sys))
            # Not `vars`, which would load a lazy module.
            for names in [object.__getattribute__(module, "__dict__")]
            for name in (list(names) if key == "__main__" else ["exit"])
            if names.get(name) is sys.exit
        ]
        for _names, _name in _exit.places:  # type: ignore[attr-defined]
            _names[_name] = _exit


def __getattr__(name: str) -> Any:
    from importlib import import_module  # costs nothing until a name is used

    if name in _CURRENT or name == "summary":
        return getattr(import_module(f"{__name__}.runs.recording.active"), name)()
    if name == "errors":
        return import_module(f"{__name__}.errors")
    if name in ("CommError", "UsageError"):
        return getattr(import_module(f"{__name__}.errors"), name)
    home = _HOMES.get(name)
    if home is None:
        names = import_module(f"{__name__}.runs.client_names")
        # `from runsettings import Image` would lose the text of an AttributeError.
        if sys._getframe(1).f_code.co_name == "_handle_fromlist":
            names.refuse_import(__name__, name, __all__)
        raise names.missing_attribute(f"module {__name__!r}", name, __all__)
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
