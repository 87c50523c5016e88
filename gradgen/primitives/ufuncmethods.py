"""Methods of ufuncs: reduce, accumulate and outer.

Of sums, products and extrema they are the functions of NumPy with names of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial as bind
from typing import Any

import numpy as np

from gradgen.ir.builder import Builder
from gradgen.ir.dims import Dims
from gradgen.ir.types import Type, tensor
from gradgen.primitives.lowering import Lowering, Only, describe, lowers
from gradgen.primitives.registry import (
    LOWERINGS,
    Attrs,
    Handle,
    Primitive,
    Sample,
    apply,
    lift,
    register,
)
from gradgen.primitives.shaping import cast_to, normal_axis

REDUCTIONS: dict[Any, Any] = {
    np.add: np.sum,
    np.multiply: np.prod,
    np.maximum: np.max,
    np.minimum: np.min,
    np.logical_and: np.all,
    np.logical_or: np.any,
}


def _lower_reduce(ufunc: np.ufunc, function: Any) -> None:
    @lowers(ufunc.reduce)
    def reduce(
        array: Any,
        /,
        axis: Any = 0,
        dtype: Any = None,
        out: Any = Only(),
        keepdims: Any = False,
        initial: Any = np._NoValue,
        where: Any = True,
        *,
        builder: Builder,
    ) -> Any:
        options = {"keepdims": keepdims}
        if dtype is not None:
            options["dtype"] = dtype
        if initial is not np._NoValue:
            options["initial"] = initial
        if where is not True:
            options["where"] = where
        return LOWERINGS[function](array, axis, builder=builder, **options)


for _ufunc, _function in REDUCTIONS.items():
    _lower_reduce(_ufunc, _function)


def _running_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    return tensor(types[0].dtype, types[0].shape)


def _running_text(name: str, types: Sequence[Any], attrs: Attrs) -> str:
    axis = f", {attrs['axis']}" if attrs["axis"] else ""
    return f"np.{name}.accumulate({{0}}{axis})"


def _shares(name: str, y: Handle, x: Handle, axis: int) -> tuple[Handle, Handle]:
    """Return the shares of what came before and of the new element in each extremum."""
    before = apply("shifted", y, axis=axis, by=1, fill=np.nan)
    pair = (before, x) if name == "maximum" else (x, before)
    old = apply("larger", *pair)
    return old, 1 - old


def _running_tangent(
    name: str, y: Handle, dots: Sequence[Handle | None], x: Handle, axis: int
) -> Handle:
    old, new = _shares(name, y, x, axis)
    assert dots[0] is not None
    return apply("recurrence", old, new * dots[0], axis=axis, transposed=False)


def _running_adjoint(
    name: str, y_bar: Handle, y: Handle, x: Handle, axis: int
) -> list[Handle]:
    old, new = _shares(name, y, x, axis)
    later = apply("recurrence", old, y_bar, axis=axis, transposed=True)
    return [new * later]


def _declare_running(ufunc: np.ufunc) -> None:
    name = ufunc.__name__
    register(
        Primitive(
            name=f"running_{name}",
            type_rule=_running_type,
            evaluate=lambda x, axis: ufunc.accumulate(x, axis),
            template=bind(_running_text, name),
            tangent=bind(_running_tangent, name),
            adjoint=bind(_running_adjoint, name),
            samples=(
                Sample(("f64[5]",), {"axis": 0}),
                Sample(("f64[3,4]",), {"axis": 1}),
                Sample(("f32[3,4]",), {"axis": 0}),
            ),
        )
    )


for _ufunc in (np.maximum, np.minimum):
    _declare_running(_ufunc)


def _accumulated(ufunc: np.ufunc, x: Handle, axis: int) -> Handle:
    if ufunc in (np.add, np.multiply):
        name = "cumsum" if ufunc is np.add else "cumprod"
        return apply(name, x, axis=axis)
    return apply(f"running_{ufunc.__name__}", x, axis=axis)


def _lower_accumulate(ufunc: np.ufunc) -> None:
    @lowers(ufunc.accumulate)
    def accumulate(
        array: Any,
        /,
        axis: Any = 0,
        dtype: Any = None,
        out: Any = Only(),
        *,
        builder: Builder,
    ) -> Handle:
        x = lift(builder, array)
        x = x if dtype is None else cast_to(x, dtype)
        y = _accumulated(ufunc, x, normal_axis(axis, x.rank))
        return y if dtype is None else cast_to(y, dtype)


for _ufunc in (np.add, np.multiply, np.maximum, np.minimum):
    _lower_accumulate(_ufunc)


def _outer(ufunc: np.ufunc, A: Any, B: Any, /, *, builder: Builder) -> Handle:
    left, right = lift(builder, A), lift(builder, B)
    if left.rank and right.rank:
        new = tuple(range(left.rank, left.rank + right.rank))
        left = apply("expand_dims", left, axis=new)
    return LOWERINGS[ufunc](left, right)  # type: ignore[no-any-return]


BINARY = (
    *(np.add, np.subtract, np.multiply, np.divide, np.power, np.float_power),
    *(np.maximum, np.minimum, np.fmax, np.fmin, np.hypot, np.arctan2),
    *(np.logaddexp, np.logaddexp2, np.remainder, np.fmod, np.floor_divide),
    *(np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal),
)
for _ufunc in BINARY:
    LOWERINGS[_ufunc.outer] = Lowering(
        bind(_outer, _ufunc), f"{describe(_ufunc)}.outer"
    )
