"""Laws of ``scipy.stats`` with given parameters, such as ``stats.norm(0, 2)``.

A method of one is that of the distribution, with the parameters added.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from gradgen.deferred import Deferred
from gradgen.errors import Refusal
from gradgen.frontend.attributes import CALL_OUTSIDE, attribute_of
from gradgen.frontend.frame import Frame, call
from gradgen.frontend.outside import outside_value
from gradgen.frontend.values import Foreign, Law, Native, Record, Static

if TYPE_CHECKING:
    from gradgen.primitives import distributions
else:
    distributions = Deferred("gradgen.primitives.distributions")


def is_distribution(value: Any) -> bool:
    """Tell whether an object of SciPy is a distribution."""
    return type(value).__name__.endswith("_gen")


def make_law(
    frame: Frame, function: Any, args: Sequence[Any], kwargs: dict[str, Any]
) -> Record:
    """Return a law: a distribution and its parameters."""
    fields = {"dist": Static(function), "args": tuple(args), "kwds": dict(kwargs)}
    return Record(Law, fields)


def method_of(frame: Frame, law: Record, name: str) -> Native:
    """Return a method of a law."""
    if name not in distributions.METHODS_OF:
        raise Refusal(f"'{name}' of a law of scipy.stats is not known", CALL_OUTSIDE)
    found = attribute_of(frame, law.fields["dist"], name)

    def method(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
        if kwargs or len(args) != 1:
            raise Refusal(f"'{name}' of a law takes one argument", f"law.{name}(x)")
        return call(frame, found, [*args, *law.fields["args"]], law.fields["kwds"])

    return Native(method)


def is_law(value: Any) -> bool:
    """Tell whether an object of SciPy is a law of a distribution that has a name."""
    frozen = type(value).__name__ in ("rv_continuous_frozen", "rv_discrete_frozen")
    return frozen and type(_distribution(value)) is type(value.dist)


def _distribution(value: Any) -> Any:
    """Return the distribution of which a law holds a copy."""
    return getattr(sys.modules["scipy.stats"], value.dist.name, None)


def given_law(frame: Frame, law: Foreign) -> Record:
    """Return a law that was made outside of the function."""
    value, root = law.value, law.root
    kept = root.child("dist")
    frame.context.guard(kept.child("__class__"), type(value.dist))
    frame.context.guard(kept.child("name"), value.dist.name)
    fields = {
        "dist": Static(_distribution(value)),
        "args": outside_value(frame, root.child("args"), value.args),
        "kwds": outside_value(frame, root.child("kwds"), value.kwds),
    }
    return Record(Law, fields)
