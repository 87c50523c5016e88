"""Interpolating curves of ``scipy.interpolate``: piecewise polynomials, B-splines.

A curve from outside is an object that is handed on, and a constant. Its derivative is
what SciPy computes when called with ``nu=1``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import interpolate

from gradgen.errors import Refusal
from gradgen.ir.dims import Dims
from gradgen.ir.types import FLOAT, Type, tensor
from gradgen.primitives.families import pull, scale
from gradgen.primitives.lowering import static
from gradgen.primitives.registry import (
    Attrs,
    Handle,
    Primitive,
    Sample,
    apply,
    lift,
    register,
)


def _value_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    if types[0].dtype.kind == "c":
        raise Refusal("a curve at complex places", "their real parts")
    return tensor(FLOAT, types[0].shape)


def _text(types: Sequence[Any], attrs: Attrs) -> str:
    order = f", {attrs['nu']}" if attrs["nu"] else ""
    return f"{{1}}({{0}}{order})" + ("" if types[0].shape else "[()]")


def _slope(t: Handle, curve: Handle, nu: int) -> Handle:
    return apply("curve_value", t, curve, nu=nu + 1)


PLACES = np.arange(4.0)
CUBIC = interpolate.CubicSpline(PLACES, np.cos(PLACES))
WAVE = interpolate.make_interp_spline(PLACES, np.sin(PLACES))
register(
    Primitive(
        name="curve_value",
        type_rule=_value_type,
        evaluate=lambda t, curve, nu: curve(t, nu)[()],
        template=_text,
        tangent=lambda y, dots, t, curve, nu: scale(dots[0], _slope(t, curve, nu)),
        adjoint=lambda y_bar, y, t, curve, nu: [
            pull(y_bar, _slope(t, curve, nu)),
            None,
        ],
        samples=(
            Sample(("f64[3]", CUBIC), {"nu": 0}, (0.1, 2.9)),
            Sample(("float", CUBIC), {"nu": 0}, (0.1, 2.9)),
            Sample(("f64[2,2]", WAVE), {"nu": 1}, (0.1, 2.9)),
            Sample(("f32[3]", WAVE), {"nu": 0}, (0.1, 2.9)),
        ),
    )
)


def value(curve: Handle, x: Any, nu: Any = 0, extrapolate: Any = None) -> Handle:
    """Return a curve, or its derivative of order ``nu``, at places ``x``."""
    order = static(nu)
    if type(order) is not int or order < 0 or static(extrapolate) is not None:
        raise Refusal(
            "'nu' of a curve that is no number of derivatives, or 'extrapolate'",
            "extrapolate=… where the curve is made",
        )
    return apply("curve_value", lift(curve.builder, x), curve, nu=order)
