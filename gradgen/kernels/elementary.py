"""Products, quotients and powers in which zeros win, of numbers and arrays.

Given Python numbers they return Python numbers, which take the dtype of an array that
they meet.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def _quiet() -> np.errstate:
    return np.errstate(all="ignore")


def _plain(*numbers: Any) -> bool:
    return all(type(number) in (float, int, bool) for number in numbers)


def _as_given(result: Any, *numbers: Any) -> Any:
    """Return a result for Python numbers as one, a complex one as it may be."""
    python = all(type(number) in (float, int, bool, complex) for number in numbers)
    return result.item() if python else result


def masked_multiply(bar: Any, factor: Any) -> Any:
    """Return ``bar * factor``, and zero where ``bar`` is zero.

    Examples
    --------
    >>> masked_multiply(np.array([0.0, 2.0]), np.array([np.inf, 3.0]))
    array([0., 6.])
    """
    if _plain(bar, factor):
        return bar * factor if bar else 0.0
    with _quiet():
        product = np.multiply(bar, factor)
    return _as_given(_zero_where(bar, product), bar, factor)


def masked_divide(bar: Any, divisor: Any) -> Any:
    """Return ``bar / divisor`` as IEEE 754 has it, and zero where ``bar`` is zero.

    Examples
    --------
    >>> masked_divide(np.array([0.0, 2.0]), np.array([0.0, 0.0]))
    array([ 0., inf])
    """
    if _plain(bar, divisor):
        return _plain_quotient(bar, divisor) if bar else 0.0
    with _quiet():
        quotient = np.divide(bar, divisor)
    return _as_given(_zero_where(bar, quotient), bar, divisor)


def _plain_quotient(bar: float, divisor: float) -> float:
    if divisor:
        return bar / divisor
    return (
        math.nan
        if bar != bar
        else math.copysign(math.inf, bar) * math.copysign(1.0, divisor)
    )


def divide_or_zero(bar: Any, divisor: Any) -> Any:
    """Return ``bar / divisor``, and zero where ``divisor`` is zero.

    Examples
    --------
    >>> divide_or_zero(np.array([1.0, 2.0]), np.array([0.0, 4.0]))
    array([0. , 0.5])
    """
    if _plain(bar, divisor):
        return bar / divisor if divisor else 0.0
    with _quiet():
        quotient = np.divide(bar, divisor)
    return _as_given(_zero_where(divisor, quotient), bar, divisor)


def over_squares(leg: Any, x: Any, y: Any) -> Any:
    """Return ``leg / (x**2 + y**2)``, whose squares may underflow, and zero at 0.

    Examples
    --------
    >>> over_squares(np.array([1e-200, 1.0, 1.0]), np.array([1e-200, 0.0, 1.0]), 0.0)
    array([1.e+200, 0.e+000, 1.e+000])
    """
    if _plain(leg, x, y):
        return _plain_over_squares(leg, x, y)
    with _quiet():
        squares = np.asarray(x * x + y * y)
        bound = float(np.finfo(squares.dtype).tiny) ** 0.9
        if bound < squares.min(initial=1.0) and squares.max(initial=1.0) < 1 / bound:
            return _as_given((leg / squares)[()], leg, x, y)
        radius = np.hypot(x, y)
    return _as_given(divide_or_zero(divide_or_zero(leg, radius), radius), leg, x, y)


def _plain_over_squares(leg: float, x: float, y: float) -> float:
    squares = x * x + y * y
    if 1e-280 < squares < 1e280:
        return leg / squares
    radius = math.hypot(x, y)
    return leg / radius / radius if radius else 0.0


def _zero_where(bar: Any, result: Any) -> Any:
    zero = np.equal(bar, 0)
    if not zero.any():
        return result
    return np.where(zero, result.dtype.type(0), result)[()]


def quiet_power(base: Any, exponent: Any) -> Any:
    """Return ``base ** exponent`` as IEEE 754 has it, without a warning."""
    with _quiet():
        power = np.power(base, exponent, dtype=_float_result(base, exponent))
    return _as_given(power, base, exponent)


def _float_result(*operands: Any) -> np.dtype:
    return np.result_type(*operands, 1.0)


def log_or_zero(x: Any) -> Any:
    """Return the logarithm of ``x`` and 0 at ``x = 0``, without a warning.

    The derivative of ``x ** p`` in ``p`` is ``x ** p * log(x)``, which tends to 0 with
    ``x`` for positive ``p``.
    """
    with _quiet():
        result = np.log(np.where(np.equal(x, 0), np.asarray(x).dtype.type(1), x))[()]
    return _as_given(result, x)


def relative_exp(x: Any, z: Any) -> Any:
    """Return ``exp(x - z)``, and zero where ``x`` is minus infinity.

    This is the share of ``exp(x)`` in ``exp(z)``.
    """
    with _quiet():
        share = np.exp(np.subtract(x, z))
    result = np.where(np.equal(x, -np.inf), share.dtype.type(0), share)[()]
    return float(result) if _plain(x, z) else result


def larger(x: Any, y: Any) -> Any:
    """Return 1 where ``x > y``, 0 where ``x < y`` and 1/2 where they are equal.

    The result has the dtype of ``x - y``, so that no product with it changes dtype.

    Examples
    --------
    >>> larger(np.array([-1.0, 0.0, 2.0]), 0.0)
    array([0. , 0.5, 1. ])
    """
    if _plain(x, y):
        return 0.5 if x == y else float(x > y)
    dtype = np.result_type(x, y, 0.5)
    above = np.greater(x, y).astype(dtype)
    ties = np.equal(x, y)
    if not np.count_nonzero(ties):
        return above
    return above + dtype.type(0.5) * ties


def sinc_derivative(x: Any, order: int) -> Any:
    """Return the derivative of ``np.sinc`` of some order.

    With ``u = pi x`` and ``f(u) = sin(u) / u`` it is ``pi**k f^(k)(u)``: a power series
    near zero, the recurrence ``u f^(k) = sin(u + k pi / 2) - k f^(k-1)`` elsewhere.
    """
    u = np.array(x, dtype=np.result_type(x, np.float64), order="C")
    u *= np.pi
    close = np.flatnonzero(np.abs(u) < order + 1)
    near = u.flat[close]
    np.put(u, close, 1.0)
    waves = np.sin(u), np.cos(u)
    value = np.asarray(waves[0] / u)
    for k in range(1, order + 1):
        value *= -k
        value += -waves[k % 2] if k % 4 > 1 else waves[k % 2]
        value /= u
    np.put(value, close, _sinc_series(near, order))
    value *= np.pi**order
    return value.astype(np.result_type(x, 1.0), copy=False)[()]


def _sinc_series(u: Any, order: int) -> Any:
    """Return the series for ``|u| < order + 1``, by Horner's scheme in ``u * u``."""
    total, square = np.zeros_like(u), u * u
    for m in reversed(range(order + order % 2, order + 2 * order + 26, 2)):
        sign = -1.0 if m // 2 % 2 else 1.0
        total *= square
        total += sign / ((m + 1) * math.factorial(m - order))
    return total * u if order % 2 else total
