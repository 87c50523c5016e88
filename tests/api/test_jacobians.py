"""Jacobians, Hessians and products with them, against differences and each other."""

from typing import Any, NamedTuple

import numpy as np
import pytest

import gradgen
from gradgen import (
    ArgumentError,
    OutputError,
    derivative,
    elementwise_grad,
    gauss_newton_vp,
    grad,
    hessian,
    hvp,
    jacfwd,
    jacobian,
    jacrev,
    jvp,
    linearize,
    value_and_grad,
    vjp,
)

EITHER = pytest.mark.parametrize("way", [jacfwd, jacrev, jacobian])


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).uniform(0.2, 1.2, shape)


def differences(f, x, step=1e-5):
    """Return the Jacobian of ``f`` by central differences."""
    x = np.asarray(x)
    columns = []
    for unit in np.eye(x.size).reshape(x.size, *x.shape):
        far, near = f(x + step * unit), f(x - step * unit)
        columns.append((np.asarray(far) - np.asarray(near)) / (2 * step))
    table = np.moveaxis(np.array(columns), 0, -1)
    return table.reshape(table.shape[:-1] + x.shape)


def close(found, wanted):
    assert np.shape(found) == np.shape(wanted)
    np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-8)


def vector(x):
    return np.tanh(x[1:] * x[:-1]) * x[0]


def matrix(x):
    y = np.outer(x, x[:2]) @ np.ones((2, 2))
    y[0] += x[0] ** 2
    return y


def number(x):
    return np.sum(x**3) * x[0]


def stepped(x):
    h = np.zeros(3)
    for i in range(1, x.size):
        h[i % 3] += np.sin(x[i] * x[i - 1])
        if h[0] > 0.3:
            h *= x[0]
    return h


@EITHER
@pytest.mark.parametrize("f", [vector, matrix, number, stepped])
@pytest.mark.parametrize("n", [2, 3, 5])
def test_functions_of_a_vector(way, f, n):
    x = numbers(n)
    close(way(f)(x), differences(f, x))


@EITHER
def test_shapes_are_those_of_the_result_and_then_of_the_argument(way):
    def f(a, s):
        return a.T[:, None] * s**2, a.sum() * s

    a = numbers(2, 3)
    blocks = way(f, argnums=(0, 1))(a, 0.7)
    for k in range(2):
        close(blocks[k][0], differences(lambda a: f(a, 0.7)[k], a))
        close(blocks[k][1], differences(lambda s: f(a, s)[k], 0.7))


class Params(NamedTuple):
    w: Any
    b: Any


@EITHER
def test_containers_in_and_out(way):
    def f(p, x):
        return {"y": p.w @ x + p.b["shift"], "n": 3}

    p = Params(numbers(2, 3), {"shift": 0.5})
    x = numbers(3)
    found = way(f)(p, x)
    assert found["n"] is None
    assert isinstance(found["y"], Params)
    close(found["y"].w, np.einsum("ij,k->ijk", np.eye(2), x))
    close(found["y"].b["shift"], np.ones(2))


@EITHER
def test_one_example_of_each_size(way):
    for n in (1, 2, 4):
        x = numbers(n)
        close(way(lambda x: x * x.sum())(x), np.eye(n) * x.sum() + x[:, None])


@EITHER
def test_auxiliary_results_are_handed_through(way):
    found, aux = way(lambda x: (x**2, {"sum": x.sum()}), has_aux=True)(numbers(3))
    close(found, np.diag(2 * numbers(3)))
    assert aux["sum"] == pytest.approx(numbers(3).sum())


@EITHER
def test_precision_is_kept(way):
    found = way(vector)(numbers(3).astype(np.float32))
    assert found.dtype == np.float32


@EITHER
def test_holomorphic_functions(way):
    z = numbers(3) + 1j * numbers(3, seed=1)
    found = way(lambda z: z[1:] ** 2 * z[0], holomorphic=True)(z)
    wanted = np.zeros((2, 3), complex)
    wanted[:, 0], wanted[[0, 1], [1, 2]] = z[1:] ** 2, 2 * z[1:] * z[0]
    np.testing.assert_allclose(found, wanted)
    with pytest.raises(OutputError, match="real function of real numbers"):
        way(lambda z: z[1:] ** 2)(z)


def test_the_cheaper_way_is_taken():
    few, many = (lambda x: np.array([x.sum(), x[0]])), (lambda x: np.outer(x, x))
    assert "# reverse sweep" in jacobian(few).source(numbers(5))
    assert "# reverse sweep" not in jacobian(many).source(numbers(5))


def rosenbrock(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def test_hessian():
    x = numbers(5)
    found = hessian(rosenbrock)(x)
    close(found, differences(grad(rosenbrock), x))
    np.testing.assert_allclose(found, found.T, rtol=1e-12)
    p = {"a": numbers(2), "b": 0.5}
    blocks = hessian(lambda p: np.sum(p["a"] ** 2) * p["b"] ** 2)(p)
    close(blocks["a"]["b"], 4 * p["a"] * p["b"])
    close(blocks["b"]["a"], 4 * p["a"] * p["b"])
    close(blocks["b"]["b"], 2 * np.sum(p["a"] ** 2))


def test_hessian_by_two_arguments():
    x, s = numbers(3), 0.7
    blocks = hessian(lambda x, s: s**2 * np.sum(x**3), argnums=(0, 1))(x, s)
    close(blocks[0][0], np.diag(6 * s**2 * x))
    close(blocks[0][1], 6 * s * x**2)
    close(blocks[1][0], 6 * s * x**2)
    close(blocks[1][1], 2 * np.sum(x**3))


def test_products_with_the_hessian():
    x, v = numbers(5), numbers(5, seed=1)
    close(hvp(rosenbrock, (x,), (v,)), hessian(rosenbrock)(x) @ v)
    f = lambda x, s: s**2 * np.sum(x**3)
    blocks = hessian(f, argnums=(0, 1))(x, 0.7)
    moved = hvp(f, (x, 0.7), (v, 2.0))
    close(moved[0], blocks[0][0] @ v + blocks[0][1] * 2.0)
    close(moved[1], blocks[1][0] @ v + blocks[1][1] * 2.0)
    close(hvp(f, (x, 0.7), (v, None)), blocks[0][0] @ v)
    with pytest.raises(ArgumentError, match="hvp needs a vector, or None, for each"):
        hvp(f, (x, 0.7), (v,))
    with pytest.raises(ArgumentError, match="a vector for at least one argument"):
        hvp(f, (x, 0.7), (None, None))


def test_products_with_the_gauss_newton_matrix():
    x, v = numbers(5), numbers(5, seed=1)
    j = jacobian(vector)(x)
    close(gauss_newton_vp(vector, (x,), (v,)), j.T @ (j @ v))


def curve(x, w):
    y = np.tanh(w @ x)
    for i in range(2):
        if y[0] > 0.1:
            y = y * np.sin(x[i])
    return {"y": y, "n": 3}


def test_one_linear_map_for_many_directions():
    x, w = numbers(3), numbers(2, 3)
    value, pushforward = linearize(curve, x, w)
    np.testing.assert_allclose(value["y"], curve(x, w)["y"])
    for seed in range(3):
        dots = (numbers(3, seed=seed), numbers(2, 3, seed=seed))
        _, wanted = jvp(curve, (x, w), dots)
        np.testing.assert_allclose(pushforward(*dots)["y"], wanted["y"], rtol=1e-12)
        assert pushforward(*dots)["n"] is None
    x += 1.0
    np.testing.assert_allclose(pushforward(*dots)["y"], wanted["y"], rtol=1e-12)


def test_some_arguments_move_along_a_linear_map():
    x, w = numbers(3), numbers(2, 3)
    _, pushforward = linearize(curve, x, w, argnums=1)
    _, wanted = jvp(curve, (x, w), (None, w))
    np.testing.assert_allclose(pushforward(w)["y"], wanted["y"], rtol=1e-12)
    _, pushforward = linearize(lambda x, k: x * k, 2.0, 3)
    assert pushforward(1.0) == 3.0


def test_tangents_for_a_linear_map_are_complete():
    _, pushforward = linearize(curve, numbers(3), numbers(2, 3))
    with pytest.raises(ArgumentError, match="takes 2 tangents, not 1"):
        pushforward(numbers(3))
    with pytest.raises(ArgumentError, match="the tangent of x has a None: use zeros"):
        pushforward(None, numbers(2, 3))
    with pytest.raises(ArgumentError, match="shape"):
        pushforward(numbers(2), numbers(2, 3))


def test_elementwise():
    x = numbers(2, 3)
    close(
        elementwise_grad(lambda x: np.tanh(x) * x)(x), np.tanh(x) + x / np.cosh(x) ** 2
    )
    close(elementwise_grad(lambda x, y: x * y**2, argnums=1)(x, x), 2 * x * x)
    assert elementwise_grad(lambda x: x**2)(3.0) == 6.0
    with pytest.raises(OutputError, match="elementwise_grad needs a real array"):
        elementwise_grad(lambda x: (x, x))(x)


@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_derivatives_of_any_order(order):
    found = derivative(lambda x: np.exp(2 * x), order=order)(0.3)
    assert found == pytest.approx(2**order * np.exp(0.6), rel=1e-12)
    curve = derivative(lambda t: np.array([t**6, 1.0]), order=order)(2.0)
    falling = np.prod([6.0 - k for k in range(order)])
    close(curve, [falling * 2.0 ** (6 - order), 0.0])


def test_code_of_higher_derivatives_grows_slowly():
    def f(x):
        return np.exp(np.sin(x))

    lines = [len(derivative(f, order=n).source(0.3).splitlines()) for n in (4, 8, 12)]
    assert lines[2] - lines[1] < 2 * (lines[1] - lines[0])


@pytest.mark.parametrize("order", [0, -1, 1.0, True])
def test_an_order_is_a_positive_integer(order):
    with pytest.raises(ArgumentError, match="order must be a positive integer"):
        derivative(number, order=order)


def test_inside_of_functions_that_are_differentiated():
    v = numbers(4, seed=1)
    cases = [
        lambda x: np.sum(jacobian(vector)(x) ** 2),
        lambda x: np.sum(jacrev(vector)(x) ** 2),
        lambda x: np.sum(jacrev(stepped)(x) ** 2),
        lambda x: np.trace(hessian(rosenbrock)(x)),
        lambda x: np.sum(hvp(rosenbrock, (x,), (v,)) ** 2),
        lambda x: np.sum(gauss_newton_vp(vector, (x,), (v,)) ** 2),
        lambda x: derivative(lambda z: z**4 * x[0], 2)(x[1]),
        lambda x: np.sum(linearize(lambda z: z**3, x)[1](x)),
        lambda x: np.sum(linearize(lambda k, z: k * z**3, 2.0, x, argnums=1)[1](x)),
        lambda x: np.sum(jvp(lambda z: (z**3, z * 2), (x,), (x,), has_aux=True)[1]),
        lambda x: np.sum(vjp(lambda z: (z**3, z), x, has_aux=True)[1](x)[0]),
        lambda x: np.sum(vjp(lambda z: (z, z**3), x, has_aux=True)[2]),
        lambda x: np.sum(linearize(lambda z: (z**3, z), x, has_aux=True)[1](x)),
        lambda x: np.sum(elementwise_grad(lambda z: np.tanh(z) * z)(x) ** 2),
        lambda x: jacfwd(lambda z: (z**2, z * x), has_aux=True)(x[1])[0],
    ]
    x = numbers(4)
    for f in cases:
        close(grad(f)(x), differences(f, x))


def test_of_one_another():
    x = numbers(3)
    third = differences(hessian(rosenbrock), x)
    close(jacfwd(hessian(rosenbrock))(x), third)
    close(jacrev(jacfwd(jacrev(rosenbrock)))(x), third)
    close(jacrev(jacrev(vector))(x), differences(jacrev(vector), x))
    _, tangent = jvp(jacrev(vector), (x,), (np.ones(3),))
    close(tangent, differences(jacrev(vector), x).sum(axis=-1))
    value, pullback = vjp(jacfwd(vector), x)
    close(pullback(np.ones((2, 3)))[0], differences(jacfwd(vector), x).sum((0, 1)))
    close(value, differences(vector, x))
    total = value_and_grad(lambda x: np.sum(x**2))
    close(jacfwd(total)(x)[1], 2 * np.eye(3))


def test_results_that_are_no_arrays_are_refused():
    with pytest.raises(OutputError, match="no derivative"):
        jacobian(lambda x: 3)(numbers(3))
    with pytest.raises(ArgumentError, match="jacobian takes a function"):
        jacobian(3)


@pytest.mark.parametrize("name", ["jacobian", "hessian", "vmap", "hvp"])
def test_names_are_there_when_they_are_asked_for(name):
    assert getattr(gradgen, name).__name__ == name
    assert name in gradgen.__all__
