"""Products of matrices, vectors and tensors."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.ir.dims import Dims
from gradgen.ir.types import Shape, Type, tensor
from gradgen.primitives.batchproducts import (
    matrix_product,
    outer_product,
    tensor_product,
)
from gradgen.primitives.families import bilinear
from gradgen.primitives.lowering import Only, lowers, static
from gradgen.primitives.parts import conjugated
from gradgen.primitives.promotion import broadcast, elementwise_dtype
from gradgen.primitives.registry import (
    Attrs,
    Handle,
    Sample,
    apply,
    builder_of,
    lift,
)
from gradgen.primitives.shaping import normal_axis, reshape_to, strong


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
    batch=matrix_product,
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


Axes = tuple[tuple[int, ...], tuple[int, ...]]


def _free(rank: int, taken: Sequence[int]) -> list[int]:
    return [axis for axis in range(rank) if axis not in taken]


def _tensordot_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    left, right = (type_.shape for type_ in types)
    for first, second in zip(*attrs["axes"], strict=True):
        dims.assume_equal(left[first], right[second])
    kept = [left[axis] for axis in _free(len(left), attrs["axes"][0])]
    kept += [right[axis] for axis in _free(len(right), attrs["axes"][1])]
    return tensor(elementwise_dtype(np.multiply, types), tuple(kept))


def _tensordot_adjoint(
    z_bar: Handle, z: Handle, x: Handle, y: Handle, axes: Axes
) -> list[Handle]:
    x_free, y_free = _free(x.rank, axes[0]), _free(y.rank, axes[1])
    count = len(x_free)
    over_y = (tuple(range(count, z_bar.rank)), tuple(y_free))
    over_x = (tuple(x_free), tuple(range(count)))
    x_bar = apply("tensordot", z_bar, y, axes=over_y)
    y_bar = apply("tensordot", x, z_bar, axes=over_x)
    return [
        _ordered(x_bar, [*x_free, *_partners(axes[0], axes[1])]),
        _ordered(y_bar, [*_partners(axes[1], axes[0]), *y_free]),
    ]


def _partners(own: Sequence[int], others: Sequence[int]) -> list[int]:
    """Return own axes in the order in which their partners stand in their array."""
    return [axis for _, axis in sorted(zip(others, own, strict=True))]


def _ordered(x: Handle, places: Sequence[int]) -> Handle:
    """Return ``x`` with its axis ``k`` moved to ``places[k]``."""
    order = tuple(sorted(range(len(places)), key=places.__getitem__))
    return x if order == tuple(range(len(order))) else apply("transpose", x, axes=order)


def _tensordot_text(types: Sequence[Any], attrs: Attrs) -> str:
    scalar = types and all(
        len(type_.shape) == len(axes)
        for type_, axes in zip(types, attrs["axes"], strict=True)
    )
    first, second = (list(axes) for axes in attrs["axes"])
    return f"np.tensordot({{0}}, {{1}}, ({first}, {second}))" + (
        "[()]" if scalar else ""
    )


tensordot = bilinear(
    "tensordot",
    batch=tensor_product,
    type_rule=_tensordot_type,
    evaluate=lambda x, y, axes: np.tensordot(x, y, axes)[()],
    template=_tensordot_text,
    adjoint=_tensordot_adjoint,
    samples=(
        Sample(("f64[2,3]", "f64[3,4]"), {"axes": ((1,), (0,))}),
        Sample(("f64[2,3,4]", "f64[4,3,5]"), {"axes": ((1, 2), (1, 0))}),
        Sample(("f64[2,3]", "f64[3,2]"), {"axes": ((0, 1), (1, 0))}),
        Sample(("f64[2]", "f64[3]"), {"axes": ((), ())}),
        Sample(("f32[4,2,3]", "f32[5,3,4]"), {"axes": ((0, 2), (2, 1))}),
    ),
)


@lowers(np.tensordot)
def _tensordot(a: Any, b: Any, axes: Any = 2) -> Handle:
    x, y = _operands(a, b)
    axes = static(axes)
    if isinstance(axes, int):
        pairs: Any = (range(x.rank - axes, x.rank), range(axes))
    else:
        pairs = tuple(
            axis if isinstance(axis, tuple | list) else (axis,) for axis in axes
        )
    left = tuple(normal_axis(axis, x.rank) for axis in pairs[0])
    right = tuple(normal_axis(axis, y.rank) for axis in pairs[1])
    if len(left) != len(right):
        raise Refusal("np.tensordot over unequal numbers of axes is not supported")
    return tensordot(x, y, axes=(left, right))


def _operands(a: Any, b: Any) -> tuple[Handle, Handle]:
    """Return factors as NumPy takes them: arrays, even of a Python number."""
    builder = builder_of(a, b)
    return strong(lift(builder, a)), strong(lift(builder, b))


def _outer_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    shape = (*types[0].shape, *types[1].shape)
    return tensor(elementwise_dtype(np.multiply, types), shape)


outer = bilinear(
    "outer",
    batch=outer_product,
    type_rule=_outer_type,
    evaluate=np.outer,
    template="np.outer({0}, {1})",
    adjoint=lambda z_bar, z, x, y: [z_bar @ y, x @ z_bar],
    samples=(
        Sample(("f64[3]", "f64[4]")),
        Sample(("f32[3]", "f32[3]")),
        Sample(("f64[0]", "f64[2]")),
    ),
)


@lowers(np.outer)
def _outer(a: Any, b: Any, out: Any = Only()) -> Handle:
    x, y = _operands(a, b)
    return outer(reshape_to(x, [-1]), reshape_to(y, [-1]))


@lowers(np.matmul, operator.matmul)
def _matmul(x1: Any, x2: Any, /, out: Any = Only()) -> Handle:
    x, y = _operands(x1, x2)
    return apply("matmul", x, y)


@lowers(np.dot)
def _dot(a: Any, b: Any, out: Any = Only()) -> Handle:
    x, y = _operands(a, b)
    if x.rank == 0 or y.rank == 0:
        return x * y
    if y.rank <= 2:
        return apply("matmul", x, y)
    return tensordot(x, y, axes=((x.rank - 1,), (y.rank - 2,)))


@lowers(method="dot")
def _dot_method(a: Handle, b: Any, out: Any = Only()) -> Handle:
    return _dot(a, b)


@lowers(np.inner)
def _inner(a: Any, b: Any, /) -> Handle:
    x, y = _operands(a, b)
    if x.rank == 0 or y.rank == 0:
        return x * y
    if y.rank == 1:
        return apply("matmul", x, y)
    return tensordot(x, y, axes=((x.rank - 1,), (y.rank - 1,)))


@lowers(np.vdot)
def _vdot(a: Any, b: Any, /) -> Handle:
    x, y = (reshape_to(part, [-1]) for part in _operands(a, b))
    return apply("matmul", conjugated(x), y)
