"""Linear interpolation between given points, and counts with weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.ir.core import Literal
from gradgen.ir.dims import Dims
from gradgen.ir.types import FLOAT, INT, Type, tensor
from gradgen.primitives.families import linear
from gradgen.primitives.fields import refuse_complex
from gradgen.primitives.indexing import read
from gradgen.primitives.lowering import lowers, static
from gradgen.primitives.naming import named
from gradgen.primitives.registry import (
    Attrs,
    Handle,
    Primitive,
    Sample,
    apply,
    lift,
    register,
)
from gradgen.primitives.shaping import cast_to
from gradgen.primitives.updating import add_into


def _evaluate_interval(points: Any, x: Any) -> Any:
    return np.clip(np.searchsorted(points, x, side="right") - 1, 0, len(points) - 2)


interval = register(
    Primitive(
        name="interval",
        type_rule=lambda dims, types, attrs: tensor(INT, types[1].shape),
        evaluate=_evaluate_interval,
        template=(
            "np.clip(np.searchsorted({0}, {1}, side='right') - 1, 0, len({0}) - 2)"
        ),
        samples=(
            Sample((np.array([0.5, 1.0, 2.5]), "f64[4]"), domain=(0.0, 3.0)),
            Sample((np.array([0.5, 1.0]), "f64")),
        ),
    )
)


@lowers(np.interp)
def _interp(
    x: Any,
    xp: Any,
    fp: Any,
    left: Any = None,
    right: Any = None,
    period: Any = None,
    *,
    builder: Builder,
) -> Handle:
    """Lower to the line through the two points around each place.

    At a point this is the line to its right, at the last one that to its left.
    """
    given = [lift(builder, part) for part in (x, xp, fp)]
    refuse_complex("np.interp", [part.type for part in given])
    at, points, heights = (cast_to(part, np.float64) for part in given)
    if points.rank != 1 or heights.rank != 1:
        raise Refusal("np.interp needs vectors of points")
    builder.dims.assume_equal(points.shape[0], heights.shape[0])
    if period is not None:
        at, points, heights = _wound(at, points, heights, lift(builder, period))
    if points.shape[0] == 1:
        raise Refusal("np.interp between less than two points is not supported")
    if builder.strict:
        at = apply("bends", at, points)
    i = interval(points, at)
    start, low, high = read(points, [i]), read(heights, [i]), read(heights, [i + 1])
    slope = (high - low) / (read(points, [i + 1]) - start)
    line = low + slope * (at - start)
    if period is not None:
        return line
    ends = [
        read(heights, [end]) if value is None else lift(builder, value)
        for end, value in ((0, left), (-1, right))
    ]
    inner = apply("where", at > read(points, [-1]), ends[1], line)
    return apply("where", at < read(points, [0]), ends[0], inner)


def _wound(at: Handle, points: Handle, heights: Handle, period: Handle) -> list[Handle]:
    """Return places and points within one period, and one point more at either end."""
    if period.rank or period.atom == Literal.of(0):
        raise Refusal("argument 'period' of np.interp is 0 or no number")
    known = period.atom.value if isinstance(period.atom, Literal) else None
    span = apply("absolute", period) if known is None else abs(known)
    at, points = (named(apply("remainder", z, span), "turned") for z in (at, points))
    order = named(apply("argsort", points, axis=0), "order")
    ends = read(order, [slice(-1, None)]), read(order, [slice(1)])
    around = named(apply("concatenate", ends[0], order, ends[1], axis=0), "around")
    points, heights = (read(z, [around]) for z in (points, heights))
    points = add_into(add_into(points, [0], span, sign=-1), [-1], span)
    return [at, named(points, "points"), named(heights, "values")]


def _bincount_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    if types[1].dtype.kind not in "iub" or len(types[1].shape) != 1:
        raise Refusal(f"np.bincount of {types[1]}", "a vector of integers")
    dims.assume_equal(types[0].shape[0], types[1].shape[0])
    return tensor(FLOAT, (dims.fresh(),))


bincount = linear(
    "bincount",
    type_rule=_bincount_type,
    evaluate=lambda weights, x, least: np.bincount(x, weights, least),
    template=lambda types, attrs: (
        "np.bincount({1}, {0}" + (f", {attrs['least']})" if attrs["least"] else ")")
    ),
    adjoint=lambda y_bar, y, weights, x, least: [read(y_bar, [x]), None],
    takes_complex=False,
    samples=(
        Sample(("f64[4]", np.array([0, 2, 2, 1])), {"least": 0}),
        Sample(("f32[3]", np.array([1, 1, 0])), {"least": 4}),
    ),
)
counts = register(
    Primitive(
        name="counts",
        type_rule=lambda dims, types, attrs: tensor(INT, (dims.fresh(),)),
        evaluate=lambda x, least: np.bincount(x, None, least),
        template=lambda types, attrs: (
            "np.bincount({0}"
            + (f", minlength={attrs['least']})" if attrs["least"] else ")")
        ),
        samples=(Sample((np.array([0, 2, 2, 1]),), {"least": 0}),),
    )
)


@lowers(np.bincount)
def _bincount(
    x: Any, /, weights: Any = None, minlength: Any = 0, *, builder: Builder
) -> Handle:
    places, least = lift(builder, x), static(minlength)
    if places.dtype.kind not in "iub" or places.rank != 1:
        raise Refusal(f"np.bincount of {places.type}", "a vector of integers")
    if weights is None:
        return counts(places, least=least)
    return bincount(lift(builder, weights), places, least=least)
