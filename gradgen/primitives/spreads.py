"""Calls of variance and standard deviation: of chosen elements, about a mean."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.primitives.chosen import NOT_GIVEN, chosen, count_chosen, flags_for
from gradgen.primitives.lowering import Only, lowers, static
from gradgen.primitives.parts import conjugated, real_part
from gradgen.primitives.reduction import averaged_in, count_of
from gradgen.primitives.registry import Attrs, Handle, apply, lift
from gradgen.primitives.shaping import cast_to, normal_axes
from gradgen.primitives.totals import averaged

Axes = tuple[int, ...]


def degrees(ddof: Any, correction: Any, name: str) -> int:
    """Return what is taken from the number of elements, under either of its names."""
    if correction is not NOT_GIVEN:
        if type(static(ddof)) is not int or static(ddof) != 0:
            raise Refusal(f"both 'ddof' and 'correction' of np.{name}")
        ddof = correction
    value = static(ddof)
    if not isinstance(value, int):
        raise Refusal(f"'ddof' or 'correction' of {value!r}", "an integer")
    return value


def deviations(
    x: Handle, axis: Axes, flags: Handle | None, mean: Any, builder: Builder
) -> Handle:
    """Return how far the chosen elements are from their mean, and 0 for the others."""
    where = True if flags is None else flags
    if mean is NOT_GIVEN:
        about = averaged(x, axis, True, where, builder)
    else:
        about = lift(builder, mean)
    return chosen(x - about, flags, 0)


def spread_about(
    name: str,
    deviation: Handle,
    freedom: Handle | int,
    axis: Axes,
    keepdims: bool,
) -> Handle:
    """Return the variance or standard deviation that belongs to deviations."""
    options: Attrs = {"axis": axis, "keepdims": keepdims}
    if name == "var":
        squares = real_part(conjugated(deviation) * deviation)
        total = apply("sum", squares, **options)
        return total / _counted(freedom, total)
    if 2 < len(axis) < deviation.rank:
        raise Refusal(f"argument 'where' or 'mean' of np.{name} over {len(axis)} axes")
    length = apply("norm", deviation, **options)
    return length / apply("sqrt", _counted(freedom, length), lib="np")


def _counted(freedom: Handle | int, like: Handle) -> Handle:
    """Return degrees of freedom as NumPy divides by them, so that 0 gives NaN."""
    return cast_to(lift(like.builder, freedom), like.dtype)


def freedom_of(
    x: Handle, flags: Handle | None, axis: Axes, keepdims: bool, ddof: int
) -> Handle:
    """Return the number of chosen elements less ``ddof``, but not less than 0."""
    if flags is None:
        return apply("python_max", count_of(x, axis) - ddof, 0)
    count = count_chosen(flags, x, axis, keepdims)
    return apply("maximum", count - ddof, 0) if ddof else count


def _lower_spread(name: str, function: Any) -> None:
    @lowers(function, method=name)
    def lowering(
        a: Any,
        axis: Any = None,
        dtype: Any = None,
        out: Any = Only(),
        ddof: Any = 0,
        keepdims: Any = False,
        *,
        builder: Builder,
        where: Any = True,
        mean: Any = NOT_GIVEN,
        correction: Any = NOT_GIVEN,
    ) -> Handle:
        x = lift(builder, a)
        if x.rank == 0:
            raise Refusal(f"np.{name} of a single number is not supported")
        x = averaged_in(x, dtype, name)
        axes, kept = normal_axes(axis, x.rank), bool(static(keepdims))
        less = degrees(ddof, correction, name)
        flags = flags_for(x, where, name)
        if flags is None and mean is NOT_GIVEN:
            return apply(name, x, axis=axes, keepdims=kept, ddof=less)
        if dtype is not None and mean is not NOT_GIVEN:
            raise Refusal(f"argument 'dtype' of np.{name} together with 'mean'")
        x = x if x.dtype.kind in "fc" else cast_to(x, float)
        deviation = deviations(x, axes, flags, mean, builder)
        freedom = freedom_of(x, flags, axes, kept, less)
        return spread_about(name, deviation, freedom, axes, kept)


_lower_spread("var", np.var)
_lower_spread("std", np.std)
