"""Turns errors of pydantic into diagnostics, with the key, its origin and the values it beat."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import takewhile
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from runsettings.composition.merge import Merged
from runsettings.resolution.options import Option, OptionTable
from runsettings.resolution.refused_keys import bad_key, unknown_key
from runsettings.secrets.forms import HIDDEN, MASK, mask_addresses
from runsettings.secrets.masking import mask_excerpt_from_column
from runsettings.values.diagnostic import Beaten, Diagnostic, Excerpt, Rule, Severity
from runsettings.values.did_you_mean import did_you_mean
from runsettings.values.errors import SettingsError
from runsettings.values.excerpts import excerpt_of
from runsettings.values.key_paths import MISSING, KeyPath
from runsettings.values.origin import Kind, Layer, Origin
from runsettings.values.rendering import counted, shown
from runsettings.values.tree import Leaf

_OTHER_WORDS: Final = {
    **dict.fromkeys(("tuple_type", "list_type", "set_type", "frozen_set_type"), "must be a list"),
    **dict.fromkeys(("dict_type", "mapping_type", "model_type"), "must be a mapping"),
    **dict.fromkeys(("model_attributes_type", "dataclass_type"), "must be a mapping"),
}
"""Messages for Python's types in the words of a person who writes YAML or INI."""

_UNKNOWN: Final = ("extra_forbidden", "unexpected_keyword_argument")
"""Errors of pydantic about keys that a model, typed dict or dataclass does not have."""

_UNREAD: Final = frozenset(
    (
        Rule.SYNTAX,
        Rule.UNREADABLE_FILE,
        Rule.FILE_TOO_LARGE,
        Rule.TOO_DEEP,
        Rule.ALIAS_BUDGET,
        Rule.UNSAFE_TAG,
        Rule.BAD_COMPOSITION,
        Rule.CIRCULAR,
        Rule.UNKNOWN_PROFILE,
    )
)
"""Rules of values that a source has and nobody could read."""


def show_value(value: Any, *, secret: bool = False) -> str:
    """A value as short text for a person.

    Args:
        value: The value.
        secret: Whether to mask it. Passwords in addresses are always masked.
    """
    return MASK if secret and value is not None else mask_addresses(shown(value))


def validation_diagnostics(
    error: ValidationError, merged: Merged, table: OptionTable
) -> list[Diagnostic]:
    """One diagnostic for each key that pydantic refused.

    A union reports an error for each member; these become one diagnostic.

    Args:
        error: What pydantic raised.
        merged: The values that were validated.
        table: The model's options.
    """
    grouped: dict[KeyPath, list[ErrorDetails]] = {}
    keys: dict[KeyPath, list[ErrorDetails]] = {}
    for details in error.errors(include_url=False):
        path = _path(details["loc"], merged, table)
        if details["type"] == "union_tag_invalid":
            path = _tag(path, details, merged)
        of_key = details["loc"][-1:] == ("[key]",)  # of a mapping, whose value has its own errors
        (keys if of_key else grouped).setdefault(path, []).append(details)
    # Only a union refuses both a value and a key inside it. A mapping was meant for a model, so
    # that the error inside it is the one to show.
    outer = {path[:end] for path in grouped for end in range(1, len(path))}
    found = [
        bad_key(path, _message(group, None, path, path[-1]), merged, secret=table.is_secret(path))
        for path, group in keys.items()
    ]
    for path, group in grouped.items():
        inner = group[0].get("ctx", {}).get("error")
        if isinstance(inner, SettingsError):
            found += [_of_nested(path, each, merged, table) for each in inner.diagnostics]
        elif path not in outer:
            found.append(_diagnostic(path, group, merged, table))
    return _once(found)


def _once(found: list[Diagnostic]) -> list[Diagnostic]:
    """Report a wrong value once, also where references have it: these are further places of it."""
    indices = {(each.rule, each.origin): index for index, each in reversed([*enumerate(found)])}

    def target(index: int) -> int | None:
        each = found[index]
        targets = () if each.origin is None else each.origin.targets
        known = [indices.get((each.rule, origin)) for origin in targets]
        return next((index for index in known if index is not None), None)

    kept = dict(enumerate(found))
    for index, each in enumerate(found):
        wrong = index
        while (following := target(wrong)) is not None:  # a reference may lead to another one
            wrong = following
        if wrong != index and each.origin is not None:
            place = each.origin._replace(targets=()), each.excerpt
            kept[wrong] = replace(kept[wrong], related=(*kept[wrong].related, place))
            del kept[index]
    return list(kept.values())


def refusal(error: ValidationError, value: Any) -> str:
    """Why a type refuses a value, as a sentence without its subject.

    Args:
        error: What pydantic raised for the value alone.
        value: The value.
    """
    return _message(error.errors(include_url=False), None, (), value)


def beaten(leaves: Sequence[Leaf], table: OptionTable) -> tuple[Beaten, ...]:
    """Losing values in the form in which a diagnostic shows them.

    Args:
        leaves: The losers of a history, highest first.
        table: The model's options, which decide what is masked.
    """
    return tuple(
        Beaten(leaf.origin, show_value(leaf.value, secret=table.is_secret(leaf.path)))
        for leaf in leaves
        if leaf.origin.layer is not Layer.DEFAULT  # nobody asked for it
    )


def _path(loc: tuple[int | str, ...], merged: Merged, table: OptionTable) -> KeyPath:
    """The path of an error's location under the model's own names.

    pydantic puts the names of union members and validators into the location. Parts that are
    neither an option's name nor a key of the value are left out.
    """
    path: list[int | str] = []
    inner: OptionTable | None = table
    parts = list(loc)
    while parts:
        option = None if inner is None else _option(parts, inner)
        part = parts.pop(0)
        if option is not None:
            path.append(option.name)
            inner = option.table
            continue
        value = merged.get(tuple(path))
        is_key = isinstance(value, dict) and part in value
        is_index = isinstance(value, (list, tuple)) and isinstance(part, int) and part < len(value)
        if is_key or is_index:
            path.append(part)
        inner = None
    return tuple(path)


def _option(parts: list[int | str], table: OptionTable) -> Option | None:
    """The option that a location starts with; the rest of its `AliasPath` is taken away."""
    for lookup in table.lookups.get(str(parts[0]), ()):
        rest = [] if lookup.path is None else lookup.path.path[1:]
        if parts[1 : len(rest) + 1] == rest:
            del parts[1 : len(rest) + 1]
            return lookup.option
    return None


def _tag(path: KeyPath, details: ErrorDetails, merged: Merged) -> KeyPath:
    """The path of a tag whose value no member of a union has; ``path`` if there is no tag."""
    inside = (*path, details["ctx"]["discriminator"].strip("'"))
    return path if merged.get(inside) is MISSING else inside


def _diagnostic(
    path: KeyPath, details: list[ErrorDetails], merged: Merged, table: OptionTable
) -> Diagnostic:
    first = details[0]
    option = table.nearest(path)
    secret = table.is_secret(path) or first["type"] == HIDDEN
    if first["type"] == "missing" and not isinstance(first["loc"][-1], int):
        return _missing(path, option, merged)
    if first["type"] in _UNKNOWN and option is not None:
        return unknown_key(path, option, merged, secret=secret)
    leaves = merged.history(path)
    value = merged.get(path) if path else first["input"]
    message = _message(details, option, path, value)
    if path and value is not MISSING and not secret:
        # The text of a whole mapping would be too long to help.
        got = "a mapping" if isinstance(value, dict) else show_value(value)
        message += f"; got {got}"
    hint = None
    if isinstance(value, str) and not secret and option is not None:
        choices = [choice for choice in option.choices if isinstance(choice, str)]
        if first["type"] == "union_tag_invalid":
            choices = first["ctx"]["expected_tags"].strip("'").split("', '")
        hint = _without_quotes(path, value, merged) or did_you_mean(value, choices)
    elif value is None and path:
        hint = _instead_of_nothing(message)
    elif first["type"] == "string_type" and not secret:
        hint = _with_quotes(path, value, merged)
    return Diagnostic(
        Rule.BAD_VALUE,
        Severity.ERROR,
        path,
        message,
        merged.origin(path) if path else None,
        hint=hint,
        excerpt=_excerpt(path, merged, secret=secret),
        over=beaten(leaves[1:], table),
    )


def _instead_of_nothing(message: str) -> str:
    """Advice for a key without a value."""
    empty = {"must be a list": "[]", "must be a mapping": "{}", "must be a valid string": '""'}
    forms = [form for wanted, form in empty.items() if wanted in message]
    instead = f"{forms[0]} if it is empty" if forms else "a value"
    return f"write {instead}, or leave the key out"


def _of_nested(
    parent: KeyPath, diagnostic: Diagnostic, merged: Merged, table: OptionTable
) -> Diagnostic:
    """A diagnostic of settings that are a value of these, under these settings' own names."""
    path = (*parent, *diagnostic.path)
    if diagnostic.origin is not None and diagnostic.origin.layer is not Layer.INIT:
        return replace(diagnostic, path=path)
    # pydantic passed them the value as an argument, or decoded a text.
    excerpt = _excerpt(path, merged, secret=table.is_secret(path))
    origin = merged.origin(path) or merged.origin(parent)
    return replace(diagnostic, path=path, origin=origin, excerpt=excerpt)


def _without_quotes(path: KeyPath, value: str, merged: Merged) -> str | None:
    """Advice for a value in quotes in an INI file, where the quotes are part of the value."""
    source = merged.winner(path) if path else None
    if source is None or source.kind is not Kind.INI:
        return None
    bare = value[1:-1]
    if value not in (f'"{bare}"', f"'{bare}'"):
        return None
    return f"INI has no quotes: write {bare}"


def _with_quotes(path: KeyPath, value: Any, merged: Merged) -> str | None:
    """Advice for a number or a bool in a file where a text is wanted."""
    source = merged.winner(path) if path else None
    if source is None or source.kind is not Kind.DOCUMENT or not isinstance(value, (int, float)):
        return None
    # Only an integer is sure to be written as it prints.
    return f'quote it: "{value}"' if type(value) is int else "quote it"


def _excerpt(path: KeyPath, merged: Merged, *, secret: bool) -> Excerpt | None:
    source = merged.winner(path) if path else None
    excerpt = None if source is None else excerpt_of(source, path)
    return mask_excerpt_from_column(excerpt) if secret else excerpt


def without_unread(found: Iterable[Diagnostic], read: Sequence[Diagnostic]) -> list[Diagnostic]:
    """Leave out the missing values that may be in what could not be read.

    Args:
        found: The diagnostics of validation.
        read: The diagnostics of the sources. The path of an unreadable file is empty, or that of
            the directive that names it.
    """
    unread = {
        tuple(takewhile(lambda key: str(key)[:1] != "$", each.path))
        for each in read
        if each.rule in _UNREAD and each.is_error
    }
    return [
        each
        for each in found
        if each.rule is not Rule.MISSING_VALUE
        or not any(each.path[: len(path)] == path for path in unread)
    ]


def _missing(path: KeyPath, option: Option | None, merged: Merged) -> Diagnostic:
    """The diagnostic for a required key that no layer sets, with the ways to set it."""
    parent = path[:-1]
    ways = list(option.variables[:1]) if option is not None else []
    ways.append(f"--{'.'.join(str(key) for key in path).replace('_', '-')}")
    origin = merged.origin(parent) if parent else None
    if origin is None and option is not None:
        origin = Origin(Layer.DEFAULT, f"{option.owner.__name__}.{option.name}")
    return Diagnostic(
        Rule.MISSING_VALUE,
        Severity.ERROR,
        path,
        "is required, and no layer sets it",
        origin,
        hint=f"set it in a settings file, with {' or '.join(ways)}, or in the call",
    )


def _message(details: list[ErrorDetails], option: Option | None, path: KeyPath, value: Any) -> str:
    if option is not None and option.choices and path == option.path:
        kinds = {detail["type"] for detail in details}
        if kinds <= {"literal_error", "enum", "none_required"}:
            return f"must be one of {', '.join(repr(choice) for choice in option.choices)}"
    if details[0]["type"] == "missing" and isinstance(value, (list, tuple)):  # items of a tuple
        return f"must have {counted(len(value) + len(details), 'item')}"
    sentences = list(dict.fromkeys(_sentence(detail, value) for detail in details))
    return ", or ".join(sentences)


def _sentence(details: ErrorDetails, value: Any) -> str:
    """A message of pydantic as a sentence that begins with a verb: the key is its subject."""
    message = details["msg"]
    for prefix in ("Value error, ", "Assertion failed, "):
        if message.startswith(prefix):
            return message.removeprefix(prefix)
    if details["type"] == "union_tag_invalid":
        return f"must be one of {details['ctx']['expected_tags']}"
    if details["type"] == "union_tag_not_found":
        return f"must have {details['ctx']['discriminator']}, which names its type"
    if details["type"] in ("too_long", "too_short"):
        end, limit = ("most", "max") if details["type"] == "too_long" else ("least", "min")
        count = details["ctx"][f"{limit}_length"]
        return f"must have at {end} {counted(count, 'item')}"
    if details["type"] in _OTHER_WORDS:
        return _OTHER_WORDS[details["type"]]
    if message.startswith("Input should be "):
        sentence = "must be " + message.removeprefix("Input should be ")
    elif message.startswith("Input should "):
        sentence = "must " + message.removeprefix("Input should ")
    else:
        # "JSON input should be string" begins with a name.
        sentence = message if message[1:2].isupper() else message[:1].lower() + message[1:]
    # "unable to parse string as an integer" repeats what "a valid integer" and the value say.
    head, separator, tail = sentence.partition(", ")
    if separator and tail.startswith(("unable to", "unexpected")) and isinstance(value, str):
        sentence = head
    return sentence
