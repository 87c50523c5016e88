"""Covariances and correlations of variables from their observations."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.primitives.axes import swapped
from gradgen.primitives.lowering import Only, lowers, static
from gradgen.primitives.parts import conjugated, real_part
from gradgen.primitives.reduction import count_of
from gradgen.primitives.registry import Handle, apply, lift
from gradgen.primitives.shaping import cast_to


def _rows(x: Handle, rowvar: bool) -> Handle:
    """Return observations with a row for each variable."""
    if x.rank > 2 or not x.rank:
        raise Refusal("np.cov of what is neither vector nor matrix is not supported")
    x = cast_to(x, np.result_type(x.dtype, np.float64))
    if x.rank == 1:
        return apply("expand_dims", x, axis=(0,))
    return x if rowvar or x.shape[0] == 1 else swapped(x, 0, 1)


def _joined(weights: Handle | None, frequent: Handle | None) -> Handle | None:
    """Return how much each observation counts, None for one."""
    if weights is None or frequent is None:
        return frequent if weights is None else weights
    return frequent * weights


def _covariance(
    x: Handle, ddof: int, frequent: Handle | None, weights: Handle | None
) -> Handle:
    both = _joined(weights, frequent)
    if both is None:
        total = count_of(x, (1,))
        away = other = x - apply("mean", x, axis=(1,), keepdims=True)
    else:
        total = apply("sum", both, axis=(0,), keepdims=False)
        away = x - apply("sum", x * both, axis=(1,), keepdims=True) / total
        other = away * both
    freedom = total - ddof if ddof else total
    if ddof and both is not None and weights is not None:
        squares = apply("sum", both * weights, axis=(0,), keepdims=False)
        freedom = total - ddof * squares / total
    product = away @ conjugated(swapped(other, 0, 1))
    return product / cast_to(freedom, real_part(product).dtype)


def _freedom(bias: Any, ddof: Any) -> int:
    value = (0 if static(bias) else 1) if ddof is None else static(ddof)
    if not isinstance(value, int):
        raise Refusal(f"'ddof' of {value!r}", "an integer")
    return value


def _with(m: Any, y: Any, rowvar: Any, builder: Builder) -> Handle:
    x = _rows(lift(builder, m), bool(static(rowvar)))
    if y is None:
        return x
    more = _rows(lift(builder, y), bool(static(rowvar)))
    return apply("concatenate", x, more, axis=0)


def _vector(weights: Any, name: str, builder: Builder) -> Handle | None:
    if weights is None:
        return None
    w = lift(builder, weights)
    if w.rank != 1 or (name == "fweights" and w.dtype.kind not in "iu"):
        raise Refusal(
            f"argument '{name}' of np.cov that is no vector as NumPy wants it"
        )
    return w


def _whole(c: Handle) -> Handle:
    """Return the covariance of one variable as a number."""
    return apply("squeeze", c, axis=(0, 1)) if c.shape == (1, 1) else c


@lowers(np.cov)
def _cov(
    m: Any,
    y: Any = None,
    rowvar: Any = True,
    bias: Any = False,
    ddof: Any = None,
    fweights: Any = None,
    aweights: Any = None,
    *,
    builder: Builder,
    dtype: Any = Only(),
) -> Handle:
    x = _with(m, y, rowvar, builder)
    frequent = _vector(fweights, "fweights", builder)
    weights = _vector(aweights, "aweights", builder)
    return _whole(_covariance(x, _freedom(bias, ddof), frequent, weights))


@lowers(np.corrcoef)
def _corrcoef(
    x: Any,
    y: Any = None,
    rowvar: Any = True,
    *,
    builder: Builder,
    dtype: Any = Only(),
) -> Handle:
    """Lower to covariances over the deviations of both; none is beyond 1."""
    rows = _with(x, y, rowvar, builder)
    if rows.dtype.kind == "c":
        raise Refusal("np.corrcoef of complex numbers is not supported")
    c = _covariance(rows, 1, None, None)
    if c.shape == (1, 1):
        return _whole(c) / _whole(c)
    spread = apply("std", rows, axis=(1,), keepdims=False, ddof=1)
    c = c / apply("expand_dims", spread, axis=(1,)) / spread
    return apply("clip", c, -1, 1)
