"""Locked keys that one layer repeats: the same value said another way is no breach."""

from __future__ import annotations

from runsettings import Layer, Settings


def test_a_locked_key_with_an_alias_may_be_repeated_in_other_words(jail) -> None:
    """A comma-separated variable that means the site's own list is not refused."""
    jail.write_site("[default]\nrun_tags = a,b\n[policy]\nlock = run_tags\n")
    jail.setenv(WANDB_TAGS="a, b")
    settings = Settings()
    assert settings.run_tags == ("a", "b")
    assert settings.origin("run_tags").layer is Layer.SITE
