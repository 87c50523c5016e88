"""Choices between operands: where, maximum, clip and their relatives."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from functools import partial as bind
from functools import reduce
from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.ir.core import Literal
from gradgen.ir.dims import Dims
from gradgen.ir.types import Scalar, Type, tensor
from gradgen.primitives.families import (
    differentiable,
    elementwise,
    scale,
)
from gradgen.primitives.lowering import Only, lowers
from gradgen.primitives.masked import larger
from gradgen.primitives.promotion import broadcast, common_dtype, elementwise_dtype
from gradgen.primitives.registry import (
    LOWERINGS,
    Attrs,
    Handle,
    Primitive,
    Sample,
    apply,
    builder_of,
    lift,
    register,
)
from gradgen.primitives.samples import PAIRS, REALS
from gradgen.primitives.shaping import cast_to, strong

Shares = Sequence[Callable[..., Handle]]
"""For each operand the share of the derivative that it takes, between 0 and 1."""


def _shared(share: Handle, bar: Handle) -> Handle:
    """Return a share of ``bar``; nothing is left of infinity where it is not chosen."""
    return apply("masked_multiply", share, bar, demote=True)


def _share_tangent(
    shares: Shares, z: Handle, dots: Sequence[Handle | None], *xs: Handle, **_: Any
) -> Handle:
    pairs = zip(shares, dots, strict=True)
    terms = [_shared(share(z, *xs), dot) for share, dot in pairs if dot is not None]
    return reduce(operator.add, terms)


def _share_adjoint(
    shares: Shares, z_bar: Handle, z: Handle, *xs: Handle, **_: Any
) -> list[Handle | None]:
    return [
        _shared(share(z, *xs), z_bar) if differentiable(x) else None
        for x, share in zip(xs, shares, strict=True)
    ]


def _choice(ufunc: np.ufunc, *shares: Callable[..., Handle]) -> Primitive:
    return elementwise(
        ufunc,
        tangent=bind(_share_tangent, shares),
        adjoint=bind(_share_adjoint, shares),
        commutative=True,
        samples=PAIRS,
    )


def _unless_nan(other: Handle, share: Handle) -> Handle:
    """Return ``share``, and 1 where the other operand is NaN, which is then ignored."""
    return apply("where", apply("isnan", other), 1.0, share)


maximum = _choice(
    np.maximum,
    lambda z, x, y: larger(x, y),
    lambda z, x, y: larger(y, x),
)
minimum = _choice(
    np.minimum,
    lambda z, x, y: larger(y, x),
    lambda z, x, y: larger(x, y),
)
fmax = _choice(
    np.fmax,
    lambda z, x, y: _unless_nan(y, larger(x, y)),
    lambda z, x, y: _unless_nan(x, larger(y, x)),
)
fmin = _choice(
    np.fmin,
    lambda z, x, y: _unless_nan(y, larger(y, x)),
    lambda z, x, y: _unless_nan(x, larger(x, y)),
)
heaviside = elementwise(
    np.heaviside,
    partials=[lambda z, x, h: None, lambda z, x, h: apply("equal", x, 0)],
    samples=PAIRS,
)


def _clip_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    """Type rule of ``np.clip``, for which even a Python number is an array."""
    dtype = common_dtype([Scalar(types[0].dtype), *types[1:]])
    return tensor(dtype, broadcast(dims, [type_.shape for type_ in types]))


_clip_shares = (
    lambda y, x, lo, hi: larger(x, lo) * larger(hi, x),
    lambda y, x, lo, hi: larger(lo, x) * larger(hi, maximum(x, lo)),
    lambda y, x, lo, hi: larger(maximum(x, lo), hi),
)
clip = register(
    Primitive(
        "clip",
        type_rule=_clip_type,
        evaluate=np.clip,
        template="np.clip({0}, {1}, {2})",
        tangent=bind(_share_tangent, _clip_shares),
        adjoint=bind(_share_adjoint, _clip_shares),
        elementwise=True,
        samples=(
            Sample(("f64[3,4]", -1.0, 1.0)),
            Sample(("f32[5]", -1.0, 1.0)),
            Sample(("f64[3,4]", "f64[4]", "f64[3,1]")),
            Sample(("float", 0.0, 1.0)),
            Sample((1, "float", 2)),
            Sample((1, "f32", "float")),
        ),
    )
)


@lowers(np.clip, method="clip")
def _clip(
    a: Any,
    a_min: Any = None,
    a_max: Any = None,
    out: Any = Only(),
    *,
    builder: Builder,
    min: Any = None,
    max: Any = None,
) -> Handle:
    low = min if a_min is None else a_min
    high = max if a_max is None else a_max
    if low is not None and high is not None:
        return clip(a, low, high)
    x = strong(lift(builder, a))
    if low is None and high is None:
        return apply("positive", x)
    return minimum(x, high) if low is None else maximum(x, low)


def _where_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    if types[0].dtype.kind not in "biufc":
        raise Refusal(f"a condition of type {types[0]}", "a comparison")
    dtype = elementwise_dtype(np.add, types[1:])
    return tensor(dtype, broadcast(dims, [type_.shape for type_ in types]))


def _where_text(types: Sequence[Any], attrs: Attrs) -> str:
    scalar = types and all(isinstance(type_, Scalar) for type_ in types)
    return "np.where({0}, {1}, {2})" + ("[()]" if scalar else "")


def _where_tangent(
    z: Handle, dots: Sequence[Handle | None], c: Handle, x: Handle, y: Handle
) -> Handle:
    x_dot, y_dot = (0.0 if dot is None else dot for dot in dots[1:])
    return apply("where", c, x_dot, y_dot)


def _where_adjoint(
    z_bar: Handle, z: Handle, c: Handle, x: Handle, y: Handle
) -> list[Handle | None]:
    x_bar = apply("where", c, z_bar, 0.0) if differentiable(x) else None
    y_bar = apply("where", c, 0.0, z_bar) if differentiable(y) else None
    return [None, x_bar, y_bar]


def _evaluate_where(c: Any, x: Any, y: Any) -> Any:
    chosen: Any = np.where(c, x, y)
    return chosen[()]


CONDITION = np.array([[True, False, True, False]])
where = register(
    Primitive(
        name="where",
        type_rule=_where_type,
        evaluate=_evaluate_where,
        template=_where_text,
        tangent=_where_tangent,
        adjoint=_where_adjoint,
        elementwise=True,
        takes_complex=True,
        samples=(
            Sample((CONDITION, "f64[3,4]", "f64[3,4]")),
            Sample((CONDITION, "f64", "f64[3,1]")),
            Sample((CONDITION, "f32[3,4]", 0.0)),
            Sample((True, "float", "float")),
            Sample((CONDITION[:, :0], "f64[3,1]", "f64")),
        ),
    )
)


@lowers(np.where)
def _where(condition: Any, x: Any = None, y: Any = None, /) -> Any:
    if x is None and y is None:
        return LOWERINGS[np.nonzero](condition)
    if x is None or y is None:
        raise Refusal("np.where takes both x and y, or neither")
    return where(condition, x, y)


@lowers(np.select)
def _select(condlist: Any, choicelist: Any, default: Any = 0) -> Handle:
    if not isinstance(condlist, list | tuple) or len(condlist) != len(choicelist):
        raise Refusal("np.select without two lists of one length is not supported")
    pairs = list(zip(condlist, choicelist, strict=True))
    builder = builder_of(condlist, choicelist, default)
    choices = [lift(builder, value) for value in (*choicelist, default)]
    rest = cast_to(choices[-1], common_dtype([x.type for x in choices]))
    for condition, choice in reversed(pairs):
        rest = where(condition, choice, rest)
    return rest


def _nan_to_num_text(types: Sequence[Any], attrs: Attrs) -> str:
    given = [f", {key}={value!r}" for key, value in attrs.items() if value is not None]
    return "np.nan_to_num({0}" + "".join(given) + ")"


nan_to_num = register(
    Primitive(
        name="nan_to_num",
        type_rule=lambda dims, types, attrs: tensor(types[0].dtype, types[0].shape),
        evaluate=lambda x, **attrs: np.nan_to_num(x, **_given(attrs))[()],
        template=_nan_to_num_text,
        tangent=lambda y, dots, x, **_: where(apply("isfinite", x), dots[0], 0.0),
        adjoint=lambda y_bar, y, x, **_: [where(apply("isfinite", x), y_bar, 0.0)],
        elementwise=True,
        samples=tuple(Sample(sample.operands) for sample in REALS),
    )
)


def _given(attrs: Attrs) -> dict[str, Any]:
    return {key: value for key, value in attrs.items() if value is not None}


@lowers(np.nan_to_num)
def _nan_to_num(
    x: Any,
    copy: Any = Only(True),
    nan: Any = 0.0,
    posinf: Any = None,
    neginf: Any = None,
) -> Handle:
    attrs = _given({"nan": nan or None, "posinf": posinf, "neginf": neginf})
    if any(isinstance(value, Handle) for value in attrs.values()):
        raise Refusal(
            "a replacement of np.nan_to_num known only at run time is not supported"
        )
    return nan_to_num(x, **attrs)


def _one_of_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    """Type rule of Python's ``max`` and ``min`` of numbers: the type of each."""
    if not all(isinstance(type_, Scalar) for type_ in types):
        raise Refusal(
            "max or min of arrays is not supported", "np.maximum or np.minimum"
        )
    dtype = types[0].dtype
    for type_ in types[1:]:
        dtype = elementwise_dtype(np.maximum, [Scalar(dtype), Scalar(type_.dtype)])
    strong = {type_.dtype for type_ in types if not type_.weak}
    if strong - {dtype}:
        raise Refusal(
            "max or min of numbers of several dtypes is not supported", "np.maximum"
        )
    return Scalar(dtype, weak=not strong)


def _as_joined(value: Any, xs: Sequence[Any]) -> Any:
    """Return the extremum of mixed numbers as one of the type that the rule says."""
    strong = [x for x in xs if isinstance(x, np.generic)]
    if strong:
        return strong[0].dtype.type(value)
    return float(value) if float in map(type, xs) else value


def _one_of_shares(y: Handle, xs: Sequence[Handle]) -> list[Handle]:
    """Return for every operand its share of the extremum."""
    chosen = [apply("equal", x, y, builder=y.builder) for x in xs]
    counted = [c if c.type.weak else 1 * c for c in chosen]  # NumPy's sum is 'or'
    ties = reduce(lambda p, q: p + q, counted)
    return [apply("masked_divide", c, ties) for c in chosen]


def _one_of_tangent(
    y: Handle, dots: Sequence[Handle | None], *xs: Handle
) -> Handle | None:
    pairs = zip(dots, _one_of_shares(y, xs), strict=True)
    terms = [scale(dot, share) for dot, share in pairs if dot is not None]
    return reduce(lambda p, q: p + q, terms)


def _one_of_adjoint(y_bar: Handle, y: Handle, *xs: Handle) -> list[Handle | None]:
    shares = _one_of_shares(y, xs)
    return [
        y_bar * share if differentiable(x) else None
        for x, share in zip(xs, shares, strict=True)
    ]


def _one_of_text(name: str, types: Sequence[Any], attrs: Attrs) -> str:
    """Print the call, cast to the type that the rule says where operands differ."""
    text = f"{name}({', '.join(f'{{{i}}}' for i in range(len(types)))})"
    strong_dtypes = [type_.dtype for type_ in types if not type_.weak]
    if len(strong_dtypes) == len(types):
        return text
    if strong_dtypes:
        return f"np.{strong_dtypes[0].name}({text})"
    return f"float({text})" if {t.dtype.kind for t in types} > {"f"} else text


def _declare_one_of(name: str, function: Any) -> None:
    register(
        Primitive(
            name=f"python_{name}",
            type_rule=_one_of_type,
            evaluate=lambda *xs: _as_joined(function(*xs), xs),
            template=bind(_one_of_text, name),
            tangent=_one_of_tangent,
            adjoint=_one_of_adjoint,
            samples=(
                Sample(("float", "float")),
                Sample(("float", 0.5)),
                Sample(("f64", "f64", "f64")),
                Sample(("f64", "float")),
                Sample(("float", 1)),
            ),
        )
    )


def _lower_one_of(name: str, function: Any) -> None:
    @lowers(function)
    def lowering(*numbers: Any, key: Any = Only(), default: Any = Only()) -> Handle:
        if len(numbers) == 1:
            if not isinstance(numbers[0], list | tuple):
                raise Refusal(
                    f"{name}() over the elements of an array is not supported",
                    f"np.{name}",
                )
            numbers = tuple(numbers[0])
        builder = builder_of(*numbers)
        handles = _alike([lift(builder, number) for number in numbers])
        return handles[0] if len(handles) == 1 else apply(f"python_{name}", *handles)


def _alike(numbers: list[Handle]) -> list[Handle]:
    """Return the operands of ``max(x, 0)``, whole numbers among floats as floats."""
    if not any(number.type.weak and number.dtype.kind == "f" for number in numbers):
        return numbers
    return [
        lift(x.builder, float(x.atom.value))
        if isinstance(x.atom, Literal) and type(x.atom.value) is int
        else x
        for x in numbers
    ]


for _name, _function in (("max", max), ("min", min)):
    _declare_one_of(_name, _function)
    _lower_one_of(_name, _function)
