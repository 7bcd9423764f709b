"""A canary in each place that stores, composition, fixes and annotations have: in no output."""

from __future__ import annotations

import contextlib
import os
import signal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from runsettings import Config, RunConfig, overrides
from runsettings.secrets import live

from .test_places import CONFIG, Vault, canary, leaks, raised, said, written

pytestmark = [
    pytest.mark.filterwarnings("ignore::runsettings.SettingsWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]

# --- a store, and what is said of it --------------------------------------------------------------

SHIPPED = [f"shipped {name}" for name in (*CONFIG, "log", "log key", "summary", "notes", "tag")]


def test_a_store_and_its_commands_have_none(jail, begin, capfd):
    """What was masked in the journal is masked in the store, and in what its commands print."""
    pytest.importorskip("sqlalchemy")
    Vault(secrets={place: SecretStr(canary(place)) for place in SHIPPED})
    config = {name.replace(" ", "_"): of(canary(f"shipped {name}")) for name, of in CONFIG.items()}
    run = begin(config=config)
    run.log({"text": canary("shipped log"), canary("shipped log key"): 1})
    run.summary["a"] = canary("shipped summary")
    run.notes = canary("shipped notes")
    run.tags += (canary("shipped tag"),)
    run.finish()
    other = begin(config={"a": 1})
    other.finish()
    store = f"sqlite:///{jail.cwd}/runs.db"
    texts = [
        said("sync", "--all", "--dry-run", "--to", store),
        said("sync", "--all", "--to", store),
    ]
    for command in (
        ("ls",),
        ("ls", "--json"),
        ("ls", "--columns", "name,notes,tags,config.value"),
        ("show", run.id),
        ("show", run.id, "--json", "--all"),
        ("diff", run.id, other.id),
        ("rm", "--yes", other.id),
    ):
        texts.append(said("runs", command[0], "--store", store, *command[1:]))
        assert "Traceback" not in texts[-1], texts[-1]
    texts += [*written(jail.cwd), *capfd.readouterr()]
    assert "***" in "".join(texts)
    assert leaks(SHIPPED, texts) == []


ADDRESSES = (
    "postgresql://me:{}@127.0.0.1:1/d", "postgresql://me@127.0.0.1:1/d?password={}",
    "postgresql://me@127.0.0.1:1/d?sslpassword={}", "postgres://me:{}@127.0.0.1:1/d",
    "postgresql+psycopg://me:{}@127.0.0.1:1/d", "postgresql:/me:{}@127.0.0.1:1/d",
    "postgresql://me:p@{}@127.0.0.1:1/d", "postgresql://me:{}/x@127.0.0.1:1/d",
    "postgresql://me:{}@[::1/d", "postgresql://me:{}@127.0.0.1:port/d",
    "mysql://me:{}@127.0.0.1:1/d", "me:{}@127.0.0.1/d", "postgresql://me:{}@x@127.0.0.1:1/d",
    "postgresql://me:{}", "postgresql://me:{}/d", "me:{}", "postgresql:///me:{}@h/d",
    "sqlite:///me:{}@h/d", "host=h password={}", "postgresql://h/d password={}",
    "postgresql://127.0.0.1:1/d?passwd={}", "postgresql://127.0.0.1:1/d?key={}",
    "postgresql://127.0.0.1:1/d?user=me:{}", "postgresql://127.0.0.1:1/d?sslmode=x;password={}",
)  # fmt: skip
MISPLACED = (("runs", "ls"), ("store", "upgrade"), ("ui",), ("store",), ())
"""Commands that do not expect an address after them."""
WAYS = ("option", "setting", "file")
SHIPPED_TO = ("postgresql://me:{}@127.0.0.1:1/d", "postgresql://me:p@{}@127.0.0.1:1/d")
STORES = [f"{way}: {address}" for way in WAYS for address in ADDRESSES]


@pytest.mark.parametrize("address", ADDRESSES)
def test_the_address_of_a_store_shows_no_password(jail, begin, monkeypatch, capfd, address):
    """Right, wrong or refused: in messages, the log of the shipper and the files of the run."""
    given = {way: address.replace("{}", canary(f"{way}: {address}")) for way in WAYS}
    begin(id="one").finish()
    texts = [
        said("sync", "one", "--to", given["option"]),
        said("runs", "ls", "--store", given["option"]),
        said("store", "upgrade", "--to", given["option"]),
        said("ui", "--no-browser", "--store", given["option"]),
        said("sync", "one", f"--too={given['option']}"),
    ]
    texts += [said(*command, given["option"]) for command in MISPLACED]
    if address != "me:{}":  # as good a name of a file as any other
        texts.append(said("check", given["option"]))
    monkeypatch.setenv("WANDB_STORE", given["setting"])
    commands = ("sync one", "runs ls --store setting", "show", "explain", "places", "check")
    texts += raised(partial(begin, mode="online", id="two", settings={"finish_timeout": 0.1}))
    texts += [
        said(*f"{command} --store setting".split())
        for command in ("runs show x", "ui --no-browser")
    ]
    texts += [said(*command.split()) for command in commands]
    monkeypatch.delenv("WANDB_STORE")
    jail.write_workspace(f"[default]\nstore = {given['file']}\n")
    commands = ("sync one", "runs rm --store setting --yes x", "show --json", "places")
    texts += [said(*command.split()) for command in commands]
    (jail.cwd / "wandb/settings").unlink()

    texts += [*written(jail.cwd), *capfd.readouterr()]
    assert leaks([f"{way}: {address}" for way in WAYS], texts) == []


def test_the_background_shipper_shows_no_password(jail, script):
    """Neither on the terminal, nor in its log or the list of processes."""
    places = [f"background: {address}" for address in SHIPPED_TO]
    texts = []
    for number, address in enumerate(SHIPPED_TO):
        jail.setenv(WANDB_STORE=address.replace("{}", canary(places[number])))
        done = script(f"""
            settings = {{"disable_git": True, "finish_timeout": 2}}
            init(mode="online", id="run{number}", settings=settings)
            finish()
        """)
        texts += [done.stdout, done.stderr]
        for pid in (int(path.name) for path in Path("/proc").glob("[0-9]*")):
            with contextlib.suppress(OSError):
                if Path(f"/proc/{pid}/cwd").readlink() == jail.cwd:
                    texts.append(Path(f"/proc/{pid}/cmdline").read_text())
                    if "shipping" in texts[-1]:
                        os.kill(pid, signal.SIGKILL)
    texts += written(jail.cwd)
    assert "***" in "".join(texts)
    assert leaks(places, texts) == []


# --- the key of this machine, typed in the wrong place --------------------------------------------

TYPED = """
{} | --{} | show {} | get {} | set {} 1 | set mode {} | set project {}/ | unset {} | explain {}
explain --{}=x | show --model {} | show --model {}:X | show --model json:{} | show --set {}
show --set a={} | show --config {} | show --profile {} | show --file {} | show --env-file {}
places {} | check {} | check {} --format json | check --format {} | check --settings-file {}
check --select {} | check --schema {} | check --matrix {} | schema {} | schema --parser {}
schema --annotate {} | lock {} | runs {} | runs show {} | runs show --{} x | runs ls {}
runs ls --filter {} | runs ls --columns {} | runs ls --sort {} | runs ls --dir {}
runs ls --store {} | runs ls --limit {} | runs diff {} {} | runs files {} | runs rm {}
runs tag {} --add x
runs export {} | sync {} | sync {} --to sqlite:///x.db | ui {} | ui --port {} | store {}
store upgrade --to {} | store pin {} | completion {}
"""
COMMANDS = [each for line in TYPED.split("\n") for each in line.split(" | ") if each]


@pytest.mark.parametrize("way", ["variable", "file", "netrc"])
def test_the_key_typed_anywhere_is_masked(jail, way):
    """An error repeats what was typed; the key that is set on this machine is masked in it."""
    key = canary(f"key: {way}")
    if way == "variable":
        jail.setenv(WANDB_API_KEY=key)
    elif way == "file":
        jail.write_workspace(f"[default]\napi_key = {key}\n")
    else:
        jail.write(jail.home / ".netrc", f"machine api.wandb.ai login user password {key}\n")
    for command in COMMANDS if way == "variable" else COMMANDS[-20:]:
        live.forget_all()  # what another command has found is unknown to a new process
        text = said(*command.replace("{}", key).split())
        assert "Traceback" not in text or "SystemExit: " in text, (command, text)
        assert leaks([f"key: {way}"], [text]) == [], command


# --- composed files, profiles and overrides -------------------------------------------------------


class Train(RunConfig):
    """A typed run config with a secret."""

    lr: float = 0.1
    api_key: SecretStr | None = None
    nested: dict[str, Any] = {}


COMPOSED: dict[str, str] = {
    "used file, wrong type": "$use: [used.yaml]\n# api_key: [{}]\n",
    "value": "api_key: {}\nlr: x\n",
    "profile": "$profiles:\n  p: {{api_key: {}, lr: x}}\n",
    "unknown in a profile": "$profiles:\n  p: {{api_kee: {}}}\n",
    "reference": "api_key: {}\nlr: ${{api_key}}\n",
    "text around a reference": "api_key: {}\nlr: x${{api_key}}y\n",
    "unknown reference beside": "api_key: '{}${{nowhere}}'\n",
    "default of a variable": "api_key: ${{env:NO_TOKEN:{}}}\nlr: x\n",
    "append": "api_key: {{$append: [{}]}}\n",
    "replace": "api_key: {{$replace: {}}}\nlr: x\n",
    "broken": "api_key: {}: x\n",
    "beside a circle": "api_key: {}\na: ${{b}}\nb: ${{a}}\n",
}
VARIABLES = ("variable of a reference", "variable in a text")
OVERRIDES = ("override", "nested override", "override of a list", "override in a mapping")


def test_composed_files_show_none(jail, monkeypatch):
    """Errors, explanations and settings of composed run configs."""
    model = f"{__name__}:Train"
    texts: list[str] = []
    for place, text in COMPOSED.items():
        filled = text.replace("{}", canary(place)).replace("{{", "{").replace("}}", "}")
        jail.write("used.yaml", f"api_key: [{canary('used file, wrong type')}]\n")
        jail.write("x.yaml", f"$config: 1\n{filled}")
        words = ["--config", "x.yaml", *(["--profile", "p"] if "profile" in place else [])]
        profiles = ["p"] if "profile" in place else []
        texts += raised(partial(Train.resolve, files="x.yaml", profiles=profiles))
        if "unknown" not in place:  # a config without a model does not know what is misspelt
            texts += raised(partial(Config.load, "x.yaml", profiles=profiles))
        for command in ("show", "show --json", "explain", "explain --json"):
            texts.append(said(*command.split(), "--model", model, *words))
        texts.append(said("check", "--model", model, "x.yaml"))
    for place, text in zip(
        VARIABLES, ("lr: ${env:MY_TOKEN}\n", "nested: {a: 'x${env:MY_TOKEN}y'}\n"), strict=True
    ):
        monkeypatch.setenv("MY_TOKEN", canary(place))
        jail.write("x.yaml", f"$config: 1\n{text}")
        if place == "variable of a reference":  # not of the type; the program asked for the other
            texts += raised(partial(Train.resolve, files="x.yaml"))
        for command in ("show", "show --json", "explain", "explain --json", "get lr"):
            texts.append(said(*command.split(), "--config", "x.yaml"))
    assert "***" in "".join(texts)
    assert leaks([*COMPOSED, *VARIABLES], texts) == []


def test_overrides_show_none(jail):
    """A secret in an override is refused without being shown."""
    forms = ("api_key={}", "db.password={}", "tokens.secret+=[{}]", "db={{password: {}}}")
    texts: list[str] = []
    for place, form in zip(OVERRIDES, forms, strict=True):
        text = form.replace("{}", canary(place)).replace("{{", "{").replace("}}", "}")
        config = {"api_key": "", "db": {"password": ""}, "tokens": {"secret": []}}
        texts += raised(lambda text=text, config=config: Config.load([config, overrides([text])]))
        texts.append(said("show", "--model", f"{__name__}:Train", "--set", text))
    assert leaks(list(OVERRIDES), texts) == []


# --- what rewrites and annotates files ------------------------------------------------------------

FIXED: dict[str, str] = {
    "fix: line above": "password: {}\ndebug: yes\n",
    "fix: line below": "debug: yes\napi_key: {}\n",
    "fix: same line": "{{password: {}, debug: yes}}\n",
    "fix: old octal": "secret: {}\nmode: 0777\n",
    "fix: comment": "debug: yes # token={}\n",
    "fix: text block": "password: |\n  {}\ndebug: yes\n",
    "fix: list": "access_tokens: [{}]\napi_tokens:\n  - {}\ndebug: yes\n",
    "fix: address": "url: https://me:{}@h\ndebug: yes\n",
}
ANNOTATED = ("annotated YAML", "annotated TOML", "annotated JSON")


def test_fixes_and_annotations_show_none(jail):
    """The difference that a fix makes shows the lines around it."""
    texts: list[str] = []
    for place, text in FIXED.items():
        filled = text.replace("{}", canary(place)).replace("{{", "{").replace("}}", "}")
        jail.write("x.yaml", filled)
        diff = said("check", "--no-settings", "--fix", "--diff", "x.yaml")
        assert "+++" in diff, (place, diff)
        texts += [diff, said("check", "--no-settings", "--fix", "x.yaml")]
        assert canary(place) in Path("x.yaml").read_text()
    for place, name, text in zip(
        ANNOTATED,
        ("a.yaml", "a.toml", "a.json"),
        ("api_key: {}\n", 'api_key = "{}"\n', '{{"api_key": "{}"}}'),
        strict=True,
    ):
        jail.write(name, text.replace("{}", canary(place)).replace("{{", "{").replace("}}", "}"))
        texts.append(said("schema", "--model", f"{__name__}:Train", "--annotate", name))
        schemas = [path for path in Path().glob("*.json") if path.name != "a.json"]
        texts += [path.read_text() for path in schemas]
    assert leaks([*FIXED, *ANNOTATED], texts) == []


def test_the_list_of_places_is_complete():
    """None of them twice."""
    background = [f"background: {address}" for address in SHIPPED_TO]
    places = [*SHIPPED, *STORES, *background, *COMPOSED, *VARIABLES, *OVERRIDES, *FIXED, *ANNOTATED]
    assert len({canary(place) for place in places}) == len(places) >= 90
