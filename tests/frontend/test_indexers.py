"""np.r_, np.c_, np.s_ and the grids, and np.unstack, whose results are counted."""

import numpy as np
import pytest

from gradgen import grad, value_and_grad
from gradgen.errors import UnsupportedError

X = np.array([0.3, -0.5, 1.2, 0.7])


def joined(x):
    return np.sum(np.r_[x, 0.5, x[:2] ** 2, 1:4] ** 2)


def columns(x):
    return np.sum(np.c_[x, x**2, 0:4] ** 2 * np.r_[1.0, 2.0, 3.0])


def picked(x):
    part = np.s_[1:3]
    return np.sum(x[part] ** 3) + x[np.index_exp[2]] ** 2


def on_a_grid(x):
    i, j = np.mgrid[0 : x.shape[0], 0:4]
    return np.sum(i * j * x[i] * x[j])


def on_an_open_grid(x):
    i, j = np.ogrid[0:4, 1:3]
    return np.sum(x[i] * x[j] ** 2)


def unstacked(x):
    a, b = np.unstack(x.reshape(2, 2), axis=1)
    return np.sum(a * b**2)


def along_a_line(x):
    return np.sum(np.mgrid[0:1:4j] * x**2) + np.sum(np.mgrid[0:4] * x)


@pytest.mark.parametrize(
    "function",
    [
        *(joined, columns, picked, on_a_grid, on_an_open_grid, along_a_line),
        pytest.param(
            unstacked,
            marks=pytest.mark.skipif(
                not hasattr(np, "unstack"), reason="this NumPy has no unstack"
            ),
        ),
    ],
    ids=lambda f: f.__name__,
)
def test_gradient_is_that_of_differences(function):
    value, slope = value_and_grad(function)(X)
    steps = 1e-6 * np.eye(4)
    wanted = [(function(X + h) - function(X - h)) / 2e-6 for h in steps]
    np.testing.assert_allclose(slope, wanted, atol=1e-7)
    np.testing.assert_allclose(value, function(X))


def directive(x):
    return np.sum(np.r_["0,2", x, x])


def single_precision(x):
    return np.sum(np.r_[x, 0.5])


def grid_of_floats(x):
    return np.sum(x) + np.sum(np.mgrid[0:1:0.5])


@pytest.mark.parametrize(
    ("function", "x", "reason"),
    [
        (directive, X, "directives"),
        (single_precision, X.astype(np.float32), "double precision"),
        (grid_of_floats, X, "grid of floats"),
    ],
)
def test_what_is_not_supported_is_refused(function, x, reason):
    with pytest.raises(UnsupportedError, match=reason):
        grad(function)(x)
