"""Shapes: reshape, transpose, broadcast and its inverse, casts and copies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.ir.dims import Dims
from gradgen.ir.types import Array, Dim, Scalar, Shape, Type, tensor
from gradgen.primitives import kernels
from gradgen.primitives.families import linear
from gradgen.primitives.lowering import lowers
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
        raise Refusal("a negative length")
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
        return apply("full", x, *dims_of(like), dtype=like.dtype)
    return apply("broadcast_to", x, *dims_of(like))


def _broadcast_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    return tensor(types[0].dtype, dims_from(dims, types[1:]))


broadcast_to = linear(
    "broadcast_to",
    type_rule=_broadcast_type,
    evaluate=lambda x, *shape: np.broadcast_to(x, shape),
    template=lambda types, attrs: f"np.broadcast_to({{0}}, {shape_text(types, 1)})",
    adjoint=lambda y_bar, y, x, *shape: [unbroadcast(y_bar, x)],
    shares=(0,),
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
    type_rule=_sum_to_type,
    evaluate=kernels.sum_to,
    template=_sum_to_text,
    adjoint=lambda y_bar, y, x, *shape: [broadcast_like(y_bar, x)],
    shares=(0,),
    samples=(Sample(("f64[3,4]", 1, 4)), Sample(("f64[3,4]", 4))),
)


def _transpose_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    shape = types[0].shape
    return tensor(types[0].dtype, tuple(shape[axis] for axis in attrs["axes"]))


def _transpose_text(types: Sequence[Any], attrs: Attrs) -> str:
    axes = attrs["axes"]
    if axes == tuple(reversed(range(len(axes)))):
        return "{0}.T"
    return f"{{0}}.transpose({', '.join(map(str, axes))})"


def invert(axes: Sequence[int]) -> tuple[int, ...]:
    """Return the permutation that undoes ``axes``."""
    return tuple(sorted(range(len(axes)), key=axes.__getitem__))


transpose = linear(
    "transpose",
    type_rule=_transpose_type,
    evaluate=lambda x, axes: np.transpose(x, axes),
    template=_transpose_text,
    adjoint=lambda y_bar, y, x, axes: [apply("transpose", y_bar, axes=invert(axes))],
    shares=(0,),
    samples=(
        Sample(("f64[3,4]",), {"axes": (1, 0)}),
        Sample(("f64[2,3,4]",), {"axes": (1, 2, 0)}),
    ),
)


@lowers(np.transpose, method="transpose")
def _transpose(a: Handle, *axes: Any) -> Handle:
    if len(axes) == 1 and not isinstance(axes[0], int):
        axes = () if axes[0] is None else tuple(axes[0])
    order = tuple(axis % a.rank for axis in axes) or tuple(reversed(range(a.rank)))
    if sorted(order) != list(range(a.rank)):
        raise Refusal(f"axes {axes} do not fit an array of rank {a.rank}")
    return a if a.rank < 2 else apply("transpose", a, axes=order)


def _cast_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    return tensor(attrs["dtype"], types[0].shape)


def _cast_text(types: Sequence[Any], attrs: Attrs) -> str:
    name = attrs["dtype"].name
    if types and isinstance(types[0], Array):
        return f"{{0}}.astype(np.{name})"
    return f"np.{name}({{0}})"


cast = linear(
    "cast",
    type_rule=_cast_type,
    evaluate=lambda x, dtype: np.asarray(x).astype(dtype)[()],
    template=_cast_text,
    adjoint=lambda y_bar, y, x, dtype: [y_bar if x.dtype.kind == "f" else None],
    samples=(
        Sample(("f64[3]",), {"dtype": np.dtype(np.float32)}),
        Sample(("f32",), {"dtype": np.dtype(np.float64)}),
    ),
)

copy = linear(
    "copy",
    type_rule=lambda dims, types, attrs: types[0],
    evaluate=lambda x: np.array(x)[()],
    template="{0}.copy()",
    adjoint=lambda y_bar, y, x: [y_bar],
    samples=(Sample(("f64[3]",)),),
)


@lowers(np.copy, method="copy")
def _copy(a: Handle) -> Handle:
    return a if isinstance(a.type, Scalar) else apply("copy", a)


def _reshape_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    return tensor(types[0].dtype, dims_from(dims, types[1:]))


def _reshape_text(types: Sequence[Any], attrs: Attrs) -> str:
    slots = ", ".join(f"{{{index}}}" for index in range(1, len(types)))
    return "{0}.item()" if not slots else f"{{0}}.reshape({slots})"


reshape = linear(
    "reshape",
    type_rule=_reshape_type,
    evaluate=lambda x, *shape: np.reshape(x, shape)[()],
    template=_reshape_text,
    adjoint=lambda y_bar, y, x, *shape: [reshape_like(y_bar, x)],
    shares=(0,),
    samples=(Sample(("f64[3,4]", 2, 6)), Sample(("f64[6]", 2, 3))),
)


def reshape_like(x: Handle, like: Handle) -> Handle:
    """Return ``x`` in the shape of ``like``, which itself is not read."""
    return x if x.shape == like.shape else apply("reshape", x, *dims_of(like))


def cast_like(x: Handle, like: Handle) -> Handle:
    """Return ``x`` in the dtype of ``like``; Python numbers adapt by themselves."""
    if x.dtype == like.dtype or x.type.weak or like.type.weak:
        return x
    return apply("cast", x, dtype=like.dtype)


def _expanded_axes(rank: int, axis: Sequence[int]) -> list[int | None]:
    """Return for every axis of the expanded array the axis it comes from, or None."""
    source = iter(range(rank))
    return [None if i in axis else next(source) for i in range(rank + len(axis))]


def _expand_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    shape = types[0].shape
    origin = _expanded_axes(len(shape), attrs["axis"])
    return tensor(types[0].dtype, tuple(1 if i is None else shape[i] for i in origin))


def _expand_text(types: Sequence[Any], attrs: Attrs) -> str:
    if not types or not types[0].shape:
        return f"np.expand_dims({{0}}, {attrs['axis']})"
    origin = _expanded_axes(len(types[0].shape), attrs["axis"])
    last = max(i for i, source in enumerate(origin) if source is None)
    slots = ", ".join("None" if source is None else ":" for source in origin[: last + 1])
    return f"{{0}}[{slots}]"


expand_dims = linear(
    "expand_dims",
    type_rule=_expand_type,
    evaluate=lambda x, axis: np.expand_dims(x, axis),
    template=_expand_text,
    adjoint=lambda y_bar, y, x, axis: [apply("squeeze", y_bar, axis=axis)],
    shares=(0,),
    samples=(
        Sample(("f64[3]",), {"axis": (1,)}),
        Sample(("f64[3,4]",), {"axis": (0, 2)}),
        Sample(("f64",), {"axis": (0,)}),
    ),
)


def _squeeze_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    shape = types[0].shape
    return tensor(
        types[0].dtype, tuple(d for i, d in enumerate(shape) if i not in attrs["axis"])
    )


def _squeeze_text(types: Sequence[Any], attrs: Attrs) -> str:
    axis = attrs["axis"]
    return f"{{0}}.squeeze({axis[0] if len(axis) == 1 else axis})"


squeeze = linear(
    "squeeze",
    type_rule=_squeeze_type,
    evaluate=lambda x, axis: np.squeeze(x, axis)[()],
    template=_squeeze_text,
    adjoint=lambda y_bar, y, x, axis: [apply("expand_dims", y_bar, axis=axis)],
    shares=(0,),
    samples=(
        Sample(("f64[3,1]",), {"axis": (1,)}),
        Sample(("f64[1,3,1]",), {"axis": (0, 2)}),
    ),
)


@lowers(np.reshape, method="reshape")
def _reshape(a: Handle, *shape: Any) -> Handle:
    lengths = shape[0] if len(shape) == 1 and isinstance(shape[0], tuple | list) else shape
    return reshape_to(a, lengths)


def reshape_to(a: Handle, lengths: Sequence[Any]) -> Handle:
    """Return ``a`` with the shape ``lengths``, one of which may be -1."""
    known = list(lengths)
    if any(isinstance(n, int) and n == -1 for n in known):
        at = next(i for i, n in enumerate(known) if isinstance(n, int) and n == -1)
        rest = [n for i, n in enumerate(known) if i != at]
        known[at] = _missing_length(a, rest)
    return apply("reshape", a, *known)


def _missing_length(a: Handle, rest: Sequence[Any]) -> Any:
    if a.rank == 1 and not rest:
        return dim_of(a, 0)
    total = lift(a.builder, 1)
    for dim in dims_of(a):
        total = total * dim
    for length in rest:
        total = apply("floor_divide", total, length)
    return total


ATTRIBUTES["T"] = lambda x: x if x.rank < 2 else _transpose(x)
ATTRIBUTES["shape"] = lambda x: tuple(dims_of(x))
ATTRIBUTES["ndim"] = lambda x: x.rank
ATTRIBUTES["dtype"] = lambda x: x.dtype
