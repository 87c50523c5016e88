"""Differences and integrals along an axis, made of slices."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.primitives.indexing import read
from gradgen.primitives.lowering import lowers, static
from gradgen.primitives.registry import Handle, apply, dims_of, lift
from gradgen.primitives.shaping import cast_to, normal_axis, reshape_to, strong


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
    prepend: Any = np._NoValue,
    append: Any = np._NoValue,
    *,
    builder: Builder,
) -> Handle:
    x, count = lift(builder, a), static(n)
    if x.dtype.kind == "b" or type(count) is not int or count < 0:
        raise Refusal("np.diff of booleans, or of a negative order is not supported")
    along = normal_axis(axis, x.rank)
    if count:
        parts = [
            _attached(part, x, along)
            for part in (prepend, x, append)
            if part is not np._NoValue
        ]
        x = parts[0] if len(parts) == 1 else apply("concatenate", *parts, axis=along)
    for _ in range(count):
        after, before = neighbours(x, along)
        x = after - before
    return x


def _attached(part: Any, x: Handle, axis: int) -> Handle:
    """Return what is put before or after ``x``; a number is so for every line."""
    values = lift(x.builder, part)
    if values.rank:
        return values
    shape = [1 if i == axis else length for i, length in enumerate(dims_of(x))]
    return apply("full", values, *shape, dtype=strong(values).dtype)


@lowers(np.ediff1d)
def _ediff1d(
    ary: Any, to_end: Any = None, to_begin: Any = None, *, builder: Builder
) -> Handle:
    x = lift(builder, ary)
    if x.dtype.kind == "b":
        raise Refusal("np.ediff1d of booleans is not supported")
    after, before = neighbours(reshape_to(x, [-1]), 0)
    ends = [_flat(end, x) for end in (to_begin, to_end)]
    parts = [part for part in (ends[0], after - before, ends[1]) if part is not None]
    return parts[0] if len(parts) == 1 else apply("concatenate", *parts, axis=0)


def _flat(end: Any, x: Handle) -> Handle | None:
    if end is None:
        return None
    values = lift(x.builder, end)
    if not np.can_cast(values.dtype, x.dtype, "same_kind"):
        raise Refusal(f"'to_begin' or 'to_end' of np.ediff1d as {values.dtype}")
    return cast_to(reshape_to(values, [-1]), x.dtype)


@lowers(np.trapezoid)
def _trapezoid(
    y: Any, x: Any = None, dx: Any = 1.0, axis: Any = -1, *, builder: Builder
) -> Handle:
    heights = lift(builder, y)
    along = normal_axis(axis, heights.rank)
    after, before = neighbours(heights, along)
    width = (
        lift(builder, dx) if x is None else widths_of(lift(builder, x), heights, along)
    )
    areas = width * (after + before) / 2.0
    return apply("sum", areas, axis=(along,), keepdims=False)


def widths_of(x: Handle, heights: Handle, axis: int) -> Handle:
    """Return the distances of the points, ready to broadcast against the heights."""
    if x.rank != 1:
        after, before = neighbours(x, axis if x.rank == heights.rank else x.rank - 1)
        return after - before
    after, before = neighbours(x, 0)
    width = after - before
    others = tuple(range(1, heights.rank - axis))
    return apply("expand_dims", width, axis=others) if others else width
