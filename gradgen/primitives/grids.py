"""Derivatives of interpolation on grids: multilinear, or by steps.

What stands at a place is linear in the values on the grid. In a coordinate ``q``
between points ``x`` it is either constant, or a line whose derivative in ``x`` follows
from that in ``q``: as the points move by ``x_dot``, so the place moves back by what
interpolates ``x_dot`` there.

Operands are the values, the coordinates of places, and the points of all axes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce
from typing import Any

import numpy as np

from gradgen.ir.dims import Dims
from gradgen.ir.types import FLOAT, Type, tensor
from gradgen.kernels import grids
from gradgen.primitives.families import differentiable, linear, pull, scale
from gradgen.primitives.registry import (
    Attrs,
    Handle,
    Primitive,
    Sample,
    apply,
    dim_of,
    joined_terms,
    register,
)
from gradgen.primitives.shaping import dims_from

Dots = Sequence[Handle | None]
Order = tuple[int, ...]


def halves(others: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Any]]:
    """Return coordinates and points, of which there are as many."""
    count = len(others) // 2
    return others[:count], others[count:]


def tuple_text(first: int, count: int) -> str:
    """Return the text of a tuple of operands."""
    slots = [f"{{{first + k}}}" for k in range(count)]
    return f"({', '.join(slots)}{',' if count == 1 else ''})"


def added(terms: Sequence[Handle | None]) -> Handle | None:
    """Return the sum of what moves, None if nothing does."""
    moving = [term for term in terms if term is not None]
    return reduce(joined_terms, moving) if moving else None


def spread_to(x: Handle, like: Handle) -> Handle:
    """Return what there is for each place with axes for all that stands at a place."""
    axes = tuple(range(x.rank, like.rank))
    return apply("expand_dims", x, axis=axes) if axes else x


def summed_to(x: Handle, like: Handle) -> Handle:
    """Return the sum over all that stands at a place."""
    axes = tuple(range(like.rank, x.rank))
    return apply("sum", x, axis=axes, keepdims=False) if axes else x


def along(
    values: Handle, others: Sequence[Handle], nu: Order, inside: bool
) -> Iterator[Handle | None]:
    """Yield the derivative in each coordinate, None where it is a line already."""
    for k, order in enumerate(nu):
        if order:
            yield None
        else:
            raised = (*nu[:k], 1, *nu[k + 1 :])
            yield apply("grid_value", values, *others, nu=raised, inside=inside)


def moved(
    y: Handle, values: Handle, others: Sequence[Handle], dots: Dots, attrs: Attrs
) -> Handle | None:
    """Return what motions of places and points bring to the tangent of ``y``."""
    terms: list[Handle | None] = []
    rates = along(values, others, **attrs)
    for order, rate, q, x, q_dot, x_dot in zip(
        attrs["nu"], rates, *halves(others), *halves(dots), strict=True
    ):
        if rate is not None and q_dot is not None:
            terms.append(scale(spread_to(q_dot, rate), rate))
        if x_dot is not None:
            drift = apply("grid_value", x_dot, q, x, nu=(order,), inside=False)
            factor = y if rate is None else rate
            terms.append(-scale(spread_to(drift, factor), factor))
    return added(terms)


def pulled(
    y_bar: Handle, y: Handle, values: Handle, others: Sequence[Handle], attrs: Attrs
) -> list[Handle | None]:
    """Return the cotangents of places and of points."""
    q_bars: list[Handle | None] = []
    x_bars: list[Handle | None] = []
    rates = along(values, others, **attrs)
    for order, rate, q, x in zip(attrs["nu"], rates, *halves(others), strict=True):
        share = pull(y_bar, y if rate is None else rate)
        total = summed_to(share, q)
        q_bars.append(None if rate is None or not differentiable(q) else total)
        x_bars.append(
            -apply("grid_back", total, q, x, nu=(order,), inside=False)
            if differentiable(x)
            else None
        )
    return [*q_bars, *x_bars]


def _value_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    values, q = types[:2]
    return tensor(FLOAT, (*q.shape, *values.shape[len(attrs["nu"]) :]))


def _text(name: str, attrs: Attrs) -> str:
    count = len(attrs["nu"])
    at, points = tuple_text(1, count), tuple_text(1 + count, count)
    inside = ", inside=True" if attrs["inside"] else ""
    return f"{name}({{0}}, {at}, {points}, {attrs['nu']}{inside})"


def _value_tangent(
    y: Handle, dots: Dots, values: Handle, *others: Handle, **attrs: Any
) -> Handle | None:
    first = None
    if dots[0] is not None:
        first = apply("grid_value", dots[0], *others, **attrs)
    return added([first, moved(y, values, others, dots[1:], attrs)])


def _value_adjoint(
    y_bar: Handle, y: Handle, values: Handle, *others: Handle, **attrs: Any
) -> list[Handle | None]:
    values_bar = apply("grid_back", y_bar, *others, **attrs)
    return [values_bar, *pulled(y_bar, y, values, others, attrs)]


X, U = np.array([0.0, 1.0, 3.0]), np.array([4.0, 2.5, 2.0, 0.0])
LINE = {"nu": (0,), "inside": False}
register(
    Primitive(
        name="grid_value",
        type_rule=_value_type,
        evaluate=lambda values, *others, nu, inside: grids.grid_value(
            values, *halves(others), nu, inside
        ),
        template=lambda types, attrs: _text("grid_value", attrs),
        tangent=_value_tangent,
        adjoint=_value_adjoint,
        samples=(
            Sample(("f64[3,2]", "f64[2]", X), {"nu": (1,), "inside": True}, (1.1, 2.9)),
            Sample(
                ("f64[3,4]", "f64[2]", "f64[2]", X, U),
                {"nu": (0, 1), "inside": False},
                (1.1, 1.9),
            ),
            Sample(("f64[3]", "float", X), LINE, (1.1, 2.9)),
        ),
    )
)


def _back_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    y_bar, *others = types
    at, points = halves(others)
    lengths = [dims.resolve(x.shape[0]) for x in points]
    return tensor(FLOAT, (*lengths, *y_bar.shape[len(at[0].shape) :]))


def _back_tangent(
    y: Handle, dots: Dots, y_bar: Handle, *others: Handle, nu: Order, inside: bool
) -> Handle | None:
    """Return the tangent; a factor of ``y_bar`` counts for a motion of places."""
    terms: list[Handle | None] = []
    if dots[0] is not None:
        terms.append(apply("grid_back", dots[0], *others, nu=nu, inside=inside))
    for k, (order, q, x, q_dot, x_dot) in enumerate(
        zip(nu, *halves(others), *halves(dots[1:]), strict=True)
    ):
        raised = (*nu[:k], 1, *nu[k + 1 :])
        drift = None
        if x_dot is not None:
            drift = -apply("grid_value", x_dot, q, x, nu=(order,), inside=False)
        motion = drift if order else added([q_dot, drift])
        if motion is not None:
            shares = y_bar * spread_to(motion, y_bar)
            terms.append(apply("grid_back", shares, *others, nu=raised, inside=inside))
    return added(terms)


def _back_adjoint(
    b_bar: Handle, y: Handle, y_bar: Handle, *others: Handle, **attrs: Any
) -> list[Handle | None]:
    value = apply("grid_value", b_bar, *others, **attrs)
    return [value, *pulled(y_bar, value, b_bar, others, attrs)]


register(
    Primitive(
        name="grid_back",
        type_rule=_back_type,
        evaluate=lambda y_bar, *others, nu, inside: grids.grid_back(
            y_bar, *halves(others), nu, inside
        ),
        template=lambda types, attrs: _text("grid_back", attrs),
        tangent=_back_tangent,
        adjoint=_back_adjoint,
        samples=(
            Sample(("f64[2,2]", "f64[2]", X), LINE, (1.1, 2.9)),
            Sample(
                ("f64[2]", "f64[2]", "f64[2]", X, U),
                {"nu": (0, 1), "inside": True},
                (1.1, 1.9),
            ),
        ),
    )
)


def _picked_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    values, places = types
    return tensor(values.dtype, (*places.shape, *values.shape[1:]))


PLACES = np.array([1.3, -1.0, 1.2, 2.4])
linear(
    "picked",
    type_rule=_picked_type,
    evaluate=grids.picked,
    template="picked({0}, {1})",
    adjoint=lambda y_bar, y, values, places: [
        apply("picked_back", y_bar, places, dim_of(values, 0)),
        None,
    ],
    takes_complex=False,
    samples=(Sample(("f64[3]", PLACES)), Sample(("f32[3,2]", PLACES))),
)
linear(
    "picked_back",
    type_rule=lambda dims, types, attrs: tensor(
        types[0].dtype,
        (*dims_from(dims, types[2:]), *types[0].shape[len(types[1].shape) :]),
    ),
    evaluate=grids.picked_back,
    template="picked_back({0}, {1}, {2})",
    adjoint=lambda bar, y, y_bar, places, n: [apply("picked", bar, places), None, None],
    takes_complex=False,
    samples=(Sample(("f64[4]", PLACES, 3)), Sample(("f32[4,2]", PLACES, 3))),
)
