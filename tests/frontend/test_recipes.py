"""Functions of NumPy that call functions of the user's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradgen import UnsupportedError, grad, jvp, value_and_grad

X = np.array([[0.4, -1.2, 0.9], [1.7, -0.3, 0.6]])


def by_sign(x: Any) -> Any:
    return np.piecewise(x, [x < 0, x >= 0], [lambda t: -(t**2), lambda t: t**3])


def otherwise(x: Any) -> Any:
    return np.piecewise(x, [x < 0, x > 0.5], [0.5, lambda t: t * np.mean(t), np.sin])


def of_nothing(x: Any) -> Any:
    return np.piecewise(x, [x < -9, x > -9], [lambda t: np.max(t) * t, np.cos])


def with_argument(x: Any) -> Any:
    return np.piecewise(x, (x < 0, x > 0.5), [lambda t, s: t * s, lambda t, s: s], 2.5)


def with_keyword(x: Any) -> Any:
    return np.piecewise(x, [x < 0], [lambda t, s: t**s, lambda t, s: t], s=2)


def by_one_condition(x: Any) -> Any:
    return np.piecewise(x[0], x[0] < 0, [np.cos, np.exp])


CASES = [by_sign, otherwise, of_nothing, with_argument, with_keyword, by_one_condition]


@pytest.mark.parametrize("pieces", CASES)
def test_piecewise(pieces: Any) -> None:
    def f(x: Any) -> Any:
        return np.sum(pieces(x) * np.arange(1.0, 4.0))

    dot = np.cos(np.arange(6.0)).reshape(2, 3)
    value, slope = value_and_grad(f)(X)
    assert value == f(X)
    wanted = (f(X + 1e-6 * dot) - f(X - 1e-6 * dot)) / 2e-6
    np.testing.assert_allclose(np.sum(slope * dot), wanted, 1e-7)
    np.testing.assert_allclose(jvp(f, (X,), (dot,))[1], wanted, 1e-7)
    twice = jvp(grad(f), (X,), (dot,))[1]
    ahead, behind = grad(f)(X + 1e-6 * dot), grad(f)(X - 1e-6 * dot)
    np.testing.assert_allclose(twice, (ahead - behind) / 2e-6, 1e-6, 1e-8)


def test_what_numpy_raises() -> None:
    def f(x: Any) -> Any:
        return np.sum(np.piecewise(x, [x < 0], [1.0, 2.0, 3.0]))

    with pytest.raises((ValueError, UnsupportedError), match=r"ValueError|function"):
        grad(f)(X)


REASONS = [
    (lambda x: np.apply_along_axis(np.sum, 0, x)[0], "np.apply_along_axis: it calls"),
    (lambda x: np.vectorize(lambda t: t * t)(x)[0], "np.vectorize: it calls Python"),
    (lambda x: np.hypot.accumulate(x[0])[0], r"np\.hypot\.accumulate[\s\S]*cumsum"),
    (lambda x: np.arctan2.accumulate(x[0])[0], r"arctan2\.accumulate[\s\S]*a loop"),
]


@pytest.mark.parametrize(("f", "words"), REASONS)
def test_the_reason_of_a_refusal_comes_first(f: Any, words: str) -> None:
    with pytest.raises(UnsupportedError, match=words):
        grad(f)(X)
