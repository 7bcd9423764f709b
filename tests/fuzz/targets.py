"""What is fuzzed: each reader of foreign text, with seeds and words of its language.

A target reads bytes, and renders the diagnostics and positions of what it read. It returns also
after an error of ours: any other exception is an error in the reader. Files are written to the
current directory.
"""

from __future__ import annotations

import contextlib
import itertools
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

from hypothesis import strategies as st
from pydantic import SecretStr

from runsettings import (
    Config,
    ConfigError,
    LayeredSettings,
    RunError,
    SettingsError,
    overrides,
)
from runsettings.checks.check import check
from runsettings.checks.yaml11.fixing import fix_text
from runsettings.documents.editing import ini as ini_editing
from runsettings.documents.editing import toml as toml_editing
from runsettings.documents.files import Format, read_text
from runsettings.journal.checkpoint import SMALLEST, checkpoint_path, restore
from runsettings.journal.query.differences import compare_runs
from runsettings.journal.query.errors import QueryError
from runsettings.journal.query.filters import parse_filter
from runsettings.journal.query.keys import parse_keys, parse_order
from runsettings.journal.query.metrics import read_metrics
from runsettings.journal.query.run_objects import run_details
from runsettings.journal.query.times import parse_duration, parse_time
from runsettings.journal.reader import parse, read_history
from runsettings.journal.replay import StoredRun, load_run
from runsettings.journal.writer import encode
from runsettings.resolution.lock_file import read_lock
from runsettings.secrets.arguments import mask_arguments
from runsettings.secrets.forms import mask_addresses, mask_remote
from runsettings.secrets.masking import SecretMask
from runsettings.shipping.addresses import shown
from runsettings.values.key_paths import leaves_of
from runsettings.values.origin import Layer
from runsettings.values.rendering import render_problems

MOST_TIME = 1.0
"""Seconds of CPU time for one input."""

MOST_MEMORY = 200 << 20
"""Bytes that one input may add to the memory of the process."""

_MOST_LEAVES = 200
"""Leaves whose positions are asked for: asking for all of them is for other tests."""


class Target(NamedTuple):
    """One reader.

    Attributes:
        run: Reads a text, and raises if the reader is wrong.
        seeds: Texts to begin with.
        words: Pieces that the mutations put in.
    """

    run: Callable[[bytes], None]
    seeds: tuple[bytes, ...]
    words: tuple[bytes, ...]

    def hold(self, data: bytes) -> None:
        """Read a text, and hold the reader to its time and memory.

        Raises:
            AssertionError: It took too long.
            MemoryError: It needs too much memory.
            Exception: Whatever the reader should have turned into an error of ours.
        """
        with _limited_memory():
            start = time.process_time()
            self.run(data)
            took = time.process_time() - start
        assert took < MOST_TIME, f"{took:.1f} s of CPU time for {len(data)} bytes"


@contextlib.contextmanager
def _limited_memory() -> Iterator[None]:
    """Let the process grow by `MOST_MEMORY` at most, where the platform can limit it."""
    try:
        import resource

        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except (ImportError, OSError):
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = pages * resource.getpagesize() + MOST_MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _document(format_: Format, *, yaml11: bool = False) -> Callable[[bytes], None]:
    def run(data: bytes) -> None:
        reading = read_text(data, Layer.FILE, f"x.{format_}", format_, yaml11=yaml11)
        for path, _ in itertools.islice(leaves_of(reading.tree.data), _MOST_LEAVES):
            reading.tree.position(path)
            reading.tree.position(path, key=True)
        render_problems(reading.diagnostics, "x")

    return run


def _written(name: str, data: bytes) -> Path:
    path = Path(name)
    path.write_bytes(data)
    return path


class _Few(LayeredSettings, env_prefix="WANDB_", env_nested_delimiter="__"):
    """A model with a field of each kind: what a file says does not depend on their number."""

    project: str = ""
    mode: Literal["online", "offline"] = "offline"
    tags: list[str] = []
    notes: str | None = None
    a: dict[str, Any] = {}
    lr: float = 0.1
    api_key: SecretStr | None = None


def _settings(name: str) -> Callable[[bytes], None]:
    """Everything that settings say, after they were read from a file with this name."""

    def run(data: bytes) -> None:
        file = _written(name, data)
        given: dict[str, Any] = {"env_file": file} if name == ".env" else {"files": file}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                _Few.resolve(environ={}, **given).explain()
            except SettingsError as error:
                str(error)

    return run


def _config(name: str) -> Callable[[bytes], None]:
    """Everything that a run config says, after it was read from a file with this name."""

    def run(data: bytes) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                Config.load(_written(name, data)).explain()
            except ConfigError as error:
                str(error)

    return run


def _check(name: str) -> Callable[[bytes], None]:
    """What a check says about a config file with this name."""

    def run(data: bytes) -> None:
        found = check(_written(name, data), settings=False, environ={})
        render_problems(found, "x")

    return run


def _overrides(data: bytes) -> None:
    with warnings.catch_warnings(), contextlib.suppress(ConfigError):
        warnings.simplefilter("ignore")
        Config.load([{"a": 1, "b": {"c": [1]}}, overrides(_text(data).split("\0"))])


def _text(data: bytes) -> str:
    return data.decode(errors="surrogateescape")


def _fix(data: bytes) -> None:
    fix_text(data.decode(errors="replace"))


def _edit_ini(data: bytes) -> None:
    text = data.decode(errors="replace")
    with contextlib.suppress(ValueError):
        ini_editing.set_value(text, "default", "project", "x")
    with contextlib.suppress(ValueError):
        ini_editing.remove_value(text, "default", "project")


def _edit_toml(data: bytes) -> None:
    text = data.decode(errors="replace")
    if not read_text(text, Layer.FILE, "x.toml", Format.TOML).diagnostics:
        with contextlib.suppress(ValueError):
            toml_editing.set_value(text, ["tool", "runsettings"], "project", "x")
        with contextlib.suppress(ValueError):
            toml_editing.remove_value(text, ["tool", "runsettings"], "project")


def _journal(data: bytes) -> None:
    path = _written("run-a.jsonl", data)
    with contextlib.suppress(RunError):
        run = load_run(path)
        run_details(run, read_metrics(run), dict(run.files))
        compare_runs(run, _RUN, summary=True)
        sum(1 for _ in read_history(path))


def _checkpoint(data: bytes) -> None:
    """A checkpoint beside a long journal, and its second line alone as the state of a run."""
    path = Path("run-long.jsonl")
    if not path.exists():
        path.write_bytes(_JOURNAL[0] + b"\n" + b'{"type":"later"}\n' * (SMALLEST // 17))
    checkpoint_path(path).write_bytes(data)
    with path.open("rb") as file:
        restore(file.fileno(), path)
    state = parse(data.partition(b"\n")[2])
    short = _written("run-a.jsonl", _JOURNAL[0])
    with contextlib.suppress(ValueError, RunError):
        run = StoredRun.from_json({**(state or {}), "journal": str(short)})
        run.position = 0
        run.read_on()
        encode(run.to_json())
        run_details(run, read_metrics(run), dict(run.files))
        compare_runs(run, _RUN, summary=True)


def _lock(data: bytes) -> None:
    with contextlib.suppress(SettingsError):
        read_lock(_written("settings.lock", data), "settings.lock")


_RUN = StoredRun("x/run-a.jsonl", id="a", config={"a": 1, "b": {"c": "x"}}, summary={"loss": 0.5})


def _filter(data: bytes) -> None:
    text = _text(data)
    with contextlib.suppress(QueryError):
        parse_filter(text, [_RUN], 0.0)(_RUN)
    for read in (parse_keys, parse_order):
        with contextlib.suppress(QueryError):
            read(text, [_RUN])
    parse_duration(text)
    parse_time(text, 0.0)


_MASK = SecretMask(["secret-of-some-length", "data", "12345678"])


def _forms(data: bytes) -> None:
    text = _text(data)
    mask_arguments(text.split("\0"), _MASK.text)
    mask_remote(text)
    mask_addresses(text)
    shown(text)
    _MASK.message(text)
    _MASK.file(data)
    _MASK.record({"a": [text]})


def _words(text: bytes) -> tuple[bytes, ...]:
    """The words of a language, separated by U+001F."""
    return tuple(text.split(b"\x1f"))


_YAML = (
    b"project: x\nlr: 1e-3\na: {b: [1, 2.5, ~], c: 'x', \"d\": !!str 1}\ne: &x\n  f: |\n    text\n",
    b"g: *x\n<<: *x\n? k\n: v\n# note\ntags: [a, b]\nmode: offline\n",
    b"base: &b {a: 1}\nuse: {<<: *b, c: no, d: 0o17, e: 012, f: 2001-01-01, g: .inf}\n",
    b"- !append [a]\n- !replace {a: 1}\n- !delete\n--- x\n...\n%YAML 1.2\n",
    b"desc: null\nwandb_version: 1\nlr:\n  desc: null\n  value: 0.1\n",
)
_YAML_WORDS = _words(
    b"\n\x1f: \x1f- \x1f? \x1f&a \x1f*a \x1f<<: \x1f!!int \x1f!!str \x1f!append "
    b"\x1f!replace \x1f!delete\x1f---\n"
    b"\x1f...\n\x1f%YAML 1.2\n\x1f'\x1f\"\x1f{\x1f}\x1f[\x1f]\x1f,\x1f#\x1f\t\x1f  \x1f\\"
    b"\x1f\\x41\x1f1e9\x1f.nan"
    b"\x1f0x\x1f0o7\x1f1_000\x1f~\x1fyes\x1f@\x1f`\x1f\r\x1f\x85\x1f\xe2\x80\xa8\x1f|\n  "
    b"\x1f>-\n  "
)
_COMPOSED = (
    b"$config: 1\n$use: [other.yaml]\n$profiles:\n  a: {lr: 1}\nlr: 1\nb: ${lr}\nc: x${env:X:y}\n",
    b"$config: 1\na: {b: 1, c: '${.b}'}\nt: {$append: [x]}\nd: {$delete: true}\ne: {$replace: 1}\n",
)
_COMPOSED_WORDS = (
    *_YAML_WORDS,
    *_words(
        b"$use: \x1f$profiles: \x1f$append\x1f$delete\x1f$replace\x1f${\x1f${.\x1f${env:\x1f}"
        b"\x1f$${\x1fx.yaml"
    ),
)
_TOML = (
    b'project = "x"\nlr = 1e-3\n[a.b]\nc = [1, 2]\nd = {e = true, f = 1979-05-27T07:32:00Z}\n',
    b'[[t]]\nx = \'\'\'\ny\'\'\'\n[[t]]\n"k" = """z"""\na.b.c = inf\nh = 0xff\n',
    b'[tool.runsettings]\nproject = "p"\n[tool.x]\n',
)
_TOML_WORDS = _words(
    b"\n\x1f=\x1f[\x1f]\x1f[[\x1f]]\x1f{\x1f}\x1f.\x1f,\x1f#\x1f'\x1f\"\x1f'''\x1f\"\"\""
    b"\x1f\\\x1f\\u0041\x1f1e9"
    b"\x1finf\x1fnan\x1f0x\x1ftrue\x1f_\x1f1979-05-27"
)
_INI = (
    b"[default]\nproject = x\nmode: offline\n# note\n; note\ntags = a,\n  b\n[policy]\nlock = x\n",
    b"[default]\r\napi_key = abc\r\nproject\r\n[default]\r\nproject=%(x)s\r\n",
)
_INI_WORDS = _words(
    b"\n\x1f=\x1f:\x1f[\x1f]\x1f[default]\x1f[policy]\x1f#\x1f;\x1f  \x1f\t\x1f\r\x1f%(a)s"
    b"\x1f\0\x1fapi_key\x1fproject"
)
_JSON = (
    b'{"project": "x", "lr": 1e-3, "a": {"b": [1, null, true, NaN], "c": "\\u00e9\\n"}}',
    b'{"a": 1, "a": 2, "b": [[], {}], "c": -Infinity}',
)
_JSON_WORDS = _words(
    b'{\x1f}\x1f[\x1f]\x1f,\x1f:\x1f"\x1f\\\x1f\\ud800\x1f1e999\x1f-\x1fNaN\x1fnull\x1ftrue\x1f//\x1f\n\x1f0\x1f\'\x1f"a":'
)
_ENV = (
    b"WANDB_PROJECT=x\nexport WANDB_MODE='offline' # note\nA=\"a\\n$B ${A} ${C:-d}\"\nB\n",
    b"WANDB_TAGS=[\"a\"]\n\n'k'=v\n=x\nA=${A}${A}\nWANDB_NOTES='two\nlines'\n",
)
_ENV_WORDS = _words(
    b"\n\x1f=\x1f'\x1f\"\x1f\\\x1f#\x1f${\x1f}\x1f${A}\x1f${A:-\x1f:-\x1f$\x1fexport "
    b"\x1f  \x1f\t\x1f\r\x1fWANDB_MODE"
)
_JOURNAL = (
    b"\n".join(
        (
            b'{"type":"header","format":"runsettings-journal","version":1,"writer":"x"}',
            b'{"type":"run","time":1.0,"id":"a","project":"p","name":"n","mode":"offline"}',
            b'{"type":"continued","time":1.0,"generations":{},"run":{"metrics":{"a":{"goal":"minimize"}}}}',
            b'{"type":"start","time":1.0,"pid":1,"host":"h","step":0,"resumed":false}',
            b'{"type":"config","time":1.0,"values":{"lr":{"a":1}},"origins":{"lr.a":{"layer":"file"}}}',
            b'{"type":"settings","time":1.0,"values":{"a":1},"origins":{}}',
            b'{"type":"metric","time":1.0,"name":"loss","summary":["min","mean"],"step_metric":"e"}',
            b'{"type":"history","step":0,"time":2.0,"data":{"loss":0.5,"e":1,"a":{"b":NaN}}}',
            b'{"type":"history","step":0,"time":2.0,"data":{},"source":{"file":"x","offset":9}}',
            b'{"type":"summary","time":2.0,"values":{"a.b":1},"removed":["c"]}',
            b'{"type":"tags","time":2.0,"add":["x"],"remove":["y"]}',
            b'{"type":"file","time":2.0,"path":"a/b","size":3}',
            b'{"type":"metadata","time":2.0,"values":{"git":{"commit":"x"},"args":["a"]}}',
            b'{"type":"exit","time":3.0,"state":"finished","code":0}\n',
        )
    ),
)
_JOURNAL_WORDS = (
    *_JSON_WORDS,
    *(f'"{word}":'.encode() for word in ("type", "data", "time", "step", "values", "origins")),
    *(f'"{word}"'.encode() for word in ("run", "history", "summary", "tags", "start", "exit")),
    *(f'"{word}":'.encode() for word in ("metrics", "step_metric", "source", "offset", "file")),
    b'"continued"',
)
_FILTER = (
    b"config.a < 0.1 and (state = finished or tags = baseline)",
    b'not created > 2d and runtime >= 1h30m or name ~ \'x y\' and `config.b.c` != "\\""',
    b"config.a,summary.loss,-created",
)
_FILTER_WORDS = _words(
    b"(\x1f)\x1fand \x1for \x1fnot \x1f<\x1f<=\x1f!=\x1f!~\x1f~\x1f=\x1f'\x1f\"\x1f`\x1f\\"
    b"\x1fconfig.\x1fsummary."
    b"\x1fstate\x1fcreated\x1f2d\x1f1e9\x1finf\x1f,\x1f-\x1ftoday"
)
_FORMS = (
    b"--api-key\0abc\0--db.password=x\0-e\0TOKEN=y\0https://u:p@h/x?token=z&a=1\0git@h:me/x.git",
    b"postgresql://me:pw@[::1]:5432/db secret-of-some-length data 12345678",
)
_FORMS_WORDS = _words(
    b"\0\x1f--\x1f=\x1f:\x1f@\x1f://\x1f?\x1f&\x1f#\x1ftoken\x1fpassword\x1fapi_key\x1f-e"
    b"\x1f+\x1f[\x1f]\x1f'\x1f\""
    b"\x1fsecret-of-"
)
_CHECKPOINT = tuple(
    b"{}\n" + encode(run.to_json())
    for run in (
        StoredRun("run-a.jsonl"),
        StoredRun(
            "run-a.jsonl",
            id="a",
            config={"a": 1, "b": {"c": "x"}},
            config_origins={"a": {"layer": "init", "where": "x"}},
            summary={"loss": 0.5, "x.min": 1},
            metrics={"x": {"summary": ["min"]}},
            totals={"x": {"step": 1, "before": {}, "now": {"min": 1, "count": 1, "sum": 1.0}}},
            files={"a": 1},
        ),
    )
)
_OVERRIDES = (b"a=1\0b.c+=[x, {d: 1e-3}]\0+e='y'\0~a\0f=@x.yaml\0g=${a}",)
_OVERRIDES_WORDS = _words(
    b"\0\x1f=\x1f+=\x1f+\x1f.\x1f@\x1f{\x1f}\x1f[\x1f]\x1f,\x1f: \x1f'\x1f\"\x1f!\x1f&a \x1f*a"
)

TARGETS: dict[str, Target] = {
    "yaml": Target(_document(Format.YAML), _YAML, _YAML_WORDS),
    "yaml 1.1": Target(_document(Format.YAML, yaml11=True), _YAML, _YAML_WORDS),
    "toml": Target(_document(Format.TOML), _TOML, _TOML_WORDS),
    "ini": Target(_document(Format.INI), _INI, _INI_WORDS),
    "json": Target(_document(Format.JSON), _JSON, _JSON_WORDS),
    "settings from yaml": Target(_settings("x.yaml"), _YAML, _YAML_WORDS),
    "settings from toml": Target(_settings("x.toml"), _TOML, _TOML_WORDS),
    "settings from ini": Target(_settings("x.ini"), _INI, _INI_WORDS),
    "settings from json": Target(_settings("x.json"), _JSON, _JSON_WORDS),
    "settings from .env": Target(_settings(".env"), _ENV, _ENV_WORDS),
    "config from yaml": Target(_config("x.yaml"), _YAML, _YAML_WORDS),
    "config from json": Target(_config("x.json"), _JSON, _JSON_WORDS),
    "composed config": Target(_config("x.yaml"), _COMPOSED, _COMPOSED_WORDS),
    "overrides": Target(_overrides, _OVERRIDES, _OVERRIDES_WORDS),
    "check of yaml": Target(_check("c.yaml"), _YAML, _YAML_WORDS),
    "fixing yaml": Target(_fix, _YAML, _YAML_WORDS),
    "editing ini": Target(_edit_ini, _INI, _INI_WORDS),
    "editing toml": Target(_edit_toml, _TOML, _TOML_WORDS),
    "lock file": Target(
        _lock, (b'version = 1\nkey = "a"\n[settings]\na = 1\n', *_TOML), _TOML_WORDS
    ),
    "journal": Target(_journal, _JOURNAL, _JOURNAL_WORDS),
    "checkpoint": Target(_checkpoint, _CHECKPOINT, _JOURNAL_WORDS),
    "filter": Target(_filter, _FILTER, _FILTER_WORDS),
    "forms of secrets": Target(_forms, _FORMS, _FORMS_WORDS),
}
"""All targets, by the name that the command line and the tests give them."""


def inputs(target: Target) -> st.SearchStrategy[bytes]:
    """Texts of a target's language: words and parts of its seeds, in any order."""
    cuts = st.sampled_from(target.seeds).flatmap(
        lambda seed: st.tuples(st.integers(0, len(seed)), st.integers(0, len(seed))).map(
            lambda ends: seed[min(ends) : max(ends)]
        )
    )
    pieces = st.one_of(
        st.sampled_from(target.words), cuts, st.binary(max_size=4), st.sampled_from([b"a", b"1"])
    )
    return st.lists(pieces, max_size=30).map(b"".join)
