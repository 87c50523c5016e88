"""Calls of differences and gradients, and of products of vectors."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tests.primitives.calls.call import F32, INTS, Call, Known, M, N, T, V, W, reals

X = np.array([0.0, 0.3, 1.0, 1.8])
A, B, C, D = reals(4, 3), reals(3), reals(3, 4), reals(4, 3, 3)


def differences() -> Iterator[Call]:
    yield Call(np.diff, (T,), {"axis": 1, "prepend": 0.5})
    yield Call(np.diff, (T,), {"axis": 0, "append": T[:1]})
    yield Call(np.diff, (V,), {"n": 2, "prepend": Known(0), "append": W})
    yield Call(np.ediff1d, (M,))
    yield Call(np.ediff1d, (M, 0.5))
    yield Call(np.ediff1d, (V,), {"to_begin": W, "to_end": [0.5, 1.5]})
    for order in (1, 2):
        for axis in (None, 0, -1, (0, 1)):
            yield Call(np.gradient, (C,), {"axis": axis, "edge_order": order})
        yield Call(np.gradient, (V, 0.5), {"edge_order": order})
        yield Call(np.gradient, (V, X), {"edge_order": order})
        yield Call(np.gradient, (C, 0.5, X), {"edge_order": order})
        yield Call(np.gradient, (F32, 0.5), {"axis": 0, "edge_order": order})
    yield Call(np.gradient, (INTS,), {"axis": 1})


def products() -> Iterator[Call]:
    for pair in ((A, B), (B, A), (A, 2 * A)):
        yield Call(np.cross, pair)
    yield Call(np.cross, (C, A), {"axisa": 0})
    yield Call(np.cross, (C, A), {"axisa": 0, "axisc": 0})
    yield Call(np.cross, (D, D * D), {"axis": 1})
    yield Call(np.cross, (A, C), {"axisb": 0})
    for pair in ((V, W), (M, N), (V, M), (T, M), (1.5, V)):
        yield Call(np.kron, pair)
    yield Call(np.vecdot, (M, V))
    yield Call(np.vecdot, (T, M))
    yield Call(np.vecdot, (T, 2 * T), {"axis": -2})
    yield Call(np.vecdot, (T, 2 * T), {"axis": 0})
    yield Call(np.vecdot, (M, T[0, :, 0]), {"axis": 0})
    if hasattr(np, "matvec"):
        for pair in ((M, V), (T, V), (T, reals(2, 4))):
            yield Call(np.matvec, pair)
        for pair in ((V, N), (B, T), (reals(2, 3), T)):
            yield Call(np.vecmat, pair)
    for function in (np.convolve, np.correlate):
        for mode in ("full", "same", "valid"):
            for pair in ((V, B), (B, V), (V, W), (reals(6), reals(2))):
                yield Call(function, pair, {"mode": mode})
    yield Call(np.convolve, (V, 1.5))


def calls() -> Iterator[Call]:
    yield from differences()
    yield from products()


REFUSED = (
    Call(np.gradient, (V,), {"edge_order": 3}),
    Call(np.cross, (1.5, B)),
    Call(np.convolve, (M, V)),
    Call(np.convolve, (V, V), {"mode": "wrap"}),
    Call(np.vecdot, (T, 1.5)),
    Call(np.ediff1d, (INTS,), {"to_end": 0.5}),
)
