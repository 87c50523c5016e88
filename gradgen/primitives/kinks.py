"""Where functions have no derivative, although their rules give a number there.

Strict derivatives refuse these points; see ``docs/conventions.md``. By the name of a
primitive: ``kink(y, *xs, **attrs)``, true where the result ``y`` has a kink or a jump,
None for nowhere; a tuple has one for each operand, in which that operand moves, and the
last one counts for all that follow. Points at which a rule returns infinity or NaN need
no entry.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial as bind
from functools import reduce
from typing import Any

import numpy as np

from gradgen.ir.types import INT, is_complex
from gradgen.primitives.indexing import Index, read
from gradgen.primitives.quantiles import (
    ROUNDED,
    as_result,
    at_index,
    neighbours_of,
)
from gradgen.primitives.reduction import spread
from gradgen.primitives.registry import Handle, apply, dim_of
from gradgen.primitives.repeated import contenders
from gradgen.primitives.segments import counted_extremes

Kink = Callable[..., Any]


def _equal(x: Any, y: Any) -> Handle:
    return apply("equal", x, y)


def _either(*flags: Handle) -> Handle:
    return reduce(lambda p, q: apply("logical_or", p, q), flags)


def _both(*flags: Handle) -> Handle:
    return reduce(lambda p, q: apply("logical_and", p, q), flags)


def _at_zero(y: Handle, x: Handle, *_: Handle, **__: Any) -> Handle:
    return _equal(x, 0)


def _result_zero(y: Handle, *_: Handle, **__: Any) -> Handle:
    return _equal(y, 0)


def _unordered(z: Handle, x: Handle, y: Handle, **_: Any) -> Handle:
    """Two operands of which neither is the larger: they are equal, or one is NaN."""
    return apply("logical_not", _either(x < y, x > y))


def _tied(z: Handle, x: Handle, y: Handle, **_: Any) -> Handle:
    return _equal(x, y)


def _both_zero(z: Handle, x: Handle, y: Handle, **_: Any) -> Handle:
    return _both(_equal(x, 0), _equal(y, 0))


def _on_branch_cut(z: Handle, y: Handle, x: Handle, **_: Any) -> Handle:
    """An angle of half a turn, or that of 0; where ``x`` moves, the latter alone."""
    return _both(_equal(y, 0), x <= 0)


def _both_infinite(z: Handle, x: Handle, y: Handle, **_: Any) -> Handle:
    return _both(_equal(x, y), apply("isinf", x))


def _some_tied(y: Handle, *xs: Handle) -> Handle:
    """Python's ``max`` and ``min``: more than one operand is the extremum, or none."""
    flags = [apply("cast", _equal(x, y), dtype=np.dtype(int)) for x in xs]
    return apply("not_equal", reduce(lambda p, q: p + q, flags), 1)


def _reached_again(
    y: Handle, x: Handle, axis: tuple[int, ...], keepdims: bool, **_: Any
) -> Handle:
    """A reduction to an extremum that is reached more than once."""
    reached = _equal(x, spread(y, x, axis, keepdims))
    return apply("sum", reached, axis=axis, keepdims=keepdims) > 1


def _several_extremes(y: Handle, x: Handle, **options: Any) -> Handle:
    """A reduction to an extremum that is reached more than once, or is NaN."""
    return _either(_reached_again(y, x, **options), apply("not_equal", y, y))


def _several_in_segment(y: Handle, x: Handle, indices: Handle, axis: int) -> Handle:
    """A segment that reaches its extremum more than once, or has none but NaN."""
    ties = counted_extremes(y, x, indices, axis)
    return _either(ties > 1, apply("isnan", y))


def _tied_at(name: str, y: Handle, x: Handle, *rest: Handle, index: Index) -> Handle:
    """An element that is equal to some that it is compared with, or becomes NaN."""
    *parts, value = rest
    _, _, ties = contenders(name, y, x, parts, value, index)
    became = _both(apply("isnan", y), apply("logical_not", apply("isnan", x)))
    return _either(ties > 1, became)


def _at_bounds(y: Handle, x: Handle, lo: Handle, hi: Handle) -> Handle:
    return _either(_equal(x, lo), _equal(x, hi), apply("isnan", y))


def _at_operand(y: Handle, x: Handle, lo: Handle, hi: Handle) -> Handle:
    """A bound of ``clip`` that is equal to the other one, or to what it bounds."""
    return _either(_at_bounds(y, x, lo, hi), _equal(lo, hi))


def _at_multiple(z: Handle, x: Handle, y: Handle, **_: Any) -> Handle:
    return _equal(z, 0)


def _past_multiple(z: Handle, x: Handle, y: Handle, **_: Any) -> Handle:
    """``fmod`` and ``trunc`` round towards 0, where they are smooth."""
    return _both(_equal(z, 0), apply("not_equal", x, 0))


def _at_whole(y: Handle, x: Handle, **_: Any) -> Handle:
    return _equal(y, x)


def _at_whole_but_zero(y: Handle, x: Handle, **_: Any) -> Handle:
    return _both(_equal(y, x), apply("not_equal", x, 0))


def _at_half(
    y: Handle, x: Handle, decimals: int = 0, digits: int = 0, **_: Any
) -> Handle:
    """Rounding, half-way between two numbers that have so many digits."""
    if is_complex(x.type):
        parts = (apply("real", x), apply("imag", x))
        return _either(*(_at_half(y, part, decimals, digits) for part in parts))
    shifted = x * 10.0 ** (decimals or digits)
    return _equal(apply("absolute", shifted - apply("rint", shifted)), 0.5)


def _at_quotient(z: Handle, x: Handle, y: Handle, **_: Any) -> Handle:
    return _equal(apply("remainder", x, y), 0)


def _at_power_of_two(y: Handle, x: Handle) -> Handle:
    return _either(_equal(apply("absolute", apply("mantissa", x)), 0.5), _equal(x, 0))


def _nothing_but_zeros(y: Handle, *_: Handle, **__: Any) -> Handle:
    """Sums of exponentials of nothing but minus infinity."""
    return _equal(y, -np.inf)


def _next_to_equal(y: Handle, x: Handle, axis: int) -> Handle:
    """What is sorted, next to something equal."""
    before, after = (_equal(y, apply("roll", y, n, axis=axis)) for n in (1, -1))
    return _both(_either(before, after), apply("greater", dim_of(y, axis), 1))


def _part_next_to_equal(y: Handle, x: Handle, axis: int, kth: Any) -> Handle:
    """A part of what is sorted."""
    return _next_to_equal(apply("sort", y, axis=axis), x, axis)


def _tied_quantile(y: Handle, x: Handle, q: Handle, **attrs: Any) -> Handle:
    """A quantile one of whose neighbours in order is not the only one of its value."""
    axis, order = attrs["axis"], {"axis": attrs["axis"], "kind": "stable"}
    in_order = _next_to_equal(apply("sort", x, axis=axis), x, axis)
    ranks = apply("argsort", apply("argsort", x, **order), **order)
    tied = apply("take_along_axis", in_order, ranks, axis=axis)
    below, above, share = neighbours_of(x, q, axis, attrs["method"], attrs["skip"])
    found = at_index(tied, below, axis)
    if isinstance(share, Handle):  # not always 0
        upper = _both(at_index(tied, above, axis), apply("not_equal", share, 0))
        found = _either(found, upper)
    return as_result(found, q, axis)


def _at_element(y: Handle, x: Handle, q: Handle, **attrs: Any) -> Handle:
    """A quantile in its position, at an element and not between two of them."""
    axis, method = attrs["axis"], attrs["method"]
    method = "linear" if method in ROUNDED else method
    below, above, share = neighbours_of(x, q, axis, method, attrs["skip"])
    if method == "linear":  # others have the first and last elements for a while
        between = apply("greater", _counted(x, axis), 1)
    else:
        between = apply("not_equal", below, above)
    there = _both(_equal(share, 0), between, apply("greater_equal", below, 0))
    return as_result(there, q, axis)


def _counted(x: Handle, axis: int) -> Handle:
    """Return how many elements along an axis are no NaN."""
    numbers = apply("logical_not", apply("isnan", x))
    return apply("sum", numbers, axis=(axis,), keepdims=True)


def _repeated_extreme(y: Handle, x: Handle, axis: int) -> Handle:
    """A running extremum that is reached again somewhere along the axis."""
    places = apply("arange", 0, dim_of(y, axis), 1, builder=y.builder, dtype=INT)
    first = _equal(places, 0)
    others = tuple(range(1, y.rank - axis))
    first = apply("expand_dims", first, axis=others) if others else first
    again = _both(_equal(x, y), _equal(y, apply("roll", y, 1, axis=axis)))
    again = _both(again, apply("logical_not", first))
    return apply("any", again, axis=(axis,), keepdims=True)


def _on_points(y: Handle, x: Handle, points: Handle) -> Handle:
    """A place at which one of some points lies."""
    places = apply("expand_dims", x, axis=(x.rank,)) if x.rank else x
    return apply("any", _equal(places, points), axis=(x.rank,), keepdims=False)


def _between(y: Handle, q: Handle, x: Handle, kind: str) -> Handle:
    """A place at which what is interpolated between points turns or jumps."""
    if kind.startswith("nearest"):
        x = (read(x, [slice(1, None)]) + read(x, [slice(None, -1)])) / 2
    axes = tuple(range(q.rank, y.rank))
    there = _on_points(y, q, x)
    return apply("expand_dims", there, axis=axes) if axes else there


def _on_line(
    y: Handle, values: Handle, q: Handle, x: Handle, kind: str, **_: Any
) -> Handle:
    return _between(y, q, x, kind)


def _on_grid(y: Handle, values: Handle, *others: Handle, kind: str, **_: Any) -> Handle:
    count = len(others) // 2
    axes = zip(others[:count], others[count:], strict=True)
    return _either(*(_between(y, q, x, kind) for q, x in axes))


def _on_given_line(y: Handle, t: Handle, curve: Handle, **_: Any) -> Handle | None:
    name = getattr(curve.atom.type, "name", "")
    return apply("meets_points", t, curve) if name == "interp1d" else None


def _on_given_grid(y: Handle, *operands: Handle, **_: Any) -> Handle:
    return apply("meets_points", *operands)


KINKS: Mapping[str, Kink | tuple[Kink | None, ...]] = {
    "absolute": _result_zero,
    "fabs": _result_zero,
    "sign": _at_zero,
    "copysign": (_at_zero, lambda z, x, y, **_: _both(_equal(y, 0), x * x > 0)),
    "hypot": _result_zero,
    "norm": _result_zero,
    "root": _result_zero,
    "std": _result_zero,
    "arctan2": (_on_branch_cut, _both_zero),
    "i0e": _at_zero,
    "ive": (None, _both_zero),
    "logaddexp": _both_infinite,
    "logaddexp2": _both_infinite,
    "logsumexp": _nothing_but_zeros,
    "logaddexp_reduce": _nothing_but_zeros,
    "logaddexp2_reduce": _nothing_but_zeros,
    "running_logaddexp": _nothing_but_zeros,
    "running_logaddexp2": _nothing_but_zeros,
    "fmax_reduce": _reached_again,
    "fmin_reduce": _reached_again,
    "hypot_reduce": _result_zero,
    "power": (None, _both_zero),
    "float_power": (None, _both_zero),
    "math_pow": (None, _both_zero),
    "maximum": _unordered,
    "minimum": _unordered,
    "fmax": _tied,
    "fmin": _tied,
    "clip": (_at_bounds, _at_operand, _at_operand),
    "heaviside": (_at_zero, None),
    "python_max": _some_tied,
    "python_min": _some_tied,
    "max": _several_extremes,
    "min": _several_extremes,
    "maximum_at": bind(_tied_at, "maximum"),
    "minimum_at": bind(_tied_at, "minimum"),
    "maximum_reduceat": _several_in_segment,
    "minimum_reduceat": _several_in_segment,
    "bends": (_on_points, None),
    "curve_value": _on_given_line,
    "grid_call": _on_given_grid,
    "interp1d": (None, _on_line),
    "regular_grid": (None, _on_grid),
    "running_maximum": _repeated_extreme,
    "running_minimum": _repeated_extreme,
    "sort": _next_to_equal,
    "partition": _part_next_to_equal,
    "quantile": (_tied_quantile, _at_element),
    "remainder": _at_multiple,
    "fmod": _past_multiple,
    "fraction": lambda y, x: _both(_equal(y, 0), apply("not_equal", x, 0)),
    "mantissa": _at_power_of_two,
    "spacing": _at_power_of_two,
    "floor": _at_whole,
    "ceil": _at_whole,
    "trunc": _at_whole_but_zero,
    "rint": _at_half,
    "round": _at_half,
    "python_round": _at_half,
    "floor_divide": _at_quotient,
}
