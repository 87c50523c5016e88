"""``solve_ivp`` at given times, and what it is refused with."""

import functools

import numpy as np
import pytest

from gradgen import UnsupportedError, grad, jvp, value_and_grad

pytest.importorskip("scipy")
from scipy.integrate import Radau, solve_ivp

T = np.array([0.1, 0.5, 1.0])
Y0 = np.array([1.0, 0.2])
WEIGHTS = np.cos(np.arange(6.0)).reshape(2, 3)


def swing(t, y, a, b):
    return [a * y[1] + 0.1 * t, -b * np.sin(y[0])]


def path(y0, start, times, a, b):
    options = {"rtol": 1e-11, "atol": 1e-11}
    found = solve_ivp(
        swing, (start, times[-1]), y0, "DOP853", times, args=(a, b), **options
    )
    return np.sum(WEIGHTS * found.y) + found.t[1] ** 2


def slope(function, x, direction, step=1e-4):
    """Return a difference of a function of numbers and arrays along a direction."""
    moved = (
        [p + s * step * d for p, d in zip(x, direction, strict=True)] for s in (1, -1)
    )
    after, before = (function(*p) for p in moved)
    return (after - before) / (2 * step)


DOTS = (np.array([0.5, -1.0]), 0.3, np.array([0.1, 0.2, -0.4]), 0.7, -0.3)


@pytest.mark.parametrize(("start", "t"), [(0.0, T), (0.1, T), (1.2, T[::-1])])
def test_derivatives_in_values_times_and_parameters(start, t):
    args = (Y0, start, t, 1.2, 0.8)
    bars = grad(path, argnums=(0, 1, 2, 3, 4))(*args)
    if start != t[0]:  # else the first time would come before the start
        wanted = slope(path, args, DOTS)
        product = sum(np.sum(bar * dot) for bar, dot in zip(bars, DOTS, strict=True))
        assert product == pytest.approx(wanted, rel=1e-6)
    again = jvp(path, args, DOTS)[1]
    product = sum(np.sum(bar * dot) for bar, dot in zip(bars, DOTS, strict=True))
    assert again == pytest.approx(product, rel=1e-7)


def test_the_end_of_the_span_has_no_influence():
    def last(end, k):
        return solve_ivp(decay, [0, end], [1.0], t_eval=[0.5], args=(k,)).y[0, -1]

    assert grad(last, argnums=(0, 1))(1.0, 2.0)[0] == 0.0


@pytest.mark.parametrize("order", ["fwd over rev", "rev over rev"])
def test_second_derivatives(order):
    args = (Y0, 0.0, T, 1.2, 0.8)
    every = (0, 1, 2, 3, 4)
    bars = grad(path, argnums=every)
    if order == "fwd over rev":
        found = jvp(bars, args, DOTS)[1]
    else:
        found = grad(along, argnums=every)(*args)
    wanted = [slope(lambda *x, k=k: bars(*x)[k], args, DOTS) for k in range(len(args))]
    for bar, difference in zip(found, wanted, strict=True):
        np.testing.assert_allclose(bar, difference, rtol=1e-5, atol=1e-6)


def along(*x):
    bars = grad(path, argnums=(0, 1, 2, 3, 4))(*x)
    return sum(np.sum(bar * dot) for bar, dot in zip(bars, DOTS, strict=True))


def decay(t, y, k):
    return -k * y


def decay_jacobian(t, y, k):
    return [[-k]]


def decay_of_columns(t, y, k):
    assert y.ndim == 2
    return -k * y


def as_it_is(k):
    found = solve_ivp(decay, (0.0, 2.0), [3.0], t_eval=T, args=(k,))
    return np.sum(found.y) + found.nfev + found.njev + found.nlu + found.status


def stiffly(k):
    options = {"t_eval": T, "args": [k], "jac": decay_jacobian, "max_step": 0.5}
    found = solve_ivp(decay, (0, 2), np.array([3]), method=Radau, **options)
    return np.sum(found.y)


def in_columns(k):
    options = {"t_eval": T, "args": (k,), "vectorized": True, "dense_output": False}
    return np.sum(solve_ivp(decay_of_columns, (0, 2), [3, 1], "LSODA", **options).y)


def with_success(k):
    found = solve_ivp(decay, (0, 2), [3.0], t_eval=T, args=(k,), events=None)
    if not found.success:
        raise RuntimeError(found.message)
    assert found.sol is None
    assert found.t_events is None
    return found.y[0] @ found.t


def one_of_several(k):
    found = solve_ivp(decay, (0, 2), [1, k, 3.0], t_eval=[0, 1, 1.5], args=(k,))
    return np.sum(found.y[1])


def of_any_size(k):
    found = solve_ivp(decay, (0.0, 2.0), Y0, t_eval=T, args=(k,))
    return np.sum(found.y)


def in_a_loop(k):
    y = Y0
    for _ in range(3):
        y = solve_ivp(decay, (0.0, 0.5), y, t_eval=[0.5], args=(k,)).y[:, -1]
    return y[0]


@pytest.mark.parametrize(
    "function",
    [
        as_it_is,
        stiffly,
        in_columns,
        with_success,
        one_of_several,
        of_any_size,
        in_a_loop,
    ],
)
def test_calls(function):
    value, bar = value_and_grad(function)(0.7)
    assert value == function(0.7)
    exact = {
        as_it_is: lambda k: 3 * np.sum(np.exp(-k * T)),
        stiffly: lambda k: 3 * np.sum(np.exp(-k * T)),
        in_columns: lambda k: 4 * np.sum(np.exp(-k * T)),
        with_success: lambda k: 3 * np.exp(-k * T) @ T,
        one_of_several: lambda k: k * (1 + np.exp(-k) + np.exp(-1.5 * k)),
        of_any_size: lambda k: 1.2 * np.sum(np.exp(-k * T)),
        in_a_loop: lambda k: np.exp(-1.5 * k),
    }[function]
    wanted = slope(exact, (0.7,), (1.0,))
    assert bar == pytest.approx(wanted, rel=2e-3)
    assert jvp(function, (0.7,), (1.0,))[1] == pytest.approx(wanted, rel=2e-3)


def mixed(t, y, p, power):
    return p["k"][0] * y**power


def in_single_precision(y0, p):
    return np.sum(solve_ivp(mixed, (0.0, 0.5), y0, t_eval=[0.5], args=(p, 2)).y)


def test_single_precision_and_containers():
    y0, p = np.array([0.5, 0.7], np.float32), {"k": np.array([0.5], np.float32)}
    y0_bar, p_bar = grad(in_single_precision, argnums=(0, 1))(y0, p)
    assert y0_bar.dtype == p_bar["k"].dtype == np.float32
    np.testing.assert_allclose(y0_bar, (1 - 0.25 * y0) ** -2.0, rtol=1e-3)
    second = grad(lambda y0: np.sum(grad(in_single_precision)(y0, p)))(y0)
    np.testing.assert_allclose(second, 0.5 * (1 - 0.25 * y0) ** -3.0, rtol=2e-3)


class Model:
    def __init__(self, rate):
        self.rate = rate

    def __call__(self, t, y):
        return -self.rate * y


def making(rate):
    return lambda t, y: -rate * y


class Decay:
    rate = 2.0

    def rates(self, t, y):
        return -self.rate * y


OUTSIDE = [
    Model(2.0),
    making(2.0),
    functools.partial(decay, k=2.0),
    Decay().rates,
]


@pytest.mark.parametrize("number", range(4))
def test_functions_that_close_over_constants(number):
    function = OUTSIDE[number]

    def last(y0):
        return solve_ivp(function, (0.0, 1.0), y0, t_eval=[1.0]).y[0, 0]

    np.testing.assert_allclose(grad(last)(np.ones(1)), np.exp(-2.0), rtol=2e-3)


class Growth:
    def __init__(self, rate):
        self.rate = rate

    def rates(self, t, y, k):
        return self.rate * k * y

    def last(self, k):
        options = {"t_eval": T, "rtol": 1e-9, "atol": 1e-9}
        return solve_ivp(self.rates, (0, 1), Y0, args=(k,), **options).y[0, -1]


def test_a_method_of_an_object_that_changes():
    model = Growth(2.0)
    first = grad(model.last)
    second = grad(lambda k: grad(model.last)(k))
    for rate in (2.0, 0.5):
        model.rate = rate
        value = np.exp(0.3 * rate)
        assert first(0.3) == pytest.approx(rate * value, rel=1e-6)
        assert second(0.3) == pytest.approx(rate**2 * value, rel=1e-6)


def explode(t, y, k):
    return k * y**2


def beyond(k, times):
    return np.sum(solve_ivp(explode, (0.0, 2.0), [1.0], t_eval=times, args=(k,)).y)


def test_a_solution_that_does_not_reach_the_end():
    with pytest.raises(ArithmeticError, match="solve_ivp: Required step size"):
        grad(beyond)(1.0, np.array([0.5, 1.5]))
    assert grad(beyond)(0.4, np.array([0.5])) == pytest.approx(0.5 / 0.64, rel=2e-3)


def test_no_times():
    with pytest.raises(ValueError, match="no times"):
        value_and_grad(beyond)(0.4, np.array([]))


def clamped(t, y, k):
    y[y < 0.0] = 0.0
    return -k * y


def test_a_function_that_writes_to_the_state():
    def last(k):
        return solve_ivp(clamped, (0.0, 1.0), Y0, t_eval=[1.0], args=(k,)).y[0, 0]

    with pytest.raises(ValueError, match="read-only"):
        grad(last)(1.0)
    with pytest.raises(ValueError, match="read-only"):
        jvp(last, (1.0,), (1.0,))


def parted(k):
    return solve_ivp(decay, (0.0, 1.0), Y0 + 1j, t_eval=T, args=(k,)).y.real[0, 0]


def hit(t, y, k):
    return y[0]


REFUSED = {
    r"without 't_eval'.*\n(.*\n)*.*t_eval=\[t1\]": lambda k: np.sum(
        solve_ivp(decay, (0.0, 1.0), Y0, args=(k,)).y
    ),
    "argument 'events'": lambda k: np.sum(
        solve_ivp(decay, (0.0, 1.0), Y0, t_eval=T, events=hit, args=(k,)).y
    ),
    "argument 'dense_output'": lambda k: np.sum(
        solve_ivp(decay, (0.0, 1.0), Y0, t_eval=T, dense_output=True, args=(k,)).y
    ),
    "'y0' of solve_ivp that is complex": parted,
    "'args' of solve_ivp": lambda k: np.sum(
        solve_ivp(decay, (0.0, 1.0), Y0, t_eval=T, args=np.array([k])).y
    ),
    "no attribute 'x'": lambda k: (
        k * solve_ivp(decay, (0.0, 1.0), Y0, t_eval=T, args=(k,)).x
    ),
    "'y0' of solve_ivp must be a vector": lambda k: np.sum(
        solve_ivp(decay, (0.0, 1.0), 1.0, t_eval=T, args=(k,)).y
    ),
    "must be a start and an end": lambda k: np.sum(
        solve_ivp(decay, (0.0, 1.0, 2.0), Y0, t_eval=T, args=(k,)).y
    ),
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_is_refused(words):
    with pytest.raises(UnsupportedError, match=words):
        grad(lambda x: REFUSED[words](x))(1.0)
