"""``interp1d`` of SciPy, of those kinds that are linear or constant between points."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from functools import partial as bind
from typing import Any

import numpy as np
from scipy import interpolate

from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.ir.dims import Dims
from gradgen.ir.types import Type, tensor
from gradgen.kernels import grids
from gradgen.primitives.grids import X
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
from gradgen.primitives.registry import (
    Attrs,
    Handle,
    Primitive,
    Sample,
    apply,
    lift,
    register,
)
from gradgen.primitives.shaping import normal_axis

KINDS = ("linear", "nearest", "nearest-up", "previous", "next", "zero")


def _line_options(kind: str, fill: Any) -> dict[str, Any]:
    """Return the options of ``interp1d``."""
    options: dict[str, Any] = {} if kind == "linear" else {"kind": kind}
    if fill == EXTRAPOLATE:
        return {**options, "fill_value": fill}
    if fill is not None:
        options = {**options, "bounds_error": False}
        if not all(map(math.isnan, fill)):
            options["fill_value"] = fill
    return options


def _evaluate_line(y: Any, q: Any, x: Any, kind: str, fill: Any) -> Any:
    options = _line_options(kind, fill)
    axis = {"axis": 0} if np.ndim(y) > 1 else {}
    return interpolate.interp1d(x, y, **axis, **options, assume_sorted=True)(q)[()]


def _line_text(types: Sequence[Any], attrs: Attrs) -> str:
    y, q = types[:2]
    options = {"axis": 0} if len(y.shape) > 1 else {}
    options |= _line_options(**attrs) | {"assume_sorted": True}
    text = "".join(f", {name}={option_text(x)}" for name, x in options.items())
    end = "" if q.shape or len(y.shape) > 1 else "[()]"
    return f"interpolate.interp1d({{2}}, {{0}}{text})({{1}}){end}"


@cache
def _line_dtype(y: np.dtype, q: np.dtype, x: np.dtype, rank: int, kind: str) -> Any:
    values = np.zeros((2,) * rank, y)
    return _evaluate_line(values, q.type(0), np.arange(2).astype(x), kind, None).dtype


def _line_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    y, q, x = types
    check_real("interp1d", types)
    if len(x.shape) != 1 or dims.resolve(x.shape[0]) in (0, 1):
        raise Refusal("interp1d needs a vector of two points or more")
    dims.assume_equal(y.shape[0], x.shape[0])
    dtype = _line_dtype(y.dtype, q.dtype, x.dtype, len(y.shape), attrs["kind"])
    return tensor(dtype, (*q.shape, *y.shape[1:]))


register(
    Primitive(
        name="interp1d",
        type_rule=_line_type,
        evaluate=_evaluate_line,
        template=_line_text,
        tangent=bind(interpolant_tangent, "interp1d"),
        adjoint=bind(interpolant_adjoint, "interp1d"),
        samples=(
            Sample(
                ("f64[3]", "f64[2]", X), {"kind": "linear", "fill": None}, (1.1, 2.9)
            ),
            Sample(
                ("f64[3]", "float", np.array([0.1, 0.5, 0.9])),
                {"kind": "linear", "fill": (0.0, 7.0)},
                (1.1, 2.9),
            ),
            Sample(
                ("f64[3,2]", "f64[2,2]", X),
                {"kind": "linear", "fill": EXTRAPOLATE},
                (1.1, 2.9),
            ),
            Sample(
                ("f64[3,2]", "f64[2]", X), {"kind": "nearest", "fill": None}, (0.1, 0.4)
            ),
            Sample(
                ("f64[3]", "f64[2]", X),
                {"kind": "next", "fill": (math.nan, 1.0)},
                (0.1, 0.9),
            ),
        ),
    )
)


register(
    Primitive(
        name="check_line",
        type_rule=lambda dims, types, attrs: None,
        evaluate=grids.check_line,
        template="check_line({0}, {1})",
        effect=True,
    )
)


def line_between(
    x: Any, y: Any, axis: Any, assume_sorted: Any, builder: Builder
) -> tuple[Handle, Handle, int]:
    """Return points in ascending order, values along their first axis, and the axis."""
    places, heights = lift(builder, x), lift(builder, y)
    if places.rank != 1 or not heights.rank:
        raise Refusal("interp1d needs a vector of points, and values along an axis")
    at = normal_axis(axis, heights.rank)
    heights = transposed(heights, (at, *(k for k in range(heights.rank) if k != at)))
    if not assume_sorted:
        order = apply("argsort", places, axis=0, kind="mergesort")
        places, heights = read(places, [order]), read(heights, [order])
    return places, heights, at


def line_value(x: Handle, y: Handle, axis: int, kind: str, fill: Any, q: Any) -> Handle:
    """Return what ``interp1d`` computes at places ``q``."""
    at = lift(y.builder, q)
    check_real("interp1d", [at.type])
    if fill is None:
        y.builder.emit("check_line", [at.atom, x.atom], [], {})
    moving = isinstance(fill, tuple) and not is_known(fill)
    known = (math.nan, math.nan) if moving else fill
    result = apply("interp1d", y, at, x, kind=kind, fill=known)
    if moving:
        result = filled(at < read(x, [0]), fill[0], result)
        result = filled(at > read(x, [-1]), fill[1], result)
    rest = range(at.rank, result.rank)
    return transposed(result, (*rest[:axis], *range(at.rank), *rest[axis:]))


def transposed(x: Handle, axes: tuple[int, ...]) -> Handle:
    """Return an array with its axes in another order."""
    return x if axes == tuple(range(x.rank)) else apply("transpose", x, axes=axes)
