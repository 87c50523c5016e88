"""Reading along an axis by index arrays, and sorting, which is such a reading."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradgen import kernels
from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.ir.dims import Dims
from gradgen.ir.types import INT, Array, Type, tensor
from gradgen.primitives.batching import along_axes, together_along
from gradgen.primitives.families import linear
from gradgen.primitives.indexing import read
from gradgen.primitives.lowering import Only, lowers
from gradgen.primitives.promotion import broadcast
from gradgen.primitives.registry import (
    Attrs,
    Handle,
    Primitive,
    Sample,
    apply,
    dim_of,
    lift,
    register,
)
from gradgen.primitives.shaping import normal_axis, reshape_to


def _along_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    x, index = types[:2]
    if not isinstance(index, Array) or len(index.shape) != len(x.shape):
        raise Refusal(
            "np.take_along_axis with an index of another rank is not supported"
        )
    if index.dtype.kind not in "iu":
        raise Refusal(f"an index of type {index}", "integers")
    axis = attrs["axis"]
    shapes = [(*s[:axis], 1, *s[axis + 1 :]) for s in (x.shape, index.shape)]
    shape = list(broadcast(dims, shapes))
    shape[axis] = dims.resolve(index.shape[axis])
    return tensor(x.dtype, tuple(shape))


ORDER = np.array([[2, 0, 0, 1], [1, 1, 2, 0]])
take_along_axis = linear(
    "take_along_axis",
    batch=together_along,
    type_rule=_along_type,
    evaluate=lambda x, index, axis: np.take_along_axis(x, index, axis),
    template=lambda types, attrs: f"np.take_along_axis({{0}}, {{1}}, {attrs['axis']})",
    adjoint=lambda y_bar, y, x, index, axis: [
        apply("add_along_axis", y_bar, index, dim_of(x, axis), axis=axis)
    ],
    samples=(
        Sample(("f64[2,3]", ORDER), {"axis": 1}),
        Sample(("f32[3,4]", ORDER), {"axis": 0}),
        Sample(("f64[1,3]", ORDER), {"axis": 1}),
    ),
)


def _add_along_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    shape = list(types[0].shape)
    shape[attrs["axis"]] = dims.fresh() if types[2].dim is None else types[2].dim
    return tensor(types[0].dtype, tuple(shape))


add_along_axis = linear(
    "add_along_axis",
    type_rule=_add_along_type,
    evaluate=kernels.add_along_axis,
    template=lambda types, attrs: (
        f"add_along_axis({{0}}, {{1}}, {{2}}, {attrs['axis']})"
    ),
    adjoint=lambda y_bar, y, x, index, length, axis: [
        take_along_axis(y_bar, index, axis=axis)
    ],
    samples=(
        Sample(("f64[2,4]", ORDER, 3), {"axis": 1}),
        Sample(("f32[2,4]", ORDER, 5), {"axis": 0}),
    ),
)


@lowers(np.take_along_axis)
def _take_along_axis(arr: Handle, indices: Any, axis: Any = -1) -> Handle:
    index = lift(arr.builder, indices)
    if axis is None:
        return take_along_axis(reshape_to(arr, [-1]), index, axis=0)
    return take_along_axis(arr, index, axis=normal_axis(axis, arr.rank))


@lowers(np.take, method="take")
def _take(
    a: Any,
    indices: Any,
    axis: Any = None,
    out: Any = Only(),
    mode: Any = "raise",
    *,
    builder: Builder,
) -> Handle:
    x, index = lift(builder, a), lift(builder, indices)
    if index.dtype.kind not in "iu":
        raise Refusal(f"an index of type {index.type}", "integers")
    along = 0 if axis is None else normal_axis(axis, x.rank)
    x = reshape_to(x, [-1]) if axis is None else x
    return read(x, [*[slice(None)] * along, _in_mode(index, x, along, mode)])


def _in_mode(index: Handle, x: Handle, axis: int, mode: Any) -> Handle:
    """Return an index within the bounds of an axis, as ``mode`` says."""
    if mode == "raise":
        return index
    if mode == "wrap":
        return apply("remainder", index, dim_of(x, axis))
    if mode != "clip":
        raise Refusal(f"mode={mode!r} of np.take", "'raise', 'wrap' or 'clip'")
    return apply("maximum", apply("minimum", index, dim_of(x, axis) - 1), 0)


def _argsort_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    return tensor(INT, types[0].shape)


def _sort_text(name: str, types: Sequence[Any], attrs: Attrs) -> str:
    last = types and attrs["axis"] == len(types[0].shape) - 1
    axis = "" if last else f", axis={attrs['axis']}"
    kind = f", kind='{attrs['kind']}'" if attrs.get("kind") else ""
    return f"np.{name}({{0}}{axis}{kind})"


SORTED = (
    Sample(("f64[5]",), {"axis": 0}),
    Sample(("f64[3,4]",), {"axis": 0}),
    Sample(("f32[3,4]",), {"axis": 1}),
    Sample(("f64[0]",), {"axis": 0}),
)
argsort = register(
    Primitive(
        name="argsort",
        batch=along_axes,
        type_rule=_argsort_type,
        evaluate=lambda x, axis, kind=None: np.argsort(x, axis=axis, kind=kind),
        template=lambda types, attrs: _sort_text("argsort", types, attrs),
        samples=SORTED,
    )
)


put_back = linear(
    "put_back",
    batch=together_along,
    type_rule=lambda dims, types, attrs: tensor(types[0].dtype, types[0].shape),
    evaluate=kernels.put_back,
    template=lambda types, attrs: f"put_back({{0}}, {{1}}, {attrs['axis']})",
    adjoint=lambda y_bar, y, x, order, axis: [
        take_along_axis(y_bar, order, axis=axis),
        None,
    ],
    samples=(
        Sample(("f64[2,4]", np.array([[2, 0, 3, 1], [0, 1, 2, 3]])), {"axis": 1}),
        Sample(("f32[3,2]", np.array([[2, 0], [0, 1], [1, 2]])), {"axis": 0}),
    ),
)


stable_order = register(
    Primitive(
        name="stable_order",
        batch=along_axes,
        type_rule=_argsort_type,
        evaluate=kernels.stable_order,
        template=lambda types, attrs: f"stable_order({{0}}, {attrs['axis']})",
        samples=(*SORTED, Sample((np.array([1.0, 0.0, 1.0]),), {"axis": 0})),
    )
)


def _order(x: Handle, axis: int) -> Handle:
    return stable_order(x, axis=axis)


sort = register(
    Primitive(
        name="sort",
        batch=along_axes,
        type_rule=lambda dims, types, attrs: types[0],
        evaluate=lambda x, axis: np.sort(x, axis=axis),
        template=lambda types, attrs: _sort_text("sort", types, attrs),
        tangent=lambda y, dots, x, axis: take_along_axis(
            dots[0], _order(x, axis), axis=axis
        ),
        adjoint=lambda y_bar, y, x, axis: [put_back(y_bar, _order(x, axis), axis=axis)],
        samples=SORTED,
    )
)


@lowers(np.sort)
def _sort(
    a: Handle,
    axis: Any = -1,
    kind: Any = Only(),
    order: Any = Only(),
    *,
    stable: Any = Only(),
    descending: Any = Only(),
) -> Handle:
    if axis is None:
        return sort(reshape_to(a, [-1]), axis=0)
    return sort(a, axis=normal_axis(axis, a.rank))


@lowers(np.argsort, method="argsort")
def _argsort(
    a: Handle,
    axis: Any = -1,
    kind: Any = None,
    order: Any = Only(),
    *,
    stable: Any = Only(),
    descending: Any = Only(),
) -> Handle:
    options = {} if kind is None else {"kind": kind}
    if axis is None:
        return argsort(reshape_to(a, [-1]), axis=0, **options)
    return argsort(a, axis=normal_axis(axis, a.rank), **options)
