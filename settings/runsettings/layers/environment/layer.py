"""The ENV layer: the variables of an environment."""

from __future__ import annotations

from collections.abc import Sequence

from runsettings.layers.base import Inputs
from runsettings.layers.environment.variables import EnvironmentVariables
from runsettings.values.origin import Kind, Layer
from runsettings.values.reading import Reading
from runsettings.values.tree import Tree


class EnvironmentLayer:
    """The ENV layer."""

    layer = Layer.ENV

    def __init__(self, variables: EnvironmentVariables) -> None:
        self._variables = variables

    def read(self, inputs: Inputs) -> Sequence[Reading]:
        """Read the environment."""
        tree = Tree(Layer.ENV, "environment", kind=Kind.VARIABLES, directives=False)
        return self._variables.read(inputs.environ, tree)
