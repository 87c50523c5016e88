"""Sums of exponentials, from ``scipy.special``: their logarithm, and shares of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial as bind
from typing import Any

import numpy as np
from scipy import special

from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.ir.dims import Dims
from gradgen.ir.types import FLOAT, Type, tensor
from gradgen.primitives.batching import along_axes
from gradgen.primitives.elementary import exp
from gradgen.primitives.families import differentiable
from gradgen.primitives.lowering import lowers, static
from gradgen.primitives.masked import relative_exp
from gradgen.primitives.promotion import broadcast, common_dtype
from gradgen.primitives.reduction import reduced_shape, spread
from gradgen.primitives.registry import (
    Attrs,
    Handle,
    Primitive,
    Sample,
    apply,
    apply_several,
    joined_terms,
    lift,
    register,
)
from gradgen.primitives.shaping import normal_axes

Axes = tuple[int, ...]


def _options(types: Sequence[Any], attrs: Attrs) -> str:
    axis, rank = attrs["axis"], max((len(t.shape) for t in types), default=0)
    text = f", axis={axis[0] if len(axis) == 1 else axis}" if len(axis) != rank else ""
    return text + (", keepdims=True" if attrs.get("keepdims") else "")


def _float(types: Sequence[Any]) -> np.dtype:
    dtype = common_dtype(types)
    return dtype if dtype.kind in "fc" else FLOAT


def _logsumexp_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    shape = broadcast(dims, [type_.shape for type_ in types])
    shape = reduced_shape(shape, attrs["axis"], attrs["keepdims"])
    return tensor(_float(types), shape)


def _logsumexp_text(types: Sequence[Any], attrs: Attrs, more: str = "") -> str:
    weights = ", b={1}" if len(types) == 2 else ""
    return f"special.logsumexp({{0}}{_options(types, attrs)}{weights}{more})"


def _logsumexp(a: Any, b: Any = None, *, axis: Axes, keepdims: bool) -> Any:
    return special.logsumexp(a, axis, b, keepdims)


def _share(y: Handle, a: Handle, axis: Axes, keepdims: bool) -> Handle:
    """Return what each exponential is of the sum, without its weight."""
    return relative_exp(a, spread(y, a, axis, keepdims))


def _weighted(share: Handle, b: Sequence[Handle]) -> Handle:
    return apply("masked_multiply", b[0], share) if b else share


def _logsumexp_tangent(
    y: Handle, dots: Sequence[Handle | None], a: Handle, *b: Handle, **attrs: Any
) -> Handle:
    share = _share(y, a, **attrs)
    first = None if dots[0] is None else _weighted(share, b) * dots[0]
    second = dots[1] * share if b and dots[1] is not None else None
    return apply("sum", joined_terms(first, second), **attrs)


def _logsumexp_adjoint(
    y_bar: Handle, y: Handle, a: Handle, *b: Handle, axis: Axes, keepdims: bool
) -> list[Handle | None]:
    share = _share(y, a, axis, keepdims)
    bar = spread(y_bar, a, axis, keepdims)
    bars: list[Handle | None] = [bar * _weighted(share, b)]
    return [*bars, *(bar * share if differentiable(x) else None for x in b)]


WHOLE = {"axis": (0, 1), "keepdims": False}
ROWS = {"axis": (1,), "keepdims": True}
logsumexp = register(
    Primitive(
        name="logsumexp",
        batch=along_axes,
        type_rule=_logsumexp_type,
        evaluate=_logsumexp,
        template=_logsumexp_text,
        tangent=_logsumexp_tangent,
        adjoint=_logsumexp_adjoint,
        samples=(
            Sample(("f64[2,3]",), WHOLE),
            Sample(("f64[2,3]",), ROWS),
            Sample(("f32[2,3]",), {"axis": (0,), "keepdims": False}),
            Sample(("f64[2,3]", "f64[2,3]"), ROWS, domain=(0.5, 2.0)),
            Sample(("f64[2,3]", "f64[3]"), WHOLE, domain=(0.5, 2.0)),
        ),
    )
)


def _signed_tangent(
    ys: Sequence[Handle], dots: Sequence[Handle | None], *operands: Handle, **attrs: Any
) -> list[Handle | None]:
    """Return what the sum brings by its sign, infinite where the sum is zero."""
    y, sign = ys
    moved = _logsumexp_tangent(y, dots, *operands, **attrs)
    return [apply("masked_divide", moved, sign), None]


def _signed_adjoint(
    y_bars: Sequence[Handle | None],
    ys: Sequence[Handle],
    *operands: Handle,
    **attrs: Any,
) -> Sequence[Handle | None]:
    if y_bars[0] is None:
        return [None for _ in operands]
    y, sign = ys
    bar = apply("masked_divide", y_bars[0], sign)
    return _logsumexp_adjoint(bar, y, *operands, **attrs)


register(
    Primitive(
        name="signed_logsumexp",
        type_rule=lambda dims, types, attrs: [_logsumexp_type(dims, types, attrs)] * 2,
        evaluate=lambda a, b=None, **attrs: special.logsumexp(
            a, b=b, return_sign=True, **attrs
        ),
        template=bind(_logsumexp_text, more=", return_sign=True"),
        tangent=_signed_tangent,
        adjoint=_signed_adjoint,
        several=True,
        samples=(
            Sample(("f64[2,3]",), WHOLE),
            Sample(("f32[2,3]", "f32[2,3]"), ROWS),
            Sample(("f64[2,3]", "f64[3]"), ROWS),
        ),
    )
)


def _some_axes(name: str, axis: Any, rank: int) -> Axes:
    axes = normal_axes(axis, rank)
    if rank and not axes:
        raise Refusal(f"argument 'axis' of scipy.special.{name} names no axis")
    return axes


@lowers(special.logsumexp)
def _lower_logsumexp(
    a: Any,
    axis: Any = None,
    b: Any = None,
    keepdims: Any = False,
    return_sign: Any = False,
    *,
    builder: Builder,
) -> Any:
    operands = [lift(builder, x) for x in (a, b) if x is not None]
    x = operands[0]
    if x.rank == 0:
        raise Refusal("scipy.special.logsumexp of a number is not supported")
    if broadcast(builder.dims, [x.type.shape for x in operands]) != x.shape:
        raise Refusal(
            "argument 'b' of scipy.special.logsumexp has a larger shape than 'a'",
            "np.broadcast_to(a, b.shape)",
        )
    axes = _some_axes("logsumexp", axis, x.rank)
    attrs: Attrs = {"axis": axes, "keepdims": bool(static(keepdims))}
    if static(return_sign):
        return tuple(apply_several("signed_logsumexp", *operands, **attrs))
    return logsumexp(*operands, **attrs)


def _same_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    return tensor(_float(types), types[0].shape)


def _total(x: Handle, axis: Axes) -> Handle:
    return apply("sum", x, axis=axis, keepdims=True) if x.rank else x


def _softmax_rule(y: Handle, x: Handle, axis: Axes) -> Handle:
    """Return the product with the derivative, which is a symmetric matrix."""
    return y * (x - _total(y * x, axis))


def _log_softmax_tangent(
    y: Handle, dots: Sequence[Handle], x: Handle, axis: Axes
) -> Handle:
    return dots[0] - _total(exp(y) * dots[0], axis)


def _log_softmax_adjoint(
    y_bar: Handle, y: Handle, x: Handle, axis: Axes
) -> list[Handle]:
    return [y_bar - exp(y) * _total(y_bar, axis)]


def _declare(function: Callable[..., Any], tangent: Any, adjoint: Any) -> None:
    """Declare a function that has the shape of its operand, and an axis."""
    name = function.__name__
    primitive = register(
        Primitive(
            name=name,
            batch=along_axes,
            type_rule=_same_type,
            evaluate=lambda x, axis: function(x, axis or None),
            template=lambda types, attrs: (
                f"special.{name}({{0}}{_options(types, attrs)})"
            ),
            tangent=tangent,
            adjoint=adjoint,
            samples=(
                Sample(("f64[2,3]",), {"axis": (0, 1)}),
                Sample(("f64[2,3]",), {"axis": (1,)}),
                Sample(("f32[2,3]",), {"axis": (0,)}),
                Sample(("f64",), {"axis": ()}),
            ),
        )
    )

    def lower(x: Any, axis: Any = None, *, builder: Builder) -> Handle:
        handle = lift(builder, x)
        return primitive(handle, axis=_some_axes(name, axis, handle.rank))

    lowers(function)(lower)


_declare(
    special.softmax,
    lambda y, dots, x, axis: _softmax_rule(y, dots[0], axis),
    lambda y_bar, y, x, axis: [_softmax_rule(y, y_bar, axis)],
)
_declare(special.log_softmax, _log_softmax_tangent, _log_softmax_adjoint)
