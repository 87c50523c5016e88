"""Calls of sums, means and extremes: of chosen elements, from a first value."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.primitives.chosen import (
    NOT_GIVEN,
    chosen,
    count_chosen,
    first_value,
    flags_for,
    lowest,
)
from gradgen.primitives.lowering import Only, lowers, static
from gradgen.primitives.reduction import averaged_in, reduced, sum_from
from gradgen.primitives.registry import Handle, apply, lift
from gradgen.primitives.shaping import cast_to, normal_axes, strong


def summed(
    x: Handle, axis: Any, keepdims: Any, initial: Any, where: Any, builder: Builder
) -> Handle:
    """Return the sum of the chosen elements, added to a first value."""
    terms = chosen(x, flags_for(x, where, "sum"), 0)
    if initial is NOT_GIVEN:
        return reduced("sum", terms, axis, keepdims, builder)
    if not terms.rank or terms.dtype.kind == "c":
        total = reduced("sum", terms, axis, keepdims, builder)
        return total + first_value(initial, total, "sum")
    first = first_value(initial, terms, "sum")
    axes, kept = normal_axes(axis, terms.rank), bool(static(keepdims))
    return sum_from(terms, first, axis=axes, keepdims=kept)


def _lower_sum(name: str, function: Any) -> None:
    @lowers(function, method=name)
    def lowering(
        a: Any,
        axis: Any = None,
        dtype: Any = None,
        out: Any = Only(),
        keepdims: Any = False,
        initial: Any = NOT_GIVEN,
        where: Any = True,
        *,
        builder: Builder,
    ) -> Handle:
        x = lift(builder, a)
        x = x if dtype is None else cast_to(x, dtype)
        result = summed(x, axis, keepdims, initial, where, builder)
        return result if dtype is None else cast_to(result, dtype)


def averaged(
    x: Handle, axis: Any, keepdims: Any, where: Any, builder: Builder
) -> Handle:
    """Return the mean of the chosen elements."""
    flags = flags_for(x, where, "mean")
    if flags is None:
        return reduced("mean", x, axis, keepdims, builder)
    x = x if x.dtype.kind in "fc" else cast_to(x, float)
    total = reduced("sum", chosen(x, flags, 0), axis, keepdims, builder)
    axes, kept = normal_axes(axis, x.rank), bool(static(keepdims))
    return total / count_chosen(flags, x, axes, kept)


def _lower_mean(name: str, function: Any) -> None:
    @lowers(function, method=name)
    def lowering(
        a: Any,
        axis: Any = None,
        dtype: Any = None,
        out: Any = Only(),
        keepdims: Any = False,
        *,
        builder: Builder,
        where: Any = True,
    ) -> Handle:
        x = averaged_in(lift(builder, a), dtype, name)
        return averaged(x, axis, keepdims, where, builder)


def extremum(
    name: str,
    x: Handle,
    axis: Any,
    keepdims: Any,
    initial: Any,
    where: Any,
    builder: Builder,
) -> Handle:
    """Return the largest or smallest of the chosen elements and a first value."""
    flags = flags_for(x, where, name)
    if initial is NOT_GIVEN:
        if flags is not None:
            raise Refusal(f"argument 'where' of np.{name} needs 'initial'")
        return reduced(name, x, axis, keepdims, builder)
    bound = lowest(x.dtype, name)
    result = chosen(x, flags, bound)
    if x.rank:
        axes, kept = normal_axes(axis, x.rank), bool(static(keepdims))
        result = apply(name, result, axis=axes, keepdims=kept, initial=bound)
    return apply(f"{name}imum", strong(result), first_value(initial, result, name))


def _lower_extremum(name: str, *functions: Any) -> None:
    @lowers(*functions, method=name)
    def lowering(
        a: Any,
        axis: Any = None,
        out: Any = Only(),
        keepdims: Any = False,
        initial: Any = NOT_GIVEN,
        where: Any = True,
        *,
        builder: Builder,
    ) -> Handle:
        x = lift(builder, a)
        return extremum(name, x, axis, keepdims, initial, where, builder)


_lower_sum("sum", np.sum)
_lower_mean("mean", np.mean)
_lower_extremum("max", np.max, np.amax)
_lower_extremum("min", np.min, np.amin)


@lowers(np.ptp)
def _ptp(
    a: Any,
    axis: Any = None,
    out: Any = Only(),
    keepdims: Any = False,
    *,
    builder: Builder,
) -> Handle:
    high, low = (reduced(name, a, axis, keepdims, builder) for name in ("max", "min"))
    return high - low
