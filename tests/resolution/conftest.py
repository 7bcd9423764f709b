"""The texts in which a resolution of `Settings` ends."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from runsettings import Settings, SettingsError, SettingsWarning


@pytest.fixture
def message() -> Callable[..., str]:
    """The whole text of the error that a resolution with these inputs must end in."""

    def find(**inputs: object) -> str:
        with pytest.raises(SettingsError) as caught:
            Settings.resolve(**inputs)
        return str(caught.value)

    return find


@pytest.fixture
def warning() -> Callable[..., str]:
    """The whole text of the one warning that a resolution with these inputs must give."""

    def find(**inputs: object) -> str:
        with pytest.warns(SettingsWarning) as caught:
            Settings.resolve(**inputs)
        (only,) = caught
        return str(only.message)

    return find
