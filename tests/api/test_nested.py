"""Derivatives taken inside of functions that are differentiated."""

from typing import Any, NamedTuple

import numpy as np
import pytest

import gradgen
from gradgen import UnsupportedError, grad, jvp, value_and_grad, vjp


def cube(x):
    return x**3


d_cube = grad(cube)


def test_a_derivative_found_outside():
    assert grad(lambda x: d_cube(x) * x)(2.0) == 9 * 2.0**2
    assert grad(lambda x: grad(cube)(x) * x)(2.0) == 9 * 2.0**2
    assert value_and_grad(lambda x: d_cube(x) ** 2)(1.0) == (9.0, 36.0)


def test_no_perturbation_confusion():
    def f(x):
        return x * grad(lambda y: x + y)(1.0)

    assert grad(f)(3.0) == 1.0

    def g(x):
        return x * jvp(lambda y: x * y, (2.0,), (1.0,))[1]

    assert grad(g)(3.0) == 6.0
    assert grad(lambda x: grad(lambda y: x * y * y)(x))(3.0) == 12.0


@pytest.mark.parametrize("outer", ["grad", "jvp", "vjp"])
@pytest.mark.parametrize("inner", ["grad", "jvp", "vjp"])
def test_all_mixtures_of_second_order(outer, inner):
    def f(x):
        return np.sin(x) * x

    first = {
        "grad": lambda x: grad(f)(x),
        "jvp": lambda x: jvp(f, (x,), (1.0,))[1],
        "vjp": lambda x: vjp(f, x)[1](1.0)[0],
    }[inner]
    x = 0.7
    second = {
        "grad": lambda: grad(first)(x),
        "jvp": lambda: jvp(first, (x,), (1.0,))[1],
        "vjp": lambda: vjp(first, x)[1](1.0)[0],
    }[outer]()
    assert second == pytest.approx(2 * np.cos(x) - x * np.sin(x), rel=1e-12)


def test_third_order():
    def second(x):
        return jvp(lambda y: vjp(lambda z: np.exp(2 * z), y)[1](1.0)[0], (x,), (1.0,))[
            1
        ]

    assert grad(second)(0.3) == pytest.approx(8 * np.exp(0.6), rel=1e-12)


def test_hessian_vector_product():
    matrix = np.arange(9.0).reshape(3, 3)

    def f(x):
        return x @ matrix @ x / 2

    def product(x, v):
        return jvp(grad(f), (x,), (v,))[1]

    x, v = np.ones(3), np.array([1.0, -1.0, 2.0])
    np.testing.assert_allclose(product(x, v), (matrix + matrix.T) / 2 @ v)
    reverse = grad(lambda x: np.sum(grad(f)(x) * v))(x)
    np.testing.assert_allclose(reverse, (matrix + matrix.T) / 2 @ v)


class Point(NamedTuple):
    x: Any
    y: Any


def test_containers_and_options():
    def f(p, scale):
        return p.x**2 * p.y * scale, {"aux": p.x}

    def outer(p):
        bars, aux = grad(f, argnums=(0,), has_aux=True)(p, 2.0)
        return bars[0].x * bars[0].y + aux["aux"]

    # (4xy) (2x^2) + x
    gradient = grad(outer)(Point(3.0, 5.0))
    assert gradient == Point(24 * 9.0 * 5.0 + 1, 8 * 27.0)


def test_a_step_of_gradient_descent():
    def f(w):
        return np.sum(w**4)

    def after_a_step(w, rate):
        return f(w - rate * grad(f)(w))

    w = np.array([1.0, 2.0])
    rate_bar = grad(after_a_step, argnums=1)(w, 0.01)
    new = w - 0.01 * 4 * w**3
    assert rate_bar == pytest.approx(np.sum(4 * new**3 * -4 * w**3), rel=1e-12)


def test_what_has_no_derivative_is_refused():
    with pytest.raises(UnsupportedError, match="by what has none"):
        grad(lambda x: x * grad(lambda s: x)("text"))(1.0)
    with pytest.raises(UnsupportedError, match="returns a real number"):
        grad(lambda x: grad(lambda y: y * np.ones(2))(x)[0])(1.0)
    with pytest.raises(UnsupportedError, match="out of range"):
        grad(lambda x: grad(lambda y: y * x, argnums=2)(x))(1.0)


def test_a_tangent_of_known_length():
    def slope(x):
        return jvp(lambda z: np.sum(z**3), (x,), (np.ones(2),))[1]

    x = np.array([1.0, 2.0])
    np.testing.assert_allclose(grad(slope)(x), 6 * x)
    with pytest.raises(ValueError, match="do not match"):
        grad(slope)(np.ones(3))


def test_a_cotangent_of_known_length():
    def weighted(x):
        _, pullback = vjp(lambda z: z**3, x)
        return np.sum(pullback(np.array([1.0, 2.0]))[0])

    x = np.array([1.0, 2.0])
    np.testing.assert_allclose(grad(weighted)(x), 6 * x * np.array([1.0, 2.0]))
    with pytest.raises(ValueError, match="could not be broadcast"):
        grad(weighted)(np.ones(3))


def raised(p, x):
    return p["a"] * x ** p["n"]


def inner_tangent(a, n):
    return jvp(raised, ({"a": a, "n": n}, 3.0), ({"a": 1.0, "n": None}, None))[1]


def inner_cotangent(a, n):
    _, pullback = vjp(raised, {"a": a * a, "n": n}, a)
    p_bar, x_bar = pullback(1.0)
    assert p_bar["n"] is None
    return p_bar["a"] + x_bar


def test_whole_numbers_in_containers_do_not_move():
    assert jvp(inner_tangent, (2.0, 2), (1.0, None)) == (9.0, 0.0)
    assert grad(inner_cotangent)(2.0, 3) == pytest.approx(3 * 2.0**2 + 12 * 2.0**3)


def doubled(x):
    return x * x


@gradgen.rule(doubled)
def doubled_adjoint(y_bar, y, x):
    return 2.0 * x * y_bar


@gradgen.rule(doubled, mode="tangent")
def doubled_tangent(x_dot, y, x):
    return 2.0 * doubled(x) / x * x_dot


def along(x, order):
    if order == 0:
        return x * doubled(x)
    return jvp(lambda x: along(x, order - 1), (x,), (1.0,))[1]


def test_rules_within_rules_to_the_third_order():
    assert grad(lambda x: along(x, 2))(1.5) == pytest.approx(6.0)


def test_lists_of_unknown_length_inside_are_refused():
    def positive(x):
        found = []
        for i in range(len(x)):
            if x[i] > 0.0:
                found.append(np.sin(x[i]))
        return found

    x, x_dot = np.array([0.5, -1.0]), np.ones(2)
    with pytest.raises(UnsupportedError, match="a list of unknown length"):
        jvp(lambda x: jvp(positive, (x,), (x_dot,))[1], (x,), (x_dot,))
    with pytest.raises(UnsupportedError, match="a list of unknown length"):
        jvp(lambda x: vjp(positive, x)[1]([1.0]), (x,), (x_dot,))


def test_values_that_may_be_none_inside_are_refused():
    def least(x):
        found = None
        if x > 1.0:
            found = x * x
        return 0.0 if found is None else found

    with pytest.raises(UnsupportedError, match="None on some paths"):
        jvp(lambda x: jvp(least, (x,), (1.0,))[1], (2.0,), (1.0,))
