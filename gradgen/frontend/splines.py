"""Splines that a function makes, as functions of their own."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from gradgen.deferred import Deferred
from gradgen.errors import Refusal
from gradgen.frontend.arrays import ArrayObject, fresh
from gradgen.frontend.frame import Frame, refusing
from gradgen.frontend.values import Native, Partial, Static, from_python, to_python
from gradgen.primitives.registry import Handle

if TYPE_CHECKING:
    from gradgen.primitives import splines
else:
    splines = Deferred("gradgen.primitives.splines")

TAKEN: dict[str, dict[str, tuple[Any, ...]]] = {
    "BSpline": {"axis": (0, -1), "extrapolate": (True,)},
    "CubicSpline": {"axis": (0, -1), "bc_type": ("not-a-knot",)},
    "make_interp_spline": {"axis": (0, -1), "check_finite": (True,)},
}
"""By class or function that makes a spline, which values its options may have."""

MADE_OF = {"BSpline": ("t", "c", "k")}
KEPT = "an interpolant that was made of this array reads what is written into it later"


def make_spline(
    frame: Frame, function: Any, args: Sequence[Any], kwargs: dict[str, Any]
) -> Partial:
    """Return a spline through points: a function whose first arguments are known."""
    options = _options(function, args, kwargs)
    x, y, degree = options["x"], options["y"], options.get("k", 3)
    if type(degree) is not int or degree < 1 or degree % 2 == 0:
        raise Refusal(
            f"argument 'k' of {function.__name__} that is no odd number", "k=3"
        )
    return _made(splines.fitted(x, y, degree, frame.builder), degree)


def make_b_spline(
    frame: Frame, function: Any, args: Sequence[Any], kwargs: dict[str, Any]
) -> Partial:
    """Return a spline with given knots and coefficients."""
    options = _options(function, args, kwargs)
    t, c, degree = options["t"], options["c"], options["k"]
    if type(degree) is not int or degree < 0:
        raise Refusal("argument 'k' of BSpline that is no known number", "k=3")
    made = _made(splines.given(t, c, degree, frame.builder), degree)
    keep([t, c])
    return made


def _options(
    function: Any, args: Sequence[Any], kwargs: dict[str, Any]
) -> dict[str, Any]:
    """Return the arguments of a call by their names; refuse options that are not taken.

    What makes the spline is taken in any case.
    """
    name = function.__name__
    signature = inspect.signature(function)
    options = signature.bind(*to_python(list(args)), **to_python(kwargs)).arguments
    for option, value in options.items():
        taken = value is None or option in MADE_OF.get(name, ("x", "y", "k"))
        if not taken and value not in TAKEN[name].get(option, ()):
            raise Refusal(f"argument '{option}' of {name} is not supported")
    return options


def _made(parts: Sequence[Handle], degree: int) -> Partial:
    b, knots = (from_python(Handle(part.builder, part.atom)) for part in parts)
    return Partial(AT, (b, knots, Static(degree)), {})


def keep(values: Sequence[Any]) -> None:
    """Let nobody write into arrays of floats that an interpolant keeps as they are."""
    for value in values:
        if isinstance(value, tuple | list):
            keep(value)
        elif isinstance(value, ArrayObject) and value.dtype.kind == "f":
            value.buffer.guest = value.buffer.guest or KEPT


def _value(frame: Frame, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    with refusing():
        return fresh(splines.value(*to_python(list(args)), **to_python(kwargs)))


AT = Native(_value)
