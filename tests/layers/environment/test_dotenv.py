"""``.env`` files: asked for, read by python-dotenv's rules, with the line of every value."""

from __future__ import annotations

import time

import pytest
from dotenv.variables import parse_variables
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from runsettings import LayeredConfigDict, LayeredSettings, Rule, Settings, SettingsError
from runsettings.layers.environment.dotenv import _expanded


class Model(LayeredSettings):
    model_config = LayeredConfigDict(
        env_prefix="APP_", env_nested_delimiter="__", dotenv_filtering="only_existing"
    )
    name: str = ""
    url: str = ""
    count: int = 0
    items: list[int] = Field(default_factory=list)
    table: dict[str, int] = Field(default_factory=dict)


TEXT = """\
# a comment

export APP_NAME="two
lines"
  APP_COUNT = 3   # behind
APP_ITEMS=[1, 2]
APP_TABLE__A=1
APP_URL=${APP_COUNT}/x
OTHER=1
"""


def test_values_and_their_lines(jail):
    """Quotes, line breaks, comments, interpolation and nesting, each with its line."""
    jail.write("x.env", TEXT)
    model = Model.resolve(env_file="x.env")
    assert model.model_dump() == {
        "name": "two\nlines",
        "url": "3/x",
        "count": 3,
        "items": [1, 2],
        "table": {"a": 1},
    }
    places = {key: str(model.origin(key)) for key in ("name", "count", "items", "table.a", "url")}
    assert places == {
        "name": "x.env:3",
        "count": "x.env:5",
        "items": "x.env:6",
        "table.a": "x.env:7",
        "url": "x.env:8",
    }


def test_not_read_unless_asked_for(jail):
    """A ``.env`` file that lies about is somebody else's."""
    jail.write(".env", "WANDB_PROJECT=x\n")
    assert Settings().project is None


def test_later_files_beat_earlier_ones(jail):
    """Several files are layers of their own."""
    jail.write("a.env", "APP_NAME=a\nAPP_COUNT=1\n")
    jail.write("b.env", "APP_NAME=b\n")
    model = Model.resolve(env_file=["a.env", "b.env"])
    assert (model.name, model.count) == ("b", 1)
    assert [str(leaf.origin) for leaf in model.history("name")] == [
        "b.env:1",
        "a.env:1",
        "Model.name",
    ]


def test_names_of_the_environment_are_interpolated(jail):
    """``${NAME}`` means the file's own names, then those of the environment that counts."""
    jail.setenv(ROOT="/process")
    jail.write("x.env", "APP_URL=${ROOT}/y/${NONE:-z}\n")
    assert Model.resolve(env_file="x.env").url == "/process/y/z"
    assert Model.resolve(env_file="x.env", environ={"ROOT": "/handed"}).url == "/handed/y/z"
    jail.write("x.env", "ROOT=/file\nAPP_URL=${ROOT}/y\n")
    assert Model.resolve(env_file="x.env", environ={"ROOT": "/handed"}).url == "/file/y"


def test_name_without_a_value_sets_nothing(jail):
    """``APP_NAME`` alone is allowed in these files, and is no value."""
    jail.write("x.env", "APP_NAME\n")
    assert Model.resolve(env_file="x.env").name == ""


def test_bad_line_and_bad_values_are_told_with_their_lines(jail):
    """All of them at once."""
    jail.write("x.env", "APP_COUNT=many\nnot a binding\nAPP_ITEMS=[1\n")
    with pytest.raises(SettingsError) as caught:
        Model.resolve(env_file="x.env")
    assert {(fault.rule, str(fault.origin)) for fault in caught.value.diagnostics} == {
        (Rule.BAD_VALUE, "x.env:1"),
        (Rule.SYNTAX, "x.env:2"),
        (Rule.BAD_VALUE, "x.env:3"),
    }


def filtered(**config):
    """A class with one field and these options."""

    class Filtered(LayeredSettings):
        model_config = LayeredConfigDict(env_file=".env", env_prefix="APP_", **config)
        name: str = ""

    return Filtered


def test_a_variable_that_sets_nothing_is_an_error(jail):
    """As in pydantic-settings, which forbids further keys: a typo is told, with its line."""
    jail.write(".env", "APP_NAME=x\nAPP_NAMES=y\n")
    with pytest.raises(SettingsError, match=r"APP_NAMES.*did you mean 'APP_NAME'") as caught:
        filtered()()
    assert [str(each.origin) for each in caught.value.diagnostics] == [".env:2"]


@pytest.mark.parametrize(
    ("config", "further"),
    [
        ({"extra": "ignore"}, None),
        ({"dotenv_filtering": "only_existing"}, None),
        ({"extra": "allow"}, {"quantity": "y", "other": "z"}),
        ({"extra": "allow", "dotenv_filtering": "match_prefix"}, {"quantity": "y"}),
    ],
)
def test_what_becomes_of_further_variables(jail, config, further):
    """``extra`` and ``dotenv_filtering`` decide; what is allowed has its line as its origin."""
    jail.write(".env", "APP_NAME=x\nAPP_QUANTITY=y\nOTHER=z\n")
    settings = filtered(**config)()
    assert settings.name == "x"
    assert (settings.model_extra or None) == further
    if further:
        assert str(settings.origin("quantity")) == ".env:2"


def test_an_encoding(jail):
    """``env_file_encoding`` is how the file is read, of the model and of one call."""
    (jail.cwd / ".env").write_text("APP_NAME=±", encoding="latin-1")
    assert filtered(env_file_encoding="latin-1")().name == "±"
    assert filtered()(_env_file_encoding="latin-1").name == "±"
    with pytest.raises(SettingsError, match="byte 0xb1 is not ascii"):
        filtered(env_file_encoding="ascii")()


def test_a_depth(jail, monkeypatch):
    """``env_file_depth`` searches the nearest parents of the current directory."""
    jail.write(".env", "APP_NAME=above")
    inside = jail.cwd / "one" / "two"
    inside.mkdir(parents=True)
    monkeypatch.chdir(inside)
    names = [filtered(env_file_depth=depth)().name for depth in (0, 1, 2)]
    assert names == ["", "", "above"]
    assert filtered()(_env_file_depth=2).name == "above"


@given(st.lists(st.sampled_from(["${", "}", ":", "-", ":-", "A", "B", "$", "x"])).map("".join))
def test_names_are_replaced_as_python_dotenv_replaces_them(text):
    """Any text of the characters that count gives what python-dotenv's own function gives."""
    names = {"A": "1", "B": None, "": "2", "A${B": "3"}
    expected = "".join(atom.resolve(names) for atom in parse_variables(text))
    assert _expanded(text, names, 10_000) == expected


def test_expansion_without_bound_is_an_error_with_its_line(jail):
    """648 bytes that stand for 10^12 characters end in one error; the file is told, not memory."""
    lines = ["A0=xxxxxxxxxx", *(f"A{n}=${{A{n - 1}}}${{A{n - 1}}}" for n in range(1, 40))]
    jail.write("x.env", "\n".join([*lines, "APP_NAME=x"]))
    with pytest.raises(SettingsError) as caught:
        Model.resolve(env_file="x.env")
    (found,) = caught.value.diagnostics
    assert (found.rule, str(found.origin)) == (Rule.SYNTAX, "x.env:17")
    assert "to more than 1,000,000 characters" in found.message


def test_one_long_variable_repeated_counts_as_expansion(jail):
    """What the environment holds counts each time that it is put in."""
    jail.write("x.env", "APP_NAME=" + "${LONG}" * 100)
    with pytest.raises(SettingsError, match=r"x\.env:1"):
        Model.resolve(env_file="x.env", environ={"LONG": "x" * 20_000})


def test_long_runs_of_blanks_are_an_error_with_their_line(jail):
    """python-dotenv would look for a comment after each of them."""
    jail.write("x.env", "APP_NAME=x\nAPP_URL=a" + " " * 100_000 + "b\n")
    with pytest.raises(SettingsError) as caught:
        Model.resolve(env_file="x.env")
    (found,) = caught.value.diagnostics
    assert (str(found.origin), found.message) == (
        "x.env:2",
        "more than 200 blanks in a row; the file is not read",
    )


@pytest.mark.parametrize(
    "piece",
    ["${", "${A:", "${:-", "a ", "\\'", "'\\", 'A="\n', "A='\n", " #", " " * 200 + "b", "A=${A}\n"],
)
@pytest.mark.parametrize("start", ["A=", "A='", 'A="', ""])
def test_reading_takes_linear_time(jail, start, piece):
    """100,000 characters of a worst case take less than a second of CPU time."""
    jail.write("x.env", start + piece * (100_000 // len(piece)))
    begun = time.process_time()
    try:
        Settings.resolve(env_file="x.env", environ={})
    except SettingsError as error:
        str(error)
    assert time.process_time() - begun < 1
