"""`Settings`: the settings of a training run, under W&B's names and variables.

Each field has a consumer in this package. Names, variables and rules are those of
`wandb.init() <https://docs.wandb.ai/ref/python/init>`_ and of the client's own settings.
"""

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, AliasChoices, BeforeValidator, Field, SecretStr
from pydantic_core import PydanticCustomError
from pydantic_settings import NoDecode, SettingsConfigDict

from runsettings._deferred import deferred
from runsettings.models.layered import LayeredSettings
from runsettings.models.model_options import LayeredConfigDict
from runsettings.values.errors import SettingsError

if TYPE_CHECKING:
    from runsettings.models.wandb_client_names import WANDB_CLIENT_NAMES
    from runsettings.secrets import forms
    from runsettings.values.diagnostic import Diagnostic, Rule
    from runsettings.values.did_you_mean import did_you_mean
else:
    WANDB_CLIENT_NAMES = deferred("runsettings.models.wandb_client_names", "WANDB_CLIENT_NAMES")
    forms = deferred("runsettings.secrets.forms")
    Diagnostic = deferred("runsettings.values.diagnostic", "Diagnostic")
    Rule = deferred("runsettings.values.diagnostic", "Rule")
    did_you_mean = deferred("runsettings.values.did_you_mean", "did_you_mean")

_NOT_IN_PROJECT: Final = "/\\#?%:"
_NOT_IN_ID: Final = "/\\#?%:;,'"
_LONGEST_PROJECT: Final = 128
_LONGEST_ID: Final = 128
_LONGEST_TAG: Final = 64

Mode = Literal["online", "offline", "disabled"]
Resume = Literal["allow", "must", "never", "auto"]
Anonymous = Literal["never", "allow", "must"]

_PAGES: Final = frozenset({"wandb.ai", "app.wandb.ai"})
"""Hosts of the pages that show runs; the service is elsewhere."""

_TRUE: Final = frozenset({"1", "true", "t", "yes", "y", "on"})
_FALSE: Final = frozenset({"0", "false", "f", "no", "n", "off"})


def _forbid(text: str, characters: str) -> None:
    for character in characters:
        if character in text:
            raise ValueError(f"must not contain {character!r}")
    if not text.isprintable():
        raise ValueError("must not contain control characters")


def _check_project(project: str) -> str:
    if not project.strip():
        raise ValueError("must not be empty")
    if len(project) > _LONGEST_PROJECT:
        raise ValueError(f"must have at most {_LONGEST_PROJECT} characters, not {len(project)}")
    _forbid(project, _NOT_IN_PROJECT)
    return project


def _check_run_id(run_id: str) -> str:
    if not run_id:
        raise ValueError("must not be empty")
    if run_id != run_id.strip():
        raise ValueError("must not begin or end with space")
    if len(run_id) > _LONGEST_ID:
        raise ValueError(f"must have at most {_LONGEST_ID} characters, not {len(run_id)}")
    _forbid(run_id, _NOT_IN_ID)
    if run_id in {".", ".."}:
        raise ValueError("must not be a directory's own name")
    return run_id


def _check_tags(tags: tuple[str, ...]) -> tuple[str, ...]:
    for tag in tags:
        if not 1 <= len(tag) <= _LONGEST_TAG:
            raise ValueError(f"each tag must have 1 to {_LONGEST_TAG} characters")
        if tag.splitlines() != [tag]:
            raise ValueError("a tag must not have a line break")
    return tuple(dict.fromkeys(tags))


def _check_base_url(url: str) -> str:
    if not url.isprintable() or any(character.isspace() for character in url):
        raise _wrong_address(url, "must not contain spaces or control characters")
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:  # its message shows a part of the address, which may be a password
        is_address = False
    if not is_address:
        raise _wrong_address(url, "must be an http:// or https:// address")
    if parts.hostname in _PAGES or (parts.scheme, parts.hostname) == ("http", "api.wandb.ai"):
        raise ValueError("must be the address of the service: https://api.wandb.ai")
    if parts.username or parts.password:
        message = "must not hold a user name or password; the key goes into api_key"
        raise _wrong_address(url, message)
    if parts.query or parts.fragment:
        raise _wrong_address(url, "must not have a query or a fragment")
    return url.rstrip("/")


def _wrong_address(address: str, message: str) -> ValueError:
    """An error that hides the address if it may have a password or a token."""
    is_shown = "@" not in address and forms.mask_address(address) == address
    return ValueError(message) if is_shown else PydanticCustomError(forms.HIDDEN, message)


def _check_api_key(key: SecretStr) -> SecretStr:
    text = key.get_secret_value()
    if not text or any(character.isspace() for character in text) or not text.isprintable():
        raise ValueError("must be a key without spaces")
    return key


STORES: Final = ("sqlite", "postgresql", "postgresql+psycopg", "postgres")
"""The schemes of the addresses of stores."""


def _check_store(store: SecretStr) -> SecretStr:
    url = store.get_secret_value()
    scheme, mark, rest = url.partition("://")
    if not url.isprintable() or not mark or scheme not in STORES:
        raise ValueError("must be a sqlite:/// or postgresql:// address")
    if scheme == "sqlite" and (not rest.startswith("/") or not rest.strip("/")):
        raise ValueError("must name a file after three slashes")
    if scheme == "sqlite" and "?" in rest:
        raise ValueError("must have no options after the ?; only PostgreSQL takes some")
    if forms.masked_if_address(url) is None:
        raise ValueError(
            "must be like postgresql://user:password@host:5432/database?sslmode=require, "
            "with other characters as %XX"
        )
    return store


def _comma_separated(value: Any) -> Any:
    """``"a, b"`` as ``("a", "b")``, which is how W&B writes lists in variables and INI files.

    A JSON list of texts, ``["a", "b"]``, is that list: people write it, and its texts may hold
    commas.
    """
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        try:
            listed = json.loads(value)
        except (ValueError, RecursionError):
            listed = None  # it is `[a], b`, and means what it says
        if isinstance(listed, list) and all(isinstance(item, str) for item in listed):
            return tuple(listed)
    return tuple(item.strip() for item in value.split(",") if item.strip())


MODES: Final = {"run": "online", "dryrun": "offline", "shared": "online"}
"""The client's other names for modes."""

REINIT: Final = {
    "default": None,
    "return_previous": False,
    "finish_previous": True,
    "create_new": True,
}
"""The client's words for `reinit`."""


def _mode(value: Any) -> Any:
    return MODES.get(value, value) if _is_text(value) else value


def _reinit(value: Any) -> Any:
    return REINIT.get(value, value) if _is_text(value) else value


def _anonymous(value: Any) -> Any:
    """``true`` and ``false``, which the client itself writes to its settings file."""
    text = str(value).lower()
    return {"true": "allow", "false": "never"}.get(text, value)


def _resume(value: Any) -> Any:
    """``True`` is ``"auto"`` and ``False`` is not given, as a text too."""
    if value is True or (_is_text(value) and value.lower() in _TRUE):
        return "auto"
    if value is False or (_is_text(value) and value.lower() in _FALSE):
        return None
    return value


def _switch(value: Any) -> Any:
    """A text that says yes or no, as a bool; other texts stay."""
    if _is_text(value) and value.lower() in _TRUE | _FALSE:
        return value.lower() in _TRUE
    return value


MAGIC: Final = ("argparse", "absl", "omegaconf", "hydra", "keras", "lightning")
"""The options of `magic`: what can be switched."""


def wrong_magic(options: Mapping[Any, Any]) -> list[Diagnostic]:
    """What is wrong with the options of `magic`, under their own names and without origins."""
    return [
        Diagnostic.of(
            Rule.BAD_VALUE,
            (str(name),),
            f"is no option; the options are {', '.join(MAGIC)}"
            if name not in MAGIC
            else f"must be true or false; got {value!r:.80}",
            hint=None if name in MAGIC else did_you_mean(str(name), MAGIC),
        )
        for name, value in options.items()
        if name not in MAGIC or not isinstance(value, bool)
    ]


def _magic(value: Any) -> Any:
    """A switch, options as a mapping or as JSON, or the path of a file, which is read later."""
    value = options = _switch(value)
    if isinstance(value, (int, float)) and value in (0, 1):
        return bool(value)
    if _is_text(value) and value.lstrip().startswith("{"):
        try:
            options = json.loads(value)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"is no JSON: {error}") from None
    if isinstance(options, Mapping):
        if wrong := wrong_magic(options):
            raise SettingsError(wrong)
    elif value is not None and not _is_text(value):
        raise ValueError("must be true, false, options, or the path of a file with options")
    return value


SECONDS: Final = r"[0-9]+(?:\.[0-9]+)?"
"""What a text says that is a number of seconds."""


BYTES: Final = r"[0-9]{1,15}"
"""What a text says that is a number of bytes."""


def _bytes(value: Any) -> Any:
    """A whole number; Python takes ``True`` for 1, and texts such as ``1_0``."""
    if isinstance(value, bool) or (_is_text(value) and not re.fullmatch(BYTES, value)):
        raise ValueError("must be a number of bytes, such as 10000000")
    return value


def _seconds(value: Any) -> Any:
    """A number; Python takes ``True`` for 1, and texts such as ``1_0``."""
    if isinstance(value, bool) or (_is_text(value) and not re.fullmatch(SECONDS, value)):
        raise ValueError("must be a number of seconds, such as 30")
    return value


def _path(value: Any) -> Any:
    """A path object as its text."""
    return value.__fspath__() if hasattr(value, "__fspath__") else value


_VARIABLE: Final = r"\$([A-Z_][A-Z0-9_]*|\{[A-Za-z0-9_]+\})(?=/|\Z)"
"""A variable in a path, which ends its part of the path."""


def _check_path(path: str) -> str:
    if "\0" in path:
        raise ValueError("must not contain a NUL character")
    if "$" in path and (found := re.search(_VARIABLE, path)):
        raise ValueError(
            f"must not contain a variable, {found[0]}: write its value, or ~ for $HOME"
        )
    return path


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_comma_separated)]
PathText = Annotated[str, BeforeValidator(_path), AfterValidator(_check_path)]


class Settings(LayeredSettings):
    """The settings of a training run, from every layer.

    Raises:
        SettingsError: A layer has an error. The exception has the diagnostics of all layers.
    """

    model_config: ClassVar[SettingsConfigDict] = LayeredConfigDict(
        env_prefix="WANDB_",
        env_ignore_empty=True,
        capital_variables=True,
        app_name="wandb",
        pyproject_table=("tool", "runsettings"),
        root_field="root_dir",
        strict_field="strict",
        dotenv_filtering="only_existing",  # a .env file serves other programs as well
        known_elsewhere=WANDB_CLIENT_NAMES,
    )

    project: Annotated[str, AfterValidator(_check_project)] | None = Field(
        default=None,
        description="The project of the run; at most 128 characters, none of / \\ # ? % :",
    )
    entity: str | None = Field(
        default=None, description="The user or team that the run belongs to."
    )
    run_id: Annotated[str, AfterValidator(_check_run_id)] | None = Field(
        default=None, description="The run's id, unique in its project; random if not given."
    )
    run_name: str | None = Field(
        default=None,
        validation_alias=AliasChoices("WANDB_NAME", "WANDB_RUN_NAME"),
        description="The run's display name; two random words and a number if not given.",
    )
    run_notes: str | None = Field(
        default=None,
        validation_alias=AliasChoices("WANDB_NOTES", "WANDB_RUN_NOTES"),
        description="A longer description of the run, like a commit message.",
    )
    run_tags: Annotated[Names, AfterValidator(_check_tags)] = Field(
        default=(),
        validation_alias=AliasChoices("WANDB_TAGS", "WANDB_RUN_TAGS"),
        description="The run's tags, each of 1 to 64 characters; comma-separated as a text.",
    )
    run_group: str | None = Field(
        default=None, description="The group that the run belongs to, such as an experiment."
    )
    run_job_type: str | None = Field(
        default=None,
        validation_alias=AliasChoices("WANDB_JOB_TYPE", "WANDB_RUN_JOB_TYPE"),
        description="The kind of run within its group, such as train or eval.",
    )
    mode: Annotated[Mode, BeforeValidator(_mode)] = Field(
        default="online",
        description="Where records go: to a store, to this machine alone, or nowhere.",
    )
    resume: Annotated[Resume | None, BeforeValidator(_resume)] = Field(
        default=None, description="What to do if a run with the same id exists."
    )
    reinit: Annotated[bool | None, BeforeValidator(_reinit)] = Field(
        default=None,
        description="Whether a second init() in a process finishes the first run and starts anew.",
    )
    force: bool = Field(
        default=False,
        description="Whether online mode without a login is an error instead of offline mode.",
    )
    anonymous: Annotated[Anonymous, BeforeValidator(_anonymous)] = Field(
        default="never", description="Whether runs may be, or must be, of no account."
    )
    allow_val_change: bool | None = Field(
        default=None,
        description="Whether a config value may change once set; only in notebooks if not given.",
    )
    save_code: bool = Field(
        default=False, description="Whether the main script or notebook is saved with the run."
    )
    disable_code: bool = Field(
        default=False, description="Whether code is never saved, whatever save_code says."
    )
    disable_git: bool = Field(
        default=False,
        description="Whether the git commit and state are left out of the metadata.",
    )
    magic: Annotated[bool | str | dict[str, Any] | None, BeforeValidator(_magic)] = Field(
        default=None,
        description="Whether, or with which options, a run is recorded without further code.",
    )
    sync_tensorboard: bool = Field(
        default=False, description="Whether scalars written for TensorBoard are logged."
    )
    monitor_gym: bool = Field(
        default=False, description="Whether videos that Gymnasium records are logged."
    )
    config_exclude_keys: Names = Field(
        default=(), description="Top-level keys left out of the run's config."
    )
    config_include_keys: Names = Field(
        default=(), description="The only top-level keys kept in the run's config."
    )
    config_paths: Annotated[tuple[PathText, ...], NoDecode, BeforeValidator(_comma_separated)] = (
        Field(default=(), description="Config files read below what the program gives.")
    )
    config_schema: PathText | Mapping[str, Any] | None = Field(
        default=None,
        description="A JSON Schema, or the path of one, that the run's config must satisfy.",
    )
    sweep_param_path: PathText | None = Field(
        default=None, description="The file with a sweep's parameters, which lock their keys."
    )
    root_dir: PathText | None = Field(
        default=None,
        validation_alias=AliasChoices("WANDB_DIR", "WANDB_ROOT_DIR"),
        description="Where the wandb directory is made; the current directory if not given.",
    )
    base_url: Annotated[str, AfterValidator(_check_base_url)] = Field(
        default="https://api.wandb.ai", description="The address of the W&B server."
    )
    api_key: Annotated[SecretStr, AfterValidator(_check_api_key)] | None = Field(
        default=None, description="The key of the account. Shown nowhere."
    )
    store: Annotated[SecretStr, AfterValidator(_check_store)] | None = Field(
        default=None,
        description="The database that runs are shipped to: sqlite:/// or postgresql:// and more.",
    )
    store_file_limit: Annotated[int, BeforeValidator(_bytes)] = Field(
        default=10_000_000,
        ge=0,
        lt=10**15,
        description="The most bytes of a saved file that goes to the store.",
    )
    finish_timeout: Annotated[float, BeforeValidator(_seconds)] = Field(
        default=30.0,
        ge=0,
        allow_inf_nan=False,
        description="The most seconds that finish() waits until the store has the whole run.",
    )
    quiet: bool = Field(default=False, description="Whether to print errors and warnings only.")
    silent: bool = Field(default=False, description="Whether to print nothing at all.")
    durability: Literal["kernel", "power"] = Field(
        default="kernel",
        description="What a record of a run survives once a call has returned: kernel (the death "
        "of the process), or power (a power failure 50 ms later).",
    )
    strict: bool = Field(
        default=False,
        description="Whether warnings are errors, and a failing backend stops the program.",
    )
