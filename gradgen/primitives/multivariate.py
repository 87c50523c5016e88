"""Log-densities of vectors, from ``scipy.stats``: normal and Dirichlet distributions.

SciPy checks what it gets, and computes the values. The covariance is taken to be
symmetric, as SciPy takes it, and so is its cotangent (Petersen and Pedersen, *The
Matrix Cookbook*, section 8.1).
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import numpy as np
from scipy import stats

from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.ir.dims import Dims
from gradgen.ir.types import FLOAT, Type, tensor
from gradgen.primitives.elementary import exp
from gradgen.primitives.entropies import log_of, quotient
from gradgen.primitives.families import differentiable
from gradgen.primitives.gammas import psi
from gradgen.primitives.lowering import Only, lowers
from gradgen.primitives.registry import (
    Attrs,
    Handle,
    Primitive,
    Sample,
    apply,
    dim_of,
    lift,
    register,
    require_same_shape,
)
from gradgen.primitives.samples import positive_definite


def _sum(x: Handle, axis: int) -> Handle:
    return apply("sum", x, axis=(axis,), keepdims=False)


def _column(x: Handle) -> Handle:
    """Return a vector as a column, and numbers as they are."""
    return apply("expand_dims", x, axis=(1,)) if x.rank else x


def _normal_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    return tensor(FLOAT, types[0].shape[:-1])


def _normal_text(types: Sequence[Any], attrs: Attrs) -> str:
    operands = "{0}, {1}, {2}" if len(types) == 3 else "{0}, cov={1}"
    return f"stats.multivariate_normal.logpdf({operands})"


def _normal(x: Any, *others: Any) -> Any:
    *mean, cov = others
    return stats.multivariate_normal.logpdf(x, *(mean or [None]), cov)


def _scores(x: Handle, others: Sequence[Handle]) -> tuple[Handle, Handle]:
    """Return the precision matrix, and its product with each deviation."""
    *mean, cov = others
    precision = apply("inv", cov)
    deviation = x - mean[0] if mean else x
    return precision, deviation @ precision


def _normal_tangent(
    y: Handle, dots: Sequence[Handle | None], x: Handle, *others: Handle
) -> Handle:
    precision, score = _scores(x, others)
    *moves, cov_dot = dots
    total: Handle | None = None
    for sign, dot in zip((-1, 1), moves, strict=False):
        if dot is not None:
            term = sign * _sum(score * dot, x.rank - 1)
            total = term if total is None else total + term
    if cov_dot is None:
        assert total is not None
        return total
    square = _sum((score @ cov_dot) * score, x.rank - 1)
    trace = apply("sum", precision * cov_dot, axis=(0, 1), keepdims=False)
    term = 0.5 * (square - trace)
    return term if total is None else total + term


def _normal_adjoint(
    y_bar: Handle, y: Handle, x: Handle, *others: Handle
) -> list[Handle | None]:
    precision, score = _scores(x, others)
    weighted = _column(y_bar) * score
    bars: list[Handle | None] = [-weighted]
    if len(others) == 2:
        bars.append(_sum(weighted, 0) if x.rank == 2 else weighted)
    if not differentiable(others[-1]):
        return [*bars, None]
    if x.rank == 1:
        outer = apply("expand_dims", weighted, axis=(1,)) * score
        return [*bars, 0.5 * (outer - y_bar * precision)]
    outer = apply("transpose", weighted, axes=(1, 0)) @ score
    return [*bars, 0.5 * (outer - _sum(y_bar, 0) * precision)]


def _symmetric(f: Callable[..., Any], x: Handle, *others: Handle) -> Any:
    """Return a density of which the covariance moves as a symmetric matrix."""
    *mean, cov = others
    return f(x, *mean, 0.5 * (cov + apply("transpose", cov, axes=(1, 0))))


COVARIANCE = positive_definite(3, 3)
normal_logpdf = register(
    Primitive(
        name="normal_logpdf",
        type_rule=_normal_type,
        evaluate=_normal,
        template=_normal_text,
        tangent=_normal_tangent,
        adjoint=_normal_adjoint,
        samples=tuple(
            Sample((*operands, COVARIANCE), around=_symmetric)
            for operands in (("f64[3]",), ("f64[3]", "f64[3]"), ("f64[4,3]", "f64[3]"))
        ),
    )
)


def _matrix(cov: Handle, x: Handle) -> Handle:
    """Return a covariance, given as a number or by its diagonal, as a matrix."""
    if cov.rank == 2:
        return cov
    length = dim_of(x, x.rank - 1)
    return cov * apply("eye", length, length, offset=0, dtype=FLOAT)


@lowers(stats.multivariate_normal.logpdf)
def _lower_normal(
    x: Any,
    mean: Any = None,
    cov: Any = 1,
    allow_singular: Any = Only(False),
    *,
    builder: Builder,
) -> Handle:
    name = "scipy.stats.multivariate_normal.logpdf"
    point = lift(builder, x)
    if point.rank not in (1, 2) or 1 in point.shape:
        raise Refusal(
            f"{name}: 'x' is neither a vector nor several, or has one row or column",
            "stats.norm.logpdf, or x[0]",
        )
    middle = [] if mean is None else [lift(builder, mean)]
    if any(part.rank != 1 for part in middle):
        raise Refusal(f"{name}: 'mean' is no vector", "np.full")
    spread = lift(builder, cov)
    if spread.rank < 2 and not middle:
        raise Refusal(f"{name}: 'cov' is no matrix, and 'mean' not given", "np.eye")
    operands = [point, *middle, _matrix(spread, point)]
    if any(part.dtype != FLOAT for part in operands):
        raise Refusal(f"{name} of anything but float64 is not supported", "np.float64")
    return normal_logpdf(*operands)


@lowers(stats.multivariate_normal.pdf)
def _lower_normal_pdf(
    x: Any,
    mean: Any = None,
    cov: Any = 1,
    allow_singular: Any = Only(False),
    *,
    builder: Builder,
) -> Handle:
    return exp(_lower_normal(x, mean, cov, builder=builder))


def _slopes(x: Handle, alpha: Handle) -> tuple[Handle, Handle]:
    """Return the partial derivatives in ``x`` and in ``alpha``."""
    return quotient(alpha - 1, x), log_of(x) - psi(alpha) + psi(_sum(alpha, 0))


def _dirichlet_tangent(y: Handle, dots: Sequence[Handle | None], *xs: Handle) -> Handle:
    pairs = zip(_slopes(*xs), dots, strict=True)
    terms = [slope * dot for slope, dot in pairs if dot is not None]
    return _sum(reduce(operator.add, terms), 0)


def _normalised(f: Callable[..., Any], x: Handle, alpha: Handle) -> Any:
    """Return a density at a point whose coordinates add up to 1."""
    return f(x / _sum(x, 0), alpha)


dirichlet_logpdf = register(
    Primitive(
        name="dirichlet_logpdf",
        type_rule=lambda dims, types, attrs: tensor(FLOAT, ()),
        evaluate=stats.dirichlet.logpdf,
        template="stats.dirichlet.logpdf({0}, {1})",
        tangent=_dirichlet_tangent,
        adjoint=lambda y_bar, y, *xs: [y_bar * slope for slope in _slopes(*xs)],
        samples=(
            Sample((np.array([0.2, 0.3, 0.5]), "f64[3]"), {}, (1.2, 2.0), _normalised),
        ),
    )
)


@lowers(stats.dirichlet.logpdf)
def _lower_dirichlet(x: Any, alpha: Any, *, builder: Builder) -> Handle:
    point, weights = lift(builder, x), lift(builder, alpha)
    if point.rank != 1 or not require_same_shape(point, weights):
        raise Refusal(
            "scipy.stats.dirichlet.logpdf of anything but two vectors of one length "
            "is not supported",
            "a vector of all coordinates, or a loop over several",
        )
    return dirichlet_logpdf(point, weights)
