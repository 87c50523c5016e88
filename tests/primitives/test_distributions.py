"""Distributions of SciPy where there is no probability, and what is refused."""

import subprocess
import sys

import numpy as np
import pytest

from gradgen import grad, value_and_grad
from gradgen.errors import UnsupportedError

pytest.importorskip("scipy")
from scipy import special, stats
from scipy.stats import norm

X = np.array([-1.0, 0.5, 1.5])


def gamma_density(x, a, scale):
    return np.sum(stats.gamma.pdf(x, a, scale=scale))


def log_gamma(x, a, scale):
    return stats.gamma.logpdf(x, a, 0, scale)


def log_poisson(k, mu):
    return np.sum(stats.poisson.logpmf(k, mu))


def log_normal(x, mean, deviation):
    return norm.logpdf(x, mean, deviation)


def order_moves(v, x):
    return special.iv(v, x)


def frozen(x):
    return stats.norm(0.0, 2.0).logpdf(x)


def slope_of_gamma(x):
    return special.psi(x).real


def log_of_gamma(x):
    return special.loggamma(x).real


def test_outside_of_the_support_nothing_moves():
    gradient = grad(gamma_density, argnums=(0, 1, 2))
    outside = gradient(X[:1], 2.0, 1.5)
    assert [float(np.sum(part)) for part in outside] == [0.0, 0.0, 0.0]
    whole, inside = gradient(X, 2.0, 1.5), gradient(X[1:], 2.0, 1.5)
    np.testing.assert_array_equal(whole[0], [0.0, *inside[0]])
    np.testing.assert_allclose(whole[1:], inside[1:], rtol=1e-14)


def test_the_logarithm_of_nothing_is_minus_infinity():
    value, slope = value_and_grad(log_gamma)(-1.0, 2.0, 1.5)
    assert (value, slope) == (-np.inf, 0.0)


@pytest.mark.parametrize(("a", "scale"), [(-2.0, 1.5), (2.0, -1.5)])
def test_a_parameter_that_is_not_valid_makes_everything_nan(a, scale):
    assert np.isnan(stats.gamma.logpdf(1.0, a, scale=scale))
    value, slopes = value_and_grad(log_gamma, argnums=(0, 1, 2))(1.0, a, scale)
    assert np.isnan([value, *slopes]).all()


def test_a_number_that_is_not_whole_has_no_probability():
    value, slope = value_and_grad(log_poisson, argnums=1)(np.array([1.0, 2.5]), 1.5)
    assert value == -np.inf
    assert slope == pytest.approx(1 / 1.5 - 1)


@pytest.mark.parametrize(
    ("function", "args", "reason"),
    [
        (log_poisson, (X, 1.5), "has no derivative in 'k', which is a whole number"),
        (order_moves, (0.5, 1.5), r"scipy\.special\.iv in 'v' is not known"),
    ],
)
def test_what_has_no_derivative_is_refused_where_it_moves(function, args, reason):
    with pytest.raises(UnsupportedError, match=reason) as caught:
        grad(function)(*args)
    assert "-->" in str(caught.value)
    grad(function, argnums=1)(*args)


def test_a_frozen_distribution_is_the_law_with_its_parameters():
    assert grad(frozen)(1.0) == pytest.approx(-0.25)


def test_the_second_derivative_of_a_complex_gamma_function_is_refused():
    z = 1.2 + 0.3j
    assert abs(grad(log_of_gamma)(z)) == pytest.approx(abs(special.psi(z)))
    with pytest.raises(UnsupportedError, match="complex"):
        grad(slope_of_gamma)(z)


def test_an_imported_distribution_is_the_same(monkeypatch):
    assert grad(log_normal)(1.0, 0.5, 2.0) == pytest.approx(-0.125)
    monkeypatch.setitem(globals(), "norm", stats.expon)
    assert grad(log_normal)(1.0, 0.5, 2.0) == pytest.approx(-0.5)


def test_scipy_is_not_imported_for_programs_without_it():
    code = (
        "import sys, math, numpy as np, gradgen\n"
        "from gradgen.primitives.registry import LOWERINGS, PRIMITIVES\n"
        "assert np.exp in LOWERINGS and np.log1p in LOWERINGS\n"
        "assert math.gamma in LOWERINGS and 'matmul' in PRIMITIVES\n"
        "assert not [m for m in sys.modules if m.partition('.')[0] == 'scipy']\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def likelihood(x, law=stats.norm):
    return law.logpdf(x).sum()


def test_law_given_as_default_or_argument() -> None:
    x = np.array([0.3, 2.0])
    gradient = grad(likelihood)
    for _ in range(2):
        np.testing.assert_allclose(gradient(x), -x)
        np.testing.assert_allclose(gradient(x, stats.expon), [-1.0, -1.0])
        np.testing.assert_allclose(gradient(x, law=stats.norm), -x)
