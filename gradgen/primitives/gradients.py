"""The gradient on a grid: differences of second order, of first or second at its ends.

The weights for points at uneven distances are those of Quarteroni, Sacco and Saleri,
"Numerical Mathematics" (2000), and of Fornberg, Mathematics of Computation 51 (1988).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.primitives.differences import neighbours
from gradgen.primitives.indexing import read
from gradgen.primitives.lowering import lowers, static
from gradgen.primitives.registry import Handle, apply, lift
from gradgen.primitives.shaping import cast_like, cast_to, normal_axis


@lowers(np.gradient)
def _gradient(
    f: Any, *varargs: Any, axis: Any = None, edge_order: Any = 1, builder: Builder
) -> Any:
    y = lift(builder, f)
    y = y if y.dtype.kind in "fc" else cast_to(y, float)
    axes = _axes(static(axis), y.rank)
    if static(edge_order) not in (1, 2):
        raise Refusal("np.gradient with 'edge_order' other than 1 and 2")
    if any(y.shape[at] in range(static(edge_order) + 1) for at in axes):
        raise Refusal("np.gradient of too few points for its 'edge_order'")
    steps = _steps(varargs, len(axes), builder)
    slopes = [
        _along(y, at, h, static(edge_order)) for at, h in zip(axes, steps, strict=True)
    ]
    return slopes[0] if len(slopes) == 1 else tuple(slopes)


def _axes(axis: Any, rank: int) -> list[int]:
    given = range(rank) if axis is None else axis
    axes = [given] if isinstance(given, int) else list(given)
    return [normal_axis(at, rank) for at in axes]


def _steps(given: Sequence[Any], count: int, builder: Builder) -> list[Handle]:
    """Return for each axis the distance of its points, or their places."""
    steps = [lift(builder, h) for h in given] or [lift(builder, 1.0)]
    if len(steps) == 1 and (not given or not steps[0].rank):
        steps *= count
    if len(steps) != count or any(h.rank > 1 for h in steps):
        raise Refusal("np.gradient takes one distance, or one for each axis")
    return steps


def _along(y: Handle, axis: int, step: Handle, order: int) -> Handle:
    """Return the gradient along one axis: the inner points between two ends."""
    before = [slice(None)] * axis

    def at(item: Any) -> Handle:
        return read(y, [*before, item])

    low, here, high = at(slice(None, -2)), at(slice(1, -1)), at(slice(2, None))
    if step.rank:
        y.builder.dims.assume_equal(y.shape[axis], step.shape[0])
        after, prior = neighbours(step, 0)
        gaps = after - prior
        middle = _inner_uneven(low, here, high, gaps, y.rank - axis - 1)
        first = _end(at, (0, 1, 2), (read(gaps, [0]), read(gaps, [1])), order)
        last = _end(at, (-1, -2, -3), (read(gaps, [-1]), read(gaps, [-2])), order)
    else:
        middle = (high - low) / (2.0 * step)
        first = _end(at, (0, 1, 2), (step, step), order)
        last = _end(at, (-1, -2, -3), (step, step), order)
    parts = [apply("expand_dims", first, axis=(axis,)), middle]
    parts.append(apply("expand_dims", last, axis=(axis,)))
    return cast_like(apply("concatenate", *parts, axis=axis), y)


def _inner_uneven(
    low: Handle, here: Handle, high: Handle, h: Handle, others: int
) -> Handle:
    """Return the gradient between points at the distances ``h``."""
    after, before = neighbours(h, 0)
    if others:
        lines = tuple(range(1, others + 1))
        after, before = (apply("expand_dims", x, axis=lines) for x in (after, before))
    both = before + after
    return (
        low * (-after / (before * both))
        + here * ((after - before) / (before * after))
        + high * (before / (after * both))
    )


def _end(
    at: Callable[[int], Handle],
    places: tuple[int, int, int],
    gaps: tuple[Handle, Handle],
    order: int,
) -> Handle:
    """Return the gradient at an end, from it and the next one or two points."""
    end, second, third = places
    near, far = gaps
    if order == 1:
        high, low = (second, end) if end == 0 else (end, second)
        return (at(high) - at(low)) / near
    both = near + far
    slope = (
        at(end) * (-(2.0 * near + far) / (near * both))
        + at(second) * (both / (near * far))
        + at(third) * (-near / (far * both))
    )
    return slope if end == 0 else -slope
