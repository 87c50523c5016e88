"""What rules and lowerings of matrix functions are written with.

Matrices are the last two axes of an array. Where a rule is said to be in terms of
``A``, its conjugates make it hold for complex matrices, whose cotangents are
transposed, not conjugated.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial as bind
from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.ir.dims import Dims
from gradgen.ir.types import Dim, Shape, Type, tensor
from gradgen.kernels.matrices import divide_or_nan
from gradgen.primitives.lowering import static
from gradgen.primitives.parts import conjugated, real_part
from gradgen.primitives.promotion import elementwise_type
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
from gradgen.primitives.shaping import cast_to

DTYPES = tuple(map(np.dtype, "fdFD"))


def as_matrix(a: Any, builder: Builder, name: str, rank: int = 2) -> Handle:
    """Return what ``np.linalg`` makes of an argument: floats, of two axes or more."""
    x = lift(builder, a)
    if x.rank < rank:
        raise Refusal(f"{name} of an array of rank {x.rank}", "a matrix")
    return as_floats(x, name)


def as_floats(x: Handle, name: str) -> Handle:
    """Return an array in one of the dtypes that LAPACK computes in."""
    if x.dtype.kind in "biu":
        return cast_to(x, np.float64)
    if x.dtype not in DTYPES:
        raise Refusal(f"{name} of {x.dtype} is not supported by NumPy", "float64")
    return x


def common(x: Handle, y: Handle) -> tuple[Handle, Handle]:
    """Return two arrays in the dtype in which ``np.linalg`` computes with both."""
    dtype = np.result_type(x.dtype, y.dtype)
    return cast_to(x, dtype), cast_to(y, dtype)


def known_number(value: Any, name: str) -> float | None:
    """Return a tolerance, which must be known when compiling."""
    number = static(value)
    if number is None or isinstance(number, int | float):
        return number
    raise Refusal(f"argument {name} that is no single number known when compiling")


def square_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    """Type rule of what makes a square matrix of one."""
    check_square(dims, types[0].shape)
    return tensor(types[0].dtype, types[0].shape)


def check_square(dims: Dims, shape: Shape) -> None:
    """Have it assumed that matrices are square; NumPy raises otherwise."""
    dims.assume_equal(shape[-2], shape[-1])


def smaller(dims: Dims, shape: Shape) -> Dim:
    """Return the smaller side of matrices."""
    rows, columns = (dims.resolve(dim) for dim in shape[-2:])
    if isinstance(rows, int) and isinstance(columns, int):
        return min(rows, columns)
    if rows == columns:
        return rows
    if 1 in (rows, columns) and not any(_may_vanish(d) for d in (rows, columns)):
        return 1
    return 0 if 0 in (rows, columns) else dims.fresh()


def _may_vanish(dim: Dim) -> bool:
    return dim == 0 if isinstance(dim, int) else not dim.proper


def real_dtype(dtype: np.dtype) -> np.dtype:
    """Return the dtype of the parts of a number."""
    return np.empty(0, dtype).real.dtype


def turned(x: Handle) -> Handle:
    """Return the transpose of matrices."""
    order = [*range(x.rank - 2), x.rank - 1, x.rank - 2]
    return apply("transpose", x, axes=tuple(order))


def dagger(x: Handle) -> Handle:
    """Return the conjugate transpose of matrices."""
    return conjugated(turned(x))


def hermitian_part(x: Handle) -> Handle:
    """Return the mean of matrices and their conjugate transposes."""
    return (x + dagger(x)) / 2


def as_row(x: Handle) -> Handle:
    """Return vectors as matrices of one row."""
    return apply("expand_dims", x, axis=(x.rank - 1,))


def as_column(x: Handle) -> Handle:
    """Return vectors as matrices of one column."""
    return apply("expand_dims", x, axis=(x.rank,))


def drop_axis(x: Handle, axis: int) -> Handle:
    """Return an array without an axis of length 1."""
    return apply("squeeze", x, axis=(axis % x.rank,))


def spread_out(x: Handle) -> Handle:
    """Return numbers as matrices of one element."""
    if x.rank == 0:
        return x
    return apply("expand_dims", x, axis=(x.rank, x.rank + 1))


def sum_over(x: Handle, *axes: int) -> Handle:
    """Return sums over axes, counted from the end."""
    axis = tuple(sorted(a % x.rank for a in axes))
    return apply("sum", x, axis=axis, keepdims=False)


def product_of(x: Handle, y: Handle) -> Handle:
    """Return for each matrix the sum of the products of elements."""
    return sum_over(x * y, -2, -1)


def unit_like(x: Handle) -> Handle:
    """Return the unit matrix with the columns of ``x``, in its precision."""
    n = dim_of(x, x.rank - 1)
    attrs = {"offset": 0, "dtype": real_dtype(x.dtype)}
    return apply("eye", n, n, builder=x.builder, **attrs)


def _ratio_tangent(
    z: Handle, dots: Sequence[Handle | None], x: Handle, y: Handle
) -> Handle:
    x_dot, y_dot = dots
    if y_dot is not None:
        x_dot = joined_terms(x_dot, -(z * y_dot))
    assert x_dot is not None
    return ratio(x_dot, y)


def _ratio_adjoint(z_bar: Handle, z: Handle, x: Handle, y: Handle) -> list[Handle]:
    x_bar = ratio(z_bar, y)
    return [x_bar, -(x_bar * z)]


ratio = register(
    Primitive(
        name="divide_or_nan",
        type_rule=bind(elementwise_type, np.divide),
        evaluate=divide_or_nan,
        template="divide_or_nan({0}, {1})",
        tangent=_ratio_tangent,
        adjoint=_ratio_adjoint,
        elementwise=True,
        takes_complex=True,
        samples=(
            Sample(("f64[3,4]", "f64[3,4]"), domain=(0.5, 2.0)),
            Sample(("f64[3,1]", "f64[4]"), domain=(0.5, 2.0)),
            Sample(("f32[4]", "f32[2,4]"), domain=(0.5, 2.0)),
            Sample(("f64[0]", "f64[0]")),
        ),
    )
)


def coupled(z: Handle, gaps: Handle) -> Handle:
    """Return ``z / gaps`` off the diagonal, and NaN where eigenvalues are equal.

    Even a zero of ``z`` is none there: at the unit matrix the derivative of a matrix
    logarithm is not zero, though all that it is computed from is.
    """
    unit = unit_like(z)
    return ratio(z * (1 - unit), gaps + unit)


def gaps_of(w: Handle) -> Handle:
    """Return the matrix of ``w[j] - w[i]``."""
    return as_row(w) - as_column(w)


def weighted(v: Handle, w: Handle) -> Handle:
    """Return matrices with their columns multiplied by ``w``."""
    return v * as_row(w)


def real_columns(x: Handle, y: Handle) -> Handle:
    """Return the real part of the product of each column with the other's conjugate."""
    return real_part(sum_over(conjugated(x) * y, -2))
