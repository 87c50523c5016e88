"""Checks of arguments, for modules that are written to be used without gradgen.

They need NumPy alone, and are copied into such a module. Each says what to pass.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def check_array(
    x: Any,
    name: str,
    dtype: str,
    shape: tuple[int | str | None, ...],
    lengths: dict[str, int],
) -> None:
    """Raise unless ``x`` is an array of the dtype and shape that a function is for.

    A length is a number, a name that stands for one length of 2 or more, which
    ``lengths`` keeps, or None.

    Examples
    --------
    >>> check_array(np.ones((3, 2)), "x", "float64", ("n", 2), {})
    >>> check_array(np.ones(3), "x", "float32", ("n",), {})
    Traceback (most recent call last):
    ...
    TypeError: x must be an array of float32, not float64: pass x.astype('float32')
    """
    if type(x) is not np.ndarray:
        kind = type(x).__name__
        raise TypeError(f"{name} must be an array, not {kind}: pass np.asarray({name})")
    if x.dtype != dtype:
        raise TypeError(
            f"{name} must be an array of {dtype}, not {x.dtype}: "
            f"pass {name}.astype({dtype!r})"
        )
    if x.ndim != len(shape):
        raise TypeError(f"{name} must have rank {len(shape)}, not {x.ndim}")
    for axis, (length, expected) in enumerate(zip(x.shape, shape, strict=True)):
        check_length(f"{name}.shape[{axis}]", length, expected, lengths)


def check_length(
    name: str, length: int, expected: int | str | None, lengths: dict[str, int]
) -> None:
    """Raise unless an array has the length that is expected along an axis."""
    if isinstance(expected, str):
        if length < 2:
            raise ValueError(
                f"{name} is {length}, and this module is written for lengths of 2 or "
                f"more: write one for {length} in the place of {expected}"
            )
        expected = lengths.setdefault(expected, length)
    if expected is not None and length != expected:
        raise ValueError(f"{name} must be {expected}, not {length}")


def check_members(x: Any, name: str, kind: type, keys: int | tuple[Any, ...]) -> None:
    """Raise unless ``x`` is a container of a class, with a length or with keys.

    Examples
    --------
    >>> check_members([1.0], "p", list, 2)
    Traceback (most recent call last):
    ...
    TypeError: p must have 2 members, not 1
    """
    check_class(x, name, kind)
    if isinstance(keys, int):
        if len(x) != keys:
            raise TypeError(f"{name} must have {keys} members, not {len(x)}")
    elif list(map(repr, x)) != list(map(repr, keys)):
        raise TypeError(f"{name} must have the keys {keys}, not {tuple(x)}")


def check_record(x: Any, name: str, kind: type, count: int) -> None:
    """Raise unless ``x`` is a record of a class with no more than its own fields.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> check_record(SimpleNamespace(a=1, b=2), "p", SimpleNamespace, 1)
    Traceback (most recent call last):
    ...
    TypeError: p must have 1 fields and no other attributes
    """
    check_class(x, name, kind)
    own = 0 if isinstance(x, tuple) else count
    if len(getattr(x, "__dict__", ())) > own:
        raise TypeError(f"{name} must have {count} fields and no other attributes")


def check_class(x: Any, name: str, kind: type) -> None:
    """Raise unless ``x`` is of this very class."""
    if type(x) is not kind:
        raise TypeError(f"{name} must be {kind.__name__}, not {type(x).__name__}")


def check_value(x: Any, name: str, value: Any) -> None:
    """Raise unless ``x`` is the value that a function was written for.

    Examples
    --------
    >>> check_value(True, "order", 1)
    Traceback (most recent call last):
    ...
    TypeError: order must be 1, for which this module is written, not True
    """
    if type(x) is not type(value) or x != value:
        raise TypeError(
            f"{name} must be {value!r}, for which this module is written, not {x!r}"
        )


def number_of(x: Any, name: str, kind: type) -> Any:
    """Return a number as one of Python's, where it is the same number.

    Examples
    --------
    >>> number_of(np.float64(2.5), "x", float), number_of(2, "x", float)
    (2.5, 2.0)
    >>> number_of(2.0, "n", int)
    Traceback (most recent call last):
    ...
    TypeError: n must be int, not float
    """
    if type(x) is kind:
        return x
    taken: dict[type, tuple[type, ...]] = {
        int: (np.int64,),
        float: (int, np.int64, np.float32, np.float64),
        complex: (int, float, np.int64, np.float64, np.complex128),
    }
    if type(x) not in taken[kind]:
        raise TypeError(f"{name} must be {kind.__name__}, not {type(x).__name__}")
    return kind(x)


def check_apart(x: Any, name: str, others: dict[str, Any]) -> None:
    """Raise if an array that is written to shares memory, with itself or with others.

    Examples
    --------
    >>> a = np.zeros(4)
    >>> check_apart(a[:2], "x", {"y": a[2:]})
    >>> check_apart(a, "x", {"y": a[2:]})
    Traceback (most recent call last):
    ...
    ValueError: x is written to and may share memory with y: pass a copy of one
    """
    if overlaps_itself(x):
        raise ValueError(
            f"{name} is written to, and several of its elements share one place in "
            f"memory: pass {name}.copy()"
        )
    for other, y in others.items():
        if np.may_share_memory(x, y):
            raise ValueError(
                f"{name} is written to and may share memory with {other}: pass a "
                "copy of one"
            )


def overlaps_itself(x: Any) -> bool:
    """Tell whether elements of ``x`` may share a place.

    Examples
    --------
    >>> overlaps_itself(np.zeros((3, 4)).T)
    False
    >>> overlaps_itself(np.lib.stride_tricks.as_strided(np.zeros(4), (3, 2), (8, 8)))
    True
    """
    axes = sorted(zip(map(abs, x.strides), x.shape, strict=True))
    reach = x.itemsize
    for stride, length in axes:
        if length > 1:
            if stride < reach:
                return bool(x.size)
            reach = stride * (length - 1) + reach
    return False


def check_shape(bar: Any, name: str, value: Any) -> None:
    """Raise unless a cotangent has the shape of what it belongs to."""
    if np.shape(bar) != np.shape(value):
        raise ValueError(
            f"{name} must have the shape {np.shape(value)}, not {np.shape(bar)}"
        )
