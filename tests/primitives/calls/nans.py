"""Calls of reductions that leave out NaN, of quantiles and of running sums."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tests.primitives.calls.call import F32, INTS, Call, Known, M, T, V

HOLES = T.copy()
HOLES[0, 1, 2] = HOLES[1, 0, 0] = HOLES[1, 2, 3] = np.nan
NAN32 = HOLES[0].astype(np.float32)
MASK = np.arange(24).reshape(2, 3, 4) % 5 != 1
QS = np.array([0.11, 0.43, 0.64])


def reductions() -> Iterator[Call]:
    for name in "sum prod mean max min var std".split():
        function = getattr(np, f"nan{name}")
        for axis in (None, 1, -1, (0, 2)):
            yield Call(function, (HOLES,), {"axis": axis})
        yield Call(function, (HOLES,), {"axis": 2, "keepdims": True})
        yield Call(function, (NAN32, 0))
        yield Call(function, (INTS,), {"axis": 1})
        if name in ("sum", "prod", "max", "min"):
            yield Call(function, (HOLES,), {"axis": 1, "initial": 0.5})
            options = {"where": MASK, "initial": 0.5}
            yield Call(function, (HOLES,), {"axis": 1, **options})
            yield Call(function, (1.5,))
        else:
            yield Call(function, (HOLES,), {"axis": 1, "where": MASK})
    for function in (np.nanvar, np.nanstd):
        yield Call(function, (HOLES,), {"ddof": 1})
        yield Call(function, (HOLES,), {"axis": 1, "correction": 1})
        yield Call(function, (HOLES,), {"mean": np.array([[[0.3]]])})
    for function in (np.nancumsum, np.nancumprod):
        for axis in (None, 0, -1):
            yield Call(function, (HOLES, axis))
        yield Call(function, (NAN32,), {"dtype": Known(np.float64), "axis": 0})
    for function in (np.nanargmax, np.nanargmin):
        for axis in (None, 1):
            yield Call(function, (HOLES,), {"axis": axis})
        yield Call(function, (HOLES,), {"axis": 1, "keepdims": True})


def quantiles() -> Iterator[Call]:
    for function in (np.quantile, np.nanquantile):
        x = T if function is np.quantile else HOLES
        for axis in (None, 0, -1, (0, 2)):
            yield Call(function, (x, 0.31), {"axis": axis})
            yield Call(function, (x, QS), {"axis": axis, "keepdims": True})
        for method in ("hazen", "weibull", "median_unbiased", "normal_unbiased"):
            yield Call(function, (x, 0.31, 1), {"method": method})
        for method in ("lower", "higher", "midpoint", "interpolated_inverted_cdf"):
            yield Call(function, (x, Known(0.31), 1), {"method": method})
    for function in (np.percentile, np.nanpercentile):
        yield Call(function, (M, 30.0))
        yield Call(function, (M, 100 * QS, 1))
        yield Call(function, (M, Known([25, 50])), {"axis": 0})
        yield Call(function, (F32, Known(40)), {"axis": 0})
        yield Call(function, (INTS, 30.0), {"axis": 0})
    for axis in (None, 1, (0, 2)):
        yield Call(np.nanmedian, (HOLES,), {"axis": axis})
        yield Call(np.nanmedian, (HOLES,), {"axis": axis, "keepdims": True})
    yield Call(np.median, (T,), {"axis": (0, 2)})
    yield Call(np.median, (T,), {"axis": 1, "keepdims": True})
    yield Call(np.median, (INTS,))


# NumPy 2.0 has neither.
CUMULATIVE = [
    getattr(np, name)
    for name in ("cumulative_sum", "cumulative_prod")
    if hasattr(np, name)
]


def calls() -> Iterator[Call]:
    yield from reductions()
    yield from quantiles()
    for function in CUMULATIVE:
        yield Call(function, (V,))
        yield Call(function, (T,), {"axis": 1})
        yield Call(function, (T,), {"axis": 1, "include_initial": True})
        yield Call(function, (F32,), {"axis": 0, "dtype": Known(np.float64)})
    for axis in (None, 1):
        yield Call(np.average, (T,), {"axis": axis, "returned": True})
        options = {"axis": axis, "weights": T * T, "returned": True}
        yield Call(np.average, (T,), options)


REFUSED = (
    Call(np.quantile, (M, 0.3), {"method": "closest_observation"}),
    *(Call(function, (M,)) for function in CUMULATIVE),
    Call(np.quantile, (M, np.array([[0.3]]))),
)
