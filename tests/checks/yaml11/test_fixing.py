"""Rewriting ambiguous scalars alone: properties of texts of many layouts, and examples."""

from __future__ import annotations

import os
import stat

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runsettings.checks.fixing import fix_file
from runsettings.checks.yaml11.ambiguous_scalars import (
    ambiguous_tokens,
    find_ambiguous,
    for_both,
    scan_ambiguous,
)
from runsettings.checks.yaml11.fixing import fix_text
from runsettings.documents.yaml.reader import read
from runsettings.documents.yaml.scalars import resolve_plain
from runsettings.values.json_trees import same_value
from runsettings.values.origin import Layer

AMBIGUOUS = (
    *("1e-3", "1e5", "-2e-4", "1.5e3", ".5e3", "-.5", "+.5e-3", "1E6", "0e0"),
    *("012", "-017", "+08", "0o17", "09", "00"),
    *("yes", "No", "ON", "off", "=", "1:20", "-1:30:45", "1:20.5", "1_000", "0b101", "+0x1f"),
    *("2024-01-31", "2001-12-14t21:59:43.10-05:00"),
)
ORDINARY = (
    *("0.1", "3", "-7", "true", "null", "~", "adam", "1.0e-3", "0x1f", "2.", ".inf", "1.2.3"),
    *("'no'", '"012"', '"1e-3"', "'it''s on'", "on or off", "no-op", "yes,no", "v1:20", "é"),
    *("1e-3x", "12:34:56:78x", "2024-01-31x", "-", "<<"),
)

scalars = st.sampled_from(AMBIGUOUS + ORDINARY).filter(lambda text: text not in {"-", "<<"})
flow_scalars = scalars.filter(lambda text: "," not in text)
anchors = st.sampled_from(["", "", "", "&a{} ", "&anchor-{} "])
comments = st.sampled_from(
    ["", "", "  # no", " # turn it off", " # lr: 1e-3", "   ", " # [on, off]", " # é: 012"]
)
breaks = st.sampled_from(["\n", "\r\n"])


@st.composite
def flows(draw: st.DrawFn) -> str:
    """A flow sequence or mapping."""
    items = draw(st.lists(flow_scalars, max_size=4))
    if draw(st.booleans()):
        return f"[{', '.join(items)}]"
    return "{" + ", ".join(f"f{index}: {item}" for index, item in enumerate(items)) + "}"


@st.composite
def texts(draw: st.DrawFn) -> str:
    """A mapping with nested mappings, sequences, block scalars and comments."""
    lines: list[str] = []
    indent = ""
    keys = iter(range(1000))
    for _ in range(draw(st.integers(1, 10))):
        key = draw(st.sampled_from(["k", "k", "k", "no", "012", "on", "1e3", '"yes"', "y.n"]))
        key = f"k{next(keys)}" if key == "k" else f"{key}"
        if any(line.startswith(f"{indent}{key}:") for line in lines):
            key = f"k{next(keys)}"
        kind = draw(st.integers(0, 6))
        tail = draw(comments)
        if kind == 0:
            lines.append(f"{indent}k{next(keys)}:{tail}")
            indent += "  "
            lines.append(f"{indent}k{next(keys)}: {draw(scalars)}")
        elif kind == 1:
            lines.append(f"{indent}{key}:{tail}")
            lines += [f"{indent}  - {item}" for item in draw(st.lists(scalars, min_size=1))]
        elif kind == 2:
            lines.append(f"{indent}{key}: {draw(flows())}{tail}")
        elif kind == 3:
            lines += [f"{indent}{key}: |", f"{indent}  no", f"{indent}  lr: 1e-3"]
        elif kind == 4:
            lines += [f"{indent}{key}: no", f"{indent}  really 012{tail}"]
        elif kind == 5:
            lines += [f"{indent}# {draw(scalars)}", ""]
        else:
            lines.append(f"{indent}{key}: {draw(anchors).format(next(keys))}{draw(scalars)}{tail}")
            if draw(st.booleans()):
                indent = indent[2:]
    newline = draw(breaks)
    return newline.join(lines) + draw(st.sampled_from(["", newline]))


def tree_of(text: str):
    """The tree of a text."""
    return read(text, Layer.FILE, "train.yaml").tree


def data_of(text: str):
    """What our reader gets."""
    return tree_of(text).data


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts())
def test_fixing_keeps_every_value(text):
    """What our reader gets is the same before and after."""
    assert same_value(data_of(text), data_of(fix_text(text)[0]))


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts())
def test_fixing_a_second_time_changes_nothing(text):
    """Fixing is idempotent, and leaves no scalar."""
    fixed, _ = fix_text(text)
    assert fix_text(fixed) == (fixed, 0)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts())
def test_after_fixing_pyyaml_reads_what_we_read(text):
    """PyYAML's safe loader and our reader agree on a fixed text."""
    fixed, _ = fix_text(text)
    assert same_value(data_of(fixed), yaml.safe_load(fixed) or {})


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts())
def test_fixing_touches_nothing_but_the_ambiguous_scalars(text):
    """Between the ambiguous scalars, every character stays: comments, layout and line breaks."""
    rest = text
    for token in reversed(list(ambiguous_tokens(text))):
        rest = rest[: token.end_index - len(token.text)] + "\0" + rest[token.end_index :]
    fixed = fix_text(text)[0]
    for piece in rest.split("\0"):
        assert piece in fixed
        fixed = fixed[fixed.index(piece) + len(piece) :]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts())
def test_searching_finds_what_scanning_finds(text):
    """The search of the text, which is fast, and the scan of every scalar agree."""
    tree = tree_of(text)
    assert find_ambiguous(tree) == scan_ambiguous(text, tree)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts())
def test_a_scalar_stands_where_it_is_said_to_be(text):
    """Line and column of each scalar are those of its text."""
    lines = text.replace("\r\n", "\n").split("\n")
    for scalar in find_ambiguous(tree_of(text)):
        assert lines[scalar.line - 1][scalar.column - 1 :].startswith(scalar.text)


@pytest.mark.parametrize("text", AMBIGUOUS)
def test_what_is_written_instead_is_read_alike_by_all(text):
    """PyYAML and our reader get from the replacement what we got from the scalar."""
    written = for_both(text)
    assert yaml.safe_load(written) == resolve_plain(text)
    assert tree_of(f"k: {written}").data == {"k": resolve_plain(text)}


@pytest.mark.parametrize("text", AMBIGUOUS)
def test_what_is_written_instead_is_not_ambiguous(text):
    """The replacement is not reported again."""
    assert find_ambiguous(tree_of(f"k: {for_both(text)}")) == []


def test_a_file_is_rewritten_with_its_comments():
    """An example, whole."""
    before = "# rates\nlr: 1e-3   # small\nno: 012\nflags: [on, 'off', x]\n"
    after = '# rates\nlr: 1.0e-3   # small\n"no": 12\nflags: ["on", \'off\', x]\n'
    assert fix_text(before) == (after, 4)


def test_a_line_that_turns_the_rule_off_stays():
    """``# runsettings: ignore[yaml-scalar]`` holds for fixing, too."""
    text = "lr: 1e-3  # runsettings: ignore[yaml-scalar]\n"
    assert fix_text(text) == (text, 0)


def test_a_byte_order_mark_and_permissions_stay(jail):
    """What is not text of the file is not touched either."""
    path = jail.write("train.yaml", b"\xef\xbb\xbflr: 1e-3\r\n")
    path.chmod(0o640)
    fix_file(path, "train.yaml")
    assert path.read_bytes() == b"\xef\xbb\xbflr: 1.0e-3\r\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_what_an_editor_saves_meanwhile_is_fixed_and_kept(jail, monkeypatch):
    """A file that changes while it is being fixed is read again, not overwritten."""
    path = jail.write("train.yaml", "lr: 1e-3\n")

    def fix_while_an_editor_saves(text):
        if "batch" not in text:
            path.write_text("lr: 1e-4\nbatch: 8\n")
        return fix_text(text)

    monkeypatch.setattr("runsettings.checks.yaml11.fixing.fix_text", fix_while_an_editor_saves)
    fix, faults = fix_file(path, "train.yaml")
    assert (path.read_text(), faults) == ("lr: 1.0e-4\nbatch: 8\n", [])
    assert fix is not None
    assert fix.before == "lr: 1e-4\nbatch: 8\n"


def test_a_link_is_followed_and_stays_a_link(jail):
    """What the link leads to is rewritten."""
    target = jail.write("real.yaml", "lr: 1e-3\n")
    link = jail.cwd / "link.yaml"
    link.symlink_to(target)
    fix_file(link, "link.yaml")
    assert link.is_symlink()
    assert target.read_text() == "lr: 1.0e-3\n"


def test_nothing_is_left_behind_beside_the_file(jail):
    """The file that was written first has become the file itself."""
    path = jail.write("train.yaml", "lr: 1e-3\n")
    fix_file(path, "train.yaml")
    assert list(jail.cwd.iterdir()) == [path]


def test_a_file_with_a_syntax_error_is_left_alone(jail):
    """Its scalars cannot be told apart."""
    path = jail.write("train.yaml", "lr: 1e-3\nx: [1\n")
    assert fix_file(path, "train.yaml") == (None, [])
    assert path.read_text() == "lr: 1e-3\nx: [1\n"


def test_a_file_in_the_form_of_wandb_is_left_alone(jail):
    """It is read by the rules of the client that wrote it, so nothing in it is ambiguous."""
    text = "wandb_version: 1\nsha:\n  desc: null\n  value: 1e5\n"
    path = jail.write("config.yaml", text)
    assert fix_file(path, "config.yaml") == (None, [])
    assert path.read_text() == text


def test_a_diff_shows_what_would_be_written(jail):
    """Without writing, the change is told as a unified diff."""
    path = jail.write("train.yaml", "a: 1\nlr: 1e-3\n")
    fix, _ = fix_file(path, "train.yaml", write=False)
    assert fix is not None
    assert fix.diff().splitlines()[-2:] == ["-lr: 1e-3", "+lr: 1.0e-3"]
    assert path.read_text() == "a: 1\nlr: 1e-3\n"


def test_a_file_that_cannot_be_read_is_told(jail):
    """A fault, not an exception."""
    fix, faults = fix_file(jail.cwd / "none.yaml", "none.yaml")
    assert fix is None
    assert [str(fault.rule) for fault in faults] == ["unreadable-file"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_file_that_cannot_be_written_is_told(jail):
    """A directory that is not ours is a fault, and the file stays."""
    path = jail.write("ours/train.yaml", "lr: 1e-3\n")
    path.parent.chmod(0o500)
    fix, faults = fix_file(path, "ours/train.yaml")
    path.parent.chmod(0o700)
    assert fix is None
    assert [str(fault.rule) for fault in faults] == ["unwritable-file"]


def test_a_text_without_ambiguous_scalars_is_the_same_text():
    """Nothing is found, and nothing is made anew."""
    text = "lr: 0.1\n"
    assert fix_text(text) == (text, 0)
    assert find_ambiguous(read(text, Layer.FILE, "x.yaml").tree) == []
