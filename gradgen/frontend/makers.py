"""Calls of SciPy that are no operations: what makes objects, or is read as code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from gradgen.deferred import Deferred
from gradgen.frontend.frame import Frame, call
from gradgen.frontend.values import Static

if TYPE_CHECKING:
    from gradgen import cascades
    from gradgen.frontend import interpolants, laws
else:
    cascades = Deferred("gradgen.cascades")
    interpolants = Deferred("gradgen.frontend.interpolants")
    laws = Deferred("gradgen.frontend.laws")

Maker = Callable[..., Any]
"""``maker(frame, function, args, kwargs)`` returns what a call gives."""


def maker_of(function: Any) -> Maker | None:
    """Return what makes an interpolant or a law, or calls what is read instead."""
    module = getattr(function, "__module__", None) or ""
    name = getattr(function, "__name__", None)
    if module.startswith("scipy.interpolate.") and interpolants.is_maker(function):
        return interpolants.make_interpolant
    if module.startswith("scipy.stats.") and laws.is_distribution(function):
        return laws.make_law
    if module.startswith("scipy.signal.") and name == "sosfilt":
        return _sosfilt
    return None


def _sosfilt(
    frame: Frame, function: Any, args: Sequence[Any], kwargs: dict[str, Any]
) -> Any:
    return call(frame, Static(cascades.sosfilt), args, kwargs)
