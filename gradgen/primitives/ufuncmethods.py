"""Methods of ufuncs: reduce, accumulate and outer.

Of sums, products and extrema they are the functions of NumPy with names of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial as bind
from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.ir.dims import Dims
from gradgen.ir.types import Type, tensor
from gradgen.primitives.batching import along_axes
from gradgen.primitives.chosen import NOT_GIVEN, chosen, first_value, flags_for
from gradgen.primitives.elementary import LOG_2
from gradgen.primitives.lowering import (
    Lowering,
    Only,
    describe,
    lowers,
    refuses,
    static,
)
from gradgen.primitives.masked import divide_or_zero, relative_exp
from gradgen.primitives.promotion import elementwise_dtype
from gradgen.primitives.reduction import (
    extremum_adjoint,
    extremum_tangent,
    extremum_type,
    spread,
)
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
from gradgen.primitives.shaping import cast_to, normal_axes, normal_axis

SHARES: dict[np.ufunc, Callable[[Handle, Handle], Handle]] = {
    np.logaddexp: lambda x, y: relative_exp(x, y),
    np.logaddexp2: lambda x, y: relative_exp(LOG_2 * x, LOG_2 * y),
    np.hypot: lambda x, y: divide_or_zero(x, y),
}
"""The derivative of the result ``y`` for all operands in one, ``x``."""


def _combined_tangent(
    ufunc: np.ufunc,
    y: Handle,
    dots: Sequence[Handle | None],
    x: Handle,
    axis: tuple[int, ...],
    keepdims: bool,
) -> Handle:
    assert dots[0] is not None
    terms = SHARES[ufunc](x, spread(y, x, axis, keepdims)) * dots[0]
    return apply("sum", terms, axis=axis, keepdims=keepdims)


def _combined_adjoint(
    ufunc: np.ufunc,
    y_bar: Handle,
    y: Handle,
    x: Handle,
    axis: tuple[int, ...],
    keepdims: bool,
) -> list[Handle]:
    bar, whole = (spread(z, x, axis, keepdims) for z in (y_bar, y))
    return [bar * SHARES[ufunc](x, whole)]


def _reduced_text(name: str, types: Sequence[Any], attrs: Attrs) -> str:
    axis = attrs["axis"]
    along = f", {axis[0] if len(axis) == 1 else axis}" if axis != (0,) else ""
    kept = ", keepdims=True" if attrs["keepdims"] else ""
    first = ", initial=np.nan" if "initial" in attrs else ""
    return f"np.{name}.reduce({{0}}{along}{kept}{first})"


REDUCED = (
    Sample(("f64[3]",), {"axis": (0,), "keepdims": False}),
    Sample(("f64[2,3]",), {"axis": (0, 1), "keepdims": False}),
    Sample(("f32[2,3]",), {"axis": (1,), "keepdims": True}),
)
WITHOUT_NAN = (
    *REDUCED,
    Sample(
        (np.array([[1.0, np.nan, -3.0], [2.0, np.nan, 1.0]]),),
        {"axis": (1,), "keepdims": False},
    ),
    Sample(("f64[3]",), {"axis": (0,), "keepdims": False, "initial": np.nan}),
)


def _declare_reduced(
    ufunc: np.ufunc, tangent: Any, adjoint: Any, samples: Sequence[Sample]
) -> None:
    name = ufunc.__name__
    register(
        Primitive(
            name=f"{name}_reduce",
            batch=along_axes,
            type_rule=extremum_type,
            evaluate=lambda x, axis, **options: ufunc.reduce(x, axis, **options),
            template=bind(_reduced_text, name),
            tangent=tangent,
            adjoint=adjoint,
            samples=tuple(samples),
        )
    )


def _as_computed(ufunc: np.ufunc, x: Handle, dtype: Any) -> Handle:
    """Return what a ufunc computes with: of the given dtype, or the one it casts to."""
    x = x if dtype is None else cast_to(x, dtype)
    return cast_to(x, elementwise_dtype(ufunc, [x.type, x.type]))


def _combined(
    ufunc: np.ufunc,
    array: Any,
    axis: Any,
    *,
    keepdims: Any,
    dtype: Any = None,
    initial: Any = NOT_GIVEN,
    where: Any = True,
    builder: Builder,
) -> Handle:
    name = f"{ufunc.__name__}.reduce"
    x = _as_computed(ufunc, lift(builder, array), dtype)
    axes = normal_axes(axis, x.rank)
    if not axes:
        raise Refusal(f"np.{name} over no axis is not supported")
    nothing = 0 if ufunc is np.hypot else -np.inf
    x = chosen(x, flags_for(x, where, name), nothing)
    y = apply(f"{ufunc.__name__}_reduce", x, axis=axes, keepdims=bool(static(keepdims)))
    if initial is NOT_GIVEN:
        return y
    return apply(ufunc.__name__, y, first_value(initial, y, name))


def _named_function(function: Any, *args: Any, **options: Any) -> Handle:
    return LOWERINGS[function](*args, **options)  # type: ignore[no-any-return]


def _lower_reduce(ufunc: np.ufunc, reduced: Callable[..., Handle]) -> None:
    @lowers(ufunc.reduce)
    def reduce(
        array: Any,
        /,
        axis: Any = 0,
        dtype: Any = None,
        out: Any = Only(),
        keepdims: Any = False,
        initial: Any = NOT_GIVEN,
        where: Any = True,
        *,
        builder: Builder,
    ) -> Any:
        options = {"keepdims": keepdims}
        if dtype is not None:
            options["dtype"] = dtype
        if initial is not NOT_GIVEN:
            options["initial"] = initial
        if where is not True:
            options["where"] = where
        return reduced(array, axis, builder=builder, **options)


REDUCTIONS: dict[Any, Any] = {
    np.add: np.sum,
    np.multiply: np.prod,
    np.maximum: np.max,
    np.minimum: np.min,
    np.fmax: np.nanmax,
    np.fmin: np.nanmin,
    np.logical_and: np.all,
    np.logical_or: np.any,
}
for _ufunc, _function in REDUCTIONS.items():
    _lower_reduce(_ufunc, bind(_named_function, _function))
for _ufunc in SHARES:
    _declare_reduced(
        _ufunc,
        bind(_combined_tangent, _ufunc),
        bind(_combined_adjoint, _ufunc),
        REDUCED,
    )
    _lower_reduce(_ufunc, bind(_combined, _ufunc))
for _ufunc in (np.fmax, np.fmin):
    _declare_reduced(_ufunc, extremum_tangent, extremum_adjoint, WITHOUT_NAN)


def _running_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    return tensor(types[0].dtype, types[0].shape)


def _running_text(name: str, types: Sequence[Any], attrs: Attrs) -> str:
    axis = f", {attrs['axis']}" if attrs["axis"] else ""
    return f"np.{name}.accumulate({{0}}{axis})"


def _shares(ufunc: np.ufunc, y: Handle, x: Handle, axis: int) -> tuple[Handle, Handle]:
    """Return the slope of each result in the one before and in the new element."""
    lowest = np.nan if ufunc in EXTREMA else -np.inf
    before = apply("shifted", y, axis=axis, by=1, fill=lowest)
    if ufunc not in EXTREMA:
        return SHARES[ufunc](before, y), SHARES[ufunc](x, y)
    old = apply("larger", *((before, x) if ufunc is np.maximum else (x, before)))
    return old, 1 - old


def _running_tangent(
    ufunc: np.ufunc, y: Handle, dots: Sequence[Handle | None], x: Handle, axis: int
) -> Handle:
    old, new = _shares(ufunc, y, x, axis)
    assert dots[0] is not None
    return apply("recurrence", old, new * dots[0], axis=axis, transposed=False)


def _running_adjoint(
    ufunc: np.ufunc, y_bar: Handle, y: Handle, x: Handle, axis: int
) -> list[Handle]:
    old, new = _shares(ufunc, y, x, axis)
    later = apply("recurrence", old, y_bar, axis=axis, transposed=True)
    return [new * later]


def _declare_running(ufunc: np.ufunc) -> None:
    name = ufunc.__name__
    register(
        Primitive(
            name=f"running_{name}",
            batch=along_axes,
            type_rule=_running_type,
            evaluate=lambda x, axis: ufunc.accumulate(x, axis),
            template=bind(_running_text, name),
            tangent=bind(_running_tangent, ufunc),
            adjoint=bind(_running_adjoint, ufunc),
            samples=(
                Sample(("f64[5]",), {"axis": 0}),
                Sample(("f64[3,4]",), {"axis": 1}),
                Sample(("f32[3,4]",), {"axis": 0}),
            ),
        )
    )


EXTREMA = (np.maximum, np.minimum)
SUMS = (np.logaddexp, np.logaddexp2)
for _ufunc in (*EXTREMA, *SUMS):
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
        x = _as_computed(ufunc, lift(builder, array), dtype)
        y = _accumulated(ufunc, x, normal_axis(axis, x.rank))
        return y if dtype is None else cast_to(y, dtype)


for _ufunc in (np.add, np.multiply, *EXTREMA, *SUMS):
    _lower_accumulate(_ufunc)
refuses(
    *(np.fmax.accumulate, np.fmin.accumulate),
    reason="its derivative is not known, which leaves out NaN",
    hint="np.maximum.accumulate or np.minimum.accumulate of what holds no NaN",
)
refuses(
    np.hypot.accumulate,
    reason="its derivative is not known",
    hint="np.sqrt(np.cumsum(x * x))",
)


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
