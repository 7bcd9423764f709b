"""Which flags were given to absl, which is asked."""

from __future__ import annotations

import argparse
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from absl import flags as absl_flags

from runsettings.layers.flags.absl import absl_trees, is_absl


@pytest.fixture
def values() -> absl_flags.FlagValues:
    """Private absl flags of this module."""
    values = absl_flags.FlagValues()
    absl_flags.DEFINE_float("lr", 0.1, "rate", flag_values=values)
    absl_flags.DEFINE_integer("seed", 1, "seed", flag_values=values)
    absl_flags.DEFINE_multi_string("tag", None, "tags", flag_values=values)
    absl_flags.DEFINE_bool("amp", False, "amp", flag_values=values)
    return values


def test_absl_flags_tell_given_from_default(values: absl_flags.FlagValues) -> None:
    """A flag given with its default value is given; a flag that code set is, too."""
    values(["train.py", "--lr=0.1", "--noamp"])
    values.seed = 2
    defaults, given = absl_trees(values)
    assert defaults.data == {"tag": None}
    assert given.data == {"amp": False, "lr": 0.1, "seed": 2}
    assert str(given.origin(("lr",))) == "--lr"


def test_absl_defaults_set_by_code_are_defaults(values: absl_flags.FlagValues) -> None:
    """`set_default` moves the default; it does not give the flag."""
    values.set_default("lr", 0.5)
    values(["train.py"])
    defaults, given = absl_trees(values)
    assert defaults.data["lr"] == 0.5
    assert given.data == {}


def test_only_the_programs_own_absl_flags_count() -> None:
    """The module stands for its `FLAGS`; absl's own flags are left out unless asked for."""
    import absl.logging  # noqa: F401 - defines flags

    assert "verbosity" not in absl_trees(absl_flags)[0].data
    assert "verbosity" in absl_trees(absl_flags.FLAGS, every=True)[0].data


def test_absl_is_recognised() -> None:
    """Only absl's own objects are absl flags."""
    assert is_absl(absl_flags)
    assert is_absl(absl_flags.FlagValues())
    assert not is_absl(argparse.Namespace())
    with pytest.raises(TypeError, match="expected an argparse namespace or absl flags, got dict"):
        absl_trees({})


def test_a_short_name_is_no_second_flag(values: absl_flags.FlagValues) -> None:
    """A flag with a short name counts once, under its name, however it was given."""
    absl_flags.DEFINE_integer("epochs", 1, "epochs", short_name="e", flag_values=values)
    values(["train.py", "-e", "3"])
    defaults, given = absl_trees(values, every=True)
    assert given.data == {"epochs": 3}
    assert "e" not in defaults.data


def test_an_alias_is_no_second_flag(values: absl_flags.FlagValues) -> None:
    """A flag given by its alias is given, and the alias is no value of its own."""
    absl_flags.DEFINE_alias("rate", "lr", flag_values=values)
    values(["train.py", "--rate=0.5"])
    defaults, given = absl_trees(values)
    assert given.data == {"lr": 0.5}
    assert "rate" not in defaults.data


def test_a_program_that_app_runs_has_its_own_flags_alone(tmp_path: Path) -> None:
    """`app.run` defines flags of its own, with short names; none of them gets in."""
    program = tmp_path / "train.py"
    program.write_text(
        textwrap.dedent("""\
            from absl import app, flags
            from runsettings import Config

            flags.DEFINE_float("lr", 0.1, "rate")
            app.run(lambda _: print(Config.load(flags.FLAGS)))
            """)
    )
    done = subprocess.run(
        [sys.executable, program], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "Config({'lr': 0.1})\n"
