"""Questions about the types of arrays, which are answered while compiling."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.primitives.lowering import lowers
from gradgen.primitives.registry import Handle

WEAK = {"b": False, "i": 1, "f": 0.5, "c": 1j}
"""An example for each kind of Python numbers."""


def _example(x: Any) -> Any:
    """Return what stands for an array or number where its type alone counts."""
    if not isinstance(x, Handle):
        return x
    return WEAK[x.dtype.kind] if x.type.weak else x.dtype


@lowers(np.result_type)
def _result_type(*arrays_and_dtypes: Any) -> Any:
    return np.result_type(*map(_example, arrays_and_dtypes))


@lowers(np.common_type)
def _common_type(*arrays: Any) -> Any:
    examples = [
        np.empty(0, np.asarray(_example(x)).dtype if _is_weak(x) else x.dtype)
        for x in arrays
    ]
    return np.common_type(*examples)


def _is_weak(x: Any) -> bool:
    return not isinstance(x, Handle) or x.type.weak


@lowers(np.iterable)
def _iterable(y: Any) -> bool:
    return not isinstance(y, Handle) or y.rank > 0


@lowers(np.isscalar)
def _isscalar(element: Any) -> bool:
    if not isinstance(element, Handle):
        return False
    if not element.rank and not element.type.weak:
        raise Refusal(
            "np.isscalar of what may be an array without axes",
            "np.ndim(x) == 0, which holds for both",
        )
    return element.type.weak


@lowers(np.can_cast)
def _can_cast(from_: Any, to: Any, casting: Any = "safe") -> bool:
    if _is_weak(from_) and isinstance(from_, Handle):
        raise Refusal("np.can_cast of a number, whose type depends on its value")
    return np.can_cast(_example(from_), to, casting)


@lowers(np.min_scalar_type)
def _min_scalar_type(a: Any, /) -> Any:
    if isinstance(a, Handle) and not a.rank:
        raise Refusal("np.min_scalar_type of a number, of which the value decides")
    return a.dtype if isinstance(a, Handle) else np.min_scalar_type(a)


@lowers(np.broadcast_shapes)
def _broadcast_shapes(*args: Any) -> Any:
    if any(isinstance(n, Handle) for shape in args for n in _lengths(shape)):
        raise Refusal(
            "np.broadcast_shapes of lengths that are known at run time only",
            "the shape of a sum of the arrays",
        )
    return np.broadcast_shapes(*args)


def _lengths(shape: Any) -> Any:
    return shape if isinstance(shape, list | tuple) else (shape,)
