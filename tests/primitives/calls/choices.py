"""Calls that choose, sort, take and compare."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import numpy as np

from tests.primitives.calls.call import F32, Call, Known, M, T, V

NAN = np.array([np.nan, 1.5, np.inf, -np.inf])


def calls() -> Iterator[Call]:
    for bounds in ((-0.5, 0.5), (None, 0.5), (-0.5, None), (V - 3, V + 3), (0, 1)):
        yield Call(np.clip, (M, *bounds))
    yield Call(np.clip, (F32, -0.5, 0.5))
    if "min" in inspect.signature(np.clip).parameters:
        yield Call(np.clip, (M,), {"min": -0.5})
        yield Call(np.clip, (M,), {"max": V - 1, "min": -0.5})
    yield Call(np.clip, (0.7, 0.0, 1.0))
    yield Call(np.where, (M > 0, M, V))
    yield Call(np.where, (M > 0, F32, 0.0))
    yield Call(np.where, (Known(True), 1.5, 2.5))
    yield Call(np.select, ([M > 1, M > 0], [M, 2 * M]))
    yield Call(np.select, ([M > 1, M > 0], [M, 2 * M], 0.5))
    yield Call(np.nan_to_num, (M,))
    yield Call(np.nan_to_num, (NAN,), {"posinf": Known(9.0), "neginf": Known(-9.0)})
    yield Call(np.nan_to_num, (0.5,), {"nan": Known(1.0), "posinf": Known(9.0)})
    for decimals in (0, 2):
        yield Call(np.round, (M, decimals))
        yield Call(np.around, (0.678, decimals))
    for axis in (0, 1, -1, None):
        yield Call(np.sort, (M,), {"axis": axis})
        yield Call(np.argsort, (M,), {"axis": axis})
    yield Call(np.argsort, (V,), {"kind": "stable"})
    index = np.array([[1, 0], [2, 2]])
    for axis in (None, 0, 1, -1):
        yield Call(np.take, (M, index), {"axis": axis})
    yield Call(np.take, (V, 2))
    yield Call(np.take_along_axis, (M, np.argsort(M, 0), 0))
    yield Call(np.take_along_axis, (M, np.argsort(M, 1), 1))
    yield Call(np.take_along_axis, (M, np.array([3, 1]), None))
    for n in (0, 1, 2):
        yield Call(np.diff, (T,), {"n": n})
    yield Call(np.diff, (T,), {"axis": 0})
    for axis in (0, -1):
        yield Call(np.trapezoid, (T,), {"axis": axis})
    yield Call(np.trapezoid, (T, V))
    yield Call(np.trapezoid, (T, T * T))
    yield Call(np.trapezoid, (V,), {"dx": 0.5})


REFUSED = (Call(np.take, (M, V)),)
