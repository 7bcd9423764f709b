"""No secret gets into a config, or into anything that is said about one."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from runsettings.runconfig.config import Config
from runsettings.values.diagnostic import Rule
from runsettings.values.errors import ConfigError, SettingsWarning

KEY = "s3cret-api-key-0123456789"


def test_secrets_are_blotted_out(jail: Any) -> None:
    """A live secret in any input becomes `***`, also inside of a URL; each is reported."""
    jail.write("c.yaml", f"key: {KEY}\nurl: 'https://me:{KEY}@host'\nlist: [{KEY}]\n")
    config = Config.load(["c.yaml", {"a": {"b": KEY}, "c": 1}], secrets=[KEY])
    assert config.as_dict() == {
        "key": "***",
        "url": "https://me:***@host",
        "list": ["***"],
        "a": {"b": "***"},
        "c": 1,
    }
    assert [(fault.key, fault.rule) for fault in config.diagnostics] == [
        ("key", Rule.SECRET_IN_CONFIG),
        ("url", Rule.SECRET_IN_CONFIG),
        ("list[0]", Rule.SECRET_IN_CONFIG),
        ("a.b", Rule.SECRET_IN_CONFIG),
    ]
    assert str(config.diagnostics[0].origin) == "c.yaml:1:6"


def test_short_secrets_are_only_found_whole() -> None:
    """A short secret is no part of a word; a secret of digits is found as a number."""
    config = Config.load({"a": "pin", "b": "spinning", "c": 1234}, secrets=["pin", "1234", ""])
    assert config.as_dict() == {"a": "***", "b": "spinning", "c": "***"}


def test_no_text_of_a_config_shows_a_secret(jail: Any) -> None:
    """Not the losers, not the diagnostics, not their excerpts, not what is pickled."""
    import pickle

    jail.write("c.yaml", f"key: {KEY}\n")
    config = Config.load(["c.yaml", {"key": "other"}], secrets=[KEY])
    with pytest.warns(SettingsWarning) as warned:
        config["more"] = [KEY]
    with pytest.raises(ConfigError) as refused:
        config.update({"key": KEY})
    jail.write("bad.yaml", f"{KEY}.x: {KEY}\na: {{b.c: {KEY}}}\nd: 1\nd: {KEY}\n")
    with pytest.raises(ConfigError) as faulty:
        Config.load("bad.yaml", secrets=[KEY], schema={"properties": {"d": {"const": 2}}})
    said = [
        repr(config),
        config.explain(),
        repr(config.diagnostics),
        repr(config.history("key")),
        str(warned[0].message),
        str(refused.value),
        repr(refused.value.diagnostics),
        str(faulty.value),
        repr(faulty.value.diagnostics),
        repr(pickle.dumps(config)),
    ]
    assert all(KEY not in text for text in said)


def test_a_secret_key_that_is_written_is_blotted_out() -> None:
    """A secret used as a key is kept nowhere, not even in the words of the call."""
    config = Config.load({"a": {}}, secrets=[KEY, "pin"])
    with pytest.warns(SettingsWarning, match=r"a\.\*\*\*: holds a live secret"):
        config.a[KEY] = 1
    with pytest.warns(SettingsWarning, match=r"\*\*\*: holds a live secret"):
        config["pin"] = 1
    assert config == {"a": {"***": 1}, "***": 1}
    assert KEY not in config.explain() + repr(config.diagnostics)
    assert "pin" not in config.explain() + repr(config.diagnostics)


def test_copies_keep_secrets_out() -> None:
    """A copy of a config knows what must not get in."""
    twin = copy.deepcopy(Config.load({}, secrets=[KEY]))
    with pytest.warns(SettingsWarning, match="holds a live secret"):
        twin.key = KEY
    assert twin.key == "***"


def test_a_secret_that_begins_another_leaves_no_end() -> None:
    """The longest secret goes first, and a lone string is one secret."""
    config = Config.load({"url": f"//{KEY}-tail@host"}, secrets=[KEY, f"{KEY}-tail"])
    assert config.url == "//***@host"
    assert Config.load({"a": "s", "b": KEY}, secrets=KEY) == {"a": "s", "b": "***"}
