"""Fits of polynomials, which are least squares in scaled powers."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.primitives.lowering import Only, lowers, static
from gradgen.primitives.registry import LOWERINGS, Handle, apply, lift
from gradgen.primitives.shaping import cast_to


def _as_floats(x: Any, builder: Builder) -> Handle:
    """Return ``x + 0.0``, as NumPy begins."""
    number = lift(builder, x)
    exact = number.dtype.kind in "biu"
    return cast_to(number, np.dtype(float)) if exact else number


def _in_columns(x: Handle) -> Handle:
    return apply("expand_dims", x, axis=(1,))


@lowers(np.polyfit)
def _polyfit(
    x: Any,
    y: Any,
    deg: Any,
    rcond: Any = Only(),
    full: Any = Only(False),
    w: Any = None,
    cov: Any = Only(False),
    *,
    builder: Builder,
) -> Handle:
    points, values, degree = _as_floats(x, builder), _as_floats(y, builder), static(deg)
    if type(degree) is not int or degree < 0:
        raise Refusal("np.polyfit with other than one degree", "an integer for deg")
    if points.rank != 1 or values.rank not in (1, 2):
        raise Refusal("np.polyfit takes a vector of points, and values in columns")
    powers = LOWERINGS[np.vander](points, degree + 1, builder=builder)
    if w is not None:
        weights = _as_floats(w, builder)
        powers = powers * _in_columns(weights)
        values = values * (_in_columns(weights) if values.rank == 2 else weights)
    scale = apply("sqrt", apply("sum", powers * powers, axis=(0,), keepdims=False))
    found: Handle = LOWERINGS[np.linalg.lstsq](powers / scale, values)[0]
    return found / (_in_columns(scale) if values.rank == 2 else scale)
