"""Parts of floats: exponents, mantissas, fractions, neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.ir.dims import Dims
from gradgen.ir.types import BOOL, Type, tensor
from gradgen.primitives.families import elementwise, step
from gradgen.primitives.lowering import Only, lowers, static
from gradgen.primitives.promotion import broadcast, elementwise_dtype
from gradgen.primitives.registry import (
    Attrs,
    Handle,
    Primitive,
    Sample,
    apply,
    lift,
    register,
)
from gradgen.primitives.samples import PAIRS, REALS, within

step(np.spacing, samples=REALS)
elementwise(
    np.nextafter,
    partials=[lambda z, x, y: 1, lambda z, x, y: None],
    samples=PAIRS,
)
EXPONENT = np.array([1, -2, 3])
ldexp = elementwise(
    np.ldexp,
    tangent=lambda y, dots, x, i: apply("ldexp", dots[0], i),
    adjoint=lambda y_bar, y, x, i: [apply("ldexp", y_bar, i), None],
    samples=(Sample(("f64[3]", EXPONENT)), Sample(("f64", 2)), Sample(("f32[3]", 1))),
)
for _ufunc in (np.gcd, np.lcm):
    step(_ufunc, samples=(Sample((np.array([4, 6]), np.array([6, 9]))),))
if hasattr(np, "bitwise_count"):
    step(np.bitwise_count, samples=(Sample((np.array([4, 7]),)),))


def _float_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    dtype = elementwise_dtype(np.sqrt, types)
    return tensor(dtype, types[0].shape)


fraction = register(
    Primitive(
        name="fraction",
        type_rule=_float_type,
        evaluate=lambda x: np.modf(x)[0],
        template="np.modf({0})[0]",
        tangent=lambda y, dots, x: dots[0],
        adjoint=lambda y_bar, y, x: [y_bar],
        elementwise=True,
        samples=REALS,
    )
)
exponent = register(
    Primitive(
        name="exponent",
        type_rule=lambda dims, types, attrs: tensor(np.dtype(np.int32), types[0].shape),
        evaluate=lambda x: np.frexp(x)[1],
        template="np.frexp({0})[1]",
        elementwise=True,
        samples=REALS,
    )
)
mantissa = register(
    Primitive(
        name="mantissa",
        type_rule=_float_type,
        evaluate=lambda x: np.frexp(x)[0],
        template="np.frexp({0})[0]",
        tangent=lambda y, dots, x: ldexp(dots[0], -exponent(x)),
        adjoint=lambda y_bar, y, x: [ldexp(y_bar, -exponent(x))],
        elementwise=True,
        samples=within(0.55, 0.9),
    )
)


def _floating(x: Any, name: str) -> Handle:
    if not isinstance(x, Handle) or x.dtype.kind != "f":
        raise Refusal(f"np.{name} of what are no floats is not supported")
    return x


@lowers(np.modf)
def _modf(x: Any, /, out: Any = Only()) -> tuple[Handle, Handle]:
    whole = apply("trunc", _floating(x, "modf"))
    return fraction(x), whole


@lowers(np.frexp)
def _frexp(x: Any, /, out: Any = Only()) -> tuple[Handle, Handle]:
    return mantissa(_floating(x, "frexp")), exponent(x)


def _close_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    return tensor(BOOL, broadcast(dims, [type_.shape for type_ in types]))


def _close_text(types: Sequence[Any], attrs: Attrs) -> str:
    return "np.isclose({0}, {1}, {2}, {3}" + (", True)" if attrs["same"] else ")")


isclose = register(
    Primitive(
        name="isclose",
        type_rule=_close_type,
        evaluate=lambda x, y, r, a, same: np.isclose(x, y, r, a, same),
        template=_close_text,
        takes_complex=True,
        samples=(Sample(("f64[3]", "f64[2,1]", 0.1, 0.1), {"same": False}),),
    )
)


@lowers(np.isclose)
def _isclose(
    a: Any,
    b: Any,
    rtol: Any = 1e-5,
    atol: Any = 1e-8,
    equal_nan: Any = False,
    *,
    builder: Builder,
) -> Handle:
    pair = [lift(builder, x) for x in (a, b)]
    return isclose(*pair, rtol, atol, same=bool(static(equal_nan)))
