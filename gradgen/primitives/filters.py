"""Linear filters of ``scipy.signal``: rational functions of a delay.

``A(z) Y = B(z) X`` for ``y = lfilter(b, a, x)``. So a tangent is a filter of tangents
with the same denominator; the adjoint filters backwards in time, and to coefficients it
hands back products with delayed signals. With a state, filters run backwards from the
cotangent of the final one: the last values of ``w`` below are that cotangent (Oppenheim
and Schafer, *Discrete-Time Signal Processing*, section 6.3: transposed forms).
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from functools import cache, reduce
from typing import Any

import numpy as np
from scipy import signal

from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.ir.core import Literal
from gradgen.ir.dims import Dims
from gradgen.ir.types import Type, tensor
from gradgen.kernels import filtering
from gradgen.primitives.axes import flipped
from gradgen.primitives.families import differentiable, zeros_like
from gradgen.primitives.indexing import read
from gradgen.primitives.joining import concatenate
from gradgen.primitives.lowering import lowers
from gradgen.primitives.promotion import elementwise_dtype
from gradgen.primitives.registry import (
    Attrs,
    Handle,
    Primitive,
    Sample,
    apply,
    apply_several,
    dim_of,
    in_shape_of,
    joined_terms,
    lift,
    register,
)
from gradgen.primitives.shaping import dims_from, normal_axis, reshape_to

Dots = Sequence[Handle | None]
FLOATS = "fdFD"


@cache
def _dtype_of(*dtypes: np.dtype) -> np.dtype:
    found: np.dtype = signal.lfilter(*(np.ones(2, dtype) for dtype in dtypes)).dtype
    return found


def _filter_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    b, a, x = types
    return tensor(_dtype_of(b.dtype, a.dtype, x.dtype), x.shape)


def _axis_text(types: Sequence[Any], attrs: Attrs) -> str:
    axis = attrs["axis"]
    return "" if axis == len(types[2].shape) - 1 else f", axis={axis}"


def _filtered(b: Handle | None, a: Handle, x: Handle, axis: int) -> Handle:
    """Return ``x`` filtered, by feedback alone where there is no ``b``."""
    numerator = apply("ones", 1, builder=a.builder, dtype=a.dtype) if b is None else b
    return apply("lfilter", numerator, a, x, axis=axis)


def _backwards(b: Handle | None, a: Handle, x: Handle, axis: int) -> Handle:
    """Return ``x`` filtered from its end to its beginning."""
    return flipped(_filtered(b, a, flipped(x, (axis,)), axis), (axis,))


def _tangent(
    y: Handle, dots: Dots, b: Handle, a: Handle, x: Handle, axis: int
) -> Handle:
    b_dot, a_dot, x_dot = dots
    terms = [
        None if x_dot is None else _filtered(b, a, x_dot, axis),
        None if b_dot is None else _filtered(b_dot, a, x, axis),
        None if a_dot is None else -_filtered(a_dot, a, y, axis),
    ]
    return reduce(operator.add, (term for term in terms if term is not None))


def _adjoint(
    y_bar: Handle, y: Handle, b: Handle, a: Handle, x: Handle, axis: int
) -> list[Handle | None]:
    w = _backwards(None, a, y_bar, axis)
    return [
        _lags(w, x, b, axis) if differentiable(b) else None,
        -_lags(w, y, a, axis) if differentiable(a) else None,
        _backwards(b, a, y_bar, axis) if differentiable(x) else None,
    ]


def _lags(w: Handle, x: Handle, like: Handle, axis: int) -> Handle:
    """Return the cotangent of coefficients ``like`` that delay ``x``."""
    return apply("lag_products", w, x, dim_of(like, 0), axis=axis)


B, A = np.array([0.5, 0.3, 0.2]), np.array([1.25, -0.5, 0.25])
register(
    Primitive(
        name="lfilter",
        type_rule=_filter_type,
        evaluate=lambda b, a, x, axis: signal.lfilter(b, a, x, axis),
        template=lambda types, attrs: (
            f"signal.lfilter({{0}}, {{1}}, {{2}}{_axis_text(types, attrs)})"
        ),
        tangent=_tangent,
        adjoint=_adjoint,
        takes_complex=True,
        samples=(
            Sample((B, A[:2], "f64[4]"), {"axis": 0}),
            Sample((B[:2], A, "f64[2,4]"), {"axis": 1}),
            Sample((B, A[:1], "f64[3,2]"), {"axis": 0}),
            Sample((B[:1], A, "f64[2]"), {"axis": 0}),
            Sample((np.float32(B), np.float32(A), "f32[5]"), {"axis": 0}),
        ),
    )
)


def _lags_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    dtype = elementwise_dtype(np.multiply, types[:2])
    return tensor(dtype, dims_from(dims, types[2:]))


def _lags_tangent(
    y: Handle, dots: Dots, w: Handle, x: Handle, count: Handle, axis: int
) -> Handle:
    w_dot, x_dot, _ = dots
    return joined_terms(
        None if w_dot is None else apply("lag_products", w_dot, x, count, axis=axis),
        None if x_dot is None else apply("lag_products", w, x_dot, count, axis=axis),
    )


def _lags_adjoint(
    bar: Handle, y: Handle, w: Handle, x: Handle, count: Handle, axis: int
) -> list[Handle | None]:
    one = apply("ones", 1, builder=w.builder, dtype=w.dtype)
    delayed = _filtered(bar, one, _fitted(x, w, axis), axis)
    advanced = _fitted(_backwards(bar, one, w, axis), x, axis)
    return [
        delayed if differentiable(w) else None,
        advanced if differentiable(x) else None,
        None,
    ]


def _fitted(x: Handle, like: Handle, axis: int) -> Handle:
    """Return ``x`` with zeros added, or cut off, to the length of ``like``."""
    if x.shape[axis] == like.shape[axis]:
        return x
    return apply("fit_axes", x, dim_of(like, axis), axes=(axis,))


register(
    Primitive(
        name="lag_products",
        type_rule=_lags_type,
        evaluate=filtering.lag_products,
        template=lambda types, attrs: (
            f"lag_products({{0}}, {{1}}, {{2}}, {attrs['axis']})"
        ),
        tangent=_lags_tangent,
        adjoint=_lags_adjoint,
        takes_complex=True,
        samples=(
            Sample(("f64[4]", "f64[4]", 3), {"axis": 0}),
            Sample(("f64[5,2]", "f64[3,2]", 2), {"axis": 0}),
            Sample(("f32[2,2]", "f32[2,2]", 3), {"axis": 1}),
        ),
    )
)


def _state_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> list[Type]:
    dtype = np.result_type(*(type_.dtype for type_ in types))
    return [tensor(dtype, type_.shape) for type_ in types[2:]]


def _run(operands: Sequence[Handle], axis: int) -> list[Handle]:
    """Return the filtered signal and the final state."""
    return apply_several("lfilter_from", *operands, axis=axis)


def _state_tangent(
    ys: Sequence[Handle],
    dots: Dots,
    b: Handle,
    a: Handle,
    x: Handle,
    state: Handle,
    axis: int,
) -> list[Handle]:
    b_dot, a_dot, x_dot, state_dot = dots
    runs = []
    if x_dot is not None or state_dot is not None:
        moved = (x_dot or zeros_like(x), state_dot or zeros_like(state))
        runs.append(_run((b, a, *moved), axis))
    if b_dot is not None:
        runs.append(_run((b_dot, a, x, zeros_like(state)), axis))
    if a_dot is not None:
        fed_back = apply("fit_axes", -a_dot, dim_of(state, axis) + 1, axes=(0,))
        runs.append(_run((fed_back, a, ys[0], zeros_like(state)), axis))
    total, *rest = runs
    for run in rest:
        total = [left + right for left, right in zip(total, run, strict=True)]
    return total


def _state_adjoint(
    bars: Dots,
    ys: Sequence[Handle],
    b: Handle,
    a: Handle,
    x: Handle,
    state: Handle,
    axis: int,
) -> list[Handle | None]:
    """Return cotangents by ``w``, which goes on for as long as the state is.

    Filtered forwards, its last values give what begins the backward filter.
    """
    y_bar, state_bar = (
        zeros_like(y) if bar is None else bar for bar, y in zip(bars, ys, strict=True)
    )
    one = apply("ones", 1, builder=a.builder, dtype=a.dtype)
    count = dim_of(state, axis)
    last = _filtered(a, one, flipped(state_bar, (axis,)), axis)
    driven = concatenate(last, flipped(y_bar, (axis,)), axis=axis)
    w = _filtered(None, a, driven, axis)
    x_bar = _along(_filtered(b, one, w, axis), slice(count, None), axis)
    w = flipped(w, (axis,))
    return [
        _lags(w, x, b, axis) if differentiable(b) else None,
        -_lags(w, ys[0], a, axis) if differentiable(a) else None,
        flipped(in_shape_of(x, x_bar), (axis,)),
        in_shape_of(state, _along(w, slice(None, count), axis)),
    ]


def _along(x: Handle, part: slice, axis: int) -> Handle:
    return read(x, [*([slice(None)] * axis), part])


def _normalised(f: Any, b: Handle, a: Handle, *others: Handle) -> Any:
    """Return a filter with coefficients such that the first of ``a`` is 1."""
    return f(*_divided(b, a), *others)


def _divided(b: Handle, a: Handle) -> tuple[Handle, Handle]:
    first = read(a, [0])
    return b / first, a / first


register(
    Primitive(
        name="lfilter_from",
        type_rule=_state_type,
        evaluate=lambda b, a, x, zi, axis: signal.lfilter(b, a, x, axis, zi),
        template=lambda types, attrs: (
            f"signal.lfilter({{0}}, {{1}}, {{2}}{_axis_text(types, attrs)}, zi={{3}})"
        ),
        tangent=_state_tangent,
        adjoint=_state_adjoint,
        several=True,
        takes_complex=True,
        samples=(
            Sample((B, A, "f64[4]", "f64[2]"), {"axis": 0}, around=_normalised),
            Sample((B, A[:2], "f64[1]", "f64[2]"), {"axis": 0}, around=_normalised),
            Sample((B[:2], A, "f64[3,2]", "f64[2,2]"), {"axis": 0}, around=_normalised),
        ),
    )
)


def _coefficients(given: Any, name: str, builder: Builder) -> Handle:
    line = lift(builder, given)
    if line.rank > 1 or 0 in line.shape:
        raise Refusal(f"scipy.signal.lfilter: '{name}' is no vector")
    return line if line.rank else reshape_to(line, [1])


def _starts_with_one(a: Any) -> bool:
    """Tell whether the first of some coefficients is known to be 1."""
    first = a[0] if isinstance(a, list | tuple) and a else a
    if isinstance(first, Handle) and isinstance(first.atom, Literal):
        first = first.atom.value
    return isinstance(first, int | float) and first == 1


@lowers(signal.lfilter)
def _lower_lfilter(
    b: Any, a: Any, x: Any, axis: Any = -1, zi: Any = None, *, builder: Builder
) -> Any:
    """Lower to a filter; one with a state gets coefficients of which ``a[0]`` is 1."""
    top, bottom = _coefficients(b, "b", builder), _coefficients(a, "a", builder)
    moving = [lift(builder, part) for part in (x, *(() if zi is None else (zi,)))]
    along = normal_axis(axis, moving[0].rank)
    if np.result_type(*(h.dtype for h in (top, bottom, *moving))).char not in FLOATS:
        raise Refusal("scipy.signal.lfilter of integers is not supported", "1.0 * x")
    if zi is None:
        return apply("lfilter", top, bottom, moving[0], axis=along)
    signal_in, state = moving
    _check_state(signal_in, state, along)
    if not _starts_with_one(a):
        top, bottom = _divided(top, bottom)
    return tuple(_run((top, bottom, signal_in, state), along))


def _check_state(x: Handle, state: Handle, axis: int) -> None:
    others = [axis_ for axis_ in range(x.rank) if axis_ != axis]
    fits = state.rank == x.rank and 0 not in state.shape
    if not fits or any(state.shape[k] == 1 != x.shape[k] for k in others):
        raise Refusal(
            "argument 'zi' of scipy.signal.lfilter that is empty, or broadcast",
            "np.broadcast_to(zi, …), with the shape of x but along the axis",
        )
