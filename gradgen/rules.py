"""Rules that users give: how a function of theirs is differentiated, or that it is not.

A rule is looked up by the identity of the function when a program is compiled.
"""

from __future__ import annotations

import importlib
import types
from collections.abc import Callable
from typing import Any, TypeVar, overload

from gradgen.structs import struct

F = TypeVar("F", bound=Callable[..., Any])
MODES = ("adjoint", "tangent")
BOUND = (types.MethodType, types.BuiltinMethodType, types.MethodWrapperType)


@struct
class Rule:
    """What is known of a function besides its source.

    ``result`` is a function of the same arguments, whose value has the type of the
    function's result: then the function is called as it is, and its source not read.
    ``instead`` is a function of gradgen's that is called in its place. ``callbacks``
    names the parameters that are functions, with how many arguments these are called
    before those in ``args``.
    """

    function: Any
    adjoint: Any = None
    tangent: Any = None
    result: Any = None
    nondiff: bool = False
    instead: Any = None
    callbacks: Any = None

    @property
    def text(self) -> str:
        """Return which parts there are, for programs on the disk."""
        parts = {
            "adjoint": self.adjoint,
            "tangent": self.tangent,
            "result": self.result,
            "nondiff": self.nondiff or None,
        }
        return " ".join(name for name, part in parts.items() if part is not None)


_rules: dict[int, Rule] = {}
_asked: set[int] = set()
"""The functions that programs were compiled with as having no rule, by identity."""

FORGET: list[Callable[[], None]] = []
"""What drops the programs compiled so far; entered by those who keep them."""


BUILT_IN = {
    "scipy.integrate._ivp.ivp": "gradgen.integrators.odes",
    "scipy.integrate._odepack_py": "gradgen.integrators.odes",
    "scipy.integrate._quadpack_py": "gradgen.integrators.areas",
}
"""By modules whose functions have rules, what has these, and is loaded when needed."""


def _load_built_in(function: Any) -> bool:
    """Import what has rules for a function; tell whether there is such a module."""
    module = BUILT_IN.get(getattr(function, "__module__", None) or "")
    if module is not None:
        importlib.import_module(module)
    return module is not None


def find_rule(function: Any) -> Rule | None:
    """Return the rule of a function; that there is none is remembered."""
    found = _rules.get(id(function))
    if found is None and _load_built_in(function):
        found = _rules.get(id(function))
    if found is None:
        _asked.add(id(function))
    return found


def _rule_for(function: Any) -> Rule:
    """Return the rule of a function, made now if there is none."""
    if not callable(function):
        kind = type(function).__name__
        raise TypeError(f"a rule is for a function, not for an object of class {kind}")
    owner = getattr(function, "__self__", None)
    if isinstance(function, BOUND) and not isinstance(owner, types.ModuleType | None):
        name = f"{type(owner).__name__}.{function.__name__}"
        raise TypeError(f"a rule is for a function, such as {name}, not a bound method")
    _load_built_in(function)  # what a user says later counts
    key = id(function)
    if key not in _rules:
        _rules[key] = Rule(function)
        if key in _asked:
            for forget in FORGET:
                forget()
    return _rules[key]


def rule(
    function: Callable[..., Any],
    *,
    mode: str = "adjoint",
    result: Callable[..., Any] | None = None,
) -> Callable[[F], F]:
    """Give a function a derivative of one's own, written in plain Python.

    What is decorated is called with the values of a call of ``function`` wherever that
    is differentiated. It is compiled like other code, and may be differentiated in
    turn, for derivatives of second order. A function may have a rule for each mode.

    Parameters
    ----------
    function : callable
        Any function, one of another library as well. It must not change its arguments
        or keep them. To give a method a rule, take the function of its class.
    mode : {"adjoint", "tangent"}
        What the rule computes. An adjoint, for ``grad`` and ``vjp``, takes the
        cotangent of the result, the result, then the arguments of the function, and
        returns the cotangents of the arguments: a tuple of one for each, or None for
        an argument without derivative; for a single argument, just that. A tangent,
        for ``jvp``, takes the tangents of the arguments, the result, then the
        arguments, and returns the tangent of the result. The tangent of what does not
        move is zero.
    result : callable, optional
        Says that ``function`` is to be called as it is, because its source cannot or
        should not be read. It takes the arguments, too, and its value has the type of
        the result, dtype and shape; that it is really of this type is checked in each
        call.

    Returns
    -------
    callable
        A decorator, which returns the rule as it is.

    Raises
    ------
    ValueError
        For another mode.

    Examples
    --------
    >>> import gradgen
    >>> import numpy as np
    >>> def log1pexp(x):
    ...     return np.log1p(np.exp(x))
    >>> @gradgen.rule(log1pexp)
    ... def log1pexp_adjoint(value_bar, value, x):
    ...     return value_bar * (1.0 - np.exp(-value))
    >>> float(gradgen.grad(lambda x: log1pexp(x))(0.0))
    0.5

    A function of a library, with the type of its result:

    >>> def horner(x):
    ...     return float(np.polynomial.polynomial.polyval(x, [1.0, 0.0, 3.0]))
    >>> @gradgen.rule(horner, mode="tangent", result=lambda x: x)
    ... def horner_tangent(x_dot, value, x):
    ...     return 6.0 * x * x_dot
    >>> gradgen.jvp(lambda x: horner(x), (2.0,), (1.0,))
    (13.0, 12.0)
    """
    if mode not in MODES:
        raise ValueError(f"mode={mode!r} of rule must be 'adjoint' or 'tangent'")
    entry = _rule_for(function)
    entry.callbacks = None
    if result is not None:
        entry.result = result

    def enter(given: F) -> F:
        setattr(entry, mode, given)
        return given

    return enter


def instead(function: Callable[..., Any]) -> Callable[[F], F]:
    """Enter a function of gradgen's that is called in the place of ``function``."""

    def enter(given: F) -> F:
        _rules.setdefault(id(function), Rule(function)).instead = given
        return given

    return enter


def calls_back(function: Callable[..., Any], **callbacks: int) -> None:
    """Say which parameters of a function are functions that get what is in ``args``.

    The values say how many arguments come first.
    """
    _rules[id(function)].callbacks = callbacks


@overload
def nondiff(function: F, *, result: Callable[..., Any] | None = None) -> F: ...


@overload
def nondiff(*, result: Callable[..., Any] | None = None) -> Callable[[F], F]: ...


def nondiff(
    function: Any = None, *, result: Callable[..., Any] | None = None
) -> Callable[..., Any]:
    """Say that the result of a function counts as a constant in derivatives.

    Parameters
    ----------
    function : callable
        Any function, one of another library as well. It must not change its arguments
        or keep them. Without it, a decorator is returned.
    result : callable, optional
        As in :func:`rule`: the function is called as it is.

    Returns
    -------
    callable
        ``function`` itself.

    Examples
    --------
    >>> import gradgen
    >>> import numpy as np
    >>> @gradgen.nondiff
    ... def scale(x):
    ...     return np.max(np.abs(x))
    >>> float(gradgen.grad(lambda x: x / scale(x))(4.0))
    0.25
    """

    def enter(given: F) -> F:
        entry = _rule_for(given)
        entry.nondiff = True
        if result is not None:
            entry.result = result
        return given

    return enter if function is None else enter(function)
