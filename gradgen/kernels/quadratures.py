"""Kernels for the derivatives of integrals of sampled functions.

They need NumPy alone; generated code that calls them needs SciPy besides.
"""

from __future__ import annotations

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


def _weights(steps: Any, n: int) -> Any:
    weights = np.zeros((*steps.shape[:-1], n))
    if n == 2:
        return weights + 0.5 * steps
    inner = n - 1 - (n - 1) % 2
    h0, h1 = steps[..., :inner:2], steps[..., 1:inner:2]
    total, ratio = h0 + h1, _quotient(h0, h1)
    sixth = total / 6.0
    weights[..., :inner:2] += sixth * (2.0 - _quotient(1.0, ratio))
    weights[..., 1:inner:2] += sixth * total * _quotient(total, h0 * h1)
    weights[..., 2 : inner + 1 : 2] += sixth * (2.0 - ratio)
    if inner < n - 1:
        h0, h1 = steps[..., -2], steps[..., -1]
        weights[..., -1] += _quotient(2 * h1**2 + 3 * h0 * h1, 6 * (h1 + h0))
        weights[..., -2] += _quotient(h1**2 + 3.0 * h0 * h1, 6 * h0)
        weights[..., -3] -= _quotient(h1**3, 6 * h0 * (h0 + h1))
    return weights


def _quotient(above: Any, below: Any) -> Any:
    """Return a quotient, and 0 where it is one by 0."""
    below = np.asarray(below)
    return np.divide(above, below, out=np.zeros_like(below), where=below != 0)
