"""The few numerical functions that generated code calls besides NumPy's.

They need NumPy alone. Generated code imports them from ``gradgen.runtime.support``.
Given Python numbers they return Python numbers, which take the dtype of an array that
they meet.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradgen.bands import band_outer as band_outer
from gradgen.bands import band_product as band_product
from gradgen.bands import band_transpose as band_transpose
from gradgen.bands import diagonal_sums as diagonal_sums
from gradgen.bands import halve_row as halve_row
from gradgen.bands import permutation_of as permutation_of
from gradgen.checks import check_bound as check_bound
from gradgen.checks import check_dims as check_dims
from gradgen.checks import check_finite as check_finite
from gradgen.checks import check_layout as check_layout
from gradgen.checks import check_smooth as check_smooth
from gradgen.checks import uneven_like as uneven_like
from gradgen.halfspectra import fit_axes as fit_axes
from gradgen.halfspectra import scale_paired as scale_paired
from gradgen.layouts import fold_cycles as fold_cycles
from gradgen.layouts import fold_padding as fold_padding
from gradgen.layouts import fold_segments as fold_segments
from gradgen.layouts import fold_strided as fold_strided
from gradgen.layouts import fold_windows as fold_windows
from gradgen.layouts import read_strided as read_strided
from gradgen.lines import add_along_axis as add_along_axis
from gradgen.lines import products_before as products_before
from gradgen.lines import put_back as put_back
from gradgen.lines import recurrence as recurrence
from gradgen.lines import shifted as shifted
from gradgen.lines import stable_order as stable_order
from gradgen.matrices import det_gradient as det_gradient
from gradgen.matrices import divide_or_nan as divide_or_nan
from gradgen.matrices import expect_real as expect_real
from gradgen.matrices import inverse_of_lower as inverse_of_lower
from gradgen.matrices import inverse_or_nan as inverse_or_nan
from gradgen.ranges import check_not_negative as check_not_negative
from gradgen.ranges import check_range as check_range
from gradgen.ranges import check_size as check_size
from gradgen.ranges import check_triangle as check_triangle
from gradgen.returns import returned as returned


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


def add_items(left: Any, right: Any) -> Any:
    """Return the sums of the elements of two lists as long, nested ones included.

    Examples
    --------
    >>> add_items([1.0, [2.0]], [3.0, [4.0]])
    [4.0, [6.0]]
    """
    if isinstance(left, dict):
        sums = {k: add_items(x, right[k]) if k in right else x for k, x in left.items()}
        return {**right, **sums}
    if not isinstance(left, list):
        return left + right
    return [add_items(x, y) for x, y in zip(left, right, strict=True)]


def add_tapes(left: Any, right: Any) -> Any:
    """Return the sum of two tapes of derivatives, item by item; None is nothing.

    Examples
    --------
    >>> add_tapes((1.0, None, (2.0,)), (3.0, None, (0.5,)))
    (4.0, None, (2.5,))
    """
    if left is None or right is None:
        return right if left is None else left
    if isinstance(left, tuple | list):
        return type(left)(map(add_tapes, left, right))
    return left + right


def copy_tape(tape: Any) -> Any:
    """Return a tape that shares no array with another one.

    Examples
    --------
    >>> copy_tape((3, np.array([2.0]), None))
    (3, array([2.]), None)
    """
    if isinstance(tape, tuple | list):
        return type(tape)(map(copy_tape, tape))
    return tape.copy() if isinstance(tape, np.ndarray) else tape


def zeros_like_tape(tape: Any) -> Any:
    """Return the zero derivative of a tape: zeros for floats, None for other items.

    Examples
    --------
    >>> zeros_like_tape((3, 1.5, (np.array([2.0]), None)))
    (None, 0.0, (array([0.]), None))
    """
    if isinstance(tape, tuple | list):
        return type(tape)(map(zeros_like_tape, tape))
    kind = getattr(tape, "dtype", np.dtype(int)).kind
    if isinstance(tape, float | complex) or kind in "fc":
        return np.zeros_like(tape) if np.ndim(tape) else type(tape)(0.0)
    return None


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


def revolve_advance(distance: int, free: int) -> int:
    """Return after how many turns of a loop to keep the next of its states, or 0.

    The turn to reverse is ``distance`` after the last state that is kept, and ``free``
    more can be. The turns up to the new state and those from there on are then run
    again as rarely as can be (Griewank and Walther, Algorithm 799, ACM TOMS 26, 2000).

    Examples
    --------
    >>> revolve_advance(9, 2), revolve_advance(9, 0)
    (4, 0)
    """
    if distance < 1 or free < 1:
        return 0
    turns, states, repeats = distance + 1, free + 1, 1
    while math.comb(states + repeats, states) < turns:
        repeats += 1
    fewest = math.comb(states + repeats - 2, states)
    return max(1, fewest, turns - math.comb(states + repeats - 1, states - 1))
