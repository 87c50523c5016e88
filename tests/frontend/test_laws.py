"""Laws of ``scipy.stats`` with given parameters."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradgen import UnsupportedError, grad, value_and_grad

stats = pytest.importorskip("scipy.stats")
X = np.array([0.3, -1.2, 2.0])
OUTSIDE = stats.norm(0.5, scale=2.0)
norm = stats.norm


def of_numbers(x: Any, m: Any) -> Any:
    return stats.norm(0, 2).logpdf(x * m)


def of_what_moves(x: Any, m: Any) -> Any:
    law = norm(loc=m, scale=m * m)
    return law.pdf(x) + law.logcdf(x)


def with_shapes(x: Any, m: Any) -> Any:
    return stats.gamma(2.0 + m, scale=m).logpdf(x * x)


def from_outside(x: Any, m: Any) -> Any:
    return OUTSIDE.logpdf(x) * OUTSIDE.cdf(m)


def of_counts(x: Any, m: Any) -> Any:
    return stats.poisson(m + x * x).logpmf(np.array([1, 0, 3]))


def of_vectors(x: Any, m: Any) -> Any:
    return stats.multivariate_normal(m * np.ones(3), np.diag(1.0 + x * x)).logpdf(x)


def one_of_two(x: Any, m: Any) -> Any:
    law = norm(m, 2.0) if np.sum(x) > m else stats.expon(-m - 9.0, 2.0)
    return law.logpdf(x)


CASES = [of_numbers, of_what_moves, with_shapes, from_outside, of_counts, of_vectors]


@pytest.mark.parametrize("law", [*CASES, one_of_two])
@pytest.mark.parametrize("m", [0.7, 1.3])
def test_methods_of_laws(law: Any, m: float) -> None:
    def f(x: Any, m: Any) -> Any:
        return np.sum(law(x, m) ** 2)

    value, (x_bar, m_bar) = value_and_grad(f, argnums=(0, 1))(X, m)
    np.testing.assert_allclose(value, f(X, m), 1e-13)
    dot = np.array([0.4, -0.3, 0.8])
    ahead, behind = f(X + 1e-6 * dot, m), f(X - 1e-6 * dot, m)
    np.testing.assert_allclose(x_bar @ dot, (ahead - behind) / 2e-6, 1e-6)
    np.testing.assert_allclose(m_bar, (f(X, m + 1e-6) - f(X, m - 1e-6)) / 2e-6, 1e-6)


def test_a_law_is_an_argument() -> None:
    d = grad(lambda x, law: np.sum(law.logpdf(x)))
    for mean, deviation in ((0.5, 2.0), (1.5, 3.0)):
        slope = (mean - X) / deviation**2
        np.testing.assert_allclose(d(X, norm(mean, deviation)), slope)
    assert d.cache_info().currsize == 1
    np.testing.assert_allclose(d(X, norm(loc=1.0)), 1.0 - X)
    np.testing.assert_allclose(d(X, stats.expon(-2.0)), -np.ones(3))


@pytest.mark.parametrize(
    ("f", "reason"),
    [
        (lambda x: norm(x, 2.0).mean(), "'mean' of a law"),
        (lambda x: norm(x, 2.0).logpdf(), "one argument"),
        (lambda x: norm(0.0, 2.0).logpdf(x, x), "one argument"),
        (lambda x: stats.gamma().logpdf(x), "missing a required argument"),
        (lambda x: norm(x), "cannot be returned"),
    ],
)
def test_what_laws_lack_is_refused(f: Any, reason: str) -> None:
    with pytest.raises(UnsupportedError, match=reason):
        grad(f)(1.0)
