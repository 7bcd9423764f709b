"""Makes random ids and names for runs, and checks the length of an id.

The randomness comes from the operating system: a script that seeds ``random`` must not get the same
id twice.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final

from runsettings.models import provenance
from runsettings.models.settings import Settings
from runsettings.values.diagnostic import Rule
from runsettings.values.errors import RunError

_ALPHABET: Final = "abcdefghijklmnopqrstuvwxyz0123456789"

LONGEST_ID_BYTES: Final = 200
"""The largest length of an id. A directory's name, of at most 255 bytes, also has the time."""

_ADJECTIVES: Final = (
    "amber ample azure balmy bold brave breezy bright brisk calm candid civil classic clear "
    "clever cosmic crisp curious daily dainty dapper daring dawn deep deft eager early "
    "earnest easy elder epic fabled fair fast fine firm fluent fond frosty gentle giddy glad "
    "gleaming golden good grand grateful hardy hearty honest humble icy ideal jolly jovial "
    "keen kind laced light likely lively lucid lucky lunar mellow merry mild misty modest "
    "neat noble olive open patient peach placid plucky polar polite proud quick quiet rapid "
    "rare robust rosy royal ruby sage sandy serene silver sleek smooth snowy solar spry "
    "stellar still sturdy sunny sweet swift tidy vivid warm whole wild wise worthy young "
    "zesty"
)

_NOUNS: Final = (
    "aspen badge beacon bee birch bird bloom breeze bridge brook butterfly canyon cedar "
    "cherry cliff cloud comet coral cosmos creek crow dale darkness dawn deer delta dew "
    "dragon dream dune dust eagle echo elm ember feather fern field fire firefly fjord flower "
    "fog forest fountain frog frost galaxy glade glitter grass grove harbor haze heron hill "
    "horizon island ivy jazz lagoon lake leaf lily lion maple meadow mesa mist monkey moon "
    "morning mountain nebula night oasis oak ocean orchid otter owl paper pebble pine planet "
    "plasma pond prairie puddle pyramid rain reef resonance river sea shadow shape silence "
    "sky smoke snow sound sparrow spring star stone storm stream sun sunset surf terrain "
    "thunder tree tulip valley violet vortex voice water wave wildflower wind wood yogurt"
)


def new_id() -> str:
    """Make a random id of eight lower-case letters and digits."""
    return "".join(_pick([_ALPHABET] * 8)[0])


def new_name() -> str:
    """Make a random name of two words and a number, such as ``lively-river-217``."""
    words, number = _pick([_ADJECTIVES.split(), _NOUNS.split()])
    return "-".join((*words, str(number % 999 + 1)))


def _pick(choices: Sequence[Sequence[str]]) -> tuple[list[str], int]:
    """One random item of each of ``choices``, and another random number."""
    number = int.from_bytes(os.urandom(8))
    picked = []
    for choice in choices:
        number, index = divmod(number, len(choice))
        picked.append(choice[index])
    return picked, number


def check_length(settings: Settings) -> None:
    """Check that ``run_id`` is short enough for the name of a directory.

    The setting itself checks the characters.

    Args:
        settings: The settings, for ``run_id``.

    Raises:
        RunError: The id has more than `LONGEST_ID_BYTES` bytes.
    """
    size = len(os.fsencode(settings.run_id or ""))
    if size > LONGEST_ID_BYTES:
        raise RunError.of(
            Rule.UNSAFE_PATH,
            f"must have at most {LONGEST_ID_BYTES} bytes as UTF-8, not {size}",
            path=("run_id",),
            origin=provenance.origin(settings, "run_id"),
            hint="put what it describes into name=",
        )
