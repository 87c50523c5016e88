"""``RegularGridInterpolator`` and ``interpn`` of SciPy, linear or nearest."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache, reduce
from functools import partial as bind
from typing import Any

import numpy as np
from scipy import interpolate

from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.ir.dims import Dims
from gradgen.ir.types import FLOAT, Type, tensor
from gradgen.kernels import grids
from gradgen.primitives.grids import U, X, halves, tuple_text
from gradgen.primitives.indexing import read
from gradgen.primitives.interpolants import (
    EXTRAPOLATE,
    check_real,
    filled,
    interpolant_adjoint,
    interpolant_tangent,
    is_known,
    option_text,
)
from gradgen.primitives.promotion import broadcast
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
from gradgen.primitives.shaping import broadcast_like, reshape_to

METHODS = ("linear", "nearest")


def _grid_options(kind: str, fill: Any) -> dict[str, Any]:
    """Return the options of ``RegularGridInterpolator``."""
    options: dict[str, Any] = {} if kind == "linear" else {"method": kind}
    if fill is None:
        return options
    options["bounds_error"] = False
    if fill == EXTRAPOLATE:
        return {**options, "fill_value": None}
    return options if math.isnan(fill[0]) else {**options, "fill_value": fill[0]}


def _evaluate_grid(values: Any, *others: Any, kind: str, fill: Any) -> Any:
    at, points = halves(others)
    options = _grid_options(kind, fill)
    function = interpolate.RegularGridInterpolator(points, values, **options)
    return function(np.expand_dims(at[0], -1) if len(at) == 1 else tuple(at))[()]


def _grid_text(types: Sequence[Any], attrs: Attrs) -> str:
    count = len(types) // 2
    options = _grid_options(**attrs).items()
    text = "".join(f", {name}={option_text(x)}" for name, x in options)
    points = tuple_text(1 + count, count)
    at = "np.expand_dims({1}, -1)" if count == 1 else tuple_text(1, count)
    shape = (*types[1].shape, *types[0].shape[count:])
    end = "" if shape else "[()]"
    return f"interpolate.RegularGridInterpolator({points}, {{0}}{text})({at}){end}"


@cache
def _grid_dtype(values: np.dtype, count: int, kind: str) -> Any:
    points = [np.arange(2.0)] * count
    places = [np.float64(0)] * count
    table = np.zeros((2,) * count, values)
    return _evaluate_grid(table, *places, *points, kind=kind, fill=None).dtype


def _grid_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    values, *others = types
    at, points = halves(others)
    check_real("interpolation on a grid", types)
    if any(len(x.shape) != 1 for x in points) or len(values.shape) < len(points):
        raise Refusal("a grid needs a vector of points for each of its axes")
    for axis, x in enumerate(points):
        dims.assume_equal(values.shape[axis], x.shape[0])
    dtype = _grid_dtype(values.dtype, len(points), attrs["kind"])
    return tensor(dtype, (*at[0].shape, *values.shape[len(points) :]))


HALF = np.array([0.5])
register(
    Primitive(
        name="regular_grid",
        type_rule=_grid_type,
        evaluate=_evaluate_grid,
        template=_grid_text,
        tangent=bind(interpolant_tangent, "regular_grid"),
        adjoint=bind(interpolant_adjoint, "regular_grid"),
        samples=(
            Sample(("f64[3]", "f64[2]", X), {"kind": "linear", "fill": None}, (1.1, 2)),
            Sample(
                ("f64[3,4,2]", "f64[2]", "f64[2]", X, U),
                {"kind": "linear", "fill": EXTRAPOLATE},
                (1.1, 1.9),
            ),
            Sample(
                ("f64[3,4]", "f64[1]", HALF, X, U),
                {"kind": "nearest", "fill": (math.nan,)},
                (0.1, 0.4),
            ),
        ),
    )
)


def _check_text(types: Sequence[Any], attrs: Attrs) -> str:
    count = len(types) // 2
    return f"check_grid({tuple_text(0, count)}, {tuple_text(count, count)})"


register(
    Primitive(
        name="check_grid",
        type_rule=lambda dims, types, attrs: None,
        evaluate=lambda *others: grids.check_grid(*halves(others)),
        template=_check_text,
        effect=True,
    )
)


def coordinates(xi: Any, count: int, builder: Builder) -> list[Handle]:
    """Return the coordinates of places as SciPy reads them, all of one shape."""
    if isinstance(xi, tuple) and len(xi) > 1:
        return _joint([lift(builder, q) for q in xi], count)
    places = lift(builder, xi[0] if isinstance(xi, tuple) else xi)
    if not places.rank:
        raise Refusal("a number as a place on a grid", "a vector, such as [x]")
    if places.rank == 1:
        places = reshape_to(places, [-1, count])
    builder.dims.assume_equal(places.shape[-1], count)
    return [read(places, [..., k]) for k in range(count)]


def _joint(at: list[Handle], count: int) -> list[Handle]:
    if len(at) != count:
        raise Refusal(f"places with {len(at)} coordinates on a grid with {count}")
    shape = broadcast(at[0].builder.dims, [q.shape for q in at])
    whole = next((q for q in at if q.shape == shape), None)
    if whole is None:
        whole = reduce(lambda p, q: p + q, at)
    return [broadcast_like(q, whole) for q in at]


def grid_between(
    points: Any, values: Any, builder: Builder
) -> tuple[list[Handle], Handle]:
    """Return the points of each axis of a grid, and the values on it."""
    if not isinstance(points, tuple | list):
        raise Refusal("a grid whose points are no tuple of vectors")
    return [lift(builder, x) for x in points], lift(builder, values)


def at_least_vectors(at: list[Handle]) -> list[Handle]:
    """Return coordinates as ``interpn`` reads them, which makes one place a vector."""
    return at if at[0].rank else [reshape_to(q, [1]) for q in at]


def grid_interpolated(
    points: list[Handle], values: Handle, kind: str, fill: Any, at: list[Handle]
) -> Handle:
    """Return what ``RegularGridInterpolator`` computes at places."""
    builder = values.builder
    check_real("interpolation on a grid", [q.type for q in at])
    if fill is None:
        builder.emit("check_grid", [h.atom for h in (*at, *points)], [], {})
    moving = isinstance(fill, tuple) and not is_known(fill)
    known = (math.nan,) if moving else fill
    result = apply("regular_grid", values, *at, *points, kind=kind, fill=known)
    if not moving:
        return result
    lengths = [dim_of(x, 0) for x in points]
    zeros = apply("zeros", *lengths, builder=builder, dtype=FLOAT)
    flags = apply("regular_grid", zeros, *at, *points, kind="nearest", fill=(1.0,))
    return filled(apply("equal", flags, 1.0), fill[0], result)
