"""The rules of keys and values: what is refused, and what is said about it."""

from __future__ import annotations

from typing import Any

import pytest

from runsettings.runconfig.config import Config
from runsettings.runconfig.rules.key_rules import keys_that_meet
from runsettings.values.diagnostic import Rule, Severity
from runsettings.values.errors import ConfigError
from runsettings.values.origin import Layer
from runsettings.values.tree import Tree


def message_of(*args: Any, **kwargs: Any) -> str:
    """The whole text of the error that loading ends in."""
    with pytest.raises(ConfigError) as caught:
        Config.load(*args, **kwargs)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "a:\n  '': x\n",
            """\
1 problem in run config

  a.'': a key must not be empty
    c.yaml:2:3
      2 │   '': x
        │   ^^""",
        ),
        (
            "optim.lr: 1\n",
            """\
1 problem in run config

  optim.lr: the key 'optim.lr' has a period, which separates nested keys \
— nest it: optim: {lr: …}
    c.yaml:1:1
      1 │ optim.lr: 1
        │ ^^^^^^^^""",
        ),
        (
            "deep: {batch-size: 1, batch_size: 2}\n",
            """\
1 problem in run config

  deep.batch_size: 'batch_size' and 'batch-size' are one key after dashes become underscores
    c.yaml:1:23
      1 │ deep: {batch-size: 1, batch_size: 2}
        │                       ^^^^^^^^^^
    c.yaml:1:8
      1 │ deep: {batch-size: 1, batch_size: 2}
        │        ^^^^^^^^^^""",
        ),
    ],
)
def test_a_broken_key_rule_is_told_with_its_place(jail: Any, text: str, expected: str) -> None:
    """Each key rule holds at every depth, and is told with the key's line and column."""
    jail.write("c.yaml", text)
    assert message_of("c.yaml") == expected


def test_a_period_collides_with_nesting(jail: Any) -> None:
    """`a.b` and `{a: {b:}}` are one key, and both places are shown."""
    jail.write("c.yaml", "a:\n  b: 1\na.b: 2\n")
    with pytest.raises(ConfigError) as caught:
        Config.load("c.yaml")
    period, collision = caught.value.diagnostics
    assert period.rule is Rule.KEY_PERIOD
    assert collision.rule is Rule.KEY_COLLISION
    assert str(collision.origin) == "c.yaml:3:1"
    assert [str(origin) for origin, _ in collision.related] == ["c.yaml:2:3"]


def test_keys_of_different_inputs_collide(jail: Any) -> None:
    """Two keys that meet are a collision across inputs, too, and both inputs are named."""
    jail.write("c.yaml", "batch-size: 1\n")
    with pytest.raises(ConfigError) as caught:
        Config.load(["c.yaml", {"batch_size": 2}])
    (fault,) = caught.value.diagnostics
    assert fault.rule is Rule.KEY_COLLISION
    assert fault.origin is not None
    assert fault.origin.layer is Layer.INIT
    assert [str(origin) for origin, _ in fault.related] == ["c.yaml:1:1"]


def test_a_dash_alone_is_no_fault() -> None:
    """A key with a dash is a key like any other while it meets no other."""
    assert Config.load({"batch-size": 1, "a-b": {"c_d": 1}}).as_dict()["batch-size"] == 1


def test_all_faults_are_told_at_once() -> None:
    """One run shows everything that is wrong."""
    with pytest.raises(ConfigError) as caught:
        Config.load({"a.b": 1, "": 2, (3,): 4, "x": "\ud800", "y": {"z.": [{"": 1}]}})
    assert {(fault.key, fault.rule) for fault in caught.value.diagnostics} == {
        ("a.b", Rule.KEY_PERIOD),
        ("''", Rule.KEY_EMPTY),
        ("(3,)", Rule.KEY_TYPE),
        ("x", Rule.NOT_SERIALIZABLE),
        ("y.z.", Rule.KEY_PERIOD),
        ("y.z.[0].''", Rule.KEY_EMPTY),
    }


@pytest.mark.parametrize(
    ("value", "fits"),
    [
        ("x" * 9_999_998, True),  # two bytes are the quotes
        ("x" * 9_999_999, False),
        ("ä" * 4_999_999, True),
        ("ä" * 5_000_000, False),
        ("\x00" * 1_666_666, True),
        ("\x00" * 1_666_667, False),
        (["x" * 9_999_992, 0.5], True),
        (["x" * 9_999_993, 0.5], False),
        ({"a": {"b": "x" * 9_999_986}}, True),
        ({"a": {"b": "x" * 9_999_987}}, False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_value_is_at_most_ten_megabytes(value: Any, fits: bool) -> None:
    """Exactly 10,000,000 bytes of JSON pass, and one more does not."""
    tree = Tree(Layer.FILE, "c.yaml", {"big": value})
    if fits:
        assert len(Config.load(tree)) == 1
    else:
        with pytest.raises(ConfigError, match="at most 10,000,000 are kept") as caught:
            Config.load(tree)
        assert caught.value.diagnostics[0].rule is Rule.VALUE_TOO_LARGE


def test_several_large_values_may_stand_side_by_side() -> None:
    """The limit is each value's, not the whole config's."""
    config = Config.load({"a": "x" * 6_000_000, "b": "x" * 6_000_000})
    assert len(config) == 2


def test_a_settings_name_is_pointed_out() -> None:
    """The name of a setting in the config is kept, with a note of where it belongs."""
    config = Config.load({"project": "x", "lr": 1}, setting_names={"project", "entity"})
    assert config.project == "x"
    (note,) = config.diagnostics
    assert (note.rule, note.severity) == (Rule.SETTING_IN_CONFIG, Severity.NOTE)
    assert note.hint == "to set it, pass project= to init()"


def test_yaml_may_not_nest_deeper_than_the_journal_writes(jail: Any) -> None:
    """What the readers would not follow when it is written is refused when it is read."""
    jail.write("deep.yaml", "a: " + "[" * 98 + "]" * 98)
    assert Config.load("deep.yaml").a
    jail.write("deep.yaml", "a: " + "[" * 99 + "]" * 99)
    assert "nested deeper than 99 levels" in message_of("deep.yaml")


@pytest.mark.parametrize(
    ("key", "others", "meets"),
    [
        ("a-b", ["a_b"], "a_b"),
        ("a_b", ["a-b"], "a-b"),
        ("a-b_c", ["x", "a_b-c"], "a_b-c"),
        ("a_b", ["a_b", "ab", "a.b"], None),
        ("ab", ["a-b"], None),
        ("-", ["_"], "_"),
        ("a-b-c-d-e-f-g-h", ["x", "a_b_c_d_e_f_g-h"], "a_b_c_d_e_f_g-h"),
    ],
)
def test_keys_meet_after_dashes_become_underscores(
    key: str, others: list[str], meets: str | None
) -> None:
    """A key meets another of the same spelling but for dashes and underscores."""
    assert keys_that_meet(key, others) == meets


@pytest.mark.parametrize(
    ("value", "key", "message", "hint"),
    [
        ({"a.b.c": 1}, "a.b.c", "'a.b.c' has a period", "nest it: a: {b: {c: …}}"),
        ({"x": [{"y": {"a.b": 1}}]}, "x[0].y.a.b", "'a.b' has a period", "nest it: a: {b: …}"),
        ({"x": {".a": 1}}, "x..a", "'.a' has a period", "remove the period, as in '_a'"),
        ({"x": {0.5: 1}}, "x.0.5", "'0.5' has a period", "remove the period, as in '0_5'"),
        (
            {"x": {f"layer.{number}": 1 for number in range(9)}},
            "x.layer.0",
            "so have 'layer.1', 'layer.2', 'layer.3' and 5 more",
            'nest it: layer: {"0": …}',
        ),
        ({"a.b": 1, "c.d": 2}, "a.b", "; so have 'c.d'", "nest it: a: {b: …}"),
    ],
)
def test_periods_are_told_once_for_a_mapping(value: Any, key: str, message: str, hint: str) -> None:
    """One diagnostic for all keys of a mapping, with what to write instead of the first."""
    with pytest.raises(ConfigError) as caught:
        Config.load(value)
    (fault,) = [fault for fault in caught.value.diagnostics if fault.rule is Rule.KEY_PERIOD]
    assert (fault.key, fault.hint) == (key, hint)
    assert message in fault.message
