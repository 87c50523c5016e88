"""What generated code raises: the checks of lengths, and of strict derivatives.

They need NumPy alone. Generated code imports them from ``gradgen.runtime.support``.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def check_dims(left: int, right: int) -> None:
    """Raise what NumPy raises where two lengths that must agree do not."""
    if left != right:
        raise ValueError(f"dimensions {left} and {right} do not match")


def check_layout(x: Any) -> None:
    """Raise where the elements of an array do not lie in the order of C, side by side.

    Examples
    --------
    >>> check_layout(np.ones((2, 3)))
    >>> check_layout(np.ones((2, 3)).T)
    Traceback (most recent call last):
    ...
    ValueError: strides are read of an array that is not laid out in the order of C: \
pass np.ascontiguousarray(...) of it
    """
    size = x.itemsize
    for length, stride in zip(x.shape[::-1], x.strides[::-1], strict=True):
        if stride != size:
            raise ValueError(
                "strides are read of an array that is not laid out in the order of C: "
                "pass np.ascontiguousarray(...) of it"
            )
        size *= length


def check_bound(bound: bool, name: str) -> None:
    """Raise what Python raises where a variable is read that is not bound."""
    if not bound:
        raise UnboundLocalError(
            f"cannot access local variable '{name}' where it is not associated with "
            "a value"
        )


def check_smooth(kink: Any, slope: Any, place: str) -> None:
    """Raise where there is a kink, or a jump, and ``slope`` is not zero there.

    Examples
    --------
    >>> x, y_bar = np.array([0.0, 2.0]), np.array([0.0, 1.0])
    >>> check_smooth(x == 0, y_bar, "f.py:3: abs(x)")
    >>> check_smooth(x == 0, 1.0, "f.py:3: abs(x)")
    Traceback (most recent call last):
    ...
    FloatingPointError: no derivative is defined at f.py:3: abs(x)
    """
    if np.any(np.logical_and(kink, np.not_equal(slope, 0))):
        raise FloatingPointError(f"no derivative is defined at {place}")


def uneven_like(x: Any, start: int) -> Any:
    """Return cotangents for the elements of ``x``, no few of which add up to zero.

    So what they become is zero only where no element depends on it.

    Examples
    --------
    >>> uneven_like(np.zeros(3), 1).round(2)
    array([ 0.54, -0.05, -0.62])
    """
    waves = np.exp(1j * (start + 0.618034 * np.arange(x.size))).reshape(x.shape)
    return (waves if x.dtype.kind == "c" else waves.real).astype(x.dtype)


def check_finite(slope: Any, place: str) -> None:
    """Raise unless all of ``slope`` is finite.

    Examples
    --------
    >>> check_finite(np.array([1.0, np.inf]), "f.py:3: np.sqrt(x)")
    Traceback (most recent call last):
    ...
    FloatingPointError: a derivative is not finite at f.py:3: np.sqrt(x)
    """
    if not np.all(np.isfinite(slope)):
        raise FloatingPointError(f"a derivative is not finite at {place}")
