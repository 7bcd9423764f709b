"""How the corpus asks Hypothesis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

SHARE = 10
"""The gate asks a part of what Hypothesis asks by default, as there are many kinds."""


@pytest.fixture
def for_all(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Ask a question about many examples; one that has to fail is not made small."""
    expected = request.node.get_closest_marker("xfail") is not None
    phases = [Phase.generate] if expected and not request.config.option.runxfail else tuple(Phase)

    def ask(
        strategy: st.SearchStrategy[Any], judge: Callable[[Any], None], share: int = SHARE
    ) -> None:
        @settings(
            max_examples=settings.default.max_examples // share,
            phases=phases,
            suppress_health_check=[HealthCheck.too_slow],
            database=None,
        )
        @given(strategy)
        def question(example: Any) -> None:
            judge(example)

        question()

    return ask
