"""``check_rule`` as users meet it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gradgen import DerivativeError, check_rule, rule
from gradgen.errors import ArgumentError, UnsupportedError
from tests.api import test_rule as rules

X = np.array([0.3, -0.7, 1.9])


def report(function, *args, **options):
    return dict(check_rule(function, *args, **options).checks)


def test_right_rules():
    found = report(rules.softplus, X)
    assert list(found) == [
        "the adjoint of 'softplus'",
        "the tangent of 'softplus'",
        "the adjoint of the adjoint of 'softplus'",
        "the tangent of the tangent of 'softplus'",
    ]
    assert max(found.values()) < 1e-8
    assert len(report(rules.power, 0.7)) == 2
    assert len(report(rules.sine, X, order=1)) == 1
    assert len(report(rules.besselj0, 1.3)) == 4
    text = str(check_rule(rules.softplus, 0.5))
    assert text.startswith("the rule of softplus is right\n  the adjoint of 'softplus'")


def test_trees_and_integers():
    def model(p, k, x):
        return {"y": p["w"] * x**k, "k": k}, p["b"] * 2.0

    @rule(model)
    def model_adjoint(bar, value, p, k, x):
        y_bar = bar[0]["y"]
        p_bar = {"w": np.sum(y_bar * x**k), "b": 2.0 * bar[1]}
        return p_bar, None, y_bar * p["w"] * k * x ** (k - 1)

    @rule(model, mode="tangent")
    def model_tangent(p_dot, k_dot, x_dot, value, p, k, x):
        y_dot = p_dot["w"] * x**k + p["w"] * k * x ** (k - 1) * x_dot
        return {"y": y_dot, "k": None}, 2.0 * p_dot["b"]

    assert len(report(model, {"w": 0.5, "b": 2.0}, 3, X)) == 4


def wrong(x):
    return x**3


def test_wrong_rules():
    def cube(x):
        return x**3

    rule(cube)(lambda value_bar, value, x: 2.0 * x**2 * value_bar)
    with pytest.raises(DerivativeError, match="of 'cube' gives 8, differences give 12"):
        check_rule(cube, 2.0)
    rule(cube)(lambda value_bar, value, x: 3.0 * x**2 * value_bar)
    rule(cube, mode="tangent")(lambda x_dot, value, x: -3.0 * x**2 * x_dot)
    with pytest.raises(DerivativeError, match="the tangent of 'cube' gives -12, diff"):
        check_rule(cube, 2.0)


def test_wrong_to_second_order():
    def hidden_slope(x):
        return 3.0 * x**2

    def cube(x):
        return x**3

    rule(hidden_slope)(lambda value_bar, value, x: value_bar)
    rule(cube)(lambda value_bar, value, x: value_bar * hidden_slope(x))
    assert len(report(cube, 2.0, order=1)) == 1
    with pytest.raises(DerivativeError, match="the adjoint of the adjoint of 'cube'"):
        check_rule(cube, 2.0)


def test_refusals():
    with pytest.raises(ArgumentError, match="exp has no rule"):
        check_rule(math.exp, 1.0)
    with pytest.raises(ArgumentError, match="no argument of softplus is a float"):
        check_rule(rules.softplus, 1)

    def square(x):
        return x * x

    rule(square)(lambda value_bar, value, x: np.polynomial.chebyshev.chebval(0.5, x))
    with pytest.raises(UnsupportedError, match=r"np\.polynomial\.chebyshev\.chebval"):
        check_rule(square, X)
