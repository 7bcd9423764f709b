"""Bad input of every kind in every file that is read: an error with its place, nothing else."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runsettings import LayeredConfigDict, Rule, Settings, SettingsError, SettingsWarning


class Model(Settings):
    """The settings, with a ``.env`` file and a secrets directory besides."""

    model_config = LayeredConfigDict(env_file=".env")


def named(path: str) -> Callable[[], Model]:
    """Read a file that the program names."""
    return lambda: Model.resolve(files=path)


def flagged(path: str) -> Callable[[], Model]:
    """Read a file that a flag names."""
    return lambda: Model.resolve(args=argparse.Namespace(settings_file=path))


FILES: dict[str, tuple[str, Callable[[], Model]]] = {
    "site ini": ("../site/wandb/settings", Model),
    "site yaml": ("../site/wandb/settings.yaml", Model),
    "user ini": ("../home/.config/wandb/settings", Model),
    "user toml": ("../home/.config/wandb/settings.toml", Model),
    "pyproject": ("pyproject.toml", Model),
    "workspace ini": ("wandb/settings", Model),
    "workspace yaml": ("wandb/settings.yaml", Model),
    "workspace toml": ("wandb/settings.toml", Model),
    "dotenv": (".env", Model),
    "flag yaml": ("flag.yaml", flagged("flag.yaml")),
    "flag ini": ("flag.ini", flagged("flag.ini")),
    "file yaml": ("x.yaml", named("x.yaml")),
    "file json": ("x.json", named("x.json")),
    "file toml": ("x.toml", named("x.toml")),
    "file ini": ("x.ini", named("x.ini")),
}
"""Every file that a layer reads, and how to make it be read."""

EVERY_FILE = pytest.mark.parametrize(("path", "read"), FILES.values(), ids=FILES)


def told(path: str) -> str:
    """A piece of the file's name that every message about it must have."""
    return path.removeprefix("../")


def text_of(path: str, key: str, value: str) -> str:
    """The text that sets one key to a text, in the format of the file."""
    if path.endswith(".json"):
        return f'{{"{key}": "{value}"}}'
    if path.endswith("pyproject.toml"):
        return f'[tool.runsettings]\n{key} = "{value}"\n'
    if path.endswith(".toml"):
        return f'{key} = "{value}"\n'
    if path.endswith(".yaml"):
        return f"{key}: '{value}'\n"
    if path.endswith(".env"):
        return f"WANDB_{key.upper()}='{value}'\n"
    return f"[default]\n{key} = {value}\n"


def failure(read: Callable[[], Any]) -> SettingsError:
    """The error of a reading that must fail."""
    with pytest.raises(SettingsError) as caught:
        read()
    assert all(fault.origin is not None for fault in caught.value.diagnostics)
    return caught.value


def outcome_of(read: Callable[[], Model]) -> Model | SettingsError:
    """What a reading gives, where both are right; any other exception goes through."""
    try:
        return read()
    except SettingsError as error:
        return error


@EVERY_FILE
def test_every_file_is_read(jail, path, read):
    """The table is true: each of the files does set a value."""
    jail.write(path, text_of(path, "project", "capsules"))
    assert read().project == "capsules"


@EVERY_FILE
def test_invalid_utf8(jail, path, read):
    """A byte that is no UTF-8 is named, with the line it is in."""
    jail.write(path, text_of(path, "project", "a").encode() + b"# \xff\n")
    error = failure(read)
    assert "byte 0xff is not UTF-8" in str(error)
    assert told(path) in str(error)
    assert error.diagnostics[0].line is not None


@EVERY_FILE
def test_utf16(jail, path, read):
    """A file in another encoding is told as that."""
    jail.write(path, text_of(path, "project", "runsettings").encode("utf-16"))
    if path == "pyproject.toml":
        pytest.skip("a project file that does not mention us is not ours to judge")
    assert "is written in UTF-16" in str(failure(read))


@EVERY_FILE
def test_directory(jail, path, read):
    """A directory where a file should be is an error."""
    (jail.cwd / path).mkdir(parents=True)
    error = failure(read)
    assert "is a directory, not a file" in str(error)
    assert told(path) in str(error)


@EVERY_FILE
def test_pipe(jail, path, read):
    """A pipe is refused and never waited for."""
    (jail.cwd / path).parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(jail.cwd / path)
    assert "is a pipe, not a file" in str(failure(read))


@EVERY_FILE
def test_dangling_link(jail, path, read):
    """A link to nothing is somebody's mistake, not a file that is not there."""
    (jail.cwd / path).parent.mkdir(parents=True, exist_ok=True)
    (jail.cwd / path).symlink_to("nothing")
    assert "is a link to nothing, which does not exist" in str(failure(read))


@EVERY_FILE
def test_link_to_itself(jail, path, read):
    """A link that leads back to itself cannot be read."""
    (jail.cwd / path).parent.mkdir(parents=True, exist_ok=True)
    (jail.cwd / path).symlink_to(Path(path).name)
    assert "is a link that leads back to itself" in str(failure(read))


@EVERY_FILE
def test_hundred_megabytes(jail, path, read):
    """A file of an impossible size is refused before it is read."""
    file = jail.write(path, text_of(path, "project", "capsules"))
    os.truncate(file, 100 * 1024 * 1024)
    error = failure(read)
    assert error.diagnostics[0].rule is Rule.FILE_TOO_LARGE
    assert told(path) in str(error)


@EVERY_FILE
def test_nul_bytes(jail, path, read):
    """A NUL is an error at its place, whatever the format makes of it."""
    jail.write(path, text_of(path, "project", "a\0b"))
    error = failure(read)
    assert told(path) in str(error)
    assert error.diagnostics[0].line is not None
    assert "\0" not in str(error)


@EVERY_FILE
def test_percent(jail, path, read):
    """A ``%`` in a value is an ordinary character."""
    jail.write(path, text_of(path, "entity", "100%(x)s"))
    assert read().entity == "100%(x)s"


@EVERY_FILE
def test_windows_line_ends(jail, path, read):
    """CRLF ends a line and is no part of a value."""
    jail.write(path, text_of(path, "project", "capsules").replace("\n", "\r\n"))
    assert read().project == "capsules"


@EVERY_FILE
def test_byte_order_mark(jail, path, read):
    """A byte order mark of UTF-8 is skipped."""
    jail.write(path, b"\xef\xbb\xbf" + text_of(path, "project", "capsules").encode())
    assert read().project == "capsules"


@EVERY_FILE
def test_empty_file(jail, path, read):
    """An empty file sets nothing, and neither do blank lines."""
    for text in ("", "\n\n", "  \n"):
        jail.write(path, text)
        settings = read()
        assert settings.project is None
        assert settings.diagnostics == ()


@EVERY_FILE
def test_tabs(jail, path, read):
    """Tabs around a key are space, or an error at their line."""
    text = text_of(path, "project", "capsules")
    jail.write(path, "".join(f"\t{line}" for line in text.splitlines(keepends=True)))
    outcome = outcome_of(read)
    if isinstance(outcome, SettingsError):
        assert "tab" in str(outcome)
        assert f"{told(path)}:1" in str(outcome)
    else:
        assert outcome.project == "capsules"


@EVERY_FILE
def test_key_twice(jail, path, read):
    """A key set twice is an error that shows both lines; in ``.env`` files the last one counts."""
    text = text_of(path, "project", "a")
    more = text_of(path, "project", "b").splitlines()[-1] + "\n"
    if path.endswith(".json"):
        text, more = '{"project": "a",\n', ' "project": "b"}\n'
    jail.write(path, text + more)
    if path == ".env":
        assert read().project == "b"
        return
    error = failure(read)
    (fault,) = error.diagnostics
    assert fault.rule is Rule.DUPLICATE_KEY
    assert fault.line is not None
    ((first, _),) = fault.related
    assert first.line == fault.line - 1


@EVERY_FILE
def test_list_where_a_text_should_be(jail, path, read):
    """A value of a wrong shape is an error at its place; formats without lists have a text."""
    texts = {
        ".json": '{"entity": ["a"]}',
        ".yaml": "entity: [a]\n",
        ".toml": 'entity = ["a"]\n',
    }
    text = texts.get(Path(path).suffix)
    if path == "pyproject.toml":
        text = f"[tool.runsettings]\n{text}"
    if text is None:
        jail.write(path, text_of(path, "entity", '["a"]'))
        assert read().entity == '["a"]'
        return
    jail.write(path, text)
    error = failure(read)
    assert "entity: must be a valid string; got ['a']" in str(error)
    assert f"{told(path)}:" in str(error)


@EVERY_FILE
def test_deep_nesting(jail, path, read):
    """Nesting beyond what anybody writes is an error at its place."""
    depth = 20_000
    suffix = Path(path).suffix
    nested = "[" * depth + "]" * depth
    texts = {
        ".json": f'{{"magic": {nested}}}',
        ".yaml": f"magic: {nested}\n",
        ".toml": f"magic = {nested}\n",
        ".env": f"WANDB_MAGIC='{nested}'\n",
        "": f"WANDB_MAGIC='{nested}'\n",
        ".ini": f"[default]\nmagic = {nested}\n",
    }
    text = texts[suffix]
    if suffix == "" and path != ".env":
        text = texts[".ini"]
    if path == "pyproject.toml":
        text = f"[tool.runsettings]\n{text}"
    jail.write(path, text)
    assert told(path) in str(failure(read))


@pytest.mark.parametrize("path", [path for path, _ in FILES.values() if path.endswith(".yaml")])
def test_yaml_bomb(jail, path):
    """Aliases that stand for billions of values are an error, in time."""
    lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    for name, inner in zip("bcdefghij", "abcdefghi", strict=True):
        lines.append(f"{name}: &{name} [{', '.join([f'*{inner}'] * 10)}]")
    jail.write(path, "\n".join(lines) + "\n")
    read = next(read for known, read in FILES.values() if known == path)
    assert Rule.ALIAS_BUDGET in {fault.rule for fault in failure(read).diagnostics}


@pytest.mark.parametrize(("path", "read"), FILES.values(), ids=FILES)
def test_syntax_error(jail, path, read):
    """A line that is none is an error at its place, and what stands before it counts."""
    jail.write(path, text_of(path, "project", "a").rstrip("}") + '\n] "x\n')
    error = failure(read)
    assert f"{told(path)}:" in str(error)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
@EVERY_FILE
def test_forbidden_file(jail, path, read):
    """A file without permission is an error if it is named or the site's, else a warning."""
    jail.write(path, text_of(path, "project", "a")).chmod(0)
    if path.startswith(("../home", "pyproject", "wandb/")):
        with pytest.warns(SettingsWarning, match="may not be read"):
            read()
    else:
        assert "may not be read" in str(failure(read))


@pytest.mark.parametrize("name", ["no\0such.yaml", "x" * 5000 + ".yaml", "~nobody-here/x.yaml"])
@pytest.mark.parametrize("how", [named, flagged])
def test_impossible_names(name, how):
    """A name that no file can have is an error with that name, made printable."""
    error = failure(how(name))
    assert error.diagnostics[0].rule is Rule.UNREADABLE_FILE
    assert "\0" not in str(error)


@pytest.mark.parametrize("name", ["no\0such", "x" * 5000, "~nobody-here/.env"])
def test_impossible_names_of_dotenv_files(name):
    """An impossible ``.env`` is an error, or a file that is not there; no crash."""
    outcome = outcome_of(lambda: Model.resolve(env_file=name))
    if isinstance(outcome, SettingsError):
        assert outcome.diagnostics[0].rule is Rule.UNREADABLE_FILE
    else:
        assert outcome.project is None


def test_all_files_are_told_at_once(jail):
    """Every bad file is reported, not the first alone; the highest layer comes first."""
    paths = ["../site/wandb/settings", "pyproject.toml", "wandb/settings", ".env"]
    for path in paths:
        jail.write(path, b"# runsettings\n\xff")
    error = failure(Model)
    assert [str(fault.origin) for fault in error.diagnostics] == [
        ".env:2:1",
        "wandb/settings:2:1",
        "pyproject.toml:2:1",
        f"{jail.site}/wandb/settings:2:1",
    ]
