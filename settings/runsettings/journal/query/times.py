"""Parses times and durations, and formats them."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

_SECONDS: Final = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}

_DURATION: Final = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?[wdhms])+", re.ASCII)
_PART: Final = re.compile(r"(?<![0-9.])([0-9.]++)([wdhms])", re.ASCII)

_DAYS: Final = {"today": 0, "yesterday": -1}

TIME_FORMS: Final = "write a date or time as 2025-01-31 or 2025-01-31T14:30, or an age as 2d or 3h"
DURATION_FORMS: Final = "write seconds, or a duration as 90s, 1h30m or 2d"


def parse_duration(text: str) -> float | None:
    """Parse a duration.

    Args:
        text: The duration: ``90``, ``90s``, ``1h30m``, ``2d`` or ``1w``.

    Returns:
        The number of seconds; ``None`` if the text is not a duration.
    """
    if _DURATION.fullmatch(text):
        return sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(text))
    try:
        return float(text)
    except ValueError:
        return None


def parse_time(text: str, now: float) -> float | None:
    """Parse a date, a time or an age.

    Args:
        text: ISO 8601, in local time unless it has an offset; ``today`` or ``yesterday``; or a
            duration with units, as an age.
        now: The current time, in seconds since 1970.

    Returns:
        The time in seconds since 1970; ``None`` if the text is none of these.
    """
    if _DURATION.fullmatch(text):
        return now - (parse_duration(text) or 0.0)
    if text in _DAYS:
        year, month, day, *_ = time.localtime(now)
        # `mktime` reads day 0 as the last day of the month before, and handles summer time.
        return time.mktime((year, month, day + _DAYS[text], 0, 0, 0, 0, 0, -1))
    try:
        return datetime.fromisoformat(text).astimezone().timestamp()
    except (ValueError, OverflowError, OSError):
        return None


def local_time(seconds: float) -> str:
    """Format a time in the local zone: ``2025-01-31 14:30:05``.

    Args:
        seconds: The time, in seconds since 1970.
    """
    return _formatted(seconds, lambda moment: f"{moment.astimezone():%Y-%m-%d %H:%M:%S}")


def short_time(seconds: float) -> str:
    """Format a time in few characters, as ``ls -l`` does: ``01-31 14:30``, or the date alone.

    Args:
        seconds: The time, in seconds since 1970. In other years than this one, the date is shown.
    """

    def short(moment: datetime) -> str:
        local, now = moment.astimezone(), datetime.now().astimezone()
        return local.strftime("%m-%d %H:%M" if local.year == now.year else "%Y-%m-%d")

    return _formatted(seconds, short)


def utc_time(seconds: float) -> str:
    """Format a time in UTC for programs: ``2025-01-31T13:30:05.250Z``.

    Args:
        seconds: The time, in seconds since 1970.
    """
    return _formatted(
        seconds,
        lambda moment: moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    )


def _formatted(seconds: float, show: Callable[[datetime], str]) -> str:
    """A time as text; the number if it is out of the range of dates, as from a wrong clock."""
    try:
        return show(datetime.fromtimestamp(seconds, UTC))
    except (ValueError, OverflowError, OSError):
        return str(seconds)


def duration(seconds: float) -> str:
    """Format a duration in its two largest units: ``2d 3h``, ``1m 5s``, ``0.4s``.

    Args:
        seconds: The duration in seconds.
    """
    if not 0 <= seconds < 1e12:
        return str(seconds)
    if seconds < 10:
        return f"{seconds:.1f}s"
    rest = round(seconds)
    parts: list[str] = []
    for unit in ("d", "h", "m", "s"):
        count, rest = divmod(rest, _SECONDS[unit])
        if count or parts:
            parts.append(f"{count}{unit}")
    return " ".join(part for part in parts[:2] if not part.startswith("0"))
