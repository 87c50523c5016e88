"""Arrays put together and taken apart: array, stack, concatenate, split."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import reduce
from itertools import pairwise, product
from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.ir.dims import Dims
from gradgen.ir.types import FLOAT, INT, Dim, Shape, Sym, Type, shift_dim, tensor
from gradgen.primitives.batching import along_axes
from gradgen.primitives.batchshapes import gathered, joined
from gradgen.primitives.families import linear
from gradgen.primitives.indexing import At, Cut, read
from gradgen.primitives.lowering import Only, lowers, static
from gradgen.primitives.promotion import check_field, dtype_of, joined_dtype
from gradgen.primitives.registry import (
    Attrs,
    Handle,
    Into,
    Sample,
    apply,
    dim_of,
    dims_of,
    lift,
)
from gradgen.primitives.shaping import cast_to, normal_axis, reshape_to


def _array_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    for type_ in types:
        check_field(type_, attrs["dtype"])
    return tensor(attrs["dtype"], attrs["shape"])


def _array_text(types: Sequence[Any], attrs: Attrs) -> str:
    slots = iter(f"{{{index}}}" for index in range(math.prod(attrs["shape"])))

    def nested(shape: Shape) -> str:
        if not shape:
            return next(slots)
        length = shape[0]
        assert isinstance(length, int)
        return f"[{', '.join(nested(shape[1:]) for _ in range(length))}]"

    given = [type_.dtype for type_ in types]
    plain = bool(given) and np.result_type(*given) == attrs["dtype"]
    dtype = "" if plain else f", np.{attrs['dtype'].name}"
    return f"np.array({nested(attrs['shape'])}{dtype})"


def _array_adjoint(
    y_bar: Handle, y: Handle, *xs: Handle, shape: Shape, dtype: np.dtype
) -> list[Handle]:
    lengths = [range(n) for n in shape if isinstance(n, int)]
    return [read(y_bar, list(index)) for index in product(*lengths)]


array = linear(
    "array",
    batch=gathered,
    type_rule=_array_type,
    evaluate=lambda *xs, shape, dtype: np.array(xs, dtype).reshape(shape),
    template=_array_text,
    adjoint=_array_adjoint,
    operands=0,
    samples=(
        Sample(("f64", "float"), {"shape": (2,), "dtype": FLOAT}),
        Sample(("f64", 1.0, "f64", 0), {"shape": (2, 2), "dtype": FLOAT}),
        Sample((1, 2), {"shape": (2,), "dtype": INT}),
    ),
)


@lowers(np.array, method="")
def _array(
    object: Any,
    dtype: Any = None,
    *,
    builder: Builder,
    copy: Any = Only(True),
    order: Any = Only("K"),
    subok: Any = Only(False),
    ndmin: Any = Only(0),
    ndmax: Any = Only(0),
    like: Any = Only(),
) -> Handle:
    return new_array(lift(builder, object), dtype)


def new_array(x: Handle, dtype: Any) -> Handle:
    """Return ``x`` as an array that shares no memory with it."""
    if dtype is None and x.rank and isinstance(x, Handle):
        return apply("copy", x)
    return cast_to(x, dtype)


@lowers(np.ascontiguousarray)
def _ascontiguousarray(
    a: Any, dtype: Any = None, *, builder: Builder, like: Any = Only()
) -> Handle:
    """Lower as ``np.asarray``, but for a number, of which it makes a vector."""
    x = lift(builder, a)
    return cast_to(reshape_to(x, [1]), dtype) if not x.rank else _as_array(x, dtype)


@lowers(np.asarray, np.asanyarray)
def _asarray(
    a: Any,
    dtype: Any = None,
    order: Any = Only(),
    *,
    builder: Builder,
    device: Any = Only(),
    copy: Any = Only(),
    like: Any = Only(),
) -> Handle:
    return _as_array(lift(builder, a), dtype)


def _as_array(x: Handle, dtype: Any) -> Handle:
    return x if x.rank and dtype is None else cast_to(x, dtype)


def joined_shape(dims: Dims, types: Sequence[Any], axis: int) -> Shape:
    """Return the shape of a concatenation along ``axis``."""
    first = [dims.resolve(dim) for dim in types[0].shape]
    for type_ in types[1:]:
        if len(type_.shape) != len(first):
            raise Refusal("arrays of several ranks are joined")
        for at, dim in enumerate(type_.shape):
            if at != axis:
                first[at] = dims.assume_equal(first[at], dim)
    lengths = [dims.resolve(type_.shape[axis]) for type_ in types]
    first[axis] = reduce(lambda p, q: _total(dims, p, q), lengths)
    return tuple(first)


def _total(dims: Dims, left: Dim, right: Dim) -> Dim:
    if isinstance(left, int) and isinstance(right, Sym):
        left, right = right, left
    if isinstance(right, int) and (isinstance(left, int) or left.offset >= 0):
        return shift_dim(left, right)
    return dims.fresh()


def _concatenate_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    return tensor(joined_dtype(types), joined_shape(dims, types, attrs["axis"]))


def _list_text(name: str, types: Sequence[Any], attrs: Attrs) -> str:
    slots = ", ".join(f"{{{index}}}" for index in range(len(types)))
    axis = f", axis={attrs['axis']}" if attrs["axis"] else ""
    return f"np.{name}([{slots}]{axis})"


def _concatenate_adjoint(
    y_bar: Handle, y: Handle, *xs: Handle, axis: int
) -> list[Handle]:
    start = lift(y_bar.builder, 0)
    sections = []
    for x in xs:
        length = dim_of(x, axis)
        last = x is xs[-1]
        sections.append(apply("section", y_bar, start, length, axis=axis, last=last))
        start = _sum_of_lengths(start, length)
    return sections


def _sum_of_lengths(start: Handle, length: Handle) -> Handle:
    known = [getattr(handle.type, "dim", None) for handle in (start, length)]
    if all(isinstance(dim, int) for dim in known):
        return lift(start.builder, sum(known))
    return length if known[0] == 0 else start + length


concatenate = linear(
    "concatenate",
    batch=joined,
    type_rule=_concatenate_type,
    evaluate=lambda *xs, axis: np.concatenate(xs, axis),
    template=lambda types, attrs: _list_text("concatenate", types, attrs),
    adjoint=_concatenate_adjoint,
    operands=0,
    samples=(
        Sample(("f64[3]", "f64[2]"), {"axis": 0}),
        Sample(("f64[2,3]", "f64[2,1]", "f64[2,2]"), {"axis": 1}),
        Sample(("f32[2]", "f64[3]"), {"axis": 0}),
        Sample(("f64[0]", "f64[3]"), {"axis": 0}),
        Sample(("f64[2,3]",), {"axis": 0}),
    ),
)


def _section_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    shape = list(types[0].shape)
    shape[attrs["axis"]] = dims.fresh() if types[2].dim is None else types[2].dim
    return tensor(types[0].dtype, tuple(shape))


def _section_text(types: Sequence[Any], attrs: Attrs) -> str:
    start, length = (type_.dim for type_ in types[1:]) if types else (None, None)
    left = "" if start == 0 else "{1}"
    right = "{2}" if start == 0 else "{1} + {2}"
    if isinstance(start, int) and isinstance(length, int):
        right = str(start + length)
    stop = "" if attrs["last"] else right
    return f"{{0}}[{':, ' * attrs['axis']}{left}:{stop}]"


def _section_evaluate(x: Any, start: int, length: int, axis: int, last: bool) -> Any:
    return x[(slice(None),) * axis + (slice(start, start + length),)]


def _section_adjoint(
    y_bar: Handle,
    y: Handle,
    x: Handle,
    start: Handle,
    length: Handle,
    axis: int,
    last: bool,
) -> list[Any]:
    stop = _sum_of_lengths(start, length)
    index = (Cut(),) * axis + (Cut(At(1), At(2)),)
    return [Into(lambda x_bar: apply("add_at", x_bar, start, stop, y_bar, index=index))]


section = linear(
    "section",
    batch=along_axes,
    type_rule=_section_type,
    evaluate=_section_evaluate,
    template=_section_text,
    adjoint=_section_adjoint,
    shares=(0,),
    samples=(
        Sample(("f64[5]", 1, 3), {"axis": 0, "last": False}),
        Sample(("f64[2,5]", 3, 2), {"axis": 1, "last": True}),
        Sample(("f64[5]", 0, 3), {"axis": 0, "last": False}),
    ),
)


def _stack_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    axis = attrs["axis"]
    shape = list(types[0].shape)
    for type_ in types[1:]:
        if len(type_.shape) != len(shape):
            raise Refusal("arrays of several ranks are stacked")
        shape = [
            dims.assume_equal(*pair) for pair in zip(shape, type_.shape, strict=True)
        ]
    return tensor(joined_dtype(types), (*shape[:axis], len(types), *shape[axis:]))


stack = linear(
    "stack",
    batch=joined,
    type_rule=_stack_type,
    evaluate=lambda *xs, axis: np.stack(xs, axis),
    template=lambda types, attrs: _list_text("stack", types, attrs),
    adjoint=lambda y_bar, y, *xs, axis: [
        read(y_bar, [*[slice(None)] * axis, k]) for k in range(len(xs))
    ],
    operands=0,
    samples=(
        Sample(("f64[3]", "f64[3]"), {"axis": 0}),
        Sample(("f64[2,3]", "f32[2,3]"), {"axis": 1}),
        Sample(("f64", "f64"), {"axis": 0}),
        Sample(("f64[0]", "f64[0]"), {"axis": 1}),
    ),
)


def _parts(builder: Builder, arrays: Any, name: str) -> list[Handle]:
    if not isinstance(arrays, list | tuple) or not arrays:
        raise Refusal(
            f"np.{name} of what is no list of arrays is not supported",
            "a list of arrays",
        )
    return [lift(builder, array) for array in arrays]


@lowers(np.concatenate)
def _concatenate(
    arrays: Any,
    /,
    axis: Any = 0,
    out: Any = Only(),
    *,
    builder: Builder,
    dtype: Any = None,
    casting: Any = Only("same_kind"),
) -> Handle:
    parts = _parts(builder, arrays, "concatenate")
    if axis is None:
        parts = [reshape_to(part, (-1,)) for part in parts]
    joined = concatenate(*parts, axis=normal_axis(axis or 0, parts[0].rank))
    return joined if dtype is None else cast_to(joined, dtype)


@lowers(np.stack)
def _stack(
    arrays: Any,
    axis: Any = 0,
    out: Any = Only(),
    *,
    builder: Builder,
    dtype: Any = None,
    casting: Any = Only("same_kind"),
) -> Handle:
    parts = _parts(builder, arrays, "stack")
    stacked = stack(*parts, axis=normal_axis(axis, parts[0].rank + 1))
    return stacked if dtype is None else cast_to(stacked, dtype)


def _at_least(x: Handle, rank: int) -> Handle:
    axes = tuple(range(rank - x.rank))
    return apply("expand_dims", x, axis=axes) if axes else x


@lowers(np.vstack)
def _vstack(
    tup: Any,
    *,
    builder: Builder,
    dtype: Any = Only(),
    casting: Any = Only("same_kind"),
) -> Handle:
    parts = [_at_least(x, 2) for x in _parts(builder, tup, "vstack")]
    return concatenate(*parts, axis=0)


@lowers(np.hstack)
def _hstack(
    tup: Any,
    *,
    builder: Builder,
    dtype: Any = Only(),
    casting: Any = Only("same_kind"),
) -> Handle:
    parts = [_at_least(x, 1) for x in _parts(builder, tup, "hstack")]
    return concatenate(*parts, axis=0 if parts[0].rank == 1 else 1)


@lowers(np.column_stack)
def _column_stack(tup: Any, *, builder: Builder) -> Handle:
    parts = [_at_least(x, 1) for x in _parts(builder, tup, "column_stack")]
    columns = [apply("expand_dims", x, axis=(1,)) if x.rank == 1 else x for x in parts]
    return concatenate(*columns, axis=1)


@lowers(np.split)
def _split(ary: Handle, indices_or_sections: Any, axis: Any = 0) -> list[Handle]:
    """Lower over equal parts as a reshape, which raises where they are not equal."""
    axis = normal_axis(axis, ary.rank)
    where = static(indices_or_sections)
    before = [slice(None)] * axis
    if isinstance(where, list | tuple):
        bounds = [0, *where, None]
        cuts = [slice(a or None, b) for a, b in pairwise(bounds)]
        return [read(ary, [*before, cut]) for cut in cuts]
    lengths = dims_of(ary)
    each = apply("floor_divide", lengths[axis], where)
    split = reshape_to(ary, [*lengths[:axis], where, each, *lengths[axis + 1 :]])
    return [read(split, [*before, k]) for k in range(where)]


__all__ = ["array", "concatenate", "dtype_of", "new_array", "section", "stack"]
