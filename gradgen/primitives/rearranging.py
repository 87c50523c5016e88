"""Copies of parts of arrays: repeat, tile, triangles, diagonals."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np

from gradgen import kernels
from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.ir.dims import Dims
from gradgen.ir.types import Dim, Sym, Type, shift_dim, tensor
from gradgen.primitives.axes import transpose_to
from gradgen.primitives.batching import along_axes, by_leading_axes
from gradgen.primitives.batchshapes import tiled
from gradgen.primitives.families import linear
from gradgen.primitives.indexing import read
from gradgen.primitives.lowering import Only, lowers, static
from gradgen.primitives.registry import Attrs, Handle, Sample, apply, dims_of, lift
from gradgen.primitives.shaping import normal_axis, reshape_to


def _times(dims: Dims, dim: Dim, count: int) -> Dim:
    if isinstance(dim, int):
        return dim * count
    return dim if count == 1 else dims.fresh()


FEW = 4
"""So many copies are added one by one: NumPy is slow at sums over a few elements."""


def _repeat_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    shape = list(types[0].shape)
    axis = attrs["axis"]
    shape[axis] = _times(dims, dims.resolve(shape[axis]), attrs["repeats"])
    return tensor(types[0].dtype, tuple(shape))


def _repeat_adjoint(
    y_bar: Handle, y: Handle, x: Handle, repeats: int, axis: int
) -> list[Handle]:
    lengths: list[Any] = list(dims_of(x))
    lengths.insert(axis + 1, repeats)
    copies = apply("reshape", y_bar, *lengths)
    if 1 < repeats <= FEW:
        before = [slice(None)] * (axis + 1)
        return [
            reduce(operator.add, (read(copies, [*before, k]) for k in range(repeats)))
        ]
    return [apply("sum", copies, axis=(axis + 1,), keepdims=False)]


def _repeat_text(types: Sequence[Any], attrs: Attrs) -> str:
    flat = types and len(types[0].shape) == 1
    axis = "" if flat else f", axis={attrs['axis']}"
    return f"np.repeat({{0}}, {attrs['repeats']}{axis})"


repeat = linear(
    "repeat",
    batch=along_axes,
    type_rule=_repeat_type,
    evaluate=lambda x, repeats, axis: np.repeat(x, repeats, axis),
    template=_repeat_text,
    adjoint=_repeat_adjoint,
    samples=(
        Sample(("f64[3]",), {"repeats": 2, "axis": 0}),
        Sample(("f64[2,3]",), {"repeats": 3, "axis": 1}),
        Sample(("f64[2,3]",), {"repeats": 0, "axis": 0}),
        Sample(("f32[0]",), {"repeats": 2, "axis": 0}),
    ),
)


@lowers(np.repeat)
def _repeat(a: Any, repeats: Any, axis: Any = None, *, builder: Builder) -> Handle:
    x, count = lift(builder, a), static(repeats)
    if type(count) is not int:
        raise Refusal(
            "np.repeat by a list of counts is not supported",
            "one count, or an index array",
        )
    if axis is None:
        x, axis = reshape_to(x, [-1]), 0
    return repeat(x, repeats=count, axis=normal_axis(axis, x.rank))


@lowers(method="repeat")
def _repeat_method(a: Handle, repeats: Any, axis: Any = None) -> Handle:
    return _repeat(a, repeats, axis, builder=a.builder)


def _tile_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    pairs = zip(types[0].shape, attrs["reps"], strict=True)
    shape = tuple(_times(dims, dims.resolve(dim), count) for dim, count in pairs)
    return tensor(types[0].dtype, shape)


def _tile_adjoint(
    y_bar: Handle, y: Handle, x: Handle, reps: tuple[int, ...]
) -> list[Handle]:
    lengths: list[Any] = []
    for count, length in zip(reps, dims_of(x), strict=True):
        lengths += [count, length]
    copies = apply("reshape", y_bar, *lengths)
    axes = tuple(range(0, 2 * len(reps), 2))
    return [apply("sum", copies, axis=axes, keepdims=False)]


def _tile_text(types: Sequence[Any], attrs: Attrs) -> str:
    reps = attrs["reps"]
    return f"np.tile({{0}}, {reps[0] if len(reps) == 1 else reps})"


tile = linear(
    "tile",
    batch=tiled,
    type_rule=_tile_type,
    evaluate=lambda x, reps: np.tile(x, reps),
    template=_tile_text,
    adjoint=_tile_adjoint,
    samples=(
        Sample(("f64[3]",), {"reps": (2,)}),
        Sample(("f64[2,3]",), {"reps": (1, 2)}),
        Sample(("f32[2,3]",), {"reps": (2, 3)}),
        Sample(("f64[0,3]",), {"reps": (2, 3)}),
    ),
)


@lowers(np.tile)
def _tile(A: Any, reps: Any, *, builder: Builder) -> Handle:
    x, counts = lift(builder, A), static(reps)
    counts = tuple(counts) if isinstance(counts, tuple | list) else (counts,)
    if not all(type(count) is int for count in counts):
        raise Refusal("np.tile by counts that are no integers is not supported")
    missing = len(counts) - x.rank
    if missing > 0:
        x = apply("expand_dims", x, axis=tuple(range(missing)))
    counts = (1,) * -missing + counts
    return tile(x, reps=counts) if counts else x


def _same_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    if len(types[0].shape) < 2:
        raise Refusal("a triangle of what is no matrix is not supported")
    return tensor(types[0].dtype, types[0].shape)


def _offset_text(name: str, attrs: Attrs) -> str:
    offset = attrs["offset"]
    return f"np.{name}({{0}}" + (f", {offset})" if offset else ")")


for _name, _function in (("tril", np.tril), ("triu", np.triu)):
    linear(
        _name,
        batch=by_leading_axes,
        type_rule=_same_type,
        evaluate=lambda x, offset, f=_function: f(x, offset),
        template=lambda types, attrs, name=_name: _offset_text(name, attrs),
        adjoint=lambda y_bar, y, x, offset, name=_name: [
            apply(name, y_bar, offset=offset)
        ],
        samples=(
            Sample(("f64[3,4]",), {"offset": 0}),
            Sample(("f64[2,3,3]",), {"offset": 1}),
            Sample(("f32[3,3]",), {"offset": -1}),
            Sample(("f64[0,3]",), {"offset": 0}),
        ),
    )


@lowers(np.tril)
def _tril(m: Handle, k: Any = 0) -> Handle:
    return apply("tril", m, offset=static(k))


@lowers(np.triu)
def _triu(m: Handle, k: Any = 0) -> Handle:
    return apply("triu", m, offset=static(k))


def _diagonal_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    if len(types[0].shape) < 2:
        raise Refusal("the diagonal of what is no matrix is not supported")
    *stack, rows, columns = (dims.resolve(dim) for dim in types[0].shape)
    offset = attrs["offset"]
    if isinstance(rows, int) and isinstance(columns, int):
        length: Dim = len(range(max(-offset, 0), min(rows, columns - offset)))
    elif rows == columns and isinstance(rows, Sym) and rows.offset <= 0:
        length = shift_dim(rows, -abs(offset))
    else:
        length = dims.fresh()
    return tensor(types[0].dtype, (*stack, length))


def _diagonal_text(types: Sequence[Any], attrs: Attrs) -> str:
    if not types or len(types[0].shape) == 2:
        return _offset_text("diagonal", attrs)
    return f"np.diagonal({{0}}, {attrs['offset']}, -2, -1)"


diagonal = linear(
    "diagonal",
    batch=by_leading_axes,
    type_rule=_diagonal_type,
    evaluate=lambda x, offset: np.diagonal(x, offset, -2, -1),
    template=_diagonal_text,
    adjoint=lambda y_bar, y, x, offset: [
        apply("place_diagonal", y_bar, *dims_of(x), offset=offset)
    ],
    shares=(0,),
    readonly=True,
    samples=(
        Sample(("f64[3,3]",), {"offset": 0}),
        Sample(("f64[3,4]",), {"offset": 1}),
        Sample(("f32[4,3]",), {"offset": -2}),
        Sample(("f64[0,3]",), {"offset": 0}),
        Sample(("f64[2,3]",), {"offset": 5}),
        Sample(("f64[2,3,4]",), {"offset": 1}),
    ),
)


def _place_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    lengths = tuple(dims.fresh() if t.dim is None else t.dim for t in types[1:])
    return tensor(types[0].dtype, (*types[0].shape[:-1], *lengths[-2:]))


place_diagonal = linear(
    "place_diagonal",
    type_rule=_place_type,
    evaluate=lambda x, *shape, offset: kernels.place_diagonal(
        x, shape[-2], shape[-1], offset
    ),
    template=lambda types, attrs: (
        f"place_diagonal({{0}}, {{{len(types) - 2}}}, {{{len(types) - 1}}}, "
        f"{attrs['offset']})"
    ),
    adjoint=lambda y_bar, y, x, *shape, offset: [
        apply("diagonal", y_bar, offset=offset)
    ],
    samples=(
        Sample(("f64[3]", 3, 3), {"offset": 0}),
        Sample(("f32[2]", 4, 3), {"offset": -2}),
        Sample(("f64[2,3]", 2, 3, 4), {"offset": 1}),
    ),
)


def _diag_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    dim = dims.resolve(types[0].shape[0])
    known = isinstance(dim, int) or dim.offset >= 0
    side = shift_dim(dim, abs(attrs["offset"])) if known else dims.fresh()
    return tensor(types[0].dtype, (side, side))


diag = linear(
    "diag",
    type_rule=_diag_type,
    evaluate=lambda x, offset: np.diag(x, offset),
    template=lambda types, attrs: _offset_text("diag", attrs),
    adjoint=lambda y_bar, y, x, offset: [apply("diagonal", y_bar, offset=offset)],
    samples=(
        Sample(("f64[3]",), {"offset": 0}),
        Sample(("f64[3]",), {"offset": -1}),
        Sample(("f32[0]",), {"offset": 1}),
    ),
)


@lowers(np.diag)
def _diag(v: Any, k: Any = 0, *, builder: Builder) -> Handle:
    x = lift(builder, v)
    if x.rank not in (1, 2):
        raise Refusal(f"np.diag of an array of rank {x.rank} is not supported")
    offset = static(k)
    return diag(x, offset=offset) if x.rank == 1 else diagonal(x, offset=offset)


@lowers(np.diagonal, method="diagonal")
def _diagonal(a: Handle, offset: Any = 0, axis1: Any = 0, axis2: Any = 1) -> Handle:
    return diagonal(_with_last(a, axis1, axis2), offset=static(offset))


def _with_last(x: Handle, axis1: Any, axis2: Any) -> Handle:
    """Return ``x`` with two axes moved behind the others."""
    last = [normal_axis(axis, x.rank) for axis in (axis1, axis2)]
    if last[0] == last[1]:
        raise Refusal("a diagonal lies in the plane of two different axes")
    return transpose_to(x, [i for i in range(x.rank) if i not in last] + last)


@lowers(np.trace, method="trace")
def _trace(
    a: Handle,
    offset: Any = 0,
    axis1: Any = 0,
    axis2: Any = 1,
    dtype: Any = Only(),
    out: Any = Only(),
) -> Handle:
    along = _diagonal(a, offset, axis1, axis2)
    return apply("sum", along, axis=(along.rank - 1,), keepdims=False)
