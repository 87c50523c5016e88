"""Ufuncs that are computed where a mask says so warn of nothing elsewhere."""

import numpy as np
import pytest

from gradgen import grad, jvp

X = np.array([0.5, -2.0, 0.0, 4.0])
CASES = {
    "log": lambda x, y: np.log(x, out=y, where=x > 0),
    "sqrt": lambda x, y: np.sqrt(x, out=y, where=x > 0),
    "arcsin": lambda x, y: np.arcsin(x, out=y, where=np.abs(x) < 1),
    "divide": lambda x, y: np.divide(1.0, x, out=y, where=x != 0),
    "power": lambda x, y: np.power(x, 1.5, out=y, where=x > 0),
}


@pytest.mark.parametrize("name", CASES)
def test_masked_ufunc_warns_of_nothing_elsewhere(name):
    write = CASES[name]

    def total(x):
        y = 3.0 * x
        write(x, y)
        return np.sum(y * y)

    step = 1e-6 * np.array([1.0, 0.0, 0.0, 0.0])
    expected = (total(X + step) - total(X - step)) / 2e-6
    found = grad(total)(X)
    assert found[0] == pytest.approx(expected, rel=1e-6)
    assert np.isfinite(found).all()
    dot = np.array([1.0, 0.0, 0.0, 0.0])
    value, pushed = jvp(total, (X,), (dot,))
    assert value == total(X)
    assert pushed == pytest.approx(expected, rel=1e-6)
