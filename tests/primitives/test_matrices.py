"""What derivatives of matrix functions are where a convention or NaN decides."""

from typing import NamedTuple

import numpy as np
import pytest

from gradgen import grad, jvp, value_and_grad, vjp
from gradgen.kernels.matrices import det_gradient, inverse_of_lower, inverse_or_nan

WEIGHTS = np.cos(np.arange(9.0)).reshape(3, 3)
TWICE = np.diag([1.0, 2.0, 2.0])


def cofactors(x):
    """Determinants of what is left without a row and a column, with their signs."""
    n = len(x)
    minors = [[np.delete(np.delete(x, i, 0), j, 1) for j in range(n)] for i in range(n)]
    signs = (-1.0) ** np.add.outer(np.arange(n), np.arange(n))
    return signs * np.linalg.det(np.array(minors))


@pytest.mark.parametrize("shape", [(77, 77), (2, 65, 65), (0, 0)])
def test_large_triangles_are_inverted_by_halves(shape):
    n = shape[-1]
    x = np.random.default_rng(n).standard_normal(shape)
    low = np.tril(x) + n * np.eye(n)
    low[..., -1:, :] *= 1e-6
    found = inverse_of_lower(low) @ low
    np.testing.assert_allclose(found, np.broadcast_to(np.eye(n), shape), atol=1e-11)
    np.testing.assert_array_equal(inverse_of_lower(low[..., :33, :33] * 1j).real, 0.0)


@pytest.mark.parametrize("rank", [0, 1, 2, 3, 4])
def test_gradient_of_a_determinant_of_any_rank(rank):
    rng = np.random.default_rng(rank)
    x = rng.standard_normal((4, rank)) @ rng.standard_normal((rank, 4))
    np.testing.assert_allclose(det_gradient(x), cofactors(x), atol=1e-13)
    found = grad(lambda a: np.linalg.det(a))(x)
    np.testing.assert_allclose(found, cofactors(x), atol=1e-13)


@pytest.mark.parametrize("rank", [1, 2, 3, 4])
def test_higher_derivatives_of_a_determinant_are_those_of_its_cofactors(rank):
    rng = np.random.default_rng(rank)
    x = rng.standard_normal((4, rank)) @ rng.standard_normal((rank, 4))
    first, second = rng.standard_normal((2, 4, 4))

    def moved(s, t):
        return cofactors(x + s * first + t * second)

    h = 1e-3
    slope = (moved(h, 0) - moved(-h, 0)) / (2 * h)
    curve = moved(h, h) - moved(h, -h) - moved(-h, h) + moved(-h, -h)
    np.testing.assert_allclose(det_gradient(x, first), slope, atol=1e-4)
    found = det_gradient(x, first, second)
    np.testing.assert_allclose(found, curve / (4 * h * h), atol=1e-4)


def test_one_singular_matrix_of_a_stack():
    stack = np.array([[[2.0, 0.0], [0.0, 4.0]], [[1.0, 1.0], [1.0, 1.0]]])
    found = inverse_or_nan(stack)
    np.testing.assert_array_equal(found[0], np.linalg.inv(stack[0]))
    assert np.isnan(found[1]).all()
    np.testing.assert_array_equal(det_gradient(stack)[0], [[4.0, 0.0], [0.0, 2.0]])


def test_a_singular_matrix_raises_only_where_the_function_does():
    def logarithm(a):
        return np.linalg.slogdet(a).logabsdet

    singular = np.ones((2, 2))
    value, slope = value_and_grad(logarithm)(singular)
    assert value == -np.inf
    assert np.isnan(slope).all()
    with pytest.raises(np.linalg.LinAlgError):
        grad(lambda a: np.sum(np.linalg.inv(a)))(singular)


def test_what_a_mask_leaves_out_does_not_count():
    def masked(a):
        return np.where(np.linalg.det(a) > 0.5, np.linalg.slogdet(a)[1], 0.0)

    np.testing.assert_array_equal(grad(masked)(np.ones((2, 2))), np.zeros((2, 2)))


def test_functions_symmetric_in_equal_eigenvalues_have_derivatives():
    def squares(a):
        return np.sum(np.linalg.eigh(a)[0] ** 2)

    np.testing.assert_allclose(grad(squares)(TWICE), 2 * TWICE, atol=1e-15)
    np.testing.assert_allclose(
        grad(lambda a: np.linalg.norm(a, "nuc"))(np.eye(3)), np.eye(3), atol=1e-15
    )


def test_vectors_of_equal_values_have_no_derivative_and_give_no_warning():
    def spectral(a):
        w, v = np.linalg.eigh(a)
        return np.sum(WEIGHTS * (v * np.exp(w) @ v.T))

    def product(a):
        u, s, vh = np.linalg.svd(a)
        return np.sum(WEIGHTS * (u * s**2 @ vh))

    def logarithm(a):
        w, v = np.linalg.eigh(a)
        return (v * np.log(w) @ v.T)[0, 1]

    assert np.isnan(grad(spectral)(np.eye(3))).any()
    assert np.isnan(grad(logarithm)(np.eye(3))).any()
    assert np.isnan(grad(product)(np.eye(3))).any()
    assert np.isnan(jvp(spectral, (np.eye(3),), (WEIGHTS,))[1])


@pytest.mark.parametrize("name", ["cholesky", "eigvalsh"])
def test_gradients_within_hermitian_matrices(name):
    function = getattr(np.linalg, name)
    x = WEIGHTS @ WEIGHTS.T + np.eye(3)
    weights = WEIGHTS if name == "cholesky" else WEIGHTS[0]
    found = grad(lambda a: np.sum(weights * function(a)))(x)
    np.testing.assert_allclose(found, found.T, atol=1e-14)
    one = jvp(lambda a: function(a), (x,), (WEIGHTS,))[1]
    other = jvp(lambda a: function(a), (x,), (WEIGHTS.T,))[1]
    np.testing.assert_allclose(one, other, atol=1e-13)


def norms(x):
    orders = (1, 2, 3, 2.5, np.inf)
    return sum([np.linalg.norm(x, order) for order in orders])


def test_norms_of_zeros():
    np.testing.assert_array_equal(grad(norms)(np.zeros(3)), np.zeros(3))


def test_a_tolerance_that_leaves_out_singular_values():
    x = np.diag([3.0, 2.0, 0.1]) + 0.01 * WEIGHTS

    def total(a):
        return np.sum(WEIGHTS * np.linalg.pinv(a, rcond=0.2))

    h = 1e-6
    slope = (total(x + h * WEIGHTS) - total(x - h * WEIGHTS)) / (2 * h)
    np.testing.assert_allclose(np.sum(grad(total)(x) * WEIGHTS), slope, rtol=1e-7)


def test_results_have_the_names_that_numpy_gives_them():
    def parts(a):
        return np.linalg.qr(a)

    (value, tangent) = jvp(parts, (WEIGHTS,), (WEIGHTS,))
    assert type(value) is type(tangent) is type(np.linalg.qr(WEIGHTS))
    np.testing.assert_array_equal(value.Q, np.linalg.qr(WEIGHTS).Q)

    def used(a):
        found = np.linalg.svd(a, full_matrices=False)
        return found.S[0] * found.U[0, 0] * found.Vh[0, 0]

    x = WEIGHTS + np.eye(3)
    tangent = jvp(used, (x,), (WEIGHTS,))[1]
    np.testing.assert_allclose(np.sum(grad(used)(x) * WEIGHTS), tangent)


def test_residuals_of_least_squares():
    x, b = WEIGHTS[:, :2], WEIGHTS[:, 2]

    def misfit(a, b):
        return np.linalg.lstsq(a, b)[1][0]

    _, pullback = vjp(misfit, x, b)
    x_bar, b_bar = pullback(1.0)
    rest = b - x @ np.linalg.lstsq(x, b)[0]
    np.testing.assert_allclose(b_bar, 2 * rest, atol=1e-14)
    wanted = -2 * np.outer(rest, np.linalg.lstsq(x, b)[0])
    np.testing.assert_allclose(x_bar, wanted, atol=1e-13)


class Pair(NamedTuple):
    left: object
    right: object


def test_named_tuples_of_users_go_on_as_they_are():
    def f(a):
        q, r = Pair(*np.linalg.qr(a))
        return np.sum(q @ r * a)

    np.testing.assert_allclose(grad(f)(WEIGHTS), 2 * WEIGHTS, atol=1e-9)
