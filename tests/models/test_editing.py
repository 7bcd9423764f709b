"""Writing one setting: what is read for it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from runsettings import Inputs, Layer, LayeredConfigDict, LayeredSettings
from runsettings.models.editing import remove_setting, set_setting
from runsettings.resolution.resolve import SETTINGS_LAYERS
from runsettings.values.reading import Reading


class Counting:
    """A layer that says nothing, and counts how often it is asked."""

    layer = Layer.EXTERNAL

    def __init__(self) -> None:
        self.reads = 0

    def read(self, inputs: Inputs) -> Sequence[Reading]:
        """Nothing."""
        del inputs
        self.reads += 1
        return ()


@pytest.fixture
def counted(jail):
    """A model whose layers are counted, in a directory with a project file."""
    jail.write("pyproject.toml", "[tool.mine]\nlr = 0.5\n")
    counting = Counting()

    class Training(LayeredSettings):
        model_config = LayeredConfigDict(
            app_name="mine", pyproject_table=("tool", "mine"), layers=[*SETTINGS_LAYERS, counting]
        )
        lr: float = 0.1
        betas: tuple[float, ...] = ()

    return Training, counting


@pytest.mark.parametrize(
    ("layer", "key", "text"),
    [
        (Layer.WORKSPACE, "lr", "0.3"),
        (Layer.USER, "betas", "[0.9, 0.99]"),
        (Layer.PYPROJECT, "betas", "[0.9, 0.99]"),
        (Layer.PYPROJECT, "lr", "0.3"),
    ],
    ids=str,
)
def test_setting_a_value_reads_all_layers_twice(counted, layer, key, text):
    """Once for what the files say now, once for what they say afterwards."""
    model, counting = counted
    assert set_setting(model, key, text, layer).changed
    assert counting.reads == 2


def test_removing_a_value_reads_all_layers_twice(counted):
    """As setting one does."""
    model, counting = counted
    assert remove_setting(model, "lr", Layer.PYPROJECT).changed
    assert counting.reads == 2
