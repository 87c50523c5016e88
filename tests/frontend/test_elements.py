"""Elements one by one: ``x.flat``, ``np.ndindex`` and ``np.ndenumerate``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradgen import grad
from gradgen.errors import UnsupportedError
from tests.frontend.harness import agree, lowered

X = np.arange(1.0, 7.0).reshape(2, 3) / 4.0
LARGE = np.linspace(0.1, 2.0, 20).reshape(4, 5)


def flat_items(x):
    part = x.T.flat[1:4]
    part[0] = 7.0
    return x.T.flat[1] * x.flat[-1] + part @ x.flat[[0, 2, 0]] + x.flat[:2].sum()


def flat_walks(x):
    total = 0.0
    for v, w in zip(x.flat, x.T.flat, strict=False):
        total = total * 0.5 + v * w
    for k, v in enumerate(x.flat):
        total = total + k * v**2
    return total + sum(v**3 for v in x.T.flat) + np.array(list(x.flat)) @ x.ravel()


def flat_sees_writes(x):
    y = x.copy()
    total = 0.0
    for v in y.flat:
        total = total + v
        y[1, 2] = total
    return total * y


def flat_writes(x):
    y = np.zeros((2, 3))
    z = y[:]
    y.flat[4] = x[0, 0] ** 2
    y.flat[:2] = x[1, :2]
    y.flat[-1] += x[0, 1]
    w = np.ones((3, 2)).T
    w.flat = x**2
    w.flat[:] = w.ravel() * 3.0
    v = x.copy()
    v.flat = 2.0
    return z * x + w, v


def indices(x):
    total = 0.0
    for i, j in np.ndindex(2, 3):
        total = total * 0.9 + x[i, j] ** 2
    for index in np.ndindex(x.shape[:1]):
        total = total + x[index][0]
    for index in np.ndindex():
        total = total + len(index) + 1.0
    return total + sum(x[i] for i in np.ndindex((2, 3)))


def many_indices(x):
    total = 0.0
    for index in np.ndindex(x.shape):
        if x[index] > 1.5:
            continue
        total = total * 0.9 + x[index] ** 2 * index[1]
    return total


def early(x):
    for i, j in np.ndindex(x.shape):
        if x[i, j] > 0.5:
            return x[i, j] * (i + 2 * j)
    return x[0, 0]


def many_elements(x):
    y = np.zeros(x.shape)
    for (i, j), v in np.ndenumerate(x):
        y[i, j] = v * x[i, j - 1] + i
    for pair in np.ndenumerate(y):
        x = x + pair[1]
    return y * x


def none(x):
    for i, j in np.ndindex(0, 30):
        x = x * (i + j)
    return x


@pytest.mark.parametrize("x", [X, X.T.copy().T])
@pytest.mark.parametrize(
    "function",
    [flat_items, flat_walks, flat_sees_writes, flat_writes, indices, none],
)
def test_agree(function: Callable[..., Any], x: Any) -> None:
    agree(function, x)


@pytest.mark.parametrize("x", [X, LARGE])
@pytest.mark.parametrize("function", [many_indices, early, many_elements])
def test_loops_agree(function: Callable[..., Any], x: Any) -> None:
    agree(function, x)


def written(x):
    y = np.zeros(x.shape)
    for k, v in enumerate(x.flat):
        y.flat[k] = v**2
    w = np.ones(x.shape[::-1]).T
    w.flat = y
    y.ravel()[1:3] = 0.0
    for (i, j), v in np.ndenumerate(x):
        w[i, j] += v
    return (w * x).sum()


@pytest.mark.parametrize("order", ["C", "F"])
def test_gradient(order: Any) -> None:
    x = np.array(LARGE, order=order)
    np.testing.assert_allclose(grad(written)(x), 3 * x**2 + 2 * x)


def unknown_layout(x):
    y = np.copy(x)
    y.flat[1] = 2.0
    return y


def to_itself(x):
    y = x.copy()
    y.flat = y.T
    return y


def other_size(x):
    y = np.zeros((2, 3))
    y.flat = [1.0, 2.0]
    return y * x


def two_indices(x):
    return x.flat[0, 1]


def used_twice(x):
    elements = x.flat
    return sum(elements) + sum(elements)


def not_an_array(x):
    return np.sum(x.flat)


def left_early(x):
    for i, j in np.ndindex(x.shape):
        if x[i, j] > 0.5:
            break
    return x


def negative(x):
    for _ in np.ndindex(2, -1):
        x = x + 1.0
    return x


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (unknown_layout, "only a run knows the layout"),
        (to_itself, "writing an array to its own 'flat'"),
        (other_size, "another number of elements"),
        (two_indices, "'flat' takes one index"),
        (used_twice, "this iterator was used before"),
        (not_an_array, "the 'flat' of an array cannot be used here"),
        (left_early, "'break' or 'else' of a loop over all indices"),
        (negative, "negative dimensions"),
    ],
)
def test_refused(function: Callable[..., Any], reason: str) -> None:
    with pytest.raises(UnsupportedError, match=reason):
        lowered(function, X)
