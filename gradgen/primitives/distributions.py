"""How calls of the distributions of ``scipy.stats`` become formulas.

A parameter that is not valid is NaN in them, and so is the result, as in SciPy. Of what
is a whole number there is no derivative.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial as bind
from functools import reduce
from inspect import Parameter, Signature
from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.ir.core import Literal
from gradgen.ir.types import FLOAT
from gradgen.primitives.elementary import exp, log
from gradgen.primitives.entropies import log_of
from gradgen.primitives.lowering import lowers
from gradgen.primitives.naming import named
from gradgen.primitives.registry import (
    Handle,
    Primitive,
    Sample,
    Unknown,
    apply,
    lift,
    register,
)
from gradgen.primitives.shaping import cast_to, strong
from gradgen.structs import field, frozen

Condition = Handle | bool
Formula = Callable[..., Any]
CONSTANT = "gradgen.stop_gradient(…), if it is to be a constant"


@frozen
class Distribution:
    """A distribution: formulas for its methods, and where they hold.

    They are functions of ``z``, which is what location and scale leave of the first
    argument, and of ``parameters``, which hold a condition each. ``outside`` tells
    where there is no probability, ``past`` where there is none left. ``whole`` names
    parameters that are whole numbers.
    """

    object: Any
    formulas: dict[str, Formula]
    parameters: dict[str, Formula] = field(default_factory=dict)
    outside: Formula | None = None
    past: Formula | None = None
    whole: tuple[str, ...] = ()


def _held_tangent(y: Handle, dots: Sequence[Handle | None], x: Handle, why: str) -> Any:
    raise Refusal(why, CONSTANT)


held = register(
    Primitive(
        name="held",
        type_rule=lambda dims, types, attrs: types[0],
        evaluate=lambda x, why: x,
        template="{0}",
        tangent=_held_tangent,
        adjoint=lambda y_bar, y, x, why: [Unknown(why, CONSTANT)],
        shares=(0,),
        samples=(Sample((3,), {"why": ""}),),
    )
)


def _hold(x: Handle, what: str, name: str) -> Handle:
    """Return a whole number, the derivative in which is refused."""
    if x.dtype.kind != "f" or isinstance(x.atom, Literal):
        return x
    why = f"{what} has no derivative in '{name}', which is a whole number"
    return held(x, why=why)


def wide(number: float, x: Handle) -> Any:
    """Return a constant of SciPy's, with which single precision becomes double."""
    return np.float64(number) if x.dtype == np.float32 else number


def compared(name: str, x: Handle, y: float) -> Condition:
    """Return a comparison with a number, which is made now if both are known."""
    if isinstance(x.atom, Literal):
        return bool(getattr(np, name)(x.atom.value, y))
    return apply(name, x, y)


def is_positive(x: Handle) -> Condition:
    """Tell whether a parameter is positive."""
    return compared("greater", x, 0)


def is_negative(x: Handle) -> Condition:
    """Tell whether ``z`` is negative."""
    return compared("less", x, 0)


def not_negative(x: Handle) -> Condition:
    """Tell whether a parameter is zero or positive."""
    return compared("greater_equal", x, 0)


def at_most_one(x: Handle) -> Condition:
    """Tell whether a parameter is not above 1."""
    return compared("less_equal", x, 1)


def is_fraction(x: Handle) -> Condition:
    """Tell whether a number is no whole one."""
    if x.dtype.kind != "f":
        return False
    if isinstance(x.atom, Literal):
        return not float(x.atom.value).is_integer()
    return apply("not_equal", x, apply("floor", x))


def is_count(x: Handle) -> Condition:
    """Tell whether a parameter is a whole number, and not negative."""
    if x.dtype.kind != "f":
        return not_negative(x)
    if isinstance(x.atom, Literal):
        return not is_fraction(x) and not_negative(x)
    return both(not_negative(x), apply("equal", x, apply("floor", x)))


def both(*conditions: Condition) -> Condition:
    """Return whether all conditions hold, leaving out those that are known to."""
    if any(c is False for c in conditions):
        return False
    left = [c for c in conditions if isinstance(c, Handle)]
    return reduce(bind(apply, "bitwise_and"), left) if left else True


def either(*conditions: Condition) -> Condition:
    """Return whether one of some conditions holds."""
    if any(c is True for c in conditions):
        return True
    left = [c for c in conditions if isinstance(c, Handle)]
    return reduce(bind(apply, "bitwise_or"), left) if left else False


def chosen(condition: Condition, x: Any, y: Any) -> Any:
    """Return ``x`` where a condition holds, ``y`` elsewhere."""
    if isinstance(condition, bool):
        return x if condition else y
    return apply("where", condition, x, y)


def declare(distribution: Distribution) -> None:
    """Declare the methods of a distribution that has formulas."""
    discrete = hasattr(distribution.object, "pmf")
    density = ["logpmf", "pmf"] if discrete else ["logpdf", "pdf"]
    names = {"cdf": ["cdf", "logcdf"], "sf": ["sf", "logsf"], "logcdf": ["logcdf"]}
    methods = {*density, *(m for f in distribution.formulas for m in names.get(f, ()))}
    for method in sorted(methods):
        signature = _signature(distribution, discrete)
        lower = bind(_lower, distribution, method, signature)
        lower.__signature__ = signature  # type: ignore[attr-defined]
        lowers(getattr(distribution.object, method))(lower)


def _signature(distribution: Distribution, discrete: bool) -> Signature:
    kind = Parameter.POSITIONAL_OR_KEYWORD
    names = ("k" if discrete else "x", *distribution.parameters)
    given = [Parameter(name, kind) for name in names]
    defaults = {"loc": 0} if discrete else {"loc": 0, "scale": 1}
    more = [Parameter(name, kind, default=x) for name, x in defaults.items()]
    return Signature([*given, *more, Parameter("builder", Parameter.KEYWORD_ONLY)])


def _lower(
    distribution: Distribution,
    method: str,
    signature: Signature,
    *args: Any,
    builder: Builder,
    **options: Any,
) -> Handle:
    """Return what a call of a method is."""
    bound = signature.bind(*args, builder=builder, **options)
    bound.apply_defaults()
    values = {k: lift(builder, x) for k, x in bound.arguments.items() if k != "builder"}
    what = f"the '{method}' of a distribution"
    first, *_ = values
    discrete = "scale" not in values
    for name in (first, "loc", *distribution.whole) if discrete else ():
        values[name] = _hold(values[name], what, name)
    tests = {n: test(values[n]) for n, test in distribution.parameters.items()}
    parameters = [_as_valid(values[name], test, name) for name, test in tests.items()]
    scale = None
    if not discrete and not _is_number(values["scale"], 1):
        positive = is_positive(values["scale"])
        scale = _as_valid(values["scale"], positive, "scale")
    z = _standardised(values[first], values["loc"], scale)
    z = z if z.atom is values[first].atom else named(z, "k" if discrete else "z")
    case = _Case(distribution, z, parameters, both(*tests.values()), scale)
    return METHODS_OF[method](case)


def _as_valid(x: Handle, condition: Condition, name: str) -> Handle:
    """Return a parameter that is NaN where it is not valid, derivatives too."""
    if condition is True:
        return x
    number = np.float32 if x.dtype == np.float32 else float
    return named(x * chosen(condition, number(1), number("nan")), name)


def _is_number(x: Handle, number: int) -> bool:
    return isinstance(x.atom, Literal) and bool(x.atom.value == number)


def _standardised(x: Handle, loc: Handle, scale: Handle | None) -> Handle:
    """Return ``(x - loc) / scale`` as SciPy computes it, in double precision."""
    x = strong(x)
    moves = not _is_number(loc, 0)
    if scale is None and not moves and x.dtype.kind in "iu":
        return x
    if not moves or loc.dtype != np.float32:
        x = _double(x)
    if moves:
        x = x - loc
    if scale is None:
        return _double(x)
    return _double(x if scale.dtype == np.float32 else _double(x)) / scale


def _double(x: Handle) -> Handle:
    return cast_to(x, FLOAT) if x.dtype.kind == "f" or x.type.weak else x


@frozen
class _Case:
    """A call: what its formulas are about."""

    distribution: Distribution
    z: Handle
    parameters: list[Handle]
    valid: Condition
    scale: Handle | None

    def formula(self, name: str) -> Handle | None:
        """Return what a formula gives, None if there is none of this name."""
        found = self.distribution.formulas.get(name)
        return None if found is None else found(self.z, *self.parameters)

    def required(self, name: str) -> Handle:
        """Return what a formula gives that is there."""
        found = self.formula(name)
        assert found is not None, name
        return found

    def inside(self, y: Handle, below: float, above: float | None = None) -> Handle:
        """Return ``y``, with other values where there is no probability, or no more."""
        distribution = self.distribution
        if distribution.outside is not None:
            outside = both(distribution.outside(self.z, *self.parameters), self.valid)
            if isinstance(outside, Handle):
                named(outside, "outside")
            y = chosen(outside, below, y)
        if above is not None and distribution.past is not None:
            past = distribution.past(self.z, *self.parameters)
            y = chosen(both(past, self.valid), above, y)
        return y


def _log_density(case: _Case) -> Handle:
    y = case.inside(case.required("logpdf"), -np.inf)
    return y if case.scale is None else y - log(case.scale)


def _density(case: _Case) -> Handle:
    y = case.formula("pdf") or exp(case.required("logpdf"))
    y = case.inside(y, 0.0)
    return y if case.scale is None else y / case.scale


def _cumulated(case: _Case) -> Handle:
    return case.inside(case.required("cdf"), 0.0, 1.0)


def _left(case: _Case) -> Handle:
    return case.inside(case.required("sf"), 1.0, 0.0)


def _log_cumulated(case: _Case) -> Handle:
    y = case.formula("logcdf") or log_of(case.required("cdf"))
    return case.inside(y, -np.inf, 0.0)


def _log_left(case: _Case) -> Handle:
    y = case.formula("logsf") or log_of(case.required("sf"))
    return case.inside(y, 0.0, -np.inf)


METHODS_OF: dict[str, Callable[[_Case], Handle]] = {
    "logpdf": _log_density,
    "logpmf": _log_density,
    "pdf": _density,
    "pmf": _density,
    "cdf": _cumulated,
    "sf": _left,
    "logcdf": _log_cumulated,
    "logsf": _log_left,
}
