"""More ways to put arrays together and to take them apart."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from itertools import pairwise
from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.ir.dims import Dims
from gradgen.ir.types import BOOL, Type, tensor
from gradgen.kernels import layouts
from gradgen.primitives.axes import flipped, swapped, transpose_to
from gradgen.primitives.families import differentiable, linear
from gradgen.primitives.indexing import read
from gradgen.primitives.joining import concatenate
from gradgen.primitives.lowering import Only, lowers, static
from gradgen.primitives.promotion import broadcast, check_field
from gradgen.primitives.registry import (
    LOWERINGS,
    Attrs,
    Handle,
    Primitive,
    Sample,
    apply,
    dim_of,
    dims_of,
    in_shape_of,
    lift,
    register,
)
from gradgen.primitives.shaping import (
    broadcast_like,
    cast_like,
    dims_from,
    lengths_of,
    normal_axis,
    reshape_to,
    shape_text,
    strong,
)
from gradgen.primitives.updating import write


def _flat_unless(x: Handle, axis: Any) -> tuple[Handle, int]:
    """Return ``x`` and an axis of it; all of it in one axis where there is none."""
    if axis is None:
        return reshape_to(x, [-1]), 0
    return x, normal_axis(axis, x.rank)


@lowers(np.append)
def _append(arr: Any, values: Any, axis: Any = None, *, builder: Builder) -> Handle:
    parts = [_flat_unless(lift(builder, x), axis) for x in (arr, values)]
    return concatenate(*(x for x, _ in parts), axis=parts[0][1])


@lowers(np.dstack)
def _dstack(tup: Any, *, builder: Builder) -> Handle:
    if not isinstance(tup, list | tuple) or not tup:
        raise Refusal("np.dstack of what is no list of arrays is not supported")
    return concatenate(*(three_axes(lift(builder, x)) for x in tup), axis=2)


def three_axes(x: Handle) -> Handle:
    """Return ``x`` with at least three axes, where NumPy puts the new ones."""
    new: tuple[int, ...] = {0: (0, 1, 2), 1: (0, 2), 2: (2,)}.get(x.rank, ())
    return apply("expand_dims", x, axis=new) if new else x


@lowers(np.atleast_3d)
def _atleast_3d(*arys: Any, builder: Builder) -> Any:
    raised = [three_axes(lift(builder, x)) for x in arys]
    return raised[0] if len(raised) == 1 else tuple(raised)


@lowers(np.block)
def _block(arrays: Any, *, builder: Builder) -> Handle:
    depth = _depth(arrays)
    rank = max(depth, *(x.rank for x in _leaves(arrays, builder)))
    if depth == 0:
        return apply("copy", lift(builder, arrays))
    return _joined_block(arrays, rank, depth, builder)


def _depth(arrays: Any) -> int:
    """Return how deep lists of blocks are nested, which must be everywhere the same."""
    if not isinstance(arrays, list):
        return 0
    depths = {_depth(part) for part in arrays}
    if len(depths) != 1:
        raise Refusal("np.block of an empty list, or of lists nested unevenly")
    return depths.pop() + 1


def _leaves(arrays: Any, builder: Builder) -> list[Handle]:
    if isinstance(arrays, list):
        return [x for part in arrays for x in _leaves(part, builder)]
    if isinstance(arrays, tuple):
        raise Refusal("NumPy takes no tuple for a row of np.block", "a list")
    return [lift(builder, arrays)]


def _joined_block(arrays: Any, rank: int, depth: int, builder: Builder) -> Handle:
    if not depth:
        x = lift(builder, arrays)
        new = tuple(range(rank - x.rank))
        return apply("expand_dims", x, axis=new) if new else x
    parts = [_joined_block(part, rank, depth - 1, builder) for part in arrays]
    return concatenate(*parts, axis=rank - depth)


@lowers(np.array_split)
def _array_split(ary: Handle, indices_or_sections: Any, axis: Any = 0) -> list[Handle]:
    axis = normal_axis(axis, ary.rank)
    where = static(indices_or_sections)
    if isinstance(where, list | tuple):
        return LOWERINGS[np.split](ary, where, axis)  # type: ignore[no-any-return]
    if type(where) is not int or where < 1:
        raise Refusal(f"np.array_split into {where} parts")
    bounds = [_bound(ary, axis, k, where) for k in range(where + 1)]
    before = [slice(None)] * axis
    return [read(ary, [*before, slice(i, j)]) for i, j in pairwise(bounds)]


def _bound(x: Handle, axis: int, part: int, parts: int) -> Any:
    """Return where a part begins; the first ones are longer by the remainder."""
    length = x.shape[axis]
    if isinstance(length, int):
        return part * (length // parts) + min(part, length % parts)
    if part in (0, parts):
        return None
    n = dim_of(x, axis)
    rest = apply("minimum", apply("remainder", n, parts), part)
    return apply("floor_divide", n, parts) * part + rest


def _lower_split(function: Any, axis_for: Any) -> None:
    @lowers(function)
    def lowering(ary: Handle, indices_or_sections: Any) -> list[Handle]:
        axis = normal_axis(axis_for(ary.rank), ary.rank)
        return LOWERINGS[np.split](ary, indices_or_sections, axis)  # type: ignore[no-any-return]


_lower_split(np.hsplit, lambda rank: 0 if rank == 1 else 1)
_lower_split(np.vsplit, lambda rank: 0 if rank > 1 else 1)
_lower_split(np.dsplit, lambda rank: 2)


if hasattr(np, "unstack"):

    @lowers(np.unstack)
    def _unstack(x: Handle, /, *, axis: Any = 0) -> tuple[Handle, ...]:
        along = normal_axis(axis, x.rank)
        length = x.shape[along]
        if not isinstance(length, int):
            raise Refusal(
                "np.unstack along an axis whose length only a run knows",
                "a loop over the array",
            )
        return tuple(read(x, [*[slice(None)] * along, k]) for k in range(length))


@lowers(np.broadcast_arrays)
def _broadcast_arrays(
    *args: Any, builder: Builder, subok: Any = Only(False)
) -> tuple[Handle, ...]:
    xs = [lift(builder, x) for x in args]
    if not xs or not any(x.rank for x in xs):
        raise Refusal("np.broadcast_arrays of numbers alone is not supported")
    whole = reduce(_joint_shape, xs)
    return tuple(_spread(x, whole) for x in xs)


def _joint_shape(x: Handle, y: Handle) -> Handle:
    """Return something in the shape to which two operands are broadcast."""
    dims = x.builder.dims
    if broadcast(dims.copy(), [x.shape, y.shape]) == x.shape:
        return x
    flags = [apply("equal", z, z) if z.rank else lift(z.builder, True) for z in (x, y)]
    return apply("logical_and", *flags)


def _spread(x: Handle, whole: Handle) -> Handle:
    if x.rank == 0:
        number = strong(x)
        return apply("full", number, *dims_of(whole), dtype=number.dtype)
    return x if x.shape == whole.shape else broadcast_like(x, whole)


@lowers(np.rollaxis)
def _rollaxis(a: Handle, axis: Any, start: Any = 0) -> Handle:
    source, target = normal_axis(axis, a.rank), static(start)
    if type(target) is not int or not -a.rank <= target <= a.rank:
        raise Refusal(f"a start of {target} does not fit an array of rank {a.rank}")
    target += a.rank if target < 0 else 0
    order = [i for i in range(a.rank) if i != source]
    order.insert(target - (source < target), source)
    return transpose_to(a, order)


@lowers(np.rot90)
def _rot90(m: Handle, k: Any = 1, axes: Any = (0, 1)) -> Handle:
    first, second = (normal_axis(axis, m.rank) for axis in static(axes))
    turns = static(k) % 4
    if first == second:
        raise Refusal("np.rot90 turns in the plane of two different axes")
    if turns in (0, 2):
        return flipped(m, (first, second) if turns else ())
    if turns == 1:
        return swapped(flipped(m, (second,)), first, second)
    return flipped(swapped(m, first, second), (second,))


def _resize_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    return tensor(types[0].dtype, dims_from(dims, types[1:]))


resize = linear(
    "resize",
    type_rule=_resize_type,
    evaluate=lambda x, *shape: np.resize(x, shape)[()],
    template=lambda types, attrs: f"np.resize({{0}}, {shape_text(types, 1)})",
    adjoint=lambda y_bar, y, x, *shape: [apply("fold_cycles", y_bar, *dims_of(x))],
    samples=(
        Sample(("f64[3]", 2, 4)),
        Sample(("f64[2,3]", 4)),
        Sample(("f32[2]", 0)),
        Sample(("f64[0]", 3)),
    ),
)

linear(
    "fold_cycles",
    type_rule=_resize_type,
    evaluate=layouts.fold_cycles,
    template=lambda types, attrs: (
        "fold_cycles({0}" + "".join(f", {{{k}}}" for k in range(1, len(types))) + ")"
    ),
    adjoint=lambda y_bar, y, x, *shape: [resize(y_bar, *dims_of(x))],
    samples=(
        Sample(("f64[2,4]", 3)),
        Sample(("f32[4]", 2, 3)),
        Sample(("f64[3]", 0)),
    ),
)


@lowers(np.resize)
def _resize(a: Any, new_shape: Any, *, builder: Builder) -> Handle:
    x, lengths = lift(builder, a), lengths_of(new_shape)
    if not lengths:
        raise Refusal("np.resize to no axes is not supported", "x.ravel()[0]")
    return resize(x if x.rank else reshape_to(x, [1]), *lengths)


@lowers(np.delete)
def _delete(arr: Any, obj: Any, axis: Any = None, *, builder: Builder) -> Handle:
    """Lower as a mask, whose derivative adds to what is kept."""
    x, along = _flat_unless(lift(builder, arr), axis)
    where = obj if isinstance(obj, slice) else lift(builder, obj)
    if isinstance(where, Handle) and where.rank > 1:
        where = reshape_to(where, [-1])
    every = apply("ones", dim_of(x, along), builder=builder, dtype=BOOL)
    kept = write(every, [where], False)
    return read(x, [*[slice(None)] * along, kept])


def _insert_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    x, values = types
    check_field(values, x.dtype)
    axis = attrs["axis"]
    shape = list(x.shape)
    count = dims.resolve(values.shape[axis])
    length = dims.resolve(shape[axis])
    if isinstance(count, int) and isinstance(length, int):
        shape[axis] = length + count
    else:
        shape[axis] = dims.fresh()
    return tensor(x.dtype, tuple(shape))


def _insert_text(types: Sequence[Any], attrs: Attrs) -> str:
    flat = types and len(types[0].shape) == 1
    axis = "" if flat else f", axis={attrs['axis']}"
    return f"np.insert({{0}}, {list(attrs['places'])}, {{1}}{axis})"


def _insert_adjoint(
    y_bar: Handle, y: Handle, x: Handle, values: Handle, places: Any, axis: int
) -> list[Handle | None]:
    """Take apart what was put together, by flags that were inserted alike."""
    lengths = [dim_of(z, axis) for z in (x, values)]
    flags = [
        apply(name, length, builder=y.builder, dtype=BOOL)
        for name, length in zip(("zeros", "ones"), lengths, strict=True)
    ]
    new = apply("insert", *flags, places=places, axis=0)
    before = [slice(None)] * axis
    kept = read(y_bar, [*before, apply("logical_not", new)])
    x_bar = in_shape_of(x, kept)
    return [x_bar, read(y_bar, [*before, new]) if differentiable(values) else None]


register(
    Primitive(
        name="insert",
        type_rule=_insert_type,
        evaluate=lambda x, v, places, axis: np.insert(x, list(places), v, axis),
        template=_insert_text,
        tangent=lambda y, dots, x, v, **attrs: in_shape_of(
            y,
            apply(
                "insert",
                *(_or_zeros(dot, z) for dot, z in zip(dots, (x, v), strict=True)),
                **attrs,
            ),
        ),
        adjoint=_insert_adjoint,
        takes_complex=True,
        samples=(
            Sample(("f64[3]", "f64[2]"), {"places": (1,), "axis": 0}),
            Sample(("f64[3]", "f64[2]"), {"places": (-1,), "axis": 0}),
            Sample(("f64[2,3]", "f64[2,2]"), {"places": (0, 2), "axis": 1}),
            Sample(("f32[3,2]", "f32[1,2]"), {"places": (3,), "axis": 0}),
        ),
    )
)


def _or_zeros(dot: Handle | None, x: Handle) -> Handle:
    return (
        apply("zeros", *dims_of(x), builder=x.builder, dtype=x.dtype)
        if (dot is None)
        else dot
    )


@lowers(np.insert)
def _insert(
    arr: Any, obj: Any, values: Any, axis: Any = None, *, builder: Builder
) -> Handle:
    x, along = _flat_unless(lift(builder, arr), axis)
    places = _places(obj)
    given = lift(builder, values)
    if given.rank > x.rank:
        raise Refusal("np.insert of values with more axes is not supported")
    check_field(given.type, x.dtype)
    new = tuple(range(x.rank - given.rank))
    given = apply("expand_dims", given, axis=new) if new else given
    if not isinstance(static_list(obj), list) and x.rank > 1:
        given = transpose_to(given, _moved(x.rank, along))
    lengths: list[Any] = dims_of(x)
    lengths[along] = len(places) if len(places) > 1 else dim_of(given, along)
    spread = apply("broadcast_to", cast_like(strong(given), x), *lengths)
    return apply("insert", x, spread, places=places, axis=along)


def static_list(obj: Any) -> Any:
    """Return an index known when compiling, a list of several for any sequence."""
    found = static(obj)
    return list(found) if isinstance(found, list | tuple) else found


def _moved(rank: int, axis: int) -> list[int]:
    """Return the order of axes that takes the first to ``axis``."""
    order = list(range(1, rank))
    order.insert(axis, 0)
    return order


def _places(obj: Any) -> tuple[int, ...]:
    found = static_list(obj)
    places = found if isinstance(found, list) else [found]
    if not places or not all(type(place) is int for place in places):
        raise Refusal(
            "np.insert before places that are no integers known when compiling",
            "np.concatenate of the parts",
        )
    if places != sorted(places) or min(places) < 0 <= max(places):
        raise Refusal("np.insert before places that are not in order", "sorted places")
    return tuple(places)
