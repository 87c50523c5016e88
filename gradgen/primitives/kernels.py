"""The few numerical functions that generated code calls besides NumPy's.

They need NumPy alone. Generated code imports them from ``gradgen.runtime.support``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

_QUIET = {"divide": "ignore", "invalid": "ignore", "over": "ignore", "under": "ignore"}


def masked_multiply(bar: Any, factor: Any) -> Any:
    """Return ``bar * factor``, and zero where ``bar`` is zero.

    Examples
    --------
    >>> masked_multiply(np.array([0.0, 2.0]), np.array([np.inf, 3.0]))
    array([0., 6.])
    """
    if type(bar) is float and type(factor) is float:
        return bar * factor if bar else 0.0
    with np.errstate(**_QUIET):
        product = np.multiply(bar, factor)
    return _zero_where(bar, product)


def masked_divide(bar: Any, divisor: Any) -> Any:
    """Return ``bar / divisor`` as IEEE 754 has it, and zero where ``bar`` is zero.

    Examples
    --------
    >>> masked_divide(np.array([0.0, 2.0]), np.array([0.0, 0.0]))
    array([ 0., inf])
    """
    if type(bar) is float and type(divisor) is float and divisor:
        return bar / divisor
    with np.errstate(**_QUIET):
        quotient = np.divide(bar, divisor)
    return _zero_where(bar, quotient)


def _zero_where(bar: Any, result: Any) -> Any:
    zero = np.equal(bar, 0)
    if not zero.any():
        return result
    return np.where(zero, result.dtype.type(0), result)[()]


def quiet_power(base: Any, exponent: Any) -> Any:
    """Return ``base ** exponent`` as IEEE 754 has it, without a warning."""
    with np.errstate(**_QUIET):
        return np.power(base, exponent)


def log_or_zero(x: Any) -> Any:
    """Return the logarithm of ``x`` and 0 at ``x = 0``, without a warning.

    The derivative of ``x ** p`` in ``p`` is ``x ** p * log(x)``, which tends to 0 with
    ``x`` for positive ``p``.
    """
    with np.errstate(**_QUIET):
        return np.log(np.where(np.equal(x, 0), np.asarray(x).dtype.type(1), x))[()]


def larger(x: Any, y: Any) -> Any:
    """Return 1 where ``x > y``, 0 where ``x < y`` and 1/2 where they are equal.

    Examples
    --------
    >>> larger(np.array([-1.0, 0.0, 2.0]), 0.0)
    array([0. , 0.5, 1. ])
    """
    if type(x) in (float, int) and type(y) in (float, int):
        return 0.5 if x == y else float(x > y)
    kind = np.result_type(x, y, 0.5).type
    above = np.greater(x, y).astype(kind)
    ties = np.equal(x, y)
    return above + kind(0.5) * ties if np.any(ties) else above


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
    return x.sum(axis=axes).reshape(shape) if axes else x


def check_dims(left: int, right: int) -> None:
    """Raise what NumPy raises where two lengths that must agree do not."""
    if left != right:
        raise ValueError(f"dimensions {left} and {right} do not match")
