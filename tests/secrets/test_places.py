"""A canary in each of more than two hundred places where people put secrets is in no output.

Each place has a canary of its own, so that a few runs and commands hold all of them.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import subprocess
import sys
import traceback
import warnings
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from pydantic import BaseModel, Field, SecretBytes, SecretStr

from runsettings import Config, ConfigError, LayeredSettings, RunError, Settings, SettingsError
from runsettings.checks.check import check
from runsettings.checks.reporters.formats import REPORT_FORMATS
from runsettings.cli.main import cli
from runsettings.runs.capture.git import git_facts

pytestmark = [
    pytest.mark.filterwarnings("ignore::runsettings.SettingsWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]


def canary(place: str) -> str:
    """The secret that is put in one place."""
    return f"cny{zlib.crc32(place.encode()):08x}Qz7"


def leaks(places: list[str], texts: list[str]) -> list[str]:
    """The places whose canary is in a text, whole or without its beginning."""
    everything = "\n".join(texts)
    return [place for place in places if canary(place)[2:] in everything]


def said(*command: str) -> str:
    """What a command prints, on both streams."""
    result = CliRunner().invoke(cli, [str(word) for word in command])
    told = "" if result.exception is None else "".join(traceback.format_exception(result.exception))
    return result.output + told


def written(directory: Path) -> Iterator[str]:
    """The names and contents of all files below a directory."""
    for path in directory.rglob("*"):
        yield str(path.relative_to(directory))
        if path.is_file():
            yield path.read_text(errors="replace")


def raised(call: Callable[[], Any]) -> list[str]:
    """What a call says with its error, or its result."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            texts = [repr(call())]
        except (SettingsError, ConfigError, RunError) as error:
            texts = [str(error), repr(error), *traceback.format_exception(error)]
    return texts + [str(warning.message) for warning in caught]


# --- the command line of the training script -----------------------------------------------------

_ARGUMENTS = """
--api-key={} | --api-key {} | --api_key={} | --wandb.api_key={} | -api-key={} | --API-KEY {}
--token={} | --token {} | -token {} | --hf-token={} | --auth-token={} | --auth.token {}
--secret={} | --client-secret {} | --password={} | --password {} | --password -{}
--db.password={} | --passwd {} | --passphrase={} | --credential={} | --private-key={}
--access-key={} | --access_key {} | --signature={} | --bearer {} | --key {} | --wandb-key={}
-k {} | --auth {} | --pat {} | --pw {} | --pwd={} | -u me:{} | --user me:{} | api_key={}
--user=me:{} | --userpwd=me:{} | --proxy-user=me:{} | -ume:{} | -u=me:{}
+api_key={} | ++db.password={} | ~db.password={} | optim.secret={} | WANDB_API_KEY={}
-e HF_TOKEN={} | -e=HF_TOKEN={} | -eHF_TOKEN={} | --env AWS_SECRET_ACCESS_KEY={}
--env=AWS_SECRET_ACCESS_KEY={} | --build-arg NPM_TOKEN={} | --build-arg=NPM_TOKEN={}
--secret id=x,token={} | --set db.password={} | --set=a=1,db.password={} | https://u:{}@h/p
https://{}@h/p | https://{}:x-oauth-basic@h/p | --uri=https://u:{}@h/p
--db postgresql://u:{}@h:5/d | --db=postgres://u:x@h/d,postgres://u2:{}@h/d | http://[abc:{}@x
redis://:{}@h | s3://k:{}@b/x | https://h/?token={} | https://h/?a=1&token={}&b=2
https://h/?X-Amz-Signature={} | --url=https://h/?access_token={} | https://h/#access_token={}
mongodb+srv://u:{}@h | {}@github.com:me/x.git | u:{}@github.com:me/x.git
--header Authorization:Bearer{} | --header=Authorization:~{} | -H X-Api-Key:{} | -HX-Api-Key:{}
Bearer={} | {{"api_key":"{}"}} | --config {{"api_key":"{}"}}
--config={{'db':{{'password':'{}'}}}} | {{token:{}}} | ["secret=",token={}]
Server=h;Password={}; | Password={}&Server=h | --dsn=host=h,password={}
postgresql://u:{} | postgres:/u:{}@h | u:{}@h | u:{}@h/d | --store=u:{}@h | --store u:{}@10.0.0.1/d
--store=postgresql://u:{} | a=1,store=u:{}@h | postgresql://h/d?user=u:{} | u:a/{}@h | u:a={}@h
postgresql://h/d?key={} | postgresql://u:{}?sslmode=require | https://u:{}/x@h | u:{}@[::1]/d
"""
ARGUMENTS = [each for line in _ARGUMENTS.split("\n") for each in line.split(" | ") if each]
"""Arguments: `{}` stands for the canary, and `~` for a blank inside of one argument."""


def test_the_recorded_command_line_has_none(jail, begin, monkeypatch, capfd):
    """Flags, assignments, variables of containers, headers, JSON and addresses."""
    words = [
        word.replace("~", " ").replace("{{", "{").replace("}}", "}").replace("{}", canary(place))
        for place in ARGUMENTS
        for word in place.split(" ")
    ]
    monkeypatch.setattr(sys, "argv", ["train.py", *words])
    run = begin()
    run.finish()
    texts = [*written(jail.cwd), *capfd.readouterr(), said("runs", "show", run.id, "--json")]
    assert "github.com:me/x.git" in "".join(texts)
    assert leaks(ARGUMENTS, texts) == []


# --- a secret that a run knows, anywhere in the run -----------------------------------------------


class Vault(LayeredSettings):
    """Where the program has its secrets from."""

    secrets: dict[str, SecretStr] = {}


@dataclasses.dataclass
class Holder:
    """An object of the user's own in a config."""

    text: str
    inner: Any = None


CONFIG: dict[str, Callable[[str], Any]] = {
    "value": lambda c: c,
    "inside of a text": lambda c: f"Bearer {c}!",
    "nested": lambda c: {"a": {"b": {"c": c}}},
    "list": lambda c: [1, [c]],
    "tuple": lambda c: (c, 1),
    "set": lambda c: {c},
    "key": lambda c: {c: 1},
    "nested key": lambda c: {"a": {f"x-{c}": 1}},
    "secret": SecretStr,
    "secret bytes": lambda c: SecretBytes(c.encode()),
    "dataclass": lambda c: dataclasses.asdict(Holder(c)),
    "path": lambda c: Path(f"/data/{c}/x"),
    "address": lambda c: f"https://me:{c}@h/x",
    "query": lambda c: f"https://h/x?token={c}",
    "JSON": lambda c: json.dumps({"key": c}),
    "escaped": lambda c: f'"{c}"\n\\{c}\\',
    "long": lambda c: "x" * 5_000 + c + "y" * 5_000,
}
NAMES = ("run_name", "run_notes", "run_group", "run_job_type", "run_tags", "entity")
LOGGED: dict[str, Callable[[str], Any]] = {
    "text": lambda c: c,
    "in a text": lambda c: f"loss of {c}",
    "list": lambda c: [c],
    "nested": lambda c: {"a": {"b": c}},
    "key": lambda c: {c: 1},
    "top key": lambda c: c,
    "no JSON": lambda c: Holder(c).__repr__,
}
LATER = (
    "summary value", "summary update", "summary key", "notes", "tag", "name", "config later",
    "config update", "metric", "save", "code", "error", "working file", "git remote", "variable",
    "netrc",
)  # fmt: skip
RUN = [
    *(f"config {name}" for name in CONFIG),
    *(f"setting {name}" for name in NAMES),
    *(f"log {name}" for name in LOGGED),
    *LATER,
]


def test_a_run_records_none_that_it_knows(jail, begin, capfd):
    """In the config, names, metrics, summary, tags, files' names, remotes and errors."""
    Vault(secrets={place: SecretStr(canary(place)) for place in RUN})
    jail.setenv(WANDB_API_KEY=canary("variable"), OTHER=canary("variable"))
    jail.write(
        jail.home / ".netrc", f"machine api.wandb.ai login user password {canary('netrc')}\n"
    )
    for command in (
        ["init", "-q"],
        ["remote", "add", "origin", f"{canary('git remote')}@h:me/x.git"],
    ):
        subprocess.run(["git", *command], cwd=jail.cwd, check=True, capture_output=True)
    config = {
        name.replace(" ", "_"): value(canary(f"config {name}")) for name, value in CONFIG.items()
    }
    names: dict[str, Any] = {name: canary(f"setting {name}") for name in NAMES}
    names["run_tags"] = [names["run_tags"]]
    run = begin(config=config, settings={**names, "silent": False, "save_code": True})
    for name, value in LOGGED.items():
        made = value(canary(f"log {name}"))
        run.log({made: 1} if name == "top key" else {name: made})
    run.summary["a"] = f"x {canary('summary value')}"
    run.summary.update({"b": {"c": canary("summary update")}})
    run.summary[canary("summary key")] = 1
    run.notes = canary("notes")
    run.tags += (canary("tag"),)
    run.name = canary("name")
    run.config.update({"later": canary("config later")})
    run.config["again"] = [canary("config update")]
    run.define_metric(canary("metric"), summary="min")
    with contextlib.suppress(RunError):
        run.save(f"none-{canary('save')}.txt")
    Path(run.path, "files", "own.txt").write_text("x")
    texts = raised(lambda: run.log({"x": 1}, step=canary("error")))
    run.finish()
    texts += [*written(jail.cwd / "wandb"), *capfd.readouterr()]
    texts += [said("runs", "show", run.id), said("runs", "show", run.id, "--json")]
    texts += [
        said("runs", "ls", "--json"),
        said("runs", "ls", "--columns", "name,notes,tags,group"),
    ]
    texts += [repr(run), repr(run.config), str(run.summary), repr(git_facts(jail.cwd))]
    assert leaks(RUN, texts) == []


# --- settings, in every layer ---------------------------------------------------------------------


class Inner(BaseModel):
    """A nested model with a secret."""

    vault_key: SecretStr | None = None
    size: int = 0


class Keyed(Settings, env_nested_delimiter="__", env_file=".env", secrets_dir="secrets"):
    """A program's own settings, with more secrets."""

    vault: Inner = Inner()
    vaults: dict[str, Inner] = {}
    parts: list[SecretStr] = []
    address: str = ""


VALUES: dict[str, tuple[str, Callable[[str], str]]] = {
    "secret": ("api_key", lambda c: c),
    "nested": ("vault", lambda c: json.dumps({"vault_key": c})),
    "in a mapping": ("vaults", lambda c: json.dumps({"a": {"vault_key": c}})),
    "in a list": ("parts", lambda c: json.dumps([c])),
    "password": ("address", lambda c: f"https://me:{c}@h/x"),
}
WRONG: dict[str, tuple[str, Callable[[str], str]]] = {
    "beside a wrong value": ("vault", lambda c: json.dumps({"vault_key": c, "size": "many"})),
    "broken": ("vault", lambda c: f'{{"vault_key": "{c}", "size": }}'),
    "misspelt": ("api_kee", lambda c: c),
}


def _lines(values: dict[str, str], form: str) -> str:
    return "".join(form.format(key, value) for key, value in values.items())


WRITERS: dict[str, Callable[[Any, dict[str, str]], dict[str, Any] | None]] = {
    "site": lambda jail, v: jail.write_site("[default]\n" + _lines(v, "{} = {}\n")) and None,
    "user": lambda jail, v: jail.write_user("[default]\n" + _lines(v, "{} = {}\n")) and None,
    "workspace": lambda jail, v: (
        jail.write_workspace("[default]\n" + _lines(v, "{} = {}\n")) and None
    ),
    "pyproject": lambda jail, v: (
        jail.write(
            "pyproject.toml",
            "[tool.runsettings]\n" + "".join(f"{k} = {json.dumps(x)}\n" for k, x in v.items()),
        )
        and None
    ),
    "workspace yaml": lambda jail, v: jail.write("wandb/settings.yaml", json.dumps(v)) and None,
    "secrets": lambda jail, v: [jail.write(f"secrets/wandb_{k}", x) for k, x in v.items()] and None,
    "dotenv": lambda jail, v: (
        jail.write(".env", "".join(f"WANDB_{k.upper()}='{x}'\n" for k, x in v.items())) and None
    ),
    "variable": lambda jail, v: jail.setenv(**{f"WANDB_{k.upper()}": x for k, x in v.items()}),
    "flag": lambda _jail, v: {"args": argparse.Namespace(**v)},
    "file yaml": lambda jail, v: {"files": jail.write("x.yaml", json.dumps(v))},
    "file toml": lambda jail, v: {
        "files": jail.write("x.toml", "".join(f"{k} = {json.dumps(x)}\n" for k, x in v.items()))
    },
    "file ini": lambda jail, v: {
        "files": jail.write("x.ini", "[default]\n" + _lines(v, "{} = {}\n"))
    },
    "call": lambda _jail, v: v,
}
SETTINGS = [f"{layer}: {kind}" for layer in WRITERS for kind in (*VALUES, *WRONG)]


@pytest.mark.parametrize("layer", WRITERS)
def test_settings_show_none(jail, layer):
    """Valid and wrong secrets of each layer, in messages, reports and lock files."""
    (jail.cwd / "secrets").mkdir()
    rounds = [VALUES, *({kind: WRONG[kind]} for kind in WRONG)]
    texts: list[str] = []
    for values in rounds:
        told = {key: value(canary(f"{layer}: {kind}")) for kind, (key, value) in values.items()}
        given = WRITERS[layer](jail, told) or {}
        texts += raised(lambda given=given: texts_of(Keyed.resolve(**given)))
        files = [given["files"]] if "files" in given else []
        found = check(settings=Keyed, settings_files=files)
        texts += [each.reporter()(found, [layer]) for each in REPORT_FORMATS.values()]
        options = ["--model", f"{__name__}:Keyed", *(f"--file={file}" for file in files)]
        for command in ("show", "show --json", "explain", "explain --json", "lock -o /dev/stdout"):
            texts.append(said(*command.split(), *options))
    assert "api_key" in "".join(texts)
    assert "***" in "".join(texts)
    assert leaks([place for place in SETTINGS if place.startswith(f"{layer}:")], texts) == []


def texts_of(settings: LayeredSettings) -> list[str]:
    """What settings that are valid say."""
    return [
        settings.explain(),
        settings.explain(as_json=True),
        str(settings.to_dict()),
        repr(settings),
    ]


# --- defaults of models and parsers ---------------------------------------------------------------

DEFAULTS = (
    "secret", "nested", "instance", "list", "plain password", "nested plain token", "address",
    "example", "parser secret", "parser address", "parser const", "wrong value of a parser",
)  # fmt: skip


class Plain(BaseModel):
    """A model that does not say that its token is a secret."""

    token: str = canary("nested plain token")
    size: int = 0


class Careless(LayeredSettings):
    """A class with secrets in its code."""

    api_key: SecretStr = SecretStr(canary("secret"))
    inner: Inner = Inner(vault_key=SecretStr(canary("nested")))
    instance: Inner = Inner(vault_key=canary("instance"))
    keys: list[SecretStr] = [SecretStr(canary("list"))]
    db_password: str = canary("plain password")
    plain: Plain = Plain()
    address: str = f"postgresql://me:{canary('address')}@h/d"
    shown: SecretStr | None = Field(None, examples=[canary("example")])


def careless_parser() -> argparse.ArgumentParser:
    """A parser with secrets in its code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--password", default=canary("parser secret"))
    parser.add_argument("--store", default=f"https://me:{canary('parser address')}@h")
    parser.add_argument("--token", nargs="?", const=canary("parser const"))
    parser.add_argument("--pin-token", type=int, default=0)
    return parser


def test_what_is_told_of_models_and_parsers_has_none(jail):
    """Schemas, help texts, and the checks of files against them."""
    here = __name__
    texts = [
        said("schema", "--model", f"{here}:Careless"),
        said("schema", "--model", f"{here}:Plain"),
    ]
    texts += [said("schema", "--parser", f"{here}:careless_parser")]
    assert all('"properties"' in text for text in texts), texts
    parser = argparse.ArgumentParser()
    Careless.add_arguments(parser)
    texts.append(parser.format_help())
    jail.write("c.yaml", f"pin_token: {canary('wrong value of a parser')}\n")
    found = check("c.yaml", settings=False, parser=careless_parser)
    assert found
    texts += [each.reporter()(found, ["c.yaml"]) for each in REPORT_FORMATS.values()]
    assert leaks(list(DEFAULTS), texts) == []
    # A value that its class does not declare a secret is shown by its settings.
    declared = [place for place in DEFAULTS if "plain" not in place]
    shown = [*texts_of(Careless()), said("show", "--model", f"{here}:Careless")]
    assert leaks(declared, shown) == []


# --- files that are checked -----------------------------------------------------------------------

CHECKED: dict[str, tuple[str, str]] = {
    "broken YAML": ("x.yaml", "api_key: {}: x\n"),
    "unclosed YAML": ("x.yaml", "api_key: '{}\n"),
    "duplicate YAML": ("x.yaml", "a: 1\napi_key: {}\napi_key: {}\n"),
    "YAML tag": ("x.yaml", "token: !{} x\n"),
    "period in a key": ("x.yaml", "db.password: {}\n"),
    "same line": ("x.yaml", "{{password: {}, lr: [1, 2}}\n"),
    "ambiguous scalar": ("x.yaml", "{{password: {}, a: no}}\n"),
    "broken JSON": ("x.json", '{{"api_key": "{}" "x": 1}}'),
    "JSON word": ("x.json", '{{"api_key": {}}}'),
    "JSON duplicate": ("x.json", '{{"token": "{}", "token": 1}}'),
    "broken TOML": ("x.toml", "api_key = {}\n"),
    "unclosed TOML": ("x.toml", 'password = "{}\n'),
    "TOML duplicate": ("x.toml", 'token = "{}"\ntoken = 1\n'),
    "broken INI": ("wandb/settings", "[default]\napi_key {}\n"),
    "INI without a section": ("wandb/settings", "api_key = {}\n"),
    "a key file": ("wandb/settings", f"-----BEGIN PRIVATE KEY-----\n{'b3Blbn' * 7}{{}}\n"),
    "a key file as YAML": ("x.yaml", f"-----BEGIN PRIVATE KEY-----\n{'b3Blbn' * 7}{{}}\n"),
    "a token alone": ("wandb/settings", "wandb_v1_0123456789abcdef0123456789{}\n"),
    "INI interpolation": ("wandb/settings", "[default]\napi_key = {}%(x)s\nmode = offlin\n"),
}
SCHEMAS: dict[str, dict[str, Any]] = {
    "schema pattern": {"pattern": "^sk-"},
    "schema type": {"type": "integer"},
    "schema choice": {"enum": ["a"]},
    "schema length": {"maxLength": 2},
}


def test_reports_about_files_have_none(jail):
    """In every format, whatever is wrong on the line of a secret."""
    texts: list[str] = []
    for place, (name, text) in CHECKED.items():
        jail.write(name, text.replace("{}", canary(place)).replace("{{", "{").replace("}}", "}"))
        found = check(name)
        assert found, place
        texts += [each.reporter()(found, [name]) for each in REPORT_FORMATS.values()]
        texts.append(said("check", name))
        (jail.cwd / name).unlink()
    for place, schema in SCHEMAS.items():
        jail.write("c.yaml", f"password: {canary(place)}\n")
        found = check("c.yaml", settings=False, schema={"properties": {"password": schema}})
        assert found, place
        texts += [each.reporter()(found, ["c.yaml"]) for each in REPORT_FORMATS.values()]
        given = {"db": {"password": canary(place)}}
        properties = {"db": {"properties": {"password": schema}}}
        texts += raised(partial(Config.load, given, schema={"properties": properties}))
    assert leaks([*CHECKED, *SCHEMAS], texts) == []


def test_the_list_of_places_is_complete():
    """More than two hundred, none of them twice."""
    places = [*ARGUMENTS, *RUN, *SETTINGS, *DEFAULTS, *CHECKED, *SCHEMAS]
    assert len(places) >= 201
    assert len({canary(place) for place in places}) == len(places)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("wandb/settings", "[default]\napi_key {}\n"),
        ("wandb/settings", "api_key = {}\n"),
        ("wandb/settings", "[default]\nmode = x\napi_key {}\n"),
        ("x.yaml", "api_key {}\nlr: 1\n"),
        ("x.yaml", "token: !x {}\n"),
        ("x.json", '{"api_key": @{}}'),
        ("x.toml", "api_key {}\n"),
        ("x.toml", "password = {}\n"),
    ],
)
def test_no_report_tells_how_long_a_secret_is(jail, monkeypatch, name, text):
    """Secrets of different lengths have the same mask, wherever the error is in the line."""
    said_of = []
    for secret in ("k1" + "Qz7x" * 4, "k2" + "Qz7x" * 9):
        monkeypatch.setenv("WANDB_API_KEY", secret)
        jail.write(name, text.replace("{}", secret).replace("api_key", "wandb"))
        texts = [said("check", name)]
        jail.write(name, text.replace("{}", secret))
        said_of.append([*texts, said("check", name), said("check", name, "--json")])
        assert secret not in "".join(said_of[-1])
    assert said_of[0] == said_of[1]
