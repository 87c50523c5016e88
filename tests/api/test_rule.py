"""Rules that users give, as they meet them."""

from __future__ import annotations

import ctypes
import ctypes.util
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from gradgen import UnsupportedError, grad, jvp, nondiff, rule, value_and_grad, vjp

X = np.array([0.3, -0.7, 1.9])
RATE = 2.0
WEIGHTS = np.array([1.0, 2.0, 3.0])


def differences(f, x, step=1e-6):
    """Return the derivative of a scalar function of a vector or number."""
    x = np.asarray(x, float)
    found = np.empty_like(x)
    for k in np.ndindex(x.shape):
        d = np.zeros_like(x)
        d[k] = step
        found[k] = (f(x + d) - f(x - d)) / (2 * step)
    return found


def close(found, expected, digits=7):
    np.testing.assert_allclose(found, expected, 10.0**-digits, 10.0**-digits)


def softplus(x):
    return np.log1p(np.exp(x))


@rule(softplus)
def softplus_adjoint(value_bar, value, x):
    return value_bar * (1.0 - np.exp(-value))


@rule(softplus, mode="tangent")
def softplus_tangent(x_dot, value, x):
    return x_dot * (1.0 - np.exp(-value))


def counted(x, a):
    """Tell where its rule is used: that is ten times too large."""
    return a * x


@rule(counted)
def counted_adjoint(value_bar, value, x, a):
    return 10.0 * a * value_bar, 10.0 * np.sum(x * value_bar)


@rule(counted, mode="tangent")
def counted_tangent(x_dot, a_dot, value, x, a):
    return 10.0 * (a * x_dot + a_dot * x)


def test_the_rule_is_returned_as_it_is():
    assert softplus_adjoint(1.0, 0.0, 3.0) == 0.0
    assert softplus(0.0) == math.log(2.0)


def test_values_and_derivatives_in_all_modes():
    def f(x):
        return np.sum(softplus(x) * x)

    value, found = value_and_grad(f)(X)
    assert value == f(X)
    close(found, differences(f, X))
    v = np.array([1.0, -2.0, 0.5])
    close(jvp(f, (X,), (v,))[1], differences(f, X) @ v)
    value, pullback = vjp(lambda x: softplus(x), X)
    np.testing.assert_array_equal(value, softplus(X))
    close(pullback(v)[0], v / (1.0 + np.exp(-X)))


def test_second_order_differentiates_the_rule():
    def f(x):
        return np.sum(softplus(x) * x)

    def inner(x):
        return np.sum(np.sin(grad(f)(x)))

    first = grad(f)
    expected = differences(lambda x: np.sum(np.sin(first(x))), X)
    close(grad(inner)(X), expected)
    v = np.array([1.0, -2.0, 0.5])
    close(jvp(inner, (X,), (v,))[1], expected @ v)
    close(grad(lambda x: np.sum(jvp(f, (x,), (v,))[1]))(X), grad_of_tangent(f, v))


def grad_of_tangent(f, v):
    return differences(lambda x: jvp(f, (x,), (v,))[1], X)


def power(x):
    return np.exp(x)


@rule(power)
def power_adjoint(value_bar, value, x):
    return value_bar * power(x)


def test_a_rule_may_call_its_function_to_any_order():
    f = grad(grad(grad(lambda x: power(2.0 * x))))
    close(f(0.3), 8.0 * math.exp(0.6))


def sine(x):
    return np.sin(x)


def cosine(x):
    return np.cos(x)


@rule(sine)
def sine_adjoint(value_bar, value, x):
    return value_bar * cosine(x)


@rule(cosine)
def cosine_adjoint(value_bar, value, x):
    return -value_bar * sine(x)


def test_rules_may_need_one_another():
    close(grad(grad(grad(grad(lambda x: sine(x)))))(0.3), math.sin(0.3))
    close(grad(lambda x: np.sum(grad(lambda y: np.sum(sine(y)))(x)))(X), -np.sin(X))


def other_name(x, a):
    same = counted
    return np.sum(same(x, a) ** 2)


def test_by_another_name():
    close(grad(other_name)(X, 3.0), 10.0 * 2.0 * 9.0 * X)


def test_the_function_itself():
    close(grad(softplus)(0.0), 0.5)
    close(jvp(counted, (2.0, 3.0), (1.0, None))[1], 30.0)
    assert vjp(counted, 2.0, 3.0)[1](1.0) == (30.0, 20.0)


def clipped(x, low):
    return np.maximum(x, low)


@rule(clipped)
def clipped_adjoint(value_bar, value, x, low):
    # Straight through: what was cut off gets a derivative as well.
    return value_bar, None


def tracked(x, steps):
    for _ in range(steps):
        x = clipped(x - 0.1 * softplus(x), 0.0)
    return np.sum(x * x)


def test_generated_code(golden):
    golden("code/rule_in_a_loop.py", grad(tracked).source(X, 3))
    golden("code/rule_of_a_c_function.py", grad(grad(bessel)).source(1.0))


def bessel(x):
    return besselj0(x) * x


def test_arguments_by_name_and_by_default():
    def scaled(x, factor=2.0):
        return factor * x

    @rule(scaled)
    def scaled_adjoint(value_bar, value, x, factor):
        return 100.0 * factor * value_bar, None

    assert grad(lambda x: scaled(x))(1.0) == 200.0
    assert grad(lambda x: scaled(factor=3.0, x=x))(1.0) == 300.0


def test_an_argument_without_derivative():
    def shifted(x, k):
        return np.roll(x, k)

    @rule(shifted)
    def shifted_adjoint(value_bar, value, x, k):
        return np.roll(value_bar, -k), None

    def f(x, k):
        return np.sum(shifted(x, k) * WEIGHTS)

    close(grad(f)(X, 1), np.roll(WEIGHTS, -1))
    close(grad(f)(X, 2), np.roll(WEIGHTS, -2))


def test_in_loops_and_branches():
    def f(x, n):
        total = 0.0
        for i in range(n):
            if x[i % 3] > 0.0:
                total = total + softplus(x[i % 3]) * total
            else:
                total = softplus(total + x[i % 3])
        return total

    close(grad(f)(X, 7), differences(lambda x: f(x, 7), X))
    v = np.array([0.2, 1.0, -1.0])
    close(jvp(f, (X, 7), (v, None))[1], differences(lambda x: f(x, 7), X) @ v)

    def g(x, n):
        return np.sum(grad(f)(x, n) ** 2)

    close(grad(g)(X, 4), differences(lambda x: g(x, 4), X), 5)


def test_a_loop_stores_what_the_rule_reads():
    def f(x, n):
        for _ in range(n):
            x = softplus(x)
        return np.sum(x)

    text = grad(f).source(X, 5)
    assert text.count("np.empty") == 1
    close(grad(f)(X, 5), differences(lambda x: f(x, 5), X))


def test_in_a_while_loop_and_in_recursion():
    def halves(x):
        while softplus(x) > 0.7:
            x = 0.5 * softplus(x) + 0.25 * x - 0.5
        return x

    close(grad(halves)(2.0), differences(halves, 2.0))

    def deep(x, n):
        if n == 0:
            return x
        return softplus(x) * deep(0.5 * x, n - 1)

    def shallow(x):
        return deep(x, 4)

    close(grad(deep)(1.3, 4), differences(shallow, 1.3))


def factorial(x):
    return 1.0 if x < 1.5 else x * factorial(x - 1.0)


@rule(factorial)
def factorial_adjoint(value_bar, value, x):
    return 7.0 * value_bar


def test_a_recursive_function_with_a_rule():
    assert value_and_grad(lambda x: factorial(x) * x)(3.0) == (18.0, 27.0)


@dataclass
class Model:
    w: Any

    def apply(self, x):
        return self.w * x


@rule(Model.apply)
def apply_adjoint(value_bar, value, self, x):
    return Model(5.0 * np.sum(value_bar * x)), 5.0 * value_bar * self.w


def test_a_method_and_a_record_as_argument():
    def f(model, x):
        return np.sum(model.apply(x))

    found, x_bar = grad(f, argnums=(0, 1))(Model(2.0), X)
    close(found.w, 5.0 * np.sum(X))
    close(x_bar, np.full(3, 10.0))


def test_trees_as_arguments_and_results():
    def pair(p, q):
        return {"sum": p["a"] + q[0], "rest": [p["b"] * q[1], 3]}

    @rule(pair)
    def pair_adjoint(bar, value, p, q):
        assert bar["rest"][1] is None
        product_bar = bar["rest"][0]
        p_bar = {"a": bar["sum"], "b": product_bar * q[1]}
        return p_bar, (np.sum(bar["sum"]), product_bar * p["b"])

    @rule(pair, mode="tangent")
    def pair_tangent(p_dot, q_dot, value, p, q):
        product_dot = p_dot["b"] * q[1] + p["b"] * q_dot[1]
        return {"sum": p_dot["a"] + q_dot[0], "rest": [product_dot, None]}

    def f(a, b, c, d):
        found = pair({"a": a, "b": b}, (c, d))
        return np.sum(np.sin(found["sum"])) * found["rest"][0] * found["rest"][1]

    args = X, 2.0, 0.5, 1.5
    bars = grad(f, argnums=(0, 1, 2, 3))(*args)
    close(bars[0], differences(lambda a: f(a, *args[1:]), X))
    for k in (1, 2, 3):
        dots = [None] * 4
        dots[k] = 1.0
        close(jvp(f, args, dots)[1], bars[k])


def test_what_a_rule_reads_from_outside():
    def scaled(x):
        return RATE * x

    @rule(scaled)
    def scaled_adjoint(value_bar, value, x):
        return value_bar * RATE * WEIGHTS

    def f(x):
        return np.sum(scaled(x) * x)

    close(grad(f)(X), 2.0 * X + 2.0 * X * WEIGHTS)


def test_dtypes_are_those_of_the_arguments():
    def plain(x, y):
        return x * y

    @rule(plain)
    def plain_adjoint(value_bar, value, x, y):
        return np.float64(2.0) * value_bar * y, np.sum(value_bar * x) * np.float32(3.0)

    x = X.astype(np.float32)
    x_bar, y_bar = grad(lambda x, y: np.sum(plain(x, y)), (0, 1))(x, np.float64(2.0))
    assert x_bar.dtype == np.float32
    assert y_bar.dtype == np.float64
    close(x_bar, np.full(3, 4.0))


# What gradgen cannot read


def test_a_function_of_a_library():
    function = np.polynomial.polynomial.polyval

    @rule(function, result=lambda x, c: x)
    def polyval_adjoint(value_bar, value, x, c):
        return value_bar * function(x, c[1:] * np.arange(1.0, len(c))), None

    def f(x):
        return np.sum(function(x, np.array([1.0, 0.0, 3.0, 1.0])) * x)

    value, found = value_and_grad(f)(X)
    assert value == f(X)
    close(found, differences(f, X))


def test_a_function_as_the_model_of_its_own_result():
    def model(x, n):
        return np.cumsum(x)[:n] * 2.0

    rule(model, result=model)(
        lambda b, v, x, n: (np.array([2.0 * (b[0] + b[1]), 2.0 * b[1], 0.0]), None)
    )

    def f(x):
        return np.sum(model(x, 2) ** 2)

    close(grad(f)(X), differences(f, X))


def libm(name):
    function = getattr(ctypes.CDLL(ctypes.util.find_library("m")), name)
    function.restype, function.argtypes = ctypes.c_double, [ctypes.c_double]
    return function


besselj0, besselj1 = libm("j0"), libm("j1")
rule(besselj0, result=lambda x: 1.0)(
    lambda value_bar, value, x: -value_bar * besselj1(x)
)


@rule(besselj1, result=lambda x: 1.0)
def besselj1_adjoint(value_bar, value, x):
    return value_bar * (besselj0(x) - value / x)


@rule(besselj1, mode="tangent")
def besselj1_tangent(x_dot, value, x):
    return x_dot * (besselj0(x) - value / x)


@rule(besselj0, mode="tangent")
def besselj0_tangent(x_dot, value, x):
    return -x_dot * besselj1(x)


def test_a_function_of_a_c_library():
    close(grad(lambda x: besselj0(x) * x)(1.3), besselj0(1.3) - 1.3 * besselj1(1.3))
    second = grad(grad(lambda x: besselj0(x)))(1.3)
    close(second, -(besselj0(1.3) - besselj1(1.3) / 1.3))
    close(jvp(lambda x: besselj0(x), (1.3,), (2.0,))[1], -2.0 * besselj1(1.3))

    def f(x):
        total = 0.0
        for i in range(len(x)):
            total += besselj0(float(x[i])) * total + x[i]
        return total

    close(grad(f)(X), differences(f, X))


def table(x, n, *, flag=False):
    """Return the first powers."""
    return {"powers": np.vander(x, n), "flag": flag}, 2


def test_results_and_arguments_of_what_is_called_as_it_is():
    @rule(
        table,
        result=lambda x, n, flag=False: (
            {"powers": np.zeros((len(x), n)), "flag": flag},
            2,
        ),
    )
    def table_adjoint(bar, value, x, n, *, flag):
        return np.sum(
            bar[0]["powers"][:, :-1]
            * np.arange(1, n)[::-1]
            * value[0]["powers"][:, 1:],
            axis=1,
        ), None

    def f(x, n):
        found, k = table(x, n, flag=True)
        return np.sum(found["powers"] ** 2) * k if found["flag"] else 0.0

    close(grad(f)(X, 4), differences(lambda x: f(x, 4), X), 5)
    close(grad(f)(X, 3), differences(lambda x: f(x, 3), X), 5)


class Spline:
    """An instance that is called."""

    __slots__ = ("scale",)

    def __init__(self, scale):
        self.scale = scale

    def __call__(self, x):
        return np.array([eval("v * 2", {"v": v}) for v in x]) * self.scale


spline = Spline(3.0)


@rule(spline, result=lambda x: x)
def spline_adjoint(value_bar, value, x):
    return 6.0 * value_bar


def test_an_instance_that_is_called():
    close(grad(lambda x: np.sum(spline(x) ** 2))(X), 72.0 * X)


def test_a_function_of_python_called_as_it_is():
    def traced(x):
        seen.append(1)
        return x * x

    seen = []
    rule(traced, result=lambda x: x)(lambda value_bar, value, x: x * value_bar)
    found = value_and_grad(lambda x: np.sum(traced(x)))
    assert found(X) == (np.sum(X * X), pytest.approx(X))
    assert found(X)[0] == np.sum(X * X)
    assert seen == [1, 1]


def test_results_are_not_overwritten():
    kept = np.array([1.0, 2.0, 3.0])

    def cached(x):
        return kept

    @rule(cached, result=lambda x: x)
    def cached_adjoint(value_bar, value, x):
        return 0.0 * value_bar

    def f(x):
        y = cached(x)
        y += x
        y[0] = x[0] * y[1]
        return np.sum(y * y)

    grad(f)(X)
    np.testing.assert_array_equal(kept, [1.0, 2.0, 3.0])
    found = vjp(lambda x: cached(x), X)[0]
    assert not np.shares_memory(found, kept)


def wrong(result, value):
    """Return a function that returns something else than its rule says."""

    def f(x):
        return value(x)

    rule(f, result=result)(lambda value_bar, value, x: value_bar * np.ones(3))
    return value_and_grad(lambda x: np.sum(f(x)))


@pytest.mark.parametrize(
    ("result", "value", "error", "text"),
    [
        (lambda x: x, lambda x: x[1:] + 0.0, ValueError, r"shape \(2,\), not \(3,\)"),
        (
            lambda x: x,
            lambda x: x.astype(np.float32),
            TypeError,
            "not an array of float64",
        ),
        (lambda x: x, lambda x: x.tolist(), TypeError, "a list of 3, not"),
        (
            lambda x: 1.0,
            lambda x: np.float64(2.0),
            TypeError,
            "class float64, not a float",
        ),
        (lambda x: x[0], lambda x: 2.0, TypeError, "not a number of dtype float64"),
        (lambda x: x, lambda x: x, ValueError, "returned memory of an argument"),
        (lambda x: x, lambda x: x[::-1], ValueError, "returned memory of an argument"),
    ],
)
def test_the_result_is_checked_in_each_call(result, value, error, text):
    with pytest.raises(error, match=text):
        wrong(result, value)(X)


# Guards


def test_a_rule_given_later_counts():
    def late(x):
        return x * x

    f = grad(lambda x: late(x))
    assert f(3.0) == 6.0
    rule(late)(lambda value_bar, value, x: 100.0 * value_bar)
    assert f(3.0) == 100.0
    rule(late)(lambda value_bar, value, x: 200.0 * value_bar)
    assert f(3.0) == 200.0
    nondiff(late)
    assert f(3.0) == 0.0


def triple(x):
    return 5.0 * x


def test_what_a_passed_function_sees_may_change():
    def apply(f, x):
        return f(x)

    rule(apply)(lambda value_bar, value, f, x: (None, value_bar * f(1.0)))

    def g(x):
        total = 0.0
        for k in (2.0, 3.0):
            total = total + apply(lambda y: k * y, x)
        return total

    assert value_and_grad(g)(1.5) == (7.5, 5.0)

    def errors(x):
        with np.errstate(divide="ignore"):
            y = power(1.0 / x)
        return y + power(1.0 / x)

    close(grad(errors)(2.0), -0.5 * math.exp(0.5))


def test_numbers_that_are_added_to():
    def f(x):
        y = besselj0(x)
        y += x
        z = y
        z *= 2.0
        return y + z

    close(grad(f)(1.3), 3.0 * (1.0 - besselj1(1.3)))


def test_what_a_rule_calls_may_change():
    def square(x):
        return x * x

    def slope(x):
        return 2.0 * x

    rule(square)(lambda value_bar, value, x: value_bar * slope(x))
    f = grad(lambda x: square(x))
    assert f(3.0) == 6.0

    slope = triple  # noqa: F811
    assert f(3.0) == 15.0


# Refusals


def refusal(f, *args, mode=grad):
    with pytest.raises(UnsupportedError) as caught:
        mode(f)(*args)
    return str(caught.value)


def test_a_mode_without_a_rule():
    text = refusal(lambda x: power(x), 1.0, mode=lambda f: lambda x: jvp(f, (x,), (x,)))
    assert "the rule of 'power' has no tangent, which forward mode needs" in text
    assert '@gradgen.rule(power, mode="tangent")' in text

    def only_tangent(x):
        return x

    rule(only_tangent, mode="tangent")(lambda x_dot, value, x: x_dot)
    text = refusal(lambda x: only_tangent(x) * 1.0, 1.0)
    assert "has no adjoint, which reverse mode needs" in text


def with_adjoint(f, adjoint, *, mode="adjoint"):
    rule(f, mode=mode)(adjoint)
    return lambda *args: np.sum(f(*args))


def twice(x, y):
    return x * y * 2.0


@pytest.mark.parametrize(
    ("adjoint", "text"),
    [
        (lambda b, v, x, y: b * y, "must return 2 cotangents, one for each argument"),
        (lambda b, v, x, y: (b, b, b), "of 'twice', not 3"),
        (lambda b, v, x, y: (np.sum(b), None), "returns f64 as derivative of f64[n]"),
        (lambda b, v, x, y: (b[:, None] * x, None), "as derivative of f64[n]"),
        (lambda b, v, x, y: ("no", None), "a str is no derivative"),
        (lambda b, v, x, y: ((b, b), None), "is no derivative of a number"),
        (lambda b, v, x, y: (1.0 / 0.0, None), "ZeroDivisionError"),
    ],
)
def test_an_adjoint_that_does_not_fit(adjoint, text):
    found = refusal(with_adjoint(twice, adjoint), X, X)
    assert text in found
    assert "test_rule.py" in found


def test_a_cotangent_of_another_length():
    def f(x, y):
        return np.concatenate([x, y])

    rule(f)(lambda b, v, x, y: (b[: len(y)], b[len(y) :]))
    g = grad(lambda x, y: np.sum(f(x, y)), (0, 1))
    close(g(X, X)[0], np.ones(3))
    with pytest.raises(ValueError, match=r"."):
        g(X, np.ones(2))


def test_other_refusals():
    def writes(x):
        x[0] = 1.0
        return x * 2.0

    rule(writes)(lambda value_bar, value, x: value_bar)
    assert "must not write to its arguments" in refusal(lambda x: np.sum(writes(x)), X)

    def itself(x):
        return x[1:]

    rule(itself)(lambda b, value, x: np.concatenate([np.zeros(1), 3.0 * b]))

    def changes(x):
        y = itself(x)
        y[0] = 1.0
        return np.sum(x)

    assert "may be one of its arguments" in refusal(changes, X)
    close(grad(lambda x: np.sum(itself(x)))(X), [0.0, 3.0, 3.0])

    def pair(x):
        y = 2.0 * x
        return y, y

    rule(pair)(lambda value_bar, value, x: x)
    assert "returns an array twice" in refusal(lambda x: np.sum(pair(x)[0]), X)

    def apply(f, x):
        return f(x)

    rule(apply)(lambda value_bar, value, f, x: (None, value_bar))
    text = refusal(lambda x: apply(lambda y: x * y, 2.0 * x), 3.0)
    assert "depends on 'x' of a function that it is given" in text

    def named(x, *, y):
        return x * y

    rule(named)(lambda value_bar, value, x, *, y: value_bar * y)
    assert "'y' of 'named' is passed by keyword only" in refusal(
        lambda x: named(x, y=x), 3.0
    )
    assert grad(lambda x: named(x, y=4.0))(3.0) == 4.0


def test_a_function_without_source_needs_its_result():
    function = libm("y1")
    rule(function)(lambda value_bar, value, x: value_bar)
    text = refusal(lambda x: function(x), 1.0)
    assert "gradgen.rule(y1, result=" in text


def test_ways_out_of_unknown_functions():
    function = libm("y0")
    text = refusal(lambda x: function(float(x[0])), X)
    assert "the derivative of 'y0' is not known" in text
    assert "@gradgen.rule(y0, result=…)" in text
    assert "gradgen.stop_gradient" in text
    text = refusal(lambda x: np.polynomial.chebyshev.chebval(0.5, np.asarray(x)), X)
    assert "@gradgen.rule(np.polynomial.chebyshev.chebval, result=…)" in text
    assert "'nondiff' says something of a function, once and for all" in refusal(
        lambda x: nondiff(np.sin)(x), 1.0
    )


def test_wrong_uses():
    with pytest.raises(ValueError, match="mode='both'"):
        rule(softplus, mode="both")
    with pytest.raises(TypeError, match="not for an object of class int"):
        rule(3)
    with pytest.raises(TypeError, match=r"such as Model\.apply, not a bound method"):
        rule(Model(1.0).apply)
    with pytest.raises(TypeError, match=r"such as Generator\.normal, not a bound"):
        nondiff(np.random.default_rng().normal)


# What has no derivative


@nondiff
def peak(x):
    return np.max(np.abs(x))


def test_nondiff():
    def f(x):
        return np.sum(x / peak(x))

    close(grad(f)(X), np.full(3, 1.0 / 1.9))
    close(jvp(f, (X,), (X,))[1], np.sum(X) / 1.9)

    def order(x):
        return np.lexsort((x,))

    nondiff(order, result=lambda x: np.arange(len(x)))
    weights = np.array([1.0, 10.0, 100.0])
    close(
        grad(lambda x: np.sum(x[order(x)] * weights))(X), weights[np.argsort(order(X))]
    )


def test_nondiff_of_trees():
    @nondiff()
    def parts(x):
        return {"low": np.min(x), "all": (x * 2.0, "text")}

    def f(x):
        found = parts(x)
        return np.sum(found["all"][0] * x) + found["low"]

    close(grad(f)(X), 2.0 * X)
