"""Calls that put arrays together, take them apart, pad them and pick from them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradgen.primitives.ufuncmethods import BINARY
from tests.primitives.calls.call import INTS, Call, Known, M, N, S, T, V, W, reals

A = np.ndarray
windows = np.lib.stride_tricks.sliding_window_view
strided = np.lib.stride_tricks.as_strided
LEFT, RIGHT = np.array([0.4, 1.9]), np.array([1.1, 0.7, 2.6])
PLACES = np.array([[1, 0, 2], [0, 1, 1]])


def joined() -> Iterator[Call]:
    for axis in (None, 0, -1):
        yield Call(np.append, (M, 2 * M), {"axis": axis})
    yield Call(np.append, (V, 1.5))
    yield Call(np.dstack, ([M, 2 * M],))
    yield Call(np.dstack, ([V, W],))
    yield Call(np.atleast_3d, (1.5,))
    yield Call(np.atleast_3d, (V, M, T))
    yield Call(np.block, ([V, 1.5, W],))
    yield Call(np.block, ([[M, 2 * M], [3 * M, M]],))
    yield Call(np.block, ([[V, W], [W, V]],))
    yield Call(np.block, (M,))
    yield Call(np.broadcast_arrays, (M, V, 1.5))
    yield Call(np.broadcast_arrays, (M[:, :1], V))
    for shape in (5, (3, 5), (2, 2)):
        yield Call(np.resize, (M, shape))
    yield Call(np.resize, (1.5, 3))
    for place in (0, 2, -1, [1], [0, 2], [1, 1, 4]):
        yield Call(np.insert, (V, place, 1.5))
    for axis in (0, 1, -1):
        yield Call(np.insert, (S, 1, V[:3]), {"axis": axis})
        yield Call(np.insert, (S, [1], S), {"axis": axis})
    yield Call(np.insert, (S, [0, 2], S[:2], 0))
    yield Call(np.insert, (S, [0, 2], S[:, :2], 1))
    yield Call(np.insert, (M, 3, 0.5))
    for place in (0, -1, [0, 2], [1, 1], slice(1, 3)):
        yield Call(np.delete, (V, place))
    yield Call(np.delete, (M, 1), {"axis": 0})
    yield Call(np.delete, (M, [0, -1]), {"axis": 1})
    yield Call(np.delete, (M, 5))


def histograms() -> Iterator[Call]:
    edges = Known([0.25, 0.9, 1.4, 3.0])
    yield Call(np.histogram, (M, 3, (-1.5, 1.0)), {"weights": M * M})
    yield Call(np.histogram, (V, edges), {"weights": W})
    dense = {"weights": W * W, "density": True}
    yield Call(np.histogram, (V, edges), dense, smooth=False)
    yield Call(np.histogram, (V, np.array([0.25, 1.2, 3.0])), {"density": True})
    yield Call(np.histogram, (INTS, 4, (-0.7, 6.4)))
    yield Call(np.histogram_bin_edges, (V, 4, (-1.0, 2.5)))


def parts() -> Iterator[Call]:
    for axis in (0, 1, -1):
        yield Call(np.array_split, (M, 2), {"axis": axis})
        yield Call(np.array_split, (reals(7, 7), 3), {"axis": axis})
        yield Call(np.array_split, (M, [1, 2]), {"axis": axis})
    for function, count in ((np.hsplit, 3), (np.vsplit, 2), (np.dsplit, 2)):
        yield Call(function, (T, count))
        yield Call(function, (T, [1]))
    yield Call(np.hsplit, (V, 2))
    if hasattr(np, "unstack"):
        yield Call(np.unstack, (M[:1],))
        yield Call(np.unstack, (T[:1, :, :1],), {"axis": -1})
    yield Call(np.trim_zeros, (V,))
    for trim in ("fb", "f", "B"):
        yield Call(np.trim_zeros, (np.array([0, 1, 0, 2, 0, 0]), trim))
    for axis, start in ((0, 2), (2, 0), (1, 3), (-1, -2)):
        yield Call(np.rollaxis, (T, axis, start))
    for k in (1, 0, 2, 3, -1):
        yield Call(np.rot90, (M, k))
    yield Call(np.rot90, (T, 1, (2, 0)))
    for axes in ((0, 1), (0, 2), (2, 1)):
        for function in (np.diagonal, np.trace, A.diagonal, A.trace):
            yield Call(function, (T, 0, *axes))
            yield Call(
                function, (T,), {"offset": 1, "axis1": axes[0], "axis2": axes[1]}
            )
    yield Call(np.diagflat, (V,))
    yield Call(np.diagflat, (M, -1))
    yield Call(windows, (V, 2))
    yield Call(windows, (M, (2, 3)))
    yield Call(windows, (T, 2), {"axis": 1})
    yield Call(windows, (T, (2, 3)), {"axis": (-1, 1)})
    yield Call(strided, (V,))
    yield Call(strided, (V, (2, 2), (8, 8)))
    yield Call(strided, (M,), {"shape": (1, 3, 2, 2), "strides": (32, 8, 32, 8)})
    yield Call(strided, (V, (2, 2), (0, 8)))


def padded() -> Iterator[Call]:
    for mode in "constant edge reflect symmetric wrap maximum minimum mean".split():
        yield Call(np.pad, (V, 2, mode))
        yield Call(np.pad, (M, ((1, 2), (0, 3)), mode))
    yield Call(np.pad, (M, 1))
    yield Call(np.pad, (M, (1, 2)), {"mode": "constant"})
    yield Call(np.pad, (M, 1, "constant"), {"constant_values": 1.5})
    yield Call(np.pad, (M, (0, 1), "constant"), {"constant_values": 2})
    yield Call(np.pad, (M, 2, "linear_ramp"))
    yield Call(np.pad, (M, (1, 3), "linear_ramp"), {"end_values": 1.5})


def picked() -> Iterator[Call]:
    for mode in ("clip", "wrap"):
        for axis in (None, 0, 1):
            yield Call(np.take, (M, PLACES + 2, axis), {"mode": mode})
        yield Call(A.take, (V, [-5, 3, 9]), {"mode": mode})
    for kth in (1, -1, (0, 2)):
        for axis in (-1, 0, None):
            yield Call(np.partition, (M, kth), {"axis": axis})
    yield Call(np.argpartition, (V, 1))
    yield Call(np.argpartition, (M, 1, 0))
    yield Call(A.argpartition, (M, 1), {"axis": 0})
    yield Call(np.choose, (PLACES, [S[:2], 1.5, V[:3]]))
    for mode in ("clip", "wrap"):
        yield Call(np.choose, (PLACES - 1, [S[:2], 2 * S[:2]]), {"mode": mode})
        yield Call(A.choose, (PLACES - 1, [S[:2], 2 * S[:2]]), {"mode": mode})
    yield Call(A.choose, (PLACES, [S[:2], 1.5, V[:3]]))
    yield Call(np.compress, ([True, False, True], M), {"axis": 0})
    yield Call(np.compress, (M[0] > 0, M), {"axis": 1})
    yield Call(np.compress, (M[0] > 0, M))
    yield Call(A.compress, (M, M[0] > 0), {"axis": -1})
    yield Call(A.compress, (M, M[0] > 0))
    yield Call(np.extract, (M > 0, M))
    steps = 2.7 * np.arange(4.0)
    yield Call(np.unwrap, (steps,))
    yield Call(np.unwrap, (M, Known(1.5)))
    for axis in (0, -1):
        yield Call(np.unwrap, (3 * M,), {"axis": axis, "period": Known(2.0)})


def places() -> Iterator[Call]:
    for function in (np.nonzero, np.argwhere, np.flatnonzero, np.where, A.nonzero):
        yield Call(function, (M > 0,))
    yield Call(np.nonzero, (T,))
    line = np.array([-1.0, 0.5, 1.2])
    yield Call(np.searchsorted, (line, line), {"side": "right"})
    yield Call(A.searchsorted, (line, line, "right"))
    yield Call(np.digitize, (line, line), {"right": True})
    for side in ("left", "right"):
        yield Call(np.searchsorted, (line, M), {"side": side})
        yield Call(np.searchsorted, (line, 0.7, side))
    mixed = np.array([2, 0, 1])
    yield Call(np.searchsorted, (line[[1, 2, 0]], M), {"sorter": mixed})
    yield Call(A.searchsorted, (line[[1, 2, 0]], M), {"sorter": mixed})
    yield Call(A.searchsorted, (line, M))
    for right in (False, True):
        yield Call(np.digitize, (M, line), {"right": right})
    for function in (np.tril_indices, np.triu_indices):
        yield Call(function, (3,))
        yield Call(function, (3, 1))
        yield Call(function, (3, -1, 4))
    for function in (np.tril_indices_from, np.triu_indices_from):
        yield Call(function, (M,))
        yield Call(function, (S, 1))
    yield Call(np.tri, (3,))
    yield Call(np.tri, (3, 4, -1))
    yield Call(np.tri, (3, 4, 1, Known(np.float32)))
    yield Call(np.diag_indices, (3,))
    yield Call(np.diag_indices, (3, 3))
    yield Call(np.diag_indices_from, (S,))
    yield Call(np.indices, ((2, 3),))
    yield Call(np.indices, ((2, 3),), {"dtype": Known(np.float32)})
    yield Call(np.indices, ((2, 3),), {"sparse": True})
    yield Call(np.ix_, ([0, 2], [1, 0, 1]))
    yield Call(np.ix_, (M[0] > 0, INTS[0]))


def methods_of_ufuncs() -> Iterator[Call]:
    for ufunc in (np.add, np.multiply, np.maximum, np.minimum):
        yield Call(ufunc.reduce, (T,))
        yield Call(ufunc.reduce, (T, 1))
        yield Call(ufunc.reduce, (T,), {"axis": -1, "keepdims": True})
        yield Call(ufunc.reduce, (T,), {"axis": None})
        yield Call(ufunc.accumulate, (T,))
        yield Call(ufunc.accumulate, (T, -1))
    for ufunc in (np.logaddexp, np.logaddexp2, np.hypot, np.fmax, np.fmin):
        yield Call(ufunc.reduce, (M,))
        yield Call(ufunc.reduce, (T, (0, 2)), {"keepdims": True})
        yield Call(ufunc.reduce, (T, None), {"initial": 0.3, "where": T < 1})
    for ufunc in (np.logaddexp, np.logaddexp2):
        yield Call(ufunc.accumulate, (T, 1))
    for ufunc in (np.logical_and, np.logical_or):
        yield Call(ufunc.reduce, (M > 0,))
    for ufunc in BINARY:
        yield Call(ufunc.outer, (LEFT, RIGHT))
    yield Call(np.add.outer, (V, 1.5))
    for ufunc in (np.add, np.multiply, np.maximum, np.minimum):
        for axis in (0, -1):
            yield Call(ufunc.reduceat, (N, np.array([0, 2, 1]), axis))
    yield Call(np.multiply.reduceat, (T, np.array([3, 0, 2, 2])), {"axis": 2})


def calls() -> Iterator[Call]:
    yield from joined()
    yield from histograms()
    yield from parts()
    yield from padded()
    yield from picked()
    yield from places()
    yield from methods_of_ufuncs()


REFUSED = (
    Call(np.histogram, (V, "auto"), {"range": (0.0, 1.0)}),
    Call(np.histogram_bin_edges, (V, 3, (0.0, 1.0), V)),
    Call(np.trim_zeros, (M,)),
    Call(np.insert, (V, [2, 0], 1.5)),
    Call(np.block, (([M], M),)),
    Call(np.choose, (PLACES, S)),
    Call(np.pad, (M, 1, "median")),
    Call(np.pad, (M, 1, "empty")),
    Call(np.pad, (INTS, 1, "mean")),
    Call(np.partition, (M, V)),
    Call(np.nonzero, (1.5,)),
    Call(np.diagonal, (V,)),
    Call(np.rot90, (M, 1, (1, -1))),
    Call(np.searchsorted, (M, V)),
    Call(np.logaddexp.reduce, (M, ())),
    Call(np.logaddexp.reduce, (M,), {"initial": V}),
    Call(np.fmax.accumulate, (M,)),
    Call(np.hypot.accumulate, (M,)),
)
