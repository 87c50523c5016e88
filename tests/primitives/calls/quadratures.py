"""Calls of functions of ``scipy.integrate``, if there are any."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tests.primitives.calls.call import F32, INTS, Call, Known, M, N, T, V, reals

try:
    from scipy import integrate
except ModuleNotFoundError:
    integrate = None

PLACES = np.cumsum(reals(4, low=0.5, high=1.5))
GRID = np.cumsum(reals(3, 4, low=0.5, high=1.5), axis=-1)


def trapezoids() -> Iterator[Call]:
    for name in ("trapezoid", "cumulative_trapezoid"):
        function = getattr(integrate, name)
        yield Call(function, (V,))
        yield Call(function, (V, PLACES))
        yield Call(function, (M, GRID))
        yield Call(function, (INTS,), {"dx": 0.5})
        yield Call(function, (F32, GRID[0]), smooth=False)
        for axis in (0, 1, -1):
            yield Call(function, (T,), {"axis": axis, "dx": 2})
        yield Call(function, (N, PLACES), {"axis": 0})
    yield Call(integrate.trapezoid, (T, GRID))
    yield Call(integrate.cumulative_trapezoid, (M,), {"initial": 0})
    yield Call(integrate.cumulative_trapezoid, (N, PLACES), {"initial": 0, "axis": 0})


def parabolas() -> Iterator[Call]:
    for n in (2, 3, 4, 5, 6):
        places = Known(np.cumsum(reals(n, low=0.5, high=1.5)))
        yield Call(integrate.simpson, (reals(n),), {"x": places})
        yield Call(integrate.simpson, (reals(n),), {"dx": Known(0.5)})
    for axis in (0, 1, -1):
        yield Call(integrate.simpson, (T,), {"axis": axis})
    yield Call(integrate.simpson, (M,), {"x": Known(GRID)})
    yield Call(integrate.simpson, (T, Known(PLACES[:3])), {"axis": 1})
    yield Call(integrate.simpson, (V,), {"dx": 0.5})
    yield Call(integrate.simpson, (V, np.cumsum(V * V + 0.5)))


def calls() -> Iterator[Call]:
    if integrate is not None:
        yield from trapezoids()
        yield from parabolas()


def refused() -> Iterator[Call]:
    if integrate is not None:
        yield Call(integrate.cumulative_trapezoid, (M,), {"initial": 1})
        yield Call(integrate.cumulative_trapezoid, (T, GRID))
        yield Call(integrate.simpson, (F32,))
        yield Call(integrate.simpson, (INTS,))
        yield Call(integrate.simpson, (M,), {"dx": V})
        yield Call(integrate.simpson, (T, Known(GRID)))


REFUSED = tuple(refused())
