"""Reductions: sum, mean, max and min over any axes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.ir.dims import Dims
from gradgen.ir.types import BOOL, INT, Array, Scalar, Shape, Type, tensor
from gradgen.primitives.families import linear
from gradgen.primitives.lowering import lowers
from gradgen.primitives.registry import (
    ATTRIBUTES,
    Attrs,
    Handle,
    Primitive,
    Sample,
    apply,
    dim_of,
    lift,
    register,
)
from gradgen.primitives.shaping import broadcast_like


def normal_axes(axis: Any, rank: int) -> tuple[int, ...]:
    """Return ``axis`` as NumPy takes it (None, int or tuple) as a sorted tuple."""
    if axis is None:
        return tuple(range(rank))
    given = axis if isinstance(axis, tuple) else (axis,)
    if not all(isinstance(a, int) and -rank <= a < rank for a in given):
        raise Refusal(f"axis {axis} does not fit an array of rank {rank}")
    return tuple(sorted({a % rank for a in given}))


def reduced_shape(shape: Shape, axis: tuple[int, ...], keepdims: bool) -> Shape:
    """Return the shape that is left after a reduction over ``axis``."""
    kept = (None if i in axis else dim for i, dim in enumerate(shape))
    return tuple(1 if d is None else d for d in kept if keepdims or d is not None)


def _sum_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    dtype = INT if types[0].dtype == BOOL else types[0].dtype
    return tensor(dtype, reduced_shape(types[0].shape, **attrs))


def _reduce_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    return tensor(types[0].dtype, reduced_shape(types[0].shape, **attrs))


def method_text(name: str, types: Sequence[Any], attrs: Attrs) -> str:
    """Return the template of a reduction as a method: ``{0}.sum(axis=0)``."""
    options = []
    axis = attrs["axis"]
    if types and len(axis) != len(types[0].shape):
        options.append(f"axis={axis[0] if len(axis) == 1 else axis}")
    if attrs["keepdims"]:
        options.append("keepdims=True")
    return f"{{0}}.{name}({', '.join(options)})"


def spread(y: Handle, x: Handle, axis: tuple[int, ...], keepdims: bool) -> Handle:
    """Return a reduced ``y`` with its axes put back, ready to broadcast against ``x``."""
    if keepdims or len(axis) == x.rank:
        return y
    if all(a < b for a in axis for b in range(x.rank) if b not in axis):
        return y
    return apply("expand_dims", y, axis=axis)


def _sum_adjoint(
    y_bar: Handle, y: Handle, x: Handle, axis: tuple[int, ...], keepdims: bool
) -> list[Handle | None]:
    return [broadcast_like(spread(y_bar, x, axis, keepdims), x)]


AXES = (
    Sample(("f64[3,4]",), {"axis": (0, 1), "keepdims": False}),
    Sample(("f64[3,4]",), {"axis": (0,), "keepdims": False}),
    Sample(("f64[3,4]",), {"axis": (1,), "keepdims": True}),
    Sample(("f64[2,3,4]",), {"axis": (0, 2), "keepdims": False}),
    Sample(("f32[3,4]",), {"axis": (1,), "keepdims": False}),
)

sum_ = linear(
    "sum",
    type_rule=_sum_type,
    evaluate=lambda x, axis, keepdims: np.sum(x, axis=axis, keepdims=keepdims),
    template=lambda types, attrs: method_text("sum", types, attrs),
    adjoint=_sum_adjoint,
    samples=AXES,
)


def count_of(x: Handle, axis: tuple[int, ...]) -> Handle:
    """Return the number of elements that a reduction over ``axis`` brings together."""
    if len(axis) == x.rank:
        return apply("size", x) if _symbolic(x.shape) else _product(x, axis)
    return _product(x, axis)


def _symbolic(shape: Shape) -> bool:
    return any(not isinstance(dim, int) for dim in shape)


def _product(x: Handle, axis: tuple[int, ...]) -> Handle:
    lengths = [dim_of(x, a) for a in axis]
    return reduce(lambda p, q: p * q, lengths) if lengths else lift(x.builder, 1)


size = register(
    Primitive(
        name="size",
        type_rule=lambda dims, types, attrs: Scalar(INT, weak=True),
        evaluate=lambda x: x.size,
        template="{0}.size",
        shape_only=(0,),
        samples=(Sample(("f64[3,4]",)),),
    )
)


def _mean_adjoint(
    y_bar: Handle, y: Handle, x: Handle, axis: tuple[int, ...], keepdims: bool
) -> list[Handle | None]:
    share = spread(y_bar / count_of(x, axis), x, axis, keepdims)
    return [broadcast_like(share, x)]


mean = linear(
    "mean",
    type_rule=_reduce_type,
    evaluate=lambda x, axis, keepdims: np.mean(x, axis=axis, keepdims=keepdims),
    template=lambda types, attrs: method_text("mean", types, attrs),
    adjoint=_mean_adjoint,
    samples=AXES,
)


def _share_of_ties(
    y: Handle, x: Handle, axis: tuple[int, ...], keepdims: bool
) -> tuple[Handle, Handle]:
    """Return where ``x`` reaches the extremum ``y``, and how often it does."""
    chosen = apply("equal", x, spread(y, x, axis, keepdims))
    return chosen, apply("sum", chosen, axis=axis, keepdims=keepdims)


def _extremum_tangent(
    y: Handle,
    dots: Sequence[Handle | None],
    x: Handle,
    axis: tuple[int, ...],
    keepdims: bool,
) -> Handle:
    chosen, ties = _share_of_ties(y, x, axis, keepdims)
    assert dots[0] is not None
    return apply("sum", dots[0] * chosen, axis=axis, keepdims=keepdims) / ties


def _extremum_adjoint(
    y_bar: Handle, y: Handle, x: Handle, axis: tuple[int, ...], keepdims: bool
) -> list[Handle | None]:
    chosen, ties = _share_of_ties(y, x, axis, keepdims)
    return [chosen * spread(y_bar / ties, x, axis, keepdims)]


for _name, _function in (("max", np.max), ("min", np.min)):
    register(
        Primitive(
            name=_name,
            type_rule=_reduce_type,
            evaluate=lambda x, axis, keepdims, f=_function: f(
                x, axis=axis, keepdims=keepdims
            ),
            template=lambda types, attrs, name=_name: method_text(name, types, attrs),
            tangent=_extremum_tangent,
            adjoint=_extremum_adjoint,
            samples=AXES,
        )
    )


def _lower_reduction(name: str, *callables: Any) -> None:
    @lowers(*callables, method=name)
    def lowering(a: Handle, axis: Any = None, *, keepdims: bool = False) -> Handle:
        if isinstance(a.type, Scalar):
            normal_axes(axis, 0)
            return a
        axes = normal_axes(axis, a.rank)
        return apply(name, a, axis=axes, keepdims=bool(keepdims))


_lower_reduction("sum", np.sum)
_lower_reduction("mean", np.mean)
_lower_reduction("max", np.max, np.amax)
_lower_reduction("min", np.min, np.amin)

ATTRIBUTES["size"] = lambda x: count_of(x, tuple(range(x.rank)))
