"""The public face: which names there are, and what importing them costs."""

from __future__ import annotations

import ast
import importlib
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

import runsettings

NAMES = [
    *(
        "Append",
        "ArgumentError",
        "Config",
        "ConfigError",
        "Delete",
        "Diagnostic",
        "ImmutableError",
        "Inputs",
    ),
    *("Error", "login"),
    *("Layer", "LayerSource", "LayeredConfigDict", "LayeredSettings", "Origin", "Replace", "Rule"),
    *("RecordedRun", "Renamed", "RunHistory"),
    *("Reading", "Run", "RunConfig", "RunDisabled", "RunError"),
    *("RunsettingsError", "Settings"),
    *("SettingsError", "SettingsWarning", "Severity", "StoredRun", "Tree"),
    "__version__",
    *("assert_valid", "check", "config", "finish", "init", "load_run", "log", "parse_args"),
    "exit_on_error",
    *("parse_intermixed_args", "parse_known_args", "parse_known_intermixed_args"),
    *("read_history", "read_records", "read_runs", "run", "save"),
    *("add_arguments", "add_config_arguments", "overrides"),
    *("define_flags", "define_metric", "diagnostics", "digest", "explain"),
    *("get", "hide"),
    *("history", "locate", "locked", "options", "origin", "replace", "resolve", "shadowed"),
    *("sources", "stored_run", "to_dict"),
]
"""All that the package promises. Add a name here when it is added there."""

HEAVY = [
    *("absl", "argparse", "click", "dataclasses", "dotenv", "enum", "importlib.metadata"),
    *("inspect", "json", "jsonschema", "platformdirs", "pydantic", "pydantic_settings", "rich"),
    *("tomlkit", "tomllib", "typing", "yaml"),
]
"""What `import runsettings` must not load."""

NOT_FOR_SETTINGS = [
    *("absl", "click", "jsonschema", "rich", "sqlalchemy", "sqlite3", "tomlkit", "tomllib"),
    *("wandb", "yaml"),
]
"""What `Settings()` in an empty directory has no use for."""

FOR_SETTINGS = {
    *("_deferred", "composition.merge", "composition.sources", "documents.paths"),
    *("layers.base", "layers.call_site", "layers.environment.pydantic_source"),
    *("layers.environment.variables", "layers.program_inputs", "layers.renamed"),
    "layers.scalar_types",
    *("layers.settings_files.cache", "layers.settings_files.layers"),
    "layers.settings_files.locations",
    *("models.freezing", "models.layered", "models.model_options", "models.settings"),
    "models.validating",
    *("resolution.aliases", "resolution.normalize"),
    *("resolution.options", "resolution.reading_order", "resolution.resolution"),
    *("resolution.resolve", "secrets.live"),
    *("values.directives", "values.errors", "values.key_paths", "values.origin"),
    *("values.positions", "values.reading", "values.tree"),
}
"""The modules of ours that it loads. A module more is time at the start of every program: see
`runsettings._deferred`."""


def loaded(code: str, cwd: Path, *, base: str = "pass") -> set[str]:
    """The modules that ``code`` loads in a fresh process, without those that ``base`` loads."""

    def modules(text: str) -> set[str]:
        script = f"{text}\nimport sys\nprint(*sys.modules)"
        # The package that is tested, and no other one that is installed.
        environ = {**os.environ, "PYTHONPATH": str(Path(runsettings.__file__).parents[1])}
        command = [sys.executable, "-c", script]
        done = subprocess.run(
            command, cwd=cwd, env=environ, capture_output=True, text=True, check=True
        )
        return set(done.stdout.split())

    return modules(code) - modules(base)


def test_names_are_pinned():
    """The package shows these names and no others."""
    assert sorted(dir(runsettings)) == sorted(NAMES)
    assert sorted(runsettings.__all__) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_name_can_be_had(name):
    """A name that is shown is there, and stays there."""
    assert getattr(runsettings, name) is getattr(runsettings, name)


@pytest.mark.parametrize("name", [name for name in NAMES if name[0].isupper()])
def test_every_class_knows_its_home(name):
    """A class can be pickled by reference, wherever it was imported from."""
    if name in {"LayeredConfigDict", "LayerSource", "Inputs"}:
        pytest.skip("nobody pickles a protocol")
    kind = getattr(runsettings, name)
    assert pickle.loads(pickle.dumps(kind)) is kind


def test_unknown_name_is_an_attribute_error():
    """As with any module."""
    with pytest.raises(AttributeError, match="'runsettings' has no attribute 'Setings'; did "):
        _ = runsettings.Setings


def test_type_checkers_see_the_same_names():
    """The imports for type checkers and the lazy table name the same things."""
    text = Path(runsettings.__file__).read_text()
    typed = {
        alias.asname
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname
    }
    # The current run and its config change while a program runs: they are no imports.
    assert typed | {"__version__", "config", "run"} == set(NAMES)


def test_import_loads_nothing(jail):
    """`import runsettings` is as good as free."""
    found = loaded("import runsettings", jail.cwd)
    assert not found & set(HEAVY)
    assert {name for name in found if name.startswith("runsettings.")} <= {"runsettings._version"}


def test_settings_load_what_they_need(jail):
    """Settings that no file and no flag has a say in need no reader and no command line."""
    found = loaded("import runsettings; runsettings.Settings()", jail.cwd)
    assert not found & set(NOT_FOR_SETTINGS)
    own = {name.removeprefix("runsettings.") for name in found if name.startswith("runsettings.")}
    rooms = {name for name in own if any(other.startswith(f"{name}.") for other in own)}
    assert own - rooms == FOR_SETTINGS


@pytest.mark.parametrize(
    ("name", "text", "module"),
    [
        ("wandb/settings.yaml", "project: x\n", "yaml"),
        ("wandb/settings.toml", "project = 'x'\n", "tomllib"),
    ],
)
def test_readers_are_loaded_for_their_files(jail, name, text, module):
    """Who has a YAML file pays for YAML, and nobody else."""
    code = "import runsettings; runsettings.Settings()"
    assert module not in loaded(code, jail.cwd)
    jail.write(name, text)
    assert module in loaded(code, jail.cwd)


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("runsettings.runs.reader", "read_records", "read_records"),
        ("runsettings.runs.stored", "load", "load_run"),
        ("runsettings.runs.stored", "history", "read_history"),
        ("runsettings.runs.stored", "StoredRun", "StoredRun"),
    ],
)
def test_a_name_at_its_old_documented_place_works_and_warns(module, old, new):
    """The warning points to the import, and says the new name."""
    with pytest.warns(DeprecationWarning, match=f"import it as runsettings.{new}$") as caught:
        exec(f"from {module} import {old} as found", names := {})
    assert names["found"] is getattr(runsettings, new)
    assert caught[0].filename == "<string>"


@pytest.mark.parametrize("module", ["runsettings.runs.reader", "runsettings.runs.stored"])
def test_an_old_place_has_no_other_names(module):
    """A slip is an error as in any module."""
    with pytest.raises(ImportError, match="cannot import name 'laod'"):
        exec(f"from {module} import laod", {})


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("runsettings.checks.testing", "assert_valid"),
        ("runsettings.values.reading", "Reading"),
        ("runsettings.values.tree", "Tree"),
    ],
)
def test_a_documented_place_that_stayed_works_without_a_warning(module, name):
    """It is where the public name lives."""
    assert getattr(importlib.import_module(module), name) is getattr(runsettings, name)


def test_version_is_the_distributions():
    """The version is written in one place."""
    from importlib.metadata import version

    assert runsettings.__version__ == version("runsettings")
