"""Calls of the methods of arrays, in the forms that the function of a name lacks."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tests.primitives.calls.call import SIMPLE_AXES, Call, Known, M, S, T, V

A = np.ndarray


def calls() -> Iterator[Call]:
    for name in "sum mean max min any all prod var std argmax argmin".split():
        for axis in SIMPLE_AXES:
            yield Call(getattr(A, name), (T, axis))
            yield Call(getattr(A, name), (T,), {"axis": axis, "keepdims": True})
    for name in "cumsum cumprod argsort".split():
        yield Call(getattr(A, name), (T, 1))
        yield Call(getattr(A, name), (T,), {"axis": -1})
    yield Call(A.sum, (T,), {"dtype": Known(np.float32)}, smooth=False)
    for shape in ((6, 4), ((6, 4),), (-1,), (2, -1), ((-1, 3),)):
        yield Call(A.reshape, (T, *shape))
    for axes in ((), (None,), (2, 0, 1), ((2, 0, 1),), ([0, -1, 1],)):
        yield Call(A.transpose, (T, *axes))
    yield Call(A.swapaxes, (T, 0, -1))
    yield Call(A.astype, (T, Known(np.float32)), smooth=False)
    yield Call(A.astype, (T, Known(float)))
    yield Call(A.astype, (T, Known(float)), {"copy": Known(False)})
    yield Call(A.clip, (T, -0.5, 0.5))
    yield Call(A.clip, (T,), {"min": -0.5})
    yield Call(A.clip, (T, -0.5, None))
    yield Call(A.round, (T, 1))
    yield Call(A.repeat, (T, 2, 1))
    yield Call(A.take, (T, [0, 1, 1], 2))
    yield Call(A.dot, (T, V))
    for name in "copy flatten ravel squeeze".split():
        yield Call(getattr(A, name), (T,))
    for name in ("diagonal", "trace"):
        yield Call(getattr(A, name), (M,))
        yield Call(getattr(A, name), (S, 1))
    yield Call(A.squeeze, (T[:1, :1],), {"axis": 0})
    yield Call(A.item, (V[:1],))
    yield Call(A.item, (V, 2))
    yield Call(A.item, (M, 2, -1))
    yield Call(A.tolist, (M[:1, :1],))


REFUSED = (Call(A.item, (M,)), Call(A.item, (M, 3)))
