"""Calls of reductions of chosen elements, with a first value, about a given mean."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tests.primitives.calls.call import F32, INTS, Call, Known, M, T

MASK = np.arange(24).reshape(2, 3, 4) % 5 != 1
ROWS = np.array([[True], [False], [True]])
SOME = np.array([True, False, True, True])
EMPTY = np.zeros((0, 4))


def calls() -> Iterator[Call]:
    for name in ("sum", "prod", "mean", "var", "std"):
        function = getattr(np, name)
        yield Call(function, (T,), {"axis": 0, "where": MASK})
        yield Call(function, (T,), {"axis": (0, 2), "where": SOME, "keepdims": True})
        yield Call(function, (F32,), {"where": SOME})
    for name in ("sum", "prod", "max", "min"):
        function = getattr(np, name)
        for initial in (0.5, Known(0.5), Known(-4)):
            yield Call(function, (T,), {"axis": 1, "initial": initial})
            yield Call(function, (T,), {"where": MASK, "initial": initial})
        yield Call(function, (F32,), {"axis": 1, "initial": 0.25, "keepdims": True})
        yield Call(function, (INTS,), {"axis": 0, "initial": 3})
        yield Call(function, (EMPTY,), {"axis": 0, "initial": 0.5})
    for name in ("any", "all"):
        yield Call(getattr(np, name), (T > 0,), {"axis": 0, "where": MASK})
        yield Call(getattr(np, name), (M,), {"where": SOME, "keepdims": True})
    for name in ("var", "std"):
        function, center = getattr(np, name), np.mean(T, axis=1, keepdims=True) + 0.1
        yield Call(function, (T,), {"axis": 1, "correction": 1})
        yield Call(function, (T,), {"axis": 1, "mean": center, "ddof": 1})
        yield Call(function, (M,), {"mean": np.array([[0.3]])})
        yield Call(function, (T,), {"axis": 1, "where": ROWS, "ddof": 1})


REFUSED = (
    Call(np.max, (INTS,), {"initial": Known(0.5)}),
    Call(np.var, (M,), {"ddof": 1, "correction": 2}),
    Call(np.var, (M,), {"ddof": Known(0.5)}),
)
