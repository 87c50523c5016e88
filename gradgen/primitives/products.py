"""Products of vectors in stacks: cross products, dot products, Kronecker products."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.ir.core import Literal
from gradgen.ir.dims import Dims
from gradgen.ir.types import Type, tensor
from gradgen.primitives.axes import transpose_to
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
    dim_of,
    lift,
)
from gradgen.primitives.shaping import normal_axis, strong


def factors(a: Any, b: Any) -> tuple[Handle, Handle]:
    """Return factors as NumPy takes them: arrays, even of a Python number."""
    builder = builder_of(a, b)
    return strong(lift(builder, a)), strong(lift(builder, b))


def _cross_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    left, right = (type_.shape for type_ in types)
    batch = broadcast(dims, [left[:-1], right[:-1]])
    return tensor(elementwise_dtype(np.multiply, types), (*batch, 3))


cross = bilinear(
    "cross",
    type_rule=_cross_type,
    evaluate=np.cross,
    template="np.cross({0}, {1})",
    adjoint=lambda z_bar, z, x, y: [
        apply("cross", y, z_bar),
        apply("cross", z_bar, x),
    ],
    samples=(
        Sample(("f64[3]", "f64[3]")),
        Sample(("f64[4,3]", "f64[3]")),
        Sample(("f32[2,1,3]", "f32[4,3]")),
        Sample(("f64[0,3]", "f64[0,3]")),
    ),
)


@lowers(np.cross)
def _cross(
    a: Any,
    b: Any,
    axisa: Any = -1,
    axisb: Any = -1,
    axisc: Any = -1,
    axis: Any = None,
) -> Handle:
    """Lower to the product along the last axes, of vectors of three components."""
    x, y = factors(a, b)
    if not x.rank or not y.rank:
        raise Refusal("np.cross of numbers is not supported")
    first, second, third = (axisa, axisb, axisc) if axis is None else (axis,) * 3
    z = cross(*(_of_three(_last(*pair)) for pair in ((x, first), (y, second))))
    at = normal_axis(third, z.rank)
    order = list(range(z.rank - 1))
    return transpose_to(z, [*order[:at], z.rank - 1, *order[at:]])


def _of_three(x: Handle) -> Handle:
    """Return vectors, checked to have three components.

    NumPy takes two as well, and returns products with other axes then.
    """
    dim = x.shape[-1]
    if isinstance(dim, int) and dim != 3:
        raise Refusal(f"np.cross of vectors of {dim} components is not supported")
    if dim != 3:
        atoms = [dim_of(x, x.rank - 1).atom, Literal.of(3)]
        x.builder.emit("check_dims", atoms, [], {"dims": (dim, 3)})
        x.builder.dims.merge(dim, 3)
    return x


def _last(x: Handle, axis: Any) -> Handle:
    """Return ``x`` with an axis moved to the end."""
    at = normal_axis(axis, x.rank)
    return transpose_to(x, [*(i for i in range(x.rank) if i != at), at])


@lowers(np.kron)
def _kron(a: Any, b: Any) -> Handle:
    """Lower to products of all pairs of elements, with pairs of axes joined."""
    x, y = factors(a, b)
    rank = max(x.rank, y.rank)
    if not x.rank or not y.rank:
        return x * y
    x, y = (_ranked(part, rank) for part in (x, y))
    every = range(2 * rank)
    pairs = apply("expand_dims", x, axis=tuple(every[1::2])) * apply(
        "expand_dims", y, axis=tuple(every[::2])
    )
    lengths = [dim_of(x, i) * dim_of(y, i) for i in range(rank)]
    return apply("reshape", pairs, *lengths)


def _ranked(x: Handle, rank: int) -> Handle:
    axes = tuple(range(rank - x.rank))
    return apply("expand_dims", x, axis=axes) if axes else x


def _moved_last(x: Handle, axis: int) -> Handle:
    """Return ``x`` with one axis after all others."""
    order = [*(i for i in range(x.rank) if i != axis), axis]
    return transpose_to(x, order)


def _dotted(x: Handle, y: Handle, axis: int) -> Handle:
    """Return the dot products along an axis, which both have in the same place."""
    dims = [part.shape[axis] for part in (x, y)]
    if 1 in dims and dims[0] != dims[1]:
        raise Refusal("np.vecdot of vectors of lengths 1 and another")
    x.builder.dims.assume_equal(*dims)
    rank = max(x.rank, y.rank)
    product = conjugated(x) * y
    return apply("sum", product, axis=(axis % rank,), keepdims=False)


if hasattr(np, "vecdot"):

    @lowers(np.vecdot)
    def _vecdot(
        x1: Any,
        x2: Any,
        /,
        out: Any = Only(),
        *,
        axis: Any = -1,
        axes: Any = Only(),
        keepdims: Any = Only(False),
    ) -> Handle:
        x, y = factors(x1, x2)
        if not x.rank or not y.rank:
            raise Refusal("np.vecdot of numbers")
        if static(axis) >= 0 and x.rank != y.rank:
            x, y = (_moved_last(part, normal_axis(axis, part.rank)) for part in (x, y))
            axis = -1
        rank = min(x.rank, y.rank)
        return _dotted(x, y, normal_axis(axis, rank) - rank)


if hasattr(np, "matvec"):

    @lowers(np.matvec)
    def _matvec(
        x1: Any,
        x2: Any,
        /,
        out: Any = Only(),
        *,
        axes: Any = Only(),
        axis: Any = Only(),
    ) -> Handle:
        x, y = factors(x1, x2)
        if x.rank < 2 or not y.rank:
            raise Refusal("np.matvec takes matrices and vectors")
        if y.rank == 1:
            return apply("matmul", x, y)
        column = apply("expand_dims", y, axis=(y.rank,))
        product = apply("matmul", x, column)
        return apply("squeeze", product, axis=(product.rank - 1,))

    @lowers(np.vecmat)
    def _vecmat(
        x1: Any,
        x2: Any,
        /,
        out: Any = Only(),
        *,
        axes: Any = Only(),
        axis: Any = Only(),
    ) -> Handle:
        x, y = factors(x1, x2)
        if y.rank < 2 or not x.rank:
            raise Refusal("np.vecmat takes vectors and matrices")
        if x.rank == 1:
            return apply("matmul", conjugated(x), y)
        row = apply("expand_dims", conjugated(x), axis=(x.rank - 1,))
        product = apply("matmul", row, y)
        return apply("squeeze", product, axis=(product.rank - 2,))
