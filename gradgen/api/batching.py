"""``vmap``: functions of many examples at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradgen.api.derivative import Derivative
from gradgen.compiler import TRANSFORMS, Step
from gradgen.errors import ArgumentError
from gradgen.ir.tree import tree_of


def vmap(
    f: Callable[..., Any], in_axes: Any = 0, out_axes: Any = 0
) -> Derivative[..., Any]:
    """Return the function that computes ``f`` for many examples at once.

    ``vmap(f)(xs)`` is ``np.stack([f(x) for x in xs])``, without the loop: an array of
    examples has one axis more than an example, and so has what depends on it. What
    NumPy cannot compute for all of them by one call, such as a ``while`` whose length
    differs, runs in a loop over the examples.

    Parameters
    ----------
    f : Callable
        A function of one example.
    in_axes : int, None, or tuple of these
        Along which axis of the arguments the examples lie. An int stands for all arrays
        among the arguments; a tuple has an entry for each parameter, the last of which
        may be left out: an int, None for what all examples share, or a container of
        these with the structure of the argument.
    out_axes : int, None, or container of these
        Along which axis of the results the examples are to lie; None for a result that
        does not depend on the example.

    Returns
    -------
    Derivative
        A function with the signature of ``f``.

    Raises
    ------
    ArgumentError
        When called, if an axis does not fit, nothing is mapped, or the numbers of
        examples differ.

    Notes
    -----
    Functions of ``math`` raise errors for numbers outside of their domain; over many
    examples they are computed by NumPy, which warns instead and returns NaN.

    Examples
    --------
    >>> import numpy as np
    >>> vmap(lambda x, w: x @ w, in_axes=(0, None))(np.eye(2), np.array([3.0, 4.0]))
    array([3., 4.])
    """
    return Derivative(f, make_vmap(f, in_axes, out_axes))


def make_vmap(f: Any, in_axes: Any = 0, out_axes: Any = 0) -> Step:
    """Return the step that the options of :func:`vmap` describe."""
    if f is not None and not callable(f):
        raise ArgumentError(f"vmap takes a function, not {f!r}")
    if not isinstance(in_axes, int | list | tuple) or isinstance(in_axes, bool):
        raise ArgumentError(
            f"in_axes must be an int or a tuple with an entry for each argument, "
            f"not {in_axes!r}"
        )
    return Step("vmap", axes=(tree_of(in_axes), tree_of(out_axes)))


TRANSFORMS[vmap] = ("vmap", lambda *axes, **named: make_vmap(None, *axes, **named))
