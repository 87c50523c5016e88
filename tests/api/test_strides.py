"""Strides of arrays and ``as_strided``: known layouts, what is read and refused.

Plain NumPy is the judge, of arrays laid out in any way.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.lib.stride_tricks import as_strided

from gradgen import UnsupportedError, grad, jvp, value_and_grad

X = np.array([0.3, -1.2, 0.8, 2.1, -0.4, 1.7])
A = np.linspace(-1.0, 2.0, 20).reshape(4, 5) ** 2


def mean_over_windows(x: Any) -> Any:
    n, w = len(x), 3
    v = as_strided(x, shape=(n - w + 1, w), strides=(x.strides[0], x.strides[0]))
    return np.sum(np.sin(v).mean(axis=1) ** 2)


def every_other(x: Any) -> Any:
    s = x.strides[0]
    v = as_strided(x, ((x.size - 4) // 2 + 1, 4), (2 * s, s))
    return np.sum(v[:, 0] * v[:, 3] ** 2)


def patches(x: Any) -> Any:
    n, m = x.shape
    v = as_strided(x, (n - 1, m - 2, 2, 3), x.strides * 2)
    return np.sum(np.sin(v).sum((2, 3)) ** 2)


def repeated(x: Any) -> Any:
    v = as_strided(x, (4, x.size), (0, x.itemsize))
    return np.sum(v**2 * np.arange(4.0)[:, None])


def down_the_diagonal(x: Any) -> Any:
    n = len(x) - 1
    return np.prod(as_strided(x, (n,), (x.strides[0] + x.itemsize,)))


def padded(x: Any) -> Any:
    p = np.pad(np.sin(x), 1)
    n, m = x.shape
    v = as_strided(p, (n, m, 3, 3), p.strides + p.strides)
    return np.sum(v.sum((2, 3)) ** 2)


def in_order(x: Any) -> Any:
    y = np.ascontiguousarray(x[::-1])
    return np.sum(as_strided(y, (y.size - 1, 2), y.strides * 2)[:, 0] ** 3)


def written_later(x: Any) -> Any:
    y = np.sin(x)
    v = as_strided(y, (y.size - 1, 2), (8, 8))
    y[0] = y[1] * 3
    return np.sum(v[:, 0] * v[:, 1])


def argument_written_later(x: Any) -> Any:
    v = as_strided(x, (x.size - 1, 2), (8, 8))
    x[1] = x[0] * 7
    return np.sum(v[:, 0] * v[:, 1])


def filled(x: Any) -> Any:
    y = np.zeros(x.size + 2)
    y[1:-1] = x
    return np.sum(as_strided(y, (x.size, 3), y.strides * 2).prod(axis=1))


def inner_gradient(x: Any) -> Any:
    return np.sum(grad(mean_over_windows)(x * 2) ** 2)


def in_a_loop(x: Any, n: int = 20) -> Any:
    total = 0.0
    for k in range(n):
        v = as_strided(x, (x.size - 1, 2), x.strides * 2)
        total += np.sum(v[:, 0] * v[:, 1] ** 2) * k
    return total


CASES: list[tuple[Callable[..., Any], Any]] = [
    (mean_over_windows, X),
    (every_other, X),
    (patches, A),
    (repeated, X),
    (down_the_diagonal, A),
    (padded, A),
    (in_order, X),
    (written_later, X),
    (argument_written_later, X),
    (filled, X),
    (inner_gradient, X),
    (in_a_loop, X),
]


@pytest.mark.parametrize(("f", "x"), CASES, ids=[f.__name__ for f, _ in CASES])
def test_derivatives_are_those_of_plain_numpy(f: Callable[..., Any], x: Any) -> None:
    direction = np.cos(np.arange(x.size)).reshape(x.shape)
    value, slope = value_and_grad(f)(x)
    assert value == f(x.copy())
    ahead, behind = (f(x + step * direction) for step in (1e-6, -1e-6))
    np.testing.assert_allclose(np.sum(slope * direction), (ahead - behind) / 2e-6, 1e-6)
    np.testing.assert_allclose(jvp(f, (x,), (direction,))[1], np.sum(slope * direction))
    twice = jvp(grad(f), (x,), (direction,))[1]
    slopes = [grad(f)(x + step * direction) for step in (1e-6, -1e-6)]
    np.testing.assert_allclose(twice, (slopes[0] - slopes[1]) / 2e-6, 1e-5, 1e-7)


def test_single_precision_has_strides_of_its_own() -> None:
    def f(x: Any) -> Any:
        return np.sum(as_strided(x, (2, 3), (x.itemsize, x.itemsize)) ** 2)

    expected = [0.6, -4.8, 3.2, 4.2, 0, 0]
    np.testing.assert_allclose(grad(f)(X.astype(np.float32)), expected, rtol=1e-6)


@pytest.mark.parametrize(
    "x", [A.T, np.asfortranarray(A), A[::-1], A[:, ::2], A[:, :3], A[:, ::-1]]
)
def test_another_layout_of_an_argument_raises(x: Any) -> None:
    with pytest.raises(ValueError, match="not laid out in the order of C"):
        grad(patches)(x)


def test_an_argument_that_is_written_to_is_looked_at_itself() -> None:
    def f(x: Any) -> Any:
        x[0, 0] = 5.0
        return patches(x)

    assert grad(f)(A.copy())[0, 0] == 0.0
    with pytest.raises(ValueError, match="not laid out in the order of C"):
        grad(f)(np.asfortranarray(A))


def outside(x: Any) -> Any:
    return np.sum(as_strided(x, (x.size, 2), (8, 8)))


def before(x: Any) -> Any:
    return np.sum(as_strided(x, (x.size,), (-8,)))


def between(x: Any) -> Any:
    return np.sum(as_strided(x, (2,), (4,)))


@pytest.mark.parametrize("f", [outside, before, between])
def test_what_is_no_element_is_never_read(f: Callable[..., Any]) -> None:
    for derivative in (grad(f), value_and_grad(f), lambda x: jvp(f, (x,), (x,))):
        with pytest.raises(ValueError, match="as_strided would read"):
            derivative(X)


def of_a_slice(x: Any) -> Any:
    return np.sum(as_strided(x[::2], (2, 2), (16, 16)))


def of_a_transpose(x: Any) -> Any:
    return x.T.strides[0] * np.sum(x)


def of_a_result_in_another_order(x: Any) -> Any:
    y = x.T * 2
    return np.sum(as_strided(y, (2, 2), y.strides))


def of_either(x: Any) -> Any:
    y = x if np.sum(x) > 0 else x * 2
    return np.sum(as_strided(y, (2,), (8,)))


@pytest.mark.parametrize(
    "f", [of_a_slice, of_a_transpose, of_a_result_in_another_order, of_either]
)
def test_an_unknown_layout_is_refused(f: Callable[..., Any]) -> None:
    with pytest.raises(UnsupportedError, match="lie in memory is not known"):
        grad(f)(A)


def test_writing_through_the_result_is_refused() -> None:
    def f(x: Any) -> Any:
        v = as_strided(x, (2, 2), (8, 8))
        v[0, 0] = 1.0
        return np.sum(x)

    with pytest.raises(UnsupportedError, match="writing through the result"):
        grad(f)(X)


def test_bytes_are_numbers() -> None:
    def f(x: Any) -> Any:
        return np.sum(x) * x.itemsize * x.nbytes * x.strides[0]

    np.testing.assert_array_equal(grad(f)(A), np.full(A.shape, 8 * 160 * 40.0))
