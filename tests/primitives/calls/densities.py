"""Calls of the distributions of ``scipy.stats``, if there are any."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradgen.primitives.samples import positive_definite
from tests.primitives.calls.call import Call, Known, reals

try:
    from scipy import stats
except ModuleNotFoundError:
    stats = None

R, P, U = reals(2, 3), reals(2, 3, low=0.5, high=3.0), reals(2, 3, low=0.2, high=0.8)
Q, F = reals(3, low=1.5, high=3.0), reals(3, low=0.2, high=0.8)
COVARIANCE = positive_definite(3, 3)
COUNTS = np.array([[0, 1, 2], [3, 4, 5]])


def continuous() -> Iterator[Call]:
    for name in "logpdf pdf cdf logcdf sf logsf".split():
        yield Call(getattr(stats.norm, name), (R,))
        yield Call(getattr(stats.norm, name), (R, 0.3, Q))
        yield Call(getattr(stats.norm, name), (0.7,), {"scale": 1.3})
        yield Call(getattr(stats.expon, name), (P,))
        yield Call(getattr(stats.expon, name), (P, -0.3), {"scale": Q})
    for name in "logpdf pdf".split():
        for shape in (Q, 2.5, Known(2.5)):
            yield Call(getattr(stats.t, name), (R, shape))
            yield Call(getattr(stats.gamma, name), (P, shape))
            yield Call(getattr(stats.chi2, name), (P, shape, -0.5, 1.5))
            yield Call(getattr(stats.beta, name), (U, shape, 1.5))
    for name in "cdf logcdf".split():
        yield Call(getattr(stats.t, name), (R, 3))
        yield Call(getattr(stats.gamma, name), (P, Known(2.5), 0.1, 1.5))
        yield Call(getattr(stats.chi2, name), (P, 3))
        yield Call(getattr(stats.beta, name), (U, 2, Known(1.5)))
    yield Call(stats.gamma.pdf, (R, 2.5, 0.1, 0.5))
    yield Call(stats.beta.pdf, (R, 2.5, 1.5))
    yield Call(stats.expon.pdf, (R,))
    yield Call(stats.gamma.cdf, (R, 2))
    yield Call(stats.beta.cdf, (R, 2, 3))


def discrete() -> Iterator[Call]:
    for name in ("logpmf", "pmf"):
        yield Call(getattr(stats.poisson, name), (COUNTS, 1.5))
        yield Call(getattr(stats.poisson, name), (COUNTS + 1, Q), {"loc": 1})
        yield Call(getattr(stats.poisson, name), (Known(2.0), 0.7))
        yield Call(getattr(stats.binom, name), (COUNTS, 5, 0.3))
        yield Call(getattr(stats.binom, name), (2, 4, F))
        yield Call(getattr(stats.nbinom, name), (COUNTS, 2.5, 0.3))
        yield Call(getattr(stats.nbinom, name), (COUNTS + 1, 3, F), {"loc": 1})


def vectors() -> Iterator[Call]:
    point = Known(np.array([0.2, 0.3, 0.5]))
    for name in ("logpdf", "pdf"):
        function = getattr(stats.multivariate_normal, name)
        yield Call(function, (R, Q, COVARIANCE), smooth=False)
        yield Call(function, (R, Q))
        yield Call(function, (R, Q, Q))
    yield Call(stats.dirichlet.logpdf, (point, Q))


def calls() -> Iterator[Call]:
    if stats is not None:
        yield from vectors()
        yield from continuous()
        yield from discrete()


def refused() -> Iterator[Call]:
    if stats is not None:
        yield Call(stats.multivariate_normal.logpdf, (R, 0.5))
        yield Call(stats.multivariate_normal.logpdf, (Q,))
        yield Call(stats.multivariate_normal.logpdf, (1.5, 0.5, 2.0))
        yield Call(stats.dirichlet.logpdf, (R, Q))


REFUSED = tuple(refused())
