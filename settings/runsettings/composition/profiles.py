"""The chosen profiles, and the profiles that composed files define."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from runsettings._deferred import deferred
from runsettings.values.origin import Layer, Origin

if TYPE_CHECKING:
    from runsettings.values.diagnostic import Diagnostic, Rule
    from runsettings.values.did_you_mean import did_you_mean
else:
    Diagnostic = deferred("runsettings.values.diagnostic", "Diagnostic")
    Rule = deferred("runsettings.values.diagnostic", "Rule")
    did_you_mean = deferred("runsettings.values.did_you_mean", "did_you_mean")

PROFILES_VARIABLE: Final = "RUNSETTINGS_PROFILE"


class Profiles:
    """The chosen profiles, which all files of one resolution share.

    Args:
        chosen: Their names, lowest precedence first, with their origins.
        lenient: Whether unknown profiles are allowed if the files define no profile at all.

    Attributes:
        chosen: The names with their origins, each name once.
        known: The names of all profiles in the files that were read so far.
    """

    def __init__(self, chosen: Sequence[tuple[str, Origin]] = (), *, lenient: bool = False) -> None:
        # A profile that is named twice must not append its items twice.
        self.chosen = list({each[0]: each for each in chosen}.values())
        self.known: set[str] = set()
        self._lenient = lenient

    @classmethod
    def of(
        cls,
        given: Sequence[str] | str | None,
        environ: Mapping[str, str],
        caller: Origin,
        flags: Sequence[tuple[str, Origin]] = (),
    ) -> Profiles:
        """Choose the profiles of the call, or else of the flags, or else of the variable.

        Args:
            given: The names in the call; ``None`` if it has none.
            environ: The environment, for ``RUNSETTINGS_PROFILE``.
            caller: The origin of the call.
            flags: The names in flags, with their origins.

        Returns:
            The chosen profiles.
        """
        if given is not None:
            names = [given] if isinstance(given, str) else given
            return cls([(str(name), caller) for name in names])
        if flags:
            return cls(flags)
        names = environ.get(PROFILES_VARIABLE, "").split(",")
        origin = Origin(Layer.ENV, PROFILES_VARIABLE)
        return cls([(name.strip(), origin) for name in names if name.strip()], lenient=True)

    def unknown(self) -> list[Diagnostic]:
        """An error for each chosen profile that no file defines."""
        if self._lenient and not self.known:
            return []
        return [
            Diagnostic.of(
                Rule.UNKNOWN_PROFILE,
                (),
                f"no file has a profile {name!r}",
                origin,
                did_you_mean(name, sorted(self.known)) or self._names(),
            )
            for name, origin in self.chosen
            if name not in self.known
        ]

    def _names(self) -> str:
        if not self.known:
            return "a composed file defines profiles under $profiles"
        return "the profiles are " + ", ".join(sorted(map(str, self.known)))
