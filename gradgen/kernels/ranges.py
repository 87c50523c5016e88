"""Checks of the parameters of distributions, made before numbers are drawn from them.

They need NumPy alone. Generated code imports them from ``gradgen.runtime.support``,
where it draws standard numbers and moves them itself. They raise what the methods of
NumPy's generators raise.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def check_not_negative(x: Any, name: str) -> None:
    """Raise where the parameter ``name`` is negative, as minus zero is.

    Examples
    --------
    >>> check_not_negative(0.5, "scale")
    >>> check_not_negative(np.array([0.5, -0.5]), "scale")
    Traceback (most recent call last):
    ...
    ValueError: scale < 0
    """
    if isinstance(x, float):
        negative = math.copysign(1.0, x) < 0.0 and not math.isnan(x)
    else:
        negative = bool(np.any(np.signbit(x) & ~np.isnan(x)))
    if negative:
        raise ValueError(f"{name} < 0")


def check_size(length: int, size: int) -> None:
    """Raise where a parameter of this length does not broadcast to what is drawn.

    Examples
    --------
    >>> check_size(1, 3)
    >>> check_size(3, 1)
    Traceback (most recent call last):
    ...
    ValueError: 3 numbers of a parameter for a size of 1
    """
    if length not in (1, size):
        raise ValueError(f"{length} numbers of a parameter for a size of {size}")


def check_range(width: Any) -> None:
    """Raise where ``width`` cannot be that of an interval to draw from.

    Examples
    --------
    >>> check_range(2.0)
    >>> check_range(np.inf)
    Traceback (most recent call last):
    ...
    OverflowError: high - low range exceeds valid bounds
    """
    finite = math.isfinite(width) if isinstance(width, float) else np.isfinite(width)
    if not np.all(finite):
        raise OverflowError("high - low range exceeds valid bounds")
    check_not_negative(width, "high - low")


def check_triangle(left: Any, mode: Any, right: Any) -> None:
    """Raise where the corners of a triangular density are in a wrong order.

    Examples
    --------
    >>> check_triangle(0.0, 1.0, 1.0)
    >>> check_triangle(0.0, 2.0, 1.0)
    Traceback (most recent call last):
    ...
    ValueError: mode > right
    """
    for wrong, text in (
        (np.greater(left, mode), "left > mode"),
        (np.greater(mode, right), "mode > right"),
        (np.equal(left, right), "left == right"),
    ):
        if np.any(wrong):
            raise ValueError(text)
