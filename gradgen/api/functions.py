"""The transforms: ``grad``, ``value_and_grad``, ``jvp`` and ``vjp``."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, TypeVar, overload

from gradgen.api.derivative import Derivative
from gradgen.compiler import TRANSFORMS, Step
from gradgen.errors import ArgumentError

P = ParamSpec("P")
R = TypeVar("R")
Argnums = int | Sequence[int]


@overload
def grad(
    f: Callable[P, Any],
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
    holomorphic: bool = False,
    strict: bool = False,
) -> Derivative[P, Any]: ...
@overload
def grad(
    f: None = None,
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
    holomorphic: bool = False,
    strict: bool = False,
) -> Callable[[Callable[P, Any]], Derivative[P, Any]]: ...
def grad(
    f: Callable[P, Any] | None = None,
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
    holomorphic: bool = False,
    strict: bool = False,
) -> Any:
    """Return the function that computes the gradient of a scalar function.

    Parameters
    ----------
    f : Callable, optional
        A function of NumPy arrays and Python numbers, in any nesting of dict, list,
        tuple, NamedTuple and dataclass. Without it, a decorator is returned.
    argnums : int or sequence of ints
        Which arguments to differentiate by, counted as in the signature of ``f``.
    has_aux : bool
        Whether ``f`` returns a pair of which only the first is differentiated.
    holomorphic : bool
        Whether ``f`` is complex differentiable, and its complex derivative is wanted.
        Otherwise a complex result is refused; see ``docs/complex.md``.
    strict : bool
        Whether ``FloatingPointError`` is raised, with the line, where a derivative is
        not defined or not finite; see ``docs/conventions.md``. The derivatives that it
        is made of are strict as well.

    Returns
    -------
    Derivative
        A function with the signature of ``f``. It returns the gradient, with the
        structure, shapes and dtypes of the argument; a tuple of gradients if
        ``argnums`` is a sequence; ``(gradient, aux)`` with ``has_aux``.

    Examples
    --------
    >>> @grad
    ... def slope(x):
    ...     return x**3
    >>> slope(2.0)
    12.0
    """
    return _transform("grad", f, argnums, has_aux, holomorphic, strict)


@overload
def value_and_grad(
    f: Callable[P, R],
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
    holomorphic: bool = False,
    strict: bool = False,
) -> Derivative[P, tuple[R, Any]]: ...
@overload
def value_and_grad(
    f: None = None,
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
    holomorphic: bool = False,
    strict: bool = False,
) -> Callable[[Callable[P, R]], Derivative[P, tuple[R, Any]]]: ...
def value_and_grad(
    f: Callable[P, Any] | None = None,
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
    holomorphic: bool = False,
    strict: bool = False,
) -> Any:
    """Return the function that computes a scalar function and its gradient.

    As :func:`grad`, but the result is ``(value, gradient)``, and ``((value, aux),
    gradient)`` with ``has_aux``.

    Examples
    --------
    >>> value_and_grad(lambda x, y: x * y, argnums=(0, 1))(2.0, 3.0)
    (6.0, (3.0, 2.0))
    """
    return _transform("value_and_grad", f, argnums, has_aux, holomorphic, strict)


def _transform(
    kind: str,
    f: Callable[..., Any] | None,
    argnums: Argnums,
    has_aux: bool,
    holomorphic: bool,
    strict: bool,
) -> Any:
    options = {"has_aux": has_aux, "holomorphic": holomorphic, "strict": strict}
    step = make_step(kind, argnums, **options)
    if f is None:
        return lambda function: Derivative(function, step)
    if not callable(f):
        raise ArgumentError(f"{kind} takes a function, not {f!r}")
    return Derivative(f, step)


def make_step(
    kind: str,
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
    holomorphic: bool = False,
    strict: bool = False,
) -> Step:
    """Return the step that the options of a transform describe."""
    numbers, single = check_argnums(argnums)
    return Step(kind, numbers, single, has_aux, holomorphic, strict)


def check_argnums(argnums: Argnums) -> tuple[tuple[int, ...], bool]:
    """Return ``argnums`` as a tuple, and whether it was a single number."""
    if _is_number(argnums):
        return (int(argnums),), True  # type: ignore[arg-type]
    if not isinstance(argnums, Sequence) or not all(map(_is_number, argnums)):
        raise ArgumentError(
            f"argnums must be an int or a tuple of ints, not {argnums!r}"
        )
    if not argnums:
        raise ArgumentError("argnums is empty, so there is nothing to differentiate by")
    return tuple(map(int, argnums)), False


def _is_number(value: Any) -> bool:
    return hasattr(value, "__index__") and not isinstance(value, bool)


TRANSFORMS[Derivative] = ("class", None)
TRANSFORMS[grad] = ("grad", functools.partial(make_step, "grad"))
TRANSFORMS[value_and_grad] = (
    "value_and_grad",
    functools.partial(make_step, "value_and_grad"),
)
