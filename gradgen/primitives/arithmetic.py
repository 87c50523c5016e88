"""Python's arithmetic operators and the ufuncs behind them."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from functools import partial as bind
from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.ir.core import Literal
from gradgen.ir.dims import Dims
from gradgen.ir.types import PY_FLOAT, Array, Scalar, Sym, Type, shift_dim
from gradgen.primitives.families import (
    differentiable,
    elementwise,
    step,
)
from gradgen.primitives.lowering import Only, lowers
from gradgen.primitives.parts import in_field_of
from gradgen.primitives.promotion import operator_type
from gradgen.primitives.registry import (
    LOWERINGS,
    Attrs,
    Handle,
    Sample,
    apply,
    builder_of,
    joined_terms,
    lift,
)
from gradgen.primitives.samples import NONZERO, PAIRS, REALS
from gradgen.structs import replace


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
    takes_complex=True,
)
subtract = elementwise(
    np.subtract,
    partials=[lambda z, x, y: 1, lambda z, x, y: -1],
    type_rule=bind(_shifted, np.subtract),
    python=operator.sub,
    template="{0} - {1}",
    samples=PAIRS,
    takes_complex=True,
)
multiply = elementwise(
    np.multiply,
    partials=[lambda z, x, y: y, lambda z, x, y: x],
    python=operator.mul,
    template="{0} * {1}",
    commutative=True,
    samples=PAIRS,
    takes_complex=True,
)
negative = elementwise(
    np.negative,
    partials=[lambda y, x: -1],
    python=operator.neg,
    template="-{0}",
    samples=REALS,
    takes_complex=True,
)
positive = elementwise(
    np.positive,
    partials=[lambda y, x: 1],
    python=operator.pos,
    template="+{0}",
    samples=REALS,
    takes_complex=True,
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
    if not differentiable(y):
        return [x_bar, None]
    return [x_bar, -apply("masked_multiply", x_bar, z, demote=True)]


divide = elementwise(
    np.divide,
    tangent=_divide_tangent,
    adjoint=_divide_adjoint,
    python=operator.truediv,
    template="{0} / {1}",
    samples=NONZERO,
    takes_complex=True,
)


def power_tangent(
    z: Handle, dots: Sequence[Handle | None], x: Handle, y: Handle, **_: Any
) -> Handle:
    """Tangent of ``x ** y``."""
    x_dot, y_dot = dots
    first = None if x_dot is None else _power_base(x_dot, x, y)
    second = None if y_dot is None else _power_exponent(y_dot, z, x, keep=True)
    return joined_terms(first, second)


def power_adjoint(
    z_bar: Handle, z: Handle, x: Handle, y: Handle, **_: Any
) -> list[Handle | None]:
    """Adjoint of ``x ** y``."""
    x_bar = _power_base(z_bar, x, y) if differentiable(x) else None
    y_bar = _power_exponent(z_bar, z, x) if differentiable(y) else None
    return [x_bar, y_bar]


def _power_exponent(bar: Handle, z: Handle, x: Handle, keep: bool = False) -> Handle:
    """Return ``bar * z * log(x)``, zero at ``x = 0``.

    With ``keep`` a zero in ``bar`` is kept for a negative base as well, for which the
    factor is NaN: an exponent that does not move does not count.
    """
    if _is_positive(x):
        assert isinstance(x.atom, Literal)
        return apply("masked_multiply", bar, z * math.log(x.atom.value), demote=True)
    factor = z * apply("log_or_zero", in_field_of(x, z))
    attrs: Attrs = {} if keep else {"demote": True}
    return apply("masked_multiply", bar, factor, **attrs)


def _is_positive(x: Handle) -> bool:
    return isinstance(x.atom, Literal) and x.dtype.kind != "c" and x.atom.value > 0


def _power_base(bar: Handle, x: Handle, y: Handle) -> Handle:
    """Return ``bar * y * x**(y-1)``, zero at ``x = 0`` where ``bar`` or ``y`` is."""
    known = isinstance(y.atom, Literal) and y.dtype.kind != "c"
    exponent = y.atom.value if known else None  # type: ignore[union-attr]
    if exponent is None or 0 < exponent < 1:
        return apply("masked_multiply", bar * y, apply("quiet_power", x, y - 1))
    if exponent == 0:
        return bar * 0.0
    if exponent == 1:
        return bar
    slope: Handle
    if exponent == 2:
        slope = 2 * x
    elif exponent > 1:
        slope = exponent * raised(x, lift(x.builder, exponent - 1))
    else:
        slope = exponent * apply("quiet_power", x, exponent - 1)
    return apply("masked_multiply", bar, slope, demote=True)


def _power_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    """Type rule of ``**``: a Python integer to a negative one is a float."""
    result = operator_type(np.power, dims, types, attrs)
    assert isinstance(result, Scalar | Array)
    if not result.weak or result.dtype.kind != "i":
        return result
    exponent = types[1].dim
    if not isinstance(exponent, int):
        raise Refusal(
            "an integer to a power known only at run time is not supported", "2.0 ** n"
        )
    return result if exponent >= 0 else PY_FLOAT


POWERS = (
    *NONZERO,
    Sample(("f64[3,4]", 2)),
    Sample(("f64[4]", 3)),
    Sample(("f64[4]", 1)),
    Sample(("f64[4]", 0)),
    Sample(("f64[4]", 0.5), domain=(0.5, 2.0)),
    Sample(("f64[4]", -1.5), domain=(0.5, 2.0)),
    Sample(("float", -2), domain=(0.5, 2.0)),
    Sample((2, "f64[4]")),
    Sample(("f64[3]", np.array([0, 1, 3])), domain=(0.5, 2.0)),
)
power = elementwise(
    np.power,
    tangent=power_tangent,
    adjoint=power_adjoint,
    type_rule=_power_type,
    python=operator.pow,
    template="{0} ** {1}",
    samples=POWERS,
    takes_complex=True,
)
float_power = elementwise(
    np.float_power,
    tangent=power_tangent,
    adjoint=power_adjoint,
    samples=POWERS,
    takes_complex=True,
)
math_pow = elementwise(
    np.float_power,
    name="math_pow",
    tangent=power_tangent,
    adjoint=power_adjoint,
    math=math.pow,
    samples=(Sample(("float", "float"), {"lib": "math"}, (0.5, 2.0)),),
)
floor_divide = step(
    np.floor_divide, python=operator.floordiv, template="{0} // {1}", samples=NONZERO
)
# Away from the jumps, which are where the quotient is an integer.
QUOTIENTS = (
    Sample(("float", 5.0), domain=(1.0, 4.0)),
    Sample(("f64[3,4]", 5.0), domain=(1.0, 4.0)),
    Sample((7.3, "f64[3,4]"), domain=(2.6, 3.4)),
    Sample((np.array([[7.3], [-7.3]]), "f64[4]"), domain=(2.6, 3.4)),
    Sample((np.float32(7.3), "f32[4]"), domain=(2.6, 3.4)),
    Sample(("f64[0]", "f64[0]")),
)
remainder = elementwise(
    np.remainder,
    partials=[lambda z, x, y: 1, lambda z, x, y: -floor_divide(x, y)],
    python=operator.mod,
    template="{0} % {1}",
    samples=QUOTIENTS,
)
fmod = elementwise(
    np.fmod,
    partials=[lambda z, x, y: 1, lambda z, x, y: -apply("trunc", x / y)],
    math=math.fmod,
    samples=QUOTIENTS,
)


def raised(x: Handle, y: Handle) -> Handle:
    """Return ``x ** y``; of Python floats as ``math.pow``.

    Where the result is complex, ``**`` of Python floats returns it, for which there is
    no derivative. ``math.pow`` raises.
    """
    weak = x.type.weak and y.type.weak and x.dtype.kind != "c"
    if weak and y.dtype.kind == "f" and not _is_positive(x) and not _is_whole(y):
        return apply("math_pow", x, y, lib="math")
    return power(x, y)


def _is_whole(x: Handle) -> bool:
    return isinstance(x.atom, Literal) and float(x.atom.value).is_integer()


@lowers(pow, operator.pow)
def _pow(base: Any, exp: Any, mod: Any = Only()) -> Handle:
    builder = builder_of(base, exp)
    return raised(lift(builder, base), lift(builder, exp))


@lowers(divmod)
def _divmod(x: Any, y: Any, /) -> tuple[Handle, Handle]:
    return floor_divide(x, y), remainder(x, y)


@lowers(np.divmod)
def _np_divmod(x: Any, y: Any, /, out: Any = Only()) -> tuple[Handle, Handle]:
    """Lower as the two ufuncs that it joins, which make NumPy numbers."""
    quotient, rest = LOWERINGS[np.floor_divide], LOWERINGS[np.remainder]
    return quotient(x, y), rest(x, y)
