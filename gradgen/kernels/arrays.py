"""Sums to a shape, diagonals, and which of several writes to a place is the last."""

from __future__ import annotations

from typing import Any

import numpy as np


def sum_to(x: Any, *shape: int) -> Any:
    """Return ``x`` summed over the axes along which ``shape`` was broadcast to it.

    Examples
    --------
    >>> sum_to(np.ones((3, 4)), 4)
    array([3., 3., 3., 3.])
    """
    x = np.asarray(x)
    extra = x.ndim - len(shape)
    axes = tuple(range(extra)) + tuple(
        axis + extra
        for axis, length in enumerate(shape)
        if length == 1 and x.shape[axis + extra] != 1
    )
    kept = tuple(1 if axis in axes else x.shape[axis] for axis in range(x.ndim))
    if kept[extra:] != shape:
        raise ValueError(f"shape {shape} does not broadcast to {x.shape}")
    return x.sum(axis=axes).reshape(shape) if axes else x


def place_diagonal(values: Any, rows: int, columns: int, offset: int) -> Any:
    """Return a matrix of zeros with ``values`` on one diagonal.

    Examples
    --------
    >>> place_diagonal(np.array([1.0, 2.0]), 2, 3, 1)
    array([[0., 1., 0.],
           [0., 0., 2.]])
    """
    matrix = np.zeros((*values.shape[:-1], rows, columns), values.dtype)
    at = np.arange(values.shape[-1])
    matrix[..., at + max(-offset, 0), at + max(offset, 0)] = values
    return matrix


def last_written(shape: tuple[int, ...], index: Any) -> Any:
    """Tell of each element of ``x[index]`` whether ``x[index] = v`` keeps it.

    Of those that go to the same place, the last one stays.

    Raises
    ------
    ValueError
        If some go to the same place, and their order is not certain: NumPy follows
        the layout in memory where no index array lies in the order of its axes.

    Examples
    --------
    >>> last_written((4,), (np.array([0, 2, 2]),))
    array([ True, False,  True])
    """
    holder = np.empty(shape, np.intp)
    selected = np.empty(shape, np.bool_)[index]
    numbers = np.arange(selected.size).reshape(selected.shape)
    holder[index] = numbers
    kept: Any = holder[index] == numbers
    if not kept.all() and not _in_order(index):
        raise ValueError(
            "which of several values written to one element stays depends on how the "
            "index arrays lie in memory; index with np.ascontiguousarray of them"
        )
    return kept


def _in_order(index: Any) -> bool:
    """Tell whether NumPy surely writes in the order of the axes of an index."""
    items = index if isinstance(index, tuple) else (index,)
    arrays = [x for x in items if isinstance(x, np.ndarray)]
    parts = [p for x in arrays for p in (x.nonzero() if x.dtype == bool else (x,))]
    shape = np.broadcast_shapes(*(part.shape for part in parts))
    if len(parts) == len(shape) == 1:
        return True
    return any(part.shape == shape and _is_ordered(part) for part in parts)


def _is_ordered(x: Any) -> bool:
    steps = [step for step, n in zip(x.strides, x.shape, strict=True) if n > 1]
    return all(step > 0 for step in steps) and steps == sorted(steps, reverse=True)
