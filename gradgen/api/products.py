"""Products of derivatives with vectors, without the matrix."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from gradgen.api.calls import directional
from gradgen.api.calls import jvp as _jvp
from gradgen.api.calls import vjp as _vjp
from gradgen.api.functions import make_step
from gradgen.compiler import TRANSFORMS, Step
from gradgen.errors import ArgumentError


def hvp(f: Callable[..., Any], primals: Sequence[Any], vectors: Sequence[Any]) -> Any:
    """Return the product of the Hessian of a scalar function with a vector.

    Parameters
    ----------
    f : Callable
        A function that returns a real number.
    primals : sequence
        The arguments of ``f``.
    vectors : sequence
        For each argument the part of the vector that belongs to it, with its structure,
        shape and dtype; None for an argument that is held fixed.

    Returns
    -------
    Any
        The product, with the structure of the argument. If several arguments move, a
        tuple with the part for each of them.

    Examples
    --------
    >>> import numpy as np
    >>> hvp(lambda x: (x**3).sum(), (np.array([1.0, 2.0]),), (np.array([1.0, 1.0]),))
    array([ 6., 12.])
    """
    moving = _moving("hvp", vectors)
    gradient = Step("grad", moving, single=len(moving) == 1)
    return directional(Step("hvp"), f, primals, vectors, (gradient,))


def gauss_newton_vp(
    f: Callable[..., Any], primals: Sequence[Any], vectors: Sequence[Any]
) -> Any:
    """Return ``J.T @ (J @ v)`` for the Jacobian ``J`` of ``f``, without computing it.

    With residuals ``f``, it is the product of the Gauss-Newton matrix of half their sum
    of squares with a vector (Nocedal and Wright, *Numerical Optimization*, 10.3).

    Parameters
    ----------
    f : Callable
        A function of NumPy arrays and Python numbers, in any nesting of containers.
    primals, vectors : sequence
        As of :func:`hvp`.

    Returns
    -------
    Any
        As of :func:`hvp`.

    Examples
    --------
    >>> import numpy as np
    >>> x, v = np.array([1.0, 2.0]), np.array([1.0, 0.0])
    >>> gauss_newton_vp(lambda x: np.array([x[0] * x[1]]), (x,), (v,))
    array([4., 2.])
    """
    moving = _moving("gauss_newton_vp", vectors)
    argnums = moving[0] if len(moving) == 1 else moving
    _, moved = _jvp(f, primals, vectors)
    _, pullback = _vjp(f, *primals, argnums=argnums)
    return pullback(moved)


def _moving(name: str, vectors: Sequence[Any]) -> tuple[int, ...]:
    """Return which arguments a vector is given for."""
    moving = tuple(i for i, vector in enumerate(vectors) if vector is not None)
    if not moving:
        raise ArgumentError(f"{name} needs a vector for at least one argument")
    return moving


TRANSFORMS[hvp] = ("hvp", make_step)
TRANSFORMS[gauss_newton_vp] = ("gauss_newton_vp", make_step)
