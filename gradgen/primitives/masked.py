"""What derivative rules are written with where a plain operator would go wrong.

Their kernels stand in ``kernels``: quotients and products in which a zero wins over
infinity, powers and logarithms without warnings, and the shares of a tie.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial as bind
from typing import Any

import numpy as np

from gradgen import kernels
from gradgen.ir.dims import Dims
from gradgen.ir.types import Type
from gradgen.primitives.arithmetic import power_adjoint, power_tangent
from gradgen.primitives.families import (
    bilinear_tangent,
    differentiable,
    elementwise_rules,
)
from gradgen.primitives.promotion import support_type
from gradgen.primitives.registry import (
    Attrs,
    Handle,
    Primitive,
    Sample,
    apply,
    register,
)
from gradgen.primitives.samples import NONZERO, PAIRS


def _support(
    name: str,
    ufunc: np.ufunc,
    tangent: Any,
    adjoint: Any,
    samples: Sequence[Sample],
    takes_complex: bool = True,
) -> Primitive:
    """Declare a function of ``gradgen.runtime.support`` that rules are written with."""
    slots = ", ".join(f"{{{index}}}" for index in range(ufunc.nin))
    return register(
        Primitive(
            name=name,
            type_rule=bind(support_type, ufunc),
            evaluate=bind(_call_support, name),
            template=f"{name}({slots})",
            tangent=tangent,
            adjoint=adjoint,
            elementwise=True,
            takes_complex=takes_complex,
            samples=tuple(samples),
        )
    )


def _call_support(name: str, *operands: Any, **_: Any) -> Any:
    return getattr(kernels, name)(*operands)


def _multiply_adjoint(
    z_bar: Handle, z: Handle, x: Handle, y: Handle, **attrs: Any
) -> list[Handle | None]:
    return [
        apply("masked_multiply", z_bar, y, **attrs),
        z_bar * x if differentiable(y) else None,
    ]


def _quotient_tangent(
    name: str,
    z: Handle,
    dots: Sequence[Handle | None],
    x: Handle,
    y: Handle,
    **attrs: Any,
) -> Handle:
    x_dot, y_dot = dots
    if y_dot is None:
        return apply(name, x_dot, y, **attrs)
    numerator = -(z * y_dot) if x_dot is None else x_dot - z * y_dot
    return apply(name, numerator, y, **attrs)


def _quotient_adjoint(
    name: str, z_bar: Handle, z: Handle, x: Handle, y: Handle, **attrs: Any
) -> list[Handle | None]:
    x_bar = apply(name, z_bar, y, **attrs)
    if not differentiable(y):
        return [x_bar, None]
    if name == "divide_or_zero":
        return [x_bar, -(x_bar * z)]
    return [x_bar, -apply("masked_multiply", z, x_bar, **attrs)]


masked_multiply = _support(
    "masked_multiply",
    np.multiply,
    bind(bilinear_tangent, "masked_multiply"),
    _multiply_adjoint,
    PAIRS,
)
masked_divide, divide_or_zero = (
    _support(
        name,
        np.divide,
        bind(_quotient_tangent, name),
        bind(_quotient_adjoint, name),
        NONZERO,
    )
    for name in ("masked_divide", "divide_or_zero")
)


def _over_squares_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    leg, *sides = types
    squares = support_type(np.add, dims, sides, {})
    return support_type(np.divide, dims, [leg, squares], {})


def _over_squares_tangent(
    z: Handle,
    dots: Sequence[Handle | None],
    leg: Handle,
    x: Handle,
    y: Handle,
    **_: Any,
) -> Handle:
    total = dots[0]
    for side, side_dot in ((x, dots[1]), (y, dots[2])):
        if side_dot is not None:
            change = 2 * z * side * side_dot
            total = -change if total is None else total - change
    return apply("over_squares", total, x, y)


def _over_squares_adjoint(
    z_bar: Handle, z: Handle, leg: Handle, x: Handle, y: Handle, **_: Any
) -> list[Handle | None]:
    leg_bar = apply("over_squares", z_bar, x, y)
    return [
        leg_bar,
        *(-2 * z * s * leg_bar if differentiable(s) else None for s in (x, y)),
    ]


over_squares = register(
    Primitive(
        name="over_squares",
        type_rule=_over_squares_type,
        evaluate=kernels.over_squares,
        template="over_squares({0}, {1}, {2})",
        tangent=_over_squares_tangent,
        adjoint=_over_squares_adjoint,
        elementwise=True,
        samples=(
            Sample(("f64[3]", "f64[3]", "f64[3]"), domain=(0.5, 2.0)),
            Sample(("f64[2,3]", "f64[3]", "float"), domain=(0.5, 2.0)),
            Sample(("float", "float", "float"), domain=(0.5, 2.0)),
            Sample(("f32[3]", "f32", "f32[3]"), domain=(0.5, 2.0)),
        ),
    )
)
quiet_power = _support("quiet_power", np.power, power_tangent, power_adjoint, NONZERO)
log_or_zero = _support(
    "log_or_zero",
    np.log,
    lambda y, dots, x: apply("masked_divide", dots[0], x),
    lambda y_bar, y, x: [apply("masked_divide", y_bar, x)],
    (Sample(("f64[3]",), domain=(0.5, 2.0)),),
)
relative_exp = _support(
    "relative_exp",
    np.logaddexp,
    *elementwise_rules([lambda y, x, z: y, lambda y, x, z: -y]),
    PAIRS,
    takes_complex=False,
)
larger = _support("larger", np.divide, None, None, PAIRS, takes_complex=False)
