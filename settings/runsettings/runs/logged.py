"""What `log` takes, as what the journal holds."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from runsettings.runconfig.jsonable import to_jsonable
from runsettings.values.diagnostic import Diagnostic, Rule
from runsettings.values.errors import RunError


def plain_data(data: Any) -> dict[str, Any]:
    """Logged data as JSON; none at all for ``None``.

    Raises:
        RunError: It is no mapping, or something in it cannot be JSON.
    """
    if data is None:
        return {}
    if not isinstance(data, Mapping):
        raise RunError.of(
            Rule.BAD_INPUT, f"log() takes a mapping of names to values; got {data!r:.80}"
        )
    faults: list[Diagnostic] = []
    plain = to_jsonable(data, faults=faults)
    errors = [fault for fault in faults if fault.is_error]
    if errors:
        # The conversion is the run config's, and so are its sentences.
        raise RunError(
            (
                replace(fault, message=fault.message.replace("kept in a run config", "logged"))
                for fault in errors
            ),
            "log()",
        )
    return dict(plain)


def step_number(step: Any) -> int:
    """A step as an integer, of whatever library it is.

    Raises:
        RunError: It is none.
    """
    try:
        return operator.index(step)
    except TypeError:
        raise RunError.of(Rule.BAD_VALUE, f"step must be an integer; got {step!r:.80}") from None
