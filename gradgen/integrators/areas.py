"""Rules of ``quad``: of integrals of functions.

They are Leibniz's. The integrand of *order* ``k + 1`` is the tangent of that of order
``k`` in its parameters, and takes a pair of these and their tangents.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import integrate

from gradgen.api import jvp, vjp
from gradgen.api.calls import cotangents_at
from gradgen.integrators.parameters import filled, flat, floats
from gradgen.rules import calls_back, rule

Function = Callable[..., Any]


def heights_of(func: Function, order: int) -> Function:
    """Return the integrand of an order."""
    if order:
        inner = heights_of(func, order - 1)

        def moving(x: Any, pair: Any) -> Any:
            args, args_dot = pair
            _, slope = jvp(inner, (x, args), (None, args_dot))
            return 0.0 if slope is None else slope

        return moving

    def heights(x: Any, args: Any) -> Any:
        return func(x, *args)

    return heights


_kept_heights = functools.lru_cache(maxsize=64)(heights_of)


def area(
    func: Function, order: int, a: float, b: float, args: Any, options: Any
) -> float:
    """Return the integral of the integrand of an order."""
    if order and not flat(args).size:
        return 0.0
    heights = _kept_heights(func, order)
    found = integrate.quad(lambda x: heights(float(x), args), a, b, **options)
    return float(found[0])


def area_cotangents(
    func: Function,
    order: int,
    bar: float,
    a: float,
    b: float,
    args: Any,
    options: Any,
) -> Any:
    """Return the cotangents of the parameters of an integrand."""
    if not flat(args).size:
        return floats(args)
    pull = cotangents_at(_kept_heights(func, order), 0.0, args)

    def slopes(x: float) -> Any:
        return flat(pull(1.0, float(x), args)[1])

    total, _ = integrate.quad_vec(slopes, a, b, norm="max", **options)
    return filled(args, bar * total)


def _moved(
    func: Function, order: int, dots: Any, a: Any, b: Any, args: Any, options: Any
) -> Any:
    """Return the tangent of an area; ``dots`` are those of the ends and parameters."""
    a_dot, b_dot, args_dot = dots
    total = area(func, order + 1, a, b, (args, args_dot), options)
    for end, dot, sign in ((a, a_dot, -1.0), (b, b_dot, 1.0)):
        if dot is not None:
            total = total + _at_end(func, order, end, args, sign * dot)
    return total


def _at_end(func: Function, order: int, end: Any, args: Any, factor: Any) -> Any:
    """Return the derivative of an area in one of its ends, times a factor."""
    if isinstance(end, int):
        return None
    heights = heights_of(func, order)
    return factor * heights(end, args) if np.isfinite(end) else 0.0


@rule(area, result=lambda *given: 1.0)
def area_adjoint(
    bar: Any,
    value: Any,
    func: Any,
    order: Any,
    a: Any,
    b: Any,
    args: Any,
    options: Any,
) -> Any:
    """Return the cotangents of what ``area`` takes."""
    args_bar = area_cotangents(func, order, bar, a, b, args, options)
    a_bar = _at_end(func, order, a, args, -bar)
    b_bar = _at_end(func, order, b, args, bar)
    return None, None, a_bar, b_bar, args_bar, None


@rule(area, mode="tangent")
def area_tangent(*given: Any) -> Any:
    """Return the tangent of what ``area`` returns."""
    func, order, a, b, args, options = given[7:]
    return _moved(func, order, given[2:5], a, b, args, options)


@rule(
    area_cotangents,
    result=lambda func, order, bar, a, b, args, options: floats(args),
)
def cotangents_adjoint(
    bars: Any,
    values: Any,
    func: Any,
    order: Any,
    bar: Any,
    a: Any,
    b: Any,
    args: Any,
    options: Any,
) -> Any:
    """Return the cotangents of what ``area_cotangents`` takes."""
    slope = area(func, order + 1, a, b, (args, bars), options)
    found = area_cotangents(func, order + 1, bar, a, b, (args, bars), options)
    a_bar = _at_end(func, order + 1, a, (args, bars), -bar)
    b_bar = _at_end(func, order + 1, b, (args, bars), bar)
    return None, None, slope, a_bar, b_bar, found[0], None


@rule(area_cotangents, mode="tangent")
def cotangents_tangent(*given: Any) -> Any:
    """Return the tangents of what ``area_cotangents`` returns."""
    bar_dot, dots = given[2], given[3:6]
    func, order, bar, a, b, args, options = given[8:]

    def tangent(args: Any) -> Any:
        value = area(func, order, a, b, args, options)
        return bar_dot * value + bar * _moved(func, order, dots, a, b, args, options)

    _, pullback = vjp(tangent, args)
    bars = pullback(1.0)
    return bars[0] if bars else None


def _integral(func: Any, a: Any, b: Any, *rest: Any, **options: Any) -> Any:
    """Return what has the type of the result of ``quad``."""
    _options(*rest, **options)
    return 1.0, 1.0


def _options(
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


@rule(integrate.quad, result=_integral)
def quad_adjoint(bars: Any, values: Any, func: Any, a: Any, b: Any, *rest: Any) -> Any:
    """Return the cotangents of the arguments of ``quad``; its error is a constant."""
    args, options = _options(*rest)
    given = args if isinstance(args, tuple) else (args,)
    args_bar = area_cotangents(func, 0, bars[0], a, b, given, options)
    a_bar = _at_end(func, 0, a, given, -bars[0])
    b_bar = _at_end(func, 0, b, given, bars[0])
    unmoved = [None] * (len(rest) - 1)
    one = args_bar if isinstance(args, tuple) else args_bar[0]
    return (None, a_bar, b_bar, one, *unmoved)


@rule(integrate.quad, mode="tangent")
def quad_tangent(*given: Any) -> Any:
    """Return the tangents of the results of ``quad``."""
    count = (len(given) - 1) // 2
    _, a_dot, b_dot, args_dot, *_ = given[:count]
    func, a, b, *rest = given[count + 1 :]
    args, options = _options(*rest)
    if not isinstance(args, tuple):
        args, args_dot = (args,), (args_dot,)
    return _moved(func, 0, (a_dot, b_dot, args_dot), a, b, args, options), 0.0


calls_back(integrate.quad, func=1)
