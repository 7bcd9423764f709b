"""Diagnostics that reporters are tested with."""

from __future__ import annotations

import pytest

from runsettings.values.diagnostic import Beaten, Diagnostic, Excerpt, Rule, Severity
from runsettings.values.origin import Layer, Origin

HOSTILE = "x\n::error::oops\r%0A,:]]></failure>&<!--\x00\x1b[31m\ud800\u2028\"'\\"
"""Text that tries to leave whatever it is put into."""


@pytest.fixture
def hostile() -> str:
    """Text that tries to leave whatever it is put into."""
    return HOSTILE


@pytest.fixture
def ordinary() -> list[Diagnostic]:
    """An error in a file, a warning about a variable, and a note."""
    return [
        Diagnostic(
            Rule.BAD_VALUE,
            Severity.ERROR,
            ("mode",),
            "must be one of 'online', 'offline', 'disabled'; got 'offlin'",
            Origin(Layer.FILE, "train.yaml", 7, 7),
            "did you mean 'offline'?",
            Excerpt("mode: offlin", 7, 7, 6),
            (Beaten(Origin(Layer.WORKSPACE, "wandb/settings", 4), "'online'"),),
        ),
        Diagnostic(
            Rule.UNKNOWN_KEY,
            Severity.WARNING,
            ("WANDB_PROJCT",),
            "is not a variable that sets anything",
            Origin(Layer.ENV, "WANDB_PROJCT"),
            "did you mean 'WANDB_PROJECT'?",
        ),
        Diagnostic(
            Rule.SETTING_IN_CONFIG,
            Severity.NOTE,
            ("project",),
            "is the name of a setting",
            Origin(Layer.FILE, "my configs/a b.yaml", 1, 10),
        ),
    ]


@pytest.fixture
def attacks() -> list[Diagnostic]:
    """Diagnostics whose every text is hostile."""
    return [
        Diagnostic(
            Rule.BAD_VALUE,
            severity,
            (HOSTILE, 3),
            HOSTILE,
            Origin(layer, HOSTILE, line, line),
            HOSTILE,
            Excerpt(HOSTILE, 1, 1, 3),
            (Beaten(Origin(Layer.USER, HOSTILE, 1), HOSTILE),),
            ((Origin(Layer.ENV, HOSTILE), None),),
        )
        for severity in Severity
        for layer in (Layer.FILE, Layer.ENV)
        for line in (None, 3)
    ]
