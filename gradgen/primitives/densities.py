"""Distributions of ``scipy.stats``, by formulas that are SciPy's own."""

from __future__ import annotations

import math

from scipy import special, stats

from gradgen.primitives.distributions import (
    Distribution,
    at_most_one,
    both,
    compared,
    declare,
    either,
    is_count,
    is_fraction,
    is_negative,
    is_positive,
    not_negative,
    wide,
)
from gradgen.primitives.elementary import exp, log, log1p
from gradgen.primitives.entropies import expm1, xlog1py, xlogy
from gradgen.primitives.errorfunctions import HEIGHT, log_ndtr, ndtr
from gradgen.primitives.families import elementwise
from gradgen.primitives.gammas import (
    betainc,
    gammainc,
    gammaln,
    log_of_beta_density,
    log_of_gamma_density,
    poch,
    unknown,
)
from gradgen.primitives.registry import Handle, Sample, apply
from gradgen.primitives.samples import FEW

LOG_2 = math.log(2.0)
LOG_PI = math.log(math.pi)


def _log_t(z: Handle, df: Handle) -> Handle:
    return _log_t_of(z * z, df)


def _log_t_of(square: Handle, df: Handle) -> Handle:
    height: Handle = log(poch(0.5 * df, 0.5)) - 0.5 * (log(df) + wide(LOG_PI, df))
    return height - (df + 1) / 2 * log1p(square / df)


def _slope_of_stdtr(y: Handle, df: Handle, t: Handle) -> Handle:
    return exp(_log_t_of(apply("quiet_power", t, 2), df))


stdtr = elementwise(
    special.stdtr,
    partials=[unknown("stdtr", "df"), _slope_of_stdtr],
    samples=tuple(Sample((3, *sample.operands)) for sample in FEW),
)


def _log_chi2(z: Handle, df: Handle) -> Handle:
    shift: Handle = wide(LOG_2, df) * df / 2
    found: Handle = xlogy(df / 2 - 1, z) - z / 2 - gammaln(df / 2) - shift
    return found


def _log_binomial(k: Handle, n: Handle, p: Handle) -> Handle:
    ways: Handle = gammaln(n + 1) - (gammaln(k + 1) + gammaln(n - k + 1))
    return ways + xlogy(k, p) + xlog1py(n - k, -p)


def _log_negative_binomial(k: Handle, n: Handle, p: Handle) -> Handle:
    ways = gammaln(n + k) - gammaln(k + 1) - gammaln(n)
    return ways + n * log(p) + xlog1py(k, -p)


declare(
    Distribution(
        stats.norm,
        {
            "logpdf": lambda z: -(z * z) / 2 + math.log(HEIGHT),
            "pdf": lambda z: exp(-(z * z) / 2) * HEIGHT,
            "cdf": ndtr,
            "logcdf": log_ndtr,
            "sf": lambda z: ndtr(-z),
            "logsf": lambda z: log_ndtr(-z),
        },
    )
)
declare(
    Distribution(
        stats.t,
        {"logpdf": _log_t, "cdf": lambda z, df: stdtr(df, z)},
        {"df": is_positive},
    )
)
declare(
    Distribution(
        stats.gamma,
        {
            "logpdf": lambda z, a: log_of_gamma_density(a, z),
            "cdf": lambda z, a: gammainc(a, z),
        },
        {"a": is_positive},
        lambda z, a: is_negative(z),
    )
)
declare(
    Distribution(
        stats.chi2,
        {"logpdf": _log_chi2, "cdf": lambda z, df: gammainc(df / 2, z / 2)},
        {"df": is_positive},
        lambda z, df: is_negative(z),
    )
)
declare(
    Distribution(
        stats.beta,
        {
            "logpdf": lambda z, a, b: log_of_beta_density(a, b, z),
            "cdf": lambda z, a, b: betainc(a, b, z),
        },
        {"a": is_positive, "b": is_positive},
        lambda z, a, b: either(is_negative(z), compared("greater", z, 1)),
        lambda z, a, b: compared("greater", z, 1),
    )
)
declare(
    Distribution(
        stats.expon,
        {
            "logpdf": lambda z: -z,
            "cdf": lambda z: -expm1(-z),
            "sf": lambda z: exp(-z),
            "logsf": lambda z: -z,
        },
        {},
        is_negative,
    )
)
declare(
    Distribution(
        stats.poisson,
        {"logpdf": lambda k, mu: xlogy(k, mu) - gammaln(k + 1) - mu},
        {"mu": not_negative},
        lambda k, mu: either(is_negative(k), is_fraction(k)),
    )
)
declare(
    Distribution(
        stats.binom,
        {"logpdf": _log_binomial},
        {"n": is_count, "p": lambda p: both(not_negative(p), at_most_one(p))},
        lambda k, n, p: either(is_negative(k), k > n, is_fraction(k)),
        whole=("n",),
    )
)
declare(
    Distribution(
        stats.nbinom,
        {"logpdf": _log_negative_binomial},
        {"n": is_positive, "p": lambda p: both(is_positive(p), at_most_one(p))},
        lambda k, n, p: either(is_negative(k), is_fraction(k)),
    )
)
