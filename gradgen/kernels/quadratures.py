"""Kernels for the derivatives of integrals of sampled functions.

They need NumPy alone; generated code that calls them needs SciPy besides.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np


def simpson_back(
    y_bar: Any, n: int, x: Any = None, dx: float = 1.0, axis: int = 0
) -> Any:
    """Return the cotangent of ``n`` heights along an axis in ``integrate.simpson``.

    The weights are SciPy's: parabolas through three points each, and over the last of
    an odd number of intervals the part of one parabola (Cartwright, "Simpson's rule
    cumulative integration with MS Excel and irregularly-spaced data", J. Math. Sci.
    Math. Educ. 12, 2017, equation 8).

    Examples
    --------
    >>> 3 * simpson_back(np.float64(1.0), 5)
    array([1., 4., 2., 4., 1.])
    """
    rank = np.ndim(y_bar) + 1
    if x is None:
        weights = _even_weights(dx, n)
    else:
        steps = np.diff(x if np.ndim(x) == 1 else np.moveaxis(x, axis, -1))
        weights = _weights(steps, n)
    if weights.ndim == 1:
        weights = weights.reshape([-1 if k == axis else 1 for k in range(rank)])
    else:
        weights = np.moveaxis(weights, -1, axis)
    return np.expand_dims(y_bar, axis) * weights


def _even_weights(dx: float, n: int) -> Any:
    """Return the weights for equal steps, where two come again and again."""
    short = n if n < 8 else 6 + n % 2
    weights = _weights(np.full(short - 1, dx), short)
    again = np.tile(weights[2:0:-1], (n - short) // 2)
    return np.concatenate([weights[:2], again, weights[2:]])


def simpson_slopes(y: Any, x: Any, axis: int = 0) -> Any:
    """Return the derivatives of ``integrate.simpson`` in places along an axis.

    Where a place moves, a parabola through it moves by minus its slope there, in the
    share that is this place's; the ends of the whole move as well. NaN where places
    coincide.

    Examples
    --------
    >>> simpson_slopes(np.array([1.0, 2.0, 3.0]), np.arange(3.0))
    array([-1.33333333, -1.33333333,  2.66666667])
    """
    y = np.moveaxis(y, axis, -1)
    steps = np.diff(x if np.ndim(x) == 1 else np.moveaxis(x, axis, -1))
    with np.errstate(divide="ignore", invalid="ignore"):
        tilts = np.diff(y) / steps
        slopes = np.zeros(y.shape)
        slopes[..., 0] -= y[..., 0]
        slopes[..., -1] += y[..., -1]
        for where, h0, h1, weights in _parabolas(steps, y.shape[-1]):
            d0, d1 = tilts[..., where(0)], tilts[..., where(1)]
            bend = (d1 - d0) / (h0 + h1)
            ends = (d0 - bend * h0, d0 + bend * h0, d1 + bend * h1)
            for k, (weight, tilt) in enumerate(zip(weights, ends, strict=True)):
                slopes[..., where(k)] -= weight * tilt
    if y.shape[-1] == 2:
        slopes -= 0.5 * steps * tilts
    return np.moveaxis(slopes, -1, axis)


def _weights(steps: Any, n: int) -> Any:
    weights = np.zeros((*steps.shape[:-1], n))
    if n == 2:
        return weights + 0.5 * steps
    for where, _, _, parts in _parabolas(steps, n):
        for k, part in enumerate(parts):
            weights[..., where(k)] += part
    return weights


def _parabolas(steps: Any, n: int) -> Iterator[tuple[Any, Any, Any, Any]]:
    """Yield where places of parabolas are, their steps and the weights of the three.

    ``where(k)`` tells of the first, second or third place, or of either step.
    """
    inner = n - 1 - (n - 1) % 2
    h0, h1 = steps[..., :inner:2], steps[..., 1:inner:2]
    yield lambda k: slice(k, inner + k // 2, 2), h0, h1, _pair_weights(h0, h1)
    if 1 < n - 1 != inner:
        h0, h1 = steps[..., -2:-1], steps[..., -1:]
        yield lambda k: slice(n - 3 + k, n - 2 + k), h0, h1, _last_weights(h0, h1)


def _pair_weights(h0: Any, h1: Any) -> tuple[Any, Any, Any]:
    total, ratio = h0 + h1, _quotient(h0, h1)
    sixth = total / 6.0
    middle = sixth * total * _quotient(total, h0 * h1)
    return sixth * (2.0 - _quotient(1.0, ratio)), middle, sixth * (2.0 - ratio)


def _last_weights(h0: Any, h1: Any) -> tuple[Any, Any, Any]:
    return (
        -_quotient(h1**3, 6 * h0 * (h0 + h1)),
        _quotient(h1**2 + 3.0 * h0 * h1, 6 * h0),
        _quotient(2 * h1**2 + 3 * h0 * h1, 6 * (h1 + h0)),
    )


def _quotient(above: Any, below: Any) -> Any:
    """Return a quotient, and 0 where it is one by 0."""
    below = np.asarray(below)
    return np.divide(above, below, out=np.zeros_like(below), where=below != 0)
