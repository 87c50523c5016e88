"""Kernels for the derivatives of interpolation on grids, linear or by steps.

They need NumPy alone, but for errors, which SciPy raises itself.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from scipy import interpolate


def grid_value(
    values: Any, at: Any, points: Any, nu: Sequence[int], inside: bool = False
) -> Any:
    """Return a derivative of linear interpolation on a grid, of order ``nu``.

    There are coordinates ``at``, points and an order for each axis. At a point of the
    grid the derivative is that of the cell to the right. With ``inside`` it is zero
    outside of the grid.

    Examples
    --------
    >>> values, x = np.array([0.0, 1.0, 3.0]), np.array([0.0, 1.0, 5.0])
    >>> grid_value(values, (np.array([0.5, 1.0, 6.0]),), (x,), (1,))
    array([1. , 0.5, 0.5])
    """
    places, unknown, outside = _cells(at, points, inside)
    total: Any = 0.0
    for corner, weights in _corners(places, points, nu):
        part = np.asarray(values)[corner]
        total = total + part * _spread(weights, part)
    total = np.where(_spread(outside, total), 0.0, total)
    return np.where(_spread(unknown, total), np.nan, total)[()]


def grid_back(
    y_bar: Any, at: Any, points: Any, nu: Sequence[int], inside: bool = False
) -> Any:
    """Return the cotangent of ``values`` in :func:`grid_value`.

    Examples
    --------
    >>> grid_back(
    ...     np.array([4.0]), (np.array([1.5]),), (np.array([0.0, 1.0, 3.0]),), [0]
    ... )
    array([0., 3., 1.])
    """
    places, unknown, outside = _cells(at, points, inside)
    lengths = tuple(map(len, points))
    bars = np.zeros((math.prod(lengths), *np.shape(y_bar)[unknown.ndim :]))
    y_bar = np.where(_spread(outside, y_bar), 0.0, y_bar)
    y_bar = np.where(_spread(unknown, y_bar) & (y_bar != 0), np.nan, y_bar)
    for corner, weights in _corners(places, points, nu):
        flat = np.ravel_multi_index(corner, lengths)
        _add(bars, flat, y_bar * _spread(weights, y_bar))
    return bars.reshape(*lengths, *bars.shape[1:])


def picked(values: Any, places: Any) -> Any:
    """Return ``values[places]``, zero for places below zero, NaN for those not known.

    Examples
    --------
    >>> picked(np.array([5.0, 6.0]), np.array([1.0, -1.0, np.nan]))
    array([ 6.,  0., nan])
    """
    known = places >= 0
    found = np.asarray(values)[np.where(known, places, 0).astype(np.intp)]
    found = np.where(_spread(known, found), found, values.dtype.type(0))
    unknown = _spread(np.isnan(places), found)
    return np.where(unknown, values.dtype.type("nan"), found)[()]


def picked_back(y_bar: Any, places: Any, n: int) -> Any:
    """Return the cotangent of ``n`` values in :func:`picked`.

    Examples
    --------
    >>> picked_back(np.array([2.0, 3.0, 4.0]), np.array([1.0, -1.0, 1.0]), 2)
    array([0., 6.])
    """
    bars = np.zeros((n, *np.shape(y_bar)[np.ndim(places) :]), np.asarray(y_bar).dtype)
    known = places >= 0
    y_bar = np.where(_spread(places < 0, y_bar), 0, y_bar)
    unknown = _spread(np.isnan(places), y_bar) & (y_bar != 0)
    y_bar = np.where(unknown, bars.dtype.type("nan"), y_bar)
    _add(bars, np.where(known, places, 0).astype(np.intp), y_bar)
    return bars


def line_slope(line: Any, at: Any, nu: int) -> Any:
    """Return a derivative of an ``interp1d``, of order ``nu``.

    Examples
    --------
    >>> line_slope(interpolate.interp1d([0.0, 2.0], [0.0, 1.0]), np.array([1.5]), 1)
    array([0.5])
    """
    if line.bounds_error:
        check_line(at, line.x)
    if line._kind != "linear" or nu > 1:
        return np.zeros(np.shape(at))[()]
    inside = not isinstance(line.fill_value, str)
    return grid_value(line.y, (at,), (line.x,), (nu,), inside)


def grid_slope(grid: Any, at: Any, nu: Sequence[int]) -> Any:
    """Return a derivative of a ``RegularGridInterpolator``, of order ``nu``.

    Examples
    --------
    >>> grid = interpolate.RegularGridInterpolator(([0.0, 2.0],), np.array([0.0, 1.0]))
    >>> grid_slope(grid, (np.array([1.5]),), (1,))
    array([0.5])
    """
    if grid.bounds_error:
        check_grid(at, grid.grid)
    if grid.method != "linear":
        return np.zeros(np.shape(at[0]))[()]
    inside = not grid.bounds_error and grid.fill_value is not None
    return grid_value(grid.values, at, grid.grid, nu, inside)


def meets_points(function: Any, at: Any) -> Any:
    """Return where an ``interp1d`` or a grid turns or jumps: at points, or halfway.

    Examples
    --------
    >>> meets_points(interpolate.interp1d([0.0, 2.0], [0.0, 1.0]), ([1.0, 2.0],))
    array([False,  True])
    """
    line = isinstance(function, interpolate.interp1d)
    points = (function.x,) if line else function.grid
    kind = function._kind if line else function.method
    halfway = kind.startswith("nearest")
    found: Any = False
    for q, x in zip(at, points, strict=True):
        found = found | np.isin(q, (x[1:] + x[:-1]) / 2 if halfway else x)
    return found[()]


def check_line(at: Any, x: Any) -> None:
    """Raise what ``interp1d`` raises where places are out of its range.

    Examples
    --------
    >>> check_line(np.array([0.5, 2.0]), np.array([0.0, 2.0]))
    """
    if np.any(np.less(at, x[0])) or np.any(np.greater(at, x[-1])):
        interpolate.interp1d(x, x, bounds_error=True, assume_sorted=True)(at)


def check_grid(at: Any, points: Any) -> None:
    """Raise what ``RegularGridInterpolator`` raises where places are out of the grid.

    Examples
    --------
    >>> check_grid((np.array([0.5]),), (np.array([0.0, 2.0]),))
    """
    for q, x in zip(at, points, strict=True):
        low, high = min(x[0], x[-1]), max(x[0], x[-1])
        if not (np.all(low <= q) and np.all(q <= high)):
            zeros = np.broadcast_to(0.0, tuple(map(len, points)))
            places = np.stack(at, axis=-1)
            interpolate.RegularGridInterpolator(points, zeros)(places)


def _cells(at: Any, points: Any, inside: bool) -> tuple[list[Any], Any, Any]:
    """Return places that are numbers, which are not, and which do not count."""
    at = [np.asarray(q, float) for q in at]
    unknown = np.zeros(at[0].shape, bool)
    outside = np.zeros(at[0].shape, bool)
    for q, x in zip(at, points, strict=True):
        unknown = unknown | np.isnan(q)
        if inside:
            outside = outside | (q < min(x[0], x[-1])) | (q > max(x[0], x[-1]))
    known = zip(at, points, strict=True)
    return [np.where(np.isnan(q), x[0], q) for q, x in known], unknown, outside


def _corners(
    at: Sequence[Any], points: Any, nu: Sequence[int]
) -> Iterator[tuple[Any, Any]]:
    """Yield the indices of the corners of the cells of places, and their weights."""
    for corner in itertools.product(*map(_side, at, points, nu)):
        indices, weights = zip(*corner, strict=True)
        yield indices, math.prod(weights)


def _side(q: Any, x: Any, nu: int) -> list[tuple[Any, Any]]:
    """Return the points on both sides of places on one axis, and their weights."""
    x = np.asarray(x, float)
    if x[0] > x[-1]:
        after = np.searchsorted(-x, -q, "left")
    else:
        after = np.searchsorted(x, q, "right")
    low = np.clip(after - 1, 0, max(len(x) - 2, 0))
    high = np.minimum(low + 1, len(x) - 1)
    if len(x) == 1 or nu > 1:
        constant = np.full(q.shape, float(nu == 0))
        return [(low, constant), (high, np.zeros(q.shape))]
    width = _no_jump(x[high] - x[low], q, x, low)
    if nu == 1:
        return [(low, -1 / width), (high, 1 / width)]
    share = (q - x[low]) / width
    return [(low, 1 - share), (high, share)]


def _no_jump(width: Any, q: Any, x: Any, low: Any) -> Any:
    """Return the width of cells, NaN for a place that is a point twice."""
    twice = (low > 0) & (x[low] == q) & (x[np.maximum(low - 1, 0)] == q)
    return np.where(twice | (width == 0), np.nan, width)


def _spread(mask: Any, like: Any) -> Any:
    """Return a mask of places with axes for all that stands at a place."""
    mask = np.asarray(mask)
    return mask.reshape(mask.shape + (1,) * (np.ndim(like) - mask.ndim))


def _add(bars: Any, flat: Any, terms: Any) -> None:
    if bars.ndim == 1:
        counted = np.bincount(np.ravel(flat), np.ravel(terms), len(bars))
        bars += counted.astype(bars.dtype, copy=False)
    else:
        np.add.at(bars, flat, terms)
