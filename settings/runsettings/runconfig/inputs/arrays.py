"""Converts scalars and arrays of NumPy, PyTorch, JAX and TensorFlow to Python values.

They are recognised by their attributes (``dtype``, ``tolist``); no package is imported.
"""

from __future__ import annotations

from typing import Any

from runsettings.values.key_paths import MISSING


def is_array(value: Any) -> bool:
    """Whether a value is one of these scalars or arrays."""
    return hasattr(type(value), "dtype")


def plain_array(value: Any) -> Any:
    """A scalar or nested lists, whose items may still be of any type.

    An array of one element becomes that element. The result for complex numbers of more than
    double precision is `MISSING`.

    Raises:
        Exception: Whatever the array raises, such as PyTorch for a tensor without data.
    """
    kind = getattr(value.dtype, "kind", "")
    names = getattr(value.dtype, "names", None)
    if names:
        # A structured array: `tolist` would drop the names of its fields.
        return list(value) if value.shape else {name: value[name] for name in names}
    if kind == "m":
        value = value.astype("m8[us]")  # `tolist` makes durations of these
    if kind == "M":
        # `tolist` would make integers of nanoseconds; as text they stay dates.
        value = value.astype("U")
    elif not hasattr(value, "tolist") and hasattr(value, "numpy"):
        value = value.numpy()
    if not hasattr(value, "tolist"):
        return MISSING
    plain = value.tolist()
    if type(plain) is type(value):
        # `tolist` of a NumPy long double returns the same object.
        return MISSING if kind == "c" else float(plain)
    # The wandb client keeps a number for `tensor([0.5])` as well.
    if all(size == 1 for size in getattr(value, "shape", ())):
        while isinstance(plain, list):
            (plain,) = plain
    return plain
