"""Which objects of SciPy are made in a function that is compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gradgen.deferred import Deferred

if TYPE_CHECKING:
    from gradgen.frontend import interpolants, laws
else:
    interpolants = Deferred("gradgen.frontend.interpolants")
    laws = Deferred("gradgen.frontend.laws")

Maker = Callable[..., Any]
"""``maker(frame, function, args, kwargs)`` returns what a call makes."""


def maker_of(function: Any) -> Maker | None:
    """Return what makes an interpolant or a law; None for other functions."""
    module = getattr(function, "__module__", None) or ""
    if module.startswith("scipy.interpolate.") and interpolants.is_maker(function):
        return interpolants.make_interpolant
    if module.startswith("scipy.stats.") and laws.is_distribution(function):
        return laws.make_law
    return None
