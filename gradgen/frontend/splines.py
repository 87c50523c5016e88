"""Splines that a function makes, as functions of their own."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from gradgen.deferred import Deferred
from gradgen.errors import Refusal
from gradgen.frontend.arrays import fresh
from gradgen.frontend.frame import Frame, refusing
from gradgen.frontend.values import Native, Partial, Static, from_python, to_python

if TYPE_CHECKING:
    from gradgen.primitives import splines
else:
    splines = Deferred("gradgen.primitives.splines")

TAKEN: dict[str, dict[str, tuple[Any, ...]]] = {
    "CubicSpline": {"axis": (0, -1), "bc_type": ("not-a-knot",)},
    "make_interp_spline": {"axis": (0, -1), "check_finite": (True,)},
}
"""By class or function that makes a spline, which values its options may have."""


def make_spline(
    frame: Frame, function: Any, args: Sequence[Any], kwargs: dict[str, Any]
) -> Partial:
    """Return a spline through points: a function whose first arguments are known."""
    name = function.__name__
    with refusing():
        signature = inspect.signature(function)
        bound = signature.bind(*to_python(list(args)), **to_python(kwargs))
        options = dict(bound.arguments)
        x, y, degree = options.pop("x"), options.pop("y"), options.pop("k", 3)
        for option, value in options.items():
            if value is not None and value not in TAKEN[name].get(option, ()):
                raise Refusal(f"argument '{option}' of {name} is not supported")
        if type(degree) is not int or degree < 1 or degree % 2 == 0:
            raise Refusal(f"argument 'k' of {name} that is no odd number", "k=3")
        b, knots = splines.fitted(x, y, degree, frame.builder)
    return Partial(AT, (from_python(b), from_python(knots), Static(degree)), {})


def _value(frame: Frame, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    with refusing():
        return fresh(splines.value(*to_python(list(args)), **to_python(kwargs)))


AT = Native(_value)
