"""Result types of elementwise functions: NumPy's broadcasting and promotion."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.ir.dims import Dims
from gradgen.ir.types import (
    BOOL,
    FLOAT,
    PY_BOOL,
    PY_COMPLEX,
    PY_FLOAT,
    PY_INT,
    Scalar,
    Shape,
    Type,
    is_complex,
    may_be_one,
    tensor,
)
from gradgen.primitives.registry import Attrs
from gradgen.primitives.ufuncs import place_of


def broadcast(dims: Dims, shapes: Sequence[Shape]) -> Shape:
    """Return the shape of NumPy's broadcast, and assume what it takes for granted.

    Of two symbolic dimensions known not to be 1, equality is assumed: NumPy raises
    otherwise. A dimension that may turn out to be 1 gives way to one that cannot.
    """
    if not any(shapes):
        return ()
    rank = max(len(shape) for shape in shapes)
    padded = [(1,) * (rank - len(shape)) + tuple(shape) for shape in shapes]
    return tuple(_broadcast_axis(dims, axis) for axis in zip(*padded, strict=True))


def _broadcast_axis(dims: Dims, axis: Sequence[Any]) -> Any:
    proper = [dim for dim in axis if dim != 1 and not may_be_one(dims.resolve(dim))]
    for other in proper[1:]:
        dims.assume_equal(proper[0], other)
    if proper:
        return dims.resolve(proper[0])
    derived = {dims.resolve(dim) for dim in axis} - {1}
    if len(derived) > 1:
        return dims.fresh()
    return derived.pop() if derived else 1


def elementwise_dtype(ufunc: np.ufunc, types: Sequence[Any]) -> np.dtype:
    """Return the result dtype of ``ufunc`` by NumPy 2's promotion rules."""
    asked = [_asked(type_) for type_ in types]
    try:
        resolved = ufunc.resolve_dtypes((*asked, *(None,) * ufunc.nout))
    except TypeError as error:
        names = ", ".join(map(str, types))
        raise Refusal(f"{place_of(ufunc)} does not take ({names})") from error
    dtype: np.dtype = resolved[len(types)]
    return dtype


def _asked(type_: Any) -> Any:
    if not isinstance(getattr(type_, "dtype", None), np.dtype):
        raise Refusal(f"a value of type {type_} is no number")
    if not type_.weak or type_.dtype == BOOL:
        return type_.dtype
    return {"i": int, "f": float, "c": complex}[type_.dtype.kind]


SCALAR_LIBRARIES = {"math": PY_FLOAT, "cmath": PY_COMPLEX}


def elementwise_type(
    ufunc: np.ufunc, dims: Dims, types: Sequence[Any], attrs: Attrs
) -> Type:
    """Type rule of a ufunc; ``lib`` marks the function of ``math`` or ``cmath``."""
    if attrs.get("lib") in SCALAR_LIBRARIES:
        return _math_type(ufunc, types, attrs["lib"])
    dtype = elementwise_dtype(ufunc, types)
    return tensor(dtype, broadcast(dims, [type_.shape for type_ in types]))


def _math_type(ufunc: np.ufunc, types: Sequence[Any], library: str) -> Type:
    if not all(isinstance(type_, Scalar) for type_ in types):
        raise Refusal(
            f"functions of {library} take single numbers", "the function of np"
        )
    if library == "math" and any(map(is_complex, types)):
        raise Refusal("functions of math take real numbers", "the function of cmath")
    if elementwise_dtype(ufunc, types) == BOOL:
        return PY_BOOL
    return SCALAR_LIBRARIES[library]


def operator_type(
    ufunc: np.ufunc, dims: Dims, types: Sequence[Any], attrs: Attrs
) -> Type:
    """Type rule of a Python operator: Python numbers give a Python number.

    A Python complex number on the left does its own arithmetic with ``np.float64``,
    which is a Python float, too.
    """
    if attrs.get("lib") != "np" and list(types) == [PY_COMPLEX, Scalar(FLOAT)]:
        return _weak_result(ufunc, types)
    return support_type(ufunc, dims, types, attrs)


def support_type(
    ufunc: np.ufunc, dims: Dims, types: Sequence[Any], attrs: Attrs
) -> Type:
    """Type rule of functions that return Python numbers if all they get are such."""
    if attrs.get("lib") != "np" and all(getattr(t, "weak", False) for t in types):
        return _weak_result(ufunc, types)
    return elementwise_type(ufunc, dims, types, {})


def _weak_result(ufunc: np.ufunc, types: Sequence[Any]) -> Type:
    dtype = elementwise_dtype(ufunc, types)
    if dtype == BOOL and ufunc in (np.add, np.multiply):
        return PY_INT
    by_kind = {"b": PY_BOOL, "i": PY_INT, "f": PY_FLOAT, "c": PY_COMPLEX}
    return by_kind[dtype.kind]


def common_dtype(types: Sequence[Any]) -> np.dtype:
    """Return the dtype that all operands together have; Python numbers adapt to it.

    Taking two at a time would not do: an int8 and a Python float make a float64, which
    a float32 that comes third must not become.
    """
    asked = [_asked(type_) for type_ in types]
    dtype: np.dtype = np.result_type(
        *(one if isinstance(one, np.dtype) else one() for one in asked)
    )
    return dtype


def joined_dtype(types: Sequence[Any]) -> np.dtype:
    """Return the dtype of arrays put together; Python numbers count as arrays here."""
    dtype: np.dtype = np.result_type(*(type_.dtype for type_ in types))
    return dtype


def dtype_of(given: Any) -> np.dtype:
    """Return the dtype that a user names: a dtype, a type or a string."""
    try:
        dtype: np.dtype = np.dtype(given)
    except TypeError:
        raise Refusal(f"{given!r} is no dtype that is known when compiling") from None
    if dtype.kind not in "biufc":
        raise Refusal(
            f"the dtype {dtype} is not supported", "a dtype of numbers or booleans"
        )
    return dtype


def check_field(source: Any, dtype: np.dtype) -> None:
    """Refuse to make real numbers of complex ones, of which NumPy warns."""
    if is_complex(source) and dtype.kind != "c":
        raise Refusal(
            f"the dtype {dtype} discards the imaginary part of complex numbers",
            "z.real",
        )
