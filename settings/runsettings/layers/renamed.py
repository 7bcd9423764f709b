"""`Renamed`: the name that a field had before, which every layer still takes, with a warning."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from runsettings._deferred import deferred
from runsettings.values.key_paths import KeyPath
from runsettings.values.origin import Origin

if TYPE_CHECKING:
    from runsettings.values.diagnostic import Diagnostic, Excerpt, Rule, Severity
else:
    Diagnostic = deferred("runsettings.values.diagnostic", "Diagnostic")
    Rule = deferred("runsettings.values.diagnostic", "Rule")
    Severity = deferred("runsettings.values.diagnostic", "Severity")


class Renamed:
    """Marks a field that had another name before.

    Files, variables, flags and calls may still use the old name. Each use is a warning that says
    where it is, and ``runsettings check --fix`` rewrites files. A field with several old names
    has several markers::

        epochs: Annotated[int, Renamed("num_epochs", since="2.0")] = 90

    Args:
        name: The old name.
        since: The version of the program in which the field was renamed, for the warning.

    Raises:
        ValueError: ``name`` is empty.
    """

    __slots__ = ("name", "since")

    def __init__(self, name: str, since: str | None = None) -> None:
        if not name:
            raise ValueError("an old name must not be empty")
        self.name = name
        self.since = since

    def __repr__(self) -> str:
        return f"Renamed({self.name!r}, since={self.since!r})"


def old_names_of(info: FieldInfo) -> tuple[Renamed, ...]:
    """The names that a field had before, also of ``Annotated[int, Renamed(…)] | None``."""
    found = info.metadata
    # Not `get_args`, which takes longer: every start asks for every field.
    for member in getattr(info.annotation, "__args__", ()):
        found = [*found, *getattr(member, "__metadata__", ())]
    return tuple(item for item in found if isinstance(item, Renamed)) if found else ()


def has_old_names(annotation: Any, trail: tuple[Any, ...] = ()) -> bool:
    """Whether a model in the type has a field that was renamed."""
    if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
        return any(has_old_names(part, trail) for part in get_args(annotation))
    return annotation not in trail and any(
        old_names_of(info) or has_old_names(info.annotation, (*trail, annotation))
        for info in annotation.model_fields.values()
    )


def renamed_diagnostic(
    renamed: Renamed,
    path: KeyPath,
    now: str,
    origin: Origin,
    excerpt: Excerpt | None = None,
) -> Diagnostic:
    """The warning of a use of an old name.

    Args:
        renamed: The old name.
        path: The key path, with the old name.
        now: What to write instead: the key, or the variable.
        origin: Where the old name stands.
        excerpt: Its line.
    """
    since = f" in {renamed.since}" if renamed.since else ""
    fix = "; `runsettings check --fix` rewrites it" if excerpt is not None else ""
    message, hint = f"was renamed to {now!r}{since}", f"write {now!r}{fix}"
    return Diagnostic.of(Rule.RENAMED_KEY, path, message, origin, hint, excerpt)


def conflict_diagnostic(
    path: KeyPath,
    now: str,
    origin: Origin,
    other: tuple[Origin, Excerpt | None],
    excerpt: Excerpt | None = None,
) -> Diagnostic:
    """The error of a source that has an old and the current name, with different values.

    Args:
        path: The key path, with the old name.
        now: The current name of the key, or the variable.
        origin: Where the old name stands.
        other: Where the current name stands.
        excerpt: The line of the old name.
    """
    return Diagnostic(
        Rule.RENAMED_KEY,
        Severity.ERROR,
        path,
        f"is the old name of {now!r}, which {other[0]} sets to something else",
        origin,
        f"keep {now!r} alone",
        excerpt,
        related=(other,),
    )
