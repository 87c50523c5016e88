"""Shapes and dtypes: reshape, broadcast and its inverse, casts and copies."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from gradgen import kernels
from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.ir.core import Literal
from gradgen.ir.dims import Dims
from gradgen.ir.types import FLOAT, PY_FLOAT, Array, Dim, Scalar, Shape, Type, tensor
from gradgen.primitives.batching import by_broadcasting
from gradgen.primitives.batchshapes import broadcast, reshaped, summed_to
from gradgen.primitives.families import linear
from gradgen.primitives.lowering import Only, lowers, static
from gradgen.primitives.parts import in_field_of
from gradgen.primitives.promotion import check_field, dtype_of
from gradgen.primitives.registry import (
    ATTRIBUTES,
    Attrs,
    Handle,
    Sample,
    apply,
    dim_of,
    dims_of,
    lift,
)


def dims_from(dims: Dims, types: Sequence[Any]) -> Shape:
    """Return the shape that integer operands spell out."""
    return tuple(_dim_from(dims, type_) for type_ in types)


def _dim_from(dims: Dims, type_: Any) -> Dim:
    if not isinstance(type_, Scalar) or type_.dtype.kind not in "iu":
        raise Refusal(f"a shape of ({type_})", "integers")
    if isinstance(type_.dim, int) and type_.dim < 0:
        raise Refusal("a length cannot be negative")
    return dims.fresh() if type_.dim is None else type_.dim


def shape_text(types: Sequence[Any], first: int) -> str:
    """Return the template of a shape held by the operands from ``first`` on."""
    slots = [f"{{{index}}}" for index in range(first, len(types))]
    return slots[0] if len(slots) == 1 else f"({', '.join(slots)})"


def broadcast_like(x: Handle, like: Handle) -> Handle:
    """Return ``x`` broadcast to the shape of ``like``, which itself is not read."""
    if x.shape == like.shape:
        return x
    if x.rank == 0:
        x = in_field_of(x, like)
        return apply("full", x, *dims_of(like), dtype=like.dtype)
    return apply("broadcast_to", x, *dims_of(like))


def _broadcast_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    if len(types[0].shape) > len(types) - 1:
        raise Refusal("broadcasting to a shape with fewer axes is not supported")
    return tensor(types[0].dtype, dims_from(dims, types[1:]))


broadcast_to = linear(
    "broadcast_to",
    batch=broadcast,
    type_rule=_broadcast_type,
    evaluate=lambda x, *shape: np.broadcast_to(x, shape),
    template=lambda types, attrs: f"np.broadcast_to({{0}}, {shape_text(types, 1)})",
    adjoint=lambda y_bar, y, x, *shape: [unbroadcast(y_bar, x)],
    shares=(0,),
    readonly=True,
    samples=(Sample(("f64[4]", 3, 4)), Sample(("f64", 2)), Sample(("f64[3,1]", 3, 2))),
)


def unbroadcast(x: Handle, like: Handle) -> Handle:
    """Return ``x`` summed to the shape of ``like``, which was broadcast to it.

    The axes are known when compiling wherever the 0/1 key decides them; elsewhere a
    ``sum_to`` decides at run time.
    """
    source, target = x.shape, like.shape
    if source == target:
        return x
    extra = len(source) - len(target)
    pairs = list(zip(source[extra:], target, strict=True))
    if any(to != 1 and to != at and _open(to) for at, to in pairs):
        return apply("sum_to", x, *dims_of(like))
    kept = tuple(i + extra for i, (at, to) in enumerate(pairs) if to == 1 and at != 1)
    if kept:
        x = apply("sum", x, axis=kept, keepdims=True)
    if extra:
        x = apply("sum", x, axis=tuple(range(extra)), keepdims=False)
    return x


def _open(dim: Dim) -> bool:
    return not isinstance(dim, int) and not dim.proper


def _sum_to_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    return tensor(types[0].dtype, dims_from(dims, types[1:]))


def _sum_to_text(types: Sequence[Any], attrs: Attrs) -> str:
    slots = "".join(f", {{{index}}}" for index in range(1, len(types)))
    return f"sum_to({{0}}{slots})"


sum_to = linear(
    "sum_to",
    batch=summed_to,
    type_rule=_sum_to_type,
    evaluate=kernels.sum_to,
    template=_sum_to_text,
    adjoint=lambda y_bar, y, x, *shape: [broadcast_like(y_bar, x)],
    shares=(0,),
    samples=(Sample(("f64[3,4]", 1, 4)), Sample(("f64[3,4]", 4))),
)


def _cast_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    check_field(types[0], attrs["dtype"])
    return tensor(attrs["dtype"], types[0].shape)


def _cast_text(types: Sequence[Any], attrs: Attrs) -> str:
    name = attrs["dtype"].name
    if types and isinstance(types[0], Array):
        return f"{{0}}.astype(np.{name})"
    return f"np.{name}({{0}})"


cast = linear(
    "cast",
    batch=by_broadcasting,
    type_rule=_cast_type,
    evaluate=lambda x, dtype: np.asarray(x).astype(dtype)[()],
    template=_cast_text,
    adjoint=lambda y_bar, y, x, dtype: [y_bar if x.dtype.kind in "fc" else None],
    samples=(
        Sample(("f64[3]",), {"dtype": np.dtype(np.float32)}),
        Sample(("f32",), {"dtype": np.dtype(np.float64)}),
    ),
)

copy = linear(
    "copy",
    batch=by_broadcasting,
    type_rule=lambda dims, types, attrs: types[0],
    evaluate=lambda x: x.copy() if isinstance(x, list | dict) else np.array(x)[()],
    template="{0}.copy()",
    adjoint=lambda y_bar, y, x: [y_bar],
    samples=(Sample(("f64[3]",)),),
)


@lowers(np.copy)
def _copy(a: Handle, order: Any = Only("K"), subok: Any = Only(False)) -> Handle:
    return strong(a) if isinstance(a.type, Scalar) else apply("copy", a)


@lowers(method="copy")
def _copy_method(a: Handle, order: Any = Only("C")) -> Handle:
    return _copy(a)


def _reshape_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    return tensor(types[0].dtype, dims_from(dims, types[1:]))


def _reshape_text(types: Sequence[Any], attrs: Attrs) -> str:
    slots = ", ".join(f"{{{index}}}" for index in range(1, len(types)))
    if types and isinstance(types[0], Scalar):
        return f"np.reshape({{0}}, ({slots}{',' if len(types) == 2 else ''}))"
    return f"{{0}}.reshape({slots})" if slots else "{0}.reshape(())[()]"


reshape = linear(
    "reshape",
    batch=reshaped,
    type_rule=_reshape_type,
    evaluate=lambda x, *shape: np.reshape(x, shape)[()],
    template=_reshape_text,
    adjoint=lambda y_bar, y, x, *shape: [reshape_like(y_bar, x)],
    shares=(0,),
    samples=(
        Sample(("f64[3,4]", 2, 6)),
        Sample(("f64[6]", 2, 3)),
        Sample(("f64[1,1]",)),
        Sample(("float", 1)),
        Sample(("f64[0]", 0, 2)),
    ),
)


def reshape_like(x: Handle, like: Handle) -> Handle:
    """Return ``x`` in the shape of ``like``, which itself is not read."""
    return x if x.shape == like.shape else apply("reshape", x, *dims_of(like))


def cast_like(x: Handle, like: Handle) -> Handle:
    """Return ``x`` in the dtype of ``like``; Python numbers adapt by themselves."""
    if x.dtype == like.dtype or x.type.weak or like.type.weak:
        return x
    return apply("cast", x, dtype=like.dtype)


def reshape_to(a: Handle, lengths: Sequence[Any]) -> Handle:
    """Return ``a`` with the shape ``lengths``, one of which may be -1."""
    known = [_literal(length) for length in lengths]
    unknown = [at for at, length in enumerate(known) if _is_int(length, -1)]
    if len(unknown) > 1:
        raise Refusal("a shape can have only one -1")
    for at in unknown:
        known[at] = missing_length(a, known[:at] + known[at + 1 :])
    if tuple(getattr(length, "dim", length) for length in known) == a.shape and known:
        return a
    return apply("reshape", a, *known)


def _literal(length: Any) -> Any:
    known = isinstance(length, Handle) and isinstance(length.atom, Literal)
    return length.atom.value if known else length


def _is_int(length: Any, value: int) -> bool:
    return isinstance(length, int) and length == value


def missing_length(a: Handle, rest: Sequence[Any]) -> Any:
    """Return the length that -1 stands for in a shape whose other lengths are given."""
    taken = [_dim_of_length(length) for length in rest]
    left = [at for at, dim in enumerate(a.shape) if not _take_out(dim, taken)]
    if not any(dim != 1 for dim in taken) and len(left) == 1:
        return dim_of(a, left[0])
    if all(isinstance(dim, int) for dim in a.shape):
        total: Any = prod(a.shape)
    else:
        total = apply("size", a)
    for length in rest:
        total = total if _is_int(length, 1) else _quotient(total, length)
    return total


def _dim_of_length(length: Any) -> Any:
    dim = getattr(length.type, "dim", None) if isinstance(length, Handle) else length
    return object() if dim is None else dim


def _take_out(dim: Dim, taken: list[Any]) -> bool:
    """Tell whether a length is 1 or among ``taken``, which it is then removed from."""
    if dim in taken and dim != 1:
        taken.remove(dim)
        return True
    return dim == 1


def _quotient(total: Any, length: Any) -> Any:
    if isinstance(total, int) and isinstance(length, int):
        return total // max(length, 1)
    return apply("floor_divide", total, length)


def strong(x: Handle) -> Handle:
    """Return a Python number as NumPy's of the same kind, anything else as it is."""
    return apply("cast", x, dtype=x.dtype) if x.type.weak else x


def cast_to(x: Handle, dtype: Any) -> Handle:
    """Return ``x`` in the dtype that a user names, or in its own for None."""
    wanted = x.dtype if dtype is None else dtype_of(dtype)
    return (
        x if x.dtype == wanted and not x.type.weak else apply("cast", x, dtype=wanted)
    )


def normal_axis(axis: Any, rank: int) -> int:
    """Return an axis, counted from the end if negative, as an index."""
    axis = static(axis)
    if type(axis) is not int or not -rank <= axis < rank:
        raise Refusal(f"axis {axis} does not fit an array of rank {rank}")
    return axis % rank


def normal_axes(axis: Any, rank: int) -> tuple[int, ...]:
    """Return ``axis`` as NumPy takes it (None, int or tuple) as a sorted tuple."""
    axis = static(axis)
    if axis is None:
        return tuple(range(rank))
    given = tuple(axis) if isinstance(axis, tuple | list) else (axis,)
    axes = sorted(normal_axis(a, rank) for a in given)
    if len(set(axes)) != len(axes):
        raise Refusal(f"axis {axis} names an axis twice")
    return tuple(axes)


def lengths_of(shape: Any) -> list[Any]:
    """Return a shape, given as one length or as several, as a list of lengths."""
    return list(shape) if isinstance(shape, tuple | list) else [shape]


@lowers(np.reshape)
def _reshape(
    a: Any,
    /,
    shape: Any,
    order: Any = Only("C"),
    *,
    builder: Builder,
    copy: Any = Only(),
) -> Handle:
    return reshape_to(lift(builder, a), lengths_of(shape))


@lowers(method="reshape")
def _reshape_method(
    a: Handle, *shape: Any, order: Any = Only("C"), copy: Any = Only()
) -> Handle:
    return reshape_to(a, lengths_of(shape[0] if len(shape) == 1 else shape))


@lowers(np.ravel, method="ravel")
def _ravel(a: Any, order: Any = Only("C"), *, builder: Builder) -> Handle:
    return reshape_to(lift(builder, a), [-1])


@lowers(method="flatten")
def _flatten(a: Handle, order: Any = Only("C")) -> Handle:
    return apply("copy", a) if a.rank == 1 else reshape_to(a, [-1])


@lowers(np.broadcast_to)
def _broadcast_to(
    array: Any, shape: Any, subok: Any = Only(False), *, builder: Builder
) -> Handle:
    return apply("broadcast_to", lift(builder, array), *lengths_of(shape))


@lowers(method="astype")
def _astype(
    a: Handle,
    dtype: Any,
    order: Any = Only("K"),
    casting: Any = Only("unsafe"),
    subok: Any = Only(True),
    copy: Any = True,
) -> Handle:
    if not _is_already(a, dtype):
        return cast_to(a, dtype)
    return apply("copy", a) if static(copy) else a


def _is_already(a: Handle, dtype: Any) -> bool:
    return bool(a.rank) and a.dtype == dtype_of(dtype)


if hasattr(np, "astype"):

    @lowers(np.astype)
    def _np_astype(
        x: Any, dtype: Any, /, *, copy: Any = True, device: Any = Only()
    ) -> Handle:
        return _astype(x, dtype, copy=copy)


def _lower_dtype(dtype: type[np.generic]) -> None:
    @lowers(dtype)
    def lowering(value: Any, /, *, builder: Builder) -> Handle:
        return cast_to(lift(builder, value), dtype)


for _dtype in "?bhilqBHILQfd":
    _lower_dtype(np.dtype(_dtype).type)

to_float = linear(
    "float",
    batch=lambda batch: apply("cast", batch.operands[0], dtype=FLOAT),
    type_rule=lambda dims, types, attrs: _number_type(types[0]),
    evaluate=float,
    template="float({0})",
    adjoint=lambda y_bar, y, x: [y_bar],
    takes_complex=False,
    samples=(Sample(("f64",)), Sample(("f32",)), Sample(("float",))),
)


def _number_type(type_: Any) -> Type:
    if not isinstance(type_, Scalar):
        raise Refusal("a Python number out of an array", "x[0] or x.reshape(())")
    return {"f": PY_FLOAT, "i": PY_FLOAT, "u": PY_FLOAT, "b": PY_FLOAT}[
        type_.dtype.kind
    ]


@lowers(float)
def _float(x: Handle, /) -> Handle:
    return to_float(x)


ATTRIBUTES["shape"] = lambda x: tuple(dims_of(x))
ATTRIBUTES["ndim"] = lambda x: x.rank
ATTRIBUTES["dtype"] = lambda x: x.dtype


@lowers(np.shape)
def _shape(a: Any, *, builder: Builder) -> tuple[Handle, ...]:
    return tuple(dims_of(lift(builder, a)))
