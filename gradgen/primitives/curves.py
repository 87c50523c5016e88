"""Interpolating curves of ``scipy.interpolate``: piecewise polynomials, B-splines.

A curve from outside is an object that is handed on, and a constant. Its derivative is
what SciPy computes when called with ``nu=1``. Those of ``interp1d`` and on grids, which
cannot be called in this way, are computed from the values that these objects hold.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy import interpolate

from gradgen.errors import Refusal
from gradgen.ir.dims import Dims
from gradgen.ir.types import BOOL, FLOAT, Curve, Type, tensor
from gradgen.kernels import grids
from gradgen.primitives.families import pull, scale
from gradgen.primitives.grids import X, added, tuple_text
from gradgen.primitives.interpolants import check_real
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
from gradgen.primitives.regulargrids import coordinates


def _value_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    if types[0].dtype.kind == "c":
        raise Refusal("a curve at complex places", "their real parts")
    return tensor(FLOAT, types[0].shape)


LINE, GRID = "interp1d", "RegularGridInterpolator"


def _text(types: Sequence[Any], attrs: Attrs) -> str:
    if types[1].name == LINE and attrs["nu"]:
        return f"line_slope({{1}}, {{0}}, {attrs['nu']})"
    order = f", {attrs['nu']}" if attrs["nu"] else ""
    return f"{{1}}({{0}}{order})" + ("" if types[0].shape else "[()]")


def _evaluate(t: Any, curve: Any, nu: int) -> Any:
    if type(curve).__name__ != LINE:
        return curve(t, nu)[()]
    return grids.line_slope(curve, t, nu) if nu else curve(t)[()]


def _slope(t: Handle, curve: Handle, nu: int) -> Handle:
    return apply("curve_value", t, curve, nu=nu + 1)


PLACES = np.arange(4.0)
CUBIC = interpolate.CubicSpline(PLACES, np.cos(PLACES))
WAVE = interpolate.make_interp_spline(PLACES, np.sin(PLACES))
register(
    Primitive(
        name="curve_value",
        type_rule=_value_type,
        evaluate=_evaluate,
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


def _grid_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    return tensor(FLOAT, types[0].shape)


def _grid_text(types: Sequence[Any], attrs: Attrs) -> str:
    count = len(attrs["nu"])
    at = tuple_text(0, count)
    if any(attrs["nu"]):
        return f"grid_slope({{{count}}}, {at}, {attrs['nu']})"
    at = "np.expand_dims({0}, -1)" if count == 1 else at
    return f"{{{count}}}({at})" + ("" if types[0].shape else "[()]")


def _evaluate_grid(*operands: Any, nu: tuple[int, ...]) -> Any:
    *at, grid = operands
    if any(nu):
        return grids.grid_slope(grid, tuple(at), nu)
    return grid(np.expand_dims(at[0], -1) if len(at) == 1 else tuple(at))[()]


def _grid_slopes(operands: Sequence[Handle], nu: tuple[int, ...]) -> list[Any]:
    """Return the derivative in each coordinate, None where it is a line already."""
    return [
        None if order else apply("grid_call", *operands, nu=(*nu[:k], 1, *nu[k + 1 :]))
        for k, order in enumerate(nu)
    ]


def _grid_tangent(
    y: Handle, dots: Sequence[Any], *operands: Handle, nu: tuple[int, ...]
) -> Handle | None:
    pairs = zip(dots[:-1], _grid_slopes(operands, nu), strict=True)
    moving = [(dot, s) for dot, s in pairs if dot is not None and s is not None]
    return added([scale(dot, slope) for dot, slope in moving])


def _grid_adjoint(
    y_bar: Handle, y: Handle, *operands: Handle, nu: tuple[int, ...]
) -> list[Handle | None]:
    slopes = _grid_slopes(operands, nu)
    return [*(None if s is None else pull(y_bar, s) for s in slopes), None]


TABLE = interpolate.RegularGridInterpolator((PLACES, X), np.outer(PLACES**2, X))
register(
    Primitive(
        name="grid_call",
        type_rule=_grid_type,
        evaluate=_evaluate_grid,
        template=_grid_text,
        tangent=_grid_tangent,
        adjoint=_grid_adjoint,
        samples=(
            Sample(("f64[3]", "f64[3]", TABLE), {"nu": (0, 0)}, (1.1, 1.9)),
            Sample(("float", "float", TABLE), {"nu": (0, 1)}, (1.1, 1.9)),
        ),
    )
)


register(
    Primitive(
        name="meets_points",
        type_rule=lambda dims, types, attrs: tensor(BOOL, types[0].shape),
        evaluate=lambda *operands: grids.meets_points(operands[-1], operands[:-1]),
        template=lambda types, attrs: (
            f"meets_points({{{len(types) - 1}}}, {tuple_text(0, len(types) - 1)})"
        ),
        samples=(Sample(("f64[3]", "f64[3]", TABLE)),),
    )
)


def value(curve: Handle, *args: Any, **kwargs: Any) -> Handle:
    """Return what a call of a curve, or of an interpolant on a grid, returns."""
    call: Callable[..., Handle] = _curve_value
    if _type_of(curve).name == LINE:
        call = _line_value
    elif _type_of(curve).name == GRID:
        call = _grid_value
    return call(curve, *args, **kwargs)


def _type_of(curve: Handle) -> Curve:
    assert isinstance(curve.atom.type, Curve)
    return curve.atom.type


def _line_value(curve: Handle, x: Any) -> Handle:
    return apply("curve_value", lift(curve.builder, x), curve, nu=0)


def _grid_value(
    curve: Handle, xi: Any, method: Any = None, *, nu: Any = None
) -> Handle:
    if method is not None or nu is not None:
        raise Refusal(
            "'method' or 'nu' of a grid from outside", "method where it is made"
        )
    axes = _type_of(curve).axes
    at = coordinates(xi, axes, curve.builder)
    check_real("interpolation on a grid", [q.type for q in at])
    return apply("grid_call", *at, curve, nu=(0,) * axes)


def _curve_value(curve: Handle, x: Any, nu: Any = 0, extrapolate: Any = None) -> Handle:
    order = static(nu)
    if type(order) is not int or order < 0 or static(extrapolate) is not None:
        raise Refusal(
            "'nu' of a curve that is no number of derivatives, or 'extrapolate'",
            "extrapolate=… where the curve is made",
        )
    return apply("curve_value", lift(curve.builder, x), curve, nu=order)
