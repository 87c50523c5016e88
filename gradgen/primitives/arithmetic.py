"""Python's arithmetic and comparison operators and the ufuncs behind them."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import replace
from functools import partial as bind
from typing import Any

import numpy as np

from gradgen.ir.core import Literal
from gradgen.ir.dims import Dims
from gradgen.ir.types import Scalar, Sym, Type, shift_dim
from gradgen.primitives import kernels
from gradgen.primitives.families import (
    differentiable,
    elementwise,
    step,
)
from gradgen.primitives.promotion import operator_type
from gradgen.primitives.registry import (
    Attrs,
    Handle,
    Primitive,
    Sample,
    apply,
    register,
)

PAIRS = (
    Sample(("f64", "f64")),
    Sample(("f64[3,4]", "f64[3,4]")),
    Sample(("f64[3,1]", "f64[4]")),
    Sample(("f64[3,4]", "f64")),
    Sample(("f32[4]", "f32[2,4]")),
    Sample(("f64[0]", "f64[0]")),
    Sample(("f64[2]", 3)),
)
NONZERO = tuple(replace(sample, domain=(0.5, 2.0)) for sample in PAIRS)


def _shifted(ufunc: np.ufunc, dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    """Type rule of ``+`` and ``-``, which follows lengths such as ``n - 1``."""
    result = operator_type(ufunc, dims, types, attrs)
    if not isinstance(result, Scalar) or not all(isinstance(t, Scalar) for t in types):
        return result
    left, right = types[0].dim, types[1].dim
    sign = 1 if ufunc is np.add else -1
    if isinstance(left, Sym) and isinstance(right, int):
        return replace(result, dim=shift_dim(left, sign * right))
    if isinstance(right, Sym) and isinstance(left, int) and sign == 1:
        return replace(result, dim=shift_dim(right, left))
    return result


add = elementwise(
    np.add,
    partials=[lambda z, x, y: 1, lambda z, x, y: 1],
    type_rule=bind(_shifted, np.add),
    python=operator.add,
    template="{0} + {1}",
    commutative=True,
    samples=PAIRS,
)
subtract = elementwise(
    np.subtract,
    partials=[lambda z, x, y: 1, lambda z, x, y: -1],
    type_rule=bind(_shifted, np.subtract),
    python=operator.sub,
    template="{0} - {1}",
    samples=PAIRS,
)
multiply = elementwise(
    np.multiply,
    partials=[lambda z, x, y: y, lambda z, x, y: x],
    python=operator.mul,
    template="{0} * {1}",
    commutative=True,
    samples=PAIRS,
)
negative = elementwise(
    np.negative,
    partials=[lambda y, x: -1],
    python=operator.neg,
    template="-{0}",
    samples=(Sample(("f64",)), Sample(("f64[3,4]",)), Sample(("f32[2]",))),
)


def _divide_tangent(
    z: Handle, dots: Sequence[Handle | None], x: Handle, y: Handle, **_: Any
) -> Handle:
    x_dot, y_dot = dots
    if y_dot is None:
        assert x_dot is not None
        return x_dot / y
    numerator = -(z * y_dot) if x_dot is None else x_dot - z * y_dot
    return numerator / y


def _divide_adjoint(
    z_bar: Handle, z: Handle, x: Handle, y: Handle, **_: Any
) -> list[Handle | None]:
    x_bar = apply("masked_divide", z_bar, y, demote=True)
    return [x_bar, -(x_bar * z) if differentiable(y) else None]


divide = elementwise(
    np.divide,
    tangent=_divide_tangent,
    adjoint=_divide_adjoint,
    python=operator.truediv,
    template="{0} / {1}",
    samples=NONZERO,
)


def _power_tangent(
    z: Handle, dots: Sequence[Handle | None], x: Handle, y: Handle, **_: Any
) -> Handle:
    x_dot, y_dot = dots
    first = None if x_dot is None else _power_base(x_dot, x, y)
    second = None if y_dot is None else y_dot * (z * apply("log_or_zero", x))
    if first is None or second is None:
        total = second if first is None else first
        assert total is not None
        return total
    return first + second


def _power_adjoint(
    z_bar: Handle, z: Handle, x: Handle, y: Handle, **_: Any
) -> list[Handle | None]:
    x_bar = _power_base(z_bar, x, y) if differentiable(x) else None
    if not differentiable(y):
        return [x_bar, None]
    return [x_bar, z_bar * (z * apply("log_or_zero", x))]


def _power_base(bar: Handle, x: Handle, y: Handle) -> Handle:
    """Return ``bar * y * x**(y-1)``; a zero ``bar`` or ``y`` gives zero at ``x = 0``."""
    exponent = y.atom.value if isinstance(y.atom, Literal) else None
    if exponent == 0:
        return bar * 0.0
    if exponent == 1:
        return bar
    if exponent == 2:
        return bar * (2 * x)
    if exponent is not None and exponent > 1:
        return bar * (exponent * x ** (exponent - 1))
    return apply("masked_multiply", bar * y, apply("quiet_power", x, y - 1))


power = elementwise(
    np.power,
    tangent=_power_tangent,
    adjoint=_power_adjoint,
    python=operator.pow,
    template="{0} ** {1}",
    samples=(
        *NONZERO,
        Sample(("f64[3,4]", 2)),
        Sample(("f64[4]", 3)),
        Sample(("f64[4]", 1)),
        Sample(("f64[4]", 0)),
        Sample(("f64[4]", 0.5), domain=(0.5, 2.0)),
        Sample(("f64[4]", -1.5), domain=(0.5, 2.0)),
    ),
)


def _masked_multiply_tangent(
    z: Handle, dots: Sequence[Handle | None], x: Handle, y: Handle, **attrs: Any
) -> Handle:
    x_dot, y_dot = dots
    first = None if x_dot is None else apply("masked_multiply", x_dot, y, **attrs)
    second = None if y_dot is None else apply("masked_multiply", x, y_dot, **attrs)
    if first is None or second is None:
        total = second if first is None else first
        assert total is not None
        return total
    return first + second


def _masked_multiply_adjoint(
    z_bar: Handle, z: Handle, x: Handle, y: Handle, **attrs: Any
) -> list[Handle | None]:
    return [
        apply("masked_multiply", z_bar, y, **attrs),
        z_bar * x if differentiable(y) else None,
    ]


def _masked_divide_tangent(
    z: Handle, dots: Sequence[Handle | None], x: Handle, y: Handle, **attrs: Any
) -> Handle:
    x_dot, y_dot = dots
    if y_dot is None:
        return apply("masked_divide", x_dot, y, **attrs)
    numerator = -(z * y_dot) if x_dot is None else x_dot - z * y_dot
    return apply("masked_divide", numerator, y, **attrs)


def _masked_divide_adjoint(
    z_bar: Handle, z: Handle, x: Handle, y: Handle, **attrs: Any
) -> list[Handle | None]:
    x_bar = apply("masked_divide", z_bar, y, **attrs)
    return [x_bar, -(x_bar * z) if differentiable(y) else None]


def _support(
    name: str, ufunc: np.ufunc, tangent: Any, adjoint: Any, samples: Sequence[Sample]
) -> Primitive:
    """Declare a function of ``gradgen.runtime.support`` that rules are written with."""
    slots = ", ".join(f"{{{index}}}" for index in range(ufunc.nin))
    return register(
        Primitive(
            name=name,
            type_rule=bind(operator_type, ufunc),
            evaluate=bind(_call_support, name),
            template=f"{name}({slots})",
            tangent=tangent,
            adjoint=adjoint,
            elementwise=True,
            samples=tuple(samples),
        )
    )


def _call_support(name: str, *operands: Any, **_: Any) -> Any:
    return getattr(kernels, name)(*operands)


masked_multiply = _support(
    "masked_multiply",
    np.multiply,
    _masked_multiply_tangent,
    _masked_multiply_adjoint,
    PAIRS,
)
masked_divide = _support(
    "masked_divide", np.divide, _masked_divide_tangent, _masked_divide_adjoint, NONZERO
)
quiet_power = _support("quiet_power", np.power, _power_tangent, _power_adjoint, NONZERO)
log_or_zero = _support(
    "log_or_zero",
    np.log,
    lambda y, dots, x: apply("masked_divide", dots[0], x),
    lambda y_bar, y, x: [apply("masked_divide", y_bar, x)],
    (Sample(("f64[3]",), domain=(0.5, 2.0)),),
)
larger = _support("larger", np.subtract, None, None, PAIRS)

for _ufunc, _python, _symbol in (
    (np.less, operator.lt, "<"),
    (np.less_equal, operator.le, "<="),
    (np.greater, operator.gt, ">"),
    (np.greater_equal, operator.ge, ">="),
    (np.equal, operator.eq, "=="),
    (np.not_equal, operator.ne, "!="),
    (np.floor_divide, operator.floordiv, "//"),
):
    step(_ufunc, python=_python, template=f"{{0}} {_symbol} {{1}}", samples=NONZERO)
