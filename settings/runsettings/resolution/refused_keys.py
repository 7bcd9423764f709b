"""Makes diagnostics of the keys that pydantic refuses: unknown ones, and those of a wrong type."""

from __future__ import annotations

from typing import Any

from runsettings.composition.merge import Merged
from runsettings.layers.scalar_types import union_members
from runsettings.layers.text_values import fields_of_type, item_types, types_of_key
from runsettings.resolution.normalizing.union_kinds import other_kind_hint
from runsettings.resolution.options import Option
from runsettings.values.diagnostic import Diagnostic, Rule, Severity
from runsettings.values.did_you_mean import did_you_mean
from runsettings.values.excerpts import excerpt_of
from runsettings.values.key_paths import KeyPath


def unknown_key(path: KeyPath, option: Option, merged: Merged, *, secret: bool) -> Diagnostic:
    """The diagnostic for a key that a model, dataclass or typed dict does not have.

    Args:
        path: The path of the key.
        option: The option that it is below.
        merged: The values that were validated.
        secret: Whether the value may be secret.
    """
    inside = path[len(option.path) :]
    annotations: list[Any] = [option.type]
    for key in inside[:-1]:
        if isinstance(key, int):
            annotations = item_types(annotations)
        else:
            annotations = types_of_key(annotations, key)
    fields = {
        member.__name__: declared
        for annotation in annotations
        for member in union_members(annotation)
        if (declared := fields_of_type(member)) is not None
    }
    known = [key for declared in fields.values() for key in declared]
    hint = other_kind_hint(path, option.type, inside, merged) or did_you_mean(str(path[-1]), known)
    message = f"is not a key of {' or '.join(fields) or option.name}"
    return _of_key(Rule.UNKNOWN_KEY, path, message, merged, secret=secret, hint=hint)


def bad_key(path: KeyPath, sentence: str, merged: Merged, *, secret: bool) -> Diagnostic:
    """The diagnostic for a key of a mapping that the type of its keys refuses.

    Args:
        path: The path of the key.
        sentence: What the type refuses, without a subject.
        merged: The values that were validated.
        secret: Whether the value may be secret.
    """
    return _of_key(Rule.BAD_VALUE, path, f"the key {sentence}", merged, secret=secret)


def _of_key(
    rule: Rule,
    path: KeyPath,
    message: str,
    merged: Merged,
    *,
    secret: bool,
    hint: str | None = None,
) -> Diagnostic:
    source = merged.winner(path)
    return Diagnostic(
        rule,
        Severity.ERROR,
        path,
        message,
        None if source is None else source.origin(path, key=True),
        hint=hint,
        excerpt=None if source is None or secret else excerpt_of(source, path, key=True),
    )
