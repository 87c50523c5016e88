"""Gamma and beta functions, their relatives and integrals, from ``scipy.special``.

Derivatives: NIST Digital Library of Mathematical Functions, sections 5.2, 5.12, 5.15,
8.8, 8.17 and 25.11.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from functools import partial as bind
from functools import reduce
from typing import Any

import numpy as np
from scipy import special

from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.ir.dims import Dims
from gradgen.ir.types import FLOAT, Type, tensor
from gradgen.primitives.elementary import exp
from gradgen.primitives.entropies import xlog1py, xlogy
from gradgen.primitives.families import elementwise, elementwise_rules
from gradgen.primitives.lowering import Only, lowers, static
from gradgen.primitives.promotion import broadcast, elementwise_type
from gradgen.primitives.registry import (
    Attrs,
    Handle,
    Primitive,
    Sample,
    TypeRule,
    Unknown,
    apply,
    lift,
    register,
)
from gradgen.primitives.samples import FEW, FEW_PAIRS, within

ABOVE_ZERO = within(0.5, 3.0, FEW)
POSITIVE_PAIRS = within(0.5, 3.0, FEW_PAIRS)


def unknown(function: str, operand: str, hint: str = "") -> Callable[..., Unknown]:
    """Return a partial derivative that is refused."""
    reason = f"the derivative of scipy.special.{function} in '{operand}' is not known"
    constant = f"gradgen.stop_gradient({operand}), if it is to be a constant"
    return lambda *_: Unknown(reason, hint or constant)


psi: Primitive = elementwise(
    special.psi,
    partials=[lambda y, x: apply("zeta", 2, x)],
    samples=ABOVE_ZERO,
    takes_complex=True,
)
gamma = elementwise(
    special.gamma,
    partials=[lambda y, x: y * psi(x)],
    samples=ABOVE_ZERO,
    takes_complex=True,
)
gammaln = elementwise(
    special.gammaln, partials=[lambda y, x: psi(x)], samples=ABOVE_ZERO
)
loggamma = elementwise(
    special.loggamma,
    partials=[lambda y, x: psi(x)],
    samples=ABOVE_ZERO,
    takes_complex=True,
)
rgamma = elementwise(
    special.rgamma,
    partials=[lambda y, x: -(y * psi(x))],
    samples=ABOVE_ZERO,
    takes_complex=True,
)


def _share(y: Handle, x: Handle, other: Handle) -> Handle:
    return psi(x) - psi(x + other)


betaln = elementwise(
    special.betaln,
    partials=[lambda y, a, b: _share(y, a, b), lambda y, a, b: _share(y, b, a)],
    commutative=True,
    samples=POSITIVE_PAIRS,
)
beta = elementwise(
    special.beta,
    partials=[
        lambda y, a, b: y * _share(y, a, b),
        lambda y, a, b: y * _share(y, b, a),
    ],
    commutative=True,
    samples=POSITIVE_PAIRS,
)

poch = elementwise(
    special.poch,
    partials=[
        lambda y, z, m: y * (psi(z + m) - psi(z)),
        lambda y, z, m: y * psi(z + m),
    ],
    samples=POSITIVE_PAIRS,
)


def _in_place_of(ufunc: np.ufunc, last: Callable[..., Any]) -> list[Any]:
    """Return partials of which only that in the last operand is known."""
    names = {2: "a", 3: "ab"}[ufunc.nin]
    return [*(unknown(ufunc.__name__, name) for name in names[: ufunc.nin - 1]), last]


def log_of_gamma_density(a: Handle, x: Handle) -> Handle:
    """Return ``log(x**(a - 1) * exp(-x) / gamma(a))``."""
    return xlogy(a - 1, x) - x - gammaln(a)


def log_of_beta_density(a: Handle, b: Handle, x: Handle) -> Handle:
    """Return ``log(x**(a - 1) * (1 - x)**(b - 1) / beta(a, b))``."""
    return xlogy(a - 1, x) + xlog1py(b - 1, -x) - betaln(a, b)


def _gamma_density(y: Handle, a: Handle, x: Handle) -> Handle:
    return exp(log_of_gamma_density(a, x))


def _beta_density(y: Handle, a: Handle, b: Handle, x: Handle) -> Handle:
    return exp(log_of_beta_density(a, b, x))


AT_TWO = tuple(Sample((2, *sample.operands), domain=(0.5, 3.0)) for sample in FEW)
WITHIN_ONE = tuple(
    Sample((2, 3, *sample.operands), domain=(0.2, 0.8)) for sample in FEW
)

gammainc = elementwise(
    special.gammainc,
    partials=_in_place_of(special.gammainc, _gamma_density),
    samples=AT_TWO,
)
gammaincc = elementwise(
    special.gammaincc,
    partials=_in_place_of(special.gammaincc, lambda *xs: -_gamma_density(*xs)),
    samples=AT_TWO,
)
betainc = elementwise(
    special.betainc,
    partials=_in_place_of(special.betainc, _beta_density),
    samples=WITHIN_ONE,
)


def _zeta_slope(y: Handle, x: Handle, q: Handle) -> Handle:
    return -x * apply("zeta", x + 1, q)


def _declare(
    name: str,
    partials: Sequence[Callable[..., Any]],
    type_rule: TypeRule,
    template: Callable[..., str] | str,
    samples: Sequence[Sample],
) -> Primitive:
    """Declare a function of SciPy that is elementwise, and no ufunc."""
    tangent, adjoint = elementwise_rules(partials)
    return register(
        Primitive(
            name=name,
            type_rule=type_rule,
            evaluate=bind(_evaluate, getattr(special, name.removeprefix("riemann_"))),
            template=template,
            tangent=tangent,
            adjoint=adjoint,
            elementwise=True,
            samples=tuple(samples),
        )
    )


def _evaluate(function: Callable[..., Any], *operands: Any) -> Any:
    result = function(*operands)
    return result[()] if isinstance(result, np.ndarray) else result


zeta = _declare(
    "zeta",
    [unknown("zeta", "x"), _zeta_slope],
    bind(elementwise_type, special.rel_entr),
    "special.zeta({0}, {1})",
    AT_TWO,
)
riemann_zeta = _declare(
    "riemann_zeta",
    [unknown("zeta", "x")],
    bind(elementwise_type, special.gammaln),
    "special.zeta({0})",
    (Sample((2,)), Sample((np.array([2, 3]),))),
)


@lowers(special.zeta)
def _zeta(x: Any, q: Any = None, out: Any = Only(), *, builder: Builder) -> Handle:
    return riemann_zeta(lift(builder, x)) if q is None else zeta(lift(builder, x), q)


def _double_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    """Type rule of functions that compute in double precision, whatever they get."""
    elementwise_type(special.gammaln, dims, [types[-1]], {})
    return tensor(FLOAT, broadcast(dims, [type_.shape for type_ in types]))


def _polygamma_text(types: Sequence[Any], attrs: Attrs) -> str:
    is_number = types and not any(type_.shape for type_ in types)
    return "special.polygamma({0}, {1})" + ("[()]" if is_number else "")


polygamma = _declare(
    "polygamma",
    [
        unknown("polygamma", "n"),
        lambda y, n, x: apply("polygamma", n + 1, x),
    ],
    _double_type,
    _polygamma_text,
    AT_TWO,
)


@lowers(special.polygamma)
def _polygamma(n: Any, x: Any, *, builder: Builder) -> Handle:
    return polygamma(lift(builder, n), lift(builder, x))


def _sum_of_psi(y: Handle, a: Handle, d: int) -> Handle:
    terms = [psi(a - 0.5 * j if j else a) for j in range(d)]
    return reduce(operator.add, terms)


multigammaln = register(
    Primitive(
        name="multigammaln",
        type_rule=_double_type,
        evaluate=special.multigammaln,
        template=lambda types, attrs: f"special.multigammaln({{0}}, {attrs['d']})",
        tangent=lambda y, dots, a, d: dots[0] * _sum_of_psi(y, a, d),
        adjoint=lambda y_bar, y, a, d: [y_bar * _sum_of_psi(y, a, d)],
        samples=tuple(
            Sample(sample.operands, {"d": d}, (2.0, 3.0))
            for sample in FEW
            for d in (1, 3)
        ),
    )
)


@lowers(special.multigammaln)
def _multigammaln(a: Any, d: Any, *, builder: Builder) -> Handle:
    dimension = static(d)
    if not isinstance(dimension, int) or dimension < 1:
        raise Refusal("scipy.special.multigammaln needs a positive integer 'd'")
    return multigammaln(lift(builder, a), d=dimension)
