"""Where settings files are looked for."""

from __future__ import annotations

import os
import sys

import platformdirs
import pytest

from runsettings.layers.settings_files.locations import user_directory


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere platformdirs itself is asked")
@pytest.mark.parametrize("base", [None, "", "  ", "/somewhere/else", "relative"])
def test_the_users_place_is_the_one_that_platformdirs_tells(jail, base) -> None:
    """Our own rule for Linux agrees with platformdirs, however XDG_CONFIG_HOME is set."""
    if base is not None:
        jail.setenv(XDG_CONFIG_HOME=base)
    expected = platformdirs.user_config_dir("wandb", appauthor=False)
    assert user_directory("wandb", os.environ) == expected


def test_the_clients_own_variable_names_the_place(jail) -> None:
    """$WANDB_CONFIG_DIR goes before every rule of the platform."""
    jail.setenv(WANDB_CONFIG_DIR="/elsewhere")
    assert user_directory("wandb", os.environ) == "/elsewhere"


def test_an_environment_without_a_home_has_no_place(jail) -> None:
    """An environment that was handed in is all that counts, also where it tells nothing."""
    assert user_directory("wandb", {}) is None
