"""Calls of reductions, statistics and norms."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tests.primitives.calls.call import (
    AXES,
    F32,
    FLAGS,
    INTS,
    POSITIVE,
    SIMPLE_AXES,
    Call,
    Known,
    M,
    T,
    V,
    W,
)


def calls() -> Iterator[Call]:
    for name in "sum mean max min amax amin any all ptp prod var std".split():
        function = getattr(np, name)
        for axis in AXES:
            if axis == () and name in ("ptp", "var", "std"):
                continue
            yield Call(function, (T,), {"axis": axis})
            yield Call(function, (T,), {"axis": axis, "keepdims": True})
        yield Call(function, (F32, 1))
        yield Call(function, (INTS,), {"axis": 0})
        yield Call(function, ([0.5, 1.5, -1.0],))
        if name not in ("var", "std"):
            yield Call(function, (1.5,))
            yield Call(function, (np.float32(1.5),))
    for name in ("sum", "prod", "mean", "var", "cumsum", "cumprod"):
        yield Call(getattr(np, name), (F32,), {"dtype": Known(np.float64), "axis": 0})
        yield Call(getattr(np, name), (INTS.astype(np.int8),), {"axis": 0})
    yield Call(np.sum, (FLAGS,))
    yield Call(np.mean, (FLAGS,), {"axis": 1})
    yield Call(np.sum, (INTS.astype(np.uint8),))
    for name in ("argmax", "argmin", "count_nonzero"):
        for axis in SIMPLE_AXES:
            yield Call(getattr(np, name), (T,), {"axis": axis})
            yield Call(getattr(np, name), (T,), {"axis": axis, "keepdims": True})
    for ddof in (0, 1, 2):
        yield Call(np.var, (T,), {"axis": (0, 2), "ddof": ddof})
        yield Call(np.std, (T,), {"axis": 1, "ddof": ddof})
    for name in ("cumsum", "cumprod"):
        for axis in SIMPLE_AXES:
            yield Call(getattr(np, name), (T,), {"axis": axis})
    for axis in SIMPLE_AXES:
        yield Call(np.median, (T,), {"axis": axis})
        yield Call(np.average, (T,), {"axis": axis})
        yield Call(np.average, (T,), {"axis": axis, "weights": T * T})
        yield Call(np.average, (T,), {"axis": axis, "weights": T * T, "keepdims": True})
    yield Call(np.average, (T,), {"axis": 1, "weights": POSITIVE[:, 0]})
    yield Call(np.average, (V,), {"weights": W * W})
    for axis in (None, 0, -1):
        yield Call(np.linalg.norm, (M,), {"axis": axis})
        yield Call(np.linalg.norm, (M,), {"axis": axis, "keepdims": True})
    yield Call(np.linalg.norm, (T,))
    yield Call(np.linalg.norm, (T,), {"axis": (0, 2)})
    yield Call(np.linalg.norm, (M, "fro"))
    yield Call(np.linalg.norm, (INTS,))
    for order in (1, 2, 3, 2.5, np.inf, -np.inf):
        yield Call(np.linalg.norm, (V, Known(order)))
        yield Call(np.linalg.norm, (T,), {"ord": Known(order), "axis": 1})
    yield Call(np.size, (M,))
    yield Call(np.size, (M, 1))
    yield Call(np.ndim, (M,))
    yield Call(np.shape, (M,))


REFUSED = (
    Call(np.linalg.norm, (M, 3)),
    Call(np.linalg.norm, (V, "nuc")),
    Call(np.linalg.norm, (T, 2)),
    Call(np.sum, (M,), {"axis": 2}),
    Call(np.sum, (M,), {"axis": (0, 0)}),
    Call(np.sum, (M,), {"axis": 0.5}),
)
