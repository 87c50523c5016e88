"""Rules of ``odeint`` and ``solve_ivp``, whose derivatives are those of paths."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import integrate

from gradgen.integrators.paths import moved, path_cotangents
from gradgen.rules import calls_back, instead, rule


def _vector(x: Any) -> Any:
    """Return numbers, or a number, as a vector of floats."""
    return np.ravel(np.array(x, dtype=float))


def _vector_dot(x: Any, x_dot: Any) -> Any:
    """Return the tangent of ``_vector(x)``."""
    if isinstance(x, list | tuple):
        return np.array([0.0 if dot is None else dot for dot in x_dot], dtype=float)
    return np.zeros(np.size(x)) if x_dot is None else _vector(x_dot)


def _like(x: Any, bar: Any) -> Any:
    """Return the cotangent of ``x``, given that of ``_vector(x)``."""
    if isinstance(x, list | tuple):
        return [bar[k] for k in range(len(x))]
    return bar if np.ndim(x) else bar[0]


def _solution(func: Any, y0: Any, t: Any, *rest: Any, **options: Any) -> Any:
    """Return what has the type of the result of ``odeint``."""
    _odeint_options(*rest, **options)
    return np.zeros((len(t), len(np.atleast_1d(y0))))


def _odeint_options(
    args: Any = (),
    Dfun: Any = None,
    col_deriv: Any = 0,
    full_output: Any = 0,
    ml: Any = None,
    mu: Any = None,
    rtol: Any = None,
    atol: Any = None,
    tcrit: Any = None,
    h0: Any = 0,
    hmax: Any = 0,
    hmin: Any = 0,
    ixpr: Any = 0,
    mxstep: Any = 0,
    mxhnil: Any = 0,
    mxordn: Any = 12,
    mxords: Any = 5,
    printmessg: Any = 0,
    tfirst: Any = False,
) -> Any:
    """Return those arguments of ``odeint`` that its derivatives depend on."""
    if full_output:
        raise NotImplementedError("argument 'full_output' of odeint")
    if tcrit is not None:
        raise NotImplementedError("argument 'tcrit' of odeint; call it for each part")
    return args, "t, y" if tfirst else "y, t", (rtol, atol, hmax)


@rule(integrate.odeint, result=_solution)
def odeint_adjoint(ys_bar: Any, ys: Any, func: Any, y0: Any, t: Any, *rest: Any) -> Any:
    """Return the cotangents of the arguments of ``odeint``."""
    args, form, options = _odeint_options(*rest)
    y0_bar, t_bar, args_bar = path_cotangents(
        func, form, 0, ys_bar, ys, _vector(y0), _vector(t), args, *options
    )
    unmoved = [None] * (len(rest) - 1)
    return (None, _like(y0, y0_bar), _like(t, t_bar), args_bar, *unmoved)


@rule(integrate.odeint, mode="tangent")
def odeint_tangent(*given: Any) -> Any:
    """Return the tangent of the result of ``odeint``."""
    count = (len(given) - 1) // 2
    _, y0_dot, t_dot, args_dot, *_ = given[:count]
    func, y0, t, *rest = given[count + 1 :]
    args, form, options = _odeint_options(*rest)
    dots = _vector_dot(y0, y0_dot), _vector_dot(t, t_dot), args_dot
    return moved(func, form, 0, dots, _vector(y0), _vector(t), args, *options)[1]


@instead(integrate.solve_ivp)
def solve_ivp_at(
    func: Callable[..., Any],
    t0: float,
    t1: float,
    y0: Any,
    t: Any,
    args: Any,
    columns: bool,
    options: Any,
) -> tuple[Any, int, int, int]:
    """Return the solution at some times, by ``solve_ivp``, and what it took.

    Raises
    ------
    ArithmeticError
        If the end is not reached.
    ValueError
        If there are no times, for which SciPy returns no array.
    """
    if len(t) == 0:
        raise ValueError("'t_eval' of solve_ivp has no times")
    found = integrate.solve_ivp(
        func, (t0, t1), y0, t_eval=t, args=args, vectorized=columns, **options
    )
    if not found.success:
        raise ArithmeticError(f"solve_ivp: {found.message}")
    return found.y, int(found.nfev), int(found.njev), int(found.nlu)


def _ivp_options(columns: Any, options: Any) -> Any:
    """Return how a function is called, and options for derivatives."""
    rtol, atol = options.get("rtol", 1e-3), options.get("atol", 1e-6)
    form = "t, column" if columns else "t, y"
    return form, (rtol, atol, options.get("max_step", 0.0))


@rule(
    solve_ivp_at,
    result=lambda func, t0, t1, y0, t, *rest: (np.zeros((len(y0), len(t))), 1, 1, 1),
)
def solve_ivp_adjoint(
    bars: Any,
    values: Any,
    func: Any,
    t0: Any,
    t1: Any,
    y0: Any,
    t: Any,
    args: Any,
    columns: Any,
    options: Any,
) -> Any:
    """Return the cotangents of the arguments of ``solve_ivp``."""
    form, rest = _ivp_options(columns, options)
    start, times = _vector(y0), np.concatenate([_vector(t0), _vector(t)])
    ys = np.concatenate([start[np.newaxis], values[0].T])
    ys_bar = np.concatenate([np.zeros((1, len(start))), bars[0].T])
    y0_bar, t_bar, args_bar = path_cotangents(
        func, form, 0, ys_bar, ys, start, times, args, *rest
    )
    return None, t_bar[0], None, y0_bar, t_bar[1:], args_bar, None, None


@rule(solve_ivp_at, mode="tangent")
def solve_ivp_tangent(*given: Any) -> Any:
    """Return the tangent of the solution that ``solve_ivp`` finds."""
    _, t0_dot, _, y0_dot, t_dot, args_dot, *_ = given[:8]
    func, t0, _, y0, t, args, columns, options = given[9:]
    form, rest = _ivp_options(columns, options)
    dots = (
        _vector_dot(y0, y0_dot),
        np.concatenate([_vector_dot(t0, t0_dot), _vector_dot(t, t_dot)]),
        args_dot,
    )
    times = np.concatenate([_vector(t0), _vector(t)])
    ys_dot = moved(func, form, 0, dots, _vector(y0), times, args, *rest)[1]
    return ys_dot[1:].T, None, None, None


calls_back(integrate.odeint, func=2, Dfun=2)
calls_back(integrate.solve_ivp, fun=2, jac=2)
