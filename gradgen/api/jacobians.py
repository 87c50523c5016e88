"""Derivatives of functions with many results: Jacobians, Hessians, by element."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from gradgen.api.derivative import Derivative
from gradgen.api.functions import Argnums, grad, make_step
from gradgen.compiler import TRANSFORMS
from gradgen.errors import ArgumentError


def jacobian(
    f: Callable[..., Any],
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
    holomorphic: bool = False,
) -> Derivative[..., Any]:
    """Return the function that computes the Jacobian of ``f``.

    It takes the cheaper way for the sizes of the first call: :func:`jacfwd` where there
    are no more inputs than outputs, else :func:`jacrev`.

    Parameters
    ----------
    f : Callable
        A function of NumPy arrays and Python numbers, in any nesting of containers,
        with results of the same kind.
    argnums : int or sequence of ints
        Which arguments to differentiate by, counted as in the signature of ``f``.
    has_aux : bool
        Whether ``f`` returns a pair of which only the first is differentiated.
    holomorphic : bool
        Whether ``f`` is complex differentiable, and its complex derivative is wanted.

    Returns
    -------
    Derivative
        A function with the signature of ``f``. Its result has the structure of that of
        ``f``, and in the place of each array ``y`` the structure of the argument, with
        arrays of the shape ``y.shape + x.shape``.

    Raises
    ------
    OutputError
        When called, if ``f`` has no floating result, or a complex one.

    Examples
    --------
    >>> import numpy as np
    >>> jacobian(lambda x: x[0] * x)(np.array([2.0, 3.0]))
    array([[4., 0.],
           [3., 2.]])
    """
    return _made("jacobian", f, argnums, has_aux, holomorphic)


def jacfwd(
    f: Callable[..., Any],
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
    holomorphic: bool = False,
) -> Derivative[..., Any]:
    """Return the function that computes the Jacobian of ``f`` column by column.

    As :func:`jacobian`, in forward mode: all columns at once, each a tangent along one
    unit vector of the arguments. It is the way for few inputs, and stores nothing.

    Examples
    --------
    >>> import numpy as np
    >>> jacfwd(lambda t: np.array([t, t**2]))(3.0)
    array([1., 6.])
    """
    return _made("jacfwd", f, argnums, has_aux, holomorphic)


def jacrev(
    f: Callable[..., Any],
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
    holomorphic: bool = False,
) -> Derivative[..., Any]:
    """Return the function that computes the Jacobian of ``f`` row by row.

    As :func:`jacobian`, in reverse mode: one forward sweep, and one reverse sweep for
    all rows at once. It is the way for few outputs.

    Examples
    --------
    >>> import numpy as np
    >>> jacrev(lambda x: x[:1] * x[1:])(np.array([2.0, 3.0, 4.0]))
    array([[3., 2., 0.],
           [4., 0., 2.]])
    """
    return _made("jacrev", f, argnums, has_aux, holomorphic)


def hessian(
    f: Callable[..., Any], argnums: Argnums = 0, *, has_aux: bool = False
) -> Derivative[..., Any]:
    """Return the function that computes the Hessian of a scalar function.

    It is the Jacobian of the gradient, forward over reverse.

    Examples
    --------
    >>> import numpy as np
    >>> hessian(lambda x: x[0] ** 2 * x[1])(np.array([1.0, 2.0]))
    array([[4., 2.],
           [2., 0.]])
    """
    return jacfwd(grad(f, argnums, has_aux=has_aux), argnums, has_aux=has_aux)


def elementwise_grad(
    f: Callable[..., Any], argnums: Argnums = 0
) -> Derivative[..., Any]:
    """Return the derivative of a function that works element by element.

    It is the gradient of the sum of all elements of the result, and so the derivative
    of each only where an element of the result depends on no other element.

    Examples
    --------
    >>> import numpy as np
    >>> elementwise_grad(lambda x: np.tanh(x))(np.array([0.0, 1.0]))
    array([1.        , 0.41997434])
    """
    return _made("elementwise_grad", f, argnums, False, False)


def derivative(f: Callable[..., Any], order: int = 1) -> Derivative[..., Any]:
    """Return the derivative of ``f`` by its first argument, a number.

    Parameters
    ----------
    f : Callable
        A function whose first argument is a number; its result may be an array.
    order : int
        How often to differentiate.

    Examples
    --------
    >>> derivative(lambda x: x**4, order=3)(2.0)
    48.0
    """
    if type(order) is not int or order < 1:
        raise ArgumentError(f"order must be a positive integer, not {order!r}")
    for _ in range(order):
        f = jacfwd(f)
    assert isinstance(f, Derivative)
    return f


def _made(
    kind: str,
    f: Callable[..., Any],
    argnums: Argnums,
    has_aux: bool,
    holomorphic: bool,
) -> Derivative[..., Any]:
    if not callable(f):
        raise ArgumentError(f"{kind} takes a function, not {f!r}")
    step = make_step(kind, argnums, has_aux=has_aux, holomorphic=holomorphic)
    return Derivative(f, step)


for _kind, _transform in (
    ("jacobian", jacobian),
    ("jacfwd", jacfwd),
    ("jacrev", jacrev),
    ("elementwise_grad", elementwise_grad),
):
    TRANSFORMS[_transform] = (_kind, functools.partial(make_step, _kind))
TRANSFORMS[hessian] = ("hessian", make_step)
TRANSFORMS[derivative] = ("derivative", make_step)
