"""Rules of interpolants of SciPy that are linear or constant between points.

Their values are what SciPy computes: the interpolant is made where it is called.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.ir.types import FLOAT
from gradgen.primitives.grids import Dots, added, moved, pulled, spread_to
from gradgen.primitives.registry import Attrs, Handle, apply, dim_of, dims_of, lift
from gradgen.primitives.shaping import cast_to, reshape_to

EXTRAPOLATE = "extrapolate"


def check_real(name: str, types: Sequence[Any]) -> None:
    """Refuse operands that are no real numbers."""
    if any(type_.dtype.kind not in "biuf" for type_ in types):
        raise Refusal(f"{name} of complex numbers", "real and imaginary parts apart")


def _order(attrs: Attrs, count: int) -> dict[str, Any]:
    """Return what the rules of derivatives are told of an interpolant."""
    return {"nu": (0,) * count, "inside": isinstance(attrs["fill"], tuple)}


def _still(fill: Any) -> Any:
    """Return what stands outside in a derivative: zero, unless it is extrapolated."""
    return (0.0,) * len(fill) if isinstance(fill, tuple) else fill


def interpolant_tangent(
    name: str, y: Handle, dots: Dots, values: Handle, *others: Handle, **attrs: Any
) -> Handle | None:
    """Return the tangent of what an interpolant is at places."""
    first = None
    if dots[0] is not None:
        still = {**attrs, "fill": _still(attrs["fill"])}
        first = apply(name, dots[0], *others, **still)
    if attrs["kind"] != "linear":
        return first
    order = _order(attrs, len(others) // 2)
    return added([first, moved(y, values, others, dots[1:], order)])


def interpolant_adjoint(
    name: str, y_bar: Handle, y: Handle, values: Handle, *others: Handle, **attrs: Any
) -> list[Handle | None]:
    """Return the cotangents of values, places and points."""
    if attrs["kind"] != "linear":
        return [
            _picked_bar(name, y_bar, values, others, attrs),
            *(None for _ in others),
        ]
    order = _order(attrs, len(others) // 2)
    values_bar = apply("grid_back", y_bar, *others, **order)
    return [values_bar, *pulled(y_bar, y, values, others, order)]


def _picked_bar(
    name: str, y_bar: Handle, values: Handle, others: Sequence[Handle], attrs: Attrs
) -> Handle:
    """Return the cotangent of values of which one stands at each place.

    Which one is found by interpolating their numbers.
    """
    count = len(others) // 2
    lengths = [dim_of(values, axis) for axis in range(count)]
    total = math.prod(lengths[1:], start=lengths[0])
    numbers = apply("arange", 0.0, total, 1, builder=y_bar.builder, dtype=FLOAT)
    fill = attrs["fill"]
    nowhere = (-1.0,) * len(fill) if isinstance(fill, tuple) else fill
    table = numbers if count == 1 else reshape_to(numbers, lengths)
    places = apply(name, table, *others, **{**attrs, "fill": nowhere})
    bars = apply("picked_back", y_bar, places, total)
    return bars if count == 1 else reshape_to(bars, dims_of(values))


def number_text(value: float) -> str:
    """Return a number as it is printed, infinities and NaN as those of NumPy."""
    if math.isfinite(value):
        return repr(value)
    return f"{'-' if value < 0 else ''}np.{'nan' if math.isnan(value) else 'inf'}"


def option_text(value: Any) -> str:
    """Return a number, a pair of numbers or a word as it is printed."""
    if isinstance(value, tuple):
        return f"({', '.join(map(number_text, value))})"
    return number_text(value) if isinstance(value, float) else repr(value)


def is_known(fill: Sequence[Any]) -> bool:
    """Tell whether what stands outside is known when compiling."""
    return not any(isinstance(value, Handle) for value in fill)


def filled(outside: Handle, fill: Any, inner: Handle) -> Handle:
    """Return a number outside, and what is interpolated elsewhere."""
    value = cast_to(lift(inner.builder, fill), inner.dtype)
    return apply("where", spread_to(outside, inner), value, inner)


def outside(fill: Any, bounds_error: Any) -> Any:
    """Return what stands outside: ``"extrapolate"``, numbers, or None for an error."""
    if bounds_error:
        return None
    if isinstance(fill, str):
        if fill != EXTRAPOLATE:
            raise Refusal(f"fill_value={fill!r}", f"a number, or {EXTRAPOLATE!r}")
        return fill
    parts = fill if isinstance(fill, tuple) else (fill,)
    return tuple(map(_number, parts))


def _number(fill: Any) -> Any:
    if isinstance(fill, Handle):
        if fill.rank or fill.dtype.kind not in "iuf":
            raise Refusal("'fill_value' that is no real number, nor a pair of those")
        return Handle(fill.builder, fill.atom)
    if isinstance(fill, bool) or not isinstance(fill, int | float | np.floating):
        raise Refusal("'fill_value' that is no real number, nor a pair of those")
    return float(fill)
