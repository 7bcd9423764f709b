"""The settings of a run: W&B's names and variables, and each field's rule."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runsettings import Settings, SettingsError
from runsettings.models.wandb_client_names import CURRENT_NAMES, WANDB_CLIENT_NAMES


def refused(key: str, value: Any) -> str:
    """What is said of a value that the field must refuse."""
    with pytest.raises(SettingsError) as caught:
        Settings(**{key: value})
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.key == key
    return diagnostic.message.split("; got")[0]


ACCEPTED: list[tuple[str, Any, Any]] = [
    ("project", "capsules", "capsules"),
    ("project", "a b.c-d_e", "a b.c-d_e"),
    ("project", "x" * 128, "x" * 128),
    ("project", "größe", "größe"),
    ("project", None, None),
    ("run_id", "abc123", "abc123"),
    ("run_id", "a.b", "a.b"),
    ("run_id", "x" * 128, "x" * 128),
    ("run_tags", ["a", "b"], ("a", "b")),
    ("run_tags", "a, b,,c ", ("a", "b", "c")),
    ("run_tags", ["b", "a", "b"], ("b", "a")),
    ("run_tags", "", ()),
    ("run_tags", ("x" * 64,), ("x" * 64,)),
    ("mode", "run", "online"),
    ("mode", "dryrun", "offline"),
    ("mode", "disabled", "disabled"),
    ("resume", True, "auto"),
    ("resume", "true", "auto"),
    ("resume", "YES", "auto"),
    ("resume", False, None),
    ("resume", "false", None),
    ("resume", None, None),
    ("resume", "must", "must"),
    ("anonymous", "allow", "allow"),
    ("anonymous", "true", "allow"),
    ("anonymous", True, "allow"),
    ("anonymous", "false", "never"),
    ("mode", "shared", "online"),
    ("reinit", "true", True),
    ("reinit", "default", None),
    ("reinit", "return_previous", False),
    ("reinit", "finish_previous", True),
    ("reinit", "create_new", True),
    ("base_url", "https://wandb.example/", "https://wandb.example"),
    ("base_url", "http://localhost:8080/api", "http://localhost:8080/api"),
    ("magic", "true", True),
    ("magic", "0", False),
    ("magic", {"keras": False}, {"keras": False}),
    ("magic", "magic.yaml", "magic.yaml"),
    ("magic", '{"keras": false}', '{"keras": false}'),
    ("magic", 1, True),
    ("root_dir", Path("x"), "x"),
    ("config_paths", "a.yaml,b.yaml", ("a.yaml", "b.yaml")),
    ("config_paths", [Path("a.yaml")], ("a.yaml",)),
    ("config_exclude_keys", "a,b", ("a", "b")),
    ("config_schema", {"type": "object"}, {"type": "object"}),
    ("config_schema", Path("schema.json"), "schema.json"),
]


@pytest.mark.parametrize(("key", "value", "expected"), ACCEPTED)
def test_accepted(key, value, expected):
    """What a field takes, and what it makes of it."""
    assert getattr(Settings(**{key: value}), key) == expected


REFUSED: list[tuple[str, Any, str]] = [
    *[("project", f"a{c}b", f"must not contain {c!r}") for c in "/\\#?%:"],
    ("project", "", "must not be empty"),
    ("project", "  ", "must not be empty"),
    ("project", "x" * 129, "must have at most 128 characters, not 129"),
    ("project", "a\nb", "must not contain control characters"),
    ("project", 3, "must be a valid string"),
    *[("run_id", f"a{c}b", f"must not contain {c!r}") for c in "/\\#?%:;,'"],
    ("run_id", "", "must not be empty"),
    ("run_id", " a", "must not begin or end with space"),
    ("run_id", "a\t", "must not begin or end with space"),
    ("run_id", "..", "must not be a directory's own name"),
    ("run_id", "x" * 129, "must have at most 128 characters, not 129"),
    ("run_tags", ["x" * 65], "each tag must have 1 to 64 characters"),
    ("run_tags", [""], "each tag must have 1 to 64 characters"),
    ("mode", "offlin", "must be one of 'online', 'offline', 'disabled'"),
    ("mode", ["online"], "must be one of 'online', 'offline', 'disabled'"),
    ("resume", "maybe", "must be one of 'allow', 'must', 'never', 'auto'"),
    ("anonymous", "yes", "must be one of 'never', 'allow', 'must'"),
    ("base_url", "wandb.ai", "must be an http:// or https:// address"),
    ("base_url", "ftp://wandb.ai", "must be an http:// or https:// address"),
    ("base_url", "https://", "must be an http:// or https:// address"),
    *[
        ("base_url", url, "must be the address of the service: https://api.wandb.ai")
        for url in ("https://wandb.ai", "https://app.wandb.ai/", "http://api.wandb.ai")
    ],
    (
        "base_url",
        "https://me:pw@wandb.example",
        "must not hold a user name or password; the key goes into api_key",
    ),
    *[
        ("magic", value, "must be true, false, options, or the path of a file with options")
        for value in (3, 0.5, ["keras"])
    ],
    ("api_key", "a b", "must be a key without spaces"),
    ("api_key", "", "must be a key without spaces"),
    *[
        ("store", url, "must be a sqlite:/// or postgresql:// address")
        for url in ("runs.db", "mysql://h/d", "", "sqlite:///a\nb")
    ],
    *[
        (
            "store",
            url,
            (
                "must be like postgresql://user:password@host:5432/database?sslmode=require, "
                "with other characters as %XX"
            ),
        )
        for url in (
            "postgresql://u:pw",
            "postgresql://u:pw/d",
            "postgresql://h:port/d",
            "postgresql://h/d?passwd=pw",
            "postgresql://h/d?key=pw",
            "postgresql://h/d?user=u:pw",
            "postgresql://h/d?sslmode",
            "postgresql://h/d password=pw",
            "postgresql:///u:pw@h/d",
            "sqlite:///u:pw@h/d",
        )
    ],
    (
        "store",
        "sqlite:///runs.db?key=pw",
        "must have no options after the ?; only PostgreSQL takes some",
    ),
    *[
        ("base_url", url, "must be an http:// or https:// address")
        for url in ("u:pw@h", "u:pw", "http://h:pw", "http://[u:pw", "postgres:/u:pw@h")
    ],
    ("base_url", "https://h/?key=pw", "must not have a query or a fragment"),
    *[
        ("store", url, "must name a file after three slashes")
        for url in ("sqlite://", "sqlite:///", "sqlite://runs.db")
    ],
    ("finish_timeout", -1, "must be greater than or equal to 0"),
    *[
        ("finish_timeout", value, "must be a number of seconds, such as 30")
        for value in (True, "soon", "1_0", "inf")
    ],
    ("quiet", "maybe", "must be a valid boolean"),
    ("root_dir", "a\0b", "must not contain a NUL character"),
    ("config_paths", ["a\0b"], "must not contain a NUL character"),
    ("root_dir", "$HOME/x", "must not contain a variable, $HOME: write its value, or ~ for $HOME"),
    (
        "root_dir",
        "/data/$USER",
        "must not contain a variable, $USER: write its value, or ~ for $HOME",
    ),
    (
        "config_paths",
        ["${SCRATCH}/a.yaml"],
        "must not contain a variable, ",
    ),
    (
        "sweep_param_path",
        "$SLURM_TMPDIR/s.yaml",
        "must not contain a variable, $SLURM_TMPDIR: write its value, or ~ for $HOME",
    ),
]


@pytest.mark.parametrize(("key", "value", "message"), REFUSED)
def test_refused(key, value, message):
    """What a field does not take, and why."""
    if key == "config_paths":
        with pytest.raises(SettingsError, match=message):
            Settings(config_paths=value)
        return
    assert refused(key, value) == message


@pytest.mark.parametrize("text", ['{"kears": false, "absl": 3}', {"kears": False, "absl": 3}])
def test_options_of_magic(text):
    """They are checked with the setting, all at once, and not only by a run."""
    with pytest.raises(SettingsError) as caught:
        Settings.resolve(magic=text)
    found = [(each.key, each.message, each.hint) for each in caught.value.diagnostics]
    assert found == [
        (
            "magic.kears",
            "is no option; the options are argparse, absl, omegaconf, hydra, keras, lightning",
            "did you mean 'keras'?",
        ),
        ("magic.absl", "must be true or false; got 3", None),
    ]
    assert all(str(each.origin).startswith(__file__) for each in caught.value.diagnostics)


@pytest.mark.parametrize("text", ['{"keras": ', "{" * 100_000])
def test_options_of_magic_that_are_no_json(text):
    """A text that begins with a brace is no path."""
    assert refused("magic", text).startswith("is no JSON: ")


def test_password_in_an_address_is_not_shown():
    """An address with a password in it is refused without repeating the password."""
    with pytest.raises(SettingsError) as caught:
        Settings(base_url="https://me:p4ssw0rd@wandb.example")
    assert "p4ssw0rd" not in str(caught.value)


VARIABLES = {
    "WANDB_PROJECT": "project",
    "WANDB_ENTITY": "entity",
    "WANDB_RUN_ID": "run_id",
    "WANDB_NAME": "run_name",
    "WANDB_NOTES": "run_notes",
    "WANDB_RUN_GROUP": "run_group",
    "WANDB_JOB_TYPE": "run_job_type",
    "WANDB_DIR": "root_dir",
    "WANDB_SWEEP_PARAM_PATH": "sweep_param_path",
}


@pytest.mark.parametrize(("variable", "key"), VARIABLES.items())
def test_variables_of_wandb(variable, key):
    """The variables that W&B documents set the fields that it documents."""
    settings = Settings.resolve(environ={variable: "x"})
    assert getattr(settings, key) == "x"
    assert str(settings.origin(key)) == variable


@pytest.mark.parametrize(
    ("variable", "text", "key", "value"),
    [
        ("WANDB_TAGS", "a,b", "run_tags", ("a", "b")),
        ("WANDB_MODE", "dryrun", "mode", "offline"),
        ("WANDB_RESUME", "allow", "resume", "allow"),
        ("WANDB_RESUME", "true", "resume", "auto"),
        ("WANDB_SILENT", "true", "silent", True),
        ("WANDB_QUIET", "1", "quiet", True),
        ("WANDB_SAVE_CODE", "false", "save_code", False),
        ("WANDB_DISABLE_CODE", "true", "disable_code", True),
        ("WANDB_DISABLE_GIT", "true", "disable_git", True),
        ("WANDB_ANONYMOUS", "must", "anonymous", "must"),
        ("WANDB_ANONYMOUS", "true", "anonymous", "allow"),
        ("WANDB_REINIT", "finish_previous", "reinit", True),
        ("WANDB_REINIT", "return_previous", "reinit", False),
        ("WANDB_REINIT", "default", "reinit", None),
        ("WANDB_MODE", "shared", "mode", "online"),
        ("WANDB_BASE_URL", "https://x.example", "base_url", "https://x.example"),
        ("WANDB_CONFIG_PATHS", "a.yaml,b.yaml", "config_paths", ("a.yaml", "b.yaml")),
        ("WANDB_MAGIC", "true", "magic", True),
        ("WANDB_MAGIC", '{"keras": false}', "magic", {"keras": False}),
        ("WANDB_PROJECT", "", "project", None),
        ("WANDB_TAGS", "", "run_tags", ()),
    ],
)
def test_texts_of_variables(variable, text, key, value):
    """What a text in a variable means; an empty one means nothing."""
    assert getattr(Settings.resolve(environ={variable: text}), key) == value


@pytest.mark.parametrize("key", list(Settings.model_fields))
def test_every_field_has_a_description_and_a_variable(key):
    """Help texts, the schema and the documentation are made of these."""
    option = Settings.options().options[key]
    assert option.info.description
    assert option.variables
    assert all(variable.startswith("WANDB_") for variable in option.variables)


def test_defaults_are_valid():
    """What nobody sets is right by itself."""
    settings = Settings()
    for key in Settings.model_fields:
        assert Settings(**{key: getattr(settings, key)}) == settings


def test_strict_resolution_makes_strict_settings():
    """The argument of `resolve` and the setting of the same name are one and the same."""
    assert Settings.resolve(strict=True).strict is True
    assert Settings.resolve(environ={"WANDB_STRICT": "true"}, strict=False).strict is True
    assert Settings.resolve().strict is False


def test_names_of_the_client_are_the_installed_clients():
    """The list of names that are passed over holds against the client that is installed."""
    wandb_settings = pytest.importorskip("wandb.sdk.wandb_settings")
    theirs = set(wandb_settings.Settings.model_fields)
    ours = set(Settings.model_fields)
    listed = {name for name in CURRENT_NAMES if not name.isupper()}
    assert listed == theirs - ours
    for name in theirs - ours:
        assert f"WANDB_{name.upper()}" in WANDB_CLIENT_NAMES or name.startswith("x_")


def test_fields_of_both_take_the_same_variables():
    """A field of the client's name is set by the client's own variable for it."""
    wandb_settings = pytest.importorskip("wandb.sdk.wandb_settings")
    for name in sorted(set(wandb_settings.Settings.model_fields) & set(Settings.model_fields)):
        assert f"WANDB_{name.upper()}" in Settings.options().options[name].variables


def test_file_written_by_the_client_is_read(jail):
    """The INI file that ``wandb`` writes on ``wandb init`` or ``wandb offline``."""
    jail.write_workspace(
        "[default]\nentity = me\nproject = capsules\nbase_url = https://api.wandb.ai\n"
        "mode = offline\nconsole = wrap\ndisabled = true\n"
    )
    settings = Settings()
    assert settings.diagnostics == ()
    assert (settings.entity, settings.project, settings.mode) == ("me", "capsules", "offline")


@pytest.mark.parametrize("url", ["https://my host", " https://host", "https://host/\nx"])
def test_address_with_spaces_is_refused(url):
    """A space or line break in an address is a slip of copying, and urlsplit forgives it."""
    with pytest.raises(SettingsError, match="must not contain spaces"):
        Settings.resolve(environ={}, base_url=url)
