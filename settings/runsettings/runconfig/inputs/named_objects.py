"""The texts that are kept instead of objects without a form in JSON."""

from __future__ import annotations

import datetime as dt
import types
from collections.abc import Iterator
from typing import Any, Final

from runsettings.values.directives import Directive

_DTYPES: Final = frozenset({"dtype", "DType"})
_DEVICES: Final = frozenset({"device", "Device"})
_FUNCTIONS: Final = (
    types.FunctionType,
    types.MethodType,
    types.BuiltinFunctionType,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
)


def name_of(value: Any) -> str | None:
    """The text that identifies a value completely, or ``None`` if there is none.

    Classes, functions, methods, modules and dtypes have a qualified name (``torch.float32``), a
    device has its own text (``cuda:0``), and a duration its form in ISO 8601 (``P1DT2H``).
    """
    if isinstance(value, dt.timedelta):
        return _iso_duration(value)
    if isinstance(value, types.ModuleType):
        return value.__name__
    if isinstance(value, types.GenericAlias):
        return repr(value)
    if isinstance(value, (type, *_FUNCTIONS)):
        return qualified_name(value)
    kinds = {kind.__name__ for kind in type(value).__mro__}
    package = type(value).__module__.partition(".")[0]
    if package == "builtins":
        return None
    if kinds & _DTYPES:
        text = str(value)
        if not text.isidentifier() and not text.startswith(f"{package}."):
            text = getattr(value, "name", text)  # TensorFlow writes <dtype: 'float32'>
        return text if text.startswith(f"{package}.") else f"{package}.{text}"
    return str(value) if kinds & _DEVICES else None


def instead_of(value: Any) -> str | None:
    """What to do instead of keeping a value that has no form in JSON."""
    if isinstance(value, Directive):
        return "use it in an input that is merged: config.update({…})"
    if isinstance(value, (bytes, bytearray, memoryview)):
        return "decode it, or save it as a file"
    if isinstance(value, dt.timedelta):
        return "write its total_seconds()"
    if isinstance(value, complex) or hasattr(value, "numerator"):
        return "write its parts, or a float"
    if isinstance(value, Iterator):
        return "write list() of it"
    return None


def qualified_name(value: Any) -> str:
    """``package.module.Class.method`` of a class or a function; a built-in has no module."""
    module = getattr(value, "__module__", None)
    if not module and isinstance(value, types.MethodDescriptorType | types.WrapperDescriptorType):
        module = value.__objclass__.__module__
    name = value.__qualname__
    return name if module in {None, "builtins"} else f"{module}.{name}"


def _iso_duration(value: dt.timedelta) -> str:
    sign = "-" if value < dt.timedelta() else ""
    value = abs(value)
    minutes, seconds = divmod(value.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    fraction = f".{value.microseconds:06}".rstrip("0").rstrip(".")
    day = f"{value.days}D" if value.days else ""
    time = "".join(f"{count}{unit}" for count, unit in ((hours, "H"), (minutes, "M")) if count)
    if seconds or value.microseconds or not (day or time):
        time += f"{seconds}{fraction}S"
    return f"{sign}P{day}{'T' if time else ''}{time}"
