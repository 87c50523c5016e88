"""Calls that make arrays."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tests.primitives.calls.call import F32, INTS, Call, Known, M, V, W


def calls() -> Iterator[Call]:
    for function in (np.zeros, np.ones):
        yield Call(function, ((2, 3),))
        yield Call(function, (3, Known(np.float32)))
        yield Call(function, ((),))
        yield Call(function, (3, Known(complex)))
    for function in (np.zeros_like, np.ones_like):
        for x in (M, F32, 1.5, INTS):
            yield Call(function, (x,), smooth=False)
        yield Call(function, (M, Known(int)))
        yield Call(function, (M,), {"shape": (2, 2)}, False)
    for value in (1.5, 2, V):
        yield Call(np.full, (4, value))
        yield Call(np.full_like, (M, value), smooth=False)
    yield Call(np.full, ((2, 2), 1.5, Known(np.float32)), smooth=False)
    yield Call(np.eye, (3,))
    yield Call(np.eye, (3, 4, 1))
    yield Call(np.eye, (3,), {"k": -1, "dtype": Known(np.float32)})
    yield Call(np.identity, (3,))
    yield Call(np.arange, (4,))
    yield Call(np.arange, (4,), {"step": 2})
    yield Call(np.arange, (1, 9, 2))
    yield Call(np.arange, (9, 1, -2), {"dtype": Known(float)})
    yield Call(np.arange, (Known(0.5), Known(2.0), Known(0.25)))
    for options in ({}, {"num": 5}, {"num": 5, "endpoint": False}):
        yield Call(np.linspace, (0.5, 2.5), options)
    yield Call(np.linspace, (0, 1, 3), {"dtype": Known(np.float32)})
    for options in ({}, {"endpoint": False}, {"retstep": True}, {"axis": -1}):
        yield Call(np.linspace, (V, 2.5, 5), options)
        yield Call(np.linspace, (M, V, 5), options)
    yield Call(np.linspace, (F32, 1.5, 3))
    yield Call(np.linspace, (Known(-1.5), Known(2.0), 4), {"dtype": Known(int)})
    for function in (np.logspace, np.geomspace):
        for options in ({}, {"num": 5}, {"num": 5, "endpoint": False}):
            yield Call(function, (0.5, 2.5), options)
        yield Call(function, (1, 3, 3), {"dtype": Known(np.float32)})
    yield Call(np.logspace, (0.5, 1.5, 5), {"base": 2.5})
    yield Call(np.logspace, (V, 1.5, 5), {"axis": 1})


REFUSED = (
    Call(np.arange, (1.5,)),
    Call(np.zeros, (3, Known(object))),
    Call(np.linspace, (0.5, 1.5, 1), {"retstep": True}),
    Call(np.geomspace, (V, W)),
    Call(np.logspace, (0.5, 1.5), {"base": V}),
)
