"""Partial orders, choices by number, and angles without jumps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.ir.core import Literal
from gradgen.ir.dims import Dims
from gradgen.ir.types import INT, Type, tensor
from gradgen.primitives.batching import along_axes
from gradgen.primitives.families import differentiable
from gradgen.primitives.lowering import Only, lowers, static
from gradgen.primitives.promotion import broadcast, common_dtype
from gradgen.primitives.registry import (
    Attrs,
    Handle,
    Primitive,
    Sample,
    apply,
    lift,
    register,
)
from gradgen.primitives.shaping import normal_axis, reshape_to


def _kept_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    return tensor(types[0].dtype, types[0].shape)


def _partition_text(name: str, types: Sequence[Any], attrs: Attrs) -> str:
    kth = attrs["kth"]
    last = types and attrs["axis"] == len(types[0].shape) - 1
    axis = "" if last else f", axis={attrs['axis']}"
    return f"np.{name}({{0}}, {kth[0] if len(kth) == 1 else kth}{axis})"


def _sources(x: Handle, y: Handle, axis: int) -> Handle:
    """Return from where in ``x`` the elements of ``y`` come, which holds the same.

    NumPy does not say in which order a partition leaves what lies between the places
    that it is asked for, so that ``np.argpartition`` may answer otherwise.
    """
    orders = [apply("stable_order", z, axis=axis) for z in (x, y)]
    return apply("put_back", *orders, axis=axis)


def _partition_tangent(
    y: Handle, dots: Sequence[Handle | None], x: Handle, kth: Any, axis: int
) -> Handle:
    return apply("take_along_axis", dots[0], _sources(x, y, axis), axis=axis)


def _partition_adjoint(
    y_bar: Handle, y: Handle, x: Handle, kth: Any, axis: int
) -> list[Handle]:
    return [apply("put_back", y_bar, _sources(x, y, axis), axis=axis)]


PARTED = (
    Sample(("f64[5]",), {"kth": (2,), "axis": 0}),
    Sample(("f64[4,3]",), {"kth": (0, 2), "axis": 0}),
    Sample(("f32[3,4]",), {"kth": (-2,), "axis": 1}),
)
register(
    Primitive(
        name="partition",
        batch=along_axes,
        type_rule=_kept_type,
        evaluate=lambda x, kth, axis: np.partition(x, kth, axis),
        template=lambda types, attrs: _partition_text("partition", types, attrs),
        tangent=_partition_tangent,
        adjoint=_partition_adjoint,
        samples=PARTED,
    )
)
register(
    Primitive(
        name="argpartition",
        batch=along_axes,
        type_rule=lambda dims, types, attrs: tensor(INT, types[0].shape),
        evaluate=lambda x, kth, axis: np.argpartition(x, kth, axis),
        template=lambda types, attrs: _partition_text("argpartition", types, attrs),
        samples=PARTED,
    )
)


def parted(name: str, x: Handle, kth: Any, axis: Any) -> Handle:
    """Return a partition of ``x``, or the places of one, along an axis."""
    places = static(kth)
    places = tuple(places) if isinstance(places, tuple | list) else (places,)
    if not places or not all(type(place) is int for place in places):
        raise Refusal(f"np.{name} by places that are no integers known when compiling")
    if axis is None:
        return apply(name, reshape_to(x, [-1]), kth=places, axis=0)
    return apply(name, x, kth=places, axis=normal_axis(axis, x.rank))


@lowers(np.partition)
def _partition(
    a: Handle,
    kth: Any,
    axis: Any = -1,
    kind: Any = Only("introselect"),
    order: Any = Only(),
) -> Handle:
    return parted("partition", a, kth, axis)


@lowers(np.argpartition, method="argpartition")
def _argpartition(
    a: Handle,
    kth: Any,
    axis: Any = -1,
    kind: Any = Only("introselect"),
    order: Any = Only(),
) -> Handle:
    return parted("argpartition", a, kth, axis)


def _choose_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    *choices, numbers = types
    if numbers.dtype.kind not in "iub":
        raise Refusal("np.choose by what are no integers")
    shape = broadcast(dims, [numbers.shape, *(x.shape for x in choices)])
    return tensor(common_dtype(choices), shape)


def _choose_text(types: Sequence[Any], attrs: Attrs) -> str:
    count = max(len(types) - 1, 0)
    choices = ", ".join(f"{{{k}}}" for k in range(count))
    mode = "" if attrs["mode"] == "raise" else f", mode='{attrs['mode']}'"
    return f"np.choose({{{count}}}, [{choices}]{mode})"


def _choose_tangent(
    y: Handle, dots: Sequence[Handle | None], *operands: Handle, mode: str
) -> Handle:
    moving = [
        _zero_of(x) if dot is None else dot
        for dot, x in zip(dots[:-1], operands[:-1], strict=True)
    ]
    return apply("choose", *moving, operands[-1], mode=mode)


def _zero_of(x: Handle) -> Any:
    return 0.0 if x.type.weak else x.dtype.type(0)


def _choose_adjoint(
    y_bar: Handle, y: Handle, *operands: Handle, mode: str
) -> list[Handle | None]:
    *choices, numbers = operands
    chosen = _in_mode(numbers, len(choices), mode)
    bars = [
        apply("where", apply("equal", chosen, k), y_bar, 0.0)
        if differentiable(x)
        else None
        for k, x in enumerate(choices)
    ]
    return [*bars, None]


def _in_mode(numbers: Handle, count: int, mode: str) -> Handle:
    """Return numbers within bounds, as ``mode`` says."""
    if mode == "clip":
        return apply("clip", numbers, 0, count - 1)
    return apply("remainder", numbers, count) if mode == "wrap" else numbers


NUMBERS = np.array([[1, 0, 2], [0, 1, 1]])
register(
    Primitive(
        name="choose",
        type_rule=_choose_type,
        evaluate=lambda *xs, mode: np.choose(xs[-1], xs[:-1], mode=mode),
        template=_choose_text,
        tangent=_choose_tangent,
        adjoint=_choose_adjoint,
        takes_complex=True,
        samples=(
            Sample(("f64[2,3]", "f64[3]", "f64", NUMBERS), {"mode": "raise"}),
            Sample(("f64[2,3]", "f64[2,1]", NUMBERS), {"mode": "wrap"}),
            Sample(("f32[2,3]", "f32[3]", NUMBERS - 1), {"mode": "clip"}),
        ),
    )
)

MODES = ("raise", "wrap", "clip")


@lowers(np.choose)
def _choose(
    a: Any, choices: Any, out: Any = Only(), mode: Any = "raise", *, builder: Builder
) -> Handle:
    if not isinstance(choices, list | tuple) or not choices:
        raise Refusal(
            "np.choose from what is no list of arrays is not supported",
            "np.take_along_axis",
        )
    if mode not in MODES:
        raise Refusal(f"mode={mode!r} of np.choose", "'raise', 'wrap' or 'clip'")
    operands = [lift(builder, x) for x in (*choices, a)]
    if not operands[-1].rank:
        raise Refusal("np.choose by a single number is not supported", "choices[i]")
    return apply("choose", *operands, mode=mode)


@lowers(method="choose")
def _choose_method(
    a: Handle, choices: Any, out: Any = Only(), mode: Any = "raise"
) -> Handle:
    return _choose(a, choices, mode=mode, builder=a.builder)


def _unwrap_text(types: Sequence[Any], attrs: Attrs) -> str:
    last = types and attrs["axis"] == len(types[0].shape) - 1
    given = {} if last else {"axis": attrs["axis"]}
    given |= {k: attrs[k] for k in ("discont", "period") if k in attrs}
    options = "".join(f", {key}={value!r}" for key, value in given.items())
    return f"np.unwrap({{0}}{options})"


register(
    Primitive(
        name="unwrap",
        batch=along_axes,
        type_rule=lambda dims, types, attrs: tensor(
            types[0].dtype if types[0].dtype.kind == "f" else np.dtype(float),
            types[0].shape,
        ),
        evaluate=lambda x, **attrs: np.unwrap(x, **attrs),
        template=_unwrap_text,
        tangent=lambda y, dots, x, **_: dots[0],
        adjoint=lambda y_bar, y, x, **_: [y_bar],
        samples=(
            Sample(("f64[4]",), {"axis": 0}),
            Sample(("f64[3,4]",), {"axis": 0, "period": 2.0}),
            Sample(("f64[3,4]",), {"axis": 1, "discont": 4.0}),
        ),
    )
)


@lowers(np.unwrap)
def _unwrap(
    p: Any,
    discont: Any = None,
    axis: Any = -1,
    *,
    builder: Builder,
    period: Any = 2 * np.pi,
) -> Handle:
    x = lift(builder, p)
    if x.dtype.kind in "biu" or not x.rank:
        raise Refusal("np.unwrap of what is no array of floats is not supported")
    given = {"discont": discont, "period": period}
    options = {key: _number(key, value) for key, value in given.items()}
    default = {"discont": None, "period": 2 * np.pi}
    attrs = {key: value for key, value in options.items() if value != default[key]}
    return apply("unwrap", x, axis=normal_axis(axis, x.rank), **attrs)


def _number(name: str, value: Any) -> Any:
    """Return a number that is known when compiling."""
    if isinstance(value, Handle):
        if not isinstance(value.atom, Literal):
            raise Refusal(f"argument '{name}' of np.unwrap known only at run time")
        return value.atom.value
    return value
