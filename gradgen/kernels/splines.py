"""Kernels for splines that interpolate, called by generated code.

They need SciPy. Generated code imports them from this module.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.interpolate import BSpline, make_interp_spline
from scipy.linalg import solve_banded


def heights_back(b_bar: Any, x: Any, k: int) -> Any:
    """Return the cotangent of ``y`` in ``make_interp_spline(x, y, k).c``.

    Examples
    --------
    >>> heights_back(np.array([1.0, 2.0, 3.0]), np.array([0.0, 1.0, 2.0]), 1)
    array([1., 2., 3.])
    """
    knots = make_interp_spline(x, x, k).t
    transposed = BSpline.design_matrix(x, knots, k).T.tocoo()
    bands = np.zeros((2 * k + 1, len(x)))
    bands[k + transposed.row - transposed.col, transposed.col] = transposed.data
    return solve_banded((k, k), bands, b_bar)


def spline_back(y_bar: Any, t: Any, knots: Any, n: int, k: int, nu: int = 0) -> Any:
    """Return the cotangent of ``n`` coefficients in ``BSpline(knots, b, k)(t, nu)``.

    A derivative is a spline of one degree less, whose coefficients are divided
    differences (de Boor, *A Practical Guide to Splines*, chapter X).

    Examples
    --------
    >>> knots = np.array([0.0, 0.0, 1.0, 2.0, 2.0])
    >>> spline_back(np.array([1.0, 2.0]), np.array([0.5, 2.0]), knots, 3, 1)
    array([0.5, 0.5, 2. ])
    """
    places, weights = np.ravel(t).astype(float), np.ravel(y_bar)
    if not places.size or nu > k:
        return np.zeros(n)
    unknown = np.isnan(places)
    if unknown.any():
        weights = np.where(unknown & (weights != 0), np.nan, weights)
        places = np.where(unknown, knots[k], places)
    inner = np.asarray(knots, float)[nu : len(knots) - nu]
    matrix = BSpline.design_matrix(places, inner, k - nu, extrapolate=True)
    bars = matrix.T @ weights
    for degree in range(k - nu + 1, k + 1):
        level = knots[k - degree : len(knots) - k + degree]
        widths = level[degree + 1 : -1] - level[1 : -degree - 1]
        shares = np.zeros(len(widths))
        np.divide(degree * bars, widths, out=shares, where=widths > 0)
        bars = -np.diff(shares, prepend=0.0, append=0.0)
    return bars
