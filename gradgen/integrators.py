"""Rules for functions of ``scipy.integrate`` that call a function of the user's.

The rules of ``odeint`` are continuous ones: derivatives of the solution solve
differential equations of their own, which SciPy solves to the same tolerances (Cao, Li,
Petzold and Serban, "Adjoint sensitivity analysis for differential-algebraic equations",
SIAM J. Sci. Comput. 24, 2003). For the adjoint one, the solution is computed forwards
once more and interpolated: backwards it need not be stable. The rule of ``quad`` is
Leibniz's.

This module is imported when one of these functions is first called in a function that
is differentiated. Its rules are compiled as those of users are; what they call is not.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import integrate

from gradgen.api import grad, jvp, vjp
from gradgen.ir.tree import tree_of
from gradgen.rules import MODES, rule

Function = Callable[..., Any]
TOLERANCE = 1.49012e-8
"""What ``odeint`` takes for ``rtol`` and ``atol``."""


@functools.lru_cache(maxsize=64)
def _rates(func: Function, tfirst: bool) -> Function:
    """Return the right-hand side as a function that returns a vector."""
    if tfirst:
        return lambda y, t, *args: np.ravel(np.array(func(t, y, *args)))
    return lambda y, t, *args: np.ravel(np.array(func(y, t, *args)))


def _is_float(x: Any) -> bool:
    return isinstance(x, float) or getattr(x, "dtype", np.dtype(int)).kind == "f"


def _flat(tree: Any) -> Any:
    """Return the numbers of all floats in nested containers."""
    parts = [np.ravel(x) for x in tree_of(tree).leaves() if _is_float(x)]
    return np.concatenate([np.zeros(0), *parts])


def _filled(like: Any, numbers: Any) -> Any:
    """Return ``like`` with its floats replaced by numbers from a vector."""
    at = 0

    def take(x: Any) -> Any:
        nonlocal at
        if not _is_float(x):
            return x
        at += np.size(x)
        part = numbers[at - np.size(x) : at]
        if isinstance(x, np.ndarray):
            return part.reshape(x.shape).astype(x.dtype)
        return type(x)(part[0])

    return tree_of(like).map(take).build()


def _tolerances(rtol: Any, atol: Any, hmax: float) -> dict[str, Any]:
    return {
        "rtol": TOLERANCE if rtol is None else rtol,
        "atol": TOLERANCE if atol is None else atol,
        "hmax": hmax,
    }


def ode_cotangents(
    func: Function,
    tfirst: bool,
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
    rates, n = _rates(func, tfirst), ys.shape[1]
    options = _tolerances(rtol, atol, hmax)
    t_bar = np.zeros(len(t))
    state = np.concatenate([np.zeros(n), np.zeros_like(_flat(args))])
    if t[0] != t[-1]:
        path = _path(rates, args, (t[0], t[-1]), ys[0], options)
        backward = functools.partial(_backward, rates, args, path, n)
    for i in reversed(range(1, len(t))):
        state[:n] += ys_bar[i]
        t_bar[i] = ys_bar[i] @ rates(ys[i], float(t[i]), *args)
        if t[i] != t[i - 1]:
            state = _solved(backward, state, [t[i], t[i - 1]], _scalar(options))[-1]
    t_bar[0] = -state[:n] @ rates(ys[0], float(t[0]), *args)
    y0_bar = _filled(y0, state[:n] + ys_bar[0])
    return y0_bar, _filled(t, t_bar), _filled(args, state[n:])


def _path(rates: Function, args: Any, span: Any, y: Any, options: Any) -> Any:
    """Return the solution between two times, as a function of time."""
    slope = functools.partial(_slope, rates, args)
    given = {name: options[name] for name in ("rtol", "atol")}
    largest = options["hmax"] or np.inf
    found = integrate.solve_ivp(
        slope, span, y, "LSODA", dense_output=True, max_step=largest, **given
    )
    if not found.success:
        raise ArithmeticError(f"a derivative of odeint: {found.message}")
    return found.sol


def _solved(slope: Function, start: Any, t: Any, options: dict[str, Any]) -> Any:
    """Return what ``odeint`` returns, which raises where it would warn."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", integrate.ODEintWarning)
        return integrate.odeint(slope, start, t, tfirst=True, **options)


def _scalar(options: dict[str, Any]) -> dict[str, Any]:
    """Return tolerances for other variables than those they were given for."""
    smallest = {name: float(np.min(options[name])) for name in ("rtol", "atol")}
    return {**options, **smallest}


def _slope(rates: Function, args: Any, t: float, y: Any) -> Any:
    return rates(y, float(t), *args)


def _backward(
    rates: Function, args: Any, path: Function, n: int, t: float, state: Any
) -> Any:
    """Return the slope of the cotangents of the state and of the parameters."""
    _, pullback = vjp(rates, path(t), float(t), *args)
    y_bar, _, *args_bar = pullback(state[:n])
    return -np.concatenate([y_bar, _flat(args_bar)])


def ode_tangents(
    func: Function,
    tfirst: bool,
    dots: tuple[Any, Any, Any],
    ys: Any,
    t: Any,
    args: Any,
    rtol: Any,
    atol: Any,
    hmax: float,
) -> Any:
    """Return the tangent of the solution.

    ``dots`` are those of the initial value, of the times and of the parameters.
    """
    rates, n = _rates(func, tfirst), ys.shape[1]
    y0_dot, t_dot = _flat(dots[0]), _flat(dots[1])
    slopes = np.stack([rates(y, float(s), *args) for y, s in zip(ys, t, strict=True)])
    state = np.concatenate([ys[0], y0_dot - slopes[0] * t_dot[0]])
    forward = functools.partial(_forward, rates, args, dots[2], n)
    path = _solved(forward, state, t, _scalar(_tolerances(rtol, atol, hmax)))
    ys_dot = path[:, n:] + slopes * t_dot[:, None]
    ys_dot[0] = y0_dot
    return ys_dot


def _forward(
    rates: Function, args: Any, args_dot: Any, n: int, t: float, state: Any
) -> Any:
    """Return the slopes of the state and of its tangent."""
    dots = (state[n:], None, *args_dot)
    return np.concatenate(jvp(rates, (state[:n], float(t), *args), dots))


def _parts(
    func: Any, tfirst: Any, ys_bar: Any, ys: Any, y0: Any, t: Any, args: Any, *rest: Any
) -> Any:
    """Return what has the types of the results of ``ode_cotangents``."""
    return y0, t, args


def _moved(
    func: Any, tfirst: Any, dots: Any, ys: Any, t: Any, args: Any, *rest: Any
) -> Any:
    """Return what has the type of the result of ``ode_tangents``."""
    return ys


SECOND = "derivatives of derivatives of scipy.integrate functions are not known"


def _unknown(*given: Any) -> Any:
    raise NotImplementedError(SECOND)


def _solution(func: Any, y0: Any, t: Any, *rest: Any, **options: Any) -> Any:
    """Return what has the type of the result of ``odeint``."""
    _options(*rest, **options)
    return np.zeros((len(t), len(np.atleast_1d(y0))))


def _options(
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
    return args, rtol, atol, hmax, tfirst


@rule(integrate.odeint, result=_solution)
def odeint_adjoint(ys_bar: Any, ys: Any, func: Any, y0: Any, t: Any, *rest: Any) -> Any:
    """Return the cotangents of the arguments of ``odeint``."""
    args, rtol, atol, hmax, tfirst = _options(*rest)
    bars = ode_cotangents(func, tfirst, ys_bar, ys, y0, t, args, rtol, atol, hmax)
    return (None, *bars, *([None] * (len(rest) - 1)))


@rule(integrate.odeint, mode="tangent")
def odeint_tangent(*given: Any) -> Any:
    """Return the tangent of the result of ``odeint``."""
    count = (len(given) - 1) // 2
    ys, func, _, t, *rest = given[count:]
    args, rtol, atol, hmax, tfirst = _options(*rest)
    dots = given[1:4]
    return ode_tangents(func, tfirst, dots, ys, t, args, rtol, atol, hmax)


@functools.lru_cache(maxsize=64)
def _slopes(func: Function, moving: tuple[int, ...]) -> Function:
    """Return the gradient of an integrand in parameters, which come after the place."""
    found: Function = grad(func, argnums=tuple(k + 1 for k in moving))
    return found


def integral_cotangents(
    func: Function, bar: float, a: float, b: float, args: Any, options: Any
) -> Any:
    """Return the cotangents of the parameters of an integrand."""
    given = args if isinstance(args, tuple) else (args,)
    moving = tuple(k for k, x in enumerate(given) if _flat(x).size)
    if not moving:
        return args
    slopes = _slopes(func, moving)
    total, _ = integrate.quad_vec(
        lambda x: _flat(slopes(float(x), *given)), a, b, norm="max", **options
    )
    return _filled(args, bar * total)


def integral_tangent(
    func: Function, args_dot: Any, a: float, b: float, args: Any, options: Any
) -> float:
    """Return how an integral moves with the parameters of its integrand."""
    given = args if isinstance(args, tuple) else (args,)
    dots = args_dot if isinstance(args, tuple) else (args_dot,)
    if not any(_flat(x).size for x in given):
        return 0.0

    def slope(x: float) -> Any:
        return jvp(func, (float(x), *given), (None, *dots))[1]

    return float(integrate.quad(slope, a, b, **options)[0])


def _like_args(func: Any, bar: Any, a: Any, b: Any, args: Any, options: Any) -> Any:
    return args


def _number(func: Any, dot: Any, a: Any, b: Any, args: Any, options: Any) -> Any:
    return 1.0


NOT_READ: tuple[tuple[Function, Function], ...] = (
    (ode_cotangents, _parts),
    (ode_tangents, _moved),
    (integral_cotangents, _like_args),
    (integral_tangent, _number),
)
for _function, _result in NOT_READ:
    for _mode in MODES:
        rule(_function, mode=_mode, result=_result)(_unknown)


def _integral(func: Any, a: Any, b: Any, *rest: Any, **options: Any) -> Any:
    """Return what has the type of the result of ``quad``."""
    _quad_options(*rest, **options)
    return 1.0, 1.0


def _quad_options(
    args: Any = (),
    full_output: Any = 0,
    epsabs: Any = None,
    epsrel: Any = None,
    limit: Any = 50,
    points: Any = None,
    weight: Any = None,
    wvar: Any = None,
    wopts: Any = None,
    maxp1: Any = 50,
    limlst: Any = 50,
    complex_func: Any = False,
) -> Any:
    """Return those arguments of ``quad`` that its derivatives depend on."""
    if full_output or complex_func:
        raise NotImplementedError("argument 'full_output' or 'complex_func' of quad")
    if weight is not None:
        raise NotImplementedError("argument 'weight' of quad; multiply by it")
    options = {"epsabs": epsabs, "epsrel": epsrel, "limit": limit, "points": points}
    return args, options


def _at_end(func: Any, end: Any, args: Any, factor: Any) -> Any:
    """Return the derivative of an integral in one of its ends, times a factor."""
    if isinstance(end, int):
        return None
    given = args if isinstance(args, tuple) else (args,)
    return factor * func(end, *given) if np.isfinite(end) else 0.0


@rule(integrate.quad, result=_integral)
def quad_adjoint(bars: Any, values: Any, func: Any, a: Any, b: Any, *rest: Any) -> Any:
    """Return the cotangents of the arguments of ``quad``; its error is a constant."""
    args, options = _quad_options(*rest)
    args_bar = integral_cotangents(func, bars[0], a, b, args, options)
    a_bar, b_bar = _at_end(func, a, args, -bars[0]), _at_end(func, b, args, bars[0])
    return (None, a_bar, b_bar, args_bar, *([None] * (len(rest) - 1)))


@rule(integrate.quad, mode="tangent")
def quad_tangent(*given: Any) -> Any:
    """Return the tangents of the results of ``quad``."""
    count = (len(given) - 1) // 2
    _, a_dot, b_dot, args_dot, *_ = given[:count]
    func, a, b, *rest = given[count + 1 :]
    args, options = _quad_options(*rest)
    total = integral_tangent(func, args_dot, a, b, args, options)
    for end, dot, sign in ((a, a_dot, -1.0), (b, b_dot, 1.0)):
        if not isinstance(end, int):
            total = total + _at_end(func, end, args, sign * dot)
    return total, 0.0
