"""Functions of ``math`` without a NumPy counterpart, and what stops a derivative.

So is ``np.i0``, the one Bessel function that NumPy has. Derivatives that are functions
of SciPy alone are taken from there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.ir.dims import Dims
from gradgen.ir.types import BOOL, FLOAT, PY_FLOAT, Scalar, Type, tensor
from gradgen.markers import stop_gradient
from gradgen.primitives.batching import by_broadcasting
from gradgen.primitives.elementary import exp
from gradgen.primitives.families import elementwise_rules, linear
from gradgen.primitives.lowering import describe, lowers
from gradgen.primitives.registry import (
    Attrs,
    Handle,
    Primitive,
    Sample,
    apply,
    builder_of,
    lift,
    register,
)
from gradgen.primitives.samples import FEW

register(
    Primitive(
        name="stop_gradient",
        batch=by_broadcasting,
        type_rule=lambda dims, types, attrs: types[0],
        evaluate=lambda x: x,
        template="{0}",
        shares=(0,),
        takes_complex=True,
        samples=(Sample(("f64[3]",)), Sample(("float",))),
    )
)


@lowers(stop_gradient)
def _stop_gradient(x: Any) -> Any:
    """Lower over containers, too: every number inside is taken for a constant."""
    if isinstance(x, list | tuple):
        return type(x)(map(_stop_gradient, x))
    if isinstance(x, dict):
        return {key: _stop_gradient(value) for key, value in x.items()}
    return apply("stop_gradient", x) if isinstance(x, Handle) else x


def _math_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    if not all(isinstance(type_, Scalar) for type_ in types):
        raise Refusal("a function of math takes single numbers, not arrays")
    return PY_FLOAT


def _math_function(
    function: Callable[..., Any], partial: Callable[..., Any], name: str = ""
) -> None:
    tangent, adjoint = elementwise_rules([partial])
    primitive = register(
        Primitive(
            name=name or function.__name__,
            type_rule=_math_type,
            evaluate=lambda x, lib: function(x),
            template=f"{describe(function)}({{0}})",
            tangent=tangent,
            adjoint=adjoint,
            samples=tuple(
                Sample((kind,), {"lib": "math"}, (0.5, 2.0))
                for kind in ("float", "f64")
            ),
        )
    )
    lowers(function)(lambda x, /: apply(primitive.name, x, lib="math"))


_SLOPE = 2.0 / math.sqrt(math.pi)
_math_function(math.erf, lambda y, x: _SLOPE * exp(-(x * x)))
_math_function(math.erfc, lambda y, x: -_SLOPE * exp(-(x * x)))


def _of_scipy(name: str, x: Handle, what: str) -> Handle:
    """Return a function of ``scipy.special``, which a derivative consists of."""
    try:
        return apply(name, x)
    except ModuleNotFoundError:
        raise Refusal(
            f"the derivative of {what} needs SciPy, which is not installed",
            "pip install gradgen[scipy]",
        ) from None


def _psi(x: Handle) -> Handle:
    """Return the logarithmic derivative of the gamma function."""
    return _of_scipy("psi", x, "the gamma function")


_math_function(math.gamma, lambda y, x: y * _psi(x), "math_gamma")
_math_function(math.lgamma, lambda y, x: _psi(x), "math_lgamma")


def _i0_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    dtype = types[0].dtype
    return tensor(dtype if dtype.kind == "f" else FLOAT, types[0].shape)


_i0_rules = elementwise_rules([lambda y, x: _of_scipy("i1", x, "np.i0")])
register(
    Primitive(
        name="numpy_i0",
        type_rule=_i0_type,
        evaluate=lambda x: np.i0(x)[()],
        template=lambda types, attrs: (
            "np.i0({0})" if types and types[0].shape else "np.i0({0})[()]"
        ),
        tangent=_i0_rules[0],
        adjoint=_i0_rules[1],
        elementwise=True,
        samples=FEW,
    )
)


@lowers(np.i0)
def _i0(x: Any, *, builder: Builder) -> Handle:
    return apply("numpy_i0", lift(builder, x))


linear(
    "fsum",
    type_rule=_math_type,
    evaluate=lambda *xs: math.fsum(xs),
    template=lambda types, attrs: (
        f"math.fsum([{', '.join(f'{{{i}}}' for i in range(len(types)))}])"
    ),
    adjoint=lambda y_bar, y, *xs: [y_bar] * len(xs),
    operands=0,
    takes_complex=False,
    samples=(Sample(("float", "float", "float")), Sample(("f64", 1.5))),
)


@lowers(math.fsum)
def _fsum(seq: Any, /) -> Handle:
    _check_list("math.fsum", seq)
    return apply("fsum", *seq)


@lowers(math.prod)
def _prod(iterable: Any, /, *, start: Any = 1) -> Handle:
    _check_list("math.prod", iterable)
    builder = builder_of(start, *iterable)
    factors = [lift(builder, factor) for factor in (start, *iterable)]
    product, *rest = factors[1:] if _is_one(start) and _counts(factors[1]) else factors
    for factor in rest:
        product = product * factor
    return product


def _is_one(value: Any) -> bool:
    return type(value) is int and value == 1


def _counts(x: Handle) -> bool:
    """Tell whether ``1 * x`` has the type of ``x``: a flag becomes a number."""
    return x.dtype != BOOL


def _check_list(name: str, value: Any) -> None:
    if not isinstance(value, list | tuple):
        raise Refusal(
            f"{name} over the elements of an array is not supported", f"np.{name[-4:]}"
        )
