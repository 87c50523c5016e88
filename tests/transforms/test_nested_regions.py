"""Derivatives, taken inside of a function, of functions with loops and branches."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradgen import grad, jvp, vjp
from gradgen.errors import UnsupportedError

X = np.array([0.3, -0.7, 1.1, 0.4])


def looped(x, a):
    s = a
    for i in range(len(x)):
        if x[i] > 0.0:
            s = s * np.sin(x[i]) + x[i]
        else:
            s = s + a * x[i] ** 2
    return s


def of_gradient(x, a):
    return np.sum(grad(looped)(x, a) ** 2)


def of_tangent(x, a):
    value, tangent = jvp(looped, (x, a), (x * 2.0, 1.0))
    return value * tangent


def of_two_pullbacks(x, a):
    value, pullback = vjp(looped, x, a)
    x_bar, a_bar = pullback(value)
    x_bar2, a_bar2 = pullback(1.0)
    return np.sum(x_bar * x_bar2) + a_bar * a_bar2


def of_gradients_in_a_loop(x, a):
    total = 0.0
    for k in range(len(x) - 1):
        total = total + np.sum(grad(looped)(x * (k + 1.0), a) * x)
    return total


def of_tangents_in_a_loop(x, a):
    total = 0.0
    for _ in range(len(x) - 1):
        value, tangent = jvp(looped, (x, a), (x * total, 1.0))
        total = total + value * tangent
    return total


def of_gradient_in_a_branch(x, a):
    if a > 0.0:
        return np.sum(grad(looped)(x, a) * x)
    return jvp(looped, (x, a), (x, 1.0))[1]


FUNCTIONS = [
    of_gradient,
    of_tangent,
    of_two_pullbacks,
    of_gradients_in_a_loop,
    of_tangents_in_a_loop,
    of_gradient_in_a_branch,
]


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
def test_against_differences(function: Any) -> None:
    found, step = grad(function)(X, 0.5), 1e-6
    for i in range(len(X)):
        change = step * np.eye(len(X))[i]
        slope = (function(X + change, 0.5) - function(X - change, 0.5)) / (2 * step)
        np.testing.assert_allclose(found[i], slope, rtol=1e-6, atol=1e-7)


def test_pullback_in_another_loop_is_refused() -> None:
    def later(x, a):
        _, pullback = vjp(looped, x, a)
        total = 0.0
        for k in range(len(x) - 1):
            total = total + x[k] * np.sum(pullback(1.0)[0])
        return total

    with pytest.raises(UnsupportedError, match="another branch or loop"):
        grad(later)(X, 0.5)
