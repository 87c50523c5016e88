"""Integrals of sampled functions, from ``scipy.integrate``.

The trapezoidal rule is written out. Simpson's rule is linear in the heights; it takes a
number of points that only a run may know to be even or odd. Its derivative in places is
computed by a kernel, and is the last one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from scipy import integrate

from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.ir.dims import Dims
from gradgen.ir.types import FLOAT, Type, tensor
from gradgen.kernels import quadratures
from gradgen.primitives.differences import neighbours, widths_of
from gradgen.primitives.joining import concatenate
from gradgen.primitives.lowering import lowers, refuses
from gradgen.primitives.registry import (
    Attrs,
    Handle,
    Primitive,
    Sample,
    Unknown,
    apply,
    dim_of,
    joined_terms,
    lift,
    register,
)
from gradgen.primitives.shaping import broadcast_like, cast_to, normal_axis

Dots = Sequence[Handle | None]


def _areas(y: Handle, x: Any, dx: Any, axis: int) -> Handle:
    """Return the areas of the trapezoids between points."""
    after, before = neighbours(y, axis)
    if x is None:
        return lift(y.builder, dx) * (after + before) / 2.0
    return widths_of(x, y, axis) * (after + before) / 2.0


@lowers(integrate.trapezoid)
def _trapezoid(
    y: Any, x: Any = None, dx: Any = 1.0, axis: Any = -1, *, builder: Builder
) -> Handle:
    """Lower as for NumPy; places are broadcast, and the dtype is that of heights."""
    heights = lift(builder, y)
    along = normal_axis(axis, heights.rank)
    places = None if x is None else lift(builder, x)
    if places is not None and places.rank != 1:
        places = broadcast_like(places, heights)
    areas = _areas(heights, places, dx, along)
    if heights.dtype.kind in "fc":
        areas = cast_to(areas, heights.dtype)
    return apply("sum", areas, axis=(along,), keepdims=False)


@lowers(integrate.cumulative_trapezoid)
def _cumulative_trapezoid(
    y: Any,
    x: Any = None,
    dx: Any = 1.0,
    axis: Any = -1,
    initial: Any = None,
    *,
    builder: Builder,
) -> Handle:
    name = "scipy.integrate.cumulative_trapezoid"
    heights = lift(builder, y)
    along = normal_axis(axis, heights.rank)
    places = None if x is None else lift(builder, x)
    if places is not None and places.rank not in (1, heights.rank):
        raise Refusal(f"{name}: 'x' is no vector, and has not the rank of 'y'")
    total = apply("cumsum", _areas(heights, places, dx, along), axis=along)
    if initial is None:
        return total
    if not isinstance(initial, int | float) or initial != 0:
        raise Refusal(f"argument 'initial' of {name} that is neither None nor 0")
    lengths = [1 if k == along else dim_of(total, k) for k in range(total.rank)]
    start = apply("zeros", *lengths, builder=builder, dtype=total.dtype)
    return concatenate(start, total, axis=along)


def _simpson_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    (y, *places), axis = types, attrs["axis"]
    for x in places:
        along = axis if len(x.shape) == len(y.shape) else 0
        dims.assume_equal(x.shape[along], y.shape[axis])
    return tensor(FLOAT, (*y.shape[:axis], *y.shape[axis + 1 :]))


def _simpson_options(types: Sequence[Any], attrs: Attrs) -> str:
    given = ", x={1}" if len(types) == 2 else ""
    step = "" if attrs["dx"] == 1.0 else f", dx={attrs['dx']}"
    last = attrs["axis"] == len(types[0].shape) - 1
    return given + step + ("" if last else f", axis={attrs['axis']}")


def _simpson(y: Any, x: Any = None, *, dx: float, axis: int) -> Any:
    return integrate.simpson(y, x=x, dx=dx, axis=axis)


WHY = "the second derivative of scipy.integrate.simpson in 'x' is not known"
HINT = "scipy.integrate.trapezoid"


def _simpson_tangent(
    z: Handle, dots: Dots, y: Handle, *x: Handle, **attrs: Any
) -> Handle:
    first = second = None
    if dots[0] is not None:
        first = apply("simpson", dots[0], *x, **attrs)
    if x and dots[1] is not None:
        axis = attrs["axis"]
        slopes = apply("simpson_slopes", y, *x, axis=axis)
        moved = slopes * _at_places(dots[1], y, axis)
        second = apply("sum", moved, axis=(axis,), keepdims=False)
    return joined_terms(first, second)


def _simpson_adjoint(
    z_bar: Handle, z: Handle, y: Handle, *x: Handle, **attrs: Any
) -> list[Any]:
    axis = attrs["axis"]
    y_bar = apply("simpson_back", z_bar, dim_of(y, axis), *x, **attrs)
    if not x:
        return [y_bar]
    bars = apply("expand_dims", z_bar, axis=(axis,)) if z_bar.rank else z_bar
    moved = bars * apply("simpson_slopes", y, *x, axis=axis)
    others = tuple(k for k in range(y.rank) if k != axis)
    if x[0].rank == 1 and others:
        moved = apply("sum", moved, axis=others, keepdims=False)
    return [y_bar, moved]


def _at_places(x: Handle, y: Handle, axis: int) -> Handle:
    """Return what there is for places with axes for what follows in the heights."""
    after = tuple(range(1, y.rank - axis)) if x.rank == 1 else ()
    return apply("expand_dims", x, axis=after) if after else x


register(
    Primitive(
        name="simpson",
        type_rule=_simpson_type,
        evaluate=_simpson,
        template=lambda types, attrs: (
            f"integrate.simpson({{0}}{_simpson_options(types, attrs)})"
        ),
        tangent=_simpson_tangent,
        adjoint=_simpson_adjoint,
        samples=(
            Sample(("f64[5]",), {"dx": 0.5, "axis": 0}),
            Sample(("f64[4,2]",), {"dx": 1.0, "axis": 0}),
            Sample(("f64[2]",), {"dx": 1.0, "axis": 0}),
        ),
    )
)


def _back_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    shape = list(types[0].shape)
    length = types[1].dim
    shape.insert(attrs["axis"], dims.fresh() if length is None else length)
    return tensor(FLOAT, tuple(shape))


def _back_text(types: Sequence[Any], attrs: Attrs) -> str:
    given = ", x={2}" if len(types) == 3 else ""
    step = "" if attrs["dx"] == 1.0 else f", dx={attrs['dx']}"
    along = f", axis={attrs['axis']}" if attrs["axis"] else ""
    return f"simpson_back({{0}}, {{1}}{given}{step}{along})"


def _back_tangent(
    y: Handle, dots: Dots, z_bar: Handle, n: Handle, *x: Handle, **attrs: Any
) -> Handle:
    if dots[0] is None or any(dot is not None for dot in dots[1:]):
        raise Refusal(WHY, HINT)
    return apply("simpson_back", dots[0], n, *x, **attrs)


def _back_adjoint(
    bar: Handle, y: Handle, z_bar: Handle, n: Handle, *x: Handle, **attrs: Any
) -> list[Any]:
    forward = apply("simpson", bar, *x, **attrs)
    return [forward, None, *(Unknown(WHY, HINT) for _ in x)]


register(
    Primitive(
        name="simpson_back",
        type_rule=_back_type,
        evaluate=quadratures.simpson_back,
        template=_back_text,
        tangent=_back_tangent,
        adjoint=_back_adjoint,
        samples=(
            Sample(("f64", 5), {"dx": 0.5, "axis": 0}),
            Sample(("f64[2]", 4), {"dx": 1.0, "axis": 1}),
        ),
    )
)


def _slopes_text(types: Sequence[Any], attrs: Attrs) -> str:
    along = f", axis={attrs['axis']}" if attrs["axis"] else ""
    return f"simpson_slopes({{0}}, {{1}}{along})"


def _slopes_tangent(
    slopes: Handle, dots: Dots, y: Handle, x: Handle, axis: int
) -> Handle:
    if dots[1] is not None:
        raise Refusal(WHY, HINT)
    return apply("simpson_slopes", dots[0], x, axis=axis)


register(
    Primitive(
        name="simpson_slopes",
        type_rule=lambda dims, types, attrs: types[0],
        evaluate=quadratures.simpson_slopes,
        template=_slopes_text,
        tangent=_slopes_tangent,
        adjoint=lambda bar, slopes, y, x, axis: [Unknown(WHY, HINT)] * 2,
    )
)


@lowers(integrate.simpson)
def _lower_simpson(
    y: Any, x: Any = None, *, dx: Any = 1.0, axis: Any = -1, builder: Builder
) -> Handle:
    name = "scipy.integrate.simpson"
    heights = lift(builder, y)
    operands = [heights] if x is None else [heights, lift(builder, x)]
    if any(h.dtype != FLOAT for h in operands) or 0 in heights.shape:
        raise Refusal(f"{name} of anything but float64 is not supported", "np.float64")
    if x is not None and operands[1].rank not in (1, heights.rank):
        raise Refusal(f"{name}: 'x' is no vector, and has not the rank of 'y'")
    if x is not None and operands[1].rank > 1:
        operands[1] = broadcast_like(operands[1], heights)
    along = normal_axis(axis, heights.rank)
    if x is not None or _is_known(dx):
        known = float(dx) if x is None else 1.0
        return apply("simpson", *operands, dx=known, axis=along)
    step = lift(builder, dx)
    if step.rank:
        raise Refusal(f"{name}: 'dx' is no number")
    return step * apply("simpson", heights, dx=1.0, axis=along)


def _is_known(dx: Any) -> bool:
    return isinstance(dx, int | float) and math.isfinite(dx)


SOLVERS = "how many steps it takes, and so the shape of its result, only a run knows"
SEVERAL = "it calls a function for places in several dimensions, or for several at once"
for _names, _reason, _hint in (
    (
        "cumulative_simpson romb",
        "it is made of differences of other integrals",
        "scipy.integrate.cumulative_trapezoid or simpson",
    ),
    ("solve_bvp", SOLVERS, "scipy.integrate.odeint(f, y0, t, tfirst=True)"),
    ("dblquad tplquad nquad quad_vec fixed_quad", SEVERAL, "scipy.integrate.quad"),
):
    for _name in _names.split():
        refuses(getattr(integrate, _name), reason=_reason, hint=_hint)
