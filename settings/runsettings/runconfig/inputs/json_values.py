"""Converts values of any type to JSON values, which a run's journal can hold.

========================================  ==================================================
value                                     becomes
========================================  ==================================================
``str int float bool None``               itself; NaN and infinities included
mapping, namespace, dataclass, attrs,     object
pydantic, OmegaConf, ml_collections
list, tuple, other sequence               array
set, frozenset                            array, sorted: numbers first, then strings, then
                                          the rest by their JSON
NumPy, PyTorch, JAX scalar                number, boolean or string
NumPy, PyTorch, JAX array                 nested arrays; objects where its fields have names
path, UUID                                string
date, datetime, time, ``datetime64``      string, ISO 8601
enum member                               its value, converted
``Decimal``                               number if it survives as a float, else string
secret (pydantic's ``SecretStr``)         ``"***"``, and a warning
class, function, module, dtype, device    its qualified name, and a note
timedelta                                 string, ISO 8601, and a note
any other object, bytes too               ``"<package.Class>"``, and a warning
========================================  ==================================================

A key that is a number, a boolean or ``None`` becomes the text that JSON gives it (``0`` is
"0", ``True`` is "true"), with a note. `Run.log` makes no such replacements: there, an object
without a form in JSON is an error.

JSON has no NaN and no infinities. They are written as Python's ``json`` writes and reads them
(``NaN``, ``Infinity``, ``-Infinity``) and in YAML as ``.nan``, ``.inf`` and ``-.inf``.
"""

from __future__ import annotations

import enum
import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, Final

from runsettings.runconfig.inputs.arrays import is_array, plain_array
from runsettings.runconfig.inputs.named_objects import instead_of, name_of, qualified_name
from runsettings.runconfig.inputs.objects import Fields, fields_of, items_of
from runsettings.runconfig.inputs.scalars import plain_scalar, plain_str, sort_key
from runsettings.secrets import live
from runsettings.secrets.forms import MASK
from runsettings.values.diagnostic import Diagnostic, Rule, Severity
from runsettings.values.directives import Append, Delete, Directive, Replace
from runsettings.values.errors import ConfigError
from runsettings.values.key_paths import MISSING, KeyPath
from runsettings.values.origin import Origin

DEEPEST: Final = 99
"""How deep mappings and sequences may be nested. Readers accept 100 levels, and W&B's form of a
config file adds one (see `wandb_form`)."""

TOO_LARGE_INT: Final = 10**4300
"""Python refuses to print or parse integers from here on (``sys.int_info``)."""

_SHOWN_KEYS: Final = 3
"""How many keys of one mapping a message shows."""

_PLAIN: Final = frozenset({float, bool, type(None)})
Places = Callable[[KeyPath], Origin | None]
"""Returns the origin of the value at a path."""


def to_jsonable(
    value: Any,
    path: KeyPath = (),
    *,
    diagnostics: list[Diagnostic] | None = None,
    origin: Places | None = None,
    directives: bool = False,
    names: bool = False,
) -> Any:
    """Convert ``value`` to plain ``dict list str int float bool None``, as a new tree.

    Args:
        value: The value.
        path: The path of ``value`` itself, for messages.
        diagnostics: Receives the diagnostics. Values with an error are left out; if that is the
            whole value, the result is `MISSING`.
        origin: Returns the origin of a path, for the diagnostics.
        directives: Keep `Append`, `Replace` and `Delete`, with their contents converted.
        names: Keep a name instead of an object without a form in JSON; see above.

    Raises:
        ConfigError: A value cannot be converted, and ``diagnostics`` was not passed.
    """
    found: list[Diagnostic] = [] if diagnostics is None else diagnostics
    converted = _Conversion(found, origin, directives, names).convert(value, path)
    if diagnostics is None and any(diagnostic.is_error for diagnostic in found):
        raise ConfigError(found)
    return converted


def as_strict(diagnostic: Diagnostic) -> Diagnostic:
    """The diagnostic as an error, if it is about a key or value without a form in JSON."""
    if diagnostic.is_error or diagnostic.rule not in (Rule.KEY_TYPE, Rule.NOT_SERIALIZABLE):
        return diagnostic
    message = diagnostic.message.replace(" is kept instead", " is kept only if not strict")
    message = message.replace(" become text:", " become text only if not strict:")
    return replace(diagnostic.as_error(), message=message)


class _Conversion:
    """One walk over one value, with the ids of the containers around, to find cycles."""

    __slots__ = ("_active", "_diagnostics", "_directives", "_names", "_origin")

    def __init__(
        self, diagnostics: list[Diagnostic], origin: Places | None, directives: bool, names: bool
    ) -> None:
        self._diagnostics = diagnostics
        self._origin = origin
        self._directives = directives
        self._names = names
        self._active: set[int] = set()

    def convert(self, value: Any, path: KeyPath) -> Any:
        """The JSON value for ``value``, or `MISSING` after an error was reported."""
        kind = type(value)
        if kind is str:
            return value if value.isascii() else self._text(value, path)
        if kind in _PLAIN:
            return value
        if kind is int:
            return self._integer(value, path)
        if kind is dict:
            return self._inside(value, path, self._mapping, value)
        if kind is list or kind is tuple:
            return self._inside(value, path, self._items, value)
        if self._directives and isinstance(value, (Append, Replace, Delete)):
            return self._directive(value, path)
        return self._other(value, path)

    def _mapping(self, value: dict[Any, Any], path: KeyPath) -> dict[str, Any]:
        converted: dict[str, Any] = {}
        renamed: dict[str, Any] = {}
        refused: list[Any] = []
        for key, item in value.items():
            name = key
            if type(key) is not str:
                text = text_key(key)
                if text is None:
                    refused.append(key)
                    continue
                name = text
                if not isinstance(key, str):
                    renamed[name] = key
            here = (*path, name)
            if not name.isascii() and self._text(name, here) is MISSING:
                continue
            result = self.convert(item, here)
            if result is not MISSING:
                if renamed and name in converted:
                    self._report(Rule.KEY_COLLISION, here, _meeting_keys(name, renamed, key))
                converted[name] = result
        if renamed or refused:
            self._report_keys(renamed, refused, path)
        return converted

    def _report_keys(self, renamed: dict[str, Any], refused: list[Any], path: KeyPath) -> None:
        if refused:
            first, *others = refused
            message = key_type_message(first)
            if others:
                message += f", and {len(others)} more of them"
            self._report(
                Rule.KEY_TYPE, (*path, key_as_text(first)), message, hint="use strings as keys"
            )
        if renamed and self._names:
            shown = ", ".join(repr(name) for name in list(renamed)[:_SHOWN_KEYS])
            if len(renamed) > _SHOWN_KEYS:
                shown += f" and {len(renamed) - _SHOWN_KEYS} more"
            self._report(
                Rule.KEY_TYPE,
                (*path, next(iter(renamed))),
                f"keys that are not strings become text: {shown}",
                severity=Severity.NOTE,
            )

    def _items(self, items: Iterable[Any], path: KeyPath) -> list[Any]:
        converted = (self.convert(item, (*path, index)) for index, item in enumerate(items))
        return [item for item in converted if item is not MISSING]

    def _inside(
        self, container: Any, path: KeyPath, convert: Callable[[Any, KeyPath], Any], value: Any
    ) -> Any:
        """Convert ``value``, the content of ``container``, and report cycles and deep nesting."""
        if id(container) in self._active:
            return self._report(
                Rule.CYCLE, path, f"the {qualified_name(type(container))} contains itself"
            )
        if len(self._active) >= DEEPEST:
            return self._report(Rule.TOO_DEEP, path, f"nested deeper than {DEEPEST} levels")
        self._active.add(id(container))
        try:
            return convert(value, path)
        finally:
            self._active.discard(id(container))

    def _directive(self, value: Append | Replace | Delete, path: KeyPath) -> Any:
        if isinstance(value, Append):
            items = self._inside(value, path, self._items, value.items)
            return MISSING if items is MISSING else Append(items)
        if isinstance(value, Replace):
            mapping = self._inside(value, path, self._mapping, value.value)
            return MISSING if mapping is MISSING else Replace(mapping)
        return value

    def _other(self, value: Any, path: KeyPath) -> Any:
        if isinstance(value, enum.Enum):
            return self.convert(value.value, path)
        if hasattr(type(value), "get_secret_value"):
            live.remember_value(value.get_secret_value())  # it must not stand elsewhere
            self._report(
                Rule.SECRET_IN_CONFIG,
                path,
                f"is a secret; {MASK} is kept instead",
                severity=Severity.WARNING,
            )
            return MASK
        if is_array(value):
            return self._array(value, path)
        scalar = plain_scalar(value)
        if scalar is not MISSING:
            return self.convert(scalar, path)
        if isinstance(value, (set, frozenset)):
            return self._inside(value, path, self._set, value)
        return self._structure(value, path)

    def _structure(self, value: Any, path: KeyPath) -> Any:
        try:
            fields = fields_of(value)
            items = items_of(value) if fields is None else None
        except Exception as error:  # noqa: BLE001 - a config object may raise anything
            return self._unreadable(error, path)
        if fields is not None:
            return self._inside(value, path, self._fields, fields)
        if items is not None:
            return self._inside(value, path, self._items, items)
        return self._refuse(value, path)

    def _fields(self, fields: Fields, path: KeyPath) -> dict[str, Any]:
        values = {}
        for name in fields.names:
            try:
                values[name] = fields.get(name)
            except Exception as error:  # noqa: BLE001 - as above
                self._unreadable(error, (*path, name))
        return self._mapping(values, path)

    def _unreadable(self, error: Exception, path: KeyPath) -> Any:
        lines = str(error).splitlines() or [type(error).__name__]
        return self._report(Rule.BAD_VALUE, path, f"cannot be read: {lines[0]}")

    def _array(self, value: Any, path: KeyPath) -> Any:
        try:
            plain = plain_array(value)
        except Exception as error:  # noqa: BLE001 - as above
            return self._refuse(value, path) if self._names else self._unreadable(error, path)
        return self._refuse(value, path) if plain is MISSING else self.convert(plain, path)

    def _set(self, value: set[Any], path: KeyPath) -> list[Any]:
        converted = [self.convert(item, path) for item in value]
        return sorted((item for item in converted if item is not MISSING), key=sort_key)

    def _text(self, value: str, path: KeyPath) -> Any:
        try:
            value.encode()
        except UnicodeEncodeError:
            shown = tuple(ascii(key)[1:-1] if isinstance(key, str) else key for key in path)
            message = "half of a surrogate pair is not a character"
            return self._report(Rule.NOT_SERIALIZABLE, shown, message)
        return value

    def _integer(self, value: int, path: KeyPath) -> Any:
        if -TOO_LARGE_INT < value < TOO_LARGE_INT:
            return value
        message = "an integer of more than 4,300 digits cannot be kept in a run config"
        return self._report(Rule.NOT_SERIALIZABLE, path, message)

    def _refuse(self, value: Any, path: KeyPath) -> Any:
        """Keep a name for an object without a form in JSON, or report an error."""
        kind = qualified_name(type(value))
        hint = instead_of(value)
        if not self._names or isinstance(value, Directive):
            message = f"{kind} cannot be kept in a run config"
            return self._report(Rule.NOT_SERIALIZABLE, path, message, hint=hint)
        text = name_of(value)
        severity = Severity.WARNING if text is None else Severity.NOTE
        text = f"<{kind}>" if text is None else text
        message = f"{kind} has no form in JSON; {text!r} is kept instead"
        self._report(Rule.NOT_SERIALIZABLE, path, message, severity=severity, hint=hint)
        return text

    def _report(
        self,
        rule: Rule,
        path: KeyPath,
        message: str,
        *,
        severity: Severity = Severity.ERROR,
        hint: str | None = None,
    ) -> Any:
        origin = self._origin(path) if self._origin is not None else None
        self._diagnostics.append(Diagnostic(rule, severity, path, message, origin, hint))
        return MISSING


def text_key(key: Any) -> str | None:
    """A key as the text that JSON gives it, or ``None`` if it has no form in JSON."""
    if isinstance(key, enum.Enum) and not isinstance(key, (str, int)):
        return text_key(key.value)
    if is_array(key):
        return None if getattr(key, "shape", None) else text_key(key.item())
    if isinstance(key, str):
        return plain_str(key)
    if key is None or isinstance(key, (bool, int, float)):
        plain = key if key is None or type(key) is bool else plain_scalar(key)
        try:
            return json.dumps(plain)
        except ValueError:  # an integer of more than 4,300 digits
            return None
    return None


def key_type_message(key: Any) -> str:
    """The message about a key without a form in JSON."""
    try:
        shown = f" {key!r}"
    except Exception:  # noqa: BLE001 - from the key's __repr__, or more than 4,300 digits
        shown = ""
    return f"keys must be strings; got {qualified_name(type(key))}{shown}"


def key_as_text(key: Any) -> str:
    """A key of any type as text, for a path."""
    try:
        return str(key)
    except Exception:  # noqa: BLE001 - as above
        return "…"


def _meeting_keys(name: str, renamed: dict[str, Any], key: Any) -> str:
    other = renamed[name] if isinstance(key, str) else name
    return f"{key!r} and {other!r} are one key in JSON"
