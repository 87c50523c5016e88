"""What stands in ``with np.errstate(...)`` is quiet, and so is what is derived from it.

Warnings are errors in all tests.
"""

from __future__ import annotations

import numpy as np
import pytest

import gradgen
from gradgen import grad, jvp, value_and_grad, vjp

X = np.array([0.0, 0.25, -1.0, 4.0])


def quiet_block(x):
    with np.errstate(divide="ignore", invalid="ignore"):
        y = np.where(x > 0, np.log(x) * np.sqrt(x), 0.0)
    return np.sum(y * x)


def quiet_in_a_loop(x):
    total = 0.0
    for i in range(len(x)):
        with np.errstate(all="ignore"):
            ratio = x[i] / (x[i] - 0.25)
            if not np.isfinite(ratio):
                continue
        total += ratio
    return total


def quiet_return(x):
    for v in x:
        with np.errstate(all="ignore"):
            if v > 1.0:
                return np.log(v) / (v - 4.0)
    return x[0]


def quiet_helper(x):
    def inverse(v):
        return 1.0 / v

    with np.errstate(divide="ignore"):
        y = inverse(x)
    return np.sum(np.where(x == 0.0, 0.0, y))


@pytest.mark.parametrize(
    "function", [quiet_block, quiet_in_a_loop, quiet_return, quiet_helper]
)
def test_no_warnings(function):
    value = function(X)
    found, _ = value_and_grad(function)(X)
    np.testing.assert_equal(found, value)
    jvp(function, (X,), (np.ones(4),))
    pullback = vjp(function, X)[1]
    pullback(np.float64(1.0))


def test_the_gradient_is_right():
    x = np.array([0.5, 0.25, 3.0])
    step = 1e-6
    for function in (quiet_block, quiet_helper):
        found = grad(function)(x)
        for i, e in enumerate(np.eye(3) * step):
            wanted = (function(x + e) - function(x - e)) / (2 * step)
            np.testing.assert_allclose(found[i], wanted, rtol=1e-7)


def test_what_stands_outside_is_loud():
    def loud(x):
        with np.errstate(all="ignore"):
            y = np.log(x)
        return np.sum(y * np.log(x - 4.0))

    with pytest.raises(RuntimeWarning):
        loud(X)
    with pytest.raises(RuntimeWarning):
        gradgen.value_and_grad(loud)(X)
