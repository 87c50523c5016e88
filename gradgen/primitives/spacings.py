"""Numbers at even distances, or at even ratios, between two ends or two arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.ir.core import Literal
from gradgen.ir.types import PY_FLOAT
from gradgen.primitives.axes import transpose_to
from gradgen.primitives.creation import linspace
from gradgen.primitives.lowering import Only, lowers, static
from gradgen.primitives.promotion import common_dtype, dtype_of
from gradgen.primitives.registry import Handle, apply, lift
from gradgen.primitives.shaping import cast_to, normal_axis


def spaced(start: Handle, stop: Handle, num: Any, endpoint: bool, axis: Any) -> Handle:
    """Return numbers at even distances, along ``axis`` if the ends are arrays."""
    if not start.rank and not stop.rank:
        if static(axis) not in (0, -1):
            raise Refusal(f"'axis' {axis} of evenly spaced numbers", "0")
        return linspace(start, stop, num, endpoint=endpoint)
    dtype = common_dtype([start.type, stop.type, PY_FLOAT])
    count = lift(start.builder, num)
    way = stop - start
    shares = apply("arange", 0, count, 1, builder=start.builder, dtype=dtype)
    gaps = apply("python_max", count - 1 if endpoint else count, 1)
    shares = shares / gaps
    shares = apply("expand_dims", shares, axis=tuple(range(1, way.rank + 1)))
    points = cast_to(start + shares * way, dtype)
    at = normal_axis(axis, points.rank)
    rest = list(range(1, points.rank))
    return transpose_to(points, [*rest[:at], 0, *rest[at:]])


def _ends(builder: Builder, *given: Any) -> list[Handle]:
    return [lift(builder, end) for end in given]


def _distance(start: Handle, stop: Handle, num: Any, endpoint: bool) -> Handle:
    """Return the distance of two neighbours."""
    count = static(num)
    if type(count) is not int or count < 2:
        raise Refusal("'retstep' of np.linspace with fewer than two points")
    way = cast_to(stop - start, common_dtype([start.type, stop.type, PY_FLOAT]))
    return way / (count - 1 if endpoint else count)


@lowers(np.linspace)
def _linspace(
    start: Any,
    stop: Any,
    num: Any = 50,
    endpoint: Any = True,
    retstep: Any = False,
    dtype: Any = None,
    axis: Any = 0,
    *,
    builder: Builder,
    device: Any = Only(),
) -> Any:
    first, last = _ends(builder, start, stop)
    closed = bool(static(endpoint))
    points = spaced(first, last, num, closed, axis)
    if dtype is not None:
        whole = dtype_of(dtype).kind in "iu"
        points = cast_to(apply("floor", points) if whole else points, dtype)
    if not static(retstep):
        return points
    return points, _distance(first, last, num, closed)


@lowers(np.logspace)
def _logspace(
    start: Any,
    stop: Any,
    num: Any = 50,
    endpoint: Any = True,
    base: Any = 10.0,
    dtype: Any = None,
    axis: Any = 0,
    *,
    builder: Builder,
) -> Handle:
    first, last, root = _ends(builder, start, stop, base)
    if root.rank:
        raise Refusal("np.logspace with an array for 'base' is not supported")
    powers = spaced(first, last, num, bool(static(endpoint)), axis)
    return cast_to(apply("power", root, powers), dtype)


def _is_zero(x: Handle) -> bool:
    return isinstance(x.atom, Literal) and x.atom.value == 0


@lowers(np.geomspace)
def _geomspace(
    start: Any,
    stop: Any,
    num: Any = 50,
    endpoint: Any = True,
    dtype: Any = None,
    axis: Any = Only(0),
    *,
    builder: Builder,
) -> Handle:
    """Lower to powers of the ratio of the ends."""
    first, last = _ends(builder, start, stop)
    if first.rank or last.rank:
        raise Refusal("np.geomspace of arrays is not supported")
    if _is_zero(first) or _is_zero(last) or "c" in first.dtype.kind + last.dtype.kind:
        raise Refusal("np.geomspace of zeros or complex numbers is not supported")
    kind = common_dtype([first.type, last.type, PY_FLOAT])
    shares = linspace(0.0, 1.0, num, endpoint=bool(static(endpoint)), builder=builder)
    ratio = cast_to(last, kind) / cast_to(first, kind)
    return cast_to(first * apply("power", ratio, cast_to(shares, kind)), dtype or kind)
