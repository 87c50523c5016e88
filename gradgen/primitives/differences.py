"""Differences and integrals along an axis, made of slices."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.primitives.indexing import read
from gradgen.primitives.lowering import Only, lowers, static
from gradgen.primitives.registry import Handle, apply, lift
from gradgen.primitives.shaping import normal_axis


def neighbours(x: Handle, axis: int) -> tuple[Handle, Handle]:
    """Return ``x[1:]`` and ``x[:-1]`` along an axis."""
    before = [slice(None)] * axis
    after = read(x, [*before, slice(1, None)])
    return after, read(x, [*before, slice(None, -1)])


@lowers(np.diff)
def _diff(
    a: Any,
    n: Any = 1,
    axis: Any = -1,
    prepend: Any = Only(np._NoValue),
    append: Any = Only(np._NoValue),
    *,
    builder: Builder,
) -> Handle:
    x, count = lift(builder, a), static(n)
    if x.dtype.kind == "b" or type(count) is not int or count < 0:
        raise Refusal("np.diff of booleans, or of a negative order is not supported")
    along = normal_axis(axis, x.rank)
    for _ in range(count):
        after, before = neighbours(x, along)
        x = after - before
    return x


@lowers(np.trapezoid)
def _trapezoid(
    y: Any, x: Any = None, dx: Any = 1.0, axis: Any = -1, *, builder: Builder
) -> Handle:
    heights = lift(builder, y)
    along = normal_axis(axis, heights.rank)
    after, before = neighbours(heights, along)
    width = (
        lift(builder, dx) if x is None else _widths(lift(builder, x), heights, along)
    )
    areas = width * (after + before) / 2.0
    return apply("sum", areas, axis=(along,), keepdims=False)


def _widths(x: Handle, heights: Handle, axis: int) -> Handle:
    """Return the distances of the points, ready to broadcast against the heights."""
    if x.rank != 1:
        after, before = neighbours(x, axis if x.rank == heights.rank else x.rank - 1)
        return after - before
    after, before = neighbours(x, 0)
    width = after - before
    others = tuple(range(1, heights.rank - axis))
    return apply("expand_dims", width, axis=others) if others else width
