"""Quantiles, percentiles and medians without NaN.

A quantile is a number between two neighbours in order. Hyndman and Fan, "Sample
quantiles in statistical packages", The American Statistician 50 (1996), define the
methods, by where among ``n`` sorted elements it lies.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.ir.dims import Dims
from gradgen.ir.types import Type, tensor
from gradgen.primitives.axes import transpose_to
from gradgen.primitives.batchshapes import measured
from gradgen.primitives.chosen import NOT_GIVEN
from gradgen.primitives.families import differentiable
from gradgen.primitives.fields import refuse_complex
from gradgen.primitives.lowering import Only, lowers, static
from gradgen.primitives.reduction import count_of
from gradgen.primitives.registry import (
    Attrs,
    Handle,
    Primitive,
    Sample,
    apply,
    dim_of,
    joined_terms,
    lift,
    register,
)
from gradgen.primitives.shaping import cast_like, cast_to, normal_axes, reshape_to

CONTINUOUS = {
    "interpolated_inverted_cdf": (0.0, 1.0),
    "hazen": (0.5, 0.5),
    "weibull": (0.0, 0.0),
    "median_unbiased": (1 / 3, 1 / 3),
    "normal_unbiased": (3 / 8, 3 / 8),
}
Rounding = Callable[[Handle], Any]
ROUNDED: dict[str, Rounding] = {
    "lower": lambda share: 0.0,
    "higher": lambda share: apply("greater", share, 0),
    "midpoint": lambda share: 0.5 * apply("greater", share, 0),
}
"""Of methods that do not interpolate: the share of the upper of two neighbours."""

METHODS = ("linear", "median", *CONTINUOUS, *ROUNDED)
"""The median stands for that of what is no NaN."""


def _place(q: Handle, count: Any, method: str) -> Handle:
    """Return where among ``count`` elements in order a quantile lies."""
    if method not in CONTINUOUS:
        linear: Handle = q * (count - 1)
        return linear
    alpha, beta = CONTINUOUS[method]
    place: Handle = q * count + (q * (1 - alpha - beta) + (alpha - 1))
    return place


def _share(place: Handle, low: Handle, method: str) -> Any:
    """Return the share of the upper neighbour."""
    share = place - low
    return ROUNDED[method](share) if method in ROUNDED else share


def neighbours_of(
    x: Handle, q: Handle, axis: int, method: str, skip: bool
) -> tuple[Handle, Handle, Any]:
    """Return which elements are the neighbours, and the share of the upper one.

    Along ``axis`` there is one for each quantile.
    """
    others = tuple(i for i in range(x.rank) if i != axis)
    q = lift(x.builder, 0.5) if method == "median" else q
    q = apply("expand_dims", q, axis=others) if q.rank and others else q
    count: Any = dim_of(x, axis)
    if skip:
        numbers = apply("logical_not", apply("isnan", x))
        count = apply("sum", numbers, axis=(axis,), keepdims=True)
    place = _place(q, count, method)
    last = apply("maximum", count - 1, 0)
    inside = apply("greater_equal", place, 0)
    place = apply("minimum", apply("maximum", place, 0.0), last)
    low = apply("floor", place)
    order = apply("stable_order", x, axis=axis)
    below = cast_to(low, np.int64)
    above = apply("minimum", below + inside, last)
    at = [at_index(order, index, axis) for index in (below, above)]
    return at[0], at[1], _share(place, low, method)


def at_index(x: Handle, index: Handle, axis: int) -> Handle:
    """Return the elements of ``x`` at one index for all lines, or at one for each."""
    if not index.rank:
        index = apply("expand_dims", index, axis=tuple(range(x.rank)))
    return apply("take_along_axis", x, index, axis=axis)


def _quantile_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    x, q = types
    # NumPy 2.0 has another dtype for some single numbers than for arrays of them.
    at = 0.5 if q.weak else np.full((1,) * len(q.shape), 0.5, q.dtype)[()]
    function: Any = np.quantile
    dtype = function(np.zeros((1,) * len(x.shape), x.dtype), at, axis=0).dtype
    kept = tuple(d for i, d in enumerate(x.shape) if i != attrs["axis"])
    return tensor(dtype, (*q.shape, *kept))


def _in_place(y: Handle, q: Handle, axis: int) -> Handle:
    """Return a result with the axis of the quantiles where that of the elements was."""
    if not q.rank:
        return apply("expand_dims", y, axis=(axis,))
    rest = list(range(1, y.rank))
    return transpose_to(y, [*rest[:axis], 0, *rest[axis:]])


def as_result(moved: Handle, q: Handle, axis: int) -> Handle:
    """Return what there is one of for each quantile, in the shape of the result."""
    if not q.rank:
        return apply("squeeze", moved, axis=(axis,))
    return transpose_to(moved, [axis, *(i for i in range(moved.rank) if i != axis)])


def _slope(x: Handle, q: Handle, below: Handle, above: Handle, attrs: Attrs) -> Handle:
    """Return the derivative in the quantile, for methods that interpolate."""
    axis, method = attrs["axis"], attrs["method"]
    step = at_index(x, above, axis) - at_index(x, below, axis)
    count: Any = dim_of(x, axis)
    if attrs["skip"]:
        numbers = apply("logical_not", apply("isnan", x))
        count = apply("sum", numbers, axis=(axis,), keepdims=True)
    alpha, beta = CONTINUOUS.get(method, (1.0, 1.0))
    return step * cast_like(count + (1 - alpha - beta), step)


def _moves(attrs: Attrs) -> bool:
    """Tell whether a quantile changes steadily with its position."""
    return attrs["method"] == "linear" or attrs["method"] in CONTINUOUS


def _quantile_tangent(
    y: Handle, dots: Sequence[Handle | None], x: Handle, q: Handle, **attrs: Any
) -> Handle | None:
    axis, (x_dot, q_dot) = attrs["axis"], dots
    below, above, share = neighbours_of(x, q, axis, attrs["method"], attrs["skip"])
    first = second = None
    if x_dot is not None:
        low, high = (at_index(x_dot, at, axis) for at in (below, above))
        first = as_result(low + (high - low) * share, q, axis)
    if q_dot is not None and _moves(attrs):
        slope = as_result(_slope(x, q, below, above, attrs), q, axis)
        lines = tuple(range(1, slope.rank)) if q.rank else ()
        second = slope * (apply("expand_dims", q_dot, axis=lines) if lines else q_dot)
    return None if first is second is None else joined_terms(first, second)


def _quantile_adjoint(
    y_bar: Handle, y: Handle, x: Handle, q: Handle, **attrs: Any
) -> list[Handle | None]:
    axis = attrs["axis"]
    below, above, share = neighbours_of(x, q, axis, attrs["method"], attrs["skip"])
    bar, length = _in_place(y_bar, q, axis), dim_of(x, axis)
    upper = bar * share
    pairs = ((bar - upper, below), (upper, above))
    parts = [apply("add_along_axis", v, at, length, axis=axis) for v, at in pairs]
    x_bar = parts[0] + parts[1] if differentiable(x) else None
    if not differentiable(q) or not _moves(attrs):
        return [x_bar, None]
    others = tuple(i for i in range(x.rank) if i != axis or not q.rank)
    weighted = bar * _slope(x, q, below, above, attrs)
    return [x_bar, apply("sum", weighted, axis=others, keepdims=False)]


def _name(attrs: Attrs) -> str:
    if attrs["method"] == "median":
        return "nanmedian"
    return "nanquantile" if attrs["skip"] else "quantile"


def _quantile_text(types: Sequence[Any], attrs: Attrs) -> str:
    q = "" if attrs["method"] == "median" else ", {1}"
    axis = f", axis={attrs['axis']}" if types and len(types[0].shape) > 1 else ""
    plain = attrs["method"] in ("linear", "median")
    method = "" if plain else f", method='{attrs['method']}'"
    return f"np.{_name(attrs)}({{0}}{q}{axis}{method})"


def _evaluate(x: Any, q: Any, axis: int, method: str, skip: bool) -> Any:
    if method == "median":
        return np.nanmedian(x, axis=axis)
    function: Any = np.nanquantile if skip else np.quantile
    return function(x, q, axis=axis, method=method)


GAPS = np.array([[1.5, np.nan, 0.3, -1.0], [0.2, 2.5, np.nan, np.nan]])
quantile = register(
    Primitive(
        name="quantile",
        batch=measured,
        type_rule=_quantile_type,
        evaluate=_evaluate,
        template=_quantile_text,
        tangent=_quantile_tangent,
        adjoint=_quantile_adjoint,
        samples=(
            Sample(("f64[5]", 0.3), {"axis": 0, "method": "linear", "skip": False}),
            Sample(
                ("f64[3,5]", np.array([0.33, 0.64])),
                {"axis": 1, "method": "hazen", "skip": False},
            ),
            Sample(("f32[5,2]", 0.4), {"axis": 0, "method": "lower", "skip": False}),
            Sample((GAPS, 0.31), {"axis": 1, "method": "linear", "skip": True}),
            Sample((GAPS, 0.5), {"axis": 1, "method": "median", "skip": True}),
        ),
    )
)


def lined_up(x: Handle, axis: Any) -> tuple[Handle, int, tuple[int, ...]]:
    """Return ``x`` with all axes to reduce as one, that axis, and what they were."""
    axes = normal_axes(axis, x.rank)
    if len(axes) == 1:
        return x, axes[0], axes
    if len(axes) == x.rank:
        return reshape_to(x, [-1]), 0, axes
    free = [i for i in range(x.rank) if i not in axes]
    last = transpose_to(x, [*free, *axes])
    lengths = [dim_of(x, i) for i in free]
    lengths.append(count_of(x, axes))
    return apply("reshape", last, *lengths), len(free), axes


def _quantile_of(
    a: Any, q: Any, axis: Any, method: str, keepdims: Any, skip: bool, builder: Builder
) -> Handle:
    x, at = lift(builder, a), lift(builder, q)
    refuse_complex("np.quantile", [x.type])
    if method not in METHODS:
        raise Refusal(f"method {method!r} of np.quantile is not supported", "'linear'")
    if at.rank > 1:
        raise Refusal("quantiles in an array of several axes are not supported")
    if x.dtype.kind != "f":
        if method in ROUNDED:
            raise Refusal(f"method {method!r} of np.quantile of integers", "floats")
        x = cast_to(x, np.float64)
    x = x if x.rank else reshape_to(x, [1])
    if at.type.weak:
        at = cast_to(at, x.dtype)
    lines, along, axes = lined_up(x, axis)
    y = quantile(lines, at, axis=along, method=method, skip=skip)
    if keepdims is NOT_GIVEN or not static(keepdims):
        return y
    return apply("expand_dims", y, axis=tuple(i + at.rank for i in axes))


def _lower(function: Any, skip: bool, hundred: bool) -> None:
    @lowers(function)
    def lowering(
        a: Any,
        q: Any,
        axis: Any = None,
        out: Any = Only(),
        overwrite_input: Any = Only(False),
        method: Any = "linear",
        keepdims: Any = False,
        *,
        builder: Builder,
        weights: Any = Only(),
    ) -> Handle:
        share = lift(builder, q)
        share = share / 100 if hundred else share
        return _quantile_of(a, share, axis, static(method), keepdims, skip, builder)


_lower(np.quantile, skip=False, hundred=False)
_lower(np.percentile, skip=False, hundred=True)
_lower(np.nanquantile, skip=True, hundred=False)
_lower(np.nanpercentile, skip=True, hundred=True)


@lowers(np.nanmedian)
def _nanmedian(
    a: Any,
    axis: Any = None,
    out: Any = Only(),
    overwrite_input: Any = Only(False),
    keepdims: Any = NOT_GIVEN,
    *,
    builder: Builder,
) -> Handle:
    return _quantile_of(a, 0.5, axis, "median", keepdims, True, builder)
