"""Solutions of differential equations, as functions with rules of their own.

The rules are continuous ones: derivatives of the solution solve differential equations
of their own, which SciPy solves to the same tolerances (Cao, Li, Petzold and Serban,
"Adjoint sensitivity analysis for differential-algebraic equations", SIAM J. Sci.
Comput. 24, 2003). For the adjoint one, the solution is computed forwards once more and
interpolated: backwards it need not be stable.

The equation of *order* ``k + 1`` is that of order ``k`` and its tangent: its state has
twice the size, and its parameters are a pair of those and their tangents.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import integrate

from gradgen.api import jvp, vjp
from gradgen.api.calls import cotangents_at
from gradgen.integrators.parameters import filled, flat, floats
from gradgen.rules import rule

Function = Callable[..., Any]
TOLERANCE = 1.49012e-8
"""What ``odeint`` takes for ``rtol`` and ``atol``."""
STEPS = 1_000_000
"""How many steps a derivative may take between two times."""


def rates_of(func: Function, form: str, order: int) -> Function:
    """Return the right-hand side of the equation of an order, for vectors.

    ``form`` says what ``func`` takes: ``"y, t"``, ``"t, y"``, or ``"t, column"``.
    """
    if order:
        return _moving(rates_of(func, form, order - 1))

    def rates(y: Any, t: Any, *args: Any) -> Any:
        if form == "y, t":
            found = func(y, t, *args)
        else:
            found = func(t, y if form == "t, y" else y[:, np.newaxis], *args)
        return np.reshape(np.array(found, dtype=float), len(y))

    return rates


def _moving(rates: Function) -> Function:
    """Return the right-hand side for a state and its tangent."""

    def moving(y: Any, t: Any, args: Any, args_dot: Any) -> Any:
        state, state_dot = np.reshape(y, (2, len(y) // 2))
        tangents = (state_dot, None, *args_dot)
        both = jvp(rates, (state, t, *args), tangents)
        return np.reshape(np.concatenate(both), len(y))

    return moving


_kept_rates = functools.lru_cache(maxsize=64)(rates_of)


def paths(
    func: Function,
    form: str,
    order: int,
    y0: Any,
    t: Any,
    args: Any,
    rtol: Any,
    atol: Any,
    hmax: float,
) -> Any:
    """Return the solution at some times, of which the first is that of ``y0``."""
    slope = _slope_of(func, form, order, args)
    return _solved(slope, y0, t, _options(rtol, atol, hmax))


def _slope_of(func: Function, form: str, order: int, args: Any) -> Function:
    """Return the slope as a function of time and state, which must not be written to.

    What SciPy makes of a state that is written to, no derivative tells.
    """
    plain, rates, inner = _kept_rates(func, form, 0), None, args
    if order:
        rates = _kept_rates(func, form, order)
    for _ in range(order):
        inner = inner[0]

    def slope(t: float, y: Any) -> Any:
        y = y.view()
        y.flags.writeable = False
        found = plain(y[: len(y) >> order], float(t), *inner)
        return found if rates is None else rates(y, float(t), *args)

    return slope


def _options(rtol: Any, atol: Any, hmax: float) -> dict[str, Any]:
    """Return options of ``odeint`` for other variables than it was called for."""
    tolerances = {
        name: TOLERANCE if x is None else float(np.min(x))
        for name, x in (("rtol", rtol), ("atol", atol))
    }
    largest = float(hmax) if np.isfinite(hmax) else 0.0
    return {**tolerances, "hmax": largest, "mxstep": STEPS}


def _solved(slope: Function, start: Any, t: Any, options: dict[str, Any]) -> Any:
    """Return what ``odeint`` returns, which raises where it would warn."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", integrate.ODEintWarning)
        return integrate.odeint(slope, start, t, tfirst=True, **options)


def path_cotangents(
    func: Function,
    form: str,
    order: int,
    ys_bar: Any,
    ys: Any,
    y0: Any,
    t: Any,
    args: Any,
    rtol: Any,
    atol: Any,
    hmax: float,
) -> tuple[Any, Any, Any]:
    """Return the cotangents of the initial value, the times and the parameters."""
    rates, n = _kept_rates(func, form, order), len(y0)
    options = _options(rtol, atol, hmax)
    t_bar = np.zeros(len(t))
    state = np.concatenate([np.zeros(n), np.zeros_like(flat(args))])
    if np.any(t != t[0]):
        slope = _slope_of(func, form, order, args)
        path = _path(slope, (t[0], t[-1]), y0, rtol, atol, hmax)
        pull = cotangents_at(rates, y0, float(t[0]), *args)
        backward = functools.partial(_backward, pull, args, path, n)
    for i in reversed(range(1, len(t))):
        state[:n] += ys_bar[i]
        t_bar[i] = ys_bar[i] @ rates(ys[i], float(t[i]), *args)
        if t[i] != t[i - 1]:
            state = _solved(backward, state, [t[i], t[i - 1]], options)[-1]
    t_bar[0] = -state[:n] @ rates(y0, float(t[0]), *args)
    return state[:n] + ys_bar[0], t_bar, filled(args, state[n:])


def _path(
    slope: Function, span: Any, y0: Any, rtol: Any, atol: Any, hmax: float
) -> Any:
    """Return the solution between two times, as a function of time."""
    options = {
        "rtol": TOLERANCE if rtol is None else rtol,
        "atol": TOLERANCE if atol is None else atol,
        "max_step": hmax or np.inf,
    }
    found = integrate.solve_ivp(slope, span, y0, "LSODA", dense_output=True, **options)
    if not found.success:
        raise ArithmeticError(f"the derivative of a solution: {found.message}")
    return found.sol


def _backward(
    pull: Function, args: Any, path: Function, n: int, t: float, state: Any
) -> Any:
    """Return the slope of the cotangents of the state and of the parameters."""
    y_bar, _, *args_bar = pull(state[:n], path(t), float(t), *args)
    return -np.concatenate([y_bar, flat(args_bar)])


def moved(
    func: Function,
    form: str,
    order: int,
    dots: Any,
    y0: Any,
    t: Any,
    args: Any,
    *options: Any,
) -> Any:
    """Return the solution and its tangent.

    ``dots`` are the tangents of the initial value, of the times and of the parameters.
    """
    y0_dot, t_dot, args_dot = dots
    rates, n = rates_of(func, form, order), len(y0)
    start = np.concatenate([y0, y0_dot - rates(y0, t[0], *args) * t_dot[0]])
    both = paths(func, form, order + 1, start, t, (args, args_dot), *options)
    both = np.reshape(both, (len(t), 2, n))
    ys = both[:, 0]
    slopes = np.array([rates(ys[i], t[i], *args) for i in range(len(t))])
    ys_dot = both[:, 1] + slopes * t_dot[:, np.newaxis]
    return ys, np.concatenate([y0_dot[np.newaxis], ys_dot[1:]])


@rule(
    paths,
    result=lambda func, form, order, y0, t, *rest: np.zeros((len(t), len(y0))),
)
def paths_adjoint(
    bar: Any,
    ys: Any,
    func: Any,
    form: Any,
    order: Any,
    y0: Any,
    t: Any,
    args: Any,
    *rest: Any,
) -> Any:
    """Return the cotangents of the arguments of ``paths``."""
    bars = path_cotangents(func, form, order, bar, ys, y0, t, args, *rest)
    return (None, None, None, *bars, None, None, None)


@rule(paths, mode="tangent")
def paths_tangent(*given: Any) -> Any:
    """Return the tangent of what ``paths`` returns."""
    _, func, form, order, *rest = given[9:]
    return moved(func, form, order, given[3:6], *rest)[1]


@rule(
    path_cotangents,
    result=lambda func, form, order, ys_bar, ys, y0, t, args, *rest: (
        y0,
        t,
        floats(args),
    ),
)
def cotangents_adjoint(bars: Any, values: Any, *given: Any) -> Any:
    """Return the cotangents of what ``path_cotangents`` takes."""
    func, form, order, ys_bar, _, y0, t, args, *rest = given

    def tangent(y0: Any, t: Any, args: Any) -> Any:
        return moved(func, form, order, bars, y0, t, args, *rest)[1]

    ys_dot, pullback = vjp(tangent, y0, t, args)
    found = _all_of(pullback(ys_bar), args)
    return (None, None, None, ys_dot, None, *found, None, None, None)


@rule(path_cotangents, mode="tangent")
def cotangents_tangent(*given: Any) -> Any:
    """Return the tangents of what ``path_cotangents`` returns."""
    ys_bar_dot, dots = given[3], given[5:8]
    func, form, order, ys_bar, _, y0, t, args, *rest = given[12:]

    def both(y0: Any, t: Any, args: Any) -> Any:
        return moved(func, form, order, dots, y0, t, args, *rest)

    _, pullback = vjp(both, y0, t, args)
    return _all_of(pullback((ys_bar_dot, ys_bar)), args)


def _all_of(bars: Any, args: Any) -> Any:
    """Return three cotangents, also where there are no parameters that move."""
    return bars if len(bars) == 3 else (*bars, None)
