"""Derivatives do not depend on the order in which the elements of arguments lie."""

from __future__ import annotations

import numpy as np
import pytest

from gradgen import grad, jvp, vjp

X = np.arange(1.0, 25.0).reshape(4, 6) / 10
DOTS = np.cos(X)


def rows(x):
    y = np.zeros(x.shape)
    y.reshape(2, 12)[0] = x[1, 0] ** 2
    return y * x


def part_of_a_line(x):
    y = np.zeros(x.shape)
    y.reshape(-1)[3:9][1:] = x[1, 0] ** 2
    return y * x * x


def changed_in_a_loop(x):
    y = np.zeros(x.shape)
    for k in range(3):
        z = y.reshape(2, 12)
        z[k % 2] += x[k, 0] ** 2 * z[1 - k % 2, 0] + x[0, 1]
    return y * x * x


def changed_on_a_path(x):
    y = np.zeros(x.shape)
    if x[0, 0] > 0:
        y.reshape(2, 12)[0] = x[0] @ x[1]
    else:
        y = np.ones(x.shape)
    y.reshape(2, 12)[1] *= x[2, 2]
    return y**2 * x


def changed_by_a_helper(x):
    def fill(y, v):
        y.reshape(2, 12)[0] = v
        y.reshape(3, 8)[1] *= v

    y = np.ones(x.shape)
    for k in range(len(x)):
        fill(y, x[k, 1])
    return y * x


def changed_by_recursion(x):
    def fill(n, y):
        if n == 0:
            return 0.0
        y.reshape(2, 12)[0] += x[n, 0] ** 2
        return fill(n - 1, y) + y[0, 0]

    y = np.zeros(x.shape)
    return fill(len(x) - 1, y) * x + y * x


def returned_as_it_is(x):
    y = np.zeros(x.shape)
    y += x
    for k in range(2):
        y.reshape(2, 12)[k] *= x[k, 0]
    return y


def transposed_and_reshaped(x):
    y = np.zeros((6, 4))
    y.T[0] = x[0]
    y.reshape(3, 8)[1] *= x[1, 1]
    return y.T * x


FUNCTIONS = [
    rows,
    part_of_a_line,
    changed_in_a_loop,
    changed_on_a_path,
    changed_by_a_helper,
    changed_by_recursion,
    returned_as_it_is,
    transposed_and_reshaped,
]


def derivatives(function, x, dots):
    def weighted(x):
        return np.sum(function(x) * dots)

    def slope(x):
        return np.sum(grad(weighted)(x) * dots)

    value, pullback = vjp(function, x)
    assert np.array_equal(value, function(x))
    return (
        pullback(dots)[0],
        jvp(function, (x,), (dots,))[1],
        jvp(grad(weighted), (x,), (dots,))[1],
        grad(slope)(x),
    )


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_order_of_arguments_and_seeds_counts_for_nothing(function):
    in_c = derivatives(function, X, DOTS)
    in_fortran = derivatives(function, np.asfortranarray(X), np.asfortranarray(DOTS))
    for x, y in zip(in_c, in_fortran, strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-13)
    ahead, behind = function(X + 1e-6 * DOTS), function(X - 1e-6 * DOTS)
    np.testing.assert_allclose(in_c[1], (ahead - behind) / 2e-6, rtol=1e-7, atol=1e-8)
    np.testing.assert_allclose(
        np.sum(in_c[0] * DOTS), np.sum(in_c[1] * DOTS), rtol=1e-12
    )
    np.testing.assert_allclose(in_c[2], in_c[3], rtol=1e-11)
