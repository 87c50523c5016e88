"""Powers of negative numbers, which Python makes complex."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradgen import grad, jvp, value_and_grad, vjp

COMPLEX: tuple[Callable[..., Any], ...] = (
    lambda x: x**1.5,
    lambda x: x ** (1 / 3),
    lambda x: x**-0.5,
    lambda x: pow(x, 0.5),
    lambda x: abs(x**1.5),
    lambda x: abs(x**0.5) ** 2,
    lambda x: x**1.5 + x,
    lambda x: (x**0.5) ** 4.0,
    lambda x, p=1 / 3: abs(x**p),
)


def outcome(call: Callable[[], Any]) -> float:
    """Return a result, NaN where ``math.pow`` refused."""
    try:
        result = call()
    except ValueError:
        return math.nan
    assert isinstance(result, float)
    return float(result)


@pytest.mark.parametrize("function", COMPLEX)
def test_derivative_of_a_complex_power_is_refused_or_nan(
    function: Callable[..., Any],
) -> None:
    assert math.isnan(outcome(lambda: grad(function)(-8.0)))
    assert math.isnan(outcome(lambda: value_and_grad(function)(-8.0)[1]))
    assert math.isnan(outcome(lambda: jvp(function, (-8.0,), (1.0,))[1]))
    assert math.isnan(outcome(lambda: vjp(function, -8.0)[1](1.0)[0]))
    assert math.isfinite(outcome(lambda: grad(function)(8.0)))


def test_exponent_known_only_at_run_time() -> None:
    function = lambda x, p: abs(x**p)
    assert math.isnan(outcome(lambda: grad(function)(-8.0, 1 / 3)))
    assert grad(function)(-8.0, 2.0) == -16.0
    assert grad(function)(8.0, 0.5) == pytest.approx(0.5 / math.sqrt(8.0))


@pytest.mark.parametrize("x", [-8.0, np.float64(-8.0), np.array([-8.0, 2.0])])
def test_an_exponent_that_is_held_counts_for_nothing(x: Any) -> None:
    one = np.ones_like(x)[()] if isinstance(x, np.ndarray) else 1.0
    value, tangent = jvp(lambda x, p: x**p, (x, 2.0), (one, 0.0))
    np.testing.assert_array_equal(value, x * x)
    np.testing.assert_array_equal(tangent, 2 * x)
