"""Products of matrices and vectors."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.ir.dims import Dims
from gradgen.ir.types import Shape, Type, tensor
from gradgen.primitives.families import bilinear
from gradgen.primitives.lowering import lowers
from gradgen.primitives.promotion import broadcast, elementwise_dtype
from gradgen.primitives.registry import Attrs, Handle, Sample, apply


def _matmul_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    left, right = (type_.shape for type_ in types)
    if not left or not right:
        raise Refusal("@ needs arrays, not numbers", "*")
    dtype = elementwise_dtype(np.multiply, types)
    row, batch_left = _split(left, at=-2)
    column, batch_right = _split(right, at=-1)
    inner = right[-2] if len(right) > 1 else right[0]
    dims.assume_equal(left[-1], inner)
    batch = broadcast(dims, [batch_left, batch_right])
    return tensor(dtype, (*batch, *row, *column))


def _split(shape: Shape, at: int) -> tuple[Shape, Shape]:
    """Return the row or column dimension of a factor, and its batch dimensions."""
    return (shape[at : at + 1 or None], shape[:-2]) if len(shape) > 1 else ((), ())


def swap(x: Handle) -> Handle:
    """Return ``x`` with its last two axes exchanged."""
    order = [*range(x.rank - 2), x.rank - 1, x.rank - 2]
    return apply("transpose", x, axes=tuple(order))


def _matmul_adjoint(
    z_bar: Handle, z: Handle, x: Handle, y: Handle
) -> list[Handle | None]:
    if x.rank == 1 and y.rank == 1:
        return [z_bar * y, z_bar * x]
    if x.rank == 1:
        row_bar = apply("expand_dims", z_bar, axis=(y.rank - 2,))
        x_bar = y @ z_bar if y.rank == 2 else _drop(row_bar @ swap(y), -2)
        return [x_bar, apply("expand_dims", x, axis=(1,)) * row_bar]
    if y.rank == 1:
        column_bar = apply("expand_dims", z_bar, axis=(x.rank - 1,))
        y_bar = z_bar @ x if x.rank == 2 else _drop(swap(x) @ column_bar, -1)
        return [column_bar * y, y_bar]
    return [z_bar @ swap(y), swap(x) @ z_bar]


def _drop(x: Handle, axis: int) -> Handle:
    return apply("squeeze", x, axis=(axis % x.rank,))


matmul = bilinear(
    "matmul",
    type_rule=_matmul_type,
    evaluate=operator.matmul,
    template="{0} @ {1}",
    adjoint=_matmul_adjoint,
    samples=(
        Sample(("f64[3]", "f64[3]")),
        Sample(("f64[2,3]", "f64[3]")),
        Sample(("f64[3]", "f64[3,4]")),
        Sample(("f64[2,3]", "f64[3,4]")),
        Sample(("f32[2,3]", "f32[3,4]")),
        Sample(("f64[5,2,3]", "f64[3,4]")),
        Sample(("f64[5,2,3]", "f64[5,3,4]")),
        Sample(("f64[5,1,2,3]", "f64[6,3,4]")),
        Sample(("f64[5,2,3]", "f64[3]")),
        Sample(("f64[3]", "f64[5,3,4]")),
    ),
)


@lowers(np.matmul)
def _matmul(x1: Handle, x2: Handle, /) -> Handle:
    return apply("matmul", x1, x2)
