"""Functions of trees as functions of vectors, and their derivatives."""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Callable
from typing import Any

from gradgen.api import value_and_grad
from gradgen.api.jacobians import hessian, jacobian
from gradgen.optimize.parameters import Parameters, vector_of

MAX_FUNCTIONS = 256
"""For how many functions derivatives are kept."""

Function = Callable[..., Any]
TRANSFORMS: dict[str, Function] = {
    "value_and_grad": value_and_grad,
    "jacobian": jacobian,
    "hessian": hessian,
}


def derivative_of(kind: str, function: Function, argnums: Any = 0) -> Function:
    """Return a derivative, the same one for the same function.

    Other callables may equal one another without being the same.
    """
    if isinstance(function, types.FunctionType):
        return _kept(kind, function, argnums)
    found: Function = TRANSFORMS[kind](function, argnums)
    return found


@functools.lru_cache(MAX_FUNCTIONS)
def _kept(kind: str, function: Function, argnums: Any) -> Function:
    found: Function = TRANSFORMS[kind](function, argnums)
    return found


def residuals(
    parameters: Parameters, fun: Function, args: Any = (), kwargs: Any = None
) -> Function:
    """Return a function from a vector to the vector of what ``fun`` returns."""
    named = kwargs or {}

    def flat(x: Any) -> Any:
        found = fun(parameters.tree(x), *args, **named)
        return vector_of(found, "the result of fun")

    return flat


def slopes(
    parameters: Parameters,
    fun: Function,
    jac: Any,
    args: Any = (),
    kwargs: Any = None,
) -> Any:
    """Return a function from a vector to the Jacobian matrix of ``fun``.

    It is made from ``jac`` if that is a function, and otherwise by gradgen if it is
    None; what else it may be is for SciPy.
    """
    named = kwargs or {}
    if jac is not None and not callable(jac):
        return jac
    found = derivative_of("jacobian", fun) if jac is None else jac
    as_matrix = parameters.matrix if jac is None else parameters.given_matrix

    def matrix(x: Any) -> Any:
        return as_matrix(found(parameters.tree(x), *args, **named))

    return matrix


def first_of(fun: Function) -> Function:
    """Return the function for the first of the two results of another one."""

    def first(x: Any, *args: Any) -> Any:
        return fun(x, *args)[0]

    return first


def second_of(fun: Function) -> Function:
    """Return the function for the second of the two results of another one."""

    def second(x: Any, *args: Any) -> Any:
        return fun(x, *args)[1]

    return second


def called_back(parameters: Parameters, callback: Any) -> Any:
    """Return a callback of vectors, that calls one of trees.

    SciPy tells by the name of the parameter what it is to be given.
    """
    if callback is None:
        return None
    if set(inspect.signature(callback).parameters) == {"intermediate_result"}:

        def told(intermediate_result: Any) -> Any:
            given = type(intermediate_result)(intermediate_result)
            return callback(intermediate_result=parameters.result(given))

        return told

    def passed(x: Any, *rest: Any) -> Any:
        return callback(parameters.found(x), *rest)

    return passed


def as_tuple(args: Any) -> tuple[Any, ...]:
    """Return further arguments as SciPy takes them: one need not stand in a tuple."""
    return args if isinstance(args, tuple) else (args,)
