"""Calls that ask about arrays: which are equal, what is among others, of what type."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tests.primitives.calls.call import F32, Call, Known, M, T, V

ENDS = np.array([np.inf, -np.inf, np.nan, 1.5])
PLACES = (np.array([2, 0]), np.array([1, 3]))


def calls() -> Iterator[Call]:
    for function in (np.isposinf, np.isneginf):
        yield Call(function, (ENDS,))
        yield Call(function, (1.5,))
    for function in (np.array_equal, np.array_equiv):
        yield Call(function, (M, M + 0.0))
        yield Call(function, (M, V))
    yield Call(np.array_equal, (ENDS, ENDS), {"equal_nan": True})
    yield Call(np.allclose, (M, M + 1e-9))
    yield Call(np.allclose, (M + 10.0, M + 10.3))
    yield Call(np.allclose, (M, V), {"rtol": 0.5, "atol": 0.1})
    yield Call(np.allclose, (ENDS, ENDS), {"equal_nan": True})
    yield Call(np.isin, (M, M[1]))
    yield Call(np.isin, (M, [0.5, 1.5]), {"invert": True})
    yield Call(np.isin, (np.array([1, 7]), np.array([2, 7])), {"kind": "sort"})
    yield Call(np.isin, (1.5, ENDS), {"assume_unique": True})
    yield Call(np.lexsort, ((V, np.round(V)),))
    for axis in (0, -1):
        yield Call(np.lexsort, ((T, np.round(T)),), {"axis": axis})
    yield Call(np.lexsort, ((F32,),))
    for options in ({}, {"order": "F"}, {"mode": ("wrap", "clip")}):
        yield Call(np.ravel_multi_index, (PLACES, (3, 4)), options)
    yield Call(np.ravel_multi_index, ((5, 2), (3, 4)), {"mode": "wrap"})
    for order in ("C", "F"):
        yield Call(np.unravel_index, (PLACES[1], (3, 4)), {"order": order})
    yield Call(np.unravel_index, (5, (3, 2, 2)))
    for function in (np.isscalar, np.iterable):
        yield Call(function, (M,))
        yield Call(function, (1.5,))
    yield Call(np.result_type, (F32, 1.5))
    yield Call(np.result_type, (F32, Known(np.int64), M))
    yield Call(np.common_type, (F32, M))
    yield Call(np.can_cast, (F32, Known(np.float64)))
    yield Call(np.can_cast, (M, Known(np.float32)), {"casting": "same_kind"})
    yield Call(np.min_scalar_type, (F32,))
    yield Call(np.broadcast_shapes, ((3, 1), (1, 4), 4))


REFUSED = (
    Call(np.lexsort, ((0.5, 1.5),)),
    Call(np.ravel_multi_index, ((V, V), (3, 4))),
    Call(np.ravel_multi_index, (PLACES, (3, 4, 5))),
    Call(np.unravel_index, (PLACES[0], (3,))),
    Call(np.can_cast, (1.5, Known(np.float32))),
    Call(np.min_scalar_type, (1.5,)),
    Call(np.isscalar, (np.float64(1.5),)),
)
