"""Kernels for the derivatives of filters of images, called by generated code.

They need SciPy. Generated code imports them from this module. A filter extends an
array beyond its edges. Backwards it is a filter of cotangents with zeros around them,
and what it gives outside of the edges is added to the places that were copied there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy import ndimage

from gradgen.kernels.filtering import overlaps
from gradgen.kernels.layouts import fold_padding

PADDING = {
    "reflect": "symmetric",
    "grid-mirror": "symmetric",
    "mirror": "reflect",
    "nearest": "edge",
    "wrap": "wrap",
    "grid-wrap": "wrap",
    "constant": "constant",
    "grid-constant": "constant",
}
"""What ``np.pad`` calls the modes of ``scipy.ndimage``."""

Function = Callable[..., Any]
OPPOSITE: dict[Function, Function] = {
    ndimage.correlate: ndimage.convolve,
    ndimage.convolve: ndimage.correlate,
    ndimage.correlate1d: ndimage.convolve1d,
    ndimage.convolve1d: ndimage.correlate1d,
}
"""The filter that is adjoint where there are zeros around the array."""


def _reach(
    function: Function, lengths: Sequence[int], origin: int | Sequence[int]
) -> list[tuple[int, int]]:
    """Return how far before and behind a place a filter reads, for each axis."""
    convolves = function in (ndimage.convolve, ndimage.convolve1d)
    found = []
    for n, shift in zip(lengths, np.broadcast_to(origin, len(lengths)), strict=True):
        before = n // 2 + int(shift)
        if convolves:
            before = n - 1 - n // 2 - int(shift)
        found.append((before, n - 1 - before))
    return found


def _widths(
    function: Function, rank: int, lengths: Sequence[int], origin: Any, axis: int | None
) -> tuple[tuple[int, int], ...]:
    reach = _reach(function, lengths, origin)
    if axis is None:
        return tuple(reach)
    return tuple(reach[0] if k == axis else (0, 0) for k in range(rank))


def filter_back(
    function: Function,
    y_bar: Any,
    weights: Any,
    mode: str = "reflect",
    origin: int | Sequence[int] = 0,
    axis: int | None = None,
) -> Any:
    """Return the cotangent of ``x`` in ``function(x, weights, mode=mode)``.

    Examples
    --------
    >>> y_bar, weights = np.array([1.0, 0.0, 0.0]), np.array([1.0, 2.0, 3.0])
    >>> filter_back(ndimage.correlate, y_bar, weights, "nearest")
    array([3., 3., 0.])
    """
    widths = _widths(function, y_bar.ndim, weights.shape, origin, axis)
    along = {} if axis is None else {"axis": axis}
    wide = OPPOSITE[function](
        np.pad(y_bar, widths), weights, mode="constant", origin=origin, **along
    )
    return fold_padding(wide, widths, PADDING[mode])


def weights_back(
    function: Function,
    y_bar: Any,
    x: Any,
    shape: tuple[int, ...],
    mode: str = "reflect",
    origin: int | Sequence[int] = 0,
    axis: int | None = None,
    cval: float = 0.0,
) -> Any:
    """Return the cotangent of weights of some shape in ``function(x, weights)``.

    Examples
    --------
    >>> y_bar, x = np.array([1.0, 0.0, 0.0]), np.array([1.0, 2.0, 3.0])
    >>> weights_back(ndimage.correlate, y_bar, x, (3,), "nearest")
    array([1., 1., 2.])
    """
    widths = _widths(function, x.ndim, shape, origin, axis)
    value: Any = {"constant_values": cval} if PADDING[mode] == "constant" else {}
    extension: Any = PADDING[mode]
    wide = np.pad(x, widths, extension, **value)
    total = overlaps(wide, y_bar).reshape(shape)
    convolves = function in (ndimage.convolve, ndimage.convolve1d)
    return np.flip(total) if convolves else total


def gaussian_back(
    y_bar: Any,
    sigma: Any,
    order: Any = 0,
    mode: str = "reflect",
    truncate: float = 4.0,
    radius: Any = None,
    axes: Sequence[int] | None = None,
) -> Any:
    """Return the cotangent of ``x`` in ``ndimage.gaussian_filter(x, sigma, order)``.

    Examples
    --------
    >>> gaussian_back(np.array([0.0, 1.0, 0.0]), 0.3).sum().round(12)
    np.float64(1.0)
    """
    chosen = range(y_bar.ndim) if axes is None else axes
    options = (np.broadcast_to(x, len(chosen)).tolist() for x in (sigma, order, radius))
    widths, sign = [(0, 0)] * y_bar.ndim, 1.0
    for axis, deviation, power, reach in zip(chosen, *options, strict=True):
        if deviation > 1e-15:
            reach = int(truncate * deviation + 0.5) if reach is None else reach
            widths[axis] = (reach, reach)
            sign *= (-1.0) ** power
    wide = ndimage.gaussian_filter(
        np.pad(y_bar, widths),
        sigma,
        order,
        mode="constant",
        truncate=truncate,
        radius=radius,
        axes=axes,
    )
    total = fold_padding(wide, tuple(widths), PADDING[mode])
    return total if sign > 0 else -total
