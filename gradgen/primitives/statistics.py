"""Variance, standard deviation, averages and medians."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial as bind
from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.ir.dims import Dims
from gradgen.ir.types import FLOAT, Dim, Type, tensor
from gradgen.primitives.batching import along_axes
from gradgen.primitives.fields import refuse_complex
from gradgen.primitives.indexing import read
from gradgen.primitives.lowering import Only, lowers, static
from gradgen.primitives.masked import divide_or_zero
from gradgen.primitives.parts import conjugated, real_part
from gradgen.primitives.quantiles import lined_up
from gradgen.primitives.reduction import count_of, reduced, reduced_shape, spread
from gradgen.primitives.registry import (
    Attrs,
    Handle,
    Primitive,
    Sample,
    apply,
    dim_of,
    lift,
    register,
)
from gradgen.primitives.shaping import (
    broadcast_like,
    cast_like,
    cast_to,
    normal_axes,
    normal_axis,
)

Axes = tuple[int, ...]


def float_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    """Type rule of spreads and norms, which are real for complex numbers, too."""
    dtype = types[0].dtype if types[0].dtype.kind in "fc" else FLOAT
    dtype = np.empty(0, dtype).real.dtype
    shape = reduced_shape(types[0].shape, attrs["axis"], attrs["keepdims"])
    return tensor(dtype, shape)


def options_text(types: Sequence[Any], attrs: Attrs) -> str:
    """Return the options of a reduction as they are printed."""
    axis, options = attrs["axis"], ""
    if types and len(axis) != len(types[0].shape):
        options += f", axis={axis[0] if len(axis) == 1 else axis}"
    if attrs.get("ddof"):
        options += f", ddof={attrs['ddof']}"
    return options + (", keepdims=True" if attrs["keepdims"] else "")


def _deviation(x: Handle, axis: Axes) -> Handle:
    """Return how far ``x`` is from its mean, as a conjugate if that is complex."""
    mean = apply("mean", x, axis=axis, keepdims=False)
    return conjugated(x - spread(mean, x, axis, False))


def _per_freedom(bar: Handle, x: Handle, axis: Axes, ddof: int) -> Handle:
    """Return ``bar / (n - ddof)``, which is infinite where no freedom is left."""
    count = count_of(x, axis)
    if ddof < 2 and all(_is_long(x.shape[a]) for a in axis):
        return bar / (count - ddof if ddof else count)
    freedom = apply("python_max", count - ddof, 0)
    return apply("masked_divide", bar, freedom)


def _is_long(dim: Dim) -> bool:
    """Tell whether a length is known to be two or more."""
    return dim > 1 if isinstance(dim, int) else dim.proper


def _var_tangent(
    y: Handle,
    dots: Sequence[Handle | None],
    x: Handle,
    axis: Axes,
    keepdims: bool,
    ddof: int,
) -> Handle:
    return _per_freedom(2 * _moved(dots[0], x, axis, keepdims), x, axis, ddof)


def _moved(x_dot: Handle | None, x: Handle, axis: Axes, keepdims: bool) -> Handle:
    """Return half of what the sum of squared deviations moves by."""
    assert x_dot is not None
    product = real_part(_deviation(x, axis) * x_dot)
    return apply("sum", product, axis=axis, keepdims=keepdims)


def _var_adjoint(
    y_bar: Handle, y: Handle, x: Handle, axis: Axes, keepdims: bool, ddof: int
) -> list[Handle]:
    weight = cast_like(_per_freedom(2 * y_bar, x, axis, ddof), y)
    return [spread(weight, x, axis, keepdims) * _deviation(x, axis)]


def _std_tangent(
    y: Handle,
    dots: Sequence[Handle | None],
    x: Handle,
    axis: Axes,
    keepdims: bool,
    ddof: int,
) -> Handle:
    total = _moved(dots[0], x, axis, keepdims)
    return divide_or_zero(_per_freedom(total, x, axis, ddof), y)


def _std_adjoint(
    y_bar: Handle, y: Handle, x: Handle, axis: Axes, keepdims: bool, ddof: int
) -> list[Handle]:
    weight = divide_or_zero(_per_freedom(y_bar, x, axis, ddof), y)
    return [spread(cast_like(weight, y), x, axis, keepdims) * _deviation(x, axis)]


SPREADS = (
    Sample(("f64[3,4]",), {"axis": (0, 1), "keepdims": False, "ddof": 0}),
    Sample(("f64[3,4]",), {"axis": (0,), "keepdims": False, "ddof": 1}),
    Sample(("f64[3,4]",), {"axis": (1,), "keepdims": True, "ddof": 0}),
    Sample(("f64[2,3,4]",), {"axis": (0, 2), "keepdims": False, "ddof": 2}),
    Sample(("f32[3,4]",), {"axis": (1,), "keepdims": False, "ddof": 0}),
)


def _spread_text(name: str, types: Sequence[Any], attrs: Attrs) -> str:
    return f"np.{name}({{0}}{options_text(types, attrs)})"


def _declare_spread(name: str, function: Any, tangent: Any, adjoint: Any) -> None:
    register(
        Primitive(
            name=name,
            batch=along_axes,
            type_rule=float_type,
            evaluate=lambda x, **options: function(x, **options),
            template=bind(_spread_text, name),
            tangent=tangent,
            adjoint=adjoint,
            takes_complex=True,
            samples=SPREADS,
        )
    )


_declare_spread("var", np.var, _var_tangent, _var_adjoint)
_declare_spread("std", np.std, _std_tangent, _std_adjoint)


@lowers(np.average)
def _average(
    a: Any,
    axis: Any = None,
    weights: Any = None,
    returned: Any = False,
    *,
    builder: Builder,
    keepdims: Any = False,
) -> Any:
    kept = keepdims is not np._NoValue and bool(static(keepdims))
    mean, total = _weighted(lift(builder, a), axis, weights, kept)
    return (mean, broadcast_like(total, mean)) if static(returned) else mean


def _weighted(
    x: Handle, axis: Any, weights: Any, keepdims: bool
) -> tuple[Handle, Handle]:
    """Return a weighted mean and the sum of the weights."""
    builder = x.builder
    if weights is None:
        mean = reduced("mean", x, axis, keepdims, builder)
        return mean, cast_to(count_of(x, normal_axes(axis, x.rank)), mean.dtype)
    w = lift(builder, weights)
    if w.rank == 1 and x.rank > 1:
        at = normal_axis(axis, x.rank)
        w = apply("expand_dims", w, axis=tuple(range(1, x.rank - at)))
    elif w.rank != x.rank:
        raise Refusal("np.average with weights of another rank is not supported")
    total = reduced("sum", x * w, axis, keepdims, builder)
    along = None if w.rank != x.rank else axis
    weight = reduced("sum", w, along, keepdims and along == axis, builder)
    return total / weight, weight


@lowers(np.median)
def _median(
    a: Any,
    axis: Any = None,
    out: Any = Only(),
    overwrite_input: Any = Only(False),
    keepdims: Any = False,
    *,
    builder: Builder,
) -> Handle:
    """Lower to the mean of the middle one or two of the sorted elements.

    NaN comes last when sorted, and is the median wherever there is one.
    """
    x = lift(builder, a)
    refuse_complex("np.median", [x.type])
    if 0 in x.shape or not x.rank:
        raise Refusal("np.median of an empty array or of a number is not supported")
    x = x if x.dtype.kind == "f" else cast_to(x, np.float64)
    lines, at, axes = lined_up(x, axis)
    y = _middle(lines, at)
    return apply("expand_dims", y, axis=axes) if static(keepdims) else y


def _middle(x: Handle, at: int) -> Handle:
    """Return the median along an axis."""
    ordered = apply("sort", x, axis=at)
    count, before = dim_of(x, at), [slice(None)] * at
    low = read(ordered, [*before, apply("floor_divide", count - 1, 2)])
    high = read(ordered, [*before, apply("floor_divide", count, 2)])
    last = read(ordered, [*before, -1])
    middle = cast_like((low + high) / 2, x)
    return apply("where", apply("isnan", last), np.nan, middle)
