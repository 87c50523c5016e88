"""Derivatives of solutions of equations, whichever way these were found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from gradgen.api.calls import jvp, vjp
from gradgen.api.jacobians import jacobian
from gradgen.api.ravel import ravel_pytree
from gradgen.compiler import TRANSFORMS
from gradgen.errors import ArgumentError
from gradgen.rules import rule

F = TypeVar("F", bound=Callable[..., Any])
Function = Callable[..., Any]


def custom_root(f: Function, *, result: Function | None = None) -> Callable[[F], F]:
    """Differentiate a solver by the equation that it solves, not by its steps.

    What is decorated takes parameters and returns a ``y`` with ``f(y, *parameters)``
    zero. By the implicit function theorem derivatives cost one Jacobian of ``f`` in
    ``y`` and one solution of a linear system with it, in either mode and to any order.

    Parameters
    ----------
    f : callable
        ``f(y, *parameters)``, with as many numbers as ``y`` has, in any nesting. The
        solver and ``f`` take the same parameters; where to start and tolerances among
        them have no derivative if ``f`` does not use them.
    result : callable, optional
        As of :func:`gradgen.rule`, for a solver that gradgen cannot read.

    Returns
    -------
    callable
        A decorator, which returns the solver as it is.

    Notes
    -----
    Derivatives hold at the solution: they are as accurate as the solver is. Where the
    Jacobian is singular there are none, and ``numpy.linalg.LinAlgError`` is raised.

    References
    ----------
    A. Griewank and A. Walther, *Evaluating Derivatives*, 2nd ed., 2008, chapter 15.

    Examples
    --------
    >>> import gradgen
    >>> @gradgen.custom_root(lambda y, a: y**2 - a)
    ... def square_root(a):
    ...     y = 1.0
    ...     while abs(y * y - a) > 1e-12:
    ...         y = 0.5 * (y + a / y)
    ...     return y
    >>> round(float(gradgen.grad(square_root)(4.0)), 6)
    0.25
    """
    if not callable(f):
        raise ArgumentError(f"custom_root takes a function, not {f!r}")

    def zero(y: Any, *args: Any) -> Any:
        return ravel_pytree(f(y, *args))[0]

    return _implicit(zero, result)


def custom_fixed_point(
    g: Function, *, result: Function | None = None
) -> Callable[[F], F]:
    """Differentiate what finds a ``y`` that equals ``g(y, *parameters)``.

    As :func:`custom_root`, for the difference of the two.

    Parameters
    ----------
    g : callable
        ``g(y, *parameters)``, with the structure of ``y``.
    result : callable, optional
        As of :func:`custom_root`.

    Returns
    -------
    callable
        A decorator, which returns the solver as it is.

    Examples
    --------
    >>> import gradgen
    >>> import numpy as np
    >>> @gradgen.custom_fixed_point(lambda y, a: np.cos(a * y))
    ... def settle(a):
    ...     y = 1.0
    ...     for _ in range(100):
    ...         y = np.cos(a * y)
    ...     return y
    >>> round(float(gradgen.grad(settle)(1.0)), 6)
    -0.297474
    """
    if not callable(g):
        raise ArgumentError(f"custom_fixed_point takes a function, not {g!r}")

    def zero(y: Any, *args: Any) -> Any:
        return ravel_pytree(_difference(y, g(y, *args)))[0]

    return _implicit(zero, result)


def _difference(y: Any, z: Any) -> Any:
    """Return the difference of two trees of one structure, whatever order of keys."""
    if isinstance(y, dict):
        return [_difference(y[key], z[key]) for key in y]
    if isinstance(y, list | tuple):
        return [_difference(one, other) for one, other in zip(y, z, strict=True)]
    return None if y is None else y - z


def _implicit(zero: Function, result: Function | None) -> Callable[[F], F]:
    """Return a decorator that gives rules to a solver of ``zero(y, *args) == 0``."""

    def enter(solver: F) -> F:
        for mode, make in (("adjoint", _adjoint_of), ("tangent", _tangent_of)):
            given = make(zero)
            given.__name__ = f"{getattr(solver, '__name__', 'solver')}_{mode}"
            rule(solver, mode=mode, result=result)(given)
        return solver

    return enter


def _matrix(zero: Function, y: Any, args: Any) -> Any:
    """Return the Jacobian of the equations in ``y``."""
    v, unravel = ravel_pytree(y)
    return jacobian(lambda w: zero(unravel(w), *args))(v)


def _adjoint_of(zero: Function) -> Function:
    def adjoint(y_bar: Any, y: Any, *args: Any) -> Any:
        w = np.linalg.solve(_matrix(zero, y, args).T, ravel_pytree(y_bar)[0])
        _, pullback = vjp(lambda args: zero(y, *args), args)
        bars = pullback(-w)[0]
        return bars[0] if len(args) == 1 else tuple(bars)

    return adjoint


def _tangent_of(zero: Function) -> Function:
    def tangent(*given: Any) -> Any:
        count = (len(given) - 1) // 2
        dots, y, args = given[:count], given[count], given[count + 1 :]
        _, unravel = ravel_pytree(y)
        _, moved = jvp(lambda args: zero(y, *args), (args,), (dots,))
        return unravel(np.linalg.solve(_matrix(zero, y, args), -moved))

    return tangent


for _decorator in (custom_root, custom_fixed_point):
    TRANSFORMS[_decorator] = ("outside", _decorator)
