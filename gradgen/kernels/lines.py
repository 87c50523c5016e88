"""What derivatives do line by line along an axis, and NumPy does not.

Generated code imports these functions from ``gradgen.runtime.support``.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

NARROW = 16
"""A loop over rows that are no longer is slow for what it does in each turn."""

LONG = 512
"""From how many narrow rows on it pays to go through blocks of them at once."""


def add_along_axis(values: Any, index: Any, length: int, axis: int) -> Any:
    """Return zeros to which ``values`` are added where ``index`` says along an axis.

    Examples
    --------
    >>> add_along_axis(np.array([1.0, 2.0, 3.0]), np.array([0, 2, 2]), 4, 0)
    array([1., 0., 5., 0.])
    """
    shape = (*values.shape[:axis], length, *values.shape[axis + 1 :])
    grid = list(np.ogrid[tuple(slice(n) for n in values.shape)])
    grid[axis] = index + (index < 0) * length
    if values.dtype.kind == "f":
        flat = np.broadcast_to(_places(grid, shape, axis), values.shape)
        sums = np.bincount(flat.ravel(), values.ravel(), math.prod(shape))
        return sums.reshape(shape).astype(values.dtype, copy=False)
    total = np.zeros(shape, values.dtype)
    np.add.at(total, tuple(grid), values)
    return total


def _places(grid: list[Any], shape: tuple[int, ...], axis: int) -> Any:
    """Return the numbers of elements in a row that indices along each axis say."""
    index = grid[axis]
    if index.size and not (index.min() >= 0 and index.max() < shape[axis]):
        raise IndexError(f"an index is out of bounds for {shape[axis]} elements")
    strides = [math.prod(shape[i + 1 :]) for i in range(len(shape))]
    rest = [grid[i] * strides[i] for i in range(len(shape)) if i != axis]
    return index * strides[axis] + sum(rest)


def put_back(values: Any, order: Any, axis: int) -> Any:
    """Return ``values`` where ``order``, of all along an axis, took them from.

    Examples
    --------
    >>> put_back(np.array([1.0, 2.0, 3.0]), np.array([2, 0, 1]), 0)
    array([2., 3., 1.])
    """
    found = np.empty(values.shape, values.dtype)
    np.put_along_axis(found, order, values, axis)
    return found


def stable_order(x: Any, axis: int) -> Any:
    """Return what ``np.argsort`` of the kind ``"stable"`` does, in less time.

    Only equal elements and NaN can stand in another order.

    Examples
    --------
    >>> stable_order(np.array([2.0, 1.0, 2.0, 1.0]), 0)
    array([1, 3, 0, 2])
    """
    order = np.argsort(x, axis)
    rows = np.moveaxis(np.take_along_axis(x, order, axis), axis, 0)
    if (rows[1:] > rows[:-1]).all():
        return order
    return np.argsort(x, axis, kind="stable")


def shifted(x: Any, axis: int, by: int, fill: float, groups: Any = None) -> Any:
    """Return ``x`` moved by one place along an axis, with ``fill`` in the gap.

    If there are ``groups``, nothing moves from one to the next. Neighbours along the
    axis are of one group if their numbers are equal.

    Examples
    --------
    >>> shifted(np.array([1.0, 2.0, 3.0]), 0, 1, 0.0)
    array([0., 1., 2.])
    >>> shifted(np.array([1.0, 2.0, 3.0]), 0, 1, 0.0, np.array([7, 8, 8]))
    array([0., 0., 2.])
    """
    moved = np.moveaxis(np.full_like(x, fill), axis, 0)
    source = np.moveaxis(x, axis, 0)
    if by == 1:
        moved[1:] = source[:-1]
    else:
        moved[:-1] = source[1:]
    if groups is not None:
        first = _starts(groups)
        moved[first if by == 1 else np.roll(first, -1)] = fill
    return np.moveaxis(moved, 0, axis)


def _starts(groups: Any) -> Any:
    """Tell which elements are the first of their group."""
    first = np.ones(len(groups), np.bool_)
    first[1:] = groups[1:] != groups[:-1]
    return first


def products_before(x: Any, axis: int, groups: Any = None) -> Any:
    """Return for each element the product of those before it along an axis.

    If there are ``groups``, as in :func:`shifted`, only of those in its group.

    Examples
    --------
    >>> products_before(np.array([2.0, 0.0, 3.0, 4.0]), 0)
    array([1., 2., 0., 0.])
    """
    if groups is not None:
        ones = shifted(np.zeros_like(x), axis, 1, 1.0, groups)
        return recurrence(shifted(x, axis, 1, 0.0), ones, axis, False, groups)
    found = np.ones(x.shape, x.dtype)
    rows, factors = np.moveaxis(found, axis, 0), np.moveaxis(x, axis, 0)
    if rows[:1].size > NARROW:
        for i in range(1, len(rows)):
            np.multiply(rows[i - 1], factors[i - 1], out=rows[i])
    else:
        np.cumprod(factors[:-1], axis=0, out=rows[1:])
    return found


def recurrence(a: Any, b: Any, axis: int, transposed: bool, groups: Any = None) -> Any:
    """Return ``h`` with ``h[i] = a[i] * h[i-1] + b[i]`` along an axis.

    Transposed, as a linear map of ``b``, it is ``h[i] = a[i+1] * h[i+1] + b[i]``. If
    there are ``groups``, as in :func:`shifted`, each of them starts anew.

    Examples
    --------
    >>> recurrence(np.array([2.0, 3.0, 4.0]), np.ones(3), 0, False)
    array([ 1.,  4., 17.])
    """
    h = np.moveaxis(np.array(b, np.result_type(a, b)), axis, 0)
    a = np.moveaxis(a, axis, 0)
    first = np.arange(len(h)) == 0 if groups is None else _starts(groups)
    if transposed:
        a, h, first = _turned(a), h[::-1], _turned(first)
    with np.errstate(invalid="ignore"):
        if groups is None or not _solved_side_by_side(a, h, first):
            _solve(a if groups is None else _cut(a, first), h, first)
    return np.moveaxis(h[::-1] if transposed else h, 0, axis)


def _solve(a: Any, h: Any, first: Any) -> None:
    if len(h) < LONG or h[:1].size > NARROW or not _solved_by_blocks(a, h):
        for i in np.flatnonzero(~first).tolist():
            h[i] += a[i] * h[i - 1]


def _cut(a: Any, first: Any) -> Any:
    """Return factors that are 0 where a group begins."""
    a = np.array(a)
    a[first] = 0
    return a


def _solved_side_by_side(a: Any, h: Any, first: Any) -> bool:
    """Solve the recurrences of all groups at once, if there are long groups of none."""
    rows = np.flatnonzero(first)
    counts = np.diff(rows, append=len(h))
    longest = int(counts.max(initial=0))
    if longest > max(math.isqrt(len(h)), NARROW):
        return False
    for number in range(1, longest):
        rows, counts = rows[counts > number] + 1, counts[counts > number]
        h[rows] += a[rows] * h[rows - 1]
    return True


def _turned(a: Any) -> Any:
    """Return the factors that a recurrence from behind has in its turns."""
    return np.concatenate([a[:1], a[:0:-1]])


def _solved_by_blocks(a: Any, h: Any) -> bool:
    """Solve a recurrence in blocks of rows, all at once, if no product leaves bounds.

    Each block starts from 0; then it takes over the last row of the one before, times
    the factors since, which are exactly 0 from one that is 0 on. ``h`` holds the
    source, and the result if it is solved.
    """
    length = math.isqrt(len(h))
    whole = len(h) // length * length
    part, factors = (_columns(x[:whole], length) for x in (h, a))
    stopped = np.logical_or.accumulate(factors == 0)
    with np.errstate(all="ignore"):
        for i in range(1, length):
            part[i] += factors[i] * part[i - 1]
            factors[i] *= factors[i - 1]
        if not _in_bounds(factors, ~stopped):
            return False
        last = part[-1].copy()
        for k in range(1, len(last)):
            last[k] += factors[-1, k] * last[k - 1]
        part[:, 1:] += factors[:, 1:] * last[:-1]
    if not (np.isfinite(part).all() and np.isfinite(h[whole:]).all()):
        return False
    h[:whole] = np.moveaxis(part, 0, 1).reshape(whole, *h.shape[1:])
    for i in range(whole, len(h)):
        h[i] += a[i] * h[i - 1]
    return True


def _columns(x: Any, length: int) -> Any:
    """Return blocks of so many rows side by side."""
    blocks = x.reshape(len(x) // length, length, *x.shape[1:])
    return np.moveaxis(blocks, 1, 0).copy()


def _in_bounds(products: Any, chosen: Any) -> bool:
    """Tell whether products are so far from 0 and infinity that none lost a digit."""
    sizes = np.abs(products)
    bound = float(np.finfo(products.dtype).tiny) ** 0.8
    least = sizes.min(where=chosen, initial=1.0)
    return bool(bound < least and sizes.max() < 1 / bound)
