"""NumPy scalars and arrays without axes as arguments: the ones cannot be changed."""

import numpy as np
import pytest

from gradgen import UnsupportedError, grad


def doubled(x):
    x *= 2
    return x * x


def powered(x):
    result = 1.0
    for k in (11, 5, 2, 1):
        if k % 2:
            result *= x
        x *= x
    return result


def bound_in_a_loop(s, x):
    k = 0
    while k < 3 and x[0] < 5.0:
        k += 1
        s = np.cos(x[0] * s)
    s += 0.1 * x[1]
    return s


@pytest.mark.parametrize("kind", [float, np.float64, np.float32])
@pytest.mark.parametrize("f", [doubled, powered])
def test_a_number_is_bound_anew(f, kind):
    x = kind(0.5)
    slope = (f(0.5 + 1e-6) - f(0.5 - 1e-6)) / 2e-6
    assert grad(f)(x) == pytest.approx(slope, rel=1e-6)
    assert x == 0.5


@pytest.mark.parametrize("kind", [float, np.float64])
def test_a_number_that_a_loop_binds_is_bound_anew(kind):
    x = np.array([0.3, 0.4])
    far, near = bound_in_a_loop(0.5 + 1e-6, x), bound_in_a_loop(0.5 - 1e-6, x)
    found = grad(bound_in_a_loop)(kind(0.5), x)
    assert found == pytest.approx((far - near) / 2e-6, rel=1e-6)


@pytest.mark.parametrize("f", [doubled, powered])
def test_the_array_of_the_caller_is_not_changed(f):
    with pytest.raises(UnsupportedError, match="changes an array in place"):
        grad(f)(np.array(0.5))


def test_an_array_that_may_be_another_one_is_not_changed_for_one_name_only():
    def f(s, x):
        k = 0
        while k < 3 and x[0] < 5.0:
            k += 1
            s = np.array(x[0] * s)
        other = s
        s += 0.1 * x[1]
        return s * other

    with pytest.raises(UnsupportedError, match="changes an array in place"):
        grad(f)(np.array(0.5), np.array([0.3, 0.4]))
