"""Functions that are integrated and see the variables of the function around them."""

import functools
import sys
from typing import NamedTuple

import numpy as np
import pytest

from gradgen import UnsupportedError, grad, jvp, value_and_grad

pytest.importorskip("scipy")
from scipy.integrate import odeint, quad, solve_ivp

from tests.api.test_integrators import CALL, output

T = np.array([0.0, 0.4, 1.0])
Y0 = np.array([1.0, 0.5])
RATE = 0.5
EXACT = {"rtol": 1e-10, "atol": 1e-10}


def slope(function, x, step=1e-5):
    """Return differences of a function in every number of its argument."""
    found = np.zeros(np.shape(x))
    for i in np.ndindex(np.shape(x)):
        after, before = np.array(x, float), np.array(x, float)
        after[i] += step
        before[i] -= step
        if not after.ndim:
            after, before = float(after), float(before)
        found[i] = (function(after) - function(before)) / (2 * step)
    return found


def check(function, x, rtol=1e-5):
    """Compare value, gradient and tangent with the function itself."""
    value, bar = value_and_grad(function)(x)
    assert value == function(x)
    wanted = slope(function, x)
    np.testing.assert_allclose(bar, wanted, rtol=rtol, atol=1e-7)
    dot = np.ones(np.shape(x)) if np.ndim(x) else 1.0
    np.testing.assert_allclose(
        jvp(function, (x,), (dot,))[1], np.sum(wanted), rtol=rtol, atol=1e-7
    )


def of_a_def(theta):
    def rhs(y, t):
        return -theta[0] * y + np.sin(theta[1] * t)

    return np.sum(odeint(rhs, Y0, T, **EXACT)[-1])


def of_a_lambda(a):
    return quad(lambda x: np.exp(-a * x * x), 0.0, 1.0)[0]


def of_solve_ivp(theta):
    rates = lambda t, y: [theta[0] * y[1], -theta[1] * y[0]]
    return solve_ivp(rates, (0.0, 1.0), Y0, t_eval=[1.0], **EXACT).y[0, -1]


def of_method_and_jacobian(k):
    def rates(t, y):
        return -k * y**2

    def jacobian(t, y):
        return np.diag(-2 * k * y)

    found = solve_ivp(
        rates, (0, 1), Y0, "Radau", t_eval=[1.0], jac=jacobian, rtol=1e-8, atol=1e-9
    )
    return np.sum(found.y)


def initial_value_and_end(x):
    return odeint(lambda y, t: -x[0] * y, [x[1]], np.array([0.0, x[2]]), **EXACT)[-1, 0]


@pytest.mark.parametrize(
    ("function", "x"),
    [
        (of_a_def, np.array([0.7, 1.3])),
        (of_a_lambda, 0.7),
        (of_solve_ivp, np.array([0.7, 1.3])),
        (of_method_and_jacobian, 0.7),
        (initial_value_and_end, np.array([0.7, 1.3, 0.8])),
    ],
)
def test_inner_functions(function, x):
    check(function, x)


def test_second_derivatives():
    theta, v = np.array([0.7, 1.3]), np.array([0.5, -1.0])
    wanted = slope(lambda x: float(grad(of_a_def)(x) @ v), theta)
    again = grad(lambda x: grad(of_a_def)(x) @ v)(theta)
    np.testing.assert_allclose(again, wanted, rtol=1e-4, atol=1e-6)
    forward = jvp(lambda x: grad(of_a_def)(x), (theta,), (v,))[1]
    np.testing.assert_allclose(forward, wanted, rtol=1e-4, atol=1e-6)
    back = grad(lambda x: jvp(of_a_def, (x,), (v,))[1])(theta)
    np.testing.assert_allclose(back, wanted, rtol=1e-4, atol=1e-6)
    exact = quad(lambda x: x**4 * np.exp(-0.7 * x * x), 0.0, 1.0)[0]
    assert grad(lambda a: grad(of_a_lambda)(a))(0.7) == pytest.approx(exact)
    assert jvp(grad(of_a_lambda), (0.7,), (1.0,))[1] == pytest.approx(exact)


# What a name holds is what it holds when the integrator is called.


def bound_later(a):
    k = 1.0
    f = lambda x: k * x
    k = a * a
    return quad(f, 0.0, 1.0)[0]


def bound_between(a):
    k = a

    def f(x):
        return k * x

    first = quad(f, 0.0, 1.0)[0]
    k = a * a * a
    return first + 10.0 * quad(f, 0.0, 1.0)[0]


def written_later(w):
    v = w * 1.0
    f = lambda x: v[0] * x + v[1]
    v[0] = w[0] * w[1]
    first = quad(f, 0.0, 1.0)[0]
    v[1] = 7.0
    v *= 2.0
    return first + 10.0 * quad(f, 0.0, 1.0)[0]


def last_of_a_loop(w):
    fs = [lambda x: w[i] * x for i in range(2)]
    return quad(fs[0], 0.0, 1.0)[0]


def default_of_the_definition(a):
    k = a * a
    f = lambda x, k=k, n=2: k * x**n
    k = 100.0
    return quad(f, 0.0, 1.0)[0] + 0.0 * k


def default_given_all_the_same(a):
    f = lambda x, k=5.0, *, c=a: k * x + c
    return quad(f, 0.0, 1.0, args=(a * a,))[0]


def rest_of_the_arguments(a):
    def f(x, first, *rest):
        return a * first * x + rest[0] ** 2

    return quad(f, 0.0, 1.0, args=(3.0, a))[0]


def rebound_within(a):
    k = 100.0

    def f(x):
        k = a * x
        return k

    return quad(f, 0.0, 1.0)[0] + 0.0 * k


def same_name_as_a_parameter(a):
    x = a * a

    def f(a):
        return x * a

    return quad(f, 0.0, 1.0)[0] + a


def shadowed_in_a_comprehension(w):
    i = w[0]

    def f(x):
        return sum([w[i] * x for i in range(2)]) + i

    return quad(f, 0.0, 1.0)[0]


def on_a_path(a):
    if a > 0.5:
        k = a * a
        f = lambda x: k * x
        return quad(f, 0.0, 1.0)[0]
    return a


def in_a_loop(a):
    y, total = Y0, 0.0
    for i in range(3):
        rate = a * (i + 1)

        def rhs(y, t):
            return -rate * y

        y = odeint(rhs, y, T, **EXACT)[-1]
        total = total + y[0]
    return total


def in_a_loop_of_any_length(w):
    total = 0.0
    for i in range(len(w)):
        total = total + quad(lambda x: w[i] ** 2 * x, 0.0, 1.0)[0]
    return total


LATE = [
    (bound_later, 0.7),
    (bound_between, 0.7),
    (written_later, np.array([0.7, 1.3])),
    (last_of_a_loop, np.array([0.7, 1.3])),
    (default_of_the_definition, 0.7),
    (default_given_all_the_same, 0.7),
    (rest_of_the_arguments, 0.7),
    (rebound_within, 0.7),
    (same_name_as_a_parameter, 0.7),
    (shadowed_in_a_comprehension, np.array([0.7, 1.3])),
    (on_a_path, 0.7),
    (in_a_loop, 0.7),
    (in_a_loop_of_any_length, np.array([0.7, 1.3, 0.2])),
]


@pytest.mark.parametrize(("function", "x"), LATE)
def test_names_have_the_values_of_the_call(function, x):
    check(function, x)


# What may be captured besides numbers and arrays.


def helper(u, c):
    return c * u


class Pair(NamedTuple):
    k: float
    w: np.ndarray


def containers(w):
    p = {"w": [w, (w[0], 2)], "n": 2}

    def f(x):
        first, (second, n) = p["w"]
        return np.sum(first) * x + second**n * p["n"]

    return quad(f, 0.0, 1.0)[0]


def tuples_with_names(w):
    p = Pair(w[0] * 2.0, w)
    return quad(lambda x: p.k * x + p.w[1], 0.0, 1.0)[0]


def known_values(a):
    n, scale, flag, op, kind = 2, 1.5, True, np.sin, np.float64

    def f(x):
        return helper(op(scale * x), a) ** n if flag else kind(0.0)

    return quad(f, 0.0, 1.0)[0]


def inner_helpers(a):
    c = a * a
    k = 2.0 * a

    def g(x, n=2, *, s=3.0 * c):
        return c * x**n + s

    def h(c):  # its parameter is not the 'c' that g sees
        return g(c) + g(c, 1) * k + g(c, s=a)

    def f(x):
        k = h(x)  # nor this 'k' that which h sees
        return k + a

    return quad(f, 0.0, 1.0)[0]


def made_elsewhere(a):
    return quad(scaled(a * a, lambda u: a * u), 0.0, 1.0)[0]


def scaled(a, g):
    return lambda x: a * g(x)


def partial_functions(a):
    f = functools.partial(helper, c=a)
    g = functools.partial(lambda c, x: c * x, a * a)
    return quad(f, 0.0, 1.0)[0] + quad(g, 0.0, 1.0)[0]


def from_outside(a):
    offset = 2.0
    outer = [0.5, 1.5]

    def function(b):
        return quad(lambda x: b * x * outer[1] + offset * RATE, 0.0, 1.0)[0]

    return function(a)


def integral_within(a):
    def outer(x):
        return quad(lambda u: a * u * x, 0.0, x)[0]

    return odeint(lambda y, t: -outer(t) * y, Y0, T, **EXACT)[-1, 0]


CAPTURED = [
    (containers, np.array([0.7, 1.3])),
    (tuples_with_names, np.array([0.7, 1.3])),
    (known_values, 0.7),
    (inner_helpers, 0.7),
    (made_elsewhere, 0.7),
    (partial_functions, 0.7),
    (from_outside, 0.7),
    (integral_within, 0.7),
]


@pytest.mark.parametrize(("function", "x"), CAPTURED)
def test_what_is_captured(function, x):
    check(function, x)


def by_integers(w, n):
    def f(x):
        return sum([w[i] * x**i for i in range(n)])

    return quad(f, 0.0, 1.0)[0]


def test_integers_are_those_of_the_call():
    w = np.array([0.7, 1.3, 0.2])
    gradient = grad(by_integers)
    for n in (2, 3, 2):
        wanted = [1 / (i + 1) if i < n else 0.0 for i in range(3)]
        np.testing.assert_allclose(gradient(w, n), wanted)


def test_what_is_outside_is_that_of_the_call(monkeypatch):
    scale = 2.0

    def function(a):
        return quad(lambda x: helper(a * x, scale) * RATE, 0.0, 1.0)[0]

    module = sys.modules[__name__]
    gradient = grad(function)
    assert gradient(0.7) == pytest.approx(0.5)
    scale = 6.0
    assert gradient(0.7) == pytest.approx(1.5)
    monkeypatch.setattr(module, "RATE", 1.0)
    assert gradient(0.7) == pytest.approx(3.0)
    monkeypatch.setattr(module, "helper", lambda u, c: u + c)
    assert gradient(0.7) == pytest.approx(0.5)


# What is refused.


def counting(a):
    calls = 0

    def f(x):
        nonlocal calls
        calls += 1
        return a * x

    return quad(f, 0.0, 1.0)[0] + calls


def filling(a):
    out = np.zeros(2)

    def rhs(y, t):
        out[:] = -a * y
        return out

    return np.sum(odeint(rhs, Y0, T)[-1])


def filling_under_another_name(a):
    out = np.zeros(2)

    def rhs(y, t):
        found = out
        found[:] = -a * y
        return found

    return np.sum(odeint(rhs, Y0, T)[-1])


def fill(x, values):
    x[:] = values
    return x


def filling_by_a_helper(a):
    out = np.zeros(2)

    def rhs(y, t):
        return fill(out, -a * y)

    return np.sum(odeint(rhs, Y0, T)[-1])


def collecting(a):
    seen = [a]
    return quad(lambda x: seen.append(x) or a * x, 0.0, 1.0)[0] + len(seen)


def collecting_under_another_name(a):
    seen = [1.0]

    def f(x):
        found = (seen, x)[0]
        found.append(x)
        return x

    return a * quad(f, 0.0, 1.0)[0] + len(seen)


def collecting_in_a_default(a):
    def f(x, kept=[1.0]):  # noqa: B006
        kept.append(x)
        return x

    return a * quad(f, 0.0, 1.0)[0] * quad(f, 0.0, 1.0)[0]


def recursive(a):
    def f(x):
        return a * x if x < 2.0 else f(x / 2)

    return quad(f, 0.0, 1.0)[0]


def not_bound(a):
    f = lambda x: a * x + late
    value = quad(f, 0.0, 1.0)[0]
    late = 1.0
    return value + late


def bound_on_a_path(a):
    if a > 0.0:
        late = a
    return quad(lambda x: late * x, 0.0, 1.0)[0]


def generator(a):
    def f(x):
        yield a * x

    return quad(f, 0.0, 1.0)[0]


def one_of_two(a):
    f = (lambda x: a * x) if a > 0.0 else (lambda x: a + x)
    return quad(f, 0.0, 1.0)[0]


def without_args(a):
    return odeint(lambda y, t, k: -k * a * y, Y0, T, args=a)[-1, 0]


REFUSED = {
    "nonlocal": counting,
    "writes to 'out'": filling,
    "an inner function that is integrated writes to": filling_under_another_name,
    "writes to 'seen'": collecting,
    "integrated writes to 'seen'": collecting_under_another_name,
    "writes to 'kept'": collecting_in_a_default,
    "calls itself": recursive,
    "'late' is read before": not_bound,
    "'late' is not bound on all paths": bound_on_a_path,
    "generator": generator,
    "one of several": one_of_two,
    "no tuple": without_args,
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_is_refused(words):
    with pytest.raises(UnsupportedError, match=words) as caught:
        grad(REFUSED[words])(0.7)
    assert "test_inner_functions.py" in str(caught.value)


def unmoved(a):
    return a * filling_by_a_helper(1.0)


@pytest.mark.parametrize("function", [filling_by_a_helper, unmoved])
def test_a_write_by_a_helper(function):
    refused = (UnsupportedError, ValueError)
    with pytest.raises(refused, match=r"must not write|read-only"):
        grad(function)(0.7)


def integrand_with_state(w):
    def f(x):
        return fill(w, w + 0.1)[0] * x

    return quad(f, 0.0, 1.0)[0]


def test_a_write_in_what_is_differentiated():
    with pytest.raises(UnsupportedError, match="must not write"):
        grad(integrand_with_state)(np.ones(2))


PROGRAM = """
import numpy as np
from scipy.integrate import odeint

def loss(k):
    c, faster = FACTOR, True
    def rates(y, t):
        return -k * y * c if faster else -k * y
    return odeint(rates, np.ones(1), np.array([0.0, 1.0]))[-1, 0]
"""


def test_what_is_kept_on_the_disk_is_for_the_same_function(tmp_path):
    for factor in (2.0, 3.0):
        text = PROGRAM.replace("FACTOR", str(factor))
        (tmp_path / "program.py").write_text(text)
        wanted = round(-factor * np.exp(-0.5 * factor), 5)
        assert output(CALL, tmp_path) == [str(wanted), "0"]
