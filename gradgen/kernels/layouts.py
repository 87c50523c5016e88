"""Kernels that undo how NumPy lays out copies of an array, called by generated code.

They need NumPy alone. Generated code imports them from ``gradgen.runtime.support``.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided


def fold_cycles(x: Any, *shape: int) -> Any:
    """Return the sums of the elements of ``x`` that ``np.resize`` took from one place.

    Examples
    --------
    >>> fold_cycles(np.array([1.0, 2.0, 3.0, 4.0, 5.0]), 2)
    array([9., 6.])
    """
    size = math.prod(shape)
    cycles = -(-x.size // size) if size else 0
    flat = np.zeros(cycles * size, x.dtype)
    flat[: x.size] = x.ravel()[: len(flat)]
    return flat.reshape(cycles, size).sum(axis=0).reshape(shape)


def fold_padding(x: Any, widths: tuple[tuple[int, int], ...], mode: Any) -> Any:
    """Return the sums of the elements of ``x`` that ``np.pad`` took from one place.

    Examples
    --------
    >>> fold_padding(np.array([1.0, 2.0, 3.0, 4.0]), ((0, 2),), "edge")
    array([1., 9.])
    """
    for axis, (before, after) in enumerate(widths):
        x = np.moveaxis(x, axis, 0)
        inner = slice(before, len(x) - after)
        total = x[inner].copy()
        if mode != "constant" and before + after and len(total):
            source = np.pad(np.arange(len(total)), (before, after), mode)
            source[inner] = -1
            outer = source >= 0
            np.add.at(total, source[outer], x[outer])
        x = np.moveaxis(total, 0, axis)
    return x


def fold_windows(x: Any, axes: tuple[int, ...], *shape: int) -> Any:
    """Return the sums of the elements of sliding windows that came from one place.

    Examples
    --------
    >>> fold_windows(np.ones((3, 2)), (0,), 4)
    array([1., 2., 2., 1.])
    """
    total = np.zeros(shape, x.dtype)
    for offset in np.ndindex(x.shape[len(shape) :]):
        place = [slice(None)] * len(shape)
        for axis, start in zip(axes, offset, strict=True):
            place[axis] = slice(start, start + x.shape[axis])
        total[tuple(place)] += x[(..., *offset)]
    return total


def read_strided(x: Any, shape: tuple[int, ...], strides: tuple[int, ...]) -> Any:
    """Return ``as_strided`` of an array whose elements lie in the order of C.

    Raise where it would read what is none of these elements.

    Examples
    --------
    >>> read_strided(np.array([1.0, 2.0, 3.0]), (2, 2), (8, 8))
    array([[1., 2.],
           [2., 3.]])
    """
    steps = _in_elements(x, strides)
    reach = [(n - 1) * step for n, step in zip(shape, steps, strict=True)]
    first = sum(step for step in reach if step < 0)
    last = sum(step for step in reach if step > 0)
    if 0 not in shape and (first < 0 or last >= x.size):
        raise ValueError("as_strided would read outside of the array")
    flat = np.ascontiguousarray(x)
    return as_strided(flat, shape, strides, writeable=False)


def _in_elements(x: Any, strides: tuple[int, ...]) -> list[int]:
    if any(step % x.itemsize for step in strides):
        raise ValueError("as_strided would read parts of two elements")
    return [step // x.itemsize for step in strides]


def fold_strided(x: Any, strides: tuple[int, ...], *shape: int) -> Any:
    """Return the sums of the elements of ``x`` that ``as_strided`` took from one place.

    Examples
    --------
    >>> fold_strided(np.ones((2, 2)), (8, 8), 3)
    array([1., 2., 1.])
    """
    numbers = np.arange(math.prod(shape))
    steps = [step * numbers.itemsize for step in _in_elements(x, strides)]
    places = read_strided(numbers, x.shape, tuple(steps))
    total = np.zeros(numbers.shape, x.dtype)
    np.add.at(total, places.ravel(), x.ravel())
    return total.reshape(shape)
