"""Files of every kind and content: never an exception, never silence."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runsettings.documents.files import Format, read_bytes, read_file, read_text
from runsettings.values.diagnostic import Rule
from runsettings.values.origin import Layer, Origin
from runsettings.values.reading import Reading
from runsettings.values.rendering import render_problems
from runsettings.values.tree import Tree

SUFFIXES = [".yaml", ".yml", ".json", ".toml", ".ini", ""]
TEXTS = {".yaml": "a: b\n", ".json": '{"a": "b"}', ".toml": 'a = "b"\n', ".ini": "[s]\na = b\n"}
NOT_FOR_ROOT = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything"
)


def only(reading: Reading) -> tuple[Rule, str]:
    """The rule and message of the one diagnostic that a reading must have."""
    (diagnostic,) = reading.diagnostics
    assert diagnostic.origin is not None
    assert render_problems(reading.diagnostics, "file")
    return diagnostic.rule, diagnostic.message


@pytest.mark.parametrize("suffix", TEXTS)
def test_format_is_told_by_the_suffix(jail, suffix):
    """Each suffix is read in its own format."""
    path = jail.write(f"x{suffix}", TEXTS[suffix])
    reading = read_file(path, Layer.FILE)
    assert reading.diagnostics == ()
    assert reading.tree.data == ({"s": {"a": "b"}} if suffix == ".ini" else {"a": "b"})


def test_no_suffix_is_ini(jail):
    """The wandb client's file has no suffix and is INI."""
    path = jail.write_workspace("[default]\nproject = x\n")
    assert read_file(path, Layer.WORKSPACE).tree.data == {"default": {"project": "x"}}


def test_format_given_beats_the_suffix(jail):
    """A caller who knows the format is believed."""
    reading = read_file(jail.write("x.txt", "a: 1\n"), Layer.FILE, format=Format.YAML)
    assert reading.tree.data == {"a": 1}


def test_unknown_suffix_is_an_error(jail):
    """A suffix that tells no format is said so, not guessed at."""
    rule, message = only(read_file(jail.write("x.doc", "a: 1\n"), Layer.FILE))
    assert (rule, message) == (Rule.UNREADABLE_FILE, "cannot tell the format of a .doc file")


def test_where_names_the_file_in_origins(jail):
    """Origins carry the name that the caller wants to see."""
    path = jail.write("deep/x.yaml", "a: 1\n")
    tree = read_file(path, Layer.FILE, where="x.yaml").tree
    assert tree.origin(("a",)) == Origin(Layer.FILE, "x.yaml", 1, 4)


def test_missing_file_suggests_a_sibling(jail):
    """A misspelt name brings up the file that was probably meant."""
    jail.write("train.yaml", "")
    (diagnostic,) = read_file(Path("trian.yaml"), Layer.FILE).diagnostics
    assert (diagnostic.rule, diagnostic.message) == (
        Rule.UNREADABLE_FILE,
        "the file does not exist in the working directory",
    )
    assert diagnostic.hint == "did you mean 'train.yaml'?"


@pytest.mark.parametrize(
    ("missing", "where", "hint"),
    [
        ("conf/trian.yaml", "conf/trian.yaml", "did you mean 'conf/train.yaml'?"),
        ("conf/train.yml", "conf/train.yml", "did you mean 'conf/train.yaml'?"),
        ("conf/nope.yaml", "conf/nope.yaml", "create it, or correct its path"),
    ],
)
def test_missing_file_suggests_as_it_was_named_and_only_what_is_close(jail, missing, where, hint):
    """A suggestion has the form of the user's path; a shared suffix makes no file similar."""
    jail.write("conf/train.yaml", "")
    jail.write("conf/s.yaml", "")
    (diagnostic,) = read_file(jail.cwd / missing, Layer.FILE, where=where).diagnostics
    assert diagnostic.hint == hint


@pytest.mark.parametrize(
    ("siblings", "hint"),
    [
        (["train.py", "trian.yaml"], "did you mean 'trian.yaml'?"),
        (["train.yml", "trane.yaml"], "did you mean 'trane.yaml'?"),
        (["train.py", "train.yml"], "did you mean 'train.yml'?"),
        (["train.py"], "create it, or correct its path"),
    ],
)
def test_missing_file_suggests_one_with_its_suffix_first(jail, siblings, hint):
    """A script stands beside most configs and has their name; it is no config."""
    for name in siblings:
        jail.write(name, "")
    (diagnostic,) = read_file(Path("train.yaml"), Layer.FILE).diagnostics
    assert diagnostic.hint == hint


def test_missing_directory_is_a_missing_file(jail):
    """A path through a directory that does not exist is no crash."""
    assert (
        only(read_file(Path("no/such/x.yaml"), Layer.FILE))[1]
        == "the file does not exist in no/such"
    )


def test_directory_is_an_error(jail):
    """A directory where a file should be is named as one."""
    Path("x.yaml").mkdir()
    assert only(read_file(Path("x.yaml"), Layer.FILE))[1] == "is a directory, not a file"


def test_file_used_as_a_directory_is_an_error(jail):
    """A path that leads through a file is an error with the system's reason."""
    path = jail.write("x", "") / "y.yaml"
    assert only(read_file(path, Layer.FILE)) == (
        Rule.UNREADABLE_FILE,
        "cannot be read: Not a directory",
    )


@NOT_FOR_ROOT
def test_forbidden_file_is_an_error(jail):
    """A file without permission is told as that."""
    path = jail.write("x.yaml", "a: 1\n")
    path.chmod(0)
    assert only(read_file(path, Layer.FILE))[1] == "may not be read"


def test_pipe_does_not_hang(jail):
    """A pipe nobody writes to is refused at once."""
    os.mkfifo("x.yaml")
    assert only(read_file(Path("x.yaml"), Layer.FILE))[1] == "is a pipe, not a file"


def test_device_is_refused(jail):
    """An endless device is not read."""
    reading = read_file(Path("/dev/zero"), Layer.FILE, format=Format.INI)
    assert only(reading)[1] == "is a device, not a file"


def test_socket_is_refused(jail):
    """A socket is named as one."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("x.yaml")
        assert only(read_file(Path("x.yaml"), Layer.FILE))[1] == "is a socket, not a file"


def test_loop_of_links_is_an_error(jail):
    """A link to itself ends in an error."""
    Path("x.yaml").symlink_to("x.yaml")
    assert "leads back to itself" in only(read_file(Path("x.yaml"), Layer.FILE))[1]


def test_dangling_link_names_its_target(jail):
    """A link to nothing says what it points at."""
    Path("x.yaml").symlink_to("gone.yaml")
    message = only(read_file(Path("x.yaml"), Layer.FILE))[1]
    assert message == "is a link to gone.yaml, which does not exist"


def test_nul_in_a_file_name_is_an_error(jail):
    """A name that no system accepts is an error like any other."""
    assert only(read_file(Path("a\0.yaml"), Layer.FILE))[0] is Rule.UNREADABLE_FILE


def test_large_file_is_refused_unread(jail):
    """A 100 MB file is refused by its size alone; a sparse one shows that it is not read."""
    path = jail.write("x.yaml", "")
    os.truncate(path, 100_000_000)
    rule, message = only(read_file(path, Layer.FILE))
    assert rule is Rule.FILE_TOO_LARGE
    assert message == "holds more than 33,554,432 bytes, the most that is read"


def test_file_without_a_size_is_bounded():
    """What the kernel makes up while it is read, and tells no size of, is bounded as well."""
    source = Path("/proc/self/status")
    if not source.exists():
        pytest.skip("no /proc here")
    text, diagnostics, _ = read_bytes(source, Layer.FILE, where="status", limit=10)
    assert (text, diagnostics[0].rule) == (None, Rule.FILE_TOO_LARGE)


@pytest.mark.parametrize("written", Format)
def test_invalid_utf8_has_a_position(written):
    """The first byte that is no UTF-8 is named with line, column and value."""
    reading = read_text("é: 1\nab".encode() + b"\xff\n", Layer.FILE, "x", written)
    (diagnostic,) = reading.diagnostics
    assert (diagnostic.rule, diagnostic.message) == (Rule.UNREADABLE_FILE, "byte 0xff is not UTF-8")
    assert (diagnostic.line, diagnostic.column) == (2, 3)
    assert diagnostic.excerpt is not None


@pytest.mark.parametrize("written", Format)
@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-16-be"])
def test_other_encodings_are_named(written, encoding):
    """A byte order mark of another encoding is recognised."""
    text = "\ufeffa: 1" if encoding == "utf-16-be" else "a: 1"
    (diagnostic,) = read_text(text.encode(encoding), Layer.FILE, "x", written).diagnostics
    name = encoding[:6].upper()
    assert (diagnostic.message, diagnostic.line) == (f"is written in {name}, not in UTF-8", 1)


@pytest.mark.parametrize("suffix", TEXTS)
@pytest.mark.parametrize("as_bytes", [True, False])
def test_utf8_mark_is_skipped(suffix, as_bytes):
    """The byte order mark that Windows editors write is no part of the text."""
    text = "\ufeff" + TEXTS[suffix]
    given_text = text.encode() if as_bytes else text
    reading = read_text(given_text, Layer.FILE, "x", Format.of(Path("x" + suffix)))
    assert reading.diagnostics == ()
    assert next(reading.tree.leaves()).value == "b"


@pytest.mark.parametrize("suffix", TEXTS)
def test_crlf_is_a_line_break(suffix):
    """Windows line breaks change neither values nor lines."""
    text = "\n" + TEXTS[suffix]
    written = Format.of(Path("x" + suffix))
    unix = read_text(text, Layer.FILE, "x", written)
    windows = read_text(text.replace("\n", "\r\n"), Layer.FILE, "x", written)
    assert list(windows.tree.leaves()) == list(unix.tree.leaves())


@pytest.mark.parametrize("written", Format)
@pytest.mark.parametrize("text", ["", "\n", " \n\n"])
def test_empty_file_is_an_empty_tree(written, text):
    """A file with nothing in it says nothing, and is no error."""
    reading = read_text(text, Layer.FILE, "x", written)
    assert (reading.tree.data, reading.diagnostics) == ({}, ())


@pytest.mark.parametrize("suffix", TEXTS)
def test_nul_has_a_position(suffix):
    """A NUL character is an error with its line in every format."""
    text = TEXTS[suffix].replace("b", "b\0")
    (diagnostic,) = read_text(text, Layer.FILE, "x", Format.of(Path("x" + suffix))).diagnostics
    assert diagnostic.line == (2 if suffix == ".ini" else 1)


@pytest.mark.parametrize("written", Format)
def test_half_a_surrogate_pair_has_a_position(written):
    """A string that cannot be encoded is refused, as its bytes would be."""
    (diagnostic,) = read_text("a: \ud800", Layer.FILE, "x", written).diagnostics
    assert (diagnostic.rule, diagnostic.line, diagnostic.column) == (Rule.UNREADABLE_FILE, 1, 4)


PIECES = st.sampled_from(
    [
        *"[]{}:,-=#;&*!|>'\"%@`\\\n\r\t .?<~0a1",
        *(
            "\r\n",
            "\n  ",
            "- ",
            ": ",
            "a: ",
            "a = ",
            "[a]\n",
            "[[a]]\n",
            "'''",
            '"""',
            "<<: ",
            "&x ",
        ),
        *("*x", "!!int ", "!append ", "!delete", "!replace ", "---\n", "...\n", "%YAML 1.1\n"),
        *(
            "{a: ",
            "1e5",
            "0x",
            "\x00",
            "\x85",
            "\u2028",
            "\ufeff",
            "\U0001f600",
            "é",
            "\x7f",
            "nan",
        ),
        *("true", "null", '"a": ', "1979-05-27", "07:32:00", "\\u", "\ud800"),
    ]
)
TEXT = st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=25).map("".join))


def holds(reading: Reading) -> None:
    """What every reading must be, whatever was read."""
    assert isinstance(reading.tree, Tree)
    assert type(reading.tree.data) is dict
    for diagnostic in reading.diagnostics:
        assert diagnostic.origin is not None
        assert diagnostic.origin.line is not None
        assert diagnostic.column is not None
        assert diagnostic.excerpt is not None
        assert 1 <= diagnostic.excerpt.column <= len(diagnostic.excerpt.text) + 1
        assert diagnostic.excerpt.width >= 1
    render_problems(reading.diagnostics, "x")
    list(reading.tree.leaves())
    hash(reading.diagnostics)


@pytest.mark.parametrize("written", Format)
@settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(text=TEXT)
def test_any_text_is_read_or_reported(written, text):
    """No text raises, and every diagnostic has a line, a column and an excerpt."""
    holds(read_text(text, Layer.FILE, "x", written))


@pytest.mark.parametrize("written", Format)
@settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(content=st.binary(max_size=60))
def test_any_bytes_are_read_or_reported(written, content):
    """No bytes raise, and every diagnostic has a line, a column and an excerpt."""
    holds(read_text(content, Layer.FILE, "x", written))


@pytest.mark.parametrize("written", Format)
@pytest.mark.parametrize("opening", ["[", "{", '{"a":', "a: [", "a=[", "- ", "a.", "? ", "{a={a="])
def test_deep_nesting_ends_in_an_error(written, opening):
    """Ten thousand levels overflow nothing and are reported."""
    reading = read_text(opening * 10_000, Layer.FILE, "x", written)
    assert reading.diagnostics
    holds(reading)


def test_yaml_can_be_read_by_the_rules_of_yaml_11(jail):
    """In a file and in a text; other formats have one set of rules."""
    path = jail.write("x.yaml", "a: no\nb: 012\n")
    assert read_file(path, Layer.FILE, yaml11=True).tree.data == {"a": False, "b": 10}
    assert read_file(path, Layer.FILE).tree.data == {"a": "no", "b": 12}
    reading = read_text("a: no\n", Layer.FILE, "x", Format.YAML, yaml11=True)
    assert reading.tree.data == {"a": False}
    assert read_text('{"a": 1}', Layer.FILE, "x", Format.JSON, yaml11=True).tree.data == {"a": 1}
