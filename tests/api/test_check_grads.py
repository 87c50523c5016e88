"""``check_grads`` as users meet it."""

import functools
import math
from typing import NamedTuple

import numpy as np
import pytest

from gradgen import (
    ArgumentError,
    DerivativeError,
    UnsupportedError,
    check_grads,
    grad,
    rule,
)
from gradgen.primitives import PRIMITIVES
from gradgen.structs import replace

X = np.array([0.4, -0.7, 1.9])


def modes(report):
    return [check.mode for check in report.checks]


def verdicts(f, *args, **options):
    report = check_grads(f, args, raises=False, **options)
    return {check.verdict for check in report.checks}


class Spring(NamedTuple):
    k: float
    label: str


def model(p, x, spring, n):
    y = np.where(x > 0.0, x, np.exp(x)) * p["w"][0]
    total = 0.0
    for i in range(n):
        total = np.sin(y[i % 3]) + total * spring.k
    return {"y": y, "total": total, "n": n}, None


def mutates(x, n):
    for i in range(1, n):
        x[i] = x[i] + np.sin(x[i - 1])
    return x @ x


def newton(x):
    y = 1.0
    while abs(y * y - x) > 1e-12:
        y = 0.5 * (y + x / y)
    return y


def test_right_derivatives():
    args = {"w": [1.5], "b": None}, X, Spring(0.3, "soft"), 5
    report = check_grads(model, args)
    assert report.ok
    assert modes(report) == [
        "fwd",
        "rev",
        "fwd over fwd",
        "rev over fwd",
        "fwd over rev",
        "rev over rev",
    ]
    assert max(check.deviation for check in report.checks) < 1e-9
    first, *rows = str(report).splitlines()
    assert first.split() == ["mode", "order", "against", "deviation", "verdict"]
    assert [row.split()[-1] for row in rows] == ["ok"] * 6


def test_orders_and_modes():
    assert modes(check_grads(newton, (2.0,), 1)) == ["fwd", "rev"]
    report = check_grads(newton, [2.0], 3, ("rev",))
    assert modes(report) == ["rev", "rev over rev", "rev over rev over rev"]
    assert {check.order for check in report.checks} == {1, 2, 3}


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (lambda x: np.tanh(x) @ x, (X.astype(np.float32),)),
        (lambda z: z * np.exp(1j * z), (X + 2j,)),
        (lambda z: abs(z), (1.0 + 2.0j,)),
        (lambda x: math.log(x), (1e-4,)),
        (lambda x: np.sum(np.log(x)), (np.array([0.1, 1e8]),)),
        (lambda x: np.sum(x) * 2.0, (np.zeros(0),)),
        (lambda x: x * x, (np.array(0.5),)),
        (lambda x, rng: x * rng.normal(size=3), (X, np.random.default_rng(0))),
        (grad(lambda x: np.sum(x**3)), (X,)),
        (functools.partial(mutates, n=3), (X,)),
    ],
)
def test_kinds_of_arguments(f, args):
    assert check_grads(f, args).ok


def test_arguments_are_not_written_to():
    x = X.copy()
    assert check_grads(mutates, (x, 3)).ok
    np.testing.assert_array_equal(x, X)


def test_what_derivatives_are_compared_with():
    report = check_grads(lambda x: np.sum(np.sin(x)), (X,), 1)
    assert [check.against for check in report.checks] == ["complex step", "tangent"]
    # A step into the complex plane misses the derivative of the modulus.
    report = check_grads(lambda x: np.abs(x) + x, (X,), 1)
    assert [check.against for check in report.checks] == ["differences", "tangent"]
    report = check_grads(lambda x: np.abs(x) + x, (X,), 1, ("rev",))
    assert [check.against for check in report.checks] == ["differences"]


def cube(x):
    return x**3


@rule(cube)
def cube_adjoint(value_bar, value, x):
    return 2.0 * x**2 * value_bar


@rule(cube, mode="tangent")
def cube_tangent(x_dot, value, x):
    return 2.0 * x**2 * x_dot


def sums(x):
    total = 0.0
    for i in range(len(x)):
        if x[i] > 0.0:
            total += cube(x[i])  # in a branch in a loop
        total = total * np.cos(x[i])
    return {"a": [total, x]}


def halved(x):
    if x < 0.1:
        return cube(x)  # in a recursion
    return halved(x / 2.0) * x


def twice(x):
    return cube(np.tanh(x)) + 1.0 + cube(x)  # the first of two


@pytest.mark.parametrize("mode", ["fwd", "rev"])
@pytest.mark.parametrize(
    ("f", "x", "line"),
    [
        (sums, X, "total += cube(x[i])  # in a branch in a loop"),
        (halved, 0.9, "return cube(x)  # in a recursion"),
        (twice, X, "return cube(np.tanh(x)) + 1.0 + cube(x)  # the first of two"),
    ],
)
def test_the_line_of_a_wrong_rule_is_named(f, x, line, mode):
    with pytest.raises(DerivativeError) as caught:
        check_grads(f, (x,), modes=(mode,))
    text = str(caught.value)
    assert f"of '{f.__name__}'" in text
    assert f"{line}\n" in text
    if f is sums and mode == "fwd":
        assert "the tangent of 'sums' at value['a'][0] is " in text
    if f is twice:
        caret = text.splitlines()[-1].partition("| ")[2]
        assert caret == " " * 11 + "^" * len("cube(np.tanh(x))")


def test_a_wrong_rule_of_the_function_itself():
    with pytest.raises(DerivativeError, match="the rule that it was given is wrong"):
        check_grads(cube, (2.0,))


def broken(x):
    s = np.exp(x)
    for i in range(3):
        s[1:] = np.tanh(s[:-1])
        s = s * np.sin(x)
    return s


def test_a_wrong_rule_of_gradgen_is_found(monkeypatch):
    wrong = replace(PRIMITIVES["tanh"], tangent=lambda y, dots, x, **_: dots[0] * 0.5)
    monkeypatch.setitem(PRIMITIVES, "tanh", wrong)
    with pytest.raises(DerivativeError, match=r"s\[1:\] = np.tanh\(s\[:-1\]\)\n"):
        check_grads(broken, (X,), 1, ("fwd",))


def test_wrong_to_second_order():
    def slope(x):
        return 3.0 * x**2

    def power(x):
        return x**3

    rule(slope)(lambda value_bar, value, x: value_bar)

    @rule(power)
    def power_adjoint(value_bar, value, x):
        return value_bar * slope(x)  # has a wrong slope itself

    def user(x):
        return power(x * 2.0)

    assert check_grads(user, (2.0,), 1, ("rev",)).ok
    with pytest.raises(DerivativeError) as caught:
        check_grads(user, (2.0,), 2, ("rev",))
    assert "the adjoint of the adjoint of 'user'" in str(caught.value)
    assert "slope(x)  # has a wrong slope itself\n" in str(caught.value)


def test_a_small_error_is_found_unless_it_is_allowed():
    def nearly(x):
        return x * 3.0

    rule(nearly, mode="tangent")(lambda x_dot, value, x: x_dot * 3.0001)
    with pytest.raises(DerivativeError, match=r"they differ by 0\.0001"):
        check_grads(nearly, (2.0,), 1, ("fwd",))
    assert check_grads(nearly, (2.0,), 1, ("fwd",), rtol=1e-3).ok
    assert check_grads(nearly, (2.0,), 1, ("fwd",), atol=1e-3).ok


def test_one_wrong_number_among_many_is_found():
    def many(x):
        return x * 1.0

    rule(many, mode="tangent")(
        lambda x_dot, value, x: x_dot * (1.0 + 1e-5 * (np.arange(1000) == 7))
    )
    with pytest.raises(DerivativeError, match=r"at value\[7\]"):
        check_grads(many, (np.linspace(1.0, 2.0, 1000),), 1, ("fwd",))


def relu(x):
    y = 2.0 * x
    if y >= 0.0:
        return y
    return 0.0 * y


def test_kinks_are_no_failures_of_derivatives():
    with pytest.raises(DerivativeError) as caught:
        check_grads(relu, (0.0,))
    assert "one-sided differences give 0 and 2" in str(caught.value)
    assert "no failure of the derivative" in str(caught.value)
    assert "if y >= 0.0:\n" in str(caught.value)
    assert verdicts(relu, 1e-9) == {"kink"}
    assert verdicts(lambda x: np.floor(x) * x, 1.0) == {"kink"}
    assert verdicts(relu, 0.1) == {"ok"}
    # The convention of `maximum` at a tie is what differences give.
    assert verdicts(lambda x: np.maximum(x, 0.0), 0.0, order=1) == {"ok"}


def test_a_wrong_derivative_at_a_kink_is_wrong():
    def bent(x):
        return np.abs(x)

    rule(bent, mode="tangent")(lambda x_dot, value, x: 7.0 * x_dot)
    assert verdicts(bent, 0.0, modes=("fwd",)) == {"wrong"}


def test_rough_functions_are_not_passed():
    assert verdicts(lambda x: np.sin(1e12 * x), 1.0, modes=("rev",)) == {"unclear"}


def test_refusals_are_raised_after_failures():
    def only(x):
        return x**3

    rule(only)(lambda value_bar, value, x: 3.0 * x**2 * value_bar)
    with pytest.raises(UnsupportedError, match="the rule of 'only' has no tangent"):
        check_grads(only, (2.0,))
    assert "refused" in verdicts(only, 2.0)
    rule(only)(lambda value_bar, value, x: -3.0 * x**2 * value_bar)
    with pytest.raises(DerivativeError, match="the adjoint of 'only'"):
        check_grads(only, (2.0,))


def test_what_cannot_be_checked():
    with pytest.raises(
        ArgumentError, match=r"takes a tuple of arguments, as in \(x,\)"
    ):
        check_grads(newton, 2.0)
    with pytest.raises(ArgumentError, match="no argument of newton is a float"):
        check_grads(newton, (2,))
    with pytest.raises(ArgumentError, match="no result of <lambda> is a float"):
        check_grads(lambda x: 3, (2.0,))
    with pytest.raises(ArgumentError, match="order must be a positive integer"):
        check_grads(newton, (2.0,), 0)
    with pytest.raises(ArgumentError, match=r"such as \('rev',\), not 'rev'"):
        check_grads(newton, (2.0,), modes="rev")
    with pytest.raises(ArgumentError, match="two calls of <lambda>"):
        check_grads(lambda x: x * np.random.default_rng().normal(), (2.0,))
    with pytest.raises(ArgumentError, match="is not finite"):
        check_grads(lambda x: x * np.inf, (2.0,))
