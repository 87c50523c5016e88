"""Numbers of elements in derivatives: neither multiplied out nor cast in vain."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradgen import grad

A = np.arange(6.0).reshape(2, 3)

EXAMPLES: dict[str, tuple[Callable[..., Any], str]] = {
    "shared sum": (
        lambda x: np.sum(np.broadcast_to(np.sum(x), x.shape)),
        "np.full_like(x, x.size)",
    ),
    "shared mean": (lambda x: np.sum(x + np.mean(x)), "np.full_like(x, 2.0)"),
    "mean of ones": (
        lambda x: np.sum(np.mean(x) * np.ones_like(x)),
        "np.ones_like(x)",
    ),
    "count of a block": (
        lambda x: np.sum(x[:, None, :] * np.ones((1, 4, 1)) + np.sum(x)),
        "np.full_like(x, ",
    ),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_count_is_printed_plainly(name: str) -> None:
    function, text = EXAMPLES[name]
    source = grad(function).source(A)
    assert text in source
    assert "float64(" not in source


@pytest.mark.parametrize("shape", [(2, 3), (1, 3), (2, 2), (0, 3)])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_count_is_right(name: str, dtype: type, shape: tuple[int, int]) -> None:
    function, _ = EXAMPLES[name]
    x = np.ones(shape, dtype)
    slope = grad(function)(x)
    assert slope.dtype == dtype
    direction = np.arange(x.size, dtype=dtype).reshape(shape)
    change = function(x + direction) - function(x)
    if x.size:
        np.testing.assert_allclose(np.vdot(slope, direction), change, rtol=1e-5)


def test_derived_length_of_nothing_divides_by_zero_as_numpy_does() -> None:
    with np.errstate(all="ignore"):
        slope = grad(lambda x: np.sum(x[1:] * np.sum(x[1:])))(np.ones(1))
    np.testing.assert_array_equal(slope, [0.0])
