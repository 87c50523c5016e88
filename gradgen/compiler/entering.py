"""What the transforms do when a function that is compiled calls them.

It is entered into the frontend's tables of functions that it knows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from gradgen.compiler.nested import gradient, jvp, vjp
from gradgen.compiler.request import TRANSFORMS
from gradgen.deferred import Deferred
from gradgen.errors import Refusal
from gradgen.frontend.frame import Frame
from gradgen.frontend.instances import OBJECTS
from gradgen.frontend.known import KNOWN
from gradgen.frontend.outside import outside_value
from gradgen.frontend.values import Foreign, Native, to_python

if TYPE_CHECKING:
    from gradgen.compiler import directions, ravelling
else:
    directions = Deferred("gradgen.compiler.directions")
    ravelling = Deferred("gradgen.compiler.ravelling")


def _transform(maker: Any) -> Callable[[Frame, list[Any], dict[str, Any]], Any]:
    """Return what ``grad(f)`` or ``value_and_grad(f)`` does inside of a function."""

    def known(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
        if not args:
            raise Refusal("as a decorator with options it is not supported here")
        function, *rest = args
        options = {name: to_python(value) for name, value in kwargs.items()}
        step = maker(*map(to_python, rest), **options)
        way = _way(step.kind)
        return Native(lambda frame, a, k: way(frame, function, step, a, k))

    return known


COMPOSED = ("hvp", "gauss_newton_vp", "hessian", "derivative", "linearize", "outside")
"""Transforms that are made of others, by the functions that do so, or that refuse."""


def _composed(kind: str, maker: Any) -> Callable[..., Any]:
    """Return what does a transform that is made of others."""

    def known(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
        return getattr(directions, kind)(frame, maker, args, kwargs)

    return known


def _call_derivative(
    frame: Frame, callee: Foreign, args: Sequence[Any], kwargs: dict[str, Any]
) -> Any:
    """Call the result of ``grad`` that was found outside of the function."""
    derivative, root = callee.value, callee.root
    frame.context.guard(root, derivative)
    function = outside_value(frame, root.child("primal"), derivative.primal)
    step = derivative.step
    return _way(step.kind)(frame, function, step, args, kwargs)


def _way(kind: str) -> Callable[..., Any]:
    """Return what computes a transform of some kind."""
    if kind == "vmap":
        return directions.over_examples
    return directions.jacobian if kind.startswith("jac") else gradient


def enter_transforms() -> None:
    """Tell the frontend what the transforms do when they are called."""
    for transform, (kind, maker) in TRANSFORMS.items():
        if kind == "class":
            OBJECTS[transform] = _call_derivative
        elif kind == "jvp":
            KNOWN[transform] = jvp
        elif kind == "vjp":
            KNOWN[transform] = vjp
        elif kind == "ravel":
            KNOWN[transform] = lambda *given: ravelling.ravel_pytree(*given)
        elif kind == "unravel":
            OBJECTS[transform] = lambda *given: ravelling.unravel(*given)
        elif kind in COMPOSED:
            KNOWN[transform] = _composed(kind, maker)
        else:
            KNOWN[transform] = _transform(maker)
