"""Calls that shape arrays and join them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tests.primitives.calls.call import (
    F32,
    SIMPLE_AXES,
    Call,
    Known,
    M,
    N,
    T,
    V,
    W,
    reals,
)


def shapes() -> Iterator[Call]:
    yield Call(np.reshape, (T, (4, 6)))
    yield Call(np.reshape, (T, (2, -1)))
    yield Call(np.reshape, (T, -1))
    yield Call(np.reshape, (T, (-1, 4)), {"order": "C"})
    yield Call(np.reshape, (1.5, (1, 1)))
    yield Call(np.reshape, (V[:1], ()))
    for function in (
        np.real,
        np.imag,
        np.ravel,
        np.copy,
        np.transpose,
        np.squeeze,
        np.fliplr,
        np.flipud,
    ):
        yield Call(function, (M,))
    yield Call(np.transpose, (T, (1, 2, 0)))
    yield Call(np.transpose, (T, [-1, 0, 1]))
    yield Call(np.swapaxes, (T, 0, -1))
    yield Call(np.matrix_transpose, (T,))
    yield Call(np.moveaxis, (T, 0, -1))
    yield Call(np.moveaxis, (T, [0, 1], [-1, 0]))
    for axis in (0, -1, 1, (0, 3), (-1, 0)):
        yield Call(np.expand_dims, (M, axis))
    yield Call(np.expand_dims, (1.5, 0))
    yield Call(np.squeeze, (M[:, None, :1],))
    yield Call(np.squeeze, (M[:, None, :1], 1))
    yield Call(np.squeeze, (M[:1, :1], (0, 1)))
    for function in (np.atleast_1d, np.atleast_2d):
        yield Call(function, (1.5,))
        yield Call(function, (V, M))
    yield Call(np.broadcast_to, (V, (3, 4)))
    yield Call(np.broadcast_to, (1.5, (3, 4)))
    for axis in (None, 0, -1, (0, 2)):
        yield Call(np.flip, (T, axis))
    for shift, axis in (
        (1, None),
        (-5, 0),
        (2, -1),
        ((1, 2), (0, 1)),
        (1, (0, 2)),
        ((1, 2), 1),
    ):
        yield Call(np.roll, (T, shift, axis))
    for axis in SIMPLE_AXES:
        yield Call(np.repeat, (T, 2, axis))
    yield Call(np.repeat, (1.5, 3))
    for reps in (2, (2,), (2, 3), (1, 2, 3, 2), [2, 1]):
        yield Call(np.tile, (M, reps))
    for k in (0, 1, -1):
        for function in (np.tril, np.triu, np.diag, np.diagonal, np.trace):
            yield Call(function, (M, k))
        yield Call(np.diag, (V, k))
    if hasattr(np, "astype"):
        yield Call(np.astype, (M, Known(np.float32)))
    for dtype in "?bhilqBHILQfd":
        yield Call(np.dtype(dtype).type, (abs(M) + 1,), smooth=dtype == "d")
    yield Call(np.float64, (1.5,))
    yield Call(np.float64, (np.float32(1.5),), smooth=False)


def joins() -> Iterator[Call]:
    for function in (np.array, np.asarray, np.asanyarray, np.ascontiguousarray):
        yield Call(function, (M,))
        yield Call(function, ([1.5, np.float64(2.5), 3],))
        yield Call(function, ([[1.5, 2.5], [3, 4.5]],))
        yield Call(function, ([V, W],))
        yield Call(function, (M, Known(np.float32)), smooth=False)
    yield Call(np.array, (1.5,))
    for axis in (0, 1, -1):
        yield Call(np.concatenate, ([M, 2 * M],), {"axis": axis})
        yield Call(np.stack, ([M, M, 2 * M],), {"axis": axis})
        yield Call(np.split, (reals(6, 6), 3), {"axis": axis})
        yield Call(np.split, (M, [1, 2]), {"axis": axis})
    yield Call(np.concatenate, ([M, N],), {"axis": None})
    yield Call(np.concatenate, ([V, F32[0]],), {"dtype": Known(np.float64)}, False)
    yield Call(np.concatenate, ([V[:0], V],))
    for function in (np.vstack, np.hstack, np.column_stack):
        yield Call(function, ([V, W],))
        yield Call(function, ([M, 2 * M],))
    yield Call(np.hstack, ([1.5, V],))
    yield Call(np.meshgrid, (V, W[:3]))
    yield Call(np.meshgrid, (V, W[:3], V[:2]), {"indexing": "ij"})
    yield Call(np.meshgrid, (V, W[:3]), {"sparse": True})


def calls() -> Iterator[Call]:
    yield from shapes()
    yield from joins()


REFUSED = (
    Call(np.repeat, (V, Known([1, 2, 3, 4]))),
    Call(np.diag, (T,)),
    Call(np.reshape, (M, (-1, -1))),
    Call(np.stack, (M,)),
)
