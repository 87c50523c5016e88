"""Kernels for the derivatives of discrete Fourier transforms, called by generated code.

They need NumPy alone. Generated code imports them from ``gradgen.runtime.support``.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def scale_paired(spectrum: Any, n: int, axis: int, factor: float) -> Any:
    """Return half a spectrum with the terms that stand for two times ``factor``.

    It is that of ``n`` real numbers. The term at frequency 0 stands for itself alone,
    and so does the last one where ``n`` is even.

    Examples
    --------
    >>> scale_paired(np.ones(3), 4, 0, 2.0)
    array([1., 2., 1.])
    >>> scale_paired(np.ones(3), 5, 0, 2.0)
    array([1., 2., 2.])
    """
    scaled = spectrum.copy()
    paired = np.moveaxis(scaled, axis, 0)[1 : (n + 1) // 2]
    paired *= factor
    return scaled


def fit_axes(x: Any, axes: tuple[int, ...], *lengths: int) -> Any:
    """Return ``x`` cut off, or followed by zeros, to the lengths of some axes.

    Examples
    --------
    >>> fit_axes(np.array([1.0, 2.0, 3.0]), (0,), 2)
    array([1., 2.])
    >>> fit_axes(np.array([1.0, 2.0, 3.0]), (0,), 4)
    array([1., 2., 3., 0.])
    """
    shape = list(x.shape)
    for axis, length in zip(axes, lengths, strict=True):
        shape[axis] = length
    if shape == list(x.shape):
        return x
    shared = tuple(map(slice, np.minimum(shape, x.shape)))
    fitted = np.zeros(shape, x.dtype)
    fitted[shared] = x[shared]
    return fitted
