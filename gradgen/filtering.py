"""Kernels for the derivatives of convolutions and filters, called by generated code.

They need SciPy. Generated code imports them from this module.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy import signal


def convolve_back(
    z_bar: Any,
    other: Any,
    shape: Sequence[int],
    mode: str,
    function: Callable[..., Any] = signal.convolve,
    *,
    first: bool = True,
    **options: Any,
) -> Any:
    """Return what ``function(x, y, mode)`` hands back to one factor, of some shape.

    The ``other`` one, of which the mirror image is taken, is the second if this is the
    ``first``. The work is that of the function itself, whichever of them is longer.

    Examples
    --------
    >>> convolve_back(np.ones(4), np.array([1.0, 2.0, 3.0]), (4,), "same")
    array([5., 6., 6., 3.])
    """
    if not z_bar.size or not other.size:
        return np.zeros(shape, np.result_type(z_bar, other))
    free = function is signal.convolve and not options
    if mode == "valid":
        if all(n >= m for n, m in zip(shape, other.shape, strict=True)):
            return function(z_bar, np.flip(other), **options)
        if free:
            return np.flip(overlaps(other, z_bar))
    if mode == "same":
        second = other.shape if first else shape
        z_bar = np.pad(z_bar, [((m - 1) // 2, m // 2) for m in second])
    if free and mode != "valid":
        return overlaps(z_bar, other)
    return function(z_bar, np.flip(other), mode="valid", **options)


FEW = 500


def overlaps(x: Any, y: Any) -> Any:
    """Return the sums of ``x[i + j] * y[j]`` over ``j``, for all that ``x`` has.

    Of large arrays that leave few such sums, each is computed by itself.

    Examples
    --------
    >>> overlaps(np.array([1.0, 2.0, 3.0]), np.array([1.0, 10.0]))
    array([21., 32.])
    """
    count = math.prod(n - m + 1 for n, m in zip(x.shape, y.shape, strict=True))
    if x.ndim == 1 or count > FEW:
        return signal.convolve(x, np.flip(y), mode="valid")
    axes = list(range(2 * x.ndim))
    windows = sliding_window_view(x, y.shape)
    return np.einsum(windows, axes, y, axes[x.ndim :], axes[: x.ndim])


def lag_products(x: Any, y: Any, count: int, axis: int) -> Any:
    """Return the sums of ``x[n + k] * y[n]`` along an axis, for ``k`` below ``count``.

    Examples
    --------
    >>> lag_products(np.array([1.0, 2.0, 3.0]), np.array([1.0, 1.0, 1.0]), 2, 0)
    array([6., 5.])
    """
    x, y = np.moveaxis(x, axis, -1), np.moveaxis(y, axis, -1)
    total = np.zeros(count, np.result_type(x, y))
    for k in range(min(count, x.shape[-1])):
        part = x[..., k : k + y.shape[-1]]
        total[k] = np.sum(part * y[..., : part.shape[-1]])
    return total
