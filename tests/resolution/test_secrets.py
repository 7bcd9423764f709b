"""What files write behind the names of secrets is known, whatever the text."""

from __future__ import annotations

import time
import warnings

import pytest

from runsettings import Settings, SettingsError, SettingsWarning


@pytest.mark.parametrize(
    "text",
    [
        'api_key = "' + "\\\\" * 2000 + "\n",
        "api_key = x1y2z3\n" * 4000,
        "api_key = '" + "\\" * 4000 + "\n",
        "token" * 2000 + " = 1\n",
    ],
)
def test_reading_a_hostile_settings_file_is_linear(jail, text):
    """A file of backslashes or of repeated secrets takes less than three seconds of CPU time."""
    jail.write_workspace("[default]\nprojet = x\n" + text)
    start = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SettingsWarning)
        try:
            Settings()
        except SettingsError as error:
            assert "x1y2z3" not in str(error)  # noqa: PT017 - both ends are right, none may hang
    assert time.process_time() - start < 3


def test_what_stands_behind_the_name_of_a_secret_is_masked(jail):
    """Also where a fault kept it from becoming a value."""
    jail.write_workspace("[default]\napi_key = first-of-two\napi_key = second-of-two\n")
    with pytest.raises(SettingsError) as caught:
        Settings()
    assert "of-two" not in str(caught.value)
