"""Matrices put together of blocks and diagonals, from ``scipy.linalg``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scipy import linalg

from gradgen import kernels
from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.ir.dims import Dims
from gradgen.ir.types import Dim, Type, tensor
from gradgen.primitives.families import linear, zeros_like
from gradgen.primitives.indexing import read
from gradgen.primitives.lowering import lowers
from gradgen.primitives.matrixforms import turned
from gradgen.primitives.parts import conjugated
from gradgen.primitives.promotion import joined_dtype
from gradgen.primitives.registry import (
    Attrs,
    Handle,
    Sample,
    apply,
    dim_of,
    in_shape_of,
    lift,
)
from gradgen.primitives.shaping import strong


def _total(dims: Dims, lengths: Sequence[Dim]) -> Dim:
    known = [dims.resolve(length) for length in lengths]
    if all(isinstance(length, int) for length in known):
        return sum(length for length in known if isinstance(length, int))
    return known[0] if len(known) == 1 else dims.fresh()


def _block_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    sides = [[type_.shape[axis] for type_ in types] for axis in (0, 1)]
    return tensor(joined_dtype(types), tuple(_total(dims, side) for side in sides))


def _block_adjoint(y_bar: Handle, y: Handle, *xs: Handle) -> list[Handle]:
    """Return the blocks on the diagonal, one after the other."""
    bars = []
    row: Any = 0
    column: Any = 0
    for x in xs:
        below, right = row + dim_of(x, 0), column + dim_of(x, 1)
        part = read(y_bar, [slice(row, below), slice(column, right)])
        bars.append(in_shape_of(x, part))
        row, column = below, right
    return bars


linear(
    "block_diag",
    type_rule=_block_type,
    evaluate=linalg.block_diag,
    template=lambda types, attrs: (
        f"linalg.block_diag({', '.join(f'{{{k}}}' for k in range(len(types)))})"
    ),
    adjoint=_block_adjoint,
    operands=0,
    samples=(
        Sample(("f64[2,3]", "f64[1,2]", "f64[2,2]")),
        Sample(("f32[2,2]",)),
        Sample(("f64[0,1]", "f64[1,2]")),
    ),
)


@lowers(linalg.block_diag)
def _block_diag(*arrs: Any, builder: Builder) -> Handle:
    """Lower vectors as SciPy takes them: as matrices of one row."""
    if not arrs:
        raise Refusal("scipy.linalg.block_diag of nothing", "np.zeros((1, 0))")
    blocks = [strong(lift(builder, a)) for a in arrs]
    if any(block.rank > 2 for block in blocks):
        raise Refusal("scipy.linalg.block_diag of stacks of matrices", "a loop")
    return apply("block_diag", *(_as_block(block) for block in blocks))


def _as_block(x: Handle) -> Handle:
    return x if x.rank == 2 else apply("expand_dims", x, axis=(0, 1)[: 2 - x.rank])


def _toeplitz_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    return tensor(joined_dtype(types), (types[0].shape[0], types[1].shape[0]))


linear(
    "toeplitz",
    type_rule=_toeplitz_type,
    evaluate=linalg.toeplitz,
    template="linalg.toeplitz({0}, {1})",
    adjoint=lambda y_bar, y, c, r: [
        apply("diagonal_sums", y_bar, start=0),
        apply("diagonal_sums", turned(y_bar), start=1),
    ],
    operands=0,
    samples=(
        Sample(("f64[3]", "f64[4]")),
        Sample(("f32[3]", "f32[2]")),
        Sample(("f64[1]", "f64[1]")),
    ),
)


def _sums_text(types: Sequence[Any], attrs: Attrs) -> str:
    return f"diagonal_sums({{0}}{', 1' if attrs['start'] else ''})"


def _sums_adjoint(y_bar: Handle, y: Handle, x: Handle, start: int) -> list[Handle]:
    """Return what each sum contributes to its diagonal; there is nothing above."""
    if start:
        rest = read(y_bar, [slice(1, None)])
        first = zeros_like(read(y_bar, [slice(None, 1)]))
        y_bar = in_shape_of(y_bar, apply("concatenate", first, rest, axis=0))
    above = apply("zeros", dim_of(x, 1), builder=x.builder, dtype=y_bar.dtype)
    return [apply("toeplitz", y_bar, above)]


linear(
    "diagonal_sums",
    type_rule=lambda dims, types, attrs: tensor(types[0].dtype, types[0].shape[:1]),
    evaluate=kernels.diagonal_sums,
    template=_sums_text,
    adjoint=_sums_adjoint,
    samples=(
        Sample(("f64[3,4]",), {"start": 0}),
        Sample(("f32[3,2]",), {"start": 1}),
    ),
)


@lowers(linalg.toeplitz)
def _toeplitz(c: Any, r: Any = None, *, builder: Builder) -> Handle:
    x = strong(lift(builder, c))
    y = conjugated(x) if r is None else strong(lift(builder, r))
    if x.rank != 1 or y.rank != 1:
        raise Refusal("scipy.linalg.toeplitz of anything but vectors", "x.ravel()")
    return apply("toeplitz", x, y)
