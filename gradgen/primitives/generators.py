"""Methods of ``np.random.Generator`` that draw real numbers.

Where a location or a scale is known only when the program runs, standard numbers are
drawn and then moved as NumPy itself moves them, so that the numbers, and the state that
the generator is left in, are those of the method (reparametrisation: D. P. Kingma and
M. Welling, "Auto-encoding variational Bayes", 2014, section 2.4). The other parameters
are those of the op ``draw``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.ir.core import Literal
from gradgen.ir.types import FLOAT, Random
from gradgen.primitives.draws import (
    check,
    check_fit,
    check_params,
    draw,
    require_generator,
)
from gradgen.primitives.lowering import Only, lowers, static
from gradgen.primitives.naming import named
from gradgen.primitives.promotion import dtype_of
from gradgen.primitives.registry import (
    Handle,
    apply,
    dim_of,
    dims_of,
    find_lowering,
    lift,
    require_same_shape,
)
from gradgen.primitives.shaping import lengths_of

Generator = np.random.Generator
POSITIVE = ("exp", "exp2", "absolute", "square", "cosh")
"""Primitives whose results are never negative, nor minus zero."""


@lowers(np.random.default_rng)
def _default_rng(seed: Any = None, *, builder: Builder) -> Handle:
    if seed is None:
        return apply("default_rng", builder=builder)
    if isinstance(seed, Handle) and isinstance(seed.atom.type, Random):
        return seed
    number = lift(builder, seed)
    if number.dtype.kind not in "iu":
        raise Refusal(f"a seed of {number.type}", "an integer, or several")
    return apply("default_rng", number)


def _known(*params: Any) -> bool:
    """Tell whether all parameters are single numbers known when compiling."""
    return all(_literal(x) is not None for x in params)


def _literal(x: Any) -> Any:
    """Return a number that is known when compiling, else None."""
    atom = x.atom if isinstance(x, Handle) else None
    value = atom.value if isinstance(atom, Literal) else x
    return value if isinstance(value, bool | int | float | np.generic) else None


def _lengths(size: Any, params: Sequence[Handle]) -> Any:
    """Return how many numbers are drawn, None for a single one.

    Without a size, that is the shape that the parameters have together. The sum of
    these is dead code where their lengths are known by other names.
    """
    if size is not None:
        return size
    arrays = [x for x in params if x.rank]
    return dims_of(reduce(lambda x, y: x + y, arrays)) if arrays else None


def _as_drawn(x: Handle, size: Any) -> Handle:
    """Return a parameter as the ``float64``, or Python's float, that NumPy takes."""
    if x.rank or size is not None:
        return x if x.type.weak or x.dtype == FLOAT else apply("cast", x, dtype=FLOAT)
    if x.type.weak:
        return x
    lowering = find_lowering(float)
    assert lowering is not None
    return lowering(x)  # type: ignore[no-any-return]


def _spread(rng: Handle, params: Sequence[Any], size: Any) -> tuple[list[Handle], Any]:
    """Return parameters as handles, and how many numbers are to be drawn."""
    require_generator(rng)
    handles = [lift(rng.builder, x) for x in params]
    check_params(handles, None if size is None else lengths_of(size))
    lengths = _lengths(size, handles)
    asked = [] if size is None else lengths_of(size)
    if asked:
        check_fit(handles, [lift(rng.builder, length) for length in asked])
    return [_as_drawn(x, lengths) for x in handles], lengths


def _check_scale(x: Handle, name: str) -> None:
    """Have a scale checked, unless it is never negative."""
    atom = x.atom
    if isinstance(atom, Literal):
        if np.signbit(atom.value) and not np.isnan(atom.value):
            raise Refusal(f"this always raises ValueError: {name} < 0")
        return
    maker = x.builder.makers.get(atom)
    while maker is not None and maker.name in ("cast", "float"):
        maker = x.builder.makers.get(maker.operands[0])  # type: ignore[arg-type]
    if maker is None or maker.name not in POSITIVE:
        check(x.builder, "check_not_negative", x, name=name)


def _moved(z: Handle, scale: Handle, loc: Handle | None = None) -> Handle:
    """Return ``loc + scale * z``, without what makes no difference."""
    y = z if _literal(scale) == 1 else scale * z
    return y if loc is None or _literal(loc) == 0 else loc + y


def _asked(
    rng: Handle, method: str, params: Sequence[Any], usual: Sequence[Any], size: Any
) -> Handle:
    """Draw as the user asks for, where all parameters are known."""
    count = len(params)
    while count and _literal(params[count - 1]) == usual[count - 1]:
        count -= 1
    return draw(rng, method, params[:count], size, last=count == len(params))


def _standard(rng: Handle, method: str, lengths: Any, params: Sequence[Any]) -> Handle:
    """Draw standard numbers, by the method for these or by that without parameters."""
    last = method.startswith(("standard_", "random"))
    return named(draw(rng, method, params, lengths, last=last), "z")


def _declare_scaled(
    function: Callable[..., Any],
    standard: str,
    names: tuple[str, ...],
    finish: Callable[[Handle], Handle] | None = None,
) -> None:
    """Declare a method with a scale, and perhaps a location before it."""

    def method(rng: Handle, params: Sequence[Any], size: Any) -> Handle:
        if _known(*params):
            usual = (0.0, 1.0)[-len(params) :]
            return _asked(rng, function.__name__, params, usual, size)
        moving, lengths = _spread(rng, params, size)
        _check_scale(moving[-1], names[-1])
        z = _standard(rng, standard, lengths, ())
        y = _moved(z, moving[-1], *moving[:-1])
        return y if finish is None else finish(y)

    if len(names) == 1:

        @lowers(function)
        def scaled(self: Any, scale: Any = 1.0, size: Any = None) -> Handle:
            return method(self, [scale], size)

    elif finish is not None:

        @lowers(function)
        def finished(
            self: Any, mean: Any = 0.0, sigma: Any = 1.0, size: Any = None
        ) -> Handle:
            return method(self, [mean, sigma], size)

    else:

        @lowers(function)
        def located(
            self: Any, loc: Any = 0.0, scale: Any = 1.0, size: Any = None
        ) -> Handle:
            return method(self, [loc, scale], size)


_declare_scaled(Generator.normal, "standard_normal", ("loc", "scale"))
_declare_scaled(Generator.laplace, "laplace", ("loc", "scale"))
_declare_scaled(Generator.logistic, "logistic", ("loc", "scale"))
_declare_scaled(Generator.gumbel, "gumbel", ("loc", "scale"))
_declare_scaled(Generator.exponential, "standard_exponential", ("scale",))
_declare_scaled(Generator.rayleigh, "rayleigh", ("scale",))
_declare_scaled(
    Generator.lognormal, "standard_normal", ("mean", "sigma"), lambda y: apply("exp", y)
)


@lowers(Generator.uniform)
def _uniform(self: Any, low: Any = 0.0, high: Any = 1.0, size: Any = None) -> Handle:
    if _known(low, high):
        return _asked(self, "uniform", [low, high], (0.0, 1.0), size)
    (first, end), lengths = _spread(self, [low, high], size)
    width = end if _literal(first) == 0 else end - first
    check(self.builder, "check_range", width)
    u = named(_standard(self, "random", lengths, ()), "u")
    return _moved(u, width, first)


@lowers(Generator.triangular)
def _triangular(
    self: Any, left: Any, mode: Any, right: Any, size: Any = None
) -> Handle:
    if _known(left, mode, right):
        return draw(self, "triangular", [left, mode, right], size, last=True)
    corners, lengths = _spread(self, [left, mode, right], size)
    check(self.builder, "check_triangle", *corners)
    u = named(_standard(self, "random", lengths, ()), "u")
    a, b, c = corners
    width, rise = c - a, b - a
    below = a + apply("sqrt", u * (rise * width))
    above = c - apply("sqrt", (1.0 - u) * ((c - b) * width))
    return apply("where", u <= rise / width, below, above)


@lowers(Generator.gamma)
def _gamma(self: Any, shape: Any, scale: Any = 1.0, size: Any = None) -> Handle:
    if _known(scale):
        return _asked(self, "gamma", [shape, scale], (None, 1.0), size)
    (form, factor), lengths = _spread(self, [shape, scale], size)
    _check_scale(factor, "scale")
    return _moved(_standard(self, "standard_gamma", lengths, [form]), factor)


def _precision(dtype: Any, name: str) -> list[tuple[str, Any]]:
    """Return the option for numbers of another precision than double."""
    found = dtype_of(static(dtype))
    if found not in (np.float32, np.float64):
        raise Refusal(f"this always raises TypeError: {name} draws no {found}")
    return [] if found == FLOAT else [("dtype", found)]


def _declare_standard(function: Callable[..., Any]) -> None:
    name = function.__name__

    @lowers(function)
    def standard(
        self: Any, size: Any = None, dtype: Any = np.float64, out: Any = Only()
    ) -> Handle:
        options = _precision(dtype, name)
        kind = options[0][1] if options else FLOAT
        return draw(self, name, (), size, last=True, options=options, dtype=kind)


_declare_standard(Generator.random)
_declare_standard(Generator.standard_normal)


@lowers(Generator.standard_exponential)
def _standard_exponential(
    self: Any,
    size: Any = None,
    dtype: Any = np.float64,
    method: Any = "zig",
    out: Any = Only(),
) -> Handle:
    options = _precision(dtype, "standard_exponential")
    kind = options[0][1] if options else FLOAT
    if method != "zig":
        options = [*options, ("method", static(method))]
    name = "standard_exponential"
    return draw(self, name, (), size, last=True, options=options, dtype=kind)


@lowers(Generator.standard_gamma)
def _standard_gamma(
    self: Any,
    shape: Any,
    size: Any = None,
    dtype: Any = np.float64,
    out: Any = Only(),
) -> Handle:
    options = _precision(dtype, "standard_gamma")
    kind = options[0][1] if options else FLOAT
    name = "standard_gamma"
    return draw(self, name, [shape], size, last=True, options=options, dtype=kind)


@lowers(Generator.standard_cauchy)
def _standard_cauchy(self: Any, size: Any = None) -> Handle:
    return draw(self, "standard_cauchy", (), size, last=True)


def _declare_of_one(function: Callable[..., Any], parameter: str) -> None:
    """Declare a method of one parameter, which is no location and no scale."""
    name = function.__name__

    def drawn(rng: Any, x: Any, size: Any) -> Handle:
        return draw(rng, name, [x], size, last=True)

    if parameter == "a":
        lowers(function)(lambda self, a, size=None: drawn(self, a, size))
    else:
        lowers(function)(lambda self, df, size=None: drawn(self, df, size))


_declare_of_one(Generator.weibull, "a")
_declare_of_one(Generator.power, "a")
_declare_of_one(Generator.pareto, "a")
_declare_of_one(Generator.chisquare, "df")
_declare_of_one(Generator.standard_t, "df")


@lowers(Generator.beta)
def _beta(self: Any, a: Any, b: Any, size: Any = None) -> Handle:
    return draw(self, "beta", [a, b], size, last=True)


@lowers(Generator.f)
def _f(self: Any, dfnum: Any, dfden: Any, size: Any = None) -> Handle:
    return draw(self, "f", [dfnum, dfden], size, last=True)


@lowers(Generator.noncentral_chisquare)
def _noncentral_chisquare(self: Any, df: Any, nonc: Any, size: Any = None) -> Handle:
    return draw(self, "noncentral_chisquare", [df, nonc], size, last=True)


@lowers(Generator.noncentral_f)
def _noncentral_f(
    self: Any, dfnum: Any, dfden: Any, nonc: Any, size: Any = None
) -> Handle:
    return draw(self, "noncentral_f", [dfnum, dfden, nonc], size, last=True)


@lowers(Generator.wald)
def _wald(self: Any, mean: Any, scale: Any, size: Any = None) -> Handle:
    return draw(self, "wald", [mean, scale], size, last=True)


@lowers(Generator.vonmises)
def _vonmises(self: Any, mu: Any, kappa: Any, size: Any = None) -> Handle:
    return draw(self, "vonmises", [mu, kappa], size, last=True)


def _vector(rng: Any, value: Any, name: str, rank: int = 1) -> Handle:
    """Return a parameter that is a vector, or a matrix for ``rank=2``."""
    require_generator(rng)
    x = lift(rng.builder, value)
    if x.rank != rank:
        raise Refusal(f"'{name}' of {x.rank} axes", f"{rank} of them")
    return x


@lowers(Generator.dirichlet)
def _dirichlet(self: Any, alpha: Any, size: Any = None) -> Handle:
    x = _vector(self, alpha, "alpha")
    return draw(self, "dirichlet", [x], size, last=True, per="vector")


@lowers(Generator.multivariate_normal)
def _multivariate_normal(
    self: Any,
    mean: Any,
    cov: Any,
    size: Any = None,
    check_valid: Any = "warn",
    tol: Any = 1e-8,
    *,
    method: Any = "svd",
) -> Handle:
    centre, spread = _vector(self, mean, "mean"), _vector(self, cov, "cov", 2)
    check_params([centre, spread], None)
    require_same_shape(spread, apply("transpose", spread, axes=(1, 0)))
    if method == "cholesky":
        return _by_cholesky(self, centre, spread, size)
    given = {"check_valid": check_valid, "tol": tol, "method": method}
    usual = {"check_valid": "warn", "tol": 1e-8, "method": "svd"}
    options = [(k, static(v)) for k, v in given.items() if v != usual[k]]
    return draw(
        self,
        "multivariate_normal",
        [centre, spread],
        size,
        last=True,
        options=options,
        per="vector",
    )


def _by_cholesky(rng: Handle, mean: Handle, cov: Handle, size: Any) -> Handle:
    """Return ``mean + z @ L.T``, with ``cov = L @ L.T``."""
    lowering = find_lowering(np.linalg.cholesky)
    assert lowering is not None
    lengths = [] if size is None else lengths_of(size)
    z = _standard(rng, "standard_normal", [*lengths, dim_of(mean, 0)], ())
    factor = lowering(_as_drawn(cov, lengths))
    return _as_drawn(mean, lengths) + z @ apply("transpose", factor, axes=(1, 0))
