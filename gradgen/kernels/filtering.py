"""Kernels for the derivatives of convolutions and filters, called by generated code.

They need SciPy. Generated code imports them from this module.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy import fft, signal


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
    over = _overlaps_with(function, options)
    if mode == "valid":
        if all(n >= m for n, m in zip(shape, other.shape, strict=True)):
            return function(z_bar, np.flip(other), **options)
        return np.flip(over(other, z_bar))
    if mode == "same":
        second = other.shape if first else shape
        z_bar = np.pad(z_bar, [((m - 1) // 2, m // 2) for m in second])
    return over(z_bar, other)


def _overlaps_with(function: Callable[..., Any], options: Any) -> Callable[..., Any]:
    """Return what computes the sums of ``overlaps`` in the way of a convolution."""
    if function is signal.convolve and not options:
        return overlaps
    if function is signal.fftconvolve or options.get("method") == "fft":
        return spectral_overlaps
    return lambda x, y: function(x, np.flip(y), mode="valid", **options)


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
    if x.ndim > 1 and count <= FEW:
        axes = list(range(2 * x.ndim))
        windows = sliding_window_view(x, y.shape)
        return np.einsum(windows, axes, y, axes[x.ndim :], axes[: x.ndim])
    if not x.size:
        return x
    mirrored = np.flip(y)
    method = signal.choose_conv_method(x, mirrored, mode="valid")
    if method == "fft":
        return spectral_overlaps(x, y)
    return signal.convolve(x, mirrored, mode="valid", method=method)


def spectral_overlaps(x: Any, y: Any) -> Any:
    """Return the sums of ``overlaps`` by transforms of the length of ``x``.

    A convolution needs longer ones, since it goes beyond both ends of ``x``.

    Examples
    --------
    >>> spectral_overlaps(np.array([1.0, 2.0, 3.0]), np.array([1.0, 10.0]))
    array([21., 32.])
    """
    axes = [axis for axis, m in enumerate(y.shape) if m > 1]
    if not x.size:
        return x
    if not axes:
        return x * y
    real = not (np.iscomplexobj(x) or np.iscomplexobj(y))
    there, back = (fft.rfftn, fft.irfftn) if real else (fft.fftn, fft.ifftn)
    shape = [fft.next_fast_len(x.shape[axis], real) for axis in axes]
    spectrum = there(x, shape, axes)
    spectrum *= np.conj(there(np.conj(y), shape, axes))
    kept = [slice(n - m + 1) for n, m in zip(x.shape, y.shape, strict=True)]
    return back(spectrum, shape, axes)[tuple(kept)]


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
