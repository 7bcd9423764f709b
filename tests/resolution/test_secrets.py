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
        "projct = " + "api_key[;" * 7000 + "\n",
        "projct = " + "api_key x1y2z3 [policy]" * 3000 + "\n",
        "projct\n" + "".join(f"api_key = x1y2z3{n:06}\n" for n in range(20_000)),
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
    """Also where an error kept it from becoming a value."""
    jail.write_workspace("[default]\napi_key = first-of-two\napi_key = second-of-two\n")
    with pytest.raises(SettingsError) as caught:
        Settings()
    assert "of-two" not in str(caught.value)


def test_too_much_text_after_names_of_secrets_hides_the_details(jail):
    """The text may be in any message, and searching for all of it would take too long."""
    lines = (f"api_key = x1y2z3{number:06}\n" for number in range(10_000))
    jail.write_workspace("[default]\nmode = offlin\n" + "".join(lines))
    with pytest.raises(SettingsError) as caught:
        Settings()
    assert "the details are hidden" in str(caught.value)
    assert "x1y2z3" not in str(caught.value)
    assert {found.origin.where for found in caught.value.diagnostics} == {"wandb/settings"}


@pytest.mark.parametrize(
    "line",
    [
        'vault: {api_key: "first-of-two", api_key: second-of-two here, x: [}',
        "api_key: 'first-of-two' api_key: second-of-two",
        "api_key: first-of-two here api_key: second-of-two there",
    ],
)
def test_each_name_of_a_secret_in_a_line_hides_what_follows(jail, line):
    """Also after another one."""
    jail.write("x.yaml", f"{line}\nmode: second-of-two\n")
    with pytest.raises(SettingsError) as caught:
        Settings.resolve(files="x.yaml")
    assert "of-two" not in str(caught.value)
