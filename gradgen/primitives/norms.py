"""Norms of vectors and matrices, condition numbers and ranks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.ir.dims import Dims
from gradgen.ir.types import INT, Scalar, Type, tensor
from gradgen.primitives.axes import transpose_to
from gradgen.primitives.batching import along_axes, by_leading_axes
from gradgen.primitives.lowering import lowers, static
from gradgen.primitives.masked import divide_or_zero
from gradgen.primitives.matrixforms import (
    as_matrix,
    known_number,
    ratio,
    real_dtype,
)
from gradgen.primitives.parts import conjugated, real_part
from gradgen.primitives.reduction import spread
from gradgen.primitives.registry import (
    Attrs,
    Handle,
    Primitive,
    Sample,
    apply,
    lift,
    register,
)
from gradgen.primitives.samples import dominant
from gradgen.primitives.shaping import cast_to, normal_axes, normal_axis
from gradgen.primitives.statistics import float_type, options_text

Axes = tuple[int, ...]


def _norm_adjoint(
    y_bar: Handle, y: Handle, x: Handle, axis: Axes, keepdims: bool
) -> list[Handle]:
    return [spread(divide_or_zero(y_bar, y), x, axis, keepdims) * conjugated(x)]


def _norm_tangent(
    y: Handle, dots: Sequence[Handle | None], x: Handle, axis: Axes, keepdims: bool
) -> Handle:
    assert dots[0] is not None
    moved = real_part(conjugated(x) * dots[0])
    total = apply("sum", moved, axis=axis, keepdims=keepdims)
    return divide_or_zero(total, y)


def _evaluate_norm(x: Any, axis: Axes, keepdims: bool) -> Any:
    along = None if len(axis) == x.ndim else axis
    return np.linalg.norm(x, axis=along, keepdims=keepdims)


norm = register(
    Primitive(
        name="norm",
        batch=along_axes,
        type_rule=float_type,
        evaluate=_evaluate_norm,
        template=lambda types, attrs: (
            f"np.linalg.norm({{0}}{options_text(types, attrs)})"
        ),
        tangent=_norm_tangent,
        adjoint=_norm_adjoint,
        takes_complex=True,
        samples=(
            Sample(("f64[5]",), {"axis": (0,), "keepdims": False}),
            Sample(("f64[3,4]",), {"axis": (0, 1), "keepdims": False}),
            Sample(("f64[3,4]",), {"axis": (1,), "keepdims": True}),
            Sample(("f64[2,3,4]",), {"axis": (0, 2), "keepdims": False}),
            Sample(("f32[3,4]",), {"axis": (0,), "keepdims": False}),
        ),
    )
)


def _as_real(a: Any, builder: Builder) -> Handle:
    x = lift(builder, a)
    return x if x.dtype.kind in "fc" else cast_to(x, np.float64)


@lowers(np.linalg.norm)
def _norm(
    x: Any,
    ord: Any = None,
    axis: Any = None,
    keepdims: Any = False,
    *,
    builder: Builder,
) -> Handle:
    array, order, keep = _as_real(x, builder), static(ord), bool(static(keepdims))
    if array.rank == 0:
        return abs_(array)
    axis = static(axis)
    if axis is None and order is None:
        return _vector_norm(array, None, normal_axes(None, array.rank), keep)
    axes = _given_axes(axis, array.rank)
    if len(axes) == 1:
        return _vector_norm(array, order, axes, keep)
    if len(axes) == 2 and axes[0] != axes[1]:
        return _matrix_norm(array, order, axes[0], axes[1], keep)
    raise Refusal(f"np.linalg.norm over the axes {axes}", "one or two axes")


def _given_axes(axis: Any, rank: int) -> Axes:
    """Return axes in the order in which they are given: rows and columns."""
    if axis is None:
        return tuple(range(rank))
    given = tuple(axis) if isinstance(axis, tuple | list) else (axis,)
    return tuple(normal_axis(a, rank) for a in given)


@lowers(np.linalg.vector_norm)
def _lower_vector_norm(
    x: Any,
    /,
    *,
    axis: Any = None,
    keepdims: Any = False,
    ord: Any = 2,
    builder: Builder,
) -> Handle:
    array = _as_real(x, builder)
    if array.rank == 0:
        return abs_(array)
    axes = normal_axes(axis, array.rank)
    return _vector_norm(array, static(ord), axes, bool(static(keepdims)))


@lowers(np.linalg.matrix_norm)
def _lower_matrix_norm(
    x: Any, /, *, keepdims: Any = False, ord: Any = "fro", builder: Builder
) -> Handle:
    array = _as_real(x, builder)
    if array.rank < 2:
        raise Refusal(f"np.linalg.matrix_norm of an array of rank {array.rank}")
    rows, columns = array.rank - 2, array.rank - 1
    return _matrix_norm(array, static(ord), rows, columns, bool(static(keepdims)))


def abs_(x: Handle) -> Handle:
    """Return the absolute value, as NumPy's number of a Python one."""
    return apply("absolute", x, lib="np")


def _vector_norm(x: Handle, order: Any, axes: Axes, keepdims: bool) -> Handle:
    options: Attrs = {"axis": axes, "keepdims": keepdims}
    if order in (None, 2):
        return apply("norm", x, **options)
    if order == 1:
        return apply("sum", abs_(x), **options)
    if order == 0:
        counted = apply("cast", apply("not_equal", x, 0), dtype=real_dtype(x.dtype))
        return apply("sum", counted, **options)
    if order in (np.inf, -np.inf):
        _check_any(x, axes, order)
        return apply("max" if order > 0 else "min", abs_(x), **options)
    if not isinstance(order, int | float):
        raise Refusal(f"the norm of a vector with ord={order!r}", "a number")
    total = apply("sum", abs_(x) ** order, **options)
    if order < 0:
        return total ** (1 / order)
    return apply("root", total, exponent=1 / order)


def _root_tangent(
    y: Handle, dots: Sequence[Handle | None], x: Handle, exponent: float
) -> Handle:
    assert dots[0] is not None
    return divide_or_zero(exponent * y * dots[0], x)


def _root_adjoint(y_bar: Handle, y: Handle, x: Handle, exponent: float) -> list[Handle]:
    return [divide_or_zero(exponent * y * y_bar, x)]


register(
    Primitive(
        name="root",
        type_rule=lambda dims, types, attrs: types[0],
        evaluate=lambda x, exponent: x**exponent,
        template=lambda types, attrs: f"{{0}} ** {attrs['exponent']}",
        tangent=_root_tangent,
        adjoint=_root_adjoint,
        elementwise=True,
        samples=(
            Sample(("f64[3]",), {"exponent": 0.4}, domain=(0.5, 2.0)),
            Sample((np.float32(1.5),), {"exponent": 0.5}),
        ),
    )
)
"""A power of which the derivative at 0 is 0, as that of a norm."""


def _check_any(x: Handle, axes: Axes, order: Any) -> None:
    if any(x.shape[axis] == 0 for axis in axes):
        raise Refusal(
            f"np.linalg.norm of an empty array with ord={order} is not supported"
        )


def _matrix_norm(
    x: Handle, order: Any, rows: int, columns: int, keepdims: bool
) -> Handle:
    axes = tuple(sorted((rows, columns)))
    if order in (None, "fro", "f"):
        return apply("norm", x, axis=axes, keepdims=keepdims)
    if order in (1, -1, np.inf, -np.inf):
        summed, left = (rows, columns) if abs(order) == 1 else (columns, rows)
        sums = apply("sum", abs_(x), axis=(summed,), keepdims=False)
        left -= summed < left
        _check_any(sums, (left,), order)
        found = apply("max" if order > 0 else "min", sums, axis=(left,), keepdims=False)
    elif order in (2, -2, "nuc"):
        others = [axis for axis in range(x.rank) if axis not in axes]
        values = apply("svdvals", transpose_to(x, [*others, rows, columns]))
        if order != "nuc":
            _check_any(values, (values.rank - 1,), order)
        name = {2: "max", -2: "min", "nuc": "sum"}[order]
        found = apply(name, values, axis=(values.rank - 1,), keepdims=False)
    else:
        raise Refusal(
            f"the norm of a matrix with ord={order!r}",
            "ord='fro', 'nuc', 1, -1, 2, -2, np.inf or -np.inf",
        )
    return apply("expand_dims", found, axis=axes) if keepdims else found


@lowers(np.linalg.cond)
def _cond(x: Any, p: Any = None, *, builder: Builder) -> Handle:
    """Lower as NumPy computes it: infinite for singular matrices, NaN for NaN."""
    array, order = as_matrix(x, builder, "np.linalg.cond"), static(p)
    if 0 in array.shape[-2:]:
        raise Refusal("np.linalg.cond of empty arrays")
    if order in (None, 2, -2):
        values = apply("svdvals", array)
        axis = (values.rank - 1,)
        largest, smallest = (
            apply(name, values, axis=axis, keepdims=False) for name in ("max", "min")
        )
        over, under = (smallest, largest) if order == -2 else (largest, smallest)
        return _or_infinite(ratio(over, under), array)
    inverse = apply("inverse_or_nan", array)
    rows, columns = array.rank - 2, array.rank - 1
    left, right = (
        _matrix_norm(a, order, rows, columns, False) for a in (array, inverse)
    )
    return _or_infinite(left * right, array)


def _or_infinite(found: Handle, x: Handle) -> Handle:
    """Return infinity for what is NaN, unless there are NaN in the matrix."""
    axes = (x.rank - 2, x.rank - 1)
    there = apply("sum", apply("isnan", x), axis=axes, keepdims=False)
    lost = apply("logical_and", apply("isnan", found), apply("equal", there, 0))
    return apply("where", lost, np.inf, found)


def _rank_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    if len(types[0].shape) < 2:
        return Scalar(INT, weak=True)
    return tensor(np.dtype(np.intp), types[0].shape[:-2])


def _rank_text(types: Sequence[Any], attrs: Attrs) -> str:
    options = "".join(f", {name}={value}" for name, value in attrs.items())
    return f"np.linalg.matrix_rank({{0}}{options})"


register(
    Primitive(
        name="matrix_rank",
        batch=by_leading_axes,
        type_rule=_rank_type,
        evaluate=np.linalg.matrix_rank,
        template=_rank_text,
        takes_complex=True,
        samples=(
            Sample((dominant(3, 3),)),
            Sample((dominant(2, 3, 2),), {"tol": 0.5}),
            Sample((np.zeros(3),)),
        ),
    )
)


@lowers(np.linalg.matrix_rank)
def _matrix_rank(
    A: Any,
    tol: Any = None,
    hermitian: Any = False,
    *,
    rtol: Any = None,
    builder: Builder,
) -> Handle:
    attrs: dict[str, Any] = {}
    for name, number in (("tol", tol), ("rtol", rtol)):
        if number is not None:
            attrs[name] = known_number(number, name)
    if static(hermitian):
        attrs["hermitian"] = True
    if "tol" in attrs and "rtol" in attrs:
        raise Refusal("np.linalg.matrix_rank takes 'tol' or 'rtol'", "rtol=")
    return apply("matrix_rank", _as_real(A, builder), **attrs)
