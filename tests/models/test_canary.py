"""One secret goes through every layer, valid and not, and shows up in no text whatever."""

from __future__ import annotations

import argparse
import json
import pickle
import traceback
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr, ValidationError, field_validator
from pydantic_settings import InitSettingsSource

from runsettings import Inputs, Layer, LayeredSettings, Settings, SettingsError, SettingsWarning
from runsettings.layers.call_site import find_caller
from runsettings.models.locking import lock_of
from runsettings.resolution.resolve import SETTINGS_LAYERS

CANARY = "canary5d1f7e90b3a84c62"


class Vault(BaseModel):
    vault_key: SecretStr | None = None
    size: int = 0


class Keyed(Settings, env_nested_delimiter="__", secrets_dir="secrets", env_file=".env"):
    """A user's class with secrets of its own, one of them far inside."""

    vault: Vault = Vault()
    vaults: dict[str, Vault] = {}
    either: Vault | int = 0
    quoted: str = ""

    @field_validator("quoted")
    @classmethod
    def quote(cls, value: str) -> str:
        """A validator that quotes what it refuses."""
        if value:
            raise ValueError(f"{value} is refused, or {value!r}")
        return value


@pytest.fixture(autouse=True)
def secrets_directory(jail) -> None:
    """Make the directory that `Keyed` names."""
    (jail.cwd / "secrets").mkdir()


def texts_of(settings: LayeredSettings) -> Iterator[str]:
    """Everything that settings can be made to say."""
    yield repr(settings)
    yield str(settings)
    yield settings.explain()
    yield settings.explain(as_json=True)
    yield json.dumps(settings.to_dict())
    yield settings.model_dump_json()
    yield settings.digest
    yield repr(settings.diagnostics)
    yield repr(settings.shadowed())
    yield repr(settings.sources)
    for option in settings.options().options.values():
        yield repr(settings.history(option.path))
        yield repr(settings.origin(option.path))
    for option in settings.options().leaves():
        yield repr(settings.history(option.path))


def texts_of_error(error: BaseException) -> Iterator[str]:
    """Everything that an exception can be made to say."""
    yield str(error)
    yield repr(error)
    yield repr(error.args)
    yield repr(vars(error))
    yield pickle.dumps(error).decode("latin-1")
    yield from traceback.format_exception(error)


def assert_silent(resolve: Any, *, fails: bool | None = None) -> None:
    """Hold that nothing which ``resolve`` returns, raises or warns of shows the canary."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            texts = list(texts_of(resolve()))
            failed = False
        except SettingsError as error:
            texts = list(texts_of_error(error))
            failed = True
    texts += [str(warning.message) for warning in caught]
    texts += [repr(warning) for warning in caught]
    assert fails is None or failed is fails
    for text in texts:
        assert CANARY not in text, text
        # Neither the greater part of it, which is as good as the whole.
        assert CANARY[4:] not in text, text


# --- every layer, with a valid and an invalid value -------------------------------------------

WRITERS = {
    "site": lambda jail, key, value: jail.write_site(f"[default]\n{key} = {value}\n"),
    "user": lambda jail, key, value: jail.write_user(f"[default]\n{key} = {value}\n"),
    "pyproject": lambda jail, key, value: jail.write(
        "pyproject.toml", f"[tool.runsettings]\n{key} = {json.dumps(value)}\n"
    ),
    "workspace": lambda jail, key, value: jail.write_workspace(f"[default]\n{key} = {value}\n"),
    "workspace yaml": lambda jail, key, value: jail.write(
        "wandb/settings.yaml", f"{key}: {json.dumps(value)}\n"
    ),
    "workspace toml": lambda jail, key, value: jail.write(
        "wandb/settings.toml", f"{key} = {json.dumps(value)}\n"
    ),
    "secrets": lambda jail, key, value: jail.write(f"secrets/wandb_{key}", value),
    "dotenv": lambda jail, key, value: jail.write(".env", f"WANDB_{key.upper()}='{value}'\n"),
    "env": lambda jail, key, value: jail.setenv(**{f"WANDB_{key.upper()}": value}),
    "flag": lambda _jail, key, value: {"args": argparse.Namespace(**{key: value})},
    "flag file": lambda jail, key, value: {
        "args": argparse.Namespace(
            settings_file=jail.write("flag.yaml", f"{key}: {json.dumps(value)}\n")
        )
    },
    "file yaml": lambda jail, key, value: {
        "files": jail.write("x.yaml", f"{key}: {json.dumps(value)}\n")
    },
    "file json": lambda jail, key, value: {"files": jail.write("x.json", json.dumps({key: value}))},
    "file ini": lambda jail, key, value: {
        "files": jail.write("x.ini", f"[default]\n{key} = {value}\n")
    },
    "init": lambda _jail, key, value: {key: value},
}
"""How each layer is told a value: writes it, or returns arguments of `resolve`."""

VALUES = {
    "valid": ("api_key", CANARY),
    "with a space": ("api_key", f"{CANARY} {CANARY}"),
    "with a control character": ("api_key", f"{CANARY}\x07{CANARY}"),
    "with quotes": ("api_key", f"\\{CANARY}\\\\'"),
    "very long and with a space": ("api_key", f" {CANARY}" * 9),
    "the whole nested model": ("vault", json.dumps({"vault_key": CANARY})),
    "beside a bad value": ("vault", json.dumps({"vault_key": CANARY, "size": "many"})),
    "broken nested JSON": ("vault", f'{{"vault_key": "{CANARY}", "size": }}'),
    "no JSON": ("vault", CANARY),
    "in a mapping of models": ("vaults", json.dumps({"a": {"vault_key": CANARY}})),
    "in a bad mapping": ("vaults", json.dumps({"a": {"vault_key": CANARY, "size": "many"}})),
    **{
        f"store {address}": ("store", address.replace("{}", CANARY))
        for address in (
            "postgresql://u:{}",
            "postgres:/u:{}@h",
            "u:{}@h/d",
            "postgresql://h/d?passwd={}",
            "postgresql://h/d?user=u:{}",
            "host=h password={}",
        )
    },
    **{
        f"server {address}": ("base_url", address.replace("{}", CANARY))
        for address in ("u:{}@h", "u:{}", "https://{}@h", "http://h:{}", "http://[{}", "u {}")
    },
    "in a union": ("either", json.dumps({"vault_key": CANARY})),
    "in a bad union": ("either", json.dumps({"vault_key": CANARY, "size": "many"})),
}


@pytest.mark.parametrize(("key", "value"), VALUES.values(), ids=VALUES)
@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_no_layer_shows_a_secret(jail, write, key, value):
    """Whatever a layer is told, what is secret in it is not repeated."""
    written = write(jail, key, value)
    assert_silent(lambda: Keyed.resolve(**written if isinstance(written, dict) else {}))


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_every_layer_was_told(jail, write):
    """The canary is alive: each layer of the test above does set the key."""
    written = write(jail, "api_key", CANARY)
    settings = Keyed.resolve(**written if isinstance(written, dict) else {})
    assert settings.api_key is not None
    assert settings.api_key.get_secret_value() == CANARY


def test_the_layers_of_the_test_are_all_layers():
    """A new layer must be told the secret too."""
    told = {name.split()[0] for name in WRITERS} | {"default", "external"}
    assert told - {"secrets"} == {layer.label for layer in SETTINGS_LAYERS}


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_beside_other_errors_a_secret_is_not_shown(jail, write):
    """Errors of other keys quote values, and a validator of the user's may quote anything."""
    written = write(jail, "api_key", CANARY)
    inputs = written if isinstance(written, dict) else {}
    assert_silent(
        lambda: Keyed.resolve(
            **{**inputs, "quoted": CANARY, "mode": CANARY, "project": f"{CANARY}/"},
        ),
        fails=True,
    )


def test_each_layer_beats_the_one_below_and_nobody_tells(jail):
    """All layers at once: losers and histories are masked as well."""
    inputs: dict[str, Any] = {}
    for write in WRITERS.values():
        written = write(jail, "api_key", CANARY)
        inputs |= written if isinstance(written, dict) else {}
    assert_silent(lambda: Keyed.resolve(**inputs), fails=False)
    assert_silent(lambda: Keyed.resolve(**{**inputs, "api_key": f"{CANARY} "}), fails=True)


def test_locked_secret_is_not_shown(jail):
    """A refused value of a locked secret, and the value it is locked to, stay secret."""
    jail.write_site(f"[policy]\nlock = api_key, vault\n[default]\napi_key = {CANARY}1\n")
    inputs = {"api_key": f"{CANARY}2", "vault": {"vault_key": CANARY}}
    assert_silent(lambda: Keyed.resolve(**inputs), fails=True)


# --- texts that cannot be read ----------------------------------------------------------------

BROKEN = {
    "x.yaml": [
        f"api_key: {CANARY}\napi_key: {CANARY}2\n",
        f"vault:\n  vault_key: {CANARY}\n  vault_key: {CANARY}2\n",
        f"api_key: [{CANARY}\n",
        f"api_key: {CANARY}: x\n",
        f"api_key: @{CANARY}\n",
        f"api_key: *{CANARY}\n",
        f"api_key: !{CANARY} x\n",
        f"api_key: !x {CANARY}\n",
        f"api_key: &a {CANARY}\napi_key: *a\n",
        f"api_key: '{CANARY}\n",
        f"api_key:\n  '{CANARY}\n",
        f"api_key: |\n  {CANARY}\n\tx\n",
        f"api_key:\n  - {CANARY}\n  x\n",
        f"api_key: {CANARY}\0\n",
        f"\tapi_key: {CANARY}\n",
        f"vault: {{vault_key: {CANARY}, size: [}}\n",
        f"vault: {{size: x, vault_key: {CANARY}}}\n",
        f"vaults: {{a: {{vault_key: {CANARY}, vault_key: {CANARY}}}}}\n",
        f"api_key {CANARY}\n",
        f"api_key: {CANARY}\nmode: offlin\n",
        f"api_key: [{CANARY}]\n",
        f"api_key: {{a: {CANARY}}}\n",
        f"vault:\n  vault_kee: {CANARY}\n",
    ],
    "x.json": [
        f'{{"api_key": "{CANARY}", "api_key": "{CANARY}2"}}',
        f'{{"api_key": "{CANARY}" "x": 1}}',
        f'{{"api_key": {CANARY}}}',
        f'{{"api_key": "{CANARY}}}',
        f'{{"api_key":\n  "{CANARY}\n}}',
        f'{{"api_key":\n  {CANARY}\n}}',
        f'{{"api_key": "{CANARY}\x01"}}',
        f'{{"api_key": "{CANARY}\\q"}}',
        f"{{\"api_key\": '{CANARY}'}}",
        f'{{"vault": {{"vault_key": "{CANARY}", "vault_key": "{CANARY}2"}}}}',
        f'{{"vault": {{"vault_key": "{CANARY}" "size": 1}}}}',
        f'{{"vaults": {{"a": {{"vault_key": {CANARY}}}}}}}',
        f'{{"api_key": ["{CANARY}"]}}',
    ],
    "x.toml": [
        f'api_key = "{CANARY}"\napi_key = "{CANARY}2"\n',
        f"api_key = {CANARY}\n",
        f"api_key {CANARY}\n",
        f'api_key = "{CANARY}\n',
        f'api_key = """\n{CANARY}\n',
        f'api_key = "{CANARY}\\q"\n',
        f'api_key = "{CANARY}" x\n',
        f'[vault]\nvault_key = "{CANARY}"\nvault_key = "{CANARY}2"\n',
        f"[vault]\nvault_key = {CANARY}\n",
        f'vault = {{ vault_key = "{CANARY}" size = 1 }}\n',
        f'api_key = ["{CANARY}", x]\n',
        f'api_key = [\n  "{CANARY}",\n  x\n]\n',
    ],
    "wandb/settings": [
        f"[default]\napi_key = {CANARY}\napi_key = {CANARY}2\n",
        f"[default]\napi_key {CANARY}\n",
        f"[default]\napi_key = {CANARY}\0\n",
        f"[default]\napi_key =\n  {CANARY}\0\n",
        f"api_key = {CANARY}\n",
        f"[defalt]\napi_key = {CANARY}\n",
        f"[default]\napi_kee = {CANARY}\n",
        f"[default]\napi_kee = {CANARY}\napi_kee = {CANARY}2\n",
        f"[default]\nvault = {{'vault_key': '{CANARY}'}}\n",
        f"[default]\napi_key = {CANARY} %\n",
    ],
    ".env": [
        f"WANDB_API_KEY={CANARY}\nWANDB_API_KEY={CANARY} x y\n",
        f"WANDB_API_KEY='{CANARY}\n",
        f"WANDB_API_KEY {CANARY}\n",
        f"WANDB_API_KEE={CANARY}\n",
        f"WANDB_VAULT__VAULT_KEY={CANARY}\nWANDB_VAULT__SIZE=x\n",
        f"WANDB_VAULT='{{\"vault_key\": {CANARY}'\n",
    ],
    "pyproject.toml": [
        f'[tool.runsettings]\napi_key = "{CANARY}"\napi_key = "{CANARY}2"\n',
        f"[tool.runsettings]\napi_key = {CANARY}\n",
        f'[tool.runsettings]\napi_kee = "{CANARY}"\n',
        f'[tool.runsettings.vault]\nvault_key = "{CANARY}"\nsize = "x"\n',
    ],
}


@pytest.mark.parametrize(
    ("name", "text"), [(name, text) for name, texts in BROKEN.items() for text in texts]
)
def test_no_broken_text_shows_a_secret(jail, name, text):
    """Diagnostics quote lines; what stands behind a secret's name in them is masked."""
    jail.write(name, text)
    files = [name] if name.startswith("x.") else []
    assert_silent(lambda: Keyed.resolve(files=files))


@pytest.mark.parametrize("name", BROKEN)
def test_secret_in_bytes_that_are_no_text_is_not_shown(jail, name):
    """A line with a byte that is no UTF-8 is quoted as well."""
    jail.write(name, BROKEN[name][0].encode() + b"api_key = " + CANARY.encode() + b"\xff\n")
    files = [name] if name.startswith("x.") else []
    assert_silent(lambda: Keyed.resolve(files=files), fails=True)


# --- other ways out ---------------------------------------------------------------------------


def test_misspelt_keyword_is_not_shown():
    """A misspelt secret is still a secret."""
    assert_silent(lambda: Keyed(api_kee=CANARY), fails=True)
    assert_silent(lambda: Keyed(vault={"vault_kee": CANARY}), fails=True)


def test_values_of_wrong_types_are_not_shown():
    """A secret in a list, a mapping or an object is a secret in a wrong place."""
    for value in ([CANARY], {"a": CANARY}, (CANARY,), CANARY.encode(), Vault(vault_key=CANARY)):
        assert_silent(lambda value=value: Keyed(api_key=value))
        assert_silent(lambda value=value: Keyed(vault=value))
        assert_silent(lambda value=value: Keyed(vaults=value))


def test_refused_change_is_not_shown():
    """`replace` masks as construction does."""
    settings = Keyed()
    assert_silent(lambda: settings.replace(api_key=f"{CANARY} "), fails=True)
    assert_silent(lambda: settings.replace(api_key=CANARY), fails=False)


def test_pydantic_error_shows_no_input():
    """`model_validate` fails with pydantic's own error, which usually quotes all input."""
    with pytest.raises(ValidationError) as caught:
        Keyed.model_validate({"api_key": f"{CANARY} ", "mode": 3})
    for text in (str(caught.value), repr(caught.value), *traceback.format_exception(caught.value)):
        assert CANARY not in text


def test_a_source_that_fails_is_not_quoted():
    """The text of a foreign error may hold the very secret that could not be read."""

    class Failing(InitSettingsSource):
        def __call__(self) -> dict[str, Any]:
            raise RuntimeError(f"cannot decrypt {CANARY}")

    source = Failing(Keyed, {})
    assert_silent(lambda: Keyed.resolve(layers=[source]), fails=True)


def test_digest_does_not_depend_on_secrets():
    """A digest is written to files and compared; a secret must not be guessable from it."""
    one = Keyed(api_key=CANARY, vault=Vault(vault_key=CANARY))
    assert one.digest == Keyed().digest


def test_inputs_show_no_environment(jail):
    """What a layer is handed shows neither variables nor arguments in its repr."""
    jail.setenv(WANDB_API_KEY=CANARY)
    inputs = Inputs(
        Keyed,
        {"WANDB_API_KEY": CANARY},
        None,
        find_caller(),
        args=argparse.Namespace(api_key=CANARY),
        values={"api_key": CANARY},
    )
    assert CANARY not in repr(inputs)


def test_default_of_a_class_is_not_shown():
    """A secret that somebody wrote into their class is masked like any other."""

    class Careless(LayeredSettings):
        password: SecretStr = SecretStr(CANARY)

    assert_silent(Careless, fails=False)
    assert CANARY not in json.dumps(Careless.model_json_schema())
    parser = argparse.ArgumentParser()
    Careless.add_arguments(parser)
    assert CANARY not in parser.format_help()


def test_warnings_are_masked(jail):
    """A warning quotes lines as errors do."""
    jail.write_workspace(f"[default]\napi_kee = {CANARY}\n")
    with pytest.warns(SettingsWarning) as caught:
        Settings()
    assert CANARY not in str(caught[0].message)
    assert "did you mean 'api_key'?" in str(caught[0].message)


def test_revealed_on_demand_only():
    """The one way to a secret's text is to ask for it."""
    settings = Settings(api_key=CANARY)
    assert settings.to_dict(reveal=True)["api_key"] == CANARY
    assert settings.to_dict()["api_key"] == "***"
    assert settings.origin("api_key").layer is Layer.INIT


def test_secret_inside_of_other_settings_is_masked_there(jail, tmp_path):
    """A key pasted into the notes is shown neither by the settings nor by their lock file."""
    key = "sk-0123456789abcdef0123"
    settings = Settings(api_key=key, run_notes=f"my key is {key}", run_tags=(key,))
    shown = [
        repr(settings),
        settings.explain(),
        settings.explain(as_json=True),
        str(settings.to_dict()),
        str(lock_of(settings, tmp_path)),
    ]
    assert [key in text for text in shown] == [False] * 5
    assert settings.run_notes == f"my key is {key}"
