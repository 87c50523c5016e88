"""The order of axes and of what lies along them: transpose, expand, flip, roll."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.ir.dims import Dims
from gradgen.ir.types import Type, may_be_one, tensor
from gradgen.primitives.batching import along_axes
from gradgen.primitives.batchshapes import transposed
from gradgen.primitives.families import linear
from gradgen.primitives.lowering import lowers, static
from gradgen.primitives.registry import (
    ATTRIBUTES,
    Attrs,
    Handle,
    Sample,
    apply,
    dims_of,
    lift,
)
from gradgen.primitives.shaping import normal_axes, normal_axis, reshape_to, strong


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
    batch=transposed,
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
    slots = ", ".join(
        "None" if source is None else ":" for source in origin[: last + 1]
    )
    return f"{{0}}[{slots}]"


expand_dims = linear(
    "expand_dims",
    batch=along_axes,
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
    scalar = types and len(types[0].shape) == len(axis)
    text = f"{{0}}.squeeze({axis[0] if len(axis) == 1 else axis})"
    return text + ("[()]" if scalar else "")


squeeze = linear(
    "squeeze",
    batch=along_axes,
    type_rule=_squeeze_type,
    evaluate=lambda x, axis: np.squeeze(x, axis)[()],
    template=_squeeze_text,
    adjoint=lambda y_bar, y, x, axis: [apply("expand_dims", y_bar, axis=axis)],
    shares=(0,),
    samples=(
        Sample(("f64[3,1]",), {"axis": (1,)}),
        Sample(("f64[1,3,1]",), {"axis": (0, 2)}),
        Sample(("f64[1]",), {"axis": (0,)}),
    ),
)


@lowers(np.transpose)
def _transpose(a: Any, axes: Any = None, *, builder: Builder) -> Handle:
    return transpose_to(lift(builder, a), axes)


@lowers(method="transpose")
def _transpose_method(a: Handle, *axes: Any) -> Handle:
    if len(axes) == 1 and not isinstance(axes[0], int | Handle):
        return transpose_to(a, axes[0])
    return transpose_to(a, axes or None)


def transpose_to(a: Handle, axes: Any) -> Handle:
    """Return ``a`` with its axes in the order ``axes``, or reversed for None."""
    given = reversed(range(a.rank)) if axes is None else static(tuple(axes))
    order = tuple(normal_axis(axis, a.rank) for axis in given)
    if sorted(order) != list(range(a.rank)):
        raise Refusal(f"axes {axes} do not fit an array of rank {a.rank}")
    if order == tuple(range(a.rank)):
        return strong(a)
    return apply("transpose", a, axes=order)


def swapped(a: Handle, axis1: Any, axis2: Any) -> Handle:
    """Return ``a`` with two axes exchanged."""
    order = list(range(a.rank))
    first, second = normal_axis(axis1, a.rank), normal_axis(axis2, a.rank)
    order[first], order[second] = second, first
    return transpose_to(a, order)


@lowers(np.swapaxes, method="swapaxes")
def _swapaxes(a: Handle, axis1: Any, axis2: Any) -> Handle:
    return swapped(a, axis1, axis2)


@lowers(np.matrix_transpose)
def _matrix_transpose(x: Handle, /) -> Handle:
    return swapped(x, -1, -2)


@lowers(np.moveaxis)
def _moveaxis(a: Handle, source: Any, destination: Any) -> Handle:
    moved = [static(axes) for axes in (source, destination)]
    sources, targets = (
        [
            normal_axis(axis, a.rank)
            for axis in (m if isinstance(m, tuple | list) else [m])
        ]
        for m in moved
    )
    if len(sources) != len(targets):
        raise Refusal("np.moveaxis with unequal numbers of axes is not supported")
    order = [axis for axis in range(a.rank) if axis not in sources]
    for target, axis in sorted(zip(targets, sources, strict=True)):
        order.insert(target, axis)
    return transpose_to(a, order)


@lowers(np.expand_dims)
def _expand_dims(a: Any, axis: Any, *, builder: Builder) -> Handle:
    x = lift(builder, a)
    count = len(axis) if isinstance(axis, tuple | list) else 1
    return apply("expand_dims", x, axis=normal_axes(axis, x.rank + count))


@lowers(np.squeeze, method="squeeze")
def _squeeze(a: Any, axis: Any = None, *, builder: Builder) -> Handle:
    x = lift(builder, a)
    if axis is not None:
        axes = normal_axes(axis, x.rank)
    elif any(dim != 1 and may_be_one(dim) for dim in x.shape):
        raise Refusal(
            "squeeze of axes whose length is known only at run time is not supported",
            "axis=",
        )
    else:
        axes = tuple(i for i, dim in enumerate(x.shape) if dim == 1)
    return apply("squeeze", x, axis=axes) if axes else strong(x)


@lowers(np.atleast_1d)
def _atleast_1d(*arys: Any, builder: Builder) -> Any:
    raised = [_raised(lift(builder, x), 1) for x in arys]
    return raised[0] if len(raised) == 1 else tuple(raised)


@lowers(np.atleast_2d)
def _atleast_2d(*arys: Any, builder: Builder) -> Any:
    raised = [_raised(lift(builder, x), 2) for x in arys]
    return raised[0] if len(raised) == 1 else tuple(raised)


def _raised(x: Handle, rank: int) -> Handle:
    axes = tuple(range(rank - x.rank))
    return apply("expand_dims", x, axis=axes) if axes else x


def _same_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    return tensor(types[0].dtype, types[0].shape)


def _flip_text(types: Sequence[Any], attrs: Attrs) -> str:
    axis = attrs["axis"]
    slots = ", ".join("::-1" if i in axis else ":" for i in range(max(axis) + 1))
    return f"{{0}}[{slots}]"


flip = linear(
    "flip",
    batch=along_axes,
    type_rule=_same_type,
    evaluate=lambda x, axis: np.flip(x, axis),
    template=_flip_text,
    adjoint=lambda y_bar, y, x, axis: [apply("flip", y_bar, axis=axis)],
    shares=(0,),
    samples=(
        Sample(("f64[4]",), {"axis": (0,)}),
        Sample(("f64[3,4]",), {"axis": (1,)}),
        Sample(("f32[3,4]",), {"axis": (0, 1)}),
    ),
)


def flipped(x: Handle, axis: tuple[int, ...]) -> Handle:
    """Return ``x`` reversed along some axes."""
    return apply("flip", x, axis=axis) if axis else strong(x)


@lowers(np.flip)
def _flip(m: Handle, axis: Any = None) -> Handle:
    return flipped(m, normal_axes(axis, m.rank))


@lowers(np.fliplr)
def _fliplr(m: Handle) -> Handle:
    return flipped(m, (normal_axis(1, m.rank),))


@lowers(np.flipud)
def _flipud(m: Handle) -> Handle:
    return flipped(m, (normal_axis(0, m.rank),))


def _roll_text(types: Sequence[Any], attrs: Attrs) -> str:
    flat = types and len(types[0].shape) == 1
    return "np.roll({0}, {1}" + ("" if flat else f", axis={attrs['axis']}") + ")"


roll = linear(
    "roll",
    batch=along_axes,
    type_rule=_same_type,
    evaluate=lambda x, shift, axis: np.roll(x, shift, axis),
    template=_roll_text,
    adjoint=lambda y_bar, y, x, shift, axis: [apply("roll", y_bar, -shift, axis=axis)],
    samples=(
        Sample(("f64[4]", 1), {"axis": 0}),
        Sample(("f64[3,4]", -3), {"axis": 1}),
        Sample(("f64[0]", 1), {"axis": 0}),
    ),
)


@lowers(np.roll)
def _roll(a: Any, shift: Any, axis: Any = None, *, builder: Builder) -> Handle:
    x = lift(builder, a)
    if axis is None:
        flat = roll(reshape_to(x, [-1]), shift, axis=0)
        return flat if x.rank == 1 else apply("reshape", flat, *dims_of(x))
    axes = tuple(axis) if isinstance(axis, tuple | list) else (axis,)
    shifts = tuple(shift) if isinstance(shift, tuple | list) else (shift,)
    axes *= len(shifts) if len(axes) == 1 else 1
    shifts *= len(axes) if len(shifts) == 1 else 1
    if len(axes) != len(shifts):
        raise Refusal("np.roll takes as many shifts as axes, or one of them")
    for each, along in zip(shifts, axes, strict=True):
        x = roll(x, each, axis=normal_axis(along, x.rank))
    return x


ATTRIBUTES["T"] = lambda x: x if x.rank < 2 else transpose_to(x, None)
ATTRIBUTES["mT"] = lambda x: swapped(x, -1, -2)
