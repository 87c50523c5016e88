"""Circular and hyperbolic functions and their inverses."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial as bind
from typing import Any

import numpy as np

from gradgen import kernels
from gradgen.ir.dims import Dims
from gradgen.ir.types import PY_FLOAT, Type, is_complex
from gradgen.primitives.elementary import hypot, sqrt
from gradgen.primitives.families import Over, elementwise, elementwise_rules
from gradgen.primitives.lowering import lowers
from gradgen.primitives.promotion import elementwise_type
from gradgen.primitives.registry import (
    Attrs,
    Handle,
    Primitive,
    Sample,
    apply,
    register,
)
from gradgen.primitives.samples import NONZERO, REALS, UNIT, within

DEGREE = math.pi / 180.0

sin: Primitive = elementwise(
    np.sin,
    math=math.sin,
    partials=[lambda y, x: cos(x)],
    samples=REALS,
    takes_complex=True,
)
cos: Primitive = elementwise(
    np.cos,
    math=math.cos,
    partials=[lambda y, x: -sin(x)],
    samples=REALS,
    takes_complex=True,
)
tan = elementwise(
    np.tan,
    math=math.tan,
    partials=[lambda y, x: 1 + y * y],
    samples=UNIT,
    takes_complex=True,
)


def _across(x: Handle) -> Handle:
    """Return ``sqrt(1 - x * x)``, without cancellation near 1."""
    return sqrt((1 - x) * (1 + x))


def _by_result(of_result: Callable[[Handle], Handle], of_operand: Any) -> Any:
    """Return what a partial derivative is divided by, computed from ``y`` if complex.

    Of the two values that a root has, that is the right one on a branch cut, too.
    """
    return lambda y, x: of_result(y) if is_complex(y.type) else of_operand(x)


_of_arcsin = _by_result(cos, _across)
_of_arccos = _by_result(sin, _across)
arcsin = elementwise(
    np.arcsin,
    math=math.asin,
    partials=[lambda y, x: Over(1, _of_arcsin(y, x), singular=True)],
    samples=UNIT,
    takes_complex=True,
)
arccos = elementwise(
    np.arccos,
    math=math.acos,
    partials=[lambda y, x: Over(-1, _of_arccos(y, x), singular=True)],
    samples=UNIT,
    takes_complex=True,
)


def _of_arctan(x: Handle) -> Over:
    """Return ``1 / (1 + x * x)``, where the square may overflow.

    ``hypot`` takes a number best, and an array ten times as long as a square.
    """
    if is_complex(x.type):
        return Over(1, (1 - 1j * x) * (1 + 1j * x))
    if x.rank:
        return Over(1, 1 + apply("quiet_power", x, 2))
    radius = hypot(1.0, x)
    return Over(1 / radius, radius)


arctan = elementwise(
    np.arctan,
    math=math.atan,
    partials=[lambda y, x: _of_arctan(x)],
    samples=REALS,
    takes_complex=True,
)


def _by_radius(leg: Handle, y: Handle, x: Handle) -> Handle:
    """Return ``leg / (x * x + y * y)``, where the squares may underflow."""
    return apply("over_squares", leg, x, y)


arctan2 = elementwise(
    np.arctan2,
    math=math.atan2,
    partials=[
        lambda z, y, x: _by_radius(x, y, x),
        lambda z, y, x: -_by_radius(y, y, x),
    ],
    samples=NONZERO,
)
sinh: Primitive = elementwise(
    np.sinh,
    math=math.sinh,
    partials=[lambda y, x: cosh(x)],
    samples=REALS,
    takes_complex=True,
)
cosh: Primitive = elementwise(
    np.cosh,
    math=math.cosh,
    partials=[lambda y, x: sinh(x)],
    samples=REALS,
    takes_complex=True,
)
tanh = elementwise(
    np.tanh,
    math=math.tanh,
    partials=[lambda y, x: 1 - y * y],
    samples=REALS,
    takes_complex=True,
)


def _of_arcsinh(y: Handle, x: Handle) -> Handle:
    """Return ``sqrt(1 + x * x)``; ``hypot`` takes ten times as long for an array."""
    return cosh(y) if x.rank or is_complex(x.type) else hypot(1.0, x)


_of_arccosh = _by_result(sinh, lambda x: sqrt(x - 1) * sqrt(x + 1))
arcsinh = elementwise(
    np.arcsinh,
    math=math.asinh,
    partials=[lambda y, x: Over(1, _of_arcsinh(y, x))],
    samples=REALS,
    takes_complex=True,
)
arccosh = elementwise(
    np.arccosh,
    math=math.acosh,
    partials=[lambda y, x: Over(1, _of_arccosh(y, x), singular=True)],
    samples=within(1.5, 3.0),
    takes_complex=True,
)
arctanh = elementwise(
    np.arctanh,
    math=math.atanh,
    partials=[lambda y, x: Over(1, (1 - x) * (1 + x))],
    samples=UNIT,
    takes_complex=True,
)

_ANGLES: tuple[tuple[Any, Any, float], ...] = (
    (np.deg2rad, None, DEGREE),
    (np.radians, math.radians, DEGREE),
    (np.rad2deg, None, 1 / DEGREE),
    (np.degrees, math.degrees, 1 / DEGREE),
)


def _constant_slope(slope: float) -> Callable[..., float]:
    return lambda y, x: slope


for _ufunc, _function, _factor in _ANGLES:
    elementwise(
        _ufunc, partials=[_constant_slope(_factor)], math=_function, samples=REALS
    )


def _sinc_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    """Type rule of ``np.sinc``, which multiplies by pi before anything else."""
    return elementwise_type(np.multiply, dims, [types[0], PY_FLOAT], {})


def _sinc_partial(y: Handle, x: Handle, order: int) -> Handle:
    return apply("sinc_derivative", x, order=order + 1)


sinc_derivative = register(
    Primitive(
        name="sinc_derivative",
        type_rule=_sinc_type,
        evaluate=kernels.sinc_derivative,
        template=lambda types, attrs: f"sinc_derivative({{0}}, {attrs['order']})",
        tangent=lambda y, dots, x, order: dots[0] * _sinc_partial(y, x, order),
        adjoint=lambda y_bar, y, x, order: [y_bar * _sinc_partial(y, x, order)],
        elementwise=True,
        takes_complex=True,
        samples=(Sample(("f64[4]",), {"order": 1}), Sample(("f64",), {"order": 2})),
    )
)
_sinc_rules = elementwise_rules([bind(_sinc_partial, order=0)])
sinc = register(
    Primitive(
        name="sinc",
        type_rule=_sinc_type,
        evaluate=np.sinc,
        template="np.sinc({0})",
        tangent=_sinc_rules[0],
        adjoint=_sinc_rules[1],
        elementwise=True,
        takes_complex=True,
        samples=REALS,
    )
)


@lowers(np.sinc)
def _sinc(x: Any) -> Handle:
    return sinc(x)
