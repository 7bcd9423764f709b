"""Parses the data of a record of an event file: scalars, and hyperparameters.

The classes of TensorBoard parse the message, or those of tensorboardX if only that is installed.
Other data, such as images and histograms, is ignored.
"""

from __future__ import annotations

import functools
import importlib.util
import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any, Final, NamedTuple

_HPARAMS: Final = "hparams"
"""The plugin of TensorBoard that shows hyperparameters."""

_NUMBERS: Final = {
    1: ("float_val", "<f"),
    2: ("double_val", "<d"),
    3: ("int_val", "<i"),
    4: ("int_val", "<B"),
    9: ("int64_val", "<q"),
    10: ("bool_val", "<?"),
    19: ("half_val", "<e"),
}
"""By the number of a tensor's type: the field with its values, and the `struct` format of one."""

_HALF: Final = 19


class MissingPackageError(ImportError):
    """Neither TensorBoard nor tensorboardX is installed, or google-crc32c is missing."""


class NoEventError(ValueError):
    """The data of a record is not a message of TensorBoard."""


class Event(NamedTuple):
    """One event of an event file."""

    time: float
    """Seconds since 1970."""
    step: int
    scalars: dict[str, float]
    """By tag."""
    hparams: dict[str, Any]


@functools.cache
def event_parser() -> Callable[[bytes], Event]:
    """The function that parses the data of a record, and raises `NoEventError` for other data.

    Raises:
        MissingPackageError: The packages that it needs are missing.
    """
    if importlib.util.find_spec("google_crc32c") is None:
        raise MissingPackageError("google-crc32c is not installed")
    if importlib.util.find_spec("tensorboard") is not None:
        events = import_module("tensorboard.compat.proto.event_pb2")
        hparams = import_module("tensorboard.plugins.hparams.plugin_data_pb2")
    elif importlib.util.find_spec("tensorboardX") is not None:
        with _package_without_init("tensorboardX"):
            events = import_module("tensorboardX.proto.event_pb2")
            hparams = import_module("tensorboardX.proto.plugin_hparams_pb2")
    else:
        raise MissingPackageError("neither tensorboard nor tensorboardX is installed")
    decode_error = import_module("google.protobuf.message").DecodeError
    from_bytes = events.Event.FromString
    plugin_from_bytes = hparams.HParamsPluginData.FromString

    def parse(data: bytes) -> Event:
        try:
            return read(data)
        except (decode_error, struct.error) as error:
            raise NoEventError(str(error)) from None

    def read(data: bytes) -> Event:
        message = from_bytes(data)
        scalars: dict[str, float] = {}
        found: dict[str, Any] = {}
        for value in message.summary.value:
            kind = value.WhichOneof("value")
            if kind == "simple_value":
                scalars[value.tag] = value.simple_value
                continue
            plugin = value.metadata.plugin_data
            if plugin.plugin_name == _HPARAMS:
                start = plugin_from_bytes(plugin.content).session_start_info
                for name, each in start.hparams.items():
                    kind = each.WhichOneof("kind")
                    if kind in ("number_value", "string_value", "bool_value"):
                        found[name] = getattr(each, kind)
            elif kind == "tensor" and (number := _number(value.tensor)) is not None:
                scalars[value.tag] = number
        return Event(message.wall_time, message.step, scalars, found)

    return parse


def _number(tensor: Any) -> float | None:
    """The value of a tensor that is a single number; ``None`` for any other."""
    if tensor.tensor_shape.dim or tensor.dtype not in _NUMBERS:
        return None
    member, form = _NUMBERS[tensor.dtype]
    if tensor.tensor_content:
        if len(tensor.tensor_content) != struct.calcsize(form):
            return None
        (number,) = struct.unpack(form, tensor.tensor_content)
    else:
        values = getattr(tensor, member)
        number = values[0] if values else 0
        if tensor.dtype == _HALF:
            (number,) = struct.unpack(form, struct.pack("<H", number))
    return number if isinstance(number, float) else int(number)


@contextmanager
def _package_without_init(name: str) -> Iterator[None]:
    """Import modules of a package without running the package's ``__init__``.

    The ``__init__`` of tensorboardX imports PyTorch, if that is installed, which takes seconds. The
    protobuf messages do not need it.
    """
    if name in sys.modules:
        yield
        return
    spec = importlib.util.find_spec(name)
    assert spec is not None
    package = ModuleType(name)
    package.__path__ = list(spec.submodule_search_locations or ())
    sys.modules[name] = package
    try:
        yield
    finally:
        if sys.modules.get(name) is package:
            del sys.modules[name]
