"""Derivatives of solutions, by the equations that they solve."""

from typing import NamedTuple

import numpy as np
import pytest

import gradgen
from gradgen import (
    ArgumentError,
    UnsupportedError,
    check_rule,
    custom_fixed_point,
    custom_root,
    grad,
    hessian,
    jacfwd,
    jacobian,
    jacrev,
    jvp,
    vmap,
)

B = np.array([1.0, 2.0, 3.0])


def cubic(y, a, b, start=0.0):
    """Coupled by the sum."""
    return y**3 + a * y + 0.1 * np.sum(y) - b


def solved(a, b, start=0.0):
    y = np.full_like(b, start)
    for _ in range(40):
        slope = np.diag(3.0 * y**2 + a) + 0.1
        y = y - np.linalg.solve(slope, cubic(y, a, b))
    return y


@custom_root(cubic)
def solve(a, b, start=0.0):
    return solved(a, b, start)


def close(found, wanted, tolerance=1e-8):
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)


def energy(solver):
    return lambda a, b: np.sum(np.sin(solver(a, b)) * b)


@pytest.mark.parametrize("way", [grad, hessian, lambda f: hessian(grad(f))])
@pytest.mark.parametrize("argnum", [0, 1])
def test_derivatives_are_those_of_the_iteration(way, argnum):
    def moved(solver):
        f = energy(solver)
        return (lambda a: f(a, B)) if argnum == 0 else lambda s: f(2.0, s * B)

    found = [way(moved(solver))(2.0) for solver in (solve, solved)]
    np.testing.assert_allclose(*found, rtol=1e-7)


@pytest.mark.parametrize("way", [jacobian, jacfwd, jacrev])
def test_jacobians_in_both_modes(way):
    close(way(lambda a: solve(a, B))(2.0), way(lambda a: solved(a, B))(2.0))
    close(way(lambda b: solve(2.0, b))(B), way(lambda b: solved(2.0, b))(B))


def test_the_rule_is_right_where_a_start_is_passed_that_does_not_count():
    assert check_rule(solve, 2.0, B, 0.1).name == "solve"
    assert grad(lambda s: np.sum(solve(2.0, B, s)))(0.5) == 0.0


def test_many_at_once():
    found = vmap(grad(energy(solve)), in_axes=(0, None))(np.array([2.0, 3.0]), B)
    close(found, [grad(energy(solved))(a, B) for a in (2.0, 3.0)])


def test_the_iteration_is_not_differentiated():
    source = grad(energy(solve)).source(2.0, B)
    assert "solve_adjoint" in source
    assert "tape" not in source


@custom_root(lambda y, a: y * y - a)
def square_root(a):
    y = 1.0
    while abs(y * y - a) > 1e-13:
        y = 0.5 * (y + a / y)
    return y


def test_a_number_of_one_argument():
    assert grad(square_root)(4.0) == pytest.approx(0.25)
    assert jvp(square_root, (4.0,), (2.0,))[1] == pytest.approx(0.5)
    assert hessian(square_root)(4.0) == pytest.approx(-1 / 32)
    assert hessian(grad(square_root))(4.0) == pytest.approx(3 / 256)


@custom_root(lambda X, A: X @ X - A)
def square_root_of_matrix(A):
    X = np.eye(len(A))
    for _ in range(30):
        X = 0.5 * (X + np.linalg.solve(X, A))
    return X


def test_an_unknown_matrix():
    A = np.array([[4.0, 1.0], [0.5, 3.0]])
    assert check_rule(square_root_of_matrix, A).name == "square_root_of_matrix"


def test_each_size_by_one_program():
    d_norm = grad(lambda b: np.sum(solve(2.0, b) ** 2))
    plain = grad(lambda b: np.sum(solved(2.0, b) ** 2))
    for n in (3, 2, 1, 0):
        b = np.arange(1.0, n + 1.0)
        np.testing.assert_allclose(d_norm(b), plain(b))


class Pair(NamedTuple):
    u: np.ndarray
    t: float


@custom_root(lambda s, a, i, on: Pair(s.u * a[i] - 1.0, s.t - np.sum(s.u)))
def inverses(a, i, on=None):
    return Pair(1.0 / a[i], np.sum(1.0 / a[i]))


def test_records_and_arguments_that_do_not_move():
    a, i = np.array([1.0, 2.0, 4.0]), np.array([0, 2])

    def f(a):
        s = inverses(a, i, None)
        return s.t * s.u[0] + np.sum(s.u**2)

    def plain(a):
        return np.sum(1.0 / a[i]) / a[0] + np.sum(1.0 / a[i] ** 2)

    np.testing.assert_allclose(grad(f)(a), grad(plain)(a))
    np.testing.assert_allclose(hessian(f)(a), hessian(plain)(a), atol=1e-12)


def test_float32_stays():
    def f(b):
        return np.sum(solve(2.0, b))

    assert grad(f)(B.astype("f4")).dtype == np.float32


def balance(y, a, n, name):
    """Keys in another order, equations of other shapes than the unknowns."""
    u, v = y["u"], y["v"]
    return {"z": v**2 - u[0] - a["x"], "m": (n * u - v * a["x"]).reshape(2, 1)}


@custom_root(balance, result=lambda a, n, name: {"u": np.ones(2), "v": 1.0})
def outside(a, n, name):
    """Not read: NumPy's polynomials have no rule."""
    (v,) = [v for v in np.roots([1.0, -a["x"] / n, -a["x"]]) if v > 0]
    return {"u": np.full(2, v * a["x"] / n), "v": float(v)}


def test_trees_and_solvers_that_cannot_be_read():
    def f(x, n):
        y = outside({"x": x}, n, "name")
        return y["u"] @ y["u"] * y["v"]

    def plain(x, n):
        v = 0.5 * x / n + np.sqrt(0.25 * x**2 / n**2 + x)
        return 2.0 * (v * x / n) ** 2 * v

    for way in (grad, hessian):
        assert way(f)(2.0, 3) == pytest.approx(way(plain)(2.0, 3))
    assert jvp(f, (2.0, 3), (1.0, None))[1] == pytest.approx(grad(plain)(2.0, 3))


@custom_fixed_point(lambda y, a: {"q": np.cos(a * y["p"][0]), "p": (np.sin(y["q"]),)})
def settle(a):
    return settled(a)


def settled(a):
    p, q = 0.5, 0.5
    for _ in range(150):
        p, q = np.sin(q), np.cos(a * p)
    return {"p": (p,), "q": q}


def test_a_fixed_point_of_a_tree_whose_keys_come_in_another_order():
    def f(solver):
        return lambda a: solver(a)["p"][0] + 2.0 * solver(a)["q"] ** 2

    for way in (grad, hessian):
        assert way(f(settle))(0.8) == pytest.approx(way(f(settled))(0.8))


def test_where_a_function_is_least():
    """The root of a gradient."""

    def cost(y, a):
        return np.sum((y - a) ** 4) + np.sum(y**2)

    def newton(a):
        y = 1.0 * a
        for _ in range(40):
            y = y - grad(cost)(y, a) / (12.0 * (y - a) ** 2 + 2.0)
        return y

    @custom_root(grad(cost))
    def least(a):
        return newton(a)

    a = np.array([0.5, 2.0])
    close(jacobian(least)(a), jacobian(newton)(a))
    close(
        grad(lambda a: np.sum(least(a) ** 3))(a),
        grad(lambda a: np.sum(newton(a) ** 3))(a),
    )


def test_what_equations_read_from_outside_is_read_anew():
    scale = 1.0

    @custom_root(lambda y, a: scale * y - a)
    def divide(a):
        return a / scale

    d_divide = grad(divide)
    assert d_divide(3.0) == 1.0
    scale = 4.0
    assert d_divide(3.0) == 0.25


def test_one_decorator_for_two_solvers():
    decorate = custom_root(lambda y, a: y - 3.0 * a)

    @decorate
    def one(a):
        return 3.0 * a

    @decorate
    def other(a):
        return a + a + a

    assert grad(lambda a: one(a) + other(a))(1.0) == 6.0


def test_there_is_no_derivative_where_the_jacobian_is_singular():
    @custom_root(lambda y, a: (y - a) * np.sum(y - a))
    def double(a):
        return 1.0 * a

    with pytest.raises(np.linalg.LinAlgError):
        grad(lambda a: np.sum(double(a)))(np.ones(2))


def test_too_few_equations_are_refused():
    @custom_root(lambda y, a: y[:1] - a[:1])
    def short(a):
        return 1.0 * a

    with pytest.raises((gradgen.GradgenError, ValueError)):
        grad(lambda a: np.sum(short(a)))(np.ones(2))


def test_it_is_refused_inside_of_a_function():
    def f(a):
        @custom_root(lambda y, b: y - b * a)
        def inner(b):
            return b * a

        return inner(2.0)

    with pytest.raises(UnsupportedError, match="decorate the solver outside"):
        grad(f)(1.0)


@pytest.mark.parametrize("decorator", [custom_root, custom_fixed_point])
def test_it_takes_a_function(decorator):
    with pytest.raises(ArgumentError, match="takes a function"):
        decorator(3.0)
