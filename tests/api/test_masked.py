"""What a mask leaves out has derivative zero, even where it is infinite or NaN."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradgen import grad

X = np.array([0.0, 2.0])
ROOT = np.sqrt(2.0)

CASES: dict[str, tuple[Callable[[Any], Any], list[float]]] = {
    "entropy": (
        lambda x: np.sum(np.where(x > 0, x * np.log(x), 0.0)),
        [0.0, 1.0 + np.log(2.0)],
    ),
    "sinc": (
        lambda x: np.sum(np.where(x != 0, np.sin(x) / x, 1.0)),
        [0.0, np.cos(2.0) / 2.0 - np.sin(2.0) / 4.0],
    ),
    "reciprocal": (lambda x: np.sum(np.where(x != 0, 1 / x, 0.0)), [0.0, -0.25]),
    "root": (
        lambda x: np.sum(np.where(x > 0, np.sqrt(x), 0.0)),
        [0.0, 0.5 / ROOT],
    ),
    "root times logarithm": (
        lambda x: np.sum(np.where(x > 0, np.sqrt(x) * np.log(x), 0.0)),
        [0.0, 0.5 / ROOT * np.log(2.0) + ROOT / 2.0],
    ),
    "negative power": (
        lambda x: np.sum(np.where(x > 0, x**-0.5, 0.0)),
        [0.0, -0.5 * 2.0**-1.5],
    ),
    "square of an infinite quotient": (
        lambda x: np.sum(np.where(x != 0, (1 / x) ** 2 / x, 0.0)),
        [0.0, -3.0 / 16.0],
    ),
    "power of an infinite quotient": (
        lambda x: np.sum(np.where(x != 0, (1 / x) ** 3.5 / x, 0.0)),
        [0.0, -4.5 * 2.0**-5.5],
    ),
    "infinite power to a power": (
        lambda x: np.sum(np.where(x > 0, x ** (x - 1.0), 0.0)),
        [0.0, 2.0 * np.log(2.0) + 1.0],
    ),
    "chosen from an overflow": (
        lambda x: np.sum(np.where(x < 1, x, np.exp(400.0 * x) * np.exp(-400.0 * x))),
        [1.0, np.nan],
    ),
    "view of a masked array": (
        lambda x: np.sum(np.where(x > 0, np.log(x)[::-1][::-1] * x, 0.0)),
        [0.0, 1.0 + np.log(2.0)],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_masked_values_have_derivative_zero(name: str) -> None:
    function, wanted = CASES[name]
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(grad(function)(X), wanted, rtol=1e-12)


def test_second_derivative_of_a_masked_value() -> None:
    def entropy(x: Any) -> Any:
        return np.sum(np.where(x > 0, x * np.log(x), 0.0))

    def slope(x: Any) -> Any:
        return np.sum(grad(entropy)(x) * np.array([3.0, 5.0]))

    with np.errstate(all="ignore"):
        np.testing.assert_allclose(grad(slope)(X), [0.0, 2.5], rtol=1e-12)
