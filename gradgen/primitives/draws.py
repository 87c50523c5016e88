"""Draws of random numbers: ops with an effect, on a generator, and with a result.

An op with an effect is carried out once, where it stands: no pass drops, repeats or
moves it. What was drawn is recorded for the reverse sweep.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.ir.dims import Dims
from gradgen.ir.types import (
    FLOAT,
    PY_BOOL,
    PY_FLOAT,
    PY_INT,
    Dim,
    Random,
    Scalar,
    Shape,
    Type,
    tensor,
)
from gradgen.kernels import ranges
from gradgen.primitives.families import (
    Over,
    Partial,
    elementwise_rules,
)
from gradgen.primitives.promotion import broadcast
from gradgen.primitives.registry import (
    AdjointRule,
    Attrs,
    Handle,
    Primitive,
    TangentRule,
    Unknown,
    apply,
    dim_of,
    lift,
    register,
)
from gradgen.primitives.shaping import dims_from, lengths_of, shape_text

PYTHON: dict[str, Type] = {"b": PY_BOOL, "i": PY_INT, "f": PY_FLOAT}

register(
    Primitive(
        name="default_rng",
        type_rule=lambda dims, types, attrs: Random(),
        evaluate=np.random.default_rng,
        template=lambda types, attrs: (
            "np.random.default_rng({0})" if types else "np.random.default_rng()"
        ),
        effect=True,
    )
)


def _shape(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Shape:
    """Return the shape of what is drawn.

    Each draw is of one number (``per="number"``), whatever the shape of probabilities
    is (``"choice"``), of a ``"vector"`` like the last parameter, of an array ``"like"``
    the first one, or of a ``"permutation"`` of as many numbers as that says.
    """
    first = 1 + len(attrs["given"])
    params, lengths = types[1:first], dims_from(dims, types[first:])
    if attrs["per"] == "like":
        return tuple(params[0].shape)
    if attrs["per"] == "permutation":
        return dims_from(dims, params[:1])
    if attrs["per"] == "vector":
        return (*lengths, params[-1].shape[-1])
    if attrs["sized"] or attrs["per"] == "choice":
        return lengths
    return broadcast(dims, [type_.shape for type_ in params])


def _type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    shape = _shape(dims, types, attrs)
    if shape:
        return tensor(attrs["dtype"], shape)
    return PYTHON[attrs["dtype"].kind] if attrs["weak"] else Scalar(attrs["dtype"])


def _text(types: Sequence[Any], attrs: Attrs) -> str:
    """Return the call, with a size where the user has given one or what it replaces."""
    given = attrs["given"]
    parts = [
        f"{name}={{{k}}}" if name else f"{{{k}}}" for k, name in enumerate(given, 1)
    ]
    if attrs["sized"]:
        named = "" if attrs["sized"] == "last" else "size="
        parts.append(named + shape_text(types, 1 + len(given)))
    parts += [f"{name}={_option(value)}" for name, value in attrs["options"]]
    return f"{{0}}.{attrs['method']}({', '.join(parts)})"


def _option(value: Any) -> str:
    if isinstance(value, np.dtype):
        return f"np.{value.name}"
    return value.__name__ if isinstance(value, type) else repr(value)


def _evaluate(rng: Any, *operands: Any, **attrs: Any) -> Any:
    given = attrs["given"]
    params, lengths = operands[: len(given)], operands[len(given) :]
    named = {name: x for name, x in zip(given, params, strict=True) if name}
    positional = [x for name, x in zip(given, params, strict=True) if not name]
    if attrs["sized"]:
        named["size"] = lengths
    method = getattr(rng, attrs["method"])
    return method(*positional, **named, **dict(attrs["options"]))


IMPLICIT: dict[str, tuple[Partial, ...]] = {}
"""By method the partial derivatives of what is drawn in each parameter."""


def _rules(attrs: Attrs) -> tuple[TangentRule, AdjointRule]:
    """Return the rules over the parameters alone."""
    count = len(attrs["given"])
    found = (*IMPLICIT.get(attrs["method"], ()), *[_fixed] * count)
    return elementwise_rules(found[:count])


def _fixed(y: Handle, *_: Handle) -> None:
    """Return the partial derivative of what does not move with a parameter."""
    return None


def _tangent(
    y: Handle, dots: Sequence[Handle | None], rng: Handle, *xs: Handle, **attrs: Any
) -> Any:
    count = len(attrs["given"])
    return _rules(attrs)[0](y, dots[1 : 1 + count], *xs[:count])


def _adjoint(
    y_bar: Handle, y: Handle, rng: Handle, *xs: Handle, **attrs: Any
) -> Sequence[Any]:
    return [None, *_rules(attrs)[1](y_bar, y, *xs[: len(attrs["given"])])]


register(
    Primitive(
        name="draw",
        type_rule=_type,
        evaluate=_evaluate,
        template=_text,
        tangent=_tangent,
        adjoint=_adjoint,
        effect=True,
    )
)


def _declare_check(name: str, kernel: Callable[..., None], template: str) -> None:
    register(
        Primitive(
            name=name,
            type_rule=lambda dims, types, attrs: None,
            evaluate=lambda *xs, **attrs: kernel(*xs, *attrs.values()),
            template=lambda types, attrs: template.format(*attrs.values()),
            effect=True,
        )
    )


_declare_check(
    "check_not_negative", ranges.check_not_negative, "check_not_negative({{0}}, {0!r})"
)
_declare_check("check_size", ranges.check_size, "check_size({{0}}, {{1}})")
_declare_check("check_range", ranges.check_range, "check_range({{0}})")
_declare_check(
    "check_triangle", ranges.check_triangle, "check_triangle({{0}}, {{1}}, {{2}})"
)


def draw(
    rng: Handle,
    method: str,
    params: Sequence[Any] = (),
    size: Any = None,
    *,
    given: Sequence[str] = (),
    last: bool = False,
    options: Sequence[tuple[str, Any]] = (),
    dtype: Any = FLOAT,
    weak: bool = True,
    per: str = "number",
) -> Handle:
    """Append a call of a method of a generator.

    Parameters
    ----------
    params, size
        Those of the distribution, and how many draws there are.
    given : sequence of str
        The names of parameters that are printed with it.
    last : bool
        The size is printed without its name.
    options : sequence of pairs
        Further arguments, known when compiling.
    dtype, weak
        Of the result; where that is one number it is one of Python's.
    per : str
        What each draw is; see ``_shape``.
    """
    require_generator(rng)
    handles = [lift(rng.builder, x) for x in params]
    lengths = [] if size is None else lengths_of(size)
    if size is not None and not lengths:
        raise Refusal("size=() makes an array without axes", "size=None, for a number")
    check_params(handles, lengths if per == "number" else None)
    attrs = {
        "method": method,
        "given": tuple(given) or ("",) * len(handles),
        "sized": "" if size is None else "last" if last else "named",
        "options": tuple(options),
        "dtype": np.dtype(dtype),
        "weak": weak,
        "per": per,
    }
    return apply("draw", rng, *handles, *lengths, **attrs)


def require_generator(rng: Any) -> None:
    """Refuse what the frontend does not know to be a generator."""
    if not isinstance(rng, Handle) or not isinstance(rng.atom.type, Random):
        raise Refusal("this draws from what is no np.random.Generator")


def check_params(params: Sequence[Handle], lengths: Sequence[Any] | None) -> None:
    """Refuse parameters that no generator takes, or that are too many for a size."""
    for x in params:
        if x.dtype.kind not in "biuf" or x.dtype.itemsize > FLOAT.itemsize:
            raise Refusal(f"NumPy draws with parameters of float64, not of {x.type}")
        if lengths and x.rank > len(lengths):
            raise Refusal(
                f"this always raises ValueError: a parameter has {x.rank} axes, and "
                f"size has {len(lengths)}"
            )


def check_fit(params: Sequence[Handle], lengths: Sequence[Handle]) -> None:
    """Have it checked that parameters broadcast to the size that is asked for.

    NumPy's generators do not broadcast the size to that of a parameter.
    """
    builder = lengths[0].builder
    wanted = dims_from(builder.dims, [length.type for length in lengths])
    seen = set[tuple[Dim, Dim]]()
    for x in params:
        for axis, length in enumerate(lengths[len(lengths) - x.rank :]):
            a, b = x.shape[axis], wanted[len(wanted) - x.rank + axis]
            if a == 1 or builder.dims.equal(a, b) or (a, b) in seen:
                continue
            seen.add((a, b))
            if isinstance(a, int) and isinstance(b, int):
                raise Refusal(
                    f"this always raises ValueError: size has {b} where a parameter "
                    f"has {a}"
                )
            check(builder, "check_size", dim_of(x, axis), length)


def check(builder: Builder, op: str, /, *xs: Handle, **attrs: Any) -> None:
    """Append a check of parameters, made when run."""
    builder.emit(op, [x.atom for x in xs], [], attrs)


def unknown(reason: str, hint: str) -> Partial:
    """Return the partial derivative of what cannot be differentiated."""
    found = Unknown(reason, hint)
    return lambda y, *xs: found


def _power_partial(y: Handle, a: Handle) -> Over:
    """``y = u ** (1 / a)``, with ``u`` that does not move: ``y' = -y log(y) / a``."""
    return Over(-(y * apply("log_or_zero", y)), a, singular=True)


def _pareto_partial(y: Handle, a: Handle) -> Handle:
    """``1 + y = exp(e / a)``, with ``e`` that does not move."""
    return -((1.0 + y) * apply("log1p", y)) / a


_SHAPE = (
    "how a draw moves with '{0}' is the derivative of {1}, which SciPy does not have"
)
_FIXED = "keep '{0}' fixed, such as by gradgen.stop_gradient({0})"


def _unknown(name: str, function: str) -> Partial:
    return unknown(_SHAPE.format(name, function), _FIXED.format(name))


GAMMA = "special.gammainc in its first argument"
BETA = "special.betainc in its first two arguments"
IMPLICIT.update(
    weibull=(_power_partial,),
    power=(_power_partial,),
    pareto=(_pareto_partial,),
    standard_gamma=(_unknown("shape", GAMMA),),
    gamma=(_unknown("shape", GAMMA),),
    chisquare=(_unknown("df", GAMMA),),
    beta=(_unknown("a", BETA), _unknown("b", BETA)),
    dirichlet=(_unknown("alpha", GAMMA),),
    f=(_unknown("dfnum", BETA), _unknown("dfden", BETA)),
    standard_t=(_unknown("df", BETA),),
    noncentral_chisquare=(
        _unknown("df", "special.chndtr in its second argument"),
        _unknown("nonc", "special.chndtr in its third argument"),
    ),
    noncentral_f=(
        _unknown("dfnum", "special.ncfdtr in its first argument"),
        _unknown("dfden", "special.ncfdtr in its second argument"),
        _unknown("nonc", "special.ncfdtr in its third argument"),
    ),
    wald=(
        unknown(
            "a draw of 'wald' jumps from one of two roots to the other with 'mean'",
            _FIXED.format("mean"),
        ),
        unknown(
            "a draw of 'wald' jumps from one of two roots to the other with 'scale'",
            _FIXED.format("scale"),
        ),
    ),
    vonmises=(
        unknown(
            "a draw of 'vonmises' is wrapped to an interval, so it jumps with 'mu'",
            "mu + rng.vonmises(0.0, kappa, size), which is not wrapped",
        ),
        unknown(
            "a draw of 'vonmises' is accepted or rejected by 'kappa'",
            _FIXED.format("kappa"),
        ),
    ),
    multivariate_normal=(
        lambda y, *_: 1,
        unknown(
            "the factor of 'cov' that this method takes has no derivative where "
            "eigenvalues are equal",
            'rng.multivariate_normal(mean, cov, size, method="cholesky")',
        ),
    ),
)
