"""Reductions and running sums that leave out NaN."""

from __future__ import annotations

from functools import partial as bind
from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.primitives.chosen import NOT_GIVEN, chosen, first_value, flags_for
from gradgen.primitives.cumulative import multiplied, running
from gradgen.primitives.lowering import Only, lowers, static
from gradgen.primitives.reduction import averaged_in
from gradgen.primitives.registry import Handle, apply, lift
from gradgen.primitives.shaping import cast_to, normal_axes
from gradgen.primitives.spreads import degrees, deviations, freedom_of, spread_about
from gradgen.primitives.totals import averaged, extremum, summed


def _kept(keepdims: Any) -> bool:
    return keepdims is not NOT_GIVEN and bool(static(keepdims))


def _filled(x: Handle, fill: Any) -> Handle:
    """Return ``x`` with ``fill`` for NaN."""
    if x.dtype.kind not in "fc":
        return x
    return apply("where", apply("isnan", x), fill, x)


def _numbers(x: Handle, where: Any, name: str) -> Handle:
    """Return which of the chosen elements are no NaN."""
    flags = flags_for(x, where, name)
    numbers = apply("logical_not", apply("isnan", x))
    return numbers if flags is None else apply("logical_and", flags, numbers)


def _sum(x: Handle, axis: Any, kept: bool, initial: Any, where: Any) -> Handle:
    return summed(x, axis, kept, initial, where, x.builder)


def _lower_total(function: Any, fill: int, total: Any) -> None:
    @lowers(function)
    def lowering(
        a: Any,
        axis: Any = None,
        dtype: Any = None,
        out: Any = Only(),
        keepdims: Any = NOT_GIVEN,
        initial: Any = NOT_GIVEN,
        where: Any = NOT_GIVEN,
        *,
        builder: Builder,
    ) -> Handle:
        x = _filled(lift(builder, a), fill)
        x = x if dtype is None else cast_to(x, dtype)
        result: Handle = total(x, axis, _kept(keepdims), initial, where)
        return result if dtype is None else cast_to(result, dtype)


_lower_total(np.nansum, 0, _sum)
_lower_total(np.nanprod, 1, multiplied)


@lowers(np.nanmean)
def _nanmean(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = Only(),
    keepdims: Any = NOT_GIVEN,
    *,
    builder: Builder,
    where: Any = NOT_GIVEN,
) -> Handle:
    x = averaged_in(lift(builder, a), dtype, "nanmean")
    if x.dtype.kind in "fc":
        where = _numbers(x, where, "nanmean")
    return averaged(x, axis, _kept(keepdims), where, builder)


def _lower_extremum(name: str, function: Any) -> None:
    @lowers(function)
    def lowering(
        a: Any,
        axis: Any = None,
        out: Any = Only(),
        keepdims: Any = NOT_GIVEN,
        initial: Any = NOT_GIVEN,
        where: Any = NOT_GIVEN,
        *,
        builder: Builder,
    ) -> Handle:
        x, kept = lift(builder, a), _kept(keepdims)
        if x.dtype.kind != "f" or not x.rank:
            return extremum(name, x, axis, kept, initial, where, builder)
        axes = normal_axes(axis, x.rank)
        if initial is NOT_GIVEN:
            if flags_for(x, where, f"nan{name}") is not None:
                raise Refusal(f"argument 'where' of np.nan{name} needs 'initial'")
            return apply(f"f{name}_reduce", x, axis=axes, keepdims=kept)
        parts = chosen(x, flags_for(x, where, f"nan{name}"), np.nan)
        found = apply(
            f"f{name}_reduce", parts, axis=axes, keepdims=kept, initial=np.nan
        )
        return apply(f"f{name}", found, first_value(initial, found, f"nan{name}"))


_lower_extremum("max", np.nanmax)
_lower_extremum("min", np.nanmin)


def _lower_spread(name: str, function: Any) -> None:
    @lowers(function)
    def lowering(
        a: Any,
        axis: Any = None,
        dtype: Any = Only(),
        out: Any = Only(),
        ddof: Any = 0,
        keepdims: Any = NOT_GIVEN,
        *,
        builder: Builder,
        where: Any = NOT_GIVEN,
        mean: Any = NOT_GIVEN,
        correction: Any = NOT_GIVEN,
    ) -> Handle:
        x = lift(builder, a)
        if not x.rank:
            raise Refusal(f"np.nan{name} of a single number is not supported")
        x = x if x.dtype.kind in "fc" else cast_to(x, float)
        axes, kept = normal_axes(axis, x.rank), _kept(keepdims)
        less, flags = degrees(ddof, correction, name), _numbers(x, where, name)
        deviation = deviations(x, axes, flags, mean, builder)
        freedom = freedom_of(x, flags, axes, kept, less)
        found = spread_about(name, deviation, freedom, axes, kept)
        return apply("where", freedom > 0, found, np.nan) if less else found


_lower_spread("var", np.nanvar)
_lower_spread("std", np.nanstd)


def _running(
    name: str,
    fill: int,
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = Only(),
    *,
    builder: Builder,
) -> Handle:
    return running(name, _filled(lift(builder, a), fill), axis, dtype)


lowers(np.nancumsum)(bind(_running, "cumsum", 0))
lowers(np.nancumprod)(bind(_running, "cumprod", 1))
