"""What a run config can hold, and how other values become that."""

from __future__ import annotations

import argparse
import collections
import dataclasses
import datetime as dt
import decimal
import enum
import functools
import json
import math
import pathlib
import types
import uuid
from typing import Any

import attrs
import ml_collections
import numpy as np
import omegaconf
import pydantic
import pytest

from runsettings.runconfig.inputs.json_values import as_strict, to_jsonable
from runsettings.values.diagnostic import Diagnostic, Rule, Severity
from runsettings.values.directives import Append, Delete, Replace
from runsettings.values.errors import ConfigError
from runsettings.values.json_trees import canonical_json
from runsettings.values.origin import Layer, Origin


class Colour(enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    HIGH = 3


@dataclasses.dataclass
class Optim:
    lr: float
    betas: tuple[float, float] = (0.9, 0.99)


@attrs.define
class Data:
    name: str


class Train(pydantic.BaseModel):
    steps: int
    where: pathlib.Path = pathlib.Path("data")


class Scalar:
    """Looks like a PyTorch or JAX scalar."""

    dtype = "torch.float32"

    def tolist(self) -> float:
        """The number."""
        return 0.5


class Tensor:
    """Looks like a TensorFlow tensor."""

    dtype = "tf.int32"

    def numpy(self) -> Any:
        """The array."""
        return np.array([1, 2])


class Unreadable:
    """Looks like an array that has no data to give."""

    dtype = "meta"

    def tolist(self) -> None:
        """Raise, as PyTorch does for a tensor on no device."""
        raise NotImplementedError("no data\non this device")


class OddKey:
    def __repr__(self) -> str:
        raise RuntimeError


RECORDS = np.array([(1, 0.5)], dtype=[("epoch", int), ("lr", float)])


class OddString(str):
    __slots__ = ()

    def __str__(self) -> str:
        return "something else"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1, 1),
        (True, True),
        (None, None),
        ("ä", "ä"),
        ((1, (2,)), [1, [2]]),
        (range(3), [0, 1, 2]),
        (collections.deque([1]), [1]),
        (collections.OrderedDict(a=1), {"a": 1}),
        (types.MappingProxyType({"a": 1}), {"a": 1}),
        ({3, 1, 2.5}, [1, 2.5, 3]),
        (frozenset({"b", "a", 2, (1, 2), None, True}), [2, "a", "b", [1, 2], None, True]),
        (np.float32(1.5), 1.5),
        (np.int64(3), 3),
        (np.bool_(True), True),
        (np.str_("x"), "x"),
        (np.longdouble(1.5), 1.5),
        (np.arange(4).reshape(2, 2), [[0, 1], [2, 3]]),
        (np.array(7), 7),
        (np.datetime64("2026-01-02T03:04:05.000000006"), "2026-01-02T03:04:05.000000006"),
        (np.array(["2026-01-02", "NaT"], dtype="M8[D]"), ["2026-01-02", "NaT"]),
        (RECORDS, [{"epoch": 1, "lr": 0.5}]),
        (np.array([0.5]), 0.5),
        (np.array([[["x"]]]), "x"),
        (np.zeros((1, 2)), [[0.0, 0.0]]),
        (np.zeros((0,)), []),
        (RECORDS[0], {"epoch": 1, "lr": 0.5}),
        (Scalar(), 0.5),
        (Tensor(), [1, 2]),
        (pathlib.PurePosixPath("a/b"), "a/b"),
        (dt.date(2026, 1, 2), "2026-01-02"),
        (dt.datetime(2026, 1, 2, 3, 4, tzinfo=dt.UTC), "2026-01-02T03:04:00+00:00"),
        (dt.time(3, 4), "03:04:00"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (decimal.Decimal("0.1"), 0.1),
        (decimal.Decimal("0.10000000000000000001"), "0.10000000000000000001"),
        (decimal.Decimal("Infinity"), math.inf),
        (Colour.RED, "red"),
        (Level.HIGH, 3),
        (OddString("as it is"), "as it is"),
        (collections.UserString("as it is"), "as it is"),
        (argparse.Namespace(a=types.SimpleNamespace(b=1)), {"a": {"b": 1}}),
        (Optim(0.1), {"lr": 0.1, "betas": [0.9, 0.99]}),
        (Data("mnist"), {"name": "mnist"}),
        (Train(steps=3), {"steps": 3, "where": "data"}),
        ({"a": [Optim(1.0, (0.0, 0.0))]}, {"a": [{"lr": 1.0, "betas": [0.0, 0.0]}]}),
        (omegaconf.OmegaConf.create({"a": 1, "b": ["${a}"]}), {"a": 1, "b": [1]}),
        (ml_collections.ConfigDict({"a": {"b": (1, 2)}}), {"a": {"b": [1, 2]}}),
        (ml_collections.FrozenConfigDict({"a": {"b": 1}}), {"a": {"b": 1}}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_values_become_json(value: Any, expected: Any) -> None:
    """Every documented kind of value becomes plain JSON data of the plain types."""
    converted = to_jsonable(value)
    assert converted == expected
    assert json.dumps(converted) == json.dumps(expected)


@pytest.mark.parametrize("number", [math.inf, -math.inf])
def test_infinities_pass(number: float) -> None:
    """Infinities are values like any other."""
    assert to_jsonable({"x": number}) == {"x": number}


def test_nan_passes() -> None:
    """NaN is a value like any other, from NumPy too."""
    assert math.isnan(to_jsonable(np.float32("nan")))


@pytest.mark.parametrize(
    ("value", "rule", "message", "hint"),
    [
        (b"x", Rule.NOT_SERIALIZABLE, "bytes cannot be kept in a run config", "decode it"),
        (1j, Rule.NOT_SERIALIZABLE, "complex cannot be kept", None),
        (np.complex64(1j), Rule.NOT_SERIALIZABLE, "complex cannot be kept", None),
        (np.timedelta64(1, "s"), Rule.NOT_SERIALIZABLE, "datetime.timedelta cannot be", None),
        (dt.timedelta(1), Rule.NOT_SERIALIZABLE, "datetime.timedelta cannot be kept", None),
        (print, Rule.NOT_SERIALIZABLE, "builtin_function_or_method cannot be kept", None),
        (Optim, Rule.NOT_SERIALIZABLE, "type cannot be kept", None),
        (object(), Rule.NOT_SERIALIZABLE, "object cannot be kept in a run config", None),
        ("\ud800", Rule.NOT_SERIALIZABLE, "half of a surrogate pair", None),
        (10**4300, Rule.NOT_SERIALIZABLE, "more than 4,300 digits", None),
        (Append([1]), Rule.NOT_SERIALIZABLE, "Append cannot be kept", "config.update({…})"),
        (Unreadable(), Rule.BAD_VALUE, "cannot be read: no data", None),
        ({OddKey(): 1}, Rule.KEY_TYPE, "OddKey", None),
        (
            omegaconf.OmegaConf.create({"lr": "???"}),
            Rule.BAD_VALUE,
            "cannot be read: Missing mandatory value: lr",
            None,
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_other_values_are_faults(value: Any, rule: Rule, message: str, hint: str | None) -> None:
    """Anything else is an error that names key path and type."""
    with pytest.raises(ConfigError) as caught:
        to_jsonable({"model": {"inner": value}})
    (fault,) = caught.value.diagnostics
    assert fault.key.startswith("model.inner")
    assert fault.rule is rule
    assert message in fault.message
    assert hint is None or hint in (fault.hint or "")


def test_all_faults_are_found_and_the_rest_is_kept() -> None:
    """One bad value discards neither its neighbours nor the other diagnostics."""
    diagnostics: list[Diagnostic] = []
    value = {"a": b"", "b": [1, b"", 2], (3,): 4, "c": 5, (6,): 7}
    converted = to_jsonable(value, diagnostics=diagnostics)
    assert converted == {"b": [1, 2], "c": 5}
    assert [(fault.key, fault.rule) for fault in diagnostics] == [
        ("a", Rule.NOT_SERIALIZABLE),
        ("b[1]", Rule.NOT_SERIALIZABLE),
        ("(3,)", Rule.KEY_TYPE),
    ]
    assert diagnostics[-1].message == "keys must be strings; got tuple (3,), and 1 more of them"


def test_faults_tell_their_place() -> None:
    """The origin of a diagnostic is asked for by the path of the bad value."""
    diagnostics: list[Diagnostic] = []
    place = Origin(Layer.INIT, "train.py", 3)
    to_jsonable(
        {"a": b""}, diagnostics=diagnostics, origin=lambda path: place if path == ("a",) else None
    )
    assert diagnostics[0].origin is place


def test_cycles_end() -> None:
    """A container that contains itself is an error, one that appears twice is not."""
    cycle: dict[str, Any] = {}
    cycle["self"] = [cycle]
    shared = [1]
    with pytest.raises(ConfigError, match=r"self\[0\]: the dict contains itself"):
        to_jsonable(cycle)
    assert to_jsonable([shared, shared]) == [[1], [1]]


def test_depth_is_bounded() -> None:
    """Values nested deeper than a reader follows are an error, not a RecursionError."""
    value: Any = 1
    for _ in range(2000):
        value = [value]
    with pytest.raises(ConfigError, match="nested deeper than 99 levels"):
        to_jsonable(value)


def test_secrets_are_masked() -> None:
    """A secret object never gives its value away; the mask is reported."""
    diagnostics: list[Diagnostic] = []
    assert to_jsonable({"key": pydantic.SecretStr("hush")}, diagnostics=diagnostics) == {
        "key": "***"
    }
    assert [fault.rule for fault in diagnostics] == [Rule.SECRET_IN_CONFIG]


def test_directives_pass_on_request() -> None:
    """Directives stay, with their contents converted, where the caller merges afterwards."""
    value = {"a": Append([Colour.RED]), "b": Replace({"c": np.int8(1)}), "d": Delete()}
    assert to_jsonable(value, directives=True) == {
        "a": Append(["red"]),
        "b": Replace({"c": 1}),
        "d": Delete(),
    }


def test_canonical_json_sorts_keys() -> None:
    """The canonical form does not depend on the order of keys."""
    assert canonical_json({"b": 1, "a": {"d": 1.0, "c": "ä"}}) == (
        '{"a":{"c":"ä","d":1.0},"b":1}'.encode()
    )


class Dtype:
    """Looks like PyTorch's."""

    def __str__(self) -> str:
        return "torch.float32"


class Device:
    """Looks like PyTorch's."""

    def __str__(self) -> str:
        return "cuda:0"


class DType:
    """Looks like TensorFlow's."""

    name = "bfloat16"

    def __str__(self) -> str:
        return "<dtype: 'bfloat16'>"


Dtype.__module__, Dtype.__name__ = "torch", "dtype"
Device.__module__, Device.__name__ = "torch", "device"
DType.__module__ = "tensorflow.python.framework.dtypes"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Dtype(), "torch.float32"),
        (DType(), "tensorflow.bfloat16"),
        (np.dtype("float32"), "numpy.float32"),
        (Device(), "cuda:0"),
        (np.float32, "numpy.float32"),
        (int, "int"),
        (Optim, f"{__name__}.Optim"),
        (math.sqrt, "math.sqrt"),
        (print, "print"),
        (dataclasses.field, "dataclasses.field"),
        (pathlib.Path.exists, "pathlib.Path.exists"),
        (pathlib.Path().exists, "pathlib.Path.exists"),
        (str.upper, "str.upper"),
        (math, "math"),
        (list[int], "list[int]"),
        (dt.timedelta(days=1, hours=2), "P1DT2H"),
        (dt.timedelta(minutes=90), "PT1H30M"),
        (dt.timedelta(seconds=-1.5), "-PT1.5S"),
        (dt.timedelta(), "PT0S"),
        (np.timedelta64(90, "m"), "PT1H30M"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_objects_with_a_name_become_that_name(value: Any, text: str) -> None:
    """Dtypes, devices, classes, functions, modules and durations become text, with a note."""
    diagnostics: list[Diagnostic] = []
    assert to_jsonable({"x": [value]}, diagnostics=diagnostics, names=True) == {"x": [text]}
    (note,) = diagnostics
    assert (note.rule, note.severity, note.key) == (
        Rule.NOT_SERIALIZABLE,
        Severity.NOTE,
        "x[0]",
    )
    assert as_strict(note).is_error


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (object(), "<object>"),
        (b"x", "<bytes>"),
        (1j, "<complex>"),
        (np.complex64(1j), "<complex>"),
        (functools.partial(print), "<functools.partial>"),
        (OddKey(), f"<{__name__}.OddKey>"),
        (Unreadable(), f"<{__name__}.Unreadable>"),
        ((number for number in [1]), "<generator>"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_other_objects_become_the_name_of_their_class(value: Any, text: str) -> None:
    """Any other object becomes ``<package.Class>``, with a warning."""
    diagnostics: list[Diagnostic] = []
    assert to_jsonable({"x": value}, diagnostics=diagnostics, names=True) == {"x": text}
    (warning,) = diagnostics
    assert (warning.rule, warning.severity) == (Rule.NOT_SERIALIZABLE, Severity.WARNING)
    assert text in warning.message
    assert as_strict(warning).is_error


@pytest.mark.parametrize(
    ("key", "text"),
    [
        (0, "0"),
        (-7, "-7"),
        (1.5, "1.5"),
        (1e100, "1e+100"),
        (math.inf, "Infinity"),
        (True, "true"),
        (False, "false"),
        (None, "null"),
        (Level.HIGH, "3"),
        (Colour.RED, "red"),
        (np.int64(3), "3"),
        (np.bool_(True), "true"),
        (np.str_("x"), "x"),
    ],
    ids=str,
)
def test_keys_become_the_text_that_json_gives_them(key: Any, text: str) -> None:
    """A key that is a number, a boolean or None becomes text, at every depth."""
    assert to_jsonable({key: {key: 1}, "list": [{key: 2}]}) == {
        text: {text: 1},
        "list": [{text: 2}],
    }


def test_keys_that_become_text_are_noted_once_for_each_mapping() -> None:
    """A mapping of a thousand numbers gets one note, which names the first of them."""
    diagnostics: list[Diagnostic] = []
    labels = {number: {True: "a"} if number == 0 else "b" for number in range(1000)}
    to_jsonable({"id2label": labels}, diagnostics=diagnostics, names=True)
    assert [(fault.rule, fault.severity, fault.message) for fault in diagnostics] == [
        (Rule.KEY_TYPE, Severity.NOTE, "keys that are not strings become text: 'true'"),
        (
            Rule.KEY_TYPE,
            Severity.NOTE,
            "keys that are not strings become text: '0', '1', '2' and 997 more",
        ),
    ]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({1: "a", "1": "b"}, "'1' and 1 are one key in JSON"),
        ({"1": "a", 1: "b"}, "1 and '1' are one key in JSON"),
        ({"true": "a", True: "b"}, "True and 'true' are one key in JSON"),
        ({None: "a", "null": "b"}, "'null' and None are one key in JSON"),
    ],
)
def test_two_keys_that_meet_as_text_are_an_error(value: Any, message: str) -> None:
    """Of two keys with one text, neither can be dropped in silence."""
    with pytest.raises(ConfigError, match=message) as caught:
        to_jsonable({"labels": value})
    assert [fault.rule for fault in caught.value.diagnostics] == [Rule.KEY_COLLISION]
