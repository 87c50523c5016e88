"""Polynomials, given by their coefficients from the highest power down."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.ir.dims import Dims
from gradgen.ir.types import Type, tensor
from gradgen.primitives.families import differentiable
from gradgen.primitives.indexing import read
from gradgen.primitives.lowering import lowers, refuses, static
from gradgen.primitives.promotion import joined_dtype
from gradgen.primitives.registry import (
    Attrs,
    Handle,
    Primitive,
    Sample,
    apply,
    dim_of,
    joined_terms,
    lift,
    register,
)
from gradgen.primitives.shaping import cast_to, dims_from, reshape_to, strong

OTHERWISE = "np.polyval, np.convolve, or coefficients of known lengths"
refuses(
    np.poly1d,
    np.polymul,
    np.polydiv,
    np.roots,
    np.poly,
    reason="how many coefficients there are depends on which of them are zero",
    hint=OTHERWISE,
)


def _powers(n: Handle, dtype: np.dtype, down: bool = True) -> Handle:
    """Return ``n, n - 1, ..., 1``, or ``0, 1, ..., n - 1``."""
    real = np.empty(0, dtype).real.dtype
    count = apply("arange", 0, n, 1, builder=n.builder, dtype=real)
    return n - count if down else count


def _derived(p: Handle) -> Handle:
    """Return the coefficients of the derivative."""
    return read(p, [slice(None, -1)]) * _powers(dim_of(p, 0) - 1, p.dtype)


def _polyval_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    if len(types[0].shape) != 1:
        raise Refusal("np.polyval of coefficients that are no vector")
    return tensor(joined_dtype(types), types[1].shape)


def _slope(p: Handle, x: Handle, y: Handle) -> Handle:
    """Return the derivative in ``x``, also where it has no coefficients."""
    return polyval(_derived(p), x if x.dtype == y.dtype else cast_to(x, y.dtype))


def _polyval_tangent(
    y: Handle, dots: Sequence[Handle | None], p: Handle, x: Handle
) -> Handle:
    p_dot, x_dot = dots
    first = None if p_dot is None else polyval(p_dot, x)
    second = None if x_dot is None else _slope(p, x, y) * x_dot
    return joined_terms(first, second)


def _polyval_adjoint(
    y_bar: Handle, y: Handle, p: Handle, x: Handle
) -> list[Handle | None]:
    p_bar = None
    if differentiable(p):
        points = cast_to(x if x.rank else strong(x), y.dtype)
        powers = vander(reshape_to(points, [-1]), dim_of(p, 0), increasing=False)
        p_bar = reshape_to(strong(y_bar), [-1]) @ powers
    return [p_bar, y_bar * _slope(p, x, y) if differentiable(x) else None]


polyval = register(
    Primitive(
        name="polyval",
        type_rule=_polyval_type,
        evaluate=lambda p, x: np.polyval(p, x)[()],
        template=lambda types, attrs: (
            "np.polyval({0}, {1})" + ("" if types and types[1].shape else "[()]")
        ),
        tangent=_polyval_tangent,
        adjoint=_polyval_adjoint,
        takes_complex=True,
        samples=(
            Sample(("f64[4]", "f64")),
            Sample(("f64[3]", "f64[2,3]")),
            Sample(("f32[3]", "f32[4]")),
            Sample(("f64[1]", "f64[2]")),
            Sample(("f64[3]", "float")),
        ),
    )
)


@lowers(np.polyval)
def _polyval(p: Any, x: Any, *, builder: Builder) -> Handle:
    return polyval(lift(builder, p), lift(builder, x))


def _vander_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    if len(types[0].shape) != 1:
        raise Refusal("np.vander of what is no vector is not supported")
    dtype = np.promote_types(types[0].dtype, np.int64)
    return tensor(dtype, (dims.resolve(types[0].shape[0]), *dims_from(dims, types[1:])))


def _slopes(x: Handle, count: Handle, increasing: bool) -> Handle:
    """Return the derivatives of the powers."""
    up = _powers(count, np.dtype(int), down=False)
    powers = up if increasing else count - 1 - up
    x = cast_to(x, np.promote_types(x.dtype, np.int64))
    column = apply("expand_dims", x, axis=(1,))
    lower = apply("power", column, apply("maximum", powers - 1, 0))
    return cast_to(powers, x.dtype) * lower


vander = register(
    Primitive(
        name="vander",
        type_rule=_vander_type,
        evaluate=lambda x, count, increasing: np.vander(x, count, increasing),
        template=lambda types, attrs: (
            "np.vander({0}, {1}" + (", True)" if attrs["increasing"] else ")")
        ),
        tangent=lambda y, dots, x, count, increasing: (
            apply("expand_dims", dots[0], axis=(1,)) * _slopes(x, count, increasing)
        ),
        adjoint=lambda y_bar, y, x, count, increasing: [
            apply(
                "sum", y_bar * _slopes(x, count, increasing), axis=(1,), keepdims=False
            )
        ],
        takes_complex=True,
        samples=(
            Sample(("f64[3]", 4), {"increasing": False}),
            Sample(("f64[2]", 3), {"increasing": True}),
            Sample(("f32[3]", 1), {"increasing": False}),
            Sample(("f64[2]", 0), {"increasing": False}),
        ),
    )
)


@lowers(np.vander)
def _vander(
    x: Any, N: Any = None, increasing: Any = False, *, builder: Builder
) -> Handle:
    points = lift(builder, x)
    if points.rank != 1 or points.dtype.kind not in "fciu":
        raise Refusal("np.vander of what is no vector is not supported")
    count = dim_of(points, 0) if N is None else lift(builder, N)
    return vander(points, count, increasing=bool(static(increasing)))


def _times(m: Any, name: str) -> int:
    if type(static(m)) is not int or static(m) < 1:
        raise Refusal(f"np.{name} of order {static(m)!r} is not supported")
    return int(static(m))


@lowers(np.polyder)
def _polyder(p: Any, m: Any = 1, *, builder: Builder) -> Handle:
    y = lift(builder, p)
    if y.rank != 1:
        raise Refusal("np.polyder of coefficients that are no vector")
    y = cast_to(y, np.promote_types(y.dtype, np.int64))
    for _ in range(_times(m, "polyder")):
        y = _derived(y)
    return y


@lowers(np.polyint)
def _polyint(p: Any, m: Any = 1, k: Any = None, *, builder: Builder) -> Handle:
    """Lower to integrals, each with its constant, by default 0."""
    y, count = lift(builder, p), _times(m, "polyint")
    if y.rank != 1:
        raise Refusal("np.polyint of coefficients that are no vector")
    y = cast_to(y, np.promote_types(y.dtype, np.float64))
    constants = lift(builder, 0.0 if k is None else k)
    constants = apply("reshape", constants, 1) if not constants.rank else constants
    if constants.shape[0] not in (1, count):
        raise Refusal(f"np.polyint takes one constant or {count} of them")
    for i in range(count):
        at = slice(i, i + 1) if constants.shape[0] != 1 else slice(None)
        last = cast_to(read(constants, [at]), y.dtype)
        powers = _powers(dim_of(y, 0), y.dtype)
        y = apply("concatenate", y / powers, last, axis=0)
    return y


def _lower_sum(function: Any, name: str) -> None:
    @lowers(function)
    def lowering(a1: Any, a2: Any, *, builder: Builder) -> Handle:
        parts = [lift(builder, a) for a in (a1, a2)]
        x, y = (p if p.rank else apply("reshape", p, 1) for p in parts)
        if x.rank != 1 or y.rank != 1:
            raise Refusal(f"np.{function.__name__} of what are no vectors")
        return apply(name, _padded(x, y), _padded(y, x))


def _padded(x: Handle, y: Handle) -> Handle:
    """Return coefficients with zeros before, so that there are as many as of ``y``."""
    if x.shape == y.shape:
        return x
    missing = apply("python_max", dim_of(y, 0) - dim_of(x, 0), 0)
    zeros = apply("zeros", missing, dtype=x.dtype)
    return apply("concatenate", zeros, x, axis=0)


_lower_sum(np.polyadd, "add")
_lower_sum(np.polysub, "subtract")
