"""Curves of SciPy: given ones, and splines that the function makes."""

import numpy as np
import pytest

from gradgen import grad
from gradgen.errors import ArgumentError, UnsupportedError

pytest.importorskip("scipy")
from scipy import interpolate
from scipy.interpolate import CubicSpline

X = np.array([0.0, 0.7, 1.5, 2.0, 3.1, 4.0])
Y = np.sin(X)
T = np.array([-0.5, 0.3, 1.5, 2.9, 4.4])
CURVE = CubicSpline(X, Y)
AKIMA = interpolate.Akima1DInterpolator(X, Y)
AKIMA.extrapolate = True
CURVES = [
    CURVE,
    interpolate.make_interp_spline(X, Y),
    interpolate.PchipInterpolator(X, Y),
    AKIMA,
    interpolate.PPoly(CURVE.c, X, extrapolate="periodic"),
]


@pytest.mark.parametrize("curve", CURVES, ids=lambda x: type(x).__name__)
def test_the_slope_of_a_given_curve(curve):
    slope = grad(lambda f, t: np.sum(f(t)), argnums=1)(curve, T)
    np.testing.assert_array_equal(slope, curve(T, 1))


def captured(t):
    return np.sum(CURVE(t) ** 2)


def test_a_curve_from_outside_may_be_replaced(monkeypatch):
    gradient = grad(captured)
    assert "t_bar *= 2 * CURVE(t, 1)" in gradient.source(T)
    np.testing.assert_allclose(gradient(T), 2 * CURVE(T) * CURVE(T, 1))
    line = interpolate.BSpline([0.0, 0.0, 1.0, 1.0], [0.0, 3.0], 1)
    monkeypatch.setitem(globals(), "CURVE", line)
    np.testing.assert_allclose(gradient(T), 18.0 * T)


def test_outside_of_a_curve_nothing_counts_that_is_masked():
    inside = interpolate.CubicSpline(X, Y, extrapolate=False)
    found = grad(lambda t: np.sum(np.where(t > 0, inside(t), 0.0) ** 2))(T[:2])
    np.testing.assert_array_equal(found, [0.0, 2 * inside(T[1]) * inside(T[1], 1)])


def fitted(y, t):
    return np.sum(np.where(t == t, CubicSpline(X, y)(t), 0.0) ** 2)


def test_a_place_that_is_no_number_does_not_count_if_masked():
    places = np.array([0.3, np.nan])
    found = grad(fitted, argnums=(0, 1))(Y, places)
    wanted = grad(fitted, argnums=(0, 1))(Y, places[:1])
    np.testing.assert_allclose(found[0], wanted[0], rtol=1e-14)
    np.testing.assert_allclose(found[1][0], wanted[1][0], rtol=1e-14)


REFUSED = {
    "bc_type": lambda y: CubicSpline(X, y, bc_type="natural")(0.5),
    "k": lambda y: interpolate.make_interp_spline(X, y, k=2)(0.5),
    "vectors": lambda y: CubicSpline(X, np.stack([y, y], axis=1))(0.5)[0],
    "derivative": lambda y: CubicSpline(X, y).derivative()(0.5),
    "f.x., and integrate.simpson": lambda y: CubicSpline(X, y).integrate(0.0, 1.0),
    "F.b. - F.a., with F": lambda y: y[0] * CURVE.integrate(0.0, 1.0),
    "'nu'": lambda y: CubicSpline(X, y)(0.5, nu=-1),
    "in the places": lambda y: CubicSpline(y, X)(0.5),
    "other values": lambda y: SEVERAL(y)[0, 0],
}
SEVERAL = CubicSpline(X, np.stack([Y, Y], axis=1))


@pytest.mark.parametrize("words", REFUSED)
def test_what_is_refused_by_name(words):
    with pytest.raises(UnsupportedError, match=words):
        grad(lambda y: REFUSED[words](y))(Y + X)


def test_an_integral_is_a_difference_of_a_curve_from_outside():
    whole = CURVE.antiderivative()
    slope = grad(lambda b: whole(b) - whole(0.5))(1.5)
    np.testing.assert_allclose(slope, CURVE(1.5))


def test_a_given_curve_has_no_derivative():
    with pytest.raises(ArgumentError, match="CubicSpline"):
        grad(lambda f, t: f(t))(CURVE, 0.5)
