"""What a compiled program depends on: the types of a call's arguments."""

from __future__ import annotations

import enum
import functools
import types
from collections.abc import Hashable
from typing import Any

import numpy as np

from gradgen.ir.abstract import axes_of_curve, is_array_like, is_sparse
from gradgen.ir.tree import record_fields

Key = tuple[Hashable, ...]

BY_VALUE = (
    bool,
    str,
    bytes,
    range,
    type,
    np.ufunc,
    enum.Enum,
    types.FunctionType,
    types.BuiltinFunctionType,
    types.ModuleType,
    types.EllipsisType,
)
"""Types of objects that are folded into a program, and so belong to its key."""

LIBRARIES = frozenset({"builtins", "functools", "numpy", "operator", "itertools"})
"""Modules whose callable objects are folded like functions."""


def is_by_value(value: Any) -> bool:
    """Tell whether a program is compiled for this very object, not for its type."""
    if isinstance(value, BY_VALUE):
        return True
    if isinstance(value, slice | frozenset | np.dtype):
        return True
    if isinstance(value, int) and type(value) is not int:
        return True
    library = type(value).__module__.partition(".")[0] in LIBRARIES
    return library and callable(value) and not isinstance(value, functools.partial)


def _value_key(value: Any) -> Hashable:
    """Return what tells an object from others; equal constants are the same."""
    if isinstance(value, slice):
        return tuple((type(x), x) for x in (value.start, value.stop, value.step))
    if isinstance(value, frozenset):
        return tuple(sorted(map(repr, value)))
    if isinstance(value, np.dtype):
        return value.str, str(value)
    found: Hashable = value
    return found


def describe(value: Any, parts: list[Any], integers: list[int]) -> None:
    """Append to ``parts`` what tells ``value`` from arguments of other types.

    Arrays are described by dtype and shape. Ints are collected in ``integers``, since
    a program may be compiled for the value of one.

    Examples
    --------
    >>> parts, integers = [], []
    >>> describe([2.0, 7], parts, integers)
    >>> parts, integers
    ([<class 'list'>, 2, <class 'float'>, <class 'int'>], [7])
    """
    kind = type(value)
    if kind is np.ndarray:
        parts.append(value.dtype)
        parts.append(value.shape)
    elif kind is float or value is None:
        parts.append(kind)
    elif kind is tuple or kind is list:
        parts.append(kind)
        parts.append(len(value))
        for part in value:
            describe(part, parts, integers)
    elif kind is int:
        parts.append(int)
        integers.append(value)
    else:
        _describe_other(value, kind, parts, integers)


def _describe_other(
    value: Any, kind: type, parts: list[Any], integers: list[int]
) -> None:
    if kind is dict:
        parts.append(dict)
        parts.append(tuple(map(_dict_key, value)))
        for part in value.values():
            describe(part, parts, integers)
        return
    parts.append(kind)
    if is_by_value(value):
        parts.append((_value_key(value),))
        return
    fields = record_fields(value)
    if fields is not None:
        for name in fields:
            describe(getattr(value, name), parts, integers)
    elif is_array_like(value) or is_sparse(value):
        parts.append(value.dtype)
        parts.append(tuple(value.shape))
    else:
        parts.append(axes_of_curve(value))


def _dict_key(key: Hashable) -> Hashable:
    """Tell apart keys that are equal but print differently, such as 1 and True."""
    return key if type(key) is str else (type(key), key)


def generalise(key: Key) -> Key:
    """Return ``key`` with lengths left out, but for those that are 0 or 1.

    A program serves all lengths that do not broadcast, and of which there is a mean.

    Examples
    --------
    >>> generalise((np.dtype("f8"), (5, 1, 3)))
    (dtype('float64'), (None, 1, None))
    """
    parts = list(key)
    for i in range(1, len(parts)):
        shape = parts[i]
        if isinstance(parts[i - 1], np.dtype) and type(shape) is tuple:
            parts[i] = tuple(n if n <= 1 else None for n in shape)
    return tuple(parts)
