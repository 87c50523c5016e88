"""Where elements are: index arrays made from conditions, orders and shapes.

They are integers, so that their derivative is zero. How many there are may depend on
the values; what is read by them has a length known at run time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.ir.dims import Dims
from gradgen.ir.types import BOOL, INT, Type, tensor
from gradgen.primitives.axes import swapped
from gradgen.primitives.indexing import read
from gradgen.primitives.joining import stack
from gradgen.primitives.lowering import Only, lowers, static
from gradgen.primitives.promotion import dtype_of
from gradgen.primitives.registry import (
    Attrs,
    Handle,
    Primitive,
    Sample,
    apply,
    apply_several,
    dim_of,
    dims_of,
    lift,
    register,
    require_same_shape,
)
from gradgen.primitives.shaping import lengths_of, normal_axis, reshape_to


def _nonzero_types(dims: Dims, types: Sequence[Any], attrs: Attrs) -> list[Type]:
    count = dims.fresh()
    return [tensor(INT, (count,)) for _ in types[0].shape]


register(
    Primitive(
        name="nonzero",
        type_rule=_nonzero_types,
        evaluate=np.nonzero,
        template="np.nonzero({0})",
        several=True,
        takes_complex=True,
        samples=(Sample(("f64[3]",)), Sample(("f64[3,4]",))),
    )
)


def nonzero(x: Handle) -> tuple[Handle, ...]:
    """Return where ``x`` is not zero, as one index array for each axis."""
    if not x.rank:
        raise Refusal("np.nonzero of a single number is not supported")
    return tuple(apply_several("nonzero", x))


@lowers(np.nonzero, method="nonzero")
def _nonzero(a: Handle) -> tuple[Handle, ...]:
    return nonzero(a)


@lowers(np.flatnonzero)
def _flatnonzero(a: Any, *, builder: Builder) -> Handle:
    return nonzero(reshape_to(lift(builder, a), [-1]))[0]


@lowers(np.argwhere)
def _argwhere(a: Handle) -> Handle:
    return stack(*nonzero(a), axis=1)


@lowers(np.extract)
def _extract(condition: Any, arr: Any, *, builder: Builder) -> Handle:
    places = _flatnonzero(condition, builder=builder)
    return read(reshape_to(lift(builder, arr), [-1]), [places])


@lowers(np.compress)
def _compress(
    condition: Any, a: Any, axis: Any = None, out: Any = Only(), *, builder: Builder
) -> Handle:
    flags, x = lift(builder, condition), lift(builder, a)
    if flags.rank != 1:
        raise Refusal("np.compress takes a vector for the condition")
    if axis is None:
        x, axis = reshape_to(x, [-1]), 0
    before = [slice(None)] * normal_axis(axis, x.rank)
    return read(x, [*before, nonzero(flags)[0]])


@lowers(method="compress")
def _compress_method(
    a: Handle, condition: Any, axis: Any = None, out: Any = Only()
) -> Handle:
    return _compress(condition, a, axis, builder=a.builder)


def _found_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    if len(types[0].shape) != 1:
        raise Refusal("np.searchsorted of what is no vector is not supported")
    return tensor(INT, types[1].shape)


LINE = np.array([-1.0, 0.0, 0.5, 2.0])
register(
    Primitive(
        name="searchsorted",
        type_rule=_found_type,
        evaluate=lambda a, v, *sorter, side: np.searchsorted(a, v, side, *sorter),
        template=lambda types, attrs: (
            "np.searchsorted({0}, {1}"
            + (", side='right'" if attrs["side"] == "right" else "")
            + (", sorter={2})" if len(types) > 2 else ")")
        ),
        samples=(
            Sample((LINE, "f64[3]"), {"side": "left"}),
            Sample((LINE, "f64"), {"side": "right"}),
        ),
    )
)


@lowers(np.searchsorted, method="searchsorted")
def _searchsorted(
    a: Any, v: Any, side: Any = "left", sorter: Any = None, *, builder: Builder
) -> Handle:
    if side not in ("left", "right"):
        raise Refusal(f"side={side!r} of np.searchsorted", "'left' or 'right'")
    operands = [lift(builder, x) for x in (a, v) + ((sorter,) if sorter else ())]
    return apply("searchsorted", *operands, side=side)


register(
    Primitive(
        name="digitize",
        type_rule=lambda dims, types, attrs: tensor(INT, types[0].shape),
        evaluate=lambda x, bins, right: np.digitize(x, bins, right),
        template=lambda types, attrs: (
            "np.digitize({0}, {1}" + (", right=True)" if attrs["right"] else ")")
        ),
        samples=(
            Sample(("f64[3]", LINE), {"right": False}),
            Sample(("f64[3]", LINE[::-1]), {"right": True}),
        ),
    )
)


@lowers(np.digitize)
def _digitize(x: Any, bins: Any, right: Any = False, *, builder: Builder) -> Handle:
    operands = [lift(builder, z) for z in (x, bins)]
    return apply("digitize", *operands, right=bool(static(right)))


@lowers(np.tri)
def _tri(
    N: Any,
    M: Any = None,
    k: Any = 0,
    dtype: Any = float,
    *,
    builder: Builder,
    like: Any = Only(),
) -> Handle:
    return _triangle(N, N if M is None else M, k, builder, dtype_of(dtype))


def _triangle(
    rows: Any, columns: Any, k: Any, builder: Builder, dtype: np.dtype
) -> Handle:
    whole = apply("ones", rows, columns, builder=builder, dtype=dtype)
    return apply("tril", whole, offset=static(k))


def _lower_triangles(function: Any, from_array: Any, upper: bool) -> None:
    def places(n: Any, m: Any, k: Any, builder: Builder) -> tuple[Handle, ...]:
        below = _triangle(n, m, static(k) - upper, builder, BOOL)
        return nonzero(apply("logical_not", below) if upper else below)

    @lowers(function)
    def of_lengths(
        n: Any, k: Any = 0, m: Any = None, *, builder: Builder
    ) -> tuple[Handle, ...]:
        return places(n, n if m is None else m, k, builder)

    @lowers(from_array)
    def of_array(arr: Handle, k: Any = 0) -> tuple[Handle, ...]:
        if arr.rank != 2:
            raise Refusal("NumPy takes a matrix here")
        rows, columns = dims_of(arr)
        return places(rows, columns, k, arr.builder)


_lower_triangles(np.tril_indices, np.tril_indices_from, upper=False)
_lower_triangles(np.triu_indices, np.triu_indices_from, upper=True)


@lowers(np.diag_indices)
def _diag_indices(n: Any, ndim: Any = 2, *, builder: Builder) -> tuple[Handle, ...]:
    count: int = static(ndim)
    return (_counting(n, builder),) * count


@lowers(np.diag_indices_from)
def _diag_indices_from(arr: Handle) -> tuple[Handle, ...]:
    turned = [swapped(arr, 0, axis) for axis in range(1, arr.rank)]
    if not turned or not all(require_same_shape(arr, x) for x in turned):
        raise Refusal("NumPy takes an array with axes of one length here")
    return (_counting(dim_of(arr, 0), arr.builder),) * arr.rank


def _counting(n: Any, builder: Builder, dtype: np.dtype = INT) -> Handle:
    return apply("arange", 0, n, 1, builder=builder, dtype=dtype)


@lowers(np.indices)
def _indices(
    dimensions: Any, dtype: Any = int, sparse: Any = False, *, builder: Builder
) -> Any:
    lengths = lengths_of(dimensions)
    kind = dtype_of(dtype)
    lines = [
        _open_axis(_counting(n, builder, kind), axis, len(lengths))
        for axis, n in enumerate(lengths)
    ]
    if static(sparse):
        return tuple(lines)
    return stack(*(apply("broadcast_to", line, *lengths) for line in lines), axis=0)


def _open_axis(line: Handle, axis: int, rank: int) -> Handle:
    """Return a vector along one of several axes."""
    others = tuple(i for i in range(rank) if i != axis)
    return apply("expand_dims", line, axis=others) if others else line


@lowers(np.ix_)
def _ix_(*args: Any, builder: Builder) -> tuple[Handle, ...]:
    lines = [lift(builder, x) for x in args]
    if any(line.rank != 1 for line in lines):
        raise Refusal("np.ix_ of what are no vectors is not supported")
    lines = [nonzero(x)[0] if x.dtype == BOOL else x for x in lines]
    return tuple(_open_axis(x, k, len(lines)) for k, x in enumerate(lines))


@lowers(np.diagflat)
def _diagflat(v: Any, k: Any = 0, *, builder: Builder) -> Handle:
    flat = reshape_to(lift(builder, v), [-1])
    return apply("diag", flat, offset=static(k))
