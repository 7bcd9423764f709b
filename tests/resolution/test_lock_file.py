"""Lock files: their text, and what has drifted from them."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runsettings.resolution.lock_file import (
    Lock,
    LockedValue,
    drift,
    hash_secret,
    new_key,
    read_lock,
    write_lock,
)
from runsettings.values.errors import SettingsError
from runsettings.values.rendering import headline

KEY = "00" * 16


def lock(files=None, **values) -> Lock:
    """A lock of settings from variables of their names."""
    settings = {
        name: value
        if isinstance(value, LockedValue)
        else LockedValue(value, None, "env", name.upper())
        for name, value in values.items()
    }
    return Lock("train:Settings", "1.0", KEY, settings, files or {})


def sentences(then: Lock, now: Lock) -> list[str]:
    """The drift, in lines."""
    return [headline(diagnostic) for diagnostic in drift(then, now)]


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.text(min_size=1), values, max_size=4))
def test_what_is_written_is_read(jail, data):
    """Any values, under any names."""
    written = lock(a=1, files={"wandb/settings": "sha256:00"})
    written = Lock(
        written.model,
        written.package,
        KEY,
        {name: LockedValue(value, None, "env", "X") for name, value in data.items()},
        written.files,
    )
    path = jail.write("settings.lock", write_lock(written).encode(errors="surrogatepass"))
    if not any("\ud800" <= char <= "\udfff" for char in write_lock(written)):
        assert read_lock(path, "settings.lock") == written


def test_the_text_is_json_with_a_setting_a_line():
    """Sorted, so that a difference shows what changed."""
    text = write_lock(lock(b=1, a="x"))
    json.loads(text)
    lines = [line.strip() for line in text.splitlines()]
    assert '"a": {"value": "x", "layer": "env", "where": "A"},' in lines
    assert lines.index('"a": {"value": "x", "layer": "env", "where": "A"},') + 1 == lines.index(
        '"b": {"value": 1, "layer": "env", "where": "B"}'
    )


def test_nothing_has_drifted_from_itself():
    """The same is the same."""
    assert drift(lock(a=1), lock(a=1)) == []


def test_another_value_is_one_line():
    """With both values, the layer and the place."""
    assert sentences(lock(base_url="https://a"), lock(base_url="https://b")) == [
        "base_url changed: was 'https://a', now 'https://b' from env BASE_URL"
    ]


def test_another_origin_of_the_same_value_is_a_warning():
    """The run would be the same."""
    other = LockedValue(1, None, "file", "train.yaml")
    (diagnostic,) = drift(lock(a=1), lock(a=other))
    assert not diagnostic.is_error
    assert headline(diagnostic) == (
        "warning: a changed: the same value was from env A, now from file train.yaml"
    )


def test_a_file_with_other_bytes_is_a_warning_of_its_own():
    """Where no value changed with it."""
    diagnostics = drift(lock({"f": "sha256:1"}, a=1), lock({"f": "sha256:2"}, a=1))
    assert [headline(diagnostic) for diagnostic in diagnostics] == [
        "warning: f changed, but no value changed"
    ]


def test_a_file_whose_value_changed_is_told_once():
    """By the value."""
    then = lock({"f": "sha256:1"}, a=LockedValue(1, None, "file", "f"))
    now = lock({"f": "sha256:2"}, a=LockedValue(2, None, "file", "f"))
    assert sentences(then, now) == ["a changed: was 1, now 2 from file f"]


def test_files_that_came_and_went_are_told():
    """Each is a line."""
    assert sentences(lock({"a": "sha256:1"}), lock({"b": "sha256:1"})) == [
        "warning: a was read when the settings were locked, but is not read now",
        "warning: b is read now, but was not read when the settings were locked",
    ]


def test_settings_that_came_and_went_are_errors():
    """The model is another one."""
    assert sentences(lock(a=1), lock(b=2)) == [
        "a changed: was locked, and is not a setting now",
        "b changed: was not locked, now 2 from env B",
    ]


def test_a_changed_secret_is_told_without_it():
    """Hashes differ, and neither they nor the secrets are shown."""
    then = lock(api_key=LockedValue(None, hash_secret("one", KEY), "env", "KEY"))
    now = lock(api_key=LockedValue(None, hash_secret("two", KEY), "env", "KEY"))
    assert sentences(then, now) == [
        "api_key changed: was another secret, now a secret from env KEY"
    ]


def test_a_hash_depends_on_the_key_of_its_file():
    """A table of known secrets is of no use."""
    assert hash_secret("x", KEY) == hash_secret("x", KEY) != hash_secret("x", new_key())


def test_a_lock_of_another_model_is_one_error():
    """Comparing its settings would tell nothing."""
    other = Lock("train:Other", "1.0", KEY, lock(a=1).settings, {})
    assert sentences(other, lock(b=1)) == [
        "the lock file is for train:Other, not for train:Settings"
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "a key in double quotes is missing"),
        ("{}", "its version is None"),
        ('{"version": 2}', "its version is 2"),
        ('{"version": 1}', "it has no 'model'"),
        ('{"version": 1, "model": "m", "runsettings": "1", "key": "x"}', "hexadecimal"),
        (
            '{"version": 1, "model": "m", "runsettings": "1", "key": "00", "settings": 3}',
            "not a lock file",
        ),
    ],
)
def test_what_is_no_lock_file_is_told(jail, text, message):
    """With its name."""
    path = jail.write("settings.lock", text)
    with pytest.raises(SettingsError) as caught:
        read_lock(path, "settings.lock")
    assert message in str(caught.value)
    assert "settings.lock" in str(caught.value)


def test_a_missing_lock_file_is_told(jail):
    """As any file that is not there."""
    with pytest.raises(SettingsError, match="does not exist"):
        read_lock(jail.cwd / "settings.lock", "settings.lock")


def test_a_file_that_is_no_lock_is_named_in_the_sentence(jail):
    """A report of drift shows sentences alone."""
    path = jail.write("train.lock", json.dumps({"version": 0}))
    with pytest.raises(SettingsError) as refused:
        read_lock(path, "train.lock")
    assert headline(refused.value.diagnostics[0]).startswith("train.lock is not a lock file: ")
