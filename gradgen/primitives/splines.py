"""Splines of ``scipy.interpolate`` that are made of values at given places.

A spline is linear in the values. Its coefficients in terms of B-splines solve a system
of equations.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy import interpolate

from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.ir.dims import Dims
from gradgen.ir.types import FLOAT, Type, shift_dim, tensor
from gradgen.kernels import splines
from gradgen.primitives.families import differentiable, linear, pull, scale
from gradgen.primitives.lowering import static
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
from gradgen.primitives.shaping import cast_to, dims_from

Dots = Sequence[Handle | None]
WHY = "the derivative of a spline in the places of its values is not known"
KNOTS_MOVE = "the derivative of a spline in its knots is not known"


def _line_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    heights, x = types
    if len(heights.shape) != 1 or len(x.shape) != 1:
        raise Refusal("a spline through what are no vectors is not supported")
    if heights.dtype != FLOAT or x.dtype.kind not in "iuf":
        raise Refusal("a spline of anything but float64 is not supported", "np.float64")
    dims.assume_equal(heights.shape[0], x.shape[0])
    return tensor(FLOAT, heights.shape)


def _to(name: str) -> Callable[..., list[Any]]:
    """Return the adjoint rule of a linear map, which is another one of this name."""
    return lambda bar, y, heights, x, k: [apply(name, bar, x, k=k), Unknown(WHY)]


LINES = tuple(Sample(("f64[5]", np.arange(5) ** 2), {"k": k}) for k in (1, 3))
linear(
    "spline_coefficients",
    type_rule=_line_type,
    evaluate=lambda y, x, k: interpolate.make_interp_spline(x, y, k).c,
    template=lambda types, attrs: (
        f"interpolate.make_interp_spline({{1}}, {{0}}, k={attrs['k']}).c"
    ),
    adjoint=_to("heights_back"),
    samples=LINES,
    takes_complex=False,
)
linear(
    "heights_back",
    type_rule=_line_type,
    evaluate=splines.heights_back,
    template=lambda types, attrs: f"heights_back({{0}}, {{1}}, {attrs['k']})",
    adjoint=_to("spline_coefficients"),
    samples=LINES,
    takes_complex=False,
)


def _knots_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    return tensor(FLOAT, (shift_dim(types[0].shape[0], attrs["k"] + 1),))


register(
    Primitive(
        name="spline_knots",
        type_rule=_knots_type,
        evaluate=lambda x, k: interpolate.make_interp_spline(x, x, k).t,
        template=lambda types, attrs: (
            f"interpolate.make_interp_spline({{0}}, {{0}}, k={attrs['k']}).t"
        ),
        samples=(Sample((np.arange(5) ** 2,), {"k": 3}),),
    )
)


def _order(attrs: Attrs) -> str:
    return f", {attrs['nu']}" if attrs["nu"] else ""


def _value_text(types: Sequence[Any], attrs: Attrs) -> str:
    call = f"interpolate.BSpline({{2}}, {{0}}, {attrs['k']})({{1}}{_order(attrs)})"
    return call + ("" if types[1].shape else "[()]")


def _slope(b: Handle, t: Handle, knots: Handle, k: int, nu: int) -> Handle | None:
    """Return the derivative of what a spline is in its places, None where it is zero.

    SciPy 1.13 writes where it must not for orders two above the degree or more.
    """
    if nu >= k:
        return None
    return apply("spline_value", b, t, knots, k=k, nu=nu + 1)


def _refuse_moving(knots_dot: Handle | None) -> None:
    if knots_dot is not None:
        raise Refusal(KNOTS_MOVE)


def _value_tangent(
    y: Handle, dots: Dots, b: Handle, t: Handle, knots: Handle, **attrs: Any
) -> Handle | None:
    b_dot, t_dot, knots_dot = dots
    _refuse_moving(knots_dot)
    slope = None if t_dot is None else _slope(b, t, knots, **attrs)
    moved = None if t_dot is None or slope is None else scale(t_dot, slope)
    if b_dot is None:
        return moved
    return joined_terms(apply("spline_value", b_dot, t, knots, **attrs), moved)


def _value_adjoint(
    y_bar: Handle, y: Handle, b: Handle, t: Handle, knots: Handle, **attrs: Any
) -> list[Any]:
    slope = _slope(b, t, knots, **attrs) if differentiable(t) else None
    return [
        apply("spline_back", y_bar, t, knots, dim_of(b, 0), **attrs),
        None if slope is None else pull(y_bar, slope),
        Unknown(KNOTS_MOVE),
    ]


KNOTS = np.array([0, 0, 0, 0, 2, 4, 4, 4, 4])
register(
    Primitive(
        name="spline_value",
        type_rule=lambda dims, types, attrs: tensor(FLOAT, types[1].shape),
        evaluate=lambda b, t, knots, k, nu: interpolate.BSpline(knots, b, k)(t, nu)[()],
        template=_value_text,
        tangent=_value_tangent,
        adjoint=_value_adjoint,
        samples=(
            Sample(("f64[5]", "f64[3]", KNOTS), {"k": 3, "nu": 0}, (0.1, 1.9)),
            Sample(("f64[5]", "f64[2,2]", KNOTS), {"k": 3, "nu": 1}, (2.1, 3.9)),
            Sample(("f64[5]", "float", KNOTS), {"k": 3, "nu": 0}, (0.1, 1.9)),
        ),
    )
)


def _back_tangent(
    y: Handle,
    dots: Dots,
    y_bar: Handle,
    t: Handle,
    *others: Handle,
    k: int,
    nu: int,
) -> Handle:
    y_dot, t_dot = dots[:2]
    _refuse_moving(dots[2])
    moved = None
    if t_dot is not None:
        moved = apply("spline_back", y_bar * t_dot, t, *others, k=k, nu=nu + 1)
    return joined_terms(
        None if y_dot is None else apply("spline_back", y_dot, t, *others, k=k, nu=nu),
        moved,
    )


def _back_adjoint(
    b_bar: Handle,
    y: Handle,
    y_bar: Handle,
    t: Handle,
    knots: Handle,
    n: Handle,
    **attrs: Any,
) -> list[Any]:
    slope = _slope(b_bar, t, knots, **attrs) if differentiable(t) else None
    return [
        apply("spline_value", b_bar, t, knots, **attrs),
        None if slope is None else y_bar * slope,
        Unknown(KNOTS_MOVE),
        None,
    ]


register(
    Primitive(
        name="spline_back",
        type_rule=lambda dims, types, attrs: tensor(FLOAT, dims_from(dims, types[3:])),
        evaluate=splines.spline_back,
        template=lambda types, attrs: (
            f"spline_back({{0}}, {{1}}, {{2}}, {{3}}, {attrs['k']}{_order(attrs)})"
        ),
        tangent=_back_tangent,
        adjoint=_back_adjoint,
        samples=(
            Sample(("f64[3]", "f64[3]", KNOTS, 5), {"k": 3, "nu": 0}, (0.1, 1.9)),
            Sample(("f64", "f64", KNOTS, 5), {"k": 3, "nu": 0}, (0.1, 1.9)),
        ),
    )
)


def value(
    b: Handle, knots: Handle, k: int, x: Any, nu: Any = 0, extrapolate: Any = None
) -> Handle:
    """Return a spline with coefficients ``b``, or a derivative, at places ``x``."""
    order, t = static(nu), lift(b.builder, x)
    if type(order) is not int or order < 0 or extrapolate is not None:
        raise Refusal("'nu' of a spline below 0, or 'extrapolate'")
    if t.dtype.kind == "c":
        raise Refusal("a spline at complex places", "their real parts")
    return apply("spline_value", b, t, knots, k=k, nu=order)


def fitted(x: Any, y: Any, k: int, builder: Builder) -> tuple[Handle, Handle]:
    """Return the coefficients and knots of a spline of degree ``k`` through points."""
    places, heights = lift(builder, x), lift(builder, y)
    b = apply("spline_coefficients", heights, places, k=k)
    return b, apply("spline_knots", places, k=k)


def given(t: Any, c: Any, k: int, builder: Builder) -> tuple[Handle, Handle]:
    """Return the coefficients and knots of a spline of degree ``k`` that has them."""
    knots, b = lift(builder, t), lift(builder, c)
    if b.rank != 1 or knots.rank != 1 or b.dtype.kind not in "iuf":
        raise Refusal("a BSpline whose knots or coefficients are no real vectors")
    builder.dims.assume_equal(knots.shape[0], shift_dim(b.shape[0], k + 1))
    return cast_to(b, FLOAT), cast_to(knots, FLOAT)
